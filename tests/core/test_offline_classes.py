"""DOMAIN §4.3 as a table: what each kind may do without the centre under each profile. A new kind has to
take its place here.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.core import tx
from edge.core.limits import Outage, Want, decide
from edge.core.types import Caps, Mode, Now, Policy, Refusal

DAY_MS = 86_400_000
NOW = Now(10 * DAY_MS, 1)
NO = "no"
# kind -> P0, P1, P2; a chronic bill with a visit pass of the centre, and only with one
TABLE = {
    "register": (Mode.QUEUED, Mode.QUEUED, NO),
    "step": (NO, NO, NO),
    "card_info": (NO, NO, NO),
    "subsidies": (NO, NO, NO),
    "card_replace": (Mode.QUEUED, Mode.QUEUED, NO),
    "activate": (Mode.QUEUED, Mode.QUEUED, NO),
    "file_away": (Mode.QUEUED, Mode.QUEUED, NO),
    "settle": (NO, Mode.PROVISIONAL, NO),
    "pharmacy": (NO, Mode.PROVISIONAL, NO),
    "delivery": (NO, NO, NO),
    "prescription": (NO, Mode.PROVISIONAL, NO),  # only one that is locked here: `Site.decide`
    "chronic": (NO, Mode.PROVISIONAL, NO),
    "admit": (Mode.QUEUED, Mode.QUEUED, NO),
    "deposit": (NO, NO, NO),
    "inpatient": (NO, NO, NO),
    "collect": (NO, NO, NO),
    "wallet_send": (NO, NO, NO),
    "wallet_take": (NO, NO, NO),
    "cancel": (NO, NO, NO),
    "reverse": (Mode.QUEUED, Mode.QUEUED, NO),
    "close_task": (Mode.QUEUED, Mode.QUEUED, NO),
}


def policy(profile: str) -> Policy:
    return Policy(
        profile=profile,
        version=1,
        issued_utc_ms=9 * DAY_MS,
        valid_until_utc_ms=20 * DAY_MS,
        caps=Caps(),
        allow=tuple(TABLE),  # even where a policy allows everything
        face_nopassword_max_fen=5_000_00,
        liveness_threshold=0.5,
        liveness_steps=2,
        rules_utc_ms=9 * DAY_MS,
    )


def test_every_kind_has_its_place_in_the_table() -> None:
    known = set(tx.kinds())
    assert set(TABLE) <= known
    assert known - set(TABLE) == set()


@pytest.mark.parametrize("kind", sorted(TABLE))
@pytest.mark.parametrize(("profile", "column"), [("P0", 0), ("P1", 1), ("P2", 2)])
def test_what_a_kind_may_do_without_the_centre(kind: str, profile: str, column: int) -> None:
    outage = Outage(contact_utc_ms=NOW.utc_ms - 60_000, attested_utc_ms=NOW.utc_ms - 60_000)
    want = Want(kind=kind, total_fen=100_00, online=False, fund_fen=50_00, person="p", by_pass=True)
    decided = decide(want, policy(profile), outage, NOW)
    if TABLE[kind][column] == NO:
        assert isinstance(decided, Refusal)
        assert decided.code == "offline_strict" and decided.next_steps, "why, and what to do"
    else:
        assert decided is TABLE[kind][column]


@pytest.mark.parametrize("kind", sorted(TABLE))
def test_with_the_centre_every_kind_is_decided_by_it(kind: str) -> None:
    want = Want(kind=kind, total_fen=100_00, online=True)
    assert decide(want, policy("P0"), Outage(), NOW) is Mode.ONLINE


def test_a_chronic_bill_without_a_visit_pass_is_refused_once_it_is_known_who_comes() -> None:
    outage = Outage(contact_utc_ms=NOW.utc_ms - 60_000, attested_utc_ms=NOW.utc_ms - 60_000)
    want = Want(kind="chronic", total_fen=100_00, online=False, fund_fen=50_00)
    assert decide(want, policy("P1"), outage, NOW) is Mode.PROVISIONAL, "the card was not read yet"
    refused = decide(replace(want, person="p"), policy("P1"), outage, NOW)
    assert isinstance(refused, Refusal)
    assert refused.detail == {"cap": "pass", "limit": 0} and refused.next_steps
