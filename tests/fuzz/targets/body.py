"""What a record's seal hides: opened by the centre, written by anybody with a terminal's key."""

from edge.wire import cbor, record
from tests.wire.kit import EPOCH, TERMINAL, centre, header

MAX_BYTES = 4_096
AAD = cbor.dumps([TERMINAL, EPOCH, 1, bytes(range(16))])


def seeds() -> list[bytes]:
    return [cbor.dumps({"bill_no": "B1", "plan": [{"infno": "2201", "input": {}}]}), b"\xa0"]


def eat(data: bytes) -> None:
    sealed = centre.sealer.seal(record.DOMAIN, AAD, data)
    record.open_body(header(sealed=sealed), centre.opener)
