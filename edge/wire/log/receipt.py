"""COSE receipts (RFC 9942) over our RFC 9162 tree: inclusion of a decision, consistency of two
checkpoints.

The root is the detached payload: it is not sent, it follows from the leaf (or the old root) and the
path, and the signature says whether that was the log's root. Codes: E-LOG-03 inclusion, E-LOG-04
consistency.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec import Struct

from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.wire import cbor, cose, shape
from edge.wire.log import merkle

DOMAIN = ""  # RFC 9942 receipts have an empty external_aad
RECEIPT_BYTES_MAX = 8 * 1024
PROOFS_MAX = 2  # consistency: from the size the terminal named, and from the answer before this one
VDS, VDP = 395, 396  # verifiable data structure, its proofs
RFC9162_SHA256 = 1
_INCLUSION, _CONSISTENCY = -1, -2
_PROOF_BYTES_MAX = 4 * 1024
_COUNT = shape.uint()
_HASH_HEAD = cbor.dumps(shape.ZERO_HASH)[: -shape.HASH_BYTES]


class SignedRoot(Struct, frozen=True):
    """What all receipts about one root have in common: the centre's signature over it.

    A receipt's proof is in its unsigned headers, so one signature serves every leaf of a tree, and
    each receipt made here is a whole RFC 9942 receipt that stands for itself."""

    protected: bytes
    signature: bytes

    @classmethod
    def make(cls, root: bytes, signer: cose.Signer) -> SignedRoot:
        """The centre signs this root."""
        protected = cose.protected_bytes(signer, {VDS: RFC9162_SHA256})
        return cls(protected, signer.sign(cose.sig_structure(protected, DOMAIN, root)))

    @classmethod
    def check(cls, bare: bytes, root: bytes, verifier: cose.Verifier) -> SignedRoot:
        """From the wire, when it is the centre's signature over this root. EdgeError E-LOG-03."""
        opened = _check_root(bare, root, verifier, "E-LOG-03")
        if opened.unprotected or opened.protected.get(VDS) != RFC9162_SHA256:
            raise EdgeError("E-LOG-03", "the root is signed as something else than a log's root")
        protected, _, _, signature = cbor.loads(bare[1:], max_bytes=RECEIPT_BYTES_MAX)
        return cls(protected, signature)

    @property
    def bare(self) -> bytes:
        """The COSE_Sign1 without any proof, as it travels in an answer."""
        return cose.assemble(self.protected, {}, None, self.signature)

    def inclusion(self, index: int, size: int, path: Sequence[bytes]) -> bytes:
        """The receipt that leaf `index` is in the tree of `size` leaves with this root."""
        hashes = cbor.array([_HASH_HEAD + step for step in path])
        proof = cbor.array([cbor.dumps(size), cbor.dumps(index), hashes])
        return self._receipt(_INCLUSION, [proof])

    def consistency(self, olds: Sequence[tuple[int, Sequence[bytes]]], size: int) -> bytes:
        """The receipt that the tree of `size` leaves with this root begins with each older tree:
        `olds` = (old size, path), distinct, 0 < old < size, at most PROOFS_MAX."""
        assert 0 < len(olds) <= PROOFS_MAX, "from the named size and from the last answer"
        proofs = [cbor.dumps([old, size, list(path)]) for old, path in olds]
        return self._receipt(_CONSISTENCY, proofs)

    def _receipt(self, label: int, proofs: list[bytes]) -> bytes:
        return cose.assemble(self.protected, {VDP: {label: proofs}}, None, self.signature)


class Proof(Struct, frozen=True):
    """One proof of a receipt: (tree size, leaf index, path) or (old size, new size, path)."""

    first: int
    second: int
    path: tuple[bytes, ...]


def leaf_bytes(  # noqa: PLR0917 - the leaf's six fields, in their order
    record_hash: bytes, terminal: str, epoch: int, seq: int, outcome: Outcome, result_plain: bytes
) -> bytes:
    """The log's leaf for one decision: CBOR [record hash, terminal, epoch, seq, outcome, H(result
    plaintext)]."""
    result_hash = hashlib.sha256(result_plain).digest()
    return cbor.dumps([record_hash, terminal, epoch, seq, str(outcome), result_hash])


def inclusion_receipt(
    index: int, size: int, path: Sequence[bytes], root: bytes, signer: cose.Signer
) -> bytes:
    """The centre's proof that leaf `index` is in its tree of `size` leaves with this root."""
    return SignedRoot.make(root, signer).inclusion(index, size, path)


