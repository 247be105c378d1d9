"""Records: from a stranger, and with a terminal's good signature around any payload."""

from edge.wire import record
from tests.fuzz.kit import RECORDS, both, payload
from tests.wire.kit import terminal

MAX_BYTES = 8_192


def seeds() -> list[bytes]:
    return [RECORDS[0], RECORDS[1], payload(RECORDS[0])]


def eat(data: bytes) -> None:
    both(_read, data, terminal, record.DOMAIN, record.CONTENT_TYPE)


def _read(data: bytes) -> None:
    header = record.decode(data, terminal.verifier)
    assert header == record.peek(data), "two readers of one record"
