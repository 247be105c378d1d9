"""The count after the fire: every terminal's ledger against the centre's log, read from the disk."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from edge.core.types import Outcome
from edge.drivers.store.sqlite import Driver as Store
from edge.errors import EdgeError
from edge.wire import cbor
from edge.wire.log.receipt import check_inclusion, leaf_bytes
from edge.wire.record import peek, record_hash
from sim.centre import audit as centre_audit
from sim.fire.rig import Rig

NOTES_MAX = 20
BATCH = 500


class Verdict(Struct, frozen=True):
    """What the books say. `faults` is empty when chains, log, receipts and checkpoints hold."""

    records: int
    lost: int
    doubled: int
    faults: tuple[str, ...]
    outcomes: dict[str, int]

    @property
    def ok(self) -> bool:
        """Nothing lost, nothing doubled, everything proven; and money really moved."""
        moved = self.outcomes.get("settled", 0) + self.outcomes.get("adjusted", 0)
        return bool(moved) and not (self.lost or self.doubled or self.faults)


def passing(rig: Rig) -> Verdict:
    """While all run: heads against the centre's streams; the centre's log against itself."""
    looks, upto = rig.look(), rig.upto()
    lost = sum(max(one["head"] - upto.get(one["name"], 0), 0) for one in looks)
    log = centre_audit.audit(rig.made.store)
    alarms = [f"{one['name']}: {code}" for one in looks for code in one["alarms"]]
    doubled = len(centre_audit.doubles(rig.made.store))
    return Verdict(len(log.lines), lost, doubled, (*log.faults, *alarms), log.outcomes())


def final(rig: Rig) -> Verdict:
    """When all terminals have stopped: record by record, receipt by receipt."""
    log = centre_audit.audit(rig.made.store)
    there = {(line.terminal, line.epoch, line.seq): line for line in log.lines}
    faults, lost, records = list(log.faults), 0, 0
    for name in rig.places:
        count, missing = _terminal(rig, name, there, faults)
        records, lost = records + count, lost + missing
    faults += [f"{key} is in the log and in no ledger" for key in there][:NOTES_MAX]
    effects = Counter(line.bill_no for line in log.lines if line.outcome in ("settled", "adjusted"))
    doubled = {bill for bill, times in effects.items() if times > 1}
    doubled |= {bill for _, bill in centre_audit.doubles(rig.made.store)}
    alarms = centre_audit.incidents(rig.made.store, alarms_only=True)
    faults += [f"the centre raised {alarm}" for alarm in alarms][:NOTES_MAX]
    return Verdict(records, lost, len(doubled), tuple(faults[:NOTES_MAX]), log.outcomes())


def _terminal(
    rig: Rig,
    name: str,
    there: dict[tuple[str, int, int], centre_audit.Line],
    faults: list[str],
) -> tuple[int, int]:
    """(records, of them lost) of one ledger; takes what it finds out of `there`."""
    place, head, lost = rig.places[name], 0, 0
    store = Store(place.ledger, place.keys.locker, reserve_bytes=0)
    try:
        head = store.verify_chain()
        for first in range(1, head + 1, BATCH):
            for data in store.records(first, min(first + BATCH - 1, head)):
                header, hash_ = peek(data), record_hash(data)
                line = there.pop((header.terminal, header.epoch, header.seq), None)
                if line is None or line.hash != hash_:
                    lost += 1
                elif not _proven(rig, store, data, line):
                    faults.append(f"{name}/{header.seq} has no receipt that proves it")
        if store.answered_seq != head:
            faults.append(f"{name}: answered to {store.answered_seq} of {head}")
    except EdgeError as error:
        faults.append(f"{name}: {error}")
    finally:
        store.close()
    return head, lost


def _proven(rig: Rig, store: Store, data: bytes, line: centre_audit.Line) -> bool:
    """As a third party would see it: the leaf rebuilt from our record, and the centre's key."""
    decided = store.result(line.seq)
    if decided is None or str(decided.outcome) != line.outcome:
        return False
    leaf = leaf_bytes(
        record_hash(data), line.terminal, line.epoch, line.seq,
        Outcome(decided.outcome), cbor.dumps(decided.body),
    )  # fmt: skip
    try:
        return check_inclusion(decided.receipt, leaf, rig.made.keys.verifier)[1] == line.leaf
    except EdgeError:
        return False
