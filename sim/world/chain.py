"""Signed records and answers for whoever tests the ledger without a visit: real keys, real
encoding, any content."""

from __future__ import annotations

import hashlib
import random

from cryptography.hazmat.primitives.asymmetric import ec

from edge.core.types import Answer, Credit, Head, Mode, Outcome, Result
from edge.drivers.keys.file import AesLocker
from edge.drivers.store import Row
from edge.suites import es256
from edge.wire import record


class Chain:
    """Grows a chain of one terminal. Everything, the key too, is drawn from the seed."""

    def __init__(self, *, epoch: int = 1, seed: int = 1) -> None:
        self._dice = random.Random(seed)
        self._signer = es256.Es256Signer(
            ec.derive_private_key(self._dice.getrandbits(250) + 1, ec.SECP256R1())
        )
        self.locker = AesLocker(self._dice.randbytes(32))
        self.head = Head(epoch=epoch, seq=0, hash=bytes(32))

    def row(self, size: int = 700) -> Row:
        """The next record; `size` bytes of sealed body."""
        prev = self.head
        header = record.RecordHeader(
            terminal="sim-terminal",
            epoch=prev.epoch,
            seq=prev.seq + 1,
            prev=prev.hash,
            txid=self._dice.randbytes(16),
            kind="settle",
            mode=Mode.PROVISIONAL,
            boot=bytes(16),
            mono_ms=prev.seq,
            wall_ms=prev.seq,
            error_ms=0,
            policy=bytes(32),
            keys="file",
            sealed=self._dice.randbytes(size),
        )
        data = record.encode(header, self._signer)
        self.head = Head(prev.epoch, header.seq, record.record_hash(data))
        local = {"bill_id": f"b{header.seq}", "amount_fen": header.seq}
        return Row(
            seq=header.seq,
            txid=header.txid,
            kind=header.kind,
            mode=header.mode,
            prev=header.prev,
            hash=self.head.hash,
            data=data,
            local=local,
        )

    def answer(self, number: int, *seqs: int) -> Answer:
        """A verified answer as `wire.trusted` would hand it over: these records are settled."""
        results = tuple(
            Result(seq, Outcome.SETTLED, {"setlinfo": {"setl_id": f"s{seq}"}}, b"receipt %d" % seq)
            for seq in seqs
        )
        return Answer(
            number=number,
            epoch=self.head.epoch,
            upto_seq=max(seqs, default=0),
            chain_hash=bytes(32),
            results=results,
            centre_utc_ms=number,
            credit=Credit(),
            tree_size=number,
            root=hashlib.sha256(b"%d" % number).digest(),
        )
