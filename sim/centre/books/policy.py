"""The signed limits: issuing them, and holding every record to the one it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from edge.core import tx
from edge.core.limits import BUILT_IN
from edge.core.types import Caps, LivenessRules, Mode, Policy, Split
from edge.wire import policy as wire
from edge.wire.cose import Signer
from edge.wire.record import RecordHeader
from edge.wire.shape import ZERO_HASH
from sim.centre import lights
from sim.centre.bodies import Body
from sim.centre.books import passes, proving, registry, rosters
from sim.centre.books import store as t
from sim.centre.books.registry import Terminal
from sim.centre.books.rules import Region
from sim.centre.prescriptions import books

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
VALID_MS: Final = 7 * DAY_MS
RENEW_MS: Final = DAY_MS  # a policy older than this is replaced when somebody asks
SLACK_MS: Final = 60_000
CLASS: Final = {name: tx.kinds()[name].OFFLINE for name in tx.for_bills()}  # each kind's file says its own
OFFLINE_KINDS: Final = tuple(name for name, of in CLASS.items() if of in (tx.PROVISIONAL, tx.VOUCHED))
# Every cap of `limits.CAPS`: what we say when a record breaks it, or why we cannot hold it.
WHY: Final[Mapping[str, str]] = {
    "hours": "too long without the centre",
    "attest": "too long without attestation",
    "age": "an older record was undecided for too long",
    "catalogue": "rules too old",
    "kind": "not allowed offline",
    "pass": "no visit pass",
    "force": "forced without leave",
    "password": "above the no-password limit",
    "records": "too many records in this outage",
    "total": "total above the cap",
    "fund_part": "fund part above the cap",
    "exposure": "too much fund money in this outage",
    "person": "too often for this person in this outage",
    "rules": "no estimate",
}
NOT_OURS: Final[Mapping[str, str]] = {
    "log": "it accuses us: what the terminal saw of our log is evidence, not ours to judge",
    "witness": "only the device sees its witness; an old copy is seen here by its own chain",
    "clock": "the floor is what the device's clock said before; here wall ± error is held to ours",
    "blocked": "it spares the clinic a second debt; whoever was treated is decided by the rules",
}
CONTACTS_KEPT_MS: Final = 7 * DAY_MS
ATTESTS_KEPT_MS: Final = 400 * DAY_MS  # far above any cap of days
OUTAGE_LOOK_MS: Final = 7 * DAY_MS  # a record of an outage that began so long before
CONTACTS_SWEPT_EVERY: Final = 100  # one message in so many, by its own time
_NAMED: Final = t.get(t.policies, "hash", only=("terminal", "body"))
_NEWEST: Final = (
    t.get(t.policies, "terminal", only=("hash", "issued_ms"))
    .order_by(t.policies.c.issued_ms.desc())
    .limit(1)
)
_DOCUMENT: Final = t.get(t.policies, "hash", only=("document",))
_COUNT: Final = (
    sa.select(sa.func.count())
    .select_from(t.policies)
    .where(t.policies.c.terminal == sa.bindparam("k_terminal"))
)
_OUTAGE: Final = t.get(
    t.records, "terminal", "contact_ms", "mode", only=("outcome", "fund_fen", "psn_key")
)
_CONTACT: Final = sa.text(
    "SELECT max(at_ms) FROM contacts WHERE terminal = :terminal AND at_ms <= :at_ms"
)
_OLDEST: Final = sa.text(
    "SELECT min(wall_ms) FROM records WHERE terminal = :terminal AND epoch = :epoch"
    " AND contact_ms >= :since_ms AND mode = :mode AND received_ms >= :until_ms"
)
_ATTESTED: Final = sa.text(
    "SELECT max(at_ms) FROM attests WHERE terminal = :terminal AND at_ms <= :at_ms"
)
_ATTESTS: Final = sa.text(
    "INSERT INTO attests (terminal, at_ms) VALUES (:terminal, :at_ms) ON CONFLICT DO NOTHING"
)
_SWEEP_ATTESTS: Final = sa.text(
    "DELETE FROM attests WHERE terminal = :terminal AND at_ms < :at_ms"
)
_SPOKEN: Final = sa.text(
    "INSERT INTO contacts (terminal, at_ms) VALUES (:terminal, :at_ms) ON CONFLICT DO NOTHING"
)
_SWEEP: Final = sa.text("DELETE FROM contacts WHERE terminal = :terminal AND at_ms < :at_ms")


class Issuer(Struct, frozen=True):
    """Who signs policies, over which rules, with which caps, and how sure of a living person."""

    region: Region
    signer: Signer
    caps: Caps
    liveness: LivenessRules = LivenessRules()


class Named(Struct, frozen=True):
    """What a policy names beside its limits; another one makes a new policy."""

    roster: int = 0
    hospital_keys: dict[str, bytes] = {}


PLAIN: Final = Named()


def make(
    issuer: Issuer, terminal: Terminal, now_ms: int, version: int, names: Named = PLAIN
) -> Policy:
    """The policy of a terminal: its profile, its caps, and the rules it may estimate with."""
    match = proving.rules().offline_match
    return Policy(
        profile=terminal.profile,
        version=version,
        issued_utc_ms=now_ms,
        valid_until_utc_ms=now_ms + VALID_MS,
        caps=issuer.caps,
        allow=OFFLINE_KINDS if terminal.profile == "P1" else (),
        face_nopassword_max_fen=proving.nopassword_fen(terminal.level),
        liveness_threshold=0.5,
        liveness_steps=2,
        rules=issuer.region.document(terminal.level),
        rules_utc_ms=now_ms,
        force=terminal.profile == "P1",
        liveness=issuer.liveness,
        roster=names.roster,
        hospital_keys=names.hospital_keys,
        offline_match_min=match.min if match.must else 0.0,
    )


def current(
    conn: sa.Connection, issuer: Issuer, terminal: Terminal, now_ms: int, *, held: bytes = b""
) -> bytes | None:
    """The document in force for this terminal, a new one when there is none or it is a day old;
    None when it is the one with the hash `held`."""
    row = conn.execute(_NEWEST, t.at(terminal=terminal.name)).first()
    names = _names(conn, terminal)
    same = row is not None and _named_by(conn, row[0]) == names
    # a frozen terminal's next policy is the word that lifts it: a person says that, not the clock
    if row is not None and ((now_ms - row[1] < RENEW_MS and same) or terminal.frozen_ms):
        if held == row[0]:
            return None
        return bytes(conn.execute(_DOCUMENT, t.at(hash=row[0])).scalar_one())
    made = make(issuer, terminal, now_ms, newest_version(conn, terminal.name) + 1, names)
    return publish(conn, made, terminal.name, issuer.signer)


def _names(conn: sa.Connection, terminal: Terminal) -> Named:
    """Today's; only a pharmacy looks at the signatures of hospitals."""
    pharmacy = terminal.level == proving.PHARMACY
    keys = books.fingerprints(conn) if pharmacy else {}
    return Named(rosters.version(conn, terminal.fixmedins_code), keys)


