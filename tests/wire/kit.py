"""A terminal and a centre made of the real parts, with fixed keys: what every wire test works
with."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from hypothesis import settings
from hypothesis import strategies as st

from edge.core.types import Credit, Json, Mode, Outcome
from edge.suites import es256
from edge.wire import answer, cbor, cose, record
from edge.wire.log import merkle, receipt
from edge.wire.log.trusted import TrustedCentre

DEPTH = int(os.environ.get("FACEPAY_FUZZ", "1"))  # 50 for a night
few = settings(max_examples=25 * DEPTH, deadline=None, database=None)
many = settings(max_examples=80 * DEPTH, deadline=None, database=None)

TERMINAL = "t-0001"
EPOCH = 7
ZERO = bytes(32)


def sign_key(name: str) -> es256.SignPrivate:
    """A fixed P-256 key. For tests and vectors only: anybody can make it."""
    secret = int.from_bytes(hashlib.sha256(b"facepay test key " + name.encode()).digest(), "big")
    return ec.derive_private_key(secret >> 1, ec.SECP256R1())


def seal_key(name: str) -> es256.SealPrivate:
    """A fixed X25519 key. For tests and vectors only."""
    secret = hashlib.sha256(b"facepay test seal " + name.encode()).digest()
    return x25519.X25519PrivateKey.from_private_bytes(secret)


@dataclass
class Side:
    """One side's keys, and what the other side knows of it."""

    name: str
    signer: es256.Es256Signer = field(init=False)
    verifier: es256.Es256Verifier = field(init=False)
    sealer: es256.HpkeSealer = field(init=False)  # to this side
    opener: es256.HpkeOpener = field(init=False)

    def __post_init__(self) -> None:
        sign, seal = sign_key(self.name), seal_key(self.name)
        self.signer = es256.Es256Signer(sign)
        self.verifier = es256.Es256Verifier.of(sign.public_key())
        self.sealer = es256.HpkeSealer(seal.public_key())
        self.opener = es256.HpkeOpener(seal)


terminal = Side("terminal")
centre = Side("centre")
stranger = Side("stranger")


def header(**changes: object) -> record.RecordHeader:
    """A good record header, with changes."""
    fields: dict[str, object] = {
        "terminal": TERMINAL,
        "epoch": EPOCH,
        "seq": 1,
        "prev": ZERO,
        "txid": bytes(range(16)),
        "kind": "settle",
        "mode": Mode.ONLINE,
        "boot": b"b" * 16,
        "mono_ms": 5_000,
        "wall_ms": 1_790_000_000_000,
        "error_ms": 40,
        "policy": ZERO,
        "keys": "file",
        "sealed": b"s" * 60,
    }
    return record.RecordHeader(**fields | changes)


def chain(count: int) -> list[bytes]:
    """`count` signed records, each holding the hash of the one before."""
    records: list[bytes] = []
    prev = ZERO
    for seq in range(1, count + 1):
        txid = hashlib.sha256(seq.to_bytes(8, "big")).digest()[:16]
        sealed = record.seal_body(
            {"bill_no": f"B{seq}"},
            centre.sealer,
            terminal=TERMINAL,
            epoch=EPOCH,
            seq=seq,
            txid=txid,
        )
        records.append(
            record.encode(header(seq=seq, prev=prev, txid=txid, sealed=sealed), terminal.signer)
        )
        prev = record.record_hash(records[-1])
    return records


@dataclass
class Desk:
    """The centre's side of the log: decides records and answers. `records` are the terminal's,
    1-based by seq."""

    records: list[bytes]
    tree: merkle.Tree = field(default_factory=merkle.Tree)
    decided: dict[int, tuple[int, bytes, Outcome]] = field(
        default_factory=dict
    )  # seq -> index, plaintext, outcome
    number: int = 0
    last_size: int = 0

    def ours(self, seq: int) -> bytes | None:
        """What the terminal would say to `record_hash(seq)`."""
        return record.record_hash(self.records[seq - 1]) if 0 < seq <= len(self.records) else None

    def decide(
        self, seq: int, outcome: Outcome = Outcome.SETTLED, body: Json | None = None
    ) -> None:
        """Log the decision on one record."""
        plain = cbor.dumps(body or {"infcode": 0, "setlinfo": {"setl_id": f"S{seq}"}})
        hashed = record.record_hash(self.records[seq - 1])
        index = self.tree.append(receipt.leaf_bytes(hashed, TERMINAL, EPOCH, seq, outcome, plain))
        self.decided[seq] = (index, plain, outcome)

    def others(self, count: int, salt: str = "") -> None:
        """Decisions on other terminals' records fill the log."""
        for _ in range(count):
            self.tree.append(f"other {salt}{self.tree.size}".encode())

    def result(self, seq: int) -> answer.WireResult:
        """The wire form of a decision, proven in the tree as it is now."""
        index, _, outcome = self.decided[seq]
        return answer.WireResult(seq, outcome, index, b"".join(self.tree.inclusion(index)))

    def receipt(self, seq: int) -> bytes:
        """The whole receipt of a decision in the tree as it is now."""
        index, size, root = self.decided[seq][0], self.tree.size, self.tree.root()
        path = self.tree.inclusion(index)
        return receipt.inclusion_receipt(index, size, path, root, centre.signer)

    def sealed(self, plains: list[bytes], sealer: cose.Sealer = terminal.sealer) -> bytes:
        """These plaintexts, sealed for the answer made last."""
        return answer.seal_results(
            plains, sealer, terminal=TERMINAL, epoch=EPOCH, number=self.number
        )

    def wire(self, seqs: list[int], named: int = 0, **changes: object) -> answer.WireAnswer:
        """The next answer before it is signed, with changes."""
        self.number += 1
        upto = max(self.decided, default=0)
        size = self.tree.size
        signed = receipt.SignedRoot.make(self.tree.root(), centre.signer)
        fields: dict[str, object] = {
            "terminal": TERMINAL,
            "epoch": EPOCH,
            "upto": upto,
            "chain": self.ours(upto) or ZERO,
            "number": self.number,
            "centre_ms": 1_790_000_000_500,
            "credit": Credit(),
            "results": tuple(self.result(seq) for seq in seqs),
            "tree_size": size,
            "root": self.tree.root(),
            "consistency": receipt.consistency_from(
                self.tree, [named, self.last_size], size, signed
            ),
            "signed_root": signed.bare if seqs else b"",
            "sealed": self.sealed([self.decided[seq][1] for seq in seqs]) if seqs else b"",
        }
        self.last_size = size
        return answer.WireAnswer(**fields | changes)

    def answer(self, seqs: list[int], named: int = 0, **changes: object) -> bytes:
        """The next answer, signed."""
        return answer.encode(self.wire(seqs, named, **changes), centre.signer)


def door(checkpoint: tuple[int, bytes] = (0, ZERO), last_number: int = 0) -> TrustedCentre:
    """The terminal's side."""
    return TrustedCentre(TERMINAL, EPOCH, centre.verifier, terminal.opener, checkpoint, last_number)


# -- strategies ------------------------------------------------------------------------------------
uints = st.integers(0, 2**63 - 1)
names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,31}\Z")
hashes32 = st.binary(min_size=32, max_size=32)
ids16 = st.binary(min_size=16, max_size=16)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.binary(max_size=40)
    | st.text(max_size=20)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
bodies = st.dictionaries(st.text(max_size=30), values, max_size=6)
