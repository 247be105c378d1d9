"""Taking back what is unknown (2601): what staff ask, and what the centre's word does to the bill.

While a reversal is under way the bill stays undecided whatever else arrives: its number is not
free, and nothing is charged for it again before the reversal has its receipt.
"""

from __future__ import annotations

from typing import Any, Final

from edge.core.books import his
from edge.core.effects import Append, Effect, Reply
from edge.core.events import CancelArrived, ReverseArrived
from edge.core.limits import clock_back_ms
from edge.core.site import Site
from edge.core.tx import reverse
from edge.core.types import (
    BillState,
    BillStatus,
    Draft,
    Identity,
    Json,
    Means,
    Mode,
    Now,
    Outcome,
    Person,
    Refusal,
    Result,
)
from edge.core.visit.ticket import Ticket

SETTLE, CANCEL = "settle", "cancel"
GOOD: Final = frozenset({Outcome.SETTLED, Outcome.ADJUSTED, Outcome.DUPLICATE})
MEANWHILE: Final = {SETTLE: BillStatus.CONFIRMING, CANCEL: BillStatus.WORKING}


def voids(site: Site, event: CancelArrived) -> bool:
    """A cancel of what is only provisional: an offline record is never deleted, a signed one behind it
    takes it back (DOMAIN §4.3). In the chain the centre always meets the original first.
    """
    state = site.book.get(event.bill_id)
    known = site.book.remembered(event.key) is not None
    return not known and state is not None and state.status is BillStatus.PROVISIONAL


def arrived(
    site: Site, event: ReverseArrived | CancelArrived, now: Now, closed: str
) -> list[Effect]:
    """POST /v1/bills/{id}/reverse, and a cancel that `voids`."""
    known = site.book.remembered(event.key)
    if known is not None:
        return [his.again(event, known)]
    if event.state is not None and event.state.bill_id == event.bill_id:
        site.book.adopt(event.state)
    state = site.book.get(event.bill_id)
    if state is None:
        no = his.problem(404, "E-HIS-06", "No such bill", "check the id")
        return [Reply(event.call, *no)]
    if state.reverses:
        return his.answered(site, event, 202, str(state.status))
    refused = _cannot(site, state, now) or his.no_new_work(closed)
    if refused is not None:
        return [Reply(event.call, *refused)]
    effects = _record(site, state, now)
    return effects + his.answered(site, event, 202, str(MEANWHILE[_what(state)]))


def _what(state: BillState) -> str:
    return CANCEL if state.status is BillStatus.WORKING else SETTLE


def _cannot(site: Site, state: BillState, now: Now) -> tuple[int, Json] | None:
    if state.status is BillStatus.WORKING and not state.cancel_seq:
        hint = "wait until the bill is confirming; the centre may answer any moment"
        return his.problem(409, "E-TX-05", "The bill is working", hint)
    refusal = reverse.check(state.bill, state)
    if refusal is not None:
        hint = "a settled bill is cancelled, an ended one needs nothing"
        return his.problem(409, refusal.code, str(refusal.detail.get("why", "")), hint)
    if clock_back_ms(site.outage(), now) > site.in_force(now)[0].caps.clock_back_max_ms:
        return his.problem(503, "E-TX-11", "The terminal's clock went back", "set the clock")
    return None


def _record(site: Site, state: BillState, now: Now) -> list[Effect]:
    found = reverse.takes_back(state)
    assert found is not None, "checked"
    oinfno, omsgid = found
    ids, save = site.msgids.take(1, now)
    person = Person(state.psn_no, "", "", "", "")
    mode = Mode.ONLINE if site.link_up else Mode.QUEUED
    ticket = Ticket(
        settings=site.settings,
        bill=state.bill,
        identity=Identity(Means(state.means) if state.means else Means.CARD, "", (person,)),
        person=person,
        mode=mode,
        at=now,
        omsgid=omsgid,
        oinfno=oinfno,
    )
    local = {"bill_id": state.bill_id, "bill_no": state.bill.bill_no, "kind": reverse.KIND}
    draft = Draft(
        txid=site.dice.bytes(his.TXID_BYTES),
        kind=reverse.KIND,
        mode=mode,
        body=reverse.body(ticket, ids),
        local=local | {"msgid": ids[0]},
        policy_hash=site.in_force(now)[1],
        at=now,
    )
    what = _what(state)
    changes = {"status": MEANWHILE[what], "reverses": what, "reverse_seq": site.next_seq()}
    changes |= {"refusal": None}
    return [Append(draft), save, *site.book.change(state.bill_id, now, **changes)]


# -- the centre's words ---------------------------------------------------------------------------
def held(state: BillState, seq: int, changes: dict[str, Any]) -> dict[str, Any]:
    """The word on what is being taken back: noted, but the bill is not decided by it any more."""
    what, _, known = state.reverses.partition(":")
    if what:
        mine = seq == (state.cancel_seq if what == CANCEL else state.seq)
        if mine and not known:
            changes = {**changes, "reverses": f"{what}:{changes['status']}"}
        return {**changes, "status": MEANWHILE[what]}
    if not state.reverse_seq or seq > state.reverse_seq:
        return changes
    # The reversal was decided first and its word stands. Only what the late word says of the
    # settlement itself is kept.
    return {name: value for name, value in changes.items() if name in ("setl_id", "mdtrt_id")}


def decided(state: BillState, result: Result, refusal: Refusal) -> dict[str, Any]:
    """The word on the reversal itself."""
    what, _, known = state.reverses.partition(":")
    if not what:
        return {}
    if result.outcome not in GOOD:  # it stands as it was
        status = BillStatus(known) if known else MEANWHILE[what]
        kept = state.refusal if status is BillStatus.REJECTED else refusal
        return {"status": status, "reverses": "", "reverse_seq": 0, "refusal": kept}
    if what == SETTLE:
        return {"status": BillStatus.CANCELLED, "reverses": "", "refusal": None}
    moved = state.estimate is not None and state.split != state.estimate
    status = BillStatus.ADJUSTED if moved else BillStatus.SETTLED
    return {"status": status, "reverses": "", "refusal": None, "cancel_seq": 0}
