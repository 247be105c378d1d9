"""Records and answers that are carried by hand (PROTOCOL "Carried by hand"): parts, their signed
manifest, and the answers on the way back. Pure bytes.

Nothing here has to be secret: records are sealed to the centre, results to the terminal, and both
are signed. The manifest only says what belongs together and that nothing is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from edge.errors import EdgeError
from edge.wire import cbor, cose, shape
from edge.wire.answer import ANSWER_BYTES_MAX
from edge.wire.record import RECORD_BYTES_MAX

DOMAIN: Final = "facepay/export/1"
PART_MAGIC: Final = b"FPX1\n"
ANSWERS_MAGIC: Final = b"FPA1\n"
LENGTH_BYTES: Final = 4
PART_BYTES_MAX: Final = 4 * 1024 * 1024
PARTS_MAX: Final = 4096
ANSWERS_BYTES_MAX: Final = 256 * 1024 * 1024
MANIFEST_BYTES_MAX: Final = 1024 * 1024
NAME_CHARS: Final = 120

_PART: shape.Table = {
    1: ("name", shape.text(NAME_CHARS, 1)),
    2: ("first", shape.uint(1)),
    3: ("last", shape.uint(1)),
    4: ("size", shape.uint(1, PART_BYTES_MAX)),
    5: ("digest", shape.HASH),
}
_TABLE: shape.Table = {
    1: ("v", shape.one_of(shape.VERSION)),
    2: ("terminal", shape.is_name),
    3: ("epoch", shape.uint()),
    4: ("first", shape.uint(1)),
    5: ("last", shape.uint(1)),
    6: ("prev", shape.HASH),
    7: ("head", shape.HASH),
    8: ("at_ms", shape.uint()),
    9: ("answer_seen", shape.uint()),
    10: ("tree_size", shape.uint()),
    11: ("parts", shape.array(PARTS_MAX)),
}


class Part(Struct, frozen=True):
    """One file of records first..last; `digest` is the SHA-256 of its bytes."""

    name: str
    first: int
    last: int
    size: int
    digest: bytes


class Manifest(Struct, frozen=True):
    """What was carried: records first..last of one chain; `prev` and `head` are the hashes of the
    record before and of the last one."""

    terminal: str
    epoch: int
    first: int
    last: int
    prev: bytes
    head: bytes
    at_ms: int
    answer_seen: int
    tree_size: int
    parts: tuple[Part, ...]


def encode(manifest: Manifest, signer: cose.Signer) -> bytes:
    """The signed manifest. EdgeError E-WIR-07 when a field breaks its limits."""
    parts = [
        shape.write({name: getattr(part, name) for name in Part.__struct_fields__}, _PART, what="part")
        for part in manifest.parts
    ]
    fields: dict[str, Any] = {name: getattr(manifest, name) for name in Manifest.__struct_fields__}
    written = shape.write(
        fields | {"v": shape.VERSION, "parts": parts}, _TABLE, what="manifest"
    )
    return cose.sign1(cbor.dumps(written), signer, domain=DOMAIN)


def decode(data: bytes, verifier: cose.Verifier) -> Manifest:
    """A manifest whose signature is good. EdgeError E-WIR-01..05."""
    return _manifest(cose.open1(data, verifier, domain=DOMAIN, max_bytes=MANIFEST_BYTES_MAX))


def peek(data: bytes) -> Manifest:
    """The same without checking the signature: to find whose key to use."""
    return _manifest(cose.peek1(data, max_bytes=MANIFEST_BYTES_MAX))


def _manifest(opened: cose.Opened) -> Manifest:
    value = cbor.loads(
        opened.payload, max_bytes=MANIFEST_BYTES_MAX, max_items=PARTS_MAX * (len(_PART) * 2 + 1) + 64
    )
    fields = shape.read(value, _TABLE, what="manifest")
    del fields["v"]
    parts = tuple(Part(**shape.read(one, _PART, what="part")) for one in fields["parts"])
    found = Manifest(**fields | {"parts": parts})
    ends = [found.first - 1, *(part.last for part in parts)]
    joined = all(part.first == end + 1 for part, end in zip(parts, ends, strict=False))
    joined = joined and all(part.first <= part.last for part in parts)
    if not parts or not joined or ends[-1] != found.last or any(_path(part) for part in parts):
        raise EdgeError("E-WIR-02", "manifest: the parts do not join")
    return found


def _path(part: Part) -> bool:
    return "/" in part.name or "\\" in part.name or part.name.startswith(".")


# -- parts and answers: the same simple form ------------------------------------------------------
def pack(magic: bytes, items: Iterable[bytes]) -> bytes:
    """A file of byte strings, each behind its length."""
    return magic + b"".join(len(one).to_bytes(LENGTH_BYTES, "big") + one for one in items)


def unpack_part(data: bytes) -> list[bytes]:
    """The records of a part. EdgeError E-WIR-01, E-WIR-02."""
    return list(_unpack(data, PART_MAGIC, PART_BYTES_MAX, RECORD_BYTES_MAX))


def unpack_answers(data: bytes) -> list[bytes]:
    """The answers of a file. EdgeError E-WIR-01, E-WIR-02."""
    return list(_unpack(data, ANSWERS_MAGIC, ANSWERS_BYTES_MAX, ANSWER_BYTES_MAX))


def _unpack(data: bytes, magic: bytes, most: int, item_most: int) -> Iterator[bytes]:
    if len(data) > most:
        raise EdgeError("E-WIR-01", f"{len(data)} bytes, at most {most} are taken")
    if not data.startswith(magic):
        raise EdgeError("E-WIR-02", "not a file of this kind")
    at = len(magic)
    while at < len(data):
        size = int.from_bytes(data[at : at + LENGTH_BYTES], "big")
        at += LENGTH_BYTES
        if not 0 < size <= item_most or at + size > len(data):
            raise EdgeError("E-WIR-02", "the file is cut off or damaged")
        yield data[at : at + size]
        at += size


def cut(sizes: Sequence[int]) -> int:
    """How many of these records, from the first on, fit into one part; at least one."""
    room, count = PART_BYTES_MAX - len(PART_MAGIC), 0
    for size in sizes:
        room -= size + LENGTH_BYTES
        if room < 0 and count:
            break
        count += 1
    return count
