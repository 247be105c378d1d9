"""Questions (PROTOCOL "Ask and Tell"): who is it (1101), what would it come to (2206), the policy,
what became of it (5203); the statement and the chain are in `statements`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from edge.core.types import Dice, Json
from edge.core.visit.settle.paying import CASH
from edge.errors import EdgeError
from edge.wire import roster as wire_roster
from edge.wire.ask import AskHeader
from sim.bank.port import Loan
from sim.centre import bodies, lights, statements
from sim.centre.books import (
    activations,
    cards,
    ledgers,
    orders,
    people,
    policy,
    proving,
    registry,
    rosters,
    stays,
    tokens,
)
from sim.centre.books import store as t
from sim.centre.books.people import Faces, Known
from sim.centre.books.policy import Issuer
from sim.centre.books.registry import Terminal
from sim.centre.books.rules import Region
from sim.centre.deciding import (
    clearing,
    discharging,
    dispensing,
    legs,
    paying,
    purchasing,
    quoting,
)
from sim.centre.deciding.case import No, Scene, insured
from sim.centre.prescriptions import counter
from sim.centre.prices import desk as prices
from sim.centre.purchases import desk as purchases

INCIDENT_CHARS: Final = 16
STOP_BYTES: Final = 16


class Question(Struct, frozen=True):
    """One opened question and what is needed to answer it."""

    conn: sa.Connection
    terminal: Terminal
    header: AskHeader
    body: Json
    region: Region
    faces: Faces
    issuer: Issuer
    dice: Dice
    now_ms: int
    asked: bool = False  # the bank was asked what the person may pay later, and said
    credit: Loan | None = None


def answer(asked: Question) -> tuple[int, str, Json]:
    """(infcode, err_msg, output). A business "no" and a malformed question are both infcode -1
    with a code."""
    table: dict[str, Callable[[Question], Json | No]] = {
        "1101": _who,
        "roster": _roster,
        "password": _password,
        "password_new": _password_new,
        "2206": _price,
        "2303": _price,
        "policy": _policy,
        "5203": _became,
        "incident": _incident,
        "3201": statements.totals,
        "9101": statements.upload,
        "3202": statements.details,
        "9102": statements.download,
        "3260": clearing.extract,
        "3261": clearing.confirm,
        "3262": clearing.give_back,
        "chain": statements.chain,
        "prices": prices.nearby,
        "orders": purchases.waiting,
        "order.decline": purchases.declined,
        "rx.list": counter.listed,
        "rx.take": counter.taken,
        "rx.review": counter.reviewed,
        "rx.free": counter.freed,
    }
    ask = table.get(asked.header.infno)
    if ask is None:
        return -1, "交易编号不存在", {"code": "unknown_infno"}
    try:
        told = ask(asked)
    except EdgeError as error:
        return -1, f"{error.code} {error.message}", {"code": "malformed"}
    if isinstance(told, No):
        return -1, told.code, {"code": told.code}
    return 0, "", told


# -- 1101 -----------------------------------------------------------------------------------------
def _who(asked: Question) -> Json | No:
    means = bodies.text(asked.body, "means")
    table = {"face": _by_face, "qr": _by_code, "card": _by_card, purchases.MEANS: purchases.customer}
    if means not in table:
        return No("unknown_means")
    psn_no, why = table[means](asked)
    person = people.find(asked.conn, psn_no) if psn_no else None
    if person is None:
        return No(why or "no_person")
    if why := insured(person):
        return No(why)
    return _introduce(asked, means, person)


def _by_face(asked: Question) -> tuple[str, str]:
    """A terminal that finds nobody again and again asks for a code or a card for a while."""
    if proving.faces_rest(asked.conn, asked.terminal.name, asked.now_ms):
        return "", proving.FACE_LOCKED
    psn_no, why = _whose_face(asked)
    place = (asked.conn, asked.terminal.name, asked.header.ask, asked.now_ms)
    proving.face_seen(*place, found=bool(psn_no))
    return psn_no, why


def _whose_face(asked: Question) -> tuple[str, str]:
    verdict = asked.body.get("verdict")
    if not isinstance(verdict, dict) or verdict.get("live") is not True:
        return "", "liveness_failed"
    if "light" in verdict and not lights.honest(verdict["light"], asked.header.terminal):
        return "", "liveness_failed"
    template = asked.body.get("template")
    if not isinstance(template, bytes):
        raise EdgeError("E-WIR-20", "no template", "send 192 float32")
    return asked.faces.search(asked.conn, template, bodies.text(asked.body, "model"))


def _by_code(asked: Question) -> tuple[str, str]:
    if bodies.text(asked.body, "orgId") != asked.terminal.fixmedins_code:
        return "", "code_other_org"
    code = bodies.text(asked.body, "ecQrCode")
    ask = asked.header.ask
    return people.use_code(asked.conn, code, asked.terminal.fixmedins_code, ask, asked.now_ms)


def _by_card(asked: Question) -> tuple[str, str]:
    kind = bodies.text(asked.body, "mdtrt_cert_type", "03")
    number = bodies.text(asked.body, "mdtrt_cert_no")
    why = cards.why_not(asked.conn, number, kind, bodies.text(asked.body, "card_sn", ""))
    return ("", why) if why else (people.by_card(asked.conn, number, kind), "no_person")


def _introduce(asked: Question, means: str, person: Known) -> Json:
    """The person and those they may serve, each with a fresh token for this terminal."""
    auth_no = tokens.new_auth_no(asked.dice)
    served = [(person, "本人")]
    alone = means == purchases.MEANS  # an order is for the one who placed it, and proved as by a code
    means = "qr" if alone else means
    for other, relation in () if alone else people.served_by(asked.conn, person.psn_no):
        found = people.find(asked.conn, other)
        if found is not None and not insured(found):
            served.append((found, relation))
    place = tokens.Place(asked.terminal.name, means, auth_no, person.psn_no)
    told = [_token(asked, place, found, relation) for found, relation in served]
    told[0]["pwd_flag"] = "1" if proving.has_password(asked.conn, person.psn_no) else "0"
    base = {
        "psn_no": person.psn_no,
        "psn_name": people.mask(person.psn_name),
        "certno": people.mask_certno(person.certno),
        "gend": person.gend,
        "age": str(person.age),
    }
    return {"authNo": auth_no, "baseinfo": base, "people": told}


def _token(asked: Question, place: tokens.Place, found: Known, relation: str) -> Json:
    token = tokens.give(asked.conn, asked.dice, place, found, asked.now_ms)
    return {
        "psn_no": found.psn_no,
        "psn_name": people.mask(found.psn_name),
        "insutype": found.insutype,
        "insuplc_admdvs": found.insuplc_admdvs,
        "ecToken": token,
        "relation": relation,
    }


def _password(asked: Question) -> Json | No:
    """Above the no-password limit: is it the password of the person who was recognised? Then the
    authorisation is proved; it pays what it may pay once, as any other."""
    held = _fresh(asked)
    if isinstance(held, No):
        return held
    given = bodies.text(asked.body, "password")
    why = proving.judge(asked.conn, held.holder, given, asked.header.ask, asked.now_ms)
    if why:
        return No(why)
    tokens.prove(asked.conn, held)
    return {}


def _password_new(asked: Question) -> Json | No:
    """A password for an e-voucher that is being activated: held until the record takes effect, which
    needs card and living face."""
    held = _fresh(asked)
    if isinstance(held, No):
        return held
    if activations.active(asked.conn, held.holder):
        return No("already_active")
    chosen = proving.Chosen(held.auth_no, held.holder, bodies.text(asked.body, "password"))
    why = proving.hold(asked.conn, asked.dice, chosen, asked.now_ms)
    return No(why) if why else {}


def _fresh(asked: Question) -> tokens.Token | No:
    """The token of the question, good and not used up."""
    number = bodies.text(asked.body, "ecToken")
    held = tokens.at_terminal(asked.conn, number, asked.terminal.name)
    if held is None or not 0 <= asked.now_ms - held.at_ms <= tokens.TOKEN_MS:
        return No("identity_unknown")
    return No("token_used") if held.used_by else held


# -- 2206, policy, 5203 ---------------------------------------------------------------------------
def _price(asked: Question) -> Json | No:
    question = bodies.question(asked.body)
    plan = question.plan
    call = bodies.call(plan, *quoting.PRICED)
    assert call is not None, "the plan was checked"
    data = bodies.form(call)
    held = tokens.at_terminal(
        asked.conn, bodies.text(data, "mdtrt_cert_no"), asked.terminal.name
    )
    fresh = held is not None and held.at_ms > asked.now_ms - tokens.TOKEN_MS
    if held is not None and held.used_by:
        return No("token_used")
    person = people.find(asked.conn, held.psn_no) if held is not None and fresh else None
    if person is None or bodies.text(data, "psn_no") != person.psn_no:
        return No("identity_unknown")
    if why := insured(person):
        return No(why)
    scene = Scene(asked.conn, asked.terminal, asked.region, asked.now_ms)
    place = asked.terminal.fixmedins_code
    sale = dispensing.Sale(call, person.psn_no, place, asked.now_ms, asked.now_ms)
    if (no := dispensing.why_not(asked.conn, sale)) is not None:
        return no
    bedside = call.infno in quoting.STAYS
    ordered = purchasing.is_order(call)
    pricing = discharging.quote if bedside else purchasing.quoted if ordered else quoting.quote
    found = pricing(scene, plan, person, question.pay)
    if isinstance(found, No):
        return found
    output = quoting.setlinfo(found, person, "", bodies.text(data, "mdtrt_id", ""), asked.now_ms)
    own_fen = ledgers.balance(asked.conn, f"acct:{person.psn_no}")
    scope = asked.region.rules.acct_scope
    ways, credit = ((CASH,), None) if bedside else _ways(asked, person, found)
    offer = paying.offer(own_fen, found.found, found.settled, scope, ways=ways, credit=credit)
    told = {"setlinfo": output["setlinfo"], "setldetail": output["setldetail"]}
    if bedside:
        stay = discharging.stay_of(scene, plan, person)
        assert not isinstance(stay, No), "it was priced"
        if stays.settled(asked.conn, stay):
            return No("stay_settled")
        told["stayinfo"] = discharging.set_off(asked.conn, stay, found)
    return told if ordered else told | {"payoffer": offer}  # an order is paid in one way


def _ways(
    asked: Question, person: Known, found: quoting.Quote
) -> tuple[tuple[str, ...], Loan | None]:
    """What may pay what is left over; credit only as far as its bank says so now."""
    ways = (CASH, *orders.ways(asked.conn, person.psn_no))
    if orders.CREDIT not in ways:
        return ways, None
    if not asked.asked:
        raise legs.Wants(person.psn_no, found.med_type)
    may, rest_fen = asked.credit, found.settled.split.psn_cash_pay_fen
    if may is not None and not may.why and may.left_fen < rest_fen:
        may = replace(may, why="limit")
    if may is None or may.why:
        ways = tuple(way for way in ways if way != orders.CREDIT)
    return ways, may


def _roster(asked: Question) -> Json | No:
    """A part of the clinic's roster, signed for this terminal."""
    version, number = asked.body.get("version"), asked.body.get("part")
    org = asked.terminal.fixmedins_code
    if version != rosters.version(asked.conn, org):
        return No("roster_changed")  # the next policy names the new one
    found = rosters.parts(asked.conn, org, asked.now_ms)
    if not isinstance(number, int) or not 0 <= number < len(found):
        return No("roster_no_part")
    document = wire_roster.encode(found[number], asked.terminal.name, asked.issuer.signer)
    return {"document": document}


