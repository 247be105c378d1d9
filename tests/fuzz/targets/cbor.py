"""Our CBOR reader: what it takes is what our writer makes of it, byte for byte."""

from edge.wire import cbor
from tests.fuzz.kit import ANSWER, RECORDS

MAX_BYTES = 4_096
TREE = {"a": [1, -1, 2**63, b"x", None, True, 1.5, {"": {}}], "b": "中文"}


def seeds() -> list[bytes]:
    return [cbor.dumps(TREE), cbor.dumps({1: 2, -3: b"4"}), ANSWER, *RECORDS]


def eat(data: bytes) -> None:
    assert cbor.dumps(cbor.loads(data, max_bytes=MAX_BYTES)) == data, "two forms of one value"
