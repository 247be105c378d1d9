"""Offline acceptance: each profile, each cap at its edge, and what the screen says is left."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.core import limits
from edge.core.limits import HOUR_MS, Outage, Provisional, Want, decide, in_force, left
from edge.core.types import Caps, Mode, Now, Refusal
from tests.flows.kit import DAY_MS, policy

NOW = Now(10 * DAY_MS, 0)
P1 = policy("P1")
CALM = Outage(contact_utc_ms=NOW.utc_ms - HOUR_MS, floor_utc_ms=NOW.utc_ms)
WANT = Want("settle", 500_00, online=False, fund_fen=200_00, person="p")


def cap(decision: Mode | Refusal) -> str:
    assert isinstance(decision, Refusal), decision
    assert decision.code == "offline_caps"
    return str(decision.detail["cap"])


def test_online_is_not_limited_by_the_outage() -> None:
    assert decide(replace(WANT, online=True), limits.BUILT_IN, Outage(), NOW) is Mode.ONLINE


def test_p1_at_every_edge_is_provisional() -> None:
    assert decide(WANT, P1, CALM, NOW) is Mode.PROVISIONAL


@pytest.mark.parametrize("profile", ["P0", "P2", "made-up"])
def test_only_p1_takes_money_offline(profile: str) -> None:
    decision = decide(WANT, replace(P1, profile=profile), CALM, NOW)
    assert isinstance(decision, Refusal) and decision.code == "offline_strict"


@pytest.mark.parametrize(("profile", "queued"), [("P0", True), ("P1", True), ("P2", False)])
def test_a_registration_waits_for_the_network_unless_offline_is_off(
    profile: str, queued: bool
) -> None:
    decision = decide(replace(WANT, kind="register"), replace(P1, profile=profile), Outage(), NOW)
    assert (decision is Mode.QUEUED) == queued


def test_a_cancel_is_never_offline_and_a_bill_may_insist_on_the_centre() -> None:
    for want in (replace(WANT, kind="cancel"), replace(WANT, require_online=True)):
        decision = decide(want, P1, CALM, NOW)
        assert isinstance(decision, Refusal) and decision.code == "offline_strict"


def held(count: int, fund_fen: int = 0, person: str = "other") -> tuple[Provisional, ...]:
    return (Provisional(fund_fen, person),) * count


@pytest.mark.parametrize(
    ("name", "want", "outage", "good"),
    [
        ("fund_part", replace(WANT, fund_fen=200_01), CALM, WANT),
        ("total", replace(WANT, total_fen=500_01), CALM, WANT),
        ("kind", replace(WANT, kind="pharmacy"), CALM, WANT),
        ("person", WANT, replace(CALM, held=held(2, 1, "p")), replace(WANT, person="q")),
        ("records", WANT, replace(CALM, held=held(100)), None),
        ("exposure", WANT, replace(CALM, held=held(1, 4_800_01)), replace(WANT, fund_fen=199_99)),
        ("hours", WANT, replace(CALM, contact_utc_ms=NOW.utc_ms - 24 * HOUR_MS - 1), None),
        ("hours", WANT, replace(CALM, contact_utc_ms=0), None),
        ("clock", WANT, replace(CALM, floor_utc_ms=NOW.utc_ms + 60_001), None),
        ("log", WANT, replace(CALM, stop_code="E-LOG-04"), None),
    ],
)
def test_each_cap_has_its_name_and_its_edge(
    name: str, want: Want, outage: Outage, good: Want | None
) -> None:
    rules = replace(P1, allow=("settle",))
    assert cap(decide(want, rules, outage, NOW)) == name
    if good is not None:
        assert decide(good, rules, outage, NOW) is Mode.PROVISIONAL


@pytest.mark.parametrize(
    "outage",
    [
        replace(CALM, held=held(99)),
        replace(CALM, held=held(1, 4_800_00)),
        replace(CALM, held=held(1, 1, "p")),
        replace(CALM, contact_utc_ms=NOW.utc_ms - 24 * HOUR_MS),
        replace(CALM, floor_utc_ms=NOW.utc_ms + 60_000),
    ],
)
def test_just_below_each_cap_is_still_taken(outage: Outage) -> None:
    assert decide(WANT, P1, outage, NOW) is Mode.PROVISIONAL


def test_a_catalogue_older_than_seven_days_is_not_used() -> None:
    old = replace(P1, rules_utc_ms=NOW.utc_ms - 7 * DAY_MS)
    assert decide(WANT, old, CALM, NOW) is Mode.PROVISIONAL
    assert (
        cap(decide(WANT, replace(old, rules_utc_ms=old.rules_utc_ms - 1), CALM, NOW)) == "catalogue"
    )


def test_an_expired_or_missing_policy_is_the_built_in_strict_one() -> None:
    short = replace(P1, valid_until_utc_ms=NOW.utc_ms + 1)
    assert in_force(short, b"h" * 32, NOW) == (short, b"h" * 32)
    late = replace(NOW, utc_ms=NOW.utc_ms + 1)
    for gone in (in_force(short, b"h" * 32, late), in_force(None, b"", NOW)):
        assert gone == (limits.BUILT_IN, bytes(32))
    assert limits.BUILT_IN.profile == "P0"


def test_what_is_left_is_what_the_caps_leave() -> None:
    outage = replace(CALM, held=held(3, 100_00))
    assert left(P1, outage, NOW) == {
        "profile": "P1",
        "left_count": 97,
        "left_fen": 4_700_00,
        "left_hours": 23,
    }
    for over in (replace(outage, stop_code="E-LOG-01"), replace(outage, contact_utc_ms=0)):
        assert left(P1, over, NOW)["left_hours"] == 0
    assert left(replace(P1, profile="P0"), outage, NOW)["left_count"] == 0
    soon = replace(P1, valid_until_utc_ms=NOW.utc_ms + 2 * HOUR_MS)
    assert left(soon, outage, NOW)["left_hours"] == 2
    many = replace(outage, held=held(200, 100_00))
    assert left(replace(P1, caps=Caps(records_max=5)), many, NOW)["left_count"] == 0
