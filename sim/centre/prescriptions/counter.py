"""What a pharmacy's terminal asks about prescriptions: which there are, this one for me, what our
pharmacist says, I give it back. The pharmacy's side has names only in public code (DOMAIN §1.5), so
these words are ours (PROTOCOL "Prescriptions at the counter")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.core.types import TEXT_MAX, Json
from edge.errors import EdgeError
from sim.centre import bodies
from sim.centre.books import store as t
from sim.centre.books import tokens
from sim.centre.deciding.case import No
from sim.centre.prescriptions import books
from sim.centre.prescriptions.books import Rx
from sim.centre.prescriptions.status import NO, On, Status

if TYPE_CHECKING:
    from sim.centre.asks import Question

PHARMACY: Final = "pharmacy"
ACCUSED: Final = ("rx_forged", "rx_unverifiable")
NAMES_MAX: Final = 6  # drugs named in a list


def listed(asked: Question) -> Json | No:
    """rx.list: what this person can have here now, the newest first."""
    if (no := _customer(asked)) is not None:
        return no
    psn_no, here = bodies.text(asked.body, "psn_no"), asked.terminal.fixmedins_code
    rows = [
        _line(rx)
        for rx in books.of_person(asked.conn, psn_no, asked.now_ms)
        if rx.status is Status.VALID
        or (rx.status in (Status.LOCKED, Status.REVIEWED) and rx.pharmacy == here)
    ]
    return {"rx": rows}


def taken(asked: Question) -> Json | No:
    """rx.take: the signed prescription, and from now on nobody else gets it."""
    if (no := _customer(asked)) is not None:
        return no
    rx = books.find(asked.conn, bodies.text(asked.body, "hiRxno"), asked.now_ms)
    if rx is None:
        return No("rx_unknown")
    if rx.psn_no != bodies.text(asked.body, "psn_no"):
        return No("rx_other_person")
    place = asked.terminal
    if rx.attr == books.DUAL and not books.is_dual(asked.conn, place.fixmedins_code):
        return No("rx_not_dual")
    mine = {"pharmacy": place.fixmedins_code, "pharmacy_name": place.fixmedins_name}
    if why := books.happen(asked.conn, rx, On.TAKE, place.fixmedins_code, **mine):
        return No(why)
    key = books.signer(asked.conn, rx.fixmedins_code)
    if key is None or key.cert_sn != rx.cert_sn:
        return No("rx_key_unknown")
    return {
        "hiRxno": rx.hi_rxno,
        "rxFile": rx.document,
        "signDigest": rx.signature,
        "signCertSn": key.cert_sn,
        "signCertDn": key.cert_dn,
        "public": key.public,
    }


def reviewed(asked: Question) -> Json | No:
    """rx.review: what the pharmacist of the counter says."""
    rx = books.find(asked.conn, bodies.text(asked.body, "hiRxno"), asked.now_ms)
    passed, place = asked.body.get("passed"), asked.terminal.fixmedins_code
    if not isinstance(passed, bool):
        raise EdgeError("E-WIR-20", "passed is no yes or no", "send true or false")
    if rx is None:
        return No("rx_unknown")
    on = On.APPROVE if passed else On.REJECT
    if rx.pharmacy != place:
        return No(NO.get((rx.status, on), "rx_locked"))
    if rx.status is Status.REJECTED and on is On.REJECT:
        return {}  # said again: the first no stands, with its time
    said = {
        "reviewer": bodies.text(asked.body, "operator"),
        "opinion": bodies.text(asked.body, "reason", "")[:TEXT_MAX],
        "review_ms": asked.now_ms,
    }
    why = books.happen(asked.conn, rx, on, place, **said)
    return No(why) if why else {}


def freed(asked: Question) -> Json | No:
    """rx.free: not sold here. Said twice, or of one that others have by now, it changes nothing."""
    rx = books.find(asked.conn, bodies.text(asked.body, "hiRxno"), asked.now_ms)
    place = asked.terminal.fixmedins_code
    if rx is not None and rx.pharmacy == place:
        books.happen(asked.conn, rx, On.FREE, place)
    return {}


def accused(asked: Question) -> Json | No:
    """incident with `rx`: the signature of what we told does not hold there. A person must look,
    once for each prescription and terminal; the terminal goes on."""
    code, hi_rxno = bodies.text(asked.body, "code"), bodies.text(asked.body, "rx")
    if code not in ACCUSED:
        raise EdgeError("E-WIR-20", "no such accusation", f"send one of {', '.join(ACCUSED)}")
    if books.find(asked.conn, hi_rxno, asked.now_ms) is None:
        return No("rx_unknown")
    place, data = t.Place(asked.terminal.name), hi_rxno.encode()
    if not t.noted(asked.conn, code, place, data=data):
        t.note(asked.conn, code, asked.now_ms, place, data=data, alarm=True)
    return {}


def _customer(asked: Question) -> No | None:
    """The person is the one whom 1101 told this terminal, and it stands in a pharmacy."""
    if asked.terminal.level != PHARMACY:
        return No("rx_not_pharmacy")
    token = bodies.text(asked.body, "ecToken")
    held = tokens.at_terminal(asked.conn, token, asked.terminal.name)
    fresh = held is not None and held.at_ms > asked.now_ms - tokens.TOKEN_MS
    if held is None or not fresh or held.psn_no != bodies.text(asked.body, "psn_no"):
        return No("identity_unknown")
    return None


def _line(rx: Rx) -> Json:
    written: Any = msgspec.json.decode(rx.document)
    data, drugs = written["data"], written["rxdrugdetail"]
    return {
        "hiRxno": rx.hi_rxno,
        "fixmedinsName": rx.fixmedins_name,
        "prscTime": data["prscTime"],
        "valiEndTime": data["valiEndTime"],
        "rxExraAttrCode": rx.attr,
        "drugs": [drug["drugGenname"] for drug in drugs[:NAMES_MAX]],
        "drugCnt": len(drugs),
    }
