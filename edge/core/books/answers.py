"""The centre's decisions, put on the bills they belong to: whoever stands in front of the screen by
then.
"""

from __future__ import annotations

from typing import Any, Final

from edge.core.books import dialects, reversal
from edge.core.effects import Effect
from edge.core.site import Site
from edge.core.types import BillState, BillStatus, Entry, Json, Now, Outcome, Refusal, Result
from edge.core.visit.refusals import ELSE_STEPS, centre_no
from edge.core.visit.settle import paying, staying
from edge.errors import EdgeError

TEXT_CHARS_MAX: Final = 64
GIVEN_MAX: Final = 16
# what the centre may give out with a record, beside money: names of the slip's lines
GIVES: Final = frozenset({
    "voucher_no", "channel", "town", "given_at", "step", "step_ticket", "step_next", "service_no",
    "card_no", "card_state", "card_gen", "entitlement", "subsidy",
})  # fmt: skip
NO: Final = frozenset({Outcome.REJECTED, Outcome.EXPIRED, Outcome.SUSPECT})


def apply(site: Site, entry: Entry, result: Result, now: Now) -> list[Effect]:
    """Update the bill of one decided record. Nothing to do when the bill is no longer in memory."""
    bill_id = str(entry.local.get("bill_id", ""))
    state = site.book.get(bill_id)
    if state is None:
        return []
    if entry.kind == "reverse":
        changes = reversal.decided(state, result, _refusal(result))
    elif entry.kind == "cancel":
        changes = reversal.held(state, entry.seq, _cancelled(state, result))
    else:
        changes = reversal.held(state, entry.seq, _decided(site, state, result))
    return site.book.change(bill_id, now, **changes) if changes else []


def _decided(site: Site, state: BillState, result: Result) -> dict[str, Any]:
    body = result.body
    setlinfo = body.get("setlinfo")
    first = setlinfo if isinstance(setlinfo, dict) else {}
    repeated = result.outcome is Outcome.DUPLICATE and not first and not body.get("mdtrt_id")
    if result.outcome in NO or repeated:
        return {"status": BillStatus.REJECTED, "refusal": _refusal(result)}
    status = BillStatus.ADJUSTED if result.outcome is Outcome.ADJUSTED else BillStatus.SETTLED
    changes: dict[str, Any] = {
        "status": status,
        "setl_id": _text(first, "setl_id"),
        "mdtrt_id": _text(body, "mdtrt_id") or _text(first, "mdtrt_id"),
        "psn_no": state.psn_no or _text(first, "psn_no"),
        "refusal": None,
    }
    if given := _given(body):
        changes["slip"] = (*state.slip, *given)
    if filed := _text(body, "trt_dcla_detl_sn"):
        changes["slip"] = (*state.slip, ("slip.trt_dcla_detl_sn", filed))
    if wallet := paying.wallet_slip(body):
        changes["slip"] = (*state.slip, *wallet)
    try:
        stay = staying.read(body)
        if not first:
            return changes | _stay(state, stay)
        split, paid = dialects.read(first), paying.paid_from(body)
        if not staying.fits(stay, split):
            raise EdgeError("E-TX-08", "the deposit does not add up", "ask the centre")
    except EdgeError as error:
        # decided and logged, but its sums are wrong: nobody is told an amount; staff must ask
        refusal = Refusal(f"rejected_{error.code}", ("ask_staff",))
        return changes | {"status": BillStatus.CONFIRMING, "refusal": refusal}
    if split.medfee_sumamt_fen != state.bill.amount_fen:  # not this bill: nobody is told an amount
        refusal = Refusal("rejected_amount_differs", ("ask_staff",))
        return changes | {"status": BillStatus.CONFIRMING, "refusal": refusal}
    kind = site.kinds[state.bill.kind]
    slip = (*kind.slip(state.bill, split), *paying.slip(paid), *staying.slip(stay))
    deposit = stay.deposit if stay is not None else None
    return changes | {"split": split, "slip": slip, "paid": paid, "deposit": deposit}


def _stay(state: BillState, stay: staying.Stay | None) -> dict[str, Any]:
    """What an admission or a deposit leaves: its number, by which it is undone."""
    if stay is None:
        return {}
    slip = (*state.slip, *staying.slip(stay))
    return {"setl_id": stay.number, "deposit": stay.deposit, "slip": slip}


def _given(body: Json) -> tuple[tuple[str, str], ...]:
    """`given`: what the centre gave out, as lines of the slip. What cannot be read is left out."""
    rows = body.get("given")
    if not isinstance(rows, list):
        return ()
    return tuple((f"slip.{row[0]}", row[1][:TEXT_CHARS_MAX]) for row in rows[:GIVEN_MAX] if _pair(row))


def _pair(row: Any) -> bool:
    two = isinstance(row, list) and len(row) == len(("name", "value"))
    return two and all(isinstance(one, str) for one in row) and row[0] in GIVES


def _cancelled(state: BillState, result: Result) -> dict[str, Any]:
    """2208/2103: done (also when it had been done before), or the bill stands as it was."""
    if result.outcome in (Outcome.SETTLED, Outcome.ADJUSTED, Outcome.DUPLICATE):
        return {"status": BillStatus.CANCELLED, "refusal": None}
    moved = state.estimate is not None and state.split != state.estimate
    status = BillStatus.ADJUSTED if moved else BillStatus.SETTLED
    return {"status": status, "refusal": _refusal(result)}


def _refusal(result: Result) -> Refusal:
    if result.outcome is Outcome.REJECTED:
        refusal = centre_no(result.body, _text(result.body, "err_msg"))
        if refusal.code.startswith("rejected_"):
            return refusal
        return Refusal(f"rejected_{refusal.code}", refusal.next_steps, refusal.detail)
    return Refusal(f"rejected_{result.outcome}", ELSE_STEPS)


def _text(form: Json, name: str) -> str:
    value = form.get(name, "")
    return value[:TEXT_CHARS_MAX] if isinstance(value, str) else ""
