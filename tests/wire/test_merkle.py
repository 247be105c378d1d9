"""The Merkle tree of RFC 9162: exhaustively against its definition for every tree up to 64
leaves."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire.log import merkle
from tests.wire.kit import few, many

SIZES = 64
LEAVES = [b"leaf %d" % number for number in range(SIZES)]
# the eight leaves and roots that Certificate Transparency implementations share (RFC 6962 test
# data)
CT_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\x00" + leaves[0])
    k = split(len(leaves))
    return sha(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162 §2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return (
        [*path(m, leaves[:k]), mth(leaves[k:])]
        if m < k
        else [*path(m - k, leaves[k:]), mth(leaves[:k])]
    )


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """RFC 9162 §2.1.4.1."""
    n = len(leaves)
    if m == n:
        return [] if whole else [mth(leaves)]
    k = split(n)
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


@pytest.fixture(scope="module")
def tree() -> merkle.Tree:
    made = merkle.Tree()
    for leaf in LEAVES:
        made.append(leaf)
    return made


def test_the_shared_roots_of_certificate_transparency_come_out() -> None:
    made = merkle.Tree()
    assert made.root() == sha(b"")
    for leaf, root in zip(CT_LEAVES, CT_ROOTS, strict=True):
        made.append(bytes.fromhex(leaf))
        assert made.root().hex() == root


@pytest.mark.parametrize("size", range(SIZES + 1))
def test_roots_are_those_of_the_definition(tree: merkle.Tree, size: int) -> None:
    assert tree.root(size) == mth(LEAVES[:size])


@pytest.mark.parametrize("size", range(1, SIZES + 1))
def test_inclusion_proofs_are_those_of_the_definition_and_prove_only_their_leaf(
    tree: merkle.Tree, size: int
) -> None:
    root = tree.root(size)
    for index in range(size):
        proof = tree.inclusion(index, size)
        assert proof == path(index, LEAVES[:size])
        for claimed in range(size):
            good = merkle.verify_inclusion(
                merkle.leaf_hash(LEAVES[index]), claimed, size, proof, root
            )
            assert good == (claimed == index)
        assert not merkle.verify_inclusion(merkle.leaf_hash(b"forged"), index, size, proof, root)


@pytest.mark.parametrize("size", range(1, SIZES + 1))
def test_consistency_proofs_are_those_of_the_definition_and_prove_only_their_past(
    tree: merkle.Tree, size: int
) -> None:
    root = tree.root(size)
    for old in range(1, size + 1):
        proof = tree.consistency(old, size)
        assert proof == subproof(old, LEAVES[:size], True)
        assert merkle.verify_consistency(old, size, proof, tree.root(old), root)
        assert not merkle.verify_consistency(old, size, proof, sha(b"forged"), root)
        assert not merkle.verify_consistency(old, size, proof, tree.root(old), sha(b"forged"))
        if old > 1 and old != size:
            assert not merkle.verify_consistency(old - 1, size, proof, tree.root(old - 1), root)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13, 33, 64])
def test_a_proof_with_one_wrong_missing_or_extra_hash_proves_nothing(
    tree: merkle.Tree, size: int
) -> None:
    root = tree.root(size)
    for index in range(size):
        proof, one = tree.inclusion(index, size), merkle.leaf_hash(LEAVES[index])
        for bad in changed(proof):
            assert not merkle.verify_inclusion(one, index, size, bad, root)
    for old in range(1, size):
        for bad in changed(tree.consistency(old, size)):
            assert not merkle.verify_consistency(old, size, bad, tree.root(old), root)


def changed(proof: list[bytes]) -> list[list[bytes]]:
    wrong = [[*proof[:at], sha(proof[at]), *proof[at + 1 :]] for at in range(len(proof))]
    missing = [[*proof[:at], *proof[at + 1 :]] for at in range(len(proof))]
    return [*wrong, *missing, [*proof, sha(b"more")], [sha(b"more"), *proof]]


def test_a_leaf_is_never_taken_for_a_node() -> None:
    """Second preimage: an inner node's children, given as a leaf, hash to something else."""
    left, right = merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


def test_a_tree_that_is_rebuilt_from_its_stored_hashes_is_the_same(tree: merkle.Tree) -> None:
    again = merkle.Tree.from_leaf_hashes(merkle.leaf_hash(leaf) for leaf in LEAVES)
    assert (again.size, again.root(), again.inclusion(17, 50)) == (
        64,
        tree.root(),
        tree.inclusion(17, 50),
    )


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0), (0, -1), (2**70, 2**69)])
def test_impossible_positions_prove_nothing(tree: merkle.Tree, index: int, size: int) -> None:
    assert merkle.inclusion_root(merkle.leaf_hash(b"x"), index, size, tree.inclusion(0, 4)) is None
    assert merkle.consistency_root(index, size, tree.consistency(3, 4), tree.root(3)) is None


@many
@given(
    st.integers(0, 2**63 - 1),
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=70),
)
def test_any_claim_ends_quickly_and_without_an_error(
    first: int, second: int, steps: list[bytes]
) -> None:
    for given_path in (steps, steps * 100):
        root = merkle.inclusion_root(bytes(32), first, second, given_path)
        assert root is None or len(root) == 32
        assert (
            merkle.consistency_root(first, second, given_path, bytes(32)) is None
        )  # nobody finds a preimage


@few
@given(st.integers(1, 3000), st.data())
def test_larger_trees_prove_too(size: int, draw: st.DataObject) -> None:
    made = merkle.Tree.from_leaf_hashes(sha(number.to_bytes(4, "big")) for number in range(size))
    index, old = draw.draw(st.integers(0, size - 1)), draw.draw(st.integers(1, size))
    assert merkle.verify_inclusion(
        sha(index.to_bytes(4, "big")), index, size, made.inclusion(index), made.root()
    )
    assert merkle.verify_consistency(old, size, made.consistency(old), made.root(old), made.root())
