"""What the HIS asks: bills and cancels, each answered exactly once, and the same key always with
the same answer.
"""

from __future__ import annotations

from typing import Final

from edge.core.books.bills import Remembered
from edge.core.effects import Append, Effect, Reply
from edge.core.events import (
    BillArrived,
    CancelArrived,
    ReverseArrived,
    ReviewArrived,
    TaskCloseArrived,
)
from edge.core.limits import clock_back_ms
from edge.core.site import Site
from edge.core.types import (
    BillState,
    BillStatus,
    Draft,
    Identity,
    Json,
    Means,
    Mode,
    Now,
    Person,
)
from edge.core.visit.ticket import Ticket

Keyed = BillArrived | CancelArrived | ReverseArrived | ReviewArrived | TaskCloseArrived
KEY_CHARS_MAX: Final = 255
ERROR_TYPE: Final = "https://facepay.invalid/errors/"
TXID_BYTES: Final = 16
# a cancel says who by the settlement itself; these are the statuses in which the record is on its
# way
UNDER_WAY: Final = frozenset({BillStatus.WORKING, BillStatus.CONFIRMING, BillStatus.PROVISIONAL})
ENDED: Final = frozenset({BillStatus.REFUSED, BillStatus.REJECTED})


def problem(status: int, code: str, title: str, hint: str) -> tuple[int, Json]:
    """An RFC 9457 body with its status."""
    body = {
        "type": ERROR_TYPE + code,
        "title": title,
        "status": status,
        "detail": title,
        "code": code,
        "hint": hint,
    }
    return status, body


def bill_arrived(site: Site, event: BillArrived, now: Now, closed: str) -> list[Effect]:
    """POST /v1/bills. `closed` is why nothing new is taken, "" = open."""
    known = site.book.remembered(event.key)
    if known is not None:
        return [again(event, known)]
    no = no_new_work(closed) or _bad_bill(site, event)
    if no is not None:
        return [Reply(event.call, *no)]
    state, effects = site.book.add(event.bill, now)
    body = {"bill_id": state.bill_id, "status": str(state.status)}
    answer = Remembered(event.body_hash, 202, body, state.bill_id, event.bill.bill_no)
    effects += site.book.remember(event.key, answer)
    return [*effects, Reply(event.call, 202, body)]


def again(event: Keyed, known: Remembered) -> Reply:
    """The same key: the same answer to the same body, E-HIS-03 to another one."""
    if known.body_hash == event.body_hash:
        return Reply(event.call, known.status, known.body)
    hint = "use a new Idempotency-Key for a new request"
    return Reply(
        event.call,
        *problem(422, "E-HIS-03", "This Idempotency-Key was used for another body", hint),
    )


def no_new_work(closed: str) -> tuple[int, Json] | None:
    """Why nothing new is signed now."""
    if not closed:
        return None
    code = "E-HIS-09" if closed == "stopping" else "E-HIS-10"
    return problem(503, code, f"The terminal takes no new work: {closed}", "try again later")


def _bad_bill(site: Site, event: BillArrived) -> tuple[int, Json] | None:
    bill = event.bill
    kind = site.kinds.get(bill.kind)
    if kind is None:
        names = ", ".join(sorted(site.kinds))
        return problem(422, "E-TX-01", "Unknown kind of bill", f"this terminal does: {names}")
    refusal = kind.check(bill)
    if refusal is not None:
        return problem(422, refusal.code, str(refusal.detail.get("why", "")), "correct the bill")
    holder = site.book.holder(bill.bill_no)
    if holder:
        hint = f"it is bill {holder}; ask for it, or use the same Idempotency-Key"
        return problem(409, "E-HIS-08", "This bill_no is already being handled", hint)
    if len(site.book.waiting()) >= site.settings.bills_waiting_max:
        return problem(503, "E-HIS-07", "The queue of this terminal is full", "try again later")
    return None


