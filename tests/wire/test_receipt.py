"""COSE receipts (RFC 9942): what they prove, and everything else they do not."""

from __future__ import annotations

import cbor2
import pytest

from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.wire import cbor, cose
from edge.wire.log import merkle, receipt
from tests.wire.kit import EPOCH, TERMINAL, centre, stranger, terminal


@pytest.fixture(scope="module")
def tree() -> merkle.Tree:
    return merkle.Tree.from_leaf_hashes(
        merkle.leaf_hash(b"leaf %d" % number) for number in range(20)
    )


def inclusion(
    tree: merkle.Tree, index: int = 5, size: int = 20, signer: cose.Signer = centre.signer
) -> bytes:
    return receipt.inclusion_receipt(
        index, size, tree.inclusion(index, size), tree.root(size), signer
    )


def consistency(
    tree: merkle.Tree, olds: list[int], size: int, signer: cose.Signer = centre.signer
) -> bytes:
    made = receipt.SignedRoot.make(tree.root(size), signer)
    return receipt.consistency_from(tree, olds, size, made)


def raw(label: int, proofs: object, root: bytes, protected: dict | None = None) -> bytes:
    """A receipt the centre really signed, with any proof in it."""
    return cose.sign1(
        root,
        centre.signer,
        domain="",
        protected={395: 1} if protected is None else protected,
        unprotected={396: {label: proofs}},
        detached=True,
    )


def test_an_inclusion_receipt_proves_its_leaf_size_index_and_root(tree: merkle.Tree) -> None:
    assert receipt.check_inclusion(inclusion(tree), b"leaf 5", centre.verifier) == (
        20,
        5,
        tree.root(),
    )


def test_its_bytes_are_those_the_standard_describes(tree: merkle.Tree) -> None:
    tag = cbor2.loads(inclusion(tree))
    protected, unprotected, payload, signature = tag.value
    assert (tag.tag, payload, len(signature)) == (18, None, 64)
    assert cbor2.loads(protected) == {1: -7, 4: centre.signer.kid, 395: 1}
    assert [cbor2.loads(proof) for proof in unprotected[396][-1]] == [[20, 5, tree.inclusion(5)]]


@pytest.mark.parametrize("leaf", [b"leaf 4", b"leaf 6", b"", b"leaf 5 "])
def test_a_receipt_for_another_leaf_is_refused(tree: merkle.Tree, leaf: bytes) -> None:
    with pytest.raises(EdgeError, match="E-LOG-03"):
        receipt.check_inclusion(inclusion(tree), leaf, centre.verifier)


def test_a_receipt_that_somebody_else_signed_is_refused(tree: merkle.Tree) -> None:
    for forger in (stranger, terminal):
        with pytest.raises(EdgeError, match="E-LOG-03"):
            receipt.check_inclusion(
                inclusion(tree, signer=forger.signer), b"leaf 5", centre.verifier
            )


def test_no_changed_byte_of_a_receipt_proves_another_index_or_root(tree: merkle.Tree) -> None:
    """The size alone is not bound by the root (RFC 9162): the caller compares it with a signed
    checkpoint."""
    data = inclusion(tree)
    passed = []
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            passed.append(receipt.check_inclusion(changed, b"leaf 5", centre.verifier))
        except EdgeError as error:
            assert error.code == "E-LOG-03"
    assert passed == [(21, 5, tree.root())]


def test_a_consistency_receipt_leads_from_each_old_size_to_the_new_root(tree: merkle.Tree) -> None:
    made = consistency(tree, [7, 16], 20, centre.signer)
    assert receipt.consistency_sizes(made) == (7, 16)
    for old in (7, 16):
        assert receipt.check_consistency(made, old, tree.root(old), centre.verifier) == (
            20,
            tree.root(),
        )


def test_there_is_no_consistency_receipt_where_there_is_nothing_to_prove(tree: merkle.Tree) -> None:
    assert consistency(tree, [0, 20], 20, centre.signer) == b""
    assert receipt.consistency_sizes(
        consistency(tree, [9, 9, 0], 20, centre.signer)
    ) == (9,)


