"""The last line of a day: three books that were kept apart, read side by side.

The terminal's ledger (records, and what the centre answered), the centre's log (records, outcomes, Merkle tree) and the HIS's own list of what it asked for and
was told. Nothing here trusts a counter that the parts under test keep about themselves.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from edge.core.types import Outcome
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store.sqlite import Driver as Ledger
from edge.errors import EdgeError
from edge.wire.record import peek, record_hash
from sim.centre import audit as centre_audit
from sim.centre.books.store import Store as CentreStore

BATCH = 500
RECORDED = {"settled", "adjusted", "rejected", "working", "confirming", "provisional"}


class HisLine(Struct, frozen=True):
    """What the HIS wrote down about one bill: its own number and the last thing it was told."""

    bill_no: str
    kind: str
    status: str
    cancelled: bool = False  # it asked for 2208 / 2103 and was told it is done


class Truth(Struct, frozen=True):
    """The count. `ok` only if every promise held."""

    settled: int
    adjusted: int
    provisional: int
    refused: int
    lost: int
    doubled: int
    chain_faults: tuple[str, ...]
    notes: tuple[str, ...]  # which record or bill, for people

    @property
    def ok(self) -> bool:
        return not (self.provisional or self.lost or self.doubled or self.chain_faults)

    def __str__(self) -> str:
        chain = "ok" if not self.chain_faults else "BROKEN"
        return (
            f"settled {self.settled} · adjusted {self.adjusted} · provisional {self.provisional} · "
            f"refused {self.refused} · lost {self.lost} · doubled {self.doubled} · chain {chain}"
        )


class LedgerLine(Struct, frozen=True):
    """One record as the terminal has it."""

    epoch: int
    seq: int
    hash: bytes
    kind: str
    outcome: Outcome | None


class LedgerBook(Struct, frozen=True):
    """The terminal's ledger: records, (tree size, root) of the last checkpoint it verified, faults of its chain."""

    lines: tuple[LedgerLine, ...]
    checkpoint: tuple[int, bytes]
    faults: tuple[str, ...]


def read_ledger(path: str, keys: FileKeys) -> LedgerBook:
    """Open the ledger of a stopped terminal and read all of it."""
    ledger = Ledger(path, keys.locker)
    try:
        faults = []
        try:
            ledger.verify_chain()
        except EdgeError as error:
            faults.append(f"the terminal's chain: {error}")
        lines = []
        for first in range(1, ledger.head.seq + 1, BATCH):
            for data in ledger.records(first, min(first + BATCH - 1, ledger.head.seq)):
                header = peek(data)
                decided = ledger.result(header.seq)
                outcome = decided.outcome if decided else None
                lines.append(
                    LedgerLine(header.epoch, header.seq, record_hash(data), header.kind, outcome)
                )
        return LedgerBook(tuple(lines), ledger.checkpoint, tuple(faults))
    finally:
        ledger.close()


def count(terminal: str, book: LedgerBook, centre: CentreStore, his: list[HisLine]) -> Truth:
    """Compare the three books."""
    log = centre_audit.audit(centre)
    notes: list[str] = []
    ledger, checkpoint = book.lines, book.checkpoint
    faults = [*book.faults, *log.faults]
    lost = _missing_at_the_centre(terminal, ledger, log, notes) + _unkept_words(his, log, notes)
    doubled = _doubled(centre, log, notes)
    if checkpoint[0] != log.tree_size or checkpoint[1] != log.root:
        faults.append(
            f"the terminal's checkpoint ({checkpoint[0]} leaves) is not the log's head ({log.tree_size})"
        )
    outcomes = Counter(line.outcome for line in ledger if line.outcome is not None)
    undecided = sum(1 for line in ledger if line.outcome is None)
    told = Counter(line.status for line in his)
    open_bills = sum(
        told[status] for status in ("working", "confirming", "provisional", "waiting", "in_visit")
    )
    return Truth(
        settled=outcomes[Outcome.SETTLED],
        adjusted=outcomes[Outcome.ADJUSTED],
        provisional=max(undecided, open_bills),
        refused=told["refused"]
        + sum(outcomes[o] for o in (Outcome.REJECTED, Outcome.EXPIRED, Outcome.SUSPECT)),
        lost=lost,
        doubled=doubled,
        chain_faults=tuple(faults),
        notes=tuple(notes),
    )


def _missing_at_the_centre(
    terminal: str, ledger: tuple[LedgerLine, ...], log: centre_audit.Audit, notes: list[str]
) -> int:
    """Records of the terminal that the log does not hold, or holds with other bytes or another outcome."""
    at_centre = {(line.epoch, line.seq): line for line in log.lines if line.terminal == terminal}
    lost = 0
    for line in ledger:
        there = at_centre.pop((line.epoch, line.seq), None)
        if (
            there is None
            or there.hash != line.hash
            or (line.outcome and str(line.outcome) != there.outcome)
        ):
            notes.append(
                f"record {line.epoch}/{line.seq} ({line.kind}): {'missing' if there is None else 'differs'}"
            )
            lost += 1
    for epoch, seq in at_centre:  # the terminal forgot what it had signed and sent
        notes.append(f"record {epoch}/{seq} is in the log and not in the terminal's ledger")
        lost += 1
    return lost


def _unkept_words(his: list[HisLine], log: centre_audit.Audit, notes: list[str]) -> int:
    """Bills that the HIS was told are recorded, and that no record in the log is about; and cancels that never were."""
    about = Counter(
        (line.bill_no, line.kind == "cancel") for line in log.lines if line.outcome != "suspect"
    )
    unkept = [line for line in his if line.status in RECORDED and not about[line.bill_no, False]]
    unkept += [line for line in his if line.cancelled and not about[line.bill_no, True]]
    notes += [
        f"bill {line.bill_no}: the HIS was told {line.status}, the log knows nothing"
        for line in unkept
    ]
    return len(unkept)


def _doubled(centre: CentreStore, log: centre_audit.Audit, notes: list[str]) -> int:
    """Bills that took effect twice, by the centre's books and by counting its log."""
    took_effect = Counter(
        line.bill_no
        for line in log.lines
        if line.kind != "cancel" and line.outcome in ("settled", "adjusted")
    )
    twice = {bill for bill, times in took_effect.items() if times > 1}
    twice |= {bill for _, bill in centre_audit.doubles(centre)}
    notes += [f"bill {bill} took effect twice" for bill in sorted(twice)]
    return len(twice)
