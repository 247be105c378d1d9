"""Openings of a body: what a bundle shows of it. Compressed as kept, or plain as in a bundle."""

from edge.wire import cbor, commit

MAX_BYTES = 4_096
BODY = {"bill_no": "B1", "identity": {"means": "card", "template": b"t"}, "plan": [{"a": 1}]}
OPENING = commit.open_all(BODY, bytes(16))


def seeds() -> list[bytes]:
    closed = OPENING.without("template", "plan")
    plain = [cbor.dumps(commit.form(one)) for one in (OPENING, closed)]
    return [commit.encode(OPENING), commit.encode(closed), *plain]


def eat(data: bytes) -> None:
    kept = data[:1] == b"\x78"  # the head of a zlib stream
    found = commit.decode(data) if kept else commit.read(cbor.loads(data, max_bytes=MAX_BYTES))
    again = commit.decode(commit.encode(found))
    assert again.commitment() == found.commitment(), "an opening changes when it is kept"
    _ = found.body