def test_a_rewritten_log_cannot_be_made_consistent(tree: merkle.Tree) -> None:
    other = merkle.Tree.from_leaf_hashes(
        merkle.leaf_hash(b"leaf %d" % (n if n != 3 else 99)) for n in range(20)
    )
    forged = consistency(other, [7], 20, centre.signer)
    with pytest.raises(EdgeError, match="E-LOG-04"):
        receipt.check_consistency(forged, 7, tree.root(7), centre.verifier)


def test_a_consistency_receipt_that_does_not_speak_of_our_size_or_is_forged_is_refused(
    tree: merkle.Tree,
) -> None:
    made = consistency(tree, [7], 20, centre.signer)
    with pytest.raises(EdgeError, match="E-LOG-04"):
        receipt.check_consistency(made, 8, tree.root(8), centre.verifier)
    forged = consistency(tree, [7], 20, stranger.signer)
    with pytest.raises(EdgeError, match="E-LOG-04"):
        receipt.check_consistency(forged, 7, tree.root(7), centre.verifier)


def test_one_kind_of_receipt_is_never_taken_for_the_other(tree: merkle.Tree) -> None:
    with pytest.raises(EdgeError, match="E-LOG-04"):
        receipt.check_consistency(inclusion(tree), 5, tree.root(5), centre.verifier)
    with pytest.raises(EdgeError, match="E-LOG-03"):
        receipt.check_inclusion(
            consistency(tree, [5], 20, centre.signer), b"leaf 5", centre.verifier
        )


@pytest.mark.parametrize(
    "proofs",
    [
        [],
        [b""],
        [b"\xff"],
        [1],
        1,
        [cbor.dumps([20, 5])],
        [cbor.dumps([20, "5", []])],
        [cbor.dumps([20, -5, []])],
        [cbor.dumps([20, 5, [b"short"]])],
        [cbor.dumps([20, 5, [bytes(32)] * 65])],
        [cbor.dumps([20, 5, 5])],
        [cbor.dumps([True, 0, []])],
        [cbor.dumps({1: 2})],
        [cbor.dumps([5, 20, [bytes(32)] * 5])],
    ],
    ids=repr,
)
@pytest.mark.parametrize("label", [-1, -2])
def test_a_malformed_proof_is_refused_even_when_the_centre_signed_it(
    tree: merkle.Tree, proofs: object, label: int
) -> None:
    made = raw(label, proofs, tree.root())
    with pytest.raises(EdgeError, match="E-LOG-03"):
        receipt.check_inclusion(made, b"leaf 5", centre.verifier)
    with pytest.raises(EdgeError, match="E-LOG-04"):
        receipt.check_consistency(made, 5, tree.root(5), centre.verifier)


def test_a_receipt_of_another_kind_of_log_is_refused(tree: merkle.Tree) -> None:
    proof = cbor.dumps([20, 5, tree.inclusion(5)])
    for protected in ({}, {395: 2}, {395: "1"}):
        with pytest.raises(EdgeError, match="E-LOG-03"):
            receipt.check_inclusion(
                raw(-1, [proof], tree.root(), protected), b"leaf 5", centre.verifier
            )


def test_a_signed_message_is_never_taken_for_a_receipt(tree: merkle.Tree) -> None:
    message = cose.sign1(tree.root(), centre.signer, domain="facepay/answer/1")
    with pytest.raises(EdgeError, match="E-LOG-03"):
        receipt.check_inclusion(message, b"leaf 5", centre.verifier)


def test_the_leaf_names_everything_that_was_decided() -> None:
    """Any other record, place, outcome or result is another leaf."""
    base = (bytes(32), TERMINAL, EPOCH, 3, Outcome.SETTLED, b"plain")
    others = [(b"\1" * 32, "t-2", 8, 4, Outcome.REJECTED, b"Plain")[at] for at in range(6)]
    leaves = {receipt.leaf_bytes(*base)} | {
        receipt.leaf_bytes(*base[:at], others[at], *base[at + 1 :]) for at in range(6)
    }
    assert len(leaves) == 7
