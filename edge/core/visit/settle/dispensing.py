"""Before a prescription has its price: which one, is it really the hospital's, does it fit the bill, and
what does the pharmacist say. The handlers of the states RX_ASK, RX_LIST and RX_REVIEW.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from edge.core import prescription
from edge.core.books.locks import Lock, SaidNo
from edge.core.effects import Ask, Effect
from edge.core.events import Pressed, ReviewArrived, Told
from edge.core.money import decimal
from edge.core.prescription import Prescription
from edge.core.site import OFFLINE_RX
from edge.core.types import BillStatus, Json, Now, Refusal
from edge.core.visit import screens
from edge.core.visit.case import ASK_BYTES, Case, State
from edge.core.visit.refusals import ELSE_STEPS, STEPS, centre_no
from edge.core.visit.ticket import civil
from edge.errors import EdgeError

LIST, TAKE, REVIEW = "rx.list", "rx.take", "rx.review"
LISTED_MAX: Final = 20
LOCKS_MAX: Final = 256  # of one terminal; they go back as soon as there is a network
KEY_BYTES_MAX: Final = 1024
REVIEW_WAIT_MS: Final = 180_000  # a pharmacist reads, and maybe calls the doctor
SUSPECT: Final = frozenset({"rx_forged", "rx_unverifiable"})  # somebody at the centre must look
SIGNED: Final = frozenset({BillStatus.WORKING, BillStatus.CONFIRMING, BillStatus.PROVISIONAL})
UNREADABLE: Final = Refusal("rejected_malformed", ELSE_STEPS)
Short = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=200)]


class Offered(Struct, frozen=True, rename="camel"):
    """One line of the list that the centre tells."""

    hi_rxno: Short
    fixmedins_name: Text
    prsc_time: Short
    vali_end_time: Short
    rx_exra_attr_code: Short
    drugs: Annotated[tuple[Text, ...], Meta(max_length=8)]
    drug_cnt: int


def begin(case: Case, now: Now) -> list[Effect]:
    """The person is known: their prescription. Without the centre only one that is locked here."""
    rxno = case.bill.rxno
    if (said := case.site.locks.refused(rxno)) is not None:
        return case.refuse(prescription.rejected(said.reason), now)
    held_by = case.site.book.get(case.site.locks.bill_of(rxno))
    if held_by is not None and held_by.status in SIGNED:  # in a bag already, whatever comes of it
        return case.refuse(Refusal("rx_dispensed", STEPS["rx_dispensed"]), now)
    if len(case.site.locks.all()) >= LOCKS_MAX and case.site.locks.get(rxno) is None:
        return case.refuse(OFFLINE_RX, now)  # what we hold must go back first
    if not case.online:
        lock = case.site.locks.get(rxno)
        return case.refuse(OFFLINE_RX, now) if lock is None else _held(case, lock, now)
    return _ask(case, TAKE, {"hiRxno": rxno}, now) if rxno else _ask(case, LIST, {}, now)


def _ask(case: Case, what: str, more: Json, now: Now) -> list[Effect]:
    assert case.person is not None, "with the centre a person is known"
    who = {"psn_no": case.person.psn_no, "ecToken": case.person.ec_token}
    case.ask_id, case.rx_ask = case.site.dice.bytes(ASK_BYTES), what
    case.go(State.RX_ASK, now, case.site.settings.ask_timeout_ms)
    return [Ask(case.ask_id, what, who | more), *case.show(screens.working("rx"), now)]


def told(case: Case, event: Told, now: Now) -> list[Effect]:
    """The centre's answer to whichever of the three it was."""
    case.ask_id = b""
    if event.infcode != 0:
        return case.refuse(centre_no(event.body, event.err_msg), now)
    if case.rx_ask == LIST:
        return _listed(case, event.body, now)
    return _taken(case, event.body, now) if case.rx_ask == TAKE else _go_on(case, now, heard=True)


