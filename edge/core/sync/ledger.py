"""What the core knows of the ledger: the head, what waits for its answer, and the rules of the
chain."""

from __future__ import annotations

import hashlib

from msgspec.structs import replace

from edge.core.events import Appended
from edge.core.types import Answer, Draft, Entry, Head, Mode, Restored, Result
from edge.errors import EdgeError

ZERO_HASH = bytes(32)
SCAN_MAX = 10_000_000  # records one verification walks; more is a broken number


def first_head(epoch: int) -> Head:
    """The head of an empty chain."""
    return Head(epoch=epoch, seq=0, hash=ZERO_HASH)


def extend(head: Head, seq: int, prev: bytes, data: bytes) -> Head:
    """The head after the record `data` (exact bytes, with its own `seq` and `prev`). E-STO-05: it
    does not follow."""
    if seq != head.seq + 1:
        raise EdgeError("E-STO-05", f"record {head.seq + 1} is missing, found {seq}", _KEEP)
    if prev != head.hash:
        raise EdgeError("E-STO-05", f"record {seq} does not follow record {head.seq}", _KEEP)
    return Head(epoch=head.epoch, seq=seq, hash=hashlib.sha256(data).digest())


_KEEP = "do not delete anything: keep the file, take the terminal out of service, call support"


class Ledger:
    """The records without an answer, in order. Pure; the bytes are in the store."""

    def __init__(self, restored: Restored) -> None:
        self.head = restored.head
        self.answered_seq = restored.answered_seq
        self._pending = {entry.seq: entry for entry in restored.pending}
        assert list(self._pending) == list(range(self.answered_seq + 1, self.head.seq + 1)), (
            "pending has a gap"
        )

    @property
    def pending(self) -> tuple[Entry, ...]:
        """Everything after `answered_seq`, in order; an entry with an outcome waits for one before
        it."""
        return tuple(self._pending.values())

    @property
    def undecided(self) -> tuple[Entry, ...]:
        """Everything the centre has not decided, in order."""
        return tuple(entry for entry in self._pending.values() if entry.outcome is None)

    @property
    def provisional(self) -> tuple[Entry, ...]:
        """What counts against the limits of offline acceptance."""
        return tuple(entry for entry in self.undecided if entry.mode is Mode.PROVISIONAL)

    def entry(self, seq: int) -> Entry | None:
        """The entry `seq` if it waits for its answer."""
        return self._pending.get(seq)

    def sizes(self) -> list[int]:
        """Bytes of the records after `answered_seq`, for `Outbox.restore`."""
        return [entry.size for entry in self._pending.values()]

    def appended(self, event: Appended, draft: Draft) -> Entry:
        """The draft became durable as the next record."""
        assert event.txid == draft.txid, "the store appended another draft"
        assert event.seq == self.head.seq + 1, (event.seq, self.head.seq)
        entry = Entry(event.seq, draft.txid, draft.kind, draft.mode, event.size, draft.local)
        entry = replace(entry, hash=event.hash)
        self.head = Head(epoch=self.head.epoch, seq=event.seq, hash=event.hash)
        self._pending[event.seq] = entry
        return entry

    def answered(self, answer: Answer) -> tuple[tuple[Entry, Result], ...]:
        """The results that are news, with their entries. The first decision stands; a repeated one
        is no news."""
        assert answer.epoch == self.head.epoch, "wire.trusted lets no other epoch through"
        news: list[tuple[Entry, Result]] = []
        for result in answer.results:
            entry = self._pending.get(result.seq)
            if entry is None or entry.outcome is not None:
                continue
            decided = replace(entry, outcome=result.outcome)
            self._pending[result.seq] = decided
            news.append((decided, result))
        while (entry := self._pending.get(self.answered_seq + 1)) and entry.outcome is not None:
            self.answered_seq += 1
            del self._pending[self.answered_seq]
        return tuple(news)
