"""The book of bills: the waiting queue, what the HIS sees, idempotency. Each change is a document
in the turn's commit.

In memory are the active bills and the newest finished ones; everything is in the store. All bounds
are named here.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from edge.core.books import tasks
from edge.core.effects import Changed, Effect, Save
from edge.core.types import FINAL, Bill, BillState, BillStatus, Dice, Json, Now

BILL_SPACE: Final = "bill"
IDEM_SPACE: Final = "idem"
FINISHED_MAX: Final = 200  # finished bills kept in memory
KEYS_MAX: Final = 2_000  # idempotency keys remembered; older ones are removed from the store too
ID_BYTES: Final = 8
NOTHING_BOOKED: Final = frozenset({BillStatus.REFUSED, BillStatus.REJECTED, BillStatus.CANCELLED})


class Remembered(Struct, frozen=True):
    """The answer to an Idempotency-Key, given again to the same body for as long as it is kept."""

    body_hash: bytes
    status: int
    body: Json
    bill_id: str = ""
    bill_no: str = ""  # "" = a cancel
    order: int = 0


def encode(state: BillState) -> bytes:
    """A bill as the store keeps it."""
    return msgspec.json.encode(state)


def decode(data: bytes) -> BillState:
    """A bill from the store; ours, so a failure is our mistake (msgspec.ValidationError)."""
    return msgspec.json.decode(data, type=BillState)


def keep(space: str, value: bytes) -> bool:
    """For the store's `restore`: old documents that are still needed are the bills that are not
    finished and the tasks that are not done.
    """
    if space == tasks.TASK_SPACE:
        return tasks.keep(value)
    return space == BILL_SPACE and decode(value).status not in FINAL


def touched(space: str, value: bytes) -> int | None:
    """For the store's pruning: when a document last changed, UTC ms; None for one that never ages."""
    if space == tasks.TASK_SPACE:
        return tasks.decode(value).updated_utc_ms
    return decode(value).updated_utc_ms if space == BILL_SPACE else None


class Book:
    """Every change goes through `_store`, so no change is without its document, version and
    wake-up.
    """

    def __init__(self, docs: dict[str, dict[str, bytes]], dice: Dice) -> None:
        self._dice = dice
        states = [decode(data) for data in docs.get(BILL_SPACE, {}).values()]
        states.sort(key=lambda state: (state.created_utc_ms, state.order))
        finished = [state for state in states if state.status in FINAL]
        active = [state for state in states if state.status not in FINAL]
        self._bills = {state.bill_id: state for state in finished[-FINISHED_MAX:] + active}
        self._open = {state.bill_id: state for state in active}  # of _bills, in the same order
        self._order = max((state.order for state in states), default=0)
        self._keys: dict[str, Remembered] = {}
        kept = {
            key: msgspec.msgpack.decode(data, type=Remembered)
            for key, data in docs.get(IDEM_SPACE, {}).items()
        }
        self._keys = dict(sorted(kept.items(), key=lambda item: item[1].order))
        self._key_order = max((one.order for one in kept.values()), default=0)
        self._numbers = {one.bill_no: one.bill_id for one in self._keys.values() if one.bill_no}
        self.changes = 0  # rises with every change

    # -- reading -----------------------------------------------------------------------------------
    def get(self, bill_id: str) -> BillState | None:
        """The bill if it is in memory."""
        return self._bills.get(bill_id)

    def active(self) -> tuple[BillState, ...]:
        """Every bill that is not finished, oldest first."""
        return tuple(self._open.values())

    def newest(self) -> tuple[BillState, ...]:
        """Every bill in memory, the newest first."""
        return tuple(reversed(self._bills.values()))

    def waiting(self) -> tuple[BillState, ...]:
        """The queue, oldest first."""
        queue = (state for state in self._open.values() if state.status is BillStatus.WAITING)
        return tuple(sorted(queue, key=lambda state: (state.created_utc_ms, state.order)))

    def remembered(self, key: str) -> Remembered | None:
        """The answer that this Idempotency-Key got."""
        return self._keys.get(doc_key(key))

    def holder(self, bill_no: str) -> str:
        """The bill that has this number of the HIS, "" = free: never sent, or ended without
        anything booked.
        """
        bill_id = self._numbers.get(bill_no, "")
        state = self._bills.get(bill_id)
        return "" if state is not None and state.status in NOTHING_BOOKED else bill_id

    def numbered(self, bill_no: str) -> str:
        """The id of the newest bill with this number of the HIS, "" = not remembered."""
        return self._numbers.get(bill_no, "")

    # -- changing ----------------------------------------------------------------------------------
    def add(self, bill: Bill, now: Now) -> tuple[BillState, list[Effect]]:
        """A new bill at the end of the queue."""
        self._order += 1
        bill_id = "b" + self._dice.bytes(ID_BYTES).hex()
        assert bill_id not in self._bills, "the dice repeat themselves"
        state = BillState(
            bill_id=bill_id,
            bill=bill,
            status=BillStatus.WAITING,
            version=0,
            created_utc_ms=now.utc_ms,
            updated_utc_ms=now.utc_ms,
            order=self._order,
        )
        return self._store(state, now)

    def adopt(self, state: BillState) -> None:
        """Take a bill that memory had let go back in (the rim found it in the store)."""
        if state.bill_id not in self._bills:
            self._keep(state)

    def change(self, bill_id: str, now: Now, **changes: Any) -> list[Effect]:
        """Change fields of a bill."""
        _, effects = self._store(replace(self._bills[bill_id], **changes), now)
        return effects

    def remember(self, key: str, answer: Remembered) -> list[Effect]:
        """Keep the answer to a key; the oldest keys are forgotten, never one whose bill is still
        open.
        """
        self._key_order += 1
        answer = replace(answer, order=self._key_order)
        name = doc_key(key)
        self._keys[name] = answer
        if answer.bill_no:
            self._numbers[answer.bill_no] = answer.bill_id
        effects: list[Effect] = [Save(IDEM_SPACE, name, msgspec.msgpack.encode(answer))]
        if len(self._keys) > KEYS_MAX:
            effects += self._forget_oldest_key()
        return effects

    def _forget_oldest_key(self) -> list[Effect]:
        for name, answer in self._keys.items():
            state = self._bills.get(answer.bill_id)
            if state is None or state.status in FINAL:
                del self._keys[name]
                if self._numbers.get(answer.bill_no) == answer.bill_id:  # not a newer bill's by now
                    del self._numbers[answer.bill_no]
                return [Save(IDEM_SPACE, name, None)]
        return []

    def _store(self, state: BillState, now: Now) -> tuple[BillState, list[Effect]]:
        # pop first: a changed bill is the newest, so the finished ones are forgotten in the order
        # they finished
        state = replace(state, version=state.version + 1, updated_utc_ms=now.utc_ms)
        self.changes += 1
        self._bills.pop(state.bill_id, None)
        self._open.pop(state.bill_id, None)
        self._keep(state)
        if len(self._bills) - len(self._open) > FINISHED_MAX:
            finished = [one.bill_id for one in self._bills.values() if one.status in FINAL]
            for bill_id in finished[:-FINISHED_MAX]:
                del self._bills[bill_id]
        save = Save(BILL_SPACE, state.bill_id, encode(state))
        return state, [save, Changed(state.bill_id, state.version)]

    def _keep(self, state: BillState) -> None:
        self._bills[state.bill_id] = state
        if state.status not in FINAL:
            self._open[state.bill_id] = state


def doc_key(key: str) -> str:
    """An Idempotency-Key as a document key: any text, bounded."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
