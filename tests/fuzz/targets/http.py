"""Bodies of the HIS and of the page: strict JSON to the three structs that the API takes."""

from edge.core.types import Bill
from edge.http.bodies import decode
from edge.http.his import CancelBody
from edge.http.kiosk import Press

MAX_BYTES = 4_096
KINDS = {b"B": Bill, b"C": CancelBody, b"P": Press}
BILL = (
    b'{"kind":"settle","bill_no":"H1","amount_fen":1000,"prefer":"require_online","lines":'
    b'[{"feedetl_sn":"1","med_list_codg":"XA01AA001","medins_list_name":"x","amount_fen":1000}]}'
)


def seeds() -> list[bytes]:
    press = b'P{"button":"choose","value":"0","visit":3}'
    return [b"B" + BILL, b"C{}", press, b'B{"kind":1}', b"B[[[[[]]]]]", b'B{"a":1,"a":2}']


def eat(data: bytes) -> None:
    decode(data[1:], KINDS.get(data[:1], Bill))
