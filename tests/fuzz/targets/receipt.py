"""Receipts: inclusion and consistency. Only the one that was made may prove anything."""

from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.wire.log import receipt
from edge.wire.record import record_hash
from tests.fuzz.kit import DESK, RECORDS, accepted
from tests.wire.kit import EPOCH, TERMINAL, centre

MAX_BYTES = 4_096
INDEX, PLAIN, _ = DESK.decided[1]
LEAF = receipt.leaf_bytes(
    record_hash(RECORDS[0]), TERMINAL, EPOCH, 1, Outcome.SETTLED, PLAIN
)  # fmt: skip
ROOT = DESK.tree.root()
SIGN1, BARE_MAX = 0xD2, 130  # a signed root without any proof


def seeds() -> list[bytes]:
    size = DESK.tree.size
    path = DESK.tree.inclusion(INDEX)
    proof = receipt.inclusion_receipt(INDEX, size, path, ROOT, centre.signer)
    return [proof, accepted().consistency, accepted().signed_root]


def eat(data: bytes) -> None:
    """The sizes are what the receipt says (several lead to one root, RFC 9162 §2.1.3.2): callers
    hold them against a signed checkpoint. The roots are proven."""
    try:
        _, index, root = receipt.check_inclusion(data, LEAF, centre.verifier)
    except EdgeError:
        index, root = INDEX, ROOT
    assert (index, root) == (INDEX, ROOT), "proven in another tree"
    if data and data[0] == SIGN1 and len(data) < BARE_MAX:
        receipt.SignedRoot.check(data, ROOT, centre.verifier)
    assert len(receipt.consistency_sizes(data)) <= 2
    _, later = receipt.check_consistency(data, 3, DESK.tree.root(3), centre.verifier)
    assert later == ROOT, "a log continued into another tree"