def _policy(asked: Question) -> Json:
    """The document in force; nothing when the terminal holds that very one."""
    held = asked.body.get("hash")
    document = policy.current(
        asked.conn,
        asked.issuer,
        asked.terminal,
        asked.now_ms,
        held=held if isinstance(held, bytes) else b"",
    )
    policy.attest(asked.conn, asked.terminal.name, asked.now_ms)
    return {} if document is None else {"document": document}


def _incident(asked: Question) -> Json | No:
    """The terminal found something that a person here must see: written down, once for each cause."""
    body, name = asked.body, asked.terminal.name
    digest, epoch, seq = body.get("hash"), body.get("epoch"), body.get("seq")
    if not (isinstance(epoch, int) and isinstance(seq, int) and isinstance(digest, bytes)):
        raise EdgeError("E-WIR-20", "the incident names no record", "send epoch, seq and hash")
    if not 0 <= epoch < 2**32 or not 0 <= seq < 2**63 or len(digest) > 32:
        raise EdgeError("E-WIR-20", "the incident names no record", "send epoch, seq and hash")
    if "rx" in body:
        return counter.accused(asked)
    code = bodies.text(body, "code")[:INCIDENT_CHARS]
    place = t.Place(name, epoch, seq, digest)
    stop = body.get("stop")
    if isinstance(stop, bytes) and len(stop) == STOP_BYTES:
        return _stopped(asked, code, place, stop)
    if not t.noted(asked.conn, code, place):
        t.note(asked.conn, code, asked.now_ms, place, alarm=True)
    return {}


def _stopped(asked: Question, code: str, place: t.Place, stop: bytes) -> Json:
    """It accepts nothing offline because of our log: no new policy before a person lifts it. The
    output says beyond which policy the terminal may go on."""
    terminal = asked.terminal
    newest = policy.newest_version(asked.conn, terminal.name)
    if not t.noted(asked.conn, code, place, data=stop):
        t.note(asked.conn, code, asked.now_ms, place, data=stop, alarm=True)
        registry.update(asked.conn, terminal.name, frozen_ms=asked.now_ms)
        return {"policy_version": newest}
    lifted = not terminal.frozen_ms  # our answer was lost; the newest policy is the one that lifts
    return {"policy_version": max(0, newest - 1) if lifted else newest}


def _became(asked: Question) -> Json:
    c = t.settlements.c
    where = (
        c.fixmedins_code == asked.terminal.fixmedins_code,
        c.psn_no == bodies.text(asked.body, "psn_no"),
        c.msgid == bodies.text(asked.body, "msgid"),
        c.live == 1,
    )
    row = asked.conn.execute(sa.select(c.output).where(*where)).scalar()
    return {"setlinfo": msgspec.json.decode(row)["setlinfo"] if row is not None else None}
