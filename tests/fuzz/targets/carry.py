"""What a stick brings: manifests, parts, answers. Anybody may have had it in hand."""

from edge.wire import carry
from tests.fuzz import kit
from tests.wire.kit import terminal
from tests.wire.test_fuzz import RECORDS

MAX_BYTES = 8_192

MANIFEST = carry.Manifest(
    "t-0001", 7, 1, 3, bytes(32), bytes(range(32)), 5, 2, 9,
    (carry.Part("a.fpx", 1, 2, 70, bytes(32)), carry.Part("b.fpx", 3, 3, 40, bytes(32))),
)  # fmt: skip


def seeds() -> list[bytes]:
    signed = carry.encode(MANIFEST, terminal.signer)
    part = carry.pack(carry.PART_MAGIC, RECORDS[:2])
    return [signed, kit.payload(signed), part, carry.pack(carry.ANSWERS_MAGIC, RECORDS[:1])]


def eat(data: bytes) -> None:
    if data.startswith(carry.PART_MAGIC):
        assert carry.pack(carry.PART_MAGIC, carry.unpack_part(data)) == data
    elif data.startswith(carry.ANSWERS_MAGIC):
        assert carry.pack(carry.ANSWERS_MAGIC, carry.unpack_answers(data)) == data
    else:
        kit.both(_manifest, data, terminal, carry.DOMAIN)


def _manifest(data: bytes) -> None:
    found = carry.decode(data, terminal.verifier)
    assert all("/" not in part.name for part in found.parts), "a path out of the folder"
    assert sum(part.last - part.first + 1 for part in found.parts) == found.last - found.first + 1
