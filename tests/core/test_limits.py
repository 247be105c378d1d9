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


def aged(old_ms: int) -> tuple[Provisional, ...]:
    """One record so old, and one of a version that did not note the time."""
    return (Provisional(1, "other", NOW.utc_ms - old_ms), Provisional(1, "other"))


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
        ("witness", WANT, replace(CALM, witness_code="E-ROL-03"), None),
        ("age", WANT, replace(CALM, held=aged(72 * HOUR_MS + 1)), None),
        ("force", replace(WANT, force=True), CALM, WANT),
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
        replace(CALM, held=aged(72 * HOUR_MS)),
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
        "left_minutes": 23 * 60,
        "warn": "",
        "ended": "",
    }
    for over in (replace(outage, stop_code="E-LOG-01"), replace(outage, contact_utc_ms=0)):
        assert left(P1, over, NOW)["left_hours"] == 0
    assert left(replace(P1, profile="P0"), outage, NOW)["left_count"] == 0
    soon = replace(P1, valid_until_utc_ms=NOW.utc_ms + 2 * HOUR_MS)
    assert left(soon, outage, NOW)["left_hours"] == 2
    many = replace(outage, held=held(200, 100_00))
    assert left(replace(P1, caps=Caps(records_max=5)), many, NOW)["left_count"] == 0


def test_a_terminal_that_the_centre_has_not_attested_for_thirty_days_takes_nothing_offline() -> None:
    """Also under a policy that is valid for years, and although it was heard an hour ago."""
    now = Now(40 * DAY_MS, 0)
    years = replace(P1, valid_until_utc_ms=9_999 * DAY_MS, rules_utc_ms=now.utc_ms)
    heard = Outage(contact_utc_ms=now.utc_ms - HOUR_MS, floor_utc_ms=now.utc_ms)
    renewed = replace(heard, attested_utc_ms=now.utc_ms - 30 * DAY_MS)
    assert decide(WANT, years, renewed, now) is Mode.PROVISIONAL
    late = replace(renewed, attested_utc_ms=renewed.attested_utc_ms - 1)
    assert cap(decide(WANT, years, late, now)) == "attest"
    assert cap(decide(WANT, years, heard, now)) == "attest"
    assert left(years, late, now)["ended"] == "attest"
    fresh = replace(years, issued_utc_ms=now.utc_ms)  # a new document is an attestation as well
    assert decide(WANT, fresh, heard, now) is Mode.PROVISIONAL


def test_a_forced_record_needs_the_policys_leave_and_every_cap_holds_with_the_link_up() -> None:
    want = replace(WANT, force=True, online=True)
    may = replace(P1, force=True)
    assert decide(want, may, CALM, NOW) is Mode.PROVISIONAL
    assert cap(decide(want, P1, CALM, NOW)) == "force"
    assert cap(decide(want, may, replace(CALM, held=held(100)), NOW)) == "records"
    silent = replace(CALM, contact_utc_ms=NOW.utc_ms - 24 * HOUR_MS - 1)
    assert cap(decide(want, may, silent, NOW)) == "hours"
    for profile in ("P0", "P2"):
        decision = decide(want, replace(may, profile=profile), CALM, NOW)
        assert isinstance(decision, Refusal) and decision.code == "offline_strict"


def test_the_countdown_goes_by_hours_then_by_minutes_and_warns_before_the_lease_ends() -> None:
    def at(minutes_left: int) -> tuple[int, str, str]:
        contact = NOW.utc_ms - 24 * HOUR_MS + minutes_left * limits.MINUTE_MS
        said = left(P1, replace(CALM, contact_utc_ms=contact), NOW)
        return said["left_minutes"], said["warn"], said["ended"]

    assert at(23 * 60 + 59) == (23 * 60, "", "")
    assert at(121) == (120, "", "")
    assert at(119) == (119, "time", "")
    assert at(1) == (1, "time", "")
    assert at(-1) == (0, "", "hours")
    few = left(P1, replace(CALM, held=held(90)), NOW)
    assert (few["left_count"], few["warn"]) == (10, "records")
    poor = left(P1, replace(CALM, held=held(1, 4_500_00)), NOW)
    assert (poor["left_fen"], poor["warn"]) == (500_00, "money")
    assert left(P1, replace(CALM, held=held(100)), NOW)["ended"] == "records"
    assert left(P1, replace(CALM, held=held(1, 5_000_00)), NOW)["ended"] == "exposure"


def test_the_time_that_is_left_is_that_of_the_lease_which_ends_first() -> None:
    ends = {
        "catalogue": (replace(P1, rules_utc_ms=NOW.utc_ms - 7 * DAY_MS - 1), CALM),
        "policy": (replace(P1, valid_until_utc_ms=NOW.utc_ms - 1), CALM),
        "age": (P1, replace(CALM, held=aged(72 * HOUR_MS + 1))),
        "clock": (P1, replace(CALM, floor_utc_ms=NOW.utc_ms + 60_001)),
        "witness": (P1, replace(CALM, witness_code="E-ROL-03")),
        "log": (P1, replace(CALM, stop_code="E-LOG-06")),
    }
    for name, (rules, outage) in ends.items():
        said = left(rules, outage, NOW)
        assert (said["ended"], said["left_minutes"]) == (name, 0)
        assert limits.countdown_ms(rules, outage, NOW) is None
