"""The prescriptions that this pharmacy has taken: nobody else gets them, so each lives here as long as
its bill is undecided, over a restart too, and is given back when nothing was sold on it.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from edge.core.effects import Effect, Save
from edge.core.prescription import DUAL

SPACE: Final = "rx"


class SaidNo(Struct, frozen=True):
    """The pharmacist refused it, and the centre has not heard it."""

    operator: str
    reason: str


class Lock(Struct, frozen=True):
    """One taken prescription. `document` empty: taken, or maybe taken, and not to be believed."""

    rxno: str
    bill_id: str
    document: bytes = b""
    attr: str = ""
    giving_back: bool = False
    suspect: str = ""  # what is wrong with it (rx_forged …), as long as the centre does not know
    said_no: SaidNo | None = None


class Locks:
    """Every change goes with its document."""

    def __init__(self, docs: dict[str, bytes]) -> None:
        held = [msgspec.msgpack.decode(data, type=Lock) for data in docs.values()]
        self._locks = {lock.rxno: lock for lock in held}

    def all(self) -> tuple[Lock, ...]:
        """Every one, also those on their way back."""
        return tuple(self._locks.values())

    def get(self, rxno: str) -> Lock | None:
        """What may be dispensed on without asking the centre."""
        lock = self._locks.get(rxno)
        usable = lock is not None and bool(lock.document) and not lock.giving_back
        return lock if usable and lock is not None and lock.attr != DUAL else None

    def bill_of(self, rxno: str) -> str:
        """The bill that has it, "" = none."""
        lock = self._locks.get(rxno)
        return lock.bill_id if lock is not None else ""

    def put(self, lock: Lock) -> list[Effect]:
        """Taken, or taken over by another bill; what was not told yet is still to be told."""
        known = self._locks.get(lock.rxno, lock)
        suspect, said_no = lock.suspect or known.suspect, lock.said_no or known.said_no
        return self._keep(replace(lock, suspect=suspect, said_no=said_no))

    def suspicion_told(self, rxno: str) -> list[Effect]:
        """The centre knows what was wrong with it."""
        return self._keep(replace(self._locks[rxno], suspect=""))

    def refused(self, rxno: str) -> SaidNo | None:
        """The no that the centre has not heard: nobody may say yes here any more."""
        lock = self._locks.get(rxno)
        return lock.said_no if lock is not None else None

    def refusal_told(self, rxno: str) -> list[Effect]:
        """The centre, and with it the hospital, has heard the no."""
        return self._keep(replace(self._locks[rxno], said_no=None, giving_back=True))

    def _keep(self, lock: Lock) -> list[Effect]:
        self._locks[lock.rxno] = lock
        return [Save(SPACE, lock.rxno, msgspec.msgpack.encode(lock))]

    def give_back(self, rxno: str) -> list[Effect]:
        """From now on nothing may be sold on it here."""
        return self.put(replace(self._locks[rxno], giving_back=True))

    def drop(self, rxno: str) -> list[Effect]:
        """Sold, or given back."""
        found = self._locks.pop(rxno, None)
        return [] if found is None else [Save(SPACE, rxno, None)]
