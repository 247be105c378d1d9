"""Taking records in: order, chain, signature, then exactly one decision each (PROTOCOL "Answer").

Everything before the decision can only stop the envelope (quarantine, fork, gap: nothing beyond).
From a good signature in the right place on, the record is decided whatever is in it, so that a
poisoned one cannot stop the chain: what this centre cannot read or fails at is kept as it is,
logged as `suspect` with a code of its own, and answered with a receipt like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct, field

from edge.core.parts.tasks import FREEZES
from edge.core.types import Json, Mode, Outcome, Split
from edge.errors import EdgeError
from edge.wire import answer as wire_answer
from edge.wire import cbor
from edge.wire import record as wire
from edge.wire.cose import Opener, Verifier
from edge.wire.envelope import Envelope
from edge.wire.log import receipt
from edge.wire.record import Placed, RecordHeader
from edge.wire.shape import ZERO_HASH
from sim.centre import bodies, whose
from sim.centre.answers import Decided, Standing
from sim.centre.bodies import Body
from sim.centre.books import orders, passes, policy, registry, tokens
from sim.centre.books import store as t
from sim.centre.books.log import Log
from sim.centre.books.people import Faces
from sim.centre.books.registry import Terminal
from sim.centre.books.rules import Region
from sim.centre.deciding import closings, legs, plans, quoting, reversals
from sim.centre.deciding.case import Case, Done, No

log = logging.getLogger("facepay.centre")
UNREADABLE: Final = "unreadable"  # signed and in its place, but in a form that we do not know
QUARANTINED: Final = "quarantined"  # readable, but this centre's own program fails at it
# The world's faults, not the record's: the whole message is tried again later.
TRANSIENT: Final = (sa.exc.OperationalError, sa.exc.InterfaceError, MemoryError)
EXPIRES_MS: Final = 72 * 3_600_000
AHEAD_MAX_MS: Final = (
    10 * 60_000
)  # a clock this far ahead (beyond its own error bound) is an anomaly
TAKES_EFFECT: Final = (Outcome.SETTLED, Outcome.ADJUSTED)
OUTPUT_KEYS: Final = ("mdtrt_id", "setlinfo", "setldetail", "payinfo")
_STAND: Final = t.get(t.streams, "terminal", "epoch", only=("upto", "chain"))
_ADVANCE: Final = sa.text(
    "INSERT INTO streams (terminal, epoch, upto, chain) VALUES (:terminal, :epoch, :upto, :chain) "
    "ON CONFLICT (terminal, epoch) DO UPDATE SET upto = excluded.upto, chain = excluded.chain"
)
_BEGIN: Final = sa.text(
    "INSERT INTO streams (terminal, epoch, upto, chain) VALUES (:terminal, :epoch, 0, :chain) "
    "ON CONFLICT DO NOTHING"
)
_DECIDED: Final = ("seq", "hash", "outcome", "result", "leaf", "number")
_KNOWN: Final = t.get(t.records, "terminal", "epoch", only=_DECIDED).where(
    t.records.c.seq >= sa.bindparam("first"), t.records.c.seq < sa.bindparam("end")
)
_SINCE: Final = (
    t.get(t.records, "terminal", "epoch", only=_DECIDED)
    .where(t.records.c.number > sa.bindparam("after"))
    .order_by("seq")
    .limit(wire_answer.RESULTS_MAX)
)
_TXID: Final = t.get(t.records, "terminal", "txid", only=("result",)).order_by("leaf").limit(1)
_RECORD: Final = t.records.insert()


class Verdict(Struct, frozen=True):
    """The decision on one record, before it is written."""

    outcome: Outcome
    result: Json
    bill_no: str = ""
    psn_key: str = ""
    fund_fen: int = 0
    contact_ms: int = 0


class Counter(Struct, frozen=True):
    """What the intake works with."""

    log: Log
    opener: Opener
    region: Region
    faces: Faces
    verifier_of: Callable[[Terminal], Verifier]


class Turn(Struct, frozen=True):
    """One message being worked on: its transaction, its sender, its time."""

    conn: sa.Connection
    counter: Counter
    terminal: Terminal
    now_ms: int
    careful: bool = False  # the message failed once: each record has a savepoint of its own
    asked: bool = False  # the bank was asked: what is not known by now is decided without it
    waits: list[str] = field(default_factory=list)  # orders that a record waits for


def result(
    code: str = "", err_msg: str = "", output: Json | None = None, difference_fen: int = 0
) -> Json:
    """The plaintext of a result (PROTOCOL): infcode 0 only without a code."""
    filed, stay = (output or {}).get("trt_dcla_detl_sn"), (output or {}).get("stayinfo")
    wallet = (output or {}).get("walletinfo")
    known = {key: (output or {}).get(key) for key in OUTPUT_KEYS}
    return {
        "infcode": -1 if code else 0,
        "err_msg": err_msg[:200],
        "mdtrt_id": known["mdtrt_id"] or "",
        "setlinfo": known["setlinfo"] or {},
        "setldetail": known["setldetail"] or [],
        **({"given": given} if (given := (output or {}).get("given")) else {}),
        **({"payinfo": known["payinfo"]} if known["payinfo"] else {}),
        "code": code,
        "difference_fen": difference_fen,
        **({"trt_dcla_detl_sn": filed} if filed else {}),
        **({"stayinfo": stay} if stay else {}),
        **({"walletinfo": wallet} if wallet else {}),
    }


# -- one envelope ---------------------------------------------------------------------------------
def take(turn: Turn, envelope: Envelope) -> tuple[Standing, list[Decided]]:
    """Decide what can be decided; the standing afterwards and the decisions to answer with."""
    standing = stand(turn.conn, turn.terminal.name, envelope.epoch)
    known = _known(turn, envelope)
    decided: list[Decided] = []
    for seq, data in enumerate(envelope.records, start=envelope.first_seq):
        digest = wire.record_hash(data)
        first = known.get(seq)
        if first is not None and first[0] == digest:  # the very bytes: the first answer again
            decided.append(first[1])
            continue
        if first is None and seq != standing.upto + 1:
            break  # a gap: `upto` says where to go back to
        header = _placed(turn, envelope, seq, data, standing)
        if header is None:
            break
        try:
            decided.append(_enter(turn, header, data, digest))
        except orders.Waits as waits:  # everything before it stands
            if orders.of_record(turn.conn, turn.terminal.name, envelope.epoch, seq) is None:
                orders.open_(turn.conn, waits.row)
            turn.waits.append(waits.row["pay_ordid"])
            break
        standing = Standing(seq, digest)
    _advance(turn, envelope.epoch, standing)
    return standing, decided


def stand(conn: sa.Connection, terminal: str, epoch: int) -> Standing:
    """Where the chain of this terminal and epoch stands."""
    row = conn.execute(_STAND, t.at(terminal=terminal, epoch=epoch)).first()
    return Standing(0, ZERO_HASH) if row is None else Standing(row[0], bytes(row[1]))


def begun(conn: sa.Connection, terminal: str, epoch: int) -> bool:
    """Whether the chain of this epoch is known here."""
    return conn.execute(_STAND, t.at(terminal=terminal, epoch=epoch)).first() is not None


def begin(conn: sa.Connection, terminal: str, epoch: int) -> None:
    """Staff brought a signed export of this epoch: its chain may begin, also behind a newer one that
    was faster. The network may not do that."""
    conn.execute(_BEGIN, {"terminal": terminal, "epoch": epoch, "chain": ZERO_HASH})


def since(conn: sa.Connection, terminal: str, epoch: int, number: int) -> list[Decided]:
    """For a hello: the decisions of answers that the terminal has not seen, the oldest first, one
    answer full."""
    rows = conn.execute(_SINCE, t.at(terminal=terminal, epoch=epoch) | {"after": number})
    return [_decided(row) for row in rows.mappings()]


def _advance(turn: Turn, epoch: int, standing: Standing) -> None:
    if not standing.upto:
        return
    row = {"terminal": turn.terminal.name, "epoch": epoch, "upto": standing.upto}
    turn.conn.execute(_ADVANCE, {**row, "chain": standing.chain})


def _known(turn: Turn, envelope: Envelope) -> dict[int, tuple[bytes, Decided]]:
    """What is decided already of the numbers in this envelope."""
    key = t.at(terminal=turn.terminal.name, epoch=envelope.epoch)
    end = envelope.first_seq + len(envelope.records)
    rows = turn.conn.execute(_KNOWN, {**key, "first": envelope.first_seq, "end": end}).mappings()
    return {row["seq"]: (bytes(row["hash"]), _decided(row)) for row in rows}


def _decided(row: Any) -> Decided:
    return Decided(row["seq"], row["outcome"], bytes(row["result"]), row["leaf"], row["number"])


def _placed(
    turn: Turn, envelope: Envelope, seq: int, data: bytes, standing: Standing
) -> RecordHeader | Placed | None:
    """The header (or only the place, of one that we cannot read) when it is signed by this terminal
    and belongs exactly here; else it is put aside."""
    code, name = "", turn.terminal.name
    header: RecordHeader | Placed | None = None
    try:
        header = _read(data, turn.counter.verifier_of(turn.terminal))
    except EdgeError as error:
        code = "bad_signature" if error.code == "E-WIR-05" else "malformed_record"
    if header is not None:
        if header.terminal != name:
            code = "wrong_terminal"
        elif (header.epoch, header.seq) != (envelope.epoch, seq):
            code = "misplaced_record"
        elif seq <= standing.upto:
            code = "fork"
        elif header.prev != standing.chain:
            code = "chain_broken"
    if not code:
        return header
    place = t.Place(name, envelope.epoch, seq, wire.record_hash(data))
    t.note(turn.conn, code, turn.now_ms, place, data=data, alarm=True)
    return None


def _read(data: bytes, verifier: Verifier) -> RecordHeader | Placed:
    try:
        return wire.decode(data, verifier)
    except EdgeError as error:
        if error.code == "E-WIR-05":
            raise
        return wire.decode_place(data, verifier)


# -- one record -----------------------------------------------------------------------------------
def _enter(turn: Turn, header: RecordHeader | Placed, data: bytes, digest: bytes) -> Decided:
    """Decide, write down, append to the log. All in the message's transaction."""
    if isinstance(header, Placed):
        return _write(turn, header, data, digest, _aside(UNREADABLE))
    if not turn.careful:
        return _write(turn, header, data, digest, decide(turn, header, turn.counter.log.tree.size))
    savepoint = turn.conn.begin_nested()
    try:
        verdict = decide(turn, header, turn.counter.log.tree.size)
        done = _write(turn, header, data, digest, verdict)
    except (*TRANSIENT, orders.Waits):
        savepoint.rollback()
        raise
    except Exception:
        savepoint.rollback()
        log.exception("record %s/%s is quarantined", header.terminal, header.seq)
        place = Placed(header.terminal, header.epoch, header.seq, header.prev)
        return _write(turn, place, data, digest, _aside(QUARANTINED))
    savepoint.commit()
    return done


