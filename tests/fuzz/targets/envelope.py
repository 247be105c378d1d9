"""Envelopes and their topics: nobody signs them, everybody may publish them."""

from edge.wire import envelope, topics
from tests.fuzz.kit import RECORDS

MAX_BYTES = 16_384


def seeds() -> list[bytes]:
    full = envelope.Envelope("t-0001", 7, 1, tuple(RECORDS))
    hello = envelope.Envelope("t-0001", 7, 4, ())
    single = envelope.Envelope("t-0001", 7, 1, (RECORDS[0],))
    topic = topics.up("t-0001").encode()
    return [envelope.encode(full), envelope.encode(hello), envelope.encode(single), topic]


def eat(data: bytes) -> None:
    if data[:1] == b"f":
        topics.parse(data.decode("latin-1"))
    found = envelope.decode(data)
    assert envelope.encode(found) == data, "two forms of one envelope"
