"""A HIS and a clerk under whom an agent dies many times, and the three books held against each other afterwards."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import httpx

from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store.sqlite import Driver as Store
from edge.wire import record
from sim.centre.audit import audit, doubles, settled_bills
from sim.centre.books.people import population
from sim.clinic.counter import TERMINAL, Clerk, Counter

QUEUE_MAX = 4  # bills that wait at a time: the clerk is always busy
CARDS = [person.cards[0] for person in population(20)]
FINAL = {"settled", "adjusted", "rejected", "refused", "cancelled"}
ON_RECORD = {"settled", "adjusted", "rejected"}


class Load:
    """A HIS and a clerk who never stop; both live through every death of the agent."""

    def __init__(self, counter: Counter, dice: random.Random) -> None:
        self.counter = counter
        self.clerk = Clerk(counter)
        self.dice = dice
        self.told: dict[str, str] = {}  # bill_no -> bill_id, as answered
        self.sent: dict[str, int] = {}  # bill_no -> amount
        self.settled_seen: set[str] = set()  # bill_no that a GET ever called settled
        self.broken: list[BaseException] = []
        self._more = threading.Event()
        self._more.set()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), daemon=True)
            for work in (self._his, self._serve)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def no_more_bills(self) -> None:
        self._more.clear()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _guarded(self, work) -> None:  # type: ignore[no-untyped-def]
        while not self._stop.is_set():
            try:
                work()
            except httpx.HTTPError:
                time.sleep(0.02)  # the agent is dead at this moment
            except BaseException as error:
                self.broken.append(error)
                return

    def _his(self) -> None:
        """Send the next bill, or repeat the one that got no answer: the key is that of its
        number."""
        unanswered = [number for number in self.sent if number not in self.told]
        if not unanswered:
            active = self.clerk.status()["bills_active"]
            if active >= QUEUE_MAX or not self._more.is_set():
                self._look()
                return
            number = f"K-{len(self.sent) + 1}"
            self.sent[number] = self.dice.randrange(500, 9000)
            unanswered = [number]
        number = unanswered[0]
        answer = self.clerk.send(number, self.sent[number], "settle")
        if answer.status_code in {503, 409}:
            return
        assert answer.status_code == 202, answer.text
        bill_id = answer.json()["bill_id"]
        assert self.told.setdefault(number, bill_id) == bill_id

    def _look(self) -> None:
        for number, bill_id in list(self.told.items())[-8:]:
            if self.clerk.bill(bill_id)["status"] in {"settled", "adjusted"}:
                self.settled_seen.add(number)
        self._stop.wait(0.05)

    def _serve(self) -> None:
        self.clerk.serve(self.dice.choice(CARDS))
        if self.clerk.screen() in {"settled", "refused", "provisional", "confirming"}:
            self.clerk.press("done")


def in_the_middle_of_a_commit(wal: Path, dice: random.Random) -> None:
    """Wait until the ledger's log grows, then up to 20 ms more: before, in or just after the fsync."""

    def seen() -> tuple[int, int]:
        found = wal.stat() if wal.exists() else None
        return (found.st_size, found.st_mtime_ns) if found else (0, 0)

    before, give_up = seen(), time.monotonic() + 2
    while seen() == before and time.monotonic() < give_up:
        time.sleep(0.0005)
    time.sleep(dice.uniform(0, 0.02))


def compare_the_books(
    counter: Counter, load: Load, states: dict, status: dict, deaths: int
) -> None:
    """HIS, ledger and log must tell the same story."""
    centre = audit(counter.made.store)
    assert centre.faults == ()
    assert doubles(counter.made.store) == []
    keys = FileKeys(counter.directory / "keys")
    store = Store(counter.directory / "data" / "ledger.db", keys.locker)
    try:
        count = store.verify_chain()
        ledger = [store.records(seq, seq)[0] for seq in range(1, count + 1)]
    finally:
        store.close()
    # The centre has exactly the terminal's chain, byte for byte: nothing lost, nothing twice,
    # nothing invented.
    assert [line.seq for line in centre.lines] == list(range(1, count + 1))
    assert [line.hash for line in centre.lines] == [record.record_hash(data) for data in ledger]
    assert (status["head_seq"], status["answered_seq"]) == (count, count)
    assert {state["status"] for state in states.values()} <= FINAL
    # Each bill that went on record is in the log once, as what the HIS was told; the others are not
    # there at all.
    log = {line.bill_no: line for line in centre.lines}
    assert len(log) == len(centre.lines), "one record per bill"
    on_record = {number: state for number, state in states.items() if state["status"] in ON_RECORD}
    assert set(log) == set(on_record)
    for number, state in on_record.items():
        assert log[number].outcome == state["status"], number
        assert log[number].seq == state["seq"], number
        assert counter.made is not None
    paid = settled_bills(counter.made.store)
    for number, state in on_record.items():
        if state["status"] in {"settled", "adjusted"}:
            assert paid[number][1] == load.sent[number], number
    assert load.settled_seen <= set(paid), "settled was never said too early"
    # The load was real: the kills did not simply hit an idle machine.
    assert len(on_record) >= 10, f"only {len(on_record)} of {len(states)} bills went on record"
    assert counter.agent.starts == deaths + 1
    assert centre.lines[0].terminal == TERMINAL