def consistency_from(
    tree: merkle.Tree, sizes: Sequence[int], size: int, signed: SignedRoot
) -> bytes:
    """The consistency receipt an answer at `size` needs for the older sizes; b"" when there is
    nothing to prove.

    Give both the size the envelope named and the size of the last answer sent to that terminal:
    with several envelopes under way the terminal has moved on from the first by the time the answer
    comes.
    """
    olds = sorted({old for old in sizes if 0 < old < size})
    if not olds:
        return b""
    return signed.consistency([(old, tree.consistency(old, size)) for old in olds], size)


def check_inclusion(receipt: bytes, leaf: bytes, verifier: cose.Verifier) -> tuple[int, int, bytes]:
    """(tree size, index, root) that the receipt proves for this leaf. EdgeError E-LOG-03.

    Root and index are proven. The size is what the receipt says: several sizes can lead to one root
    (RFC 9162 §2.1.3.2), so the caller compares it with a signed checkpoint.
    """
    proof = _proofs(receipt, _INCLUSION, "E-LOG-03")[0]
    root = merkle.inclusion_root(merkle.leaf_hash(leaf), proof.second, proof.first, proof.path)
    if root is None:
        raise EdgeError("E-LOG-03", "the inclusion proof does not fit the tree")
    _check_root(receipt, root, verifier, "E-LOG-03")
    return proof.first, proof.second, root


def consistency_sizes(receipt: bytes) -> tuple[int, ...]:
    """The older sizes this receipt speaks of (nothing is verified). EdgeError E-LOG-04."""
    return tuple(proof.first for proof in _proofs(receipt, _CONSISTENCY, "E-LOG-04"))


def check_consistency(
    receipt: bytes, old_size: int, old_root: bytes, verifier: cose.Verifier
) -> tuple[int, bytes]:
    """(new size, new root) that the receipt proves to begin with the tree (old_size, old_root).
    EdgeError E-LOG-04. As with inclusion, the root is proven and the size is what the receipt says:
    the caller compares it with a signed checkpoint."""
    for proof in _proofs(receipt, _CONSISTENCY, "E-LOG-04"):
        if proof.first == old_size:
            break
    else:
        raise EdgeError("E-LOG-04", f"no consistency proof from size {old_size}")
    root = merkle.consistency_root(proof.first, proof.second, proof.path, old_root)
    if root is None:
        raise EdgeError("E-LOG-04", "the log does not begin with what it was before")
    _check_root(receipt, root, verifier, "E-LOG-04")
    return proof.second, root


def _check_root(receipt: bytes, root: bytes, verifier: cose.Verifier, code: str) -> cose.Opened:
    try:
        return cose.open1(
            receipt,
            verifier,
            domain=DOMAIN,
            max_bytes=RECEIPT_BYTES_MAX,
            payload=root,
            unprotected=True,
        )
    except EdgeError as error:
        raise EdgeError(code, f"the receipt does not prove this: {error.message}") from error


def _proofs(receipt: bytes, label: int, code: str) -> list[Proof]:
    try:
        opened = cose.peek1(receipt, max_bytes=RECEIPT_BYTES_MAX, payload=b"")
        match opened.unprotected:
            case {396: {-1: list(found)}} if label == _INCLUSION and len(found) == 1:
                pass
            case {396: {-2: list(found)}} if label == _CONSISTENCY and 0 < len(found) <= PROOFS_MAX:
                pass
            case _:
                raise EdgeError("E-WIR-04", "not a receipt of this kind")
        if opened.protected.get(VDS) != RFC9162_SHA256:
            raise EdgeError("E-WIR-04", "the receipt is about another kind of log")
        return [_proof(one) for one in found]
    except EdgeError as error:
        raise EdgeError(code, f"the receipt is not readable: {error.message}") from error


def _proof(data: object) -> Proof:
    if not isinstance(data, bytes):
        raise EdgeError("E-WIR-02", "a proof is not a byte string")
    match cbor.loads(data, max_bytes=_PROOF_BYTES_MAX, max_depth=2):
        case [first, second, list(path)] if (
            _COUNT(first) and _COUNT(second) and len(path) <= merkle.PATH_MAX
        ):
            if all(shape.HASH(step) for step in path):
                return Proof(first, second, tuple(path))
    raise EdgeError("E-WIR-02", "a proof is not [size, number, path]")
