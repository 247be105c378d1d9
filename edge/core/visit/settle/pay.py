"""The second half of a visit: estimate, confirm, record, and the centre's word (or its absence)."""

from __future__ import annotations

from typing import Any, Final

from edge.core import tx
from edge.core.books import dialects
from edge.core.books.passes import Pass
from edge.core.effects import Append, Ask, Effect
from edge.core.events import Pressed, Told
from edge.core.site import FROZEN
from edge.core.types import (
    BillStatus,
    Draft,
    Identity,
    Json,
    Means,
    Mode,
    Now,
    Refusal,
    Split,
)
from edge.core.visit import errand, screens
from edge.core.visit.case import ASK_BYTES, TXID_BYTES, Case, State
from edge.core.visit.refusals import centre_no
from edge.core.visit.settle import dispensing, estimate, paying, staying
from edge.core.visit.ticket import Ticket, card_key, inf_time, person_key
from edge.errors import EdgeError

RECORD_WAIT_MS: Final = (
    30_000  # a commit that takes longer is the store's failure; the visit does not hang on it
)
DECIDED_STATUS: Final = {BillStatus.SETTLED: "settled", BillStatus.ADJUSTED: "adjusted"}


# -- estimate -------------------------------------------------------------------------------------
def prepare(case: Case, now: Now) -> list[Effect]:
    """The person is known (or the card and the face are): what will it cost whom?"""
    if case.identity is None:
        assert case.means is not None, "a way was chosen"
        case.identity = Identity(Means.CARD, "", (), case.card_no)
    if case.errand is not None:
        return errand.known(case, case.errand, now)
    if "prescription" in case.kind.NEEDS and not case.reviewer:
        return dispensing.begin(case, now)
    if "estimate" not in case.kind.NEEDS:
        return _decide(case, now, None)
    return _ask_estimate(case, now) if case.online else _estimate_here(case, now)


def _ask_estimate(case: Case, now: Now) -> list[Effect]:
    case.mode, case.split, case.offer, case.deposit = Mode.ONLINE, None, None, None
    body, saves = _body(case, now)
    case.ask_id = case.site.dice.bytes(ASK_BYTES)
    case.go(State.ESTIMATE, now, case.site.settings.ask_timeout_ms)
    infno = "2303" if case.kind.INFNO == "2304" else "2206"
    return [*saves, Ask(case.ask_id, infno, body), *case.show(screens.working("estimate"), now)]


def told_estimate(case: Case, event: Told, now: Now) -> list[Effect]:
    """The centre's 2206 or 2303."""
    case.ask_id = b""
    if event.infcode != 0:
        return case.refuse(centre_no(event.body, event.err_msg), now)
    setlinfo = event.body.get("setlinfo")
    try:
        split = dialects.read(setlinfo if isinstance(setlinfo, dict) else {})
        stay = staying.read(event.body)
        if not staying.fits(stay, split):
            raise EdgeError("E-TX-08", "the deposit does not add up", "ask the centre")
    except EdgeError as error:
        refusal = Refusal(f"rejected_{error.code}", ("pay_full", "ask_staff"))
        return case.refuse(refusal, now)
    if split.medfee_sumamt_fen != case.bill.amount_fen:
        return case.refuse(Refusal("rejected_amount_differs", ("ask_staff",)), now)
    case.offer = paying.offer_from(event.body)
    case.deposit = stay.deposit if stay is not None else None
    return _decide(case, now, split)