def no_answer(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The centre went silent. What was said here holds; what was asked for may be locked for us."""
    case.gave_up, case.ask_id = True, b""
    if case.rx_ask == REVIEW:
        return _go_on(case, now, heard=False)
    effects: list[Effect] = []
    if case.rx_ask == TAKE:
        effects += case.site.locks.put(Lock(case.bill.rxno, case.bill_id))
    return effects + case.refuse(OFFLINE_RX, now)


# -- which ----------------------------------------------------------------------------------------
def _listed(case: Case, body: Json, now: Now) -> list[Effect]:
    try:
        rows = msgspec.convert(body.get("rx"), list[Offered])
    except msgspec.ValidationError:
        return case.refuse(UNREADABLE, now)
    if not rows:
        return case.refuse(Refusal("rx_none", ("ask_staff", "pay_full")), now)
    case.rx_rows = tuple(rows[:LISTED_MAX])
    case.go(State.RX_LIST, now, case.site.settings.confirm_timeout_ms)
    shown = [msgspec.structs.asdict(one) | {"value": str(at)} for at, one in enumerate(case.rx_rows)]
    return case.show(screens.prescriptions(shown), now)


def chosen(case: Case, event: Pressed, now: Now) -> list[Effect]:
    """This one. From now on the bill names it."""
    numbers = {str(at): one.hi_rxno for at, one in enumerate(case.rx_rows)}
    rxno = numbers.get(event.value)
    if rxno is None:
        return []
    effects = case.change_bill(now, bill=replace(case.bill, rxno=rxno))
    return effects + begin(case, now)


# -- is it what it says? --------------------------------------------------------------------------
def _taken(case: Case, body: Json, now: Now) -> list[Effect]:
    rxno = case.bill.rxno
    document = body.get("rxFile")
    found = checked(case, body, now)
    if isinstance(found, Refusal):  # locked for us at the centre: it must go back
        suspect = found.code if found.code in SUSPECT else ""
        lock = Lock(rxno, case.bill_id, suspect=suspect)
        return case.site.locks.put(lock) + case.refuse(found, now)
    assert isinstance(document, bytes), "checked"
    lock = Lock(rxno, case.bill_id, document, found.data.rx_exra_attr_code)
    return case.site.locks.put(lock) + _review(case, found, now)


def checked(case: Case, body: Json, now: Now) -> Prescription | Refusal:
    """The hospital's signature first, by the key that the policy names, then what it says: this number, this person, this bill, now."""
    assert case.person is not None, "with the centre a person is known"
    given = [body.get(name) for name in ("public", "signDigest", "rxFile")]
    if not all(isinstance(part, bytes) for part in given):
        return Refusal("rx_forged", ("ask_staff",))
    public, signature, document = (bytes(part or b"") for part in given)
    if len(document) > prescription.BYTES_MAX or len(public) > KEY_BYTES_MAX:
        return Refusal("rx_forged", ("ask_staff",))
    if case.site.signed is None:
        return Refusal("rx_unverifiable", ("ask_staff",))
    try:
        genuine = case.site.signed(public, signature, document)
        rx = prescription.read(document)
    except EdgeError as error:
        return Refusal("rx_forged", ("ask_staff",), {"code": error.code})
    if not genuine or (rx.hi_rxno, rx.mdtrtinfo.psn_no) != (case.bill.rxno, case.person.psn_no):
        return Refusal("rx_forged", ("ask_staff",))
    held = case.site.policy  # also one that is over: no later word of the centre lifted its pins
    if held is not None and not prescription.pinned(held.hospital_keys, rx, public):
        return Refusal("rx_unverifiable", ("ask_staff",))
    return _fits(case, rx, now) or rx


def _fits(case: Case, rx: Prescription, now: Now) -> Refusal | None:
    """Not over, and the bill asks for no more than was prescribed."""
    today: datetime = civil(case.site.settings, now.utc_ms).replace(tzinfo=None)
    if today > prescription.until(rx):
        return Refusal("rx_expired", ELSE_STEPS)
    left = prescription.amounts(rx)
    for line in case.bill.lines:
        left[line.med_list_codg] = left.get(line.med_list_codg, decimal("0")) - decimal(line.cnt)
        if left[line.med_list_codg] < 0:
            return Refusal("rx_mismatch", ("ask_staff",), {"drug": line.medins_list_name})
    return None


def _held(case: Case, lock: Lock, now: Now) -> list[Effect]:
    """Locked here before the network went: read and checked then, and the bill may be another one."""
    rx = prescription.read(lock.document)
    if (no := _fits(case, rx, now)) is not None:
        return case.refuse(no, now)
    return case.site.locks.put(replace(lock, bill_id=case.bill_id)) + _review(case, rx, now)


# -- the pharmacist -------------------------------------------------------------------------------
def _review(case: Case, rx: Prescription, now: Now) -> list[Effect]:
    case.go(State.RX_REVIEW, now, REVIEW_WAIT_MS)
    shown = _shown(rx)
    return [*case.change_bill(now, prescription=shown), *case.show(screens.review(shown), now)]


def _shown(rx: Prescription) -> Json:
    """The prescription as screen and HIS show it."""
    seen = rx.mdtrtinfo
    return {
        "hi_rxno": rx.hi_rxno,
        "fixmedins_name": seen.fixmedins_name,
        "dept": seen.prsc_dept_name,
        "doctor": seen.prsc_dr_name,
        "person": seen.patn_name,
        "prsc_time": rx.data.prsc_time,
        "vali_end_time": rx.data.vali_end_time,
        "attr": rx.data.rx_exra_attr_code,
        "diagnoses": [one.diag_name for one in rx.diseinfo],
        "drugs": [msgspec.structs.asdict(drug) for drug in rx.drugs],
    }


def reviewed(case: Case, event: ReviewArrived, now: Now) -> list[Effect]:
    """The pharmacist's word; the hospital will ask for it (D006)."""
    case.reviewer, case.review_reason = event.operator, "" if event.passed else event.reason
    case.review_no = not event.passed
    if not case.online:
        return _go_on(case, now, heard=False)
    said = {
        "hiRxno": case.bill.rxno,
        "passed": event.passed,
        "operator": event.operator,
        "reason": event.reason,
    }
    return _ask(case, REVIEW, said, now)


def not_reviewed(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The pharmacist did not come."""
    return case.refuse(Refusal("rx_not_reviewed", ("ask_staff", "try_again")), now)


def _go_on(case: Case, now: Now, *, heard: bool) -> list[Effect]:
    """To the price, or the end. A no that the centre has not heard is told as soon as it can be, and
    nothing is dispensed on it here meanwhile."""
    from edge.core.visit.settle import pay

    if case.review_no:
        said_no = None if heard else SaidNo(case.reviewer, case.review_reason)
        lock = Lock(case.bill.rxno, case.bill_id, giving_back=True, said_no=said_no)
        no = prescription.rejected(case.review_reason)
        return case.site.locks.put(lock) + case.refuse(no, now)
    return pay.prepare(case, now)
