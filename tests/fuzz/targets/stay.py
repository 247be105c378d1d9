"""The lines of a stay as a HIS or a terminal sends them, net of what was given back; and where its money
stands, as a centre tells it."""

import msgspec

from edge.core.visit.settle import staying
from edge.errors import EdgeError
from sim.centre.deciding import discharging
from sim.centre.deciding.case import No

MAX_BYTES = 4_096
ROW = b'{"feedetl_sn":"1","med_list_codg":"A","det_item_fee_sumamt":"9.00","cnt":"3","pric":"3"}'
BACK = (
    b'{"feedetl_sn":"2","med_list_codg":"A","det_item_fee_sumamt":"-3.00","cnt":"-1","pric":"3",'
    b'"init_feedetl_sn":"1"}'
)
TOLD = b'{"deposit_amt":"30.00","deposit_used":"6.00","deposit_refund":"24.00","trt_warn":"not_filed"}'


def seeds() -> list[bytes]:
    return [b'{"rows":[%s,%s],"told":%s}' % (ROW, BACK, TOLD), b'{"rows":[],"told":{}}', b"[]"]


def eat(data: bytes) -> None:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EdgeError("E-WIR-20", "no message", "") from error
    if not isinstance(found, dict):
        return
    stay = staying.read({"stayinfo": found.get("told")})
    assert stay is None or all(len(value) < 30 for _, value in staying.slip(stay)[:4])
    rows = found.get("rows")
    left = discharging.together(rows if isinstance(rows, list) else [], [])
    if not isinstance(left, No):
        assert all(line.amount_fen >= 0 and not line.init_feedetl_sn for line in left)
