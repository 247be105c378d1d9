"""Receipts: inclusion and consistency. Only the one that was made may prove anything."""

from edge.errors import EdgeError
from edge.wire.log import receipt
from tests.wire.kit import centre
from tests.wire.test_fuzz import CONSISTENCY, DESK, LEAF, RECEIPT, SIGNED_ROOT

MAX_BYTES = 4_096


def seeds() -> list[bytes]:
    return [RECEIPT, CONSISTENCY, DESK.receipt(2), SIGNED_ROOT.bare]


def eat(data: bytes) -> None:
    """The sizes are what the receipt says (several lead to one root, RFC 9162 §2.1.3.2): callers
    hold them against a signed checkpoint. The roots are proven."""
    try:
        _, index, root = receipt.check_inclusion(data, LEAF, centre.verifier)
    except EdgeError:
        index, root = DESK.decided[1][0], DESK.tree.root()
    assert (index, root) == (DESK.decided[1][0], DESK.tree.root()), "proven in another tree"
    assert len(receipt.consistency_sizes(data)) <= 2
    _, later = receipt.check_consistency(data, 3, DESK.tree.root(3), centre.verifier)
    assert later == DESK.tree.root(), "a log continued into another tree"
