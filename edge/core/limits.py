"""What may be done without the centre: the signed policy and the state of the outage decide. Pure.

DOMAIN §4.3: P0 strict (nothing with money), P1 provisional within caps, P2 off. A policy that
expired or never came is the built-in P0. Each cap that is hit has its own name in
`Refusal.detail["cap"]`, the names are CAPS.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from edge.core import tx
from edge.core.types import Caps, Json, Mode, Now, Policy, Refusal

ZERO_HASH: Final = bytes(32)
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
NO_CAPS: Final = Caps(
    fund_part_max_fen=0,
    total_max_fen=0,
    per_person_per_outage=0,
    records_max=0,
    fund_exposure_max_fen=0,
    hours_since_centre_max=0,
    catalogue_age_days_max=0,
    attest_days_max=0,
    records_age_hours_max=0,
)
# What a terminal does before any policy came: strict, and the lowest no-password limit found in
# practice (DOMAIN §2.5).
BUILT_IN: Final = Policy(
    profile="P0",
    version=0,
    issued_utc_ms=0,
    valid_until_utc_ms=0,
    caps=NO_CAPS,
    allow=(),
    face_nopassword_max_fen=5_000_00,
    liveness_threshold=0.5,
    liveness_steps=2,
)
# What the screens warn of: the last two hours, the last tenth of the records or of the money.
WARN_MS: Final = 2 * HOUR_MS
WARN_PART: Final = 10
NOTHING_LEFT: Final[Json] = {
    "left_count": 0,
    "left_fen": 0,
    "left_hours": 0,
    "left_minutes": 0,
    "warn": "",
    "ended": "",
}
# Every name that `detail["cap"]` can have; the screens have a text for each.
CAPS: Final = (
    "log", "witness", "clock", "hours", "attest", "age", "catalogue", "kind", "pass", "blocked",
    "force", "password", "records",
    "total", "fund_part", "exposure", "person", "rules",
)  # fmt: skip
STRICT_STEPS: Final = ("wait_network", "pay_full", "ask_staff")
WAY_STEPS: Final = ("use_card", "wait_network", "ask_staff")


class Provisional(Struct, frozen=True):
    """One record that the centre has not decided and that counts against the caps."""

    fund_fen: int
    person: str  # ticket.person_key
    at_utc_ms: int = 0  # 0 = not known: recorded by a version that did not write it down
    card: str = ""  # ticket.card_key: known by number and by card it is still one person


class Outage(Struct, frozen=True):
    """What the caps are measured against. Everything here survives a restart (pending records, meta
    documents).
    """

    held: tuple[Provisional, ...] = ()
    contact_utc_ms: int = 0  # the last verified word from the centre; 0 = never
    floor_utc_ms: int = 0  # the latest moment we know has passed: a clock before it went back
    stop_code: str = ""  # E-LOG-*: the centre's log forked or shrank
    blocked: frozenset[str] = frozenset()  # persons who owe what the centre refused
    attested_utc_ms: int = 0  # the centre's last signed word that our policy holds
    witness_code: str = ""  # E-ROL-*: the controller does not vouch for this ledger

    @property
    def exposure_fen(self) -> int:
        """Fund money promised but not confirmed."""
        return sum(one.fund_fen for one in self.held)

    @property
    def oldest_utc_ms(self) -> int:
        """When the oldest record was made that the centre has not decided; 0 = none."""
        return min((one.at_utc_ms for one in self.held if one.at_utc_ms), default=0)


class Want(Struct, frozen=True):
    """What somebody wants to do. `fund_fen` and `person` are None while not known yet (the way is
    being chosen).
    """

    kind: str
    total_fen: int
    online: bool
    require_online: bool = False
    force: bool = False  # the HIS asks for a provisional record, link or not
    fund_fen: int | None = None
    person: str | None = None
    card: str = ""
    by_pass: bool = False  # the person has a visit pass that names this


def in_force(policy: Policy | None, hash_: bytes, now: Now) -> tuple[Policy, bytes]:
    """The policy that counts now, and its hash for the record. Expired or none = built-in P0 and
    zeros.
    """
    if policy is None or now.utc_ms - now.error_ms >= policy.valid_until_utc_ms:
        return BUILT_IN, ZERO_HASH
    return policy, hash_


def decide(want: Want, policy: Policy, outage: Outage, now: Now) -> Mode | Refusal:
    """Online, provisional, queued, or the reason why not. `policy` is the one in force."""
    if want.online and not want.force:
        return Mode.ONLINE
    # an errand of the HIS is no kind of record; it is always `require_online`
    offline = tx.DENIED if want.require_online else tx.kinds()[want.kind].OFFLINE
    if policy.profile == "P2" or offline == tx.DENIED:
        return Refusal("offline_strict", STRICT_STEPS, {"profile": policy.profile})
    if offline == tx.QUEUED:
        return Mode.QUEUED
    if policy.profile != "P1":
        return Refusal("offline_strict", STRICT_STEPS, {"profile": policy.profile})
    hit = _cap_hit(want, policy, outage, now)
    return Mode.PROVISIONAL if hit is None else Refusal("offline_caps", STRICT_STEPS, hit)


def _cap_hit(want: Want, policy: Policy, outage: Outage, now: Now) -> Json | None:
    """The first cap in the way; the ones that stop the terminal as a whole come first."""
    caps = policy.caps
    silent_ms = now.utc_ms - outage.contact_utc_ms
    oldest_ms = outage.oldest_utc_ms
    who = {want.person, want.card} - {None, ""}
    visits = sum(not who.isdisjoint((one.person, one.card)) for one in outage.held)
    fund_fen = want.fund_fen or 0
    rows: tuple[tuple[str, bool, int], ...] = (
        ("log", bool(outage.stop_code), 0),
        ("witness", bool(outage.witness_code), 0),
        ("clock", clock_back_ms(outage, now) > caps.clock_back_max_ms, caps.clock_back_max_ms),
        (
            "hours",
            not outage.contact_utc_ms or silent_ms > caps.hours_since_centre_max * HOUR_MS,
            caps.hours_since_centre_max,
        ),
        (
            "attest",
            now.utc_ms - attested_ms(policy, outage) > caps.attest_days_max * DAY_MS,
            caps.attest_days_max,
        ),
        (
            "age",
            bool(oldest_ms) and now.utc_ms - oldest_ms > caps.records_age_hours_max * HOUR_MS,
            caps.records_age_hours_max,
        ),
        (
            "catalogue",
            now.utc_ms - policy.rules_utc_ms > caps.catalogue_age_days_max * DAY_MS,
            caps.catalogue_age_days_max,
        ),
        ("kind", want.kind not in policy.allow, 0),
        ("pass", _lacks_pass(want), 0),
        ("blocked", not who.isdisjoint(outage.blocked), 0),
        ("force", want.force and not policy.force, 0),
        (
            "password",
            want.total_fen > policy.face_nopassword_max_fen,
            policy.face_nopassword_max_fen,
        ),
        ("records", len(outage.held) >= caps.records_max, caps.records_max),
        ("total", want.total_fen > caps.total_max_fen, caps.total_max_fen),
        ("fund_part", fund_fen > caps.fund_part_max_fen, caps.fund_part_max_fen),
        (
            "exposure",
            outage.exposure_fen + fund_fen > caps.fund_exposure_max_fen,
            caps.fund_exposure_max_fen,
        ),
        (
            "person",
            want.person is not None and visits >= caps.per_person_per_outage,
            caps.per_person_per_outage,
        ),
    )
    return next(({"cap": name, "limit": limit} for name, hit, limit in rows if hit), None)


def _lacks_pass(want: Want) -> bool:
    """Not before it is known who it is: the card is read after the way was chosen."""
    needs = tx.kinds()[want.kind].OFFLINE == tx.VOUCHED
    return needs and want.person is not None and not want.by_pass


def clock_back_ms(outage: Outage, now: Now) -> int:
    """How far the wall clock stands behind a moment that is known to have passed (0 =
    not at all).
    """
    return max(0, outage.floor_utc_ms - now.utc_ms)


def attested_ms(policy: Policy, outage: Outage) -> int:
    """When the centre last signed that it knows this terminal: the policy itself, or its later word
    that the policy still holds. An ordinary answer is contact, not attestation.
    """
    return max(outage.attested_utc_ms, policy.issued_utc_ms)


def left(policy: Policy, outage: Outage, now: Now) -> Json:
    """What is left of the outage for the screens: records, fund money, time; `warn` names what
    comes to its end soon, `ended` the cap that is already in everybody's way.
    """
    if policy.profile != "P1":
        return {"profile": policy.profile} | NOTHING_LEFT
    caps = policy.caps
    count = max(0, caps.records_max - len(outage.held))
    fund_fen = max(0, caps.fund_exposure_max_fen - outage.exposure_fen)
    left_ms, ended = _time_left(policy, outage, now)
    if not ended:
        ended = "records" if not count else "exposure" if not fund_fen else ""
    warn = ""
    if not ended:
        rows = (
            ("time", left_ms <= WARN_MS),
            ("records", count * WARN_PART <= caps.records_max),
            ("money", fund_fen * WARN_PART <= caps.fund_exposure_max_fen),
        )
        warn = next((name for name, soon in rows if soon), "")
    return {
        "profile": policy.profile,
        "left_count": count,
        "left_fen": fund_fen,
        "left_hours": left_ms // HOUR_MS,
        "left_minutes": left_ms // _unit_ms(left_ms) * (_unit_ms(left_ms) // MINUTE_MS),
        "warn": warn,
        "ended": ended,
    }


def countdown_ms(policy: Policy, outage: Outage, now: Now) -> int | None:
    """When `left` will say another time: each hour, each minute of the last two hours."""
    left_ms = _time_left(policy, outage, now)[0] if policy.profile == "P1" else 0
    return left_ms % _unit_ms(left_ms) + 1 if left_ms else None


def _unit_ms(left_ms: int) -> int:
    return HOUR_MS if left_ms > WARN_MS else MINUTE_MS


def _time_left(policy: Policy, outage: Outage, now: Now) -> tuple[int, str]:
    """Milliseconds until the first of the leases ends, and the name of the one that has."""
    caps = policy.caps
    stops = (
        ("log", bool(outage.stop_code)),
        ("witness", bool(outage.witness_code)),
        ("clock", clock_back_ms(outage, now) > caps.clock_back_max_ms),
        ("hours", not outage.contact_utc_ms),
    )
    if (stopped := next((name for name, hit in stops if hit), "")) != "":
        return 0, stopped
    ends = [
        (outage.contact_utc_ms + caps.hours_since_centre_max * HOUR_MS, "hours"),
        (attested_ms(policy, outage) + caps.attest_days_max * DAY_MS, "attest"),
        (policy.rules_utc_ms + caps.catalogue_age_days_max * DAY_MS, "catalogue"),
        (policy.valid_until_utc_ms, "policy"),
    ]
    if outage.oldest_utc_ms:
        ends.append((outage.oldest_utc_ms + caps.records_age_hours_max * HOUR_MS, "age"))
    end_ms, name = min(ends)
    return max(0, end_ms - now.utc_ms), name if end_ms < now.utc_ms else ""
