"""The only door through which the centre's decisions come in (modelled after python-tuf's
TrustedMetadataSet)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from edge.core.types import Answer, Result
from edge.errors import EdgeError
from edge.wire import answer as wire_answer
from edge.wire import cose, shape
from edge.wire.log import merkle, receipt

UNPROVEN_MAX = 64  # answers in a row that do not connect to our checkpoint: said aloud then

RecordHash = Callable[[int], bytes | None]


class _Seen(Struct, frozen=True):
    """What the next answer is measured against."""

    number: int
    upto: int
    size: int
    root: bytes


class _Once:
    """A verifier for the length of one answer, whose receipts are all about one root and so carry
    one signature: the very same bytes, found good, are not worked out again."""

    def __init__(self, verifier: cose.Verifier) -> None:
        self._verifier = verifier
        self._good: tuple[bytes, int, bytes, bytes] | None = None

    def verify(self, kid: bytes, alg: int, message: bytes, signature: bytes) -> bool:
        """As the verifier behind it."""
        asked = (kid, alg, message, signature)
        if asked == self._good:
            return True
        if not self._verifier.verify(*asked):
            return False
        self._good = asked
        return True


class TrustedCentre:
    """What this terminal has accepted from the centre so far, and every rule by which it accepts
    more. No I/O.

    An answer is accepted when, in this order:

    1.  it is an answer in our form and signed by a key of the centre
        else E-LOG-01
    2.  it names this terminal, and this epoch; one for an earlier epoch of ours is old (None)
        else E-LOG-01
    3.  its number is newer than that of the last accepted answer
        else None
    4.  `upto` does not go back, and the log is not smaller than the checkpoint we hold
        else E-LOG-05
    5.  `chain` is the hash of our own record `upto` (zeros for 0): we have that record, unchanged
        else E-LOG-02, and E-LOG-06 when we do not have it: the centre knows more of us than we do
    6.  the log begins with the checkpoint we hold: the same root at the same size, or a
        consistency receipt signed by the centre that leads from our root to the answer's
        else E-LOG-04 (a receipt that does not speak of our size cannot be judged: None, and the
        question is asked again by the resend; UNPROVEN_MAX of those in a row are E-LOG-07, which
        accuses nobody: whoever repeats an old envelope of ours makes the centre give such answers)
    7.  the results rise strictly by seq, are of records we have, none is beyond `upto`
        else E-LOG-02
    8.  what was decided opens with our key, for this answer, one map for each result
        else E-LOG-03
    9.  the answer's own root is signed by the centre as the root of its log: with this one
        signature every result gets its receipt
        else E-LOG-03
    10. the leaf *rebuilt from our record's hash and the opened result*, at the index it says, leads
        to exactly that root in a tree of the answer's own size
        else E-LOG-03

    Nothing of a refused answer is kept. Answers are measured against the last *accepted* one, so a
    second answer that arrives before the first is stored cannot open a fork; `checkpoint` and
    `last_number` tell what is *stored* and advance only by `confirm`. When a commit fails, `forget`
    goes back to what is stored.
    """

    def __init__(  # noqa: PLR0917 - what is stored, and three keys
        self,
        terminal: str,
        epoch: int,
        verifier: cose.Verifier,
        opener: cose.Opener,
        checkpoint: tuple[int, bytes] = (0, shape.ZERO_HASH),
        last_number: int = 0,
        *,
        answered_seq: int = 0,
    ) -> None:
        self._terminal = terminal
        self._epoch = epoch
        self._verifier = verifier
        self._opener = opener
        self._stored = _Seen(last_number, answered_seq, *checkpoint)
        self._seen = self._stored
        self._unproven = 0

    @property
    def checkpoint(self) -> tuple[int, bytes]:
        """(tree size, root) of the log as stored; (0, zeros) before the first answer."""
        return self._stored.size, self._stored.root

    @property
    def last_number(self) -> int:
        """The number of the last stored answer."""
        return self._stored.number

    def accept(self, data: bytes, record_hash: RecordHash) -> Answer | None:
        """The answer when every rule holds; None when it is older than what we have, or cannot be
        judged yet.

        `record_hash(seq)` gives the hash of our own record, None when there is none. EdgeError
        E-LOG-01..07 (class docstring).
        """
        wire = self._signed(data)
        if wire.epoch < self._epoch or wire.number <= self._seen.number:
            return None
        self._forward(wire)
        ours = record_hash(wire.upto) if wire.upto else shape.ZERO_HASH
        if ours is None:
            raise EdgeError(
                "E-LOG-06",
                f"the centre holds record {wire.upto}, which we do not have",
                "this ledger is an old copy: keep it, facepay explain E-LOG-06",
            )
        if wire.chain != ours:
            raise EdgeError(
                "E-LOG-02",
                f"the centre holds another record {wire.upto} than we wrote",
                "keep the store",
            )
        verifier = _Once(self._verifier)
        if not self._consistent(wire, verifier):
            return None
        results = self._results(wire, record_hash, verifier)
        self._seen = _Seen(wire.number, wire.upto, wire.tree_size, wire.root)
        self._unproven = 0
        return Answer(
            number=wire.number,
            epoch=wire.epoch,
            upto_seq=wire.upto,
            chain_hash=wire.chain,
            results=results,
            centre_utc_ms=wire.centre_ms,
            credit=wire.credit,
            tree_size=wire.tree_size,
            root=wire.root,
        )

    def confirm(self, answer: Answer) -> None:
        """The store committed this accepted answer."""
        assert answer.epoch == self._epoch, "only an accepted answer can be confirmed"
        if answer.number > self._stored.number:
            self._stored = _Seen(answer.number, answer.upto_seq, answer.tree_size, answer.root)
        if self._seen.number < self._stored.number:
            self._seen = self._stored

    def forget(self) -> None:
        """A commit failed: what was accepted but not confirmed never happened; the centre will
        answer again."""
        self._seen = self._stored

    def _signed(self, data: bytes) -> wire_answer.WireAnswer:
        try:
            wire = wire_answer.decode(data, self._verifier)
        except EdgeError as error:
            raise EdgeError(
                "E-LOG-01",
                f"not an answer of the centre: {error.message}",
                "check the centre's key",
            ) from error
        if wire.terminal != self._terminal or wire.epoch > self._epoch:
            raise EdgeError(
                "E-LOG-01",
                "an answer for another terminal or epoch",
                "are two terminals using one name?",
            )
        return wire

    def _forward(self, wire: wire_answer.WireAnswer) -> None:
        if wire.tree_size < self._seen.size:
            raise EdgeError(
                "E-LOG-05",
                f"the log shrank from {self._seen.size} to {wire.tree_size}",
                "call the centre",
            )
        if wire.upto < self._seen.upto:
            raise EdgeError(
                "E-LOG-05",
                f"the answers went back from {self._seen.upto} to {wire.upto}",
                "call the centre",
            )

    def _consistent(self, wire: wire_answer.WireAnswer, verifier: cose.Verifier) -> bool:
        """True: proven. False: the proof does not speak of the size we hold. E-LOG-04: it is not
        the same log."""
        size, root = self._seen.size, self._seen.root
        if size == 0:
            return True
        if wire.tree_size == size:
            if wire.root != root:
                raise EdgeError(
                    "E-LOG-04", f"the log has two roots at size {size}", "call the centre"
                )
            return True
        if not wire.consistency:
            return self._not_proven()
        if size not in receipt.consistency_sizes(wire.consistency):
            return self._not_proven()
        proven = receipt.check_consistency(wire.consistency, size, root, verifier)
        if proven != (wire.tree_size, wire.root):
            raise EdgeError(
                "E-LOG-04", "the consistency proof is about another checkpoint", "call the centre"
            )
        return True

    def _not_proven(self) -> bool:
        self._unproven += 1
        if self._unproven >= UNPROVEN_MAX:
            self._unproven = 0
            raise EdgeError(
                "E-LOG-07",
                f"{UNPROVEN_MAX} answers without a proof from our checkpoint",
                "who holds back the centre's answers, or repeats our envelopes?",
            )
        return False

    def _results(
        self, wire: wire_answer.WireAnswer, record_hash: RecordHash, verifier: cose.Verifier
    ) -> tuple[Result, ...]:
        if not wire.results:
            return ()
        hashes = self._places(wire, record_hash)
        try:
            plains = wire_answer.open_results(wire, self._opener)
            bodies = [wire_answer.result_map(plain) for plain in plains]
        except EdgeError as error:
            raise EdgeError("E-LOG-03", f"a result does not open: {error.message}") from error
        signed = receipt.SignedRoot.check(wire.signed_root, wire.root, verifier)
        proven: list[Result] = []
        for one, ours, plain, body in zip(wire.results, hashes, plains, bodies, strict=True):
            leaf = receipt.leaf_bytes(
                ours, self._terminal, self._epoch, one.seq, one.outcome, plain
            )
            path, size = merkle.split_path(one.path), wire.tree_size
            if not merkle.verify_inclusion(
                merkle.leaf_hash(leaf), one.index, size, path, wire.root
            ):
                raise EdgeError("E-LOG-03", f"record {one.seq} is not in the log as it was decided")
            proof = signed.inclusion(one.index, size, path)
            proven.append(Result(seq=one.seq, outcome=one.outcome, body=body, receipt=proof))
        return tuple(proven)

    @staticmethod
    def _places(wire: wire_answer.WireAnswer, record_hash: RecordHash) -> list[bytes]:
        """The hashes of our own records that the results are about."""
        last = 0
        hashes: list[bytes] = []
        for one in wire.results:
            if not last < one.seq <= wire.upto:
                raise EdgeError("E-LOG-02", f"a result for record {one.seq} is out of its place")
            last = one.seq
            ours = record_hash(one.seq)
            if ours is None:
                raise EdgeError("E-LOG-02", f"a result for record {one.seq}, which we do not have")
            hashes.append(ours)
        return hashes