def _named_by(conn: sa.Connection, digest: bytes) -> Named:
    """What a policy of ours names."""
    body = conn.execute(_NAMED, t.at(hash=digest)).one()[1]
    held = msgspec.json.decode(body, type=Policy)
    return Named(held.roster, held.hospital_keys)


def newest_version(conn: sa.Connection, terminal: str) -> int:
    """Of the last policy that was made for it; 0 = none yet."""
    return int(conn.execute(_COUNT, t.at(terminal=terminal)).scalar() or 0)


def lift(conn: sa.Connection, issuer: Issuer, terminal: Terminal, now_ms: int) -> bytes:
    """A person looked and believes the terminal again: a new policy, signed now."""
    registry.update(conn, terminal.name, frozen_ms=0)
    names = _names(conn, terminal)
    made = make(issuer, terminal, now_ms, newest_version(conn, terminal.name) + 1, names)
    return publish(conn, made, terminal.name, issuer.signer)


def publish(conn: sa.Connection, made: Policy, terminal: str, signer: Signer) -> bytes:
    """Sign and remember a policy; from now on records may name it."""
    document = wire.encode(made, terminal, signer)
    body = msgspec.structs.replace(made, rules={})
    row = {
        "hash": wire.document_hash(document),
        "terminal": terminal,
        "document": document,
        "body": msgspec.json.encode(body),
        "issued_ms": made.issued_utc_ms,
        "valid_until_ms": made.valid_until_utc_ms,
    }
    conn.execute(t.policies.insert(), row)
    return document