def _aside(code: str) -> Verdict:
    return Verdict(Outcome.SUSPECT, result(code, "kept as it is; the centre's staff look at it"))


def _write(
    turn: Turn, header: RecordHeader | Placed, data: bytes, digest: bytes, verdict: Verdict
) -> Decided:
    """The row first and the leaf last: what fails on the way leaves the log as it was."""
    mark, now_ms = turn.counter.log.tree.size, turn.now_ms
    plain = cbor.dumps(verdict.result)
    if len(plain) > wire_answer.RESULT_BYTES_MAX:
        raise EdgeError("E-WIR-01", f"a result of {len(plain)} bytes fits into no answer")
    read = header if isinstance(header, RecordHeader) else None
    number = turn.terminal.answer_number + 1
    row: dict[str, Any] = {
        "terminal": header.terminal,
        "epoch": header.epoch,
        "seq": header.seq,
        "hash": digest,
        "data": data,
        "txid": read.txid if read else digest[: len(digest) // 2],  # never another record's
        "kind": read.kind if read else verdict.result["code"],
        "mode": str(read.mode) if read else "",
        "bill_no": verdict.bill_no,
        "psn_key": verdict.psn_key,
        "wall_ms": read.wall_ms if read else 0,
        "received_ms": now_ms,
        "contact_ms": verdict.contact_ms,
        "fund_fen": verdict.fund_fen,
        "outcome": str(verdict.outcome),
        "result": plain,
        "leaf": mark,
        "number": number,
    }
    turn.conn.execute(_RECORD, row)
    if verdict.outcome is Outcome.SUSPECT:
        where = t.Place(header.terminal, header.epoch, header.seq, digest)
        t.note(turn.conn, verdict.result["code"], now_ms, where, alarm=True)
        if verdict.result["code"] in FREEZES:
            registry.update(turn.conn, header.terminal, frozen_ms=now_ms)
    leaf = receipt.leaf_bytes(
        digest, header.terminal, header.epoch, header.seq, verdict.outcome, plain
    )
    index = turn.counter.log.append(leaf)
    assert index == mark, "one decision, one leaf"
    return Decided(header.seq, str(verdict.outcome), plain, index, number)


def decide(turn: Turn, header: RecordHeader, mark: int) -> Verdict:
    """Exactly one outcome for a record that is in its place."""
    conn, counter, terminal, now_ms = turn.conn, turn.counter, turn.terminal, turn.now_ms
    try:
        body = bodies.parse(wire.open_body(header, counter.opener))
        estimate = bodies.estimate(body)
        total_fen = quoting.total_fen(body)
    except EdgeError as error:
        sealed_wrong = error.code == "E-WIR-06"
        outcome = Outcome.SUSPECT if sealed_wrong else Outcome.REJECTED
        code = "cannot_open" if sealed_wrong else "malformed_body"
        return Verdict(outcome, result(code, f"{error.code} {error.message}"))
    early = _early(turn, header, body)
    if early is not None:
        return early
    if body.kind == closings.KIND:
        return _close(turn, header, body)
    if body.kind == "reverse":
        return _reverse(turn, header, body, mark)
    proved = whose.person(turn, header, body)
    if isinstance(proved, No):
        return Verdict(Outcome.REJECTED, result(proved.code), body.bill_no)
    person = proved.person
    fund, contact_ms = 0, 0
    if header.mode is Mode.PROVISIONAL:
        fund = estimate.fund_pay_sumamt_fen if estimate else 0
        known_by_ms = min(header.wall_ms + header.error_ms, now_ms)
        contact_ms = policy.contact_before(conn, terminal.name, known_by_ms)
    claim = policy.Claim(
        header, body, total_fen, estimate, person.psn_no, contact_ms, by_token=proved.token is not None,
        proved=proved.token is not None and not proved.token.by_face_alone
    )
    why = policy.violation(conn, claim)
    if header.mode is Mode.PROVISIONAL and person.insuplc_admdvs[:4] != counter.region.region[:4]:
        why = why or "insured elsewhere"
    if why:
        answer = result("policy_violation", why)
        return Verdict(Outcome.REJECTED, answer, body.bill_no, person.psn_no, fund, contact_ms)
    here = legs.Asking(conn, turn.asked, now_ms)
    order = legs.own_leg(here, header, body, person, estimate)
    if isinstance(order, No):
        return Verdict(Outcome.REJECTED, result(order.code), body.bill_no, person.psn_no)
    case = Case(
        conn=conn,
        terminal=terminal,
        region=counter.region,
        body=body,
        person=person,
        mark=mark,
        epoch=header.epoch,
        seq=header.seq,
        at_ms=max(min(header.wall_ms, now_ms), now_ms - EXPIRES_MS),  # a wild clock is no date
        now_ms=now_ms,
        order=order,
    )
    outcome, answer = _carry_out(case, estimate)
    if proved.token is not None and outcome in TAKES_EFFECT:
        tokens.use(conn, proved.token, tokens.by_record(header.txid))
        answer |= passes.give(conn, terminal, person, mark, now_ms)
    if order is not None:  # booked: it comes too late and changes nothing
        legs.drop(conn, order)
    return Verdict(outcome, answer, body.bill_no, person.psn_no, fund, contact_ms)


def _early(turn: Turn, header: RecordHeader, body: Body) -> Verdict | None:
    """What is decided without looking at the person."""
    conn, terminal, now_ms = turn.conn, turn.terminal, turn.now_ms
    if header.kind != body.kind or body.fixmedins_code != terminal.fixmedins_code:
        code = "malformed_body" if header.kind != body.kind else "wrong_institution"
        return Verdict(Outcome.REJECTED, result(code), body.bill_no)
    first = conn.execute(_TXID, t.at(terminal=terminal.name, txid=header.txid)).scalar()
    if first is not None:
        again = {**wire_answer.result_map(bytes(first)), "infcode": -1, "code": "duplicate"}
        return Verdict(Outcome.DUPLICATE, again, body.bill_no)
    if header.wall_ms - header.error_ms > now_ms + AHEAD_MAX_MS:
        return Verdict(Outcome.SUSPECT, result("clock_ahead"), body.bill_no)
    if now_ms - (header.wall_ms + header.error_ms) > EXPIRES_MS:
        return Verdict(Outcome.EXPIRED, result("expired"), body.bill_no)
    return None


def _close(turn: Turn, header: RecordHeader, body: Body) -> Verdict:
    """A task of the staff is done: no person and no money of the fund in it."""
    try:
        why = closings.enter(turn.conn, turn.counter.opener, header, body, turn.now_ms)
    except EdgeError as error:
        answer = result("malformed_body", f"{error.code} {error.message}")
        return Verdict(Outcome.REJECTED, answer, body.bill_no)
    taken = {"": Outcome.SETTLED, "duplicate": Outcome.DUPLICATE}
    return Verdict(taken.get(why, Outcome.REJECTED), result(why), body.bill_no)


def _reverse(turn: Turn, header: RecordHeader, body: Body, mark: int) -> Verdict:
    """2601 needs no person: it names a message, and what it named may not even be here."""
    case = reversals.Reversal(
        conn=turn.conn,
        terminal=turn.terminal,
        body=body,
        mark=mark,
        epoch=header.epoch,
        seq=header.seq,
        now_ms=turn.now_ms,
    )
    savepoint = turn.conn.begin_nested()
    try:
        done = reversals.run(case)
    except EdgeError as error:
        savepoint.rollback()
        answer = result("malformed_body", f"{error.code} {error.message}")
        return Verdict(Outcome.REJECTED, answer, body.bill_no)
    except BaseException:
        savepoint.rollback()
        raise
    if isinstance(done, No):
        savepoint.rollback()
        return Verdict(Outcome.REJECTED, result(done.code), body.bill_no)
    savepoint.commit()
    told = result(output=done.output) | ({"warn_msg": done.warn_msg} if done.warn_msg else {})
    return Verdict(Outcome.SETTLED, told, body.bill_no, done.psn_no)


def _carry_out(case: Case, estimate: Split | None) -> tuple[Outcome, Json]:
    """Run the plan inside a savepoint: a "no" leaves nothing behind."""
    savepoint = case.conn.begin_nested()
    try:
        done: Done | No = plans.run(case)
    except EdgeError as error:
        savepoint.rollback()
        return Outcome.REJECTED, result("malformed_body", f"{error.code} {error.message}")
    except BaseException:
        savepoint.rollback()
        raise
    if isinstance(done, No):
        savepoint.rollback()
        outcome = Outcome.DUPLICATE if done.first is not None else Outcome.REJECTED
        return outcome, result(done.code, output=done.first)
    savepoint.commit()
    differs, more_fen = policy.difference(estimate, done.split)
    outcome = Outcome.ADJUSTED if differs else Outcome.SETTLED
    return outcome, result(output=done.output, difference_fen=more_fen if differs else 0)