def no_answer_estimate(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The centre went silent between 1101 and 2206."""
    case.gave_up, case.ask_id = True, b""
    return _estimate_here(case, now)


def _estimate_here(case: Case, now: Now) -> list[Effect]:
    case.offer, case.choice = None, paying.Choice()  # no balance is known without the centre
    policy, _ = case.site.in_force(now)
    gate = case.site.decide(case.bill, now, online=False)
    if isinstance(gate, Refusal):
        return case.refuse(gate, now)
    known = _pass_of(case, now)
    split = estimate.local(policy, case.bill, case.person, case.kind.MED_TYPE, known)
    if split is None:
        detail: Json = {"cap": "rules", "limit": 0}
        return case.refuse(Refusal("offline_caps", ("wait_network", "pay_full"), detail), now)
    return _decide(case, now, split, here=True)


def _pass_of(case: Case, now: Now) -> Pass | None:
    """What the centre said of this person before it fell silent."""
    assert case.identity is not None, "prepared"
    return case.site.passes.of(card_key(case.identity, case.person), now)


def _by_pass(case: Case, now: Now) -> bool:
    """The pass names the disease of this bill, on this day."""
    found = _pass_of(case, now)
    if found is None:
        return False
    policy, _ = case.site.in_force(now)
    codes = estimate.disease_codes(policy, case.bill.dise_codg)
    return found.names(codes, inf_time(case.site.settings, now.utc_ms)[:10])


# -- confirm --------------------------------------------------------------------------------------
def _decide(case: Case, now: Now, split: Split | None, *, here: bool = False) -> list[Effect]:
    """Online, provisional, queued or no; then the patient confirms exactly that."""
    assert case.identity is not None, "prepared"
    decision = case.site.decide(
        case.bill,
        now,
        online=case.online,
        fund_fen=split.fund_pay_sumamt_fen if split else 0,
        person=person_key(case.identity, case.person),
        card=card_key(case.identity, case.person),
        by_pass=here and _by_pass(case, now),
    )
    if isinstance(decision, Refusal):
        return case.refuse(decision, now)
    case.mode, case.split, case.estimated_here = decision, split, here
    case.asked += 1
    name = case.person.psn_name if case.person else ""
    case.go(State.CONFIRM, now, case.site.settings.confirm_timeout_ms)
    choice = bool(case.pay_buttons)
    screen = screens.confirm(
        case.bill, name, split, str(decision),
        asks=case.asks, estimate=here, choice=choice, way=case.choice.way,
        due=paying.due(case.offer, case.choice), blocked=paying.blocked(case.offer),
        deposit=case.deposit, rows=() if split else case.kind.slip(case.bill, None),
    )  # fmt: skip
    return case.show(screen, now)


def choose_pay(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The person wants to choose how their part is paid."""
    rows = case.pay_buttons
    if not rows:
        return []
    case.go(State.PAY, now, case.site.settings.confirm_timeout_ms)
    return case.show(screens.pay(case.bill, rows, case.choice), now)


def pay_chosen(case: Case, event: Pressed, now: Now) -> list[Effect]:
    """One of them: the centre works it out anew, and that is what will be confirmed."""
    found = next((one for one in case.pay_buttons if one.value == event.value), None)
    if found is None:
        return []
    case.choice = found.choice
    return prepare(case, now)


def pay_as_before(case: Case, _event: Any, now: Now) -> list[Effect]:
    """Back to the amount, with nothing changed; or what is left without the centre."""
    return prepare(case, now)


def link_gone_confirm(case: Case, _event: Any, now: Now) -> list[Effect]:
    """What the patient sees was meant for online: work it out again, so that they confirm what will
    happen.
    """
    return prepare(case, now) if case.mode is Mode.ONLINE else []


def confirmed(case: Case, event: Pressed, now: Now) -> list[Effect]:
    """The signature: record, message ids and the bill's new state in one turn, and only then a
    screen. A press names what was read (or at least its mode): one that was under way when the
    screen changed, to another mode or another split, signs nothing. What may be done without the centre is asked again: a policy ends, a clock steps.
    """
    if event.value not in ("", str(case.mode), case.asks):
        return []
    if case.site.signs_nothing:
        return case.refuse(FROZEN, now)
    if case.mode is Mode.ONLINE and not case.online:
        return prepare(case, now)
    if case.mode is not Mode.ONLINE and (no := _not_any_more(case, now)) is not None:
        return case.refuse(no, now)
    site = case.site
    policy, policy_hash = site.in_force(now)
    body, saves = _body(case, now, used=_use_pass(case, now))
    case.txid = site.dice.bytes(TXID_BYTES)
    seq = site.next_seq()
    draft = Draft(
        txid=case.txid,
        kind=case.bill.kind,
        mode=case.mode,
        body=body,
        local=_local(case, now) | {"msgid": deciding(body)},
        policy_hash=policy_hash,
        at=now,
    )
    case.recorded_ms = now.mono_ms
    case.go(State.RECORD, now, max(RECORD_WAIT_MS, policy.answer_wait_ms))
    changes = {
        "status": BillStatus.WORKING,
        "seq": seq,
        "means": str(case.means or ""),
        "psn_no": case.person.psn_no if case.person else "",
        "split": case.split,
        "estimate": case.split,
        "slip": case.kind.slip(case.bill, case.split),
        "msgid": deciding(body),
        "pay_way": case.choice.way,
    }
    effects: list[Effect] = [Append(draft), *saves, *case.change_bill(now, **changes)]
    return effects + case.show(screens.working("record"), now)


def _not_any_more(case: Case, now: Now) -> Refusal | None:
    """Why this may no longer be done without the centre, though it might when it was shown."""
    assert case.identity is not None, "prepared"
    decision = case.site.decide(
        case.bill,
        now,
        online=False,
        fund_fen=case.split.fund_pay_sumamt_fen if case.split else 0,
        person=person_key(case.identity, case.person),
        card=card_key(case.identity, case.person),
        by_pass=_by_pass(case, now),
    )
    return decision if isinstance(decision, Refusal) else None


def _use_pass(case: Case, now: Now) -> tuple[Json | None, list[Effect]]:
    """A use of the person's pass, where the kind needs one: counted in the record's own turn."""
    found = _pass_of(case, now)
    needs = case.kind.OFFLINE == tx.VOUCHED and case.mode is Mode.PROVISIONAL
    if found is None or not needs:
        return None, []
    said, save = case.site.passes.use(found)
    return said, [save]


def _body(
    case: Case, now: Now, used: tuple[Json | None, list[Effect]] = (None, [])
) -> tuple[Json, list[Effect]]:
    assert case.identity is not None, "prepared"
    ids, save = case.site.msgids.take(len(case.kind.calls(case.bill)), now)
    # the centre has seen the template in 1101, unless the card said who it is
    known = bool(case.identity.auth_no or case.identity.people) and not case.needs("live")
    ticket = Ticket(
        settings=case.site.settings,
        bill=case.bill,
        identity=case.identity,
        person=case.person,
        mode=case.mode,
        at=now,
        verdict=case.verdict,
        estimate=case.split,
        template=b"" if known else case.template,
        template_model="" if known else case.template_model,
        consent_utc_ms=case.consent_utc_ms,
        consent_lang=case.consent_lang,
        cert_type=case.cert_type,
        match=None if known else case.match,
        choice=case.choice,
        reviewer=case.reviewer,
        visit_pass=used[0],
    )
    return case.kind.body(ticket, ids), [save, *used[1]]


def deciding(body: Json) -> str:
    """The msgid under which the centre books: that of the plan's last message."""
    return str(body["plan"][-1]["msgid"])


def _local(case: Case, now: Now) -> Json:
    """What this terminal must still know after a restart (limits of the outage, whose
    bill it is).
    """
    assert case.identity is not None, "prepared"
    return {
        "bill_id": case.bill_id,
        "bill_no": case.bill.bill_no,
        "kind": case.bill.kind,
        "amount_fen": case.bill.amount_fen,
        "fund_fen": case.split.fund_pay_sumamt_fen if case.split else 0,
        "person": person_key(case.identity, case.person),
        "card": card_key(case.identity, case.person),
        "at_utc_ms": now.utc_ms,
    }


# -- the record and the answer --------------------------------------------------------------------
def recorded(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The record is durable. Online: wait for the centre's word; otherwise the policy already said
    what this is.
    """
    if case.mode is not Mode.ONLINE:
        return _provisional(case, now)
    policy, _ = case.site.in_force(now)
    case.go(State.ANSWER, now, policy.answer_wait_ms)
    return case.show(screens.working("answer"), now, alone=True)


def no_answer(case: Case, _event: Any, now: Now) -> list[Effect]:
    """No word in time: unknown, never failure. Provisional where the policy would have taken it
    offline too.
    """
    bill = case.bill_state
    if (
        bill.status is not BillStatus.WORKING
    ):  # decided in the meantime by an answer that was not for the screen
        return decided(case, None, now)
    assert case.identity is not None, "recorded"
    decision = case.site.decide(
        bill.bill,
        now,
        online=False,
        fund_fen=case.split.fund_pay_sumamt_fen if case.split else 0,
        person=person_key(case.identity, case.person),
        card=card_key(case.identity, case.person),
    )
    # what a bank is to pay is not paid at the desk as well: it stays unknown until the centre says
    at_desk = case.choice.way == paying.CASH and not isinstance(decision, Refusal)
    if case.state is State.ANSWER and at_desk and _could_price(case, now):
        return _provisional(case, now)
    case.go(State.RESULT, now, case.site.settings.result_show_ms)
    effects = case.change_bill(now, status=BillStatus.CONFIRMING)
    return effects + case.show(screens.confirming(), now)


def _could_price(case: Case, now: Now) -> bool:
    """Whether this would have been taken without the centre: nobody insured elsewhere is."""
    policy, _ = case.site.in_force(now)
    return "estimate" not in case.kind.NEEDS or (
        estimate.local(policy, case.bill, case.person, case.kind.MED_TYPE) is not None
    )


def _provisional(case: Case, now: Now) -> list[Effect]:
    case.go(State.RESULT, now, case.site.settings.result_show_ms)
    effects = case.change_bill(now, status=BillStatus.PROVISIONAL)
    bill = case.bill_state
    return effects + case.show(screens.provisional(bill.split, bill.slip), now)


def decided(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The bill of this visit has the centre's word (`answers.py` put it there in this
    same turn).
    """
    state = case.bill_state
    case.go(State.RESULT, now, case.site.settings.result_show_ms)
    outcome = DECIDED_STATUS.get(state.status)
    if outcome is not None:
        difference = _difference(state.estimate, state.split)
        due = next((one.due_date for one in state.paid if one.due_date), "")
        screen = screens.settled(
            outcome, state.split, state.slip, difference, due=due, deposit=state.deposit,
            kind=state.bill.kind,
        )
        return case.show(screen, now)
    if state.status is BillStatus.REJECTED:
        return case.show(screens.refused(state.refusal or Refusal("rejected_unknown")), now)
    return case.show(screens.confirming(), now)


def _difference(estimate_: Split | None, split: Split | None) -> int:
    """What the patient pays more (or less) than the estimate said."""
    if estimate_ is None or split is None:
        return 0
    return split.psn_cash_pay_fen - estimate_.psn_cash_pay_fen


# -- the end --------------------------------------------------------------------------------------
def finish(case: Case, _event: Any, _now: Now) -> list[Effect]:
    """The screen ends itself; the terminal takes the next bill."""
    case.state, case.deadline_ms = State.IDLE, None
    return []


def put_back(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The process stops before anything was recorded: the bill waits for the next start."""
    effects = case.change_bill(now, status=BillStatus.WAITING)
    return effects + finish(case, None, now)


def stop_unanswered(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The process stops while the answer is awaited: the record is safe, the result is unknown."""
    effects: list[Effect] = []
    if case.bill_state.status is BillStatus.WORKING:
        effects = case.change_bill(now, status=BillStatus.CONFIRMING)
    return effects + finish(case, None, now)