def named(conn: sa.Connection, digest: bytes, terminal: str) -> Policy | None:
    """The policy with this hash, if it was made for this terminal (or for all)."""
    row = conn.execute(_NAMED, t.at(hash=digest)).first()
    if row is None or row[0] not in (terminal, wire.EVERYONE):
        return None
    return msgspec.json.decode(row[1], type=Policy)


class Claim(Struct, frozen=True):
    """A record as the policy sees it. `contact_ms` names the outage; `by_token`: 1101 had said who
    it is."""

    header: RecordHeader
    body: Body
    total_fen: int  # of the plan's own lines, not of what the terminal says it estimated
    estimate: Split | None
    psn_no: str
    contact_ms: int
    by_token: bool
    proved: bool = False  # more than a face was shown

    @property
    def slack_ms(self) -> int:
        """How far its clock may be out."""
        return SLACK_MS + self.header.error_ms


def violation(conn: sa.Connection, claim: Claim) -> str:
    """ "" or in which way the record breaks the policy it names."""
    header = claim.header
    if header.mode is Mode.QUEUED and CLASS.get(header.kind) != tx.QUEUED:
        return "only what carries no money may be queued"
    if header.policy == ZERO_HASH:
        policy: Policy | None = BUILT_IN
    else:
        policy = named(conn, header.policy, header.terminal)
    if policy is None:
        return "unknown policy"
    begin, end = policy.issued_utc_ms - claim.slack_ms, policy.valid_until_utc_ms + claim.slack_ms
    if policy is not BUILT_IN and not begin <= header.wall_ms <= end:
        return "policy not in force then"
    by_face = claim.body.identity.means == "face" and not claim.proved
    if by_face and claim.total_fen > policy.face_nopassword_max_fen:
        return "above the no-password limit"
    if claim.estimate is not None and claim.estimate.medfee_sumamt_fen != claim.total_fen:
        return "the estimate is of another amount"
    if header.mode is not Mode.PROVISIONAL:
        return ""
    if policy is BUILT_IN:
        return "P0 allows no provisional record"
    return _provisional(conn, claim, policy)


def _provisional(conn: sa.Connection, claim: Claim, policy: Policy) -> str:
    caps, header, estimate = policy.caps, claim.header, claim.estimate
    if policy.profile != "P1" or header.kind not in policy.allow:
        return WHY["kind"]
    if estimate is None:
        return WHY["rules"]
    silent_ms = header.wall_ms - claim.contact_ms - claim.slack_ms
    age_ms = header.wall_ms - policy.rules_utc_ms - claim.slack_ms
    by_ms = header.wall_ms + header.error_ms
    attested_ms = max(policy.issued_utc_ms, attested_before(conn, header.terminal, by_ms))
    unsigned_ms = header.wall_ms - attested_ms - claim.slack_ms
    rows = (
        (WHY["fund_part"], estimate.fund_pay_sumamt_fen > caps.fund_part_max_fen),
        (WHY["password"], claim.total_fen > policy.face_nopassword_max_fen),
        (WHY["total"], estimate.medfee_sumamt_fen > caps.total_max_fen),
        ("no account money offline", estimate.acct_pay_fen + estimate.acct_mulaid_pay_fen > 0),
        (WHY["hours"], silent_ms > caps.hours_since_centre_max * HOUR_MS),
        (WHY["catalogue"], age_ms > caps.catalogue_age_days_max * DAY_MS),
        (WHY["attest"], unsigned_ms > caps.attest_days_max * DAY_MS),
        (WHY["force"], bool(claim.body.prefer) and not policy.force),
    )
    for why, hit in rows:
        if hit:
            return why
    return (
        _proof(claim, policy)
        or _age(conn, claim, caps)
        or _outage(conn, claim, estimate, caps)
        or _by_pass(conn, claim)
    )


def _by_pass(conn: sa.Connection, claim: Claim) -> str:
    """Last, since it counts: a kind that needs a visit pass stands on a use of it."""
    said, header = claim.body.visit_pass, claim.header
    if said is None:
        return WHY["pass"] if CLASS.get(header.kind) == tx.VOUCHED else ""
    use = passes.Use(said.pass_id, said.number, header.wall_ms, claim.slack_ms)
    return passes.misuse(conn, header.terminal, claim.psn_no, use)


