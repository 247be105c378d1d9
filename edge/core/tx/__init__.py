"""Transaction kinds. One file each; the file's name is the kind's name in the HIS API, the records
and the policy.

A kind is a module with the surface of `Kind`. Adding a file here adds the kind; the contract test
in tests/core/test_tx.py holds every file to the surface.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Final, Protocol, cast

from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

QUEUED: Final = "queued"  # carries no money: may wait for the network under every profile but P2
PROVISIONAL: Final = "provisional"  # may be provisional where the policy allows the kind
VOUCHED: Final = "vouched"  # provisional only where a visit pass names what it is for
DENIED: Final = "denied"  # never without the centre
SALES: Final = frozenset({"pharmacy", "prescription", "delivery"})  # 2102, undone by 2103
PAYS: Final = SALES | {"settle", "chronic", "inpatient"}  # the kinds that settle money

Slip = tuple[tuple[str, str], ...]


class Kind(Protocol):
    """What every file in this folder offers."""

    KIND: str
    INFNO: str  # the transaction that decides
    PLAN: tuple[str, ...]  # all transactions that may be in the plan, in order
    OFFLINE: str  # QUEUED, PROVISIONAL, VOUCHED or DENIED
    NEEDS: frozenset[str]
    """What must happen before the signature: "identity", "estimate", "confirm"; "live" = card and
    living face, also with the network; "secret" = a password is chosen, with the network;
    "settled" = of another record."""
    MED_TYPE: str  # the kind's fixed med_type, "" where the bill says

    def check(self, bill: Bill, state: BillState | None = None) -> Refusal | None:
        """Why this cannot be done at all: codes E-TX-*, before anybody looks into the camera."""

    def calls(self, bill: Bill) -> tuple[str, ...]:
        """The numbers of this bill's plan, in order: as many message ids are needed."""

    def body(self, ticket: Ticket, msgids: tuple[str, ...]) -> Json:
        """The sealed body of the record (PROTOCOL "Body of a record")."""

    def slip(self, bill: Bill, split: Split | None) -> Slip:
        """What the patient's slip says: i18n key and value."""


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by name, found by listing this folder."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    found: dict[str, Kind] = {}
    for name in names:
        if not name.startswith("_"):
            module = importlib.import_module(f"{__name__}.{name}")
            found[name] = cast(Kind, module)
    return found


def for_bills() -> tuple[str, ...]:
    """The kinds that a HIS may send as a bill."""
    return tuple(name for name, kind in kinds().items() if "identity" in kind.NEEDS)
