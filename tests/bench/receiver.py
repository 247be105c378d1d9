"""A receiver that verifies, answers and keeps nothing: `python -m tests.bench.receiver`.

It does what a centre must do before it may answer (signature, place in the chain, Merkle log,
signed receipts) without deciding money and without a database.
"""

from __future__ import annotations

import argparse
import queue
import time
from pathlib import Path

from edge.core.events import LinkLost, LinkUp
from edge.core.money import split_fields
from edge.core.types import Credit, Outcome
from edge.drivers.broker import Happening, Message, Options
from edge.drivers.broker.paho import Driver
from edge.suites import es256
from edge.wire import answer, cbor, envelope, record, shape, topics
from edge.wire.log import merkle, receipt
from sim.centre.keys import CentreKeys
from tests.bench.material import SPLIT

INBOX_MAX = 10_000
SPREAD_MS = 200
READY = "READY"


class Receiver:
    """One terminal in one epoch."""

    def __init__(self, keys: CentreKeys, sign_public: bytes, seal_public: bytes) -> None:
        self._keys = keys
        self._verifier = es256.Es256Verifier.of(es256.load_sign_public(sign_public))
        self._sealer = es256.HpkeSealer(es256.load_seal_public(seal_public))
        self._tree = merkle.Tree()
        self._decided: dict[int, bytes] = {}  # seq -> plaintext; its leaf is seq - 1
        self._upto, self._chain = 0, shape.ZERO_HASH
        self._number = self._last_size = 0

    @property
    def upto(self) -> int:
        """Everything up to here is decided, once."""
        return self._upto

    def take(self, payload: bytes) -> bytes:
        """Verify an envelope; the signed answer. EdgeError when a record is not good."""
        got = envelope.decode(payload)
        for seq, data in enumerate(got.records, got.first_seq):
            if seq == self._upto + 1:
                self._enter(got, seq, data)
        last = min(got.first_seq + len(got.records) - 1, self._upto)
        return self._answer(got, range(got.first_seq, last + 1))

    def _enter(self, got: envelope.Envelope, seq: int, data: bytes) -> None:
        header = record.decode(data, self._verifier)
        place = (header.terminal, header.epoch, header.seq, header.prev)
        assert place == (got.terminal, got.epoch, seq, self._chain), "not the next of this chain"
        self._upto, self._chain = seq, record.record_hash(data)
        setlinfo = split_fields(SPLIT) | {"setl_id": f"S{seq:012d}", "mdtrt_id": f"M{seq:012d}"}
        plain = cbor.dumps(
            {
                "infcode": 0,
                "err_msg": "",
                "mdtrt_id": f"M{seq:012d}",
                "setlinfo": setlinfo,
                "setldetail": [],
                "code": "",
                "difference_fen": 0,
            }
        )
        self._decided[seq] = plain
        self._tree.append(
            receipt.leaf_bytes(self._chain, got.terminal, got.epoch, seq, Outcome.SETTLED, plain)
        )

    def _result(self, seq: int) -> answer.WireResult:
        path = b"".join(self._tree.inclusion(seq - 1))
        return answer.WireResult(seq, Outcome.SETTLED, seq - 1, path)

    def _seal(self, got: envelope.Envelope, seqs: range) -> bytes:
        plains = [self._decided[seq] for seq in seqs]
        return answer.seal_results(
            plains, self._sealer, terminal=got.terminal, epoch=got.epoch, number=self._number
        )

    def _answer(self, got: envelope.Envelope, seqs: range) -> bytes:
        self._number += 1
        size, root = self._tree.size, self._tree.root()
        signed = receipt.SignedRoot.make(root, self._keys.signer)
        wire = answer.WireAnswer(
            terminal=got.terminal,
            epoch=got.epoch,
            upto=self._upto,
            chain=self._chain,
            number=self._number,
            centre_ms=time.time_ns() // 1_000_000,
            credit=Credit(spread_ms=SPREAD_MS),
            results=tuple(self._result(seq) for seq in seqs),
            tree_size=size,
            root=root,
            consistency=receipt.consistency_from(
                self._tree, [got.tree_size, self._last_size], size, signed
            ),
            signed_root=signed.bare if seqs else b"",
            sealed=self._seal(got, seqs) if seqs else b"",
        )
        self._last_size = size
        return answer.encode(wire, self._keys.signer)


def main() -> None:
    """Serve one terminal until killed; READY on stdout when subscribed."""
    parser = argparse.ArgumentParser()
    for name in ("centre", "sign", "seal", "ca", "cert", "key"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    keys = CentreKeys.open(given.centre)
    receiver = Receiver(keys, given.sign.read_bytes(), given.seal.read_bytes())
    inbox: queue.Queue[Happening] = queue.Queue(INBOX_MAX)
    options = Options(
        host="127.0.0.1",
        port=given.port,
        client_id="centre",
        subscribe=("fp/1/+/+/up",),
        state_topic="fp/1/00/centre/state",
        ca=str(given.ca),
        cert=str(given.cert),
        key=str(given.key),
        keepalive_s=60,
    )
    link = Driver(options, inbox.put)
    link.connect()
    while True:
        happening = inbox.get()
        if isinstance(happening, LinkUp):
            print(READY, flush=True)
        elif isinstance(happening, LinkLost):
            raise SystemExit(happening.code)
        elif isinstance(happening, Message):
            _, _, terminal = topics.parse(happening.topic)
            link.publish(topics.down(terminal), receiver.take(happening.payload), None)


if __name__ == "__main__":
    main()