def _proof(claim: Claim, policy: Policy) -> str:
    """Without the centre's own word only a card with a live face beside it proves a person."""
    verdict, said = claim.body.verdict, claim.body.identity
    if claim.by_token and said.means != "face":
        return ""
    if not claim.by_token and (said.means != "card" or not said.template):
        return "no card with a face"
    least = policy.offline_match_min
    if not claim.by_token and least > 0 and (said.match is None or said.match.score < least):
        return "card and face were not compared as the policy wants"
    if verdict is None or not verdict.live:
        return "liveness below the policy"
    ok = lights.as_demanded(verdict, policy, claim.total_fen, claim.header.terminal)
    return "" if ok else "liveness below the policy"


def _age(conn: sa.Connection, claim: Claim, caps: Caps) -> str:
    """Nothing new on top of a record that had waited too long for its decision. One that came to us
    only after this one was written was undecided then."""
    header, cap_ms = claim.header, caps.records_age_hours_max * HOUR_MS
    oldest_ms = conn.execute(
        _OLDEST,
        {
            "terminal": header.terminal,
            "epoch": header.epoch,
            "since_ms": header.wall_ms - cap_ms - OUTAGE_LOOK_MS,
            "mode": str(Mode.PROVISIONAL),
            "until_ms": header.wall_ms + claim.slack_ms,
        },
    ).scalar()
    if oldest_ms is None or header.wall_ms - oldest_ms - claim.slack_ms <= cap_ms:
        return ""
    return WHY["age"]


def _outage(conn: sa.Connection, claim: Claim, estimate: Split, caps: Caps) -> str:
    """The sums over the same outage: everything provisional since the same last contact, of every
    epoch: a ledger that was begun anew, its records on a stick, must not double what one outage allows."""
    key = t.at(
        terminal=claim.header.terminal,
        contact_ms=claim.contact_ms,
        mode=str(Mode.PROVISIONAL),
    )
    rows = conn.execute(_OUTAGE, key).all()
    held = [(row[1], row[2]) for row in rows if row[0] in ("settled", "adjusted")]
    count, fund = len(held), sum(fund_fen for fund_fen, _ in held)
    mine = sum(1 for _, who in held if who == claim.psn_no)
    if count + 1 > caps.records_max:
        return WHY["records"]
    if fund + estimate.fund_pay_sumamt_fen > caps.fund_exposure_max_fen:
        return WHY["exposure"]
    if mine + 1 > caps.per_person_per_outage:
        return WHY["person"]
    return ""


def contact_before(conn: sa.Connection, terminal: str, at_ms: int) -> int:
    """The last time before `at_ms` that the centre spoke to this terminal; 0 = never. Names the
    outage."""
    return int(conn.execute(_CONTACT, {"terminal": terminal, "at_ms": at_ms}).scalar() or 0)


def attested_before(conn: sa.Connection, terminal: str, at_ms: int) -> int:
    """The last time before `at_ms` that we signed that this terminal's policy holds; 0 = never.
    An ordinary answer is contact, not attestation."""
    return int(conn.execute(_ATTESTED, {"terminal": terminal, "at_ms": at_ms}).scalar() or 0)


def attest(conn: sa.Connection, terminal: str, now_ms: int) -> None:
    """Remember that we sign this now."""
    conn.execute(_ATTESTS, {"terminal": terminal, "at_ms": now_ms - now_ms % 1000})
    conn.execute(_SWEEP_ATTESTS, {"terminal": terminal, "at_ms": now_ms - ATTESTS_KEPT_MS})


def contact(conn: sa.Connection, terminal: str, now_ms: int) -> None:
    """Remember that the centre speaks to this terminal now, once per second at most."""
    conn.execute(_SPOKEN, {"terminal": terminal, "at_ms": now_ms - now_ms % 1000})
    if now_ms % CONTACTS_SWEPT_EVERY == 0:
        conn.execute(_SWEEP, {"terminal": terminal, "at_ms": now_ms - CONTACTS_KEPT_MS})


def difference(estimate: Split | None, settled: Split | None) -> tuple[bool, int]:
    """(the split differs from the estimate, how much more cash it is). The balance afterwards is
    no promise."""
    if estimate is None or settled is None:
        return False, 0
    names = [name for name in Split.__struct_fields__ if name != "balc_fen"]
    differs = any(getattr(estimate, name) != getattr(settled, name) for name in names)
    return differs, settled.psn_cash_pay_fen - estimate.psn_cash_pay_fen