def cancel_arrived(
    site: Site, event: CancelArrived, now: Now, closed: str
) -> tuple[list[Effect], bool]:
    """POST /v1/bills/{id}/cancel. True = the bill is in front of the patient: the visit must end
    it.
    """
    known = site.book.remembered(event.key)
    if known is not None:
        return [again(event, known)], False
    if event.state is not None and event.state.bill_id == event.bill_id:
        site.book.adopt(event.state)
    state = site.book.get(event.bill_id)
    if state is None:
        return [Reply(event.call, *problem(404, "E-HIS-06", "No such bill", "check the id"))], False
    if state.status is BillStatus.IN_VISIT:
        return answered(site, event, 200, "cancelled"), True
    if state.status is BillStatus.WAITING:
        effects = site.book.change(state.bill_id, now, status=BillStatus.CANCELLED)
        return effects + answered(site, event, 200, "cancelled"), False
    if state.status is BillStatus.CANCELLED:
        return answered(site, event, 200, "cancelled"), False
    no = _cannot_cancel(site, state, now) or no_new_work(closed)
    if no is not None:
        return [Reply(event.call, *no)], False
    effects = _cancel_record(site, state, now)
    return effects + answered(site, event, 202, "working"), False


def review_arrived(
    site: Site, event: ReviewArrived, *, here: bool
) -> tuple[list[Effect], bool]:
    """POST /v1/bills/{id}/review. True = the visit waits for exactly this."""
    known = site.book.remembered(event.key)
    if known is not None:
        return [again(event, known)], False
    if not here:
        hint = "review while the bill's prescription is on the screen"
        no = problem(409, "E-HIS-61", "No prescription waits for a review", hint)
        return [Reply(event.call, *no)], False
    return answered(site, event, 200, "passed" if event.passed else "rejected"), True


def answered(
    site: Site, event: CancelArrived | ReverseArrived | ReviewArrived, status: int, word: str
) -> list[Effect]:
    """The answer, remembered for its key."""
    body = {"bill_id": event.bill_id, "status": word}
    answer = Remembered(event.body_hash, status, body, event.bill_id)
    return [*site.book.remember(event.key, answer), Reply(event.call, status, body)]


def _cannot_cancel(site: Site, state: BillState, now: Now) -> tuple[int, Json] | None:
    if state.status in UNDER_WAY:
        hint = "wait until the bill is decided; nothing is charged twice"
        return problem(409, "E-TX-05", f"The bill is {state.status}", hint)
    if state.status in ENDED:
        return problem(409, "E-TX-05", f"The bill is {state.status}", "there is nothing to cancel")
    refusal = site.kinds["cancel"].check(state.bill, state)
    if refusal is not None:
        return problem(409, refusal.code, str(refusal.detail.get("why", "")), "ask the centre")
    if not site.link_up:
        hint = "try again when the network is back; no money is given back before"
        return problem(503, "E-TX-09", "A settlement is not cancelled without the centre", hint)
    if clock_back_ms(site.outage(), now) > site.in_force(now)[0].caps.clock_back_max_ms:
        return problem(503, "E-TX-11", "The terminal's clock went back", "set the clock")
    return None


def _cancel_record(site: Site, state: BillState, now: Now) -> list[Effect]:
    """The signed request to undo. Who: the person of the settlement; the staff's login is the HIS's
    affair.
    """
    kind = site.kinds["cancel"]
    means = Means(state.means) if state.means else Means.CARD
    person = Person(state.psn_no, "", "", "", "")
    ids, save = site.msgids.take(len(kind.calls(state.bill)), now)
    ticket = Ticket(
        settings=site.settings,
        bill=state.bill,
        identity=Identity(means, "", (person,)),
        person=person,
        mode=Mode.ONLINE,
        at=now,
        setl_id=state.setl_id,
        mdtrt_id=state.mdtrt_id,
    )
    local = {"bill_id": state.bill_id, "bill_no": state.bill.bill_no, "kind": kind.KIND}
    draft = Draft(
        txid=site.dice.bytes(TXID_BYTES),
        kind=kind.KIND,
        mode=Mode.ONLINE,
        body=kind.body(ticket, ids),
        local=local | {"msgid": ids[-1]},
        policy_hash=site.in_force(now)[1],
        at=now,
    )
    seq = site.next_seq()
    changes = {
        "status": BillStatus.WORKING,
        "cancel_seq": seq,
        "cancel_msgid": ids[-1],
        "refusal": None,
    }
    return [Append(draft), save, *site.book.change(state.bill_id, now, **changes)]
