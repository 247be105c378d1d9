"""The visit's table is total, and whatever happens in whatever order, the promises of the terminal
hold.
"""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge.core import events as e
from edge.core.effects import Effect, Show
from edge.core.types import (
    FINAL,
    BillStatus,
    LivenessBand,
    LivenessRules,
    Mode,
    Now,
    Outcome,
)
from edge.core.visit import machine as visit
from edge.core.visit.case import Case, State
from edge.core.visit.machine import BEFORE_RECORD, BY_TYPE, IGNORED, TABLE, In
from tests.core import prescribed
from tests.flows import kit

# events that are the terminal's own business, or that need a look inside before they are an input
NOT_BY_TYPE = {
    e.Tick, e.BillArrived, e.CancelArrived, e.Pressed, e.Freed, e.Answered, e.AnswerBad, e.Told,
    e.PolicyArrived, e.RosterArrived, e.PhotoMeasured, e.Appended, e.Saved, e.StoreLow, e.TaskCloseArrived, e.ReverseArrived, e.CloseAsked,
    e.DayAsked, e.ReconcileAsked, e.Pruned, e.Witnessed, e.SyncAsked, e.Counted,
    e.Inquired, e.ReviewArrived, e.ErrandArrived, e.ErrandLeft, e.AuthExchanged, e.CodeDecoded,
    e.Emitted, e.BoardHealth, e.BoardLine, e.ClearTamperAsked, e.Tampered, e.Nearby,
}  # fmt: skip


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("sign", list(In))
def test_every_input_in_every_state_is_handled_or_ignored_never_both(
    state: State, sign: In
) -> None:
    assert ((state, sign) in TABLE) != (sign in IGNORED[state])


def test_every_event_is_an_input_or_named_as_not_one() -> None:
    assert set(get_args(e.Event)) == set(BY_TYPE) | NOT_BY_TYPE
    assert not set(BY_TYPE) & NOT_BY_TYPE


def test_every_state_is_reached_and_can_end() -> None:
    reached = {State.IDLE}
    for _ in State:
        reached |= {to for (state, _), row in TABLE.items() if state in reached for to in row.to}
    assert reached == set(State)
    for state in State:
        if state is not State.IDLE:
            assert (state, In.TICK) in TABLE and (state, In.STOP) in TABLE
    for state in BEFORE_RECORD:
        assert TABLE[state, In.CANCEL].to == {State.RESULT}


OUTCOMES = st.sampled_from(list(Outcome))
SCREENS_OF_A_DECISION = {"settled"}


def promises(day: AnyDay) -> None:
    """All invariants, for the walk below."""
    day.nothing_is_called_settled_without_an_answer()
    day.one_bill_has_at_most_one_record()
    day.a_visit_always_has_an_end()
    day.offline_promises_stay_within_the_policy()
    day.memory_and_store_say_the_same()


BESIDE = ("policy", "5203", "3201", "incident", "rx.free")  # questions that are not the visit's
LATER = ("cancel", "reverse")  # records about a bill that has one


class AnyDay(RuleBasedStateMachine):
    """Random events in any order, with power cuts. What must hold is in the invariants."""

    @initialize(profile=st.sampled_from(["P0", "P1", "P2", "none"]), seed=st.integers(0, 99))
    def begin(self, profile: str, seed: int) -> None:
        self.desk = kit.Desk(None if profile == "none" else kit.policy(profile), seed=seed)
        self.sent: dict[str, tuple[object, str]] = {}
        self.answered: set[int] = set()
        self.seen = self.fresh = 0
        self.desk.post(e.LinkUp())
        self.desk.answer()  # a first word from the centre, so that the outage's hours can run

    # -- the HIS --------------------------------------------------------------------------------
    @rule(
        kind=st.sampled_from(["settle", "register", "pharmacy", "prescription", "nonsense"]),
        amount=st.sampled_from([0, 1, 100_00, 450_00, 600_00, 6_000_00]),
        number=st.integers(1, 12),
        key=st.integers(1, 12),
        prefer=st.sampled_from(["prefer_online", "prefer_online", "require_online"]),
    )
    def bill(self, kind: str, amount: int, number: int, key: int, prefer: str) -> None:
        bill = kit.bill(kind, amount, f"N{number}", prefer=prefer)
        before = self.desk.bills()
        reply = self.desk.send(bill, f"K{key}")
        assert reply.status in (202, 409, 422, 503)
        known = self.sent.get(f"K{key}")
        if known is not None:
            same = known[0] == bill
            assert reply.status == (202 if same else 422)
            assert not same or reply.body["bill_id"] == known[1]
            assert len(self.desk.bills()) == len(before)
        elif reply.status == 202:
            self.sent[f"K{key}"] = (bill, reply.body["bill_id"])

    @precondition(lambda self: self.desk.bills())
    @rule(pick=st.integers(0, 11), key=st.integers(20, 30))
    def cancel(self, pick: int, key: int) -> None:
        ids = sorted(self.desk.bills())
        reply = self.desk.withdraw(ids[pick % len(ids)], f"K{key}")
        assert reply.status in (200, 202, 404, 409, 422, 503)

    @precondition(lambda self: self.desk.bills())
    @rule(pick=st.integers(0, 11), key=st.integers(40, 50))
    def reverse(self, pick: int, key: int) -> None:
        ids = sorted(self.desk.bills())
        reply = self.desk.reverse(ids[pick % len(ids)], f"K{key}")
        assert reply.status in (202, 404, 409, 422, 503)

    # -- people ---------------------------------------------------------------------------------
    @rule(
        button=st.sampled_from([*visit.BUTTONS, "nonsense"]),
        value=st.sampled_from(["", "0", "1", "9", "auto", "own", "r0", "none"]),
    )
    def presses(self, button: str, value: str) -> None:
        self.desk.post(e.Pressed(str(button), value, 0))

    @rule(
        deeds=st.integers(1, 12),
        way=st.sampled_from(["face", "face", "qr", "card"]),
        kind=st.sampled_from(["settle", "settle", "pharmacy", "register", "prescription"]),
        net=st.sampled_from(["up", "down", "as_is"]),
        live=st.sampled_from([0.9, 0.9, 0.9, 0.1]),
    )
    def a_willing_patient_goes_on(
        self, deeds: int, way: str, kind: str, net: str, live: float
    ) -> None:
        """The way through, cut off anywhere, so that the other rules meet every state."""
        if net != "as_is":
            self.desk.post(e.LinkUp() if net == "up" else e.LinkLost("E-NET-01"))
        if not self.desk.terminal.status(self.desk.now)["bills_active"]:
            self.fresh += 1
            self.desk.send(kit.bill(kind, 100_00, f"W{self.fresh}"))
        for _ in range(deeds):
            self.one_deed(way, live)

    def one_deed(self, way: str, live: float) -> None:
        desk = self.desk
        name, phase = desk.screen.name, desk.screen.fields.get("phase")
        asked = [one for one in desk.asks if one.infno not in BESIDE]
        if name == "ways":
            offered = desk.screen.fields["ways"]
            desk.post(e.Pressed(way if way in offered else offered[0], "", desk.screen.visit))
        elif name == "look":
            kit.good_face(desk)
        elif name == "challenge":
            kit.follow(desk, live)
        elif name == "card":
            desk.post(e.CardRead("A00000001"))
        elif name == "code":
            desk.post(e.CodeSeen("code-1"))
        elif name == "whom":
            desk.post(e.Pressed("choose", "0", desk.screen.visit))
        elif name == "confirm":
            desk.post(e.Pressed("confirm", desk.screen.fields["asks"], desk.screen.visit))
        elif name == "password":
            desk.post(e.Pressed("password", "135246", desk.screen.visit))
        elif name == "prescriptions":
            desk.post(e.Pressed("choose", "0", desk.screen.visit))
        elif name == "review":
            desk.review(desk.terminal._case.bill_id)
        elif name == "pay":
            desk.post(e.Pressed("choose", "r0", desk.screen.visit))
        elif name == "working" and asked and phase != "answer":
            self.centre_tells(good=True, junk=False)
        elif phase == "identify":
            kit.template(desk)

    @rule(
        problem=st.sampled_from([None, "no_face", "two_faces", "too_dark", "turned"]),
        yaw=st.sampled_from([0.0, 35.0, -35.0]),
        live=st.sampled_from([0.9, 0.1]),
    )
    def is_seen(self, problem: str | None, yaw: float, live: float) -> None:
        self.desk.look(problem, yaw, live=live)

    @rule(
        card=st.sampled_from(["A00000001", "", "x" * 99]),
        text=st.sampled_from(["code-1", "", "\x00"]),
    )
    def holds_something_up(self, card: str, text: str) -> None:
        self.desk.post(e.CardRead(card))
        self.desk.post(e.CodeSeen(text))

    @rule(button=st.sampled_from(["cancel", "other_way", "no_light", "done"]))
    def changes_their_mind(self, button: str) -> None:
        self.desk.post(e.Pressed(button, "", 0))

    @rule()
    def the_his_takes_it_back(self) -> None:
        for bill_id, state in self.desk.bills().items():
            if state.status is BillStatus.IN_VISIT:
                self.fresh += 1
                assert self.desk.withdraw(bill_id, f"C{self.fresh}").status == 200

    @rule(slow=st.booleans())
    def the_disk_is_slow(self, slow: bool) -> None:
        self.desk.hold = slow
        if not slow:
            self.desk.release()

    # -- devices, link, store, process ------------------------------------------------------------
    @rule(
        event=st.sampled_from(
            [
                e.CameraLost("E-CAM-02"), e.CameraBack(), e.BoardLost("E-BRD-01"), e.BoardUp({}),
                e.LinkUp(), e.LinkUp(),
                e.LinkLost("E-NET-01"), e.LinkLost("E-NET-02", refused=True), e.Saved(10),
                e.Freed(1, ok=True), e.Freed(2, ok=False), e.TemplateMade(b"t", "m"),
                e.Told(b"late", 0, {}),
            ]
        )
    )  # fmt: skip
    def happens(self, event: e.Event) -> None:
        self.desk.post(event)

    @rule(ms=st.sampled_from([500, 6_000, 9_000, 61_000]))
    def waits(self, ms: int) -> None:
        self.desk.wait(ms)

    @rule(stop=st.booleans(), sure=st.sampled_from([False, False, True]))
    def power_goes(self, stop: bool, sure: bool) -> None:
        if not sure:
            return
        if stop:
            self.desk.post(e.StopAsked())
            assert self.desk.screen.name == "out_of_service"
        self.desk.boot()

    @rule(bad=st.sampled_from(["E-WIR-05", "E-LOG-02"]), sure=st.sampled_from([False] * 5 + [True]))
    def answer_is_bad(self, bad: str, sure: bool) -> None:
        if sure:
            self.desk.post(e.AnswerBad(bad))

    @rule(low=st.sampled_from([False, False, True]))
    def disk(self, low: bool) -> None:
        self.desk.post(e.StoreLow(0) if low else e.Saved(1 << 30))

    # -- the centre -------------------------------------------------------------------------------
    @precondition(lambda self: any(one.infno != "policy" for one in self.desk.asks))
    @rule(good=st.booleans(), junk=st.booleans())
    def centre_tells(self, good: bool, junk: bool) -> None:
        mine = [one for one in self.desk.asks if one.infno not in BESIDE]
        ask = next(iter(mine), None) or next(x for x in self.desk.asks if x.infno != "policy")
        self.desk.asks.remove(ask)
        body: dict[str, object] = {"code": "no_person"}
        if good and ask.infno == "1101":
            body = {
                "authNo": "a",
                "people": [kit.PERSON, kit.CHILD] if not junk else [{"psn_no": 1}],
            }
        elif good and ask.infno == "password":
            body = {}
        elif good and ask.infno in prescribed.TOLD:
            body = {"rx": 5} if junk else prescribed.TOLD[ask.infno]
        elif good and "plan" not in ask.body:  # of a part: what it does not know changes nothing
            body = {"setlinfo": None if junk else {}}
        elif good:
            data = ask.body["plan"][-1]["input"]["data"]
            amount = int(data["medfee_sumamt"].replace(".", ""))
            body = {
                "setlinfo": kit.split_of(kit.bill("settle", amount))
                if not junk
                else {"medfee_sumamt": "1"},
                "payoffer": kit.OFFER if amount % 3 else {"acct": 5},
            }
        self.desk.post(e.Told(ask.ask, 0 if good else -1, body))

    @precondition(lambda self: len(self.answered) < len(self.desk.ledger))
    @rule(outcome=OUTCOMES, count=st.integers(1, 3), junk=st.booleans())
    def centre_answers(self, outcome: Outcome, count: int, junk: bool) -> None:
        results = []
        for entry in self.desk.ledger:
            if entry.seq not in self.answered and len(results) < count:
                state = self.desk.bills()[entry.local["bill_id"]]
                body: dict[str, object] = {"infcode": 0, "mdtrt_id": "M1"}
                if entry.kind in ("settle", "pharmacy", "prescription"):
                    body["setlinfo"] = (
                        {"medfee_sumamt": "1.00"} if junk else kit.split_of(state.bill)
                    )
                results.append((entry.seq, outcome, body))
                self.answered.add(entry.seq)
        self.desk.answer(*results)

    # -- what must hold ---------------------------------------------------------------------------
    @invariant()
    def nothing_is_called_settled_without_an_answer(self) -> None:
        fresh: list[Effect] = self.desk.effects[self.seen :]
        self.seen = len(self.desk.effects)
        for effect in fresh:
            if isinstance(effect, Show) and effect.name in SCREENS_OF_A_DECISION:
                # A bill that is being undone, or is undone, was settled when the screen came up.
                shown = [
                    s
                    for s in self.desk.bills().values()
                    if s.status in ("settled", "adjusted") or s.cancel_seq
                ]
                assert any(state.seq in self.answered for state in shown)
        for state in self.desk.bills().values():
            if state.status in (BillStatus.SETTLED, BillStatus.ADJUSTED, BillStatus.REJECTED):
                assert state.seq in self.answered
            if state.status is BillStatus.CANCELLED and state.seq:
                assert {state.cancel_seq, state.reverse_seq} & self.answered

    @invariant()
    def one_bill_has_at_most_one_record(self) -> None:
        made = [one.local["bill_id"] for one in self.desk.ledger if one.kind not in LATER]
        assert len(made) == len(set(made))
        for entry in self.desk.ledger:
            state = self.desk.bills()[entry.local["bill_id"]]
            assert entry.seq in (state.seq, state.cancel_seq) or entry.kind in LATER
        msgids = [call["msgid"] for draft in self.desk.drafts for call in draft.body["plan"]]
        assert len(msgids) == len(set(msgids))

    @invariant()
    def a_visit_always_has_an_end(self) -> None:
        if self.desk.screen.name not in ("idle", "out_of_service"):
            assert self.desk.terminal.deadline() is not None
            assert self.desk.screen.left_ms > 0

    @invariant()
    def offline_promises_stay_within_the_policy(self) -> None:
        caps = kit.policy("P1").caps
        for draft in self.desk.drafts:
            if draft.mode is Mode.PROVISIONAL:
                assert self.desk.policy is not None
                assert self.desk.policy.profile == "P1"
                assert draft.local["fund_fen"] <= caps.fund_part_max_fen
                assert draft.local["amount_fen"] <= caps.total_max_fen

    @invariant()
    def memory_and_store_say_the_same(self) -> None:
        for bill_id, state in self.desk.bills().items():
            mine = self.desk.terminal.bill(bill_id)
            assert mine == state or (mine is None and state.status in FINAL)


AnyDay.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyDay = AnyDay.TestCase


RX = (State.RX_ASK, State.RX_LIST, State.RX_REVIEW)
WAY_TO = {State.CODE: "qr", State.CARD: "card"}


def reach(state: State) -> AnyDay:
    """A day whose visit stands in this state."""
    day = AnyDay()
    day.begin("P1", 5)
    way = WAY_TO.get(state, "face")
    if state is State.LIGHT:
        must = ("passive", "follows", "form")
        rules = LivenessRules(bands=(LivenessBand(must=must),))
        day.desk.terminal._site.policy = kit.policy("P1", liveness=rules)
        day.desk.post(e.BoardUp({"caps": ["challenge"]}))
    if state is not State.IDLE:
        above = state in (State.PASSWORD, State.PROVE)  # what a face alone may pay
        kind = "prescription" if state in RX else "settle"
        day.desk.send(kit.bill(kind, amount_fen=6_000_00 if above else 100_00))
    for _ in range(14):
        case = day.desk.terminal._case
        if case.state is state:
            return day
        # hold the disk just before the signature, or the record is durable before anybody looks
        day.desk.hold = state is State.RECORD and case.state is State.CONFIRM
        if state is State.PAY and case.state is State.CONFIRM:
            day.presses("pay", "")
        elif case.state is State.ANSWER:
            day.centre_answers(Outcome.SETTLED, 1, junk=False)
        else:
            day.one_deed(way, 0.9)
    raise AssertionError(f"{state} was not reached")


def happen(day: AnyDay, sign: In) -> None:
    """Make the input happen by its real event."""
    desk = day.desk
    case = desk.terminal._case
    plain: dict[In, e.Event] = {
        In.CARD_READ: e.CardRead("A00000001"),
        In.CODE_SEEN: e.CodeSeen("code-1"),
        In.CODE_UNREAD: e.CodeUnread("code_small"),
        In.TEMPLATE: e.TemplateMade(b"t", "m"),
        In.CAMERA_LOST: e.CameraLost("E-CAM-02"),
        In.CAMERA_BACK: e.CameraBack(),
        In.BOARD_UP: e.BoardUp({}),
        In.LIT: e.Lit(0, ()),
        In.BOARD_LOST: e.BoardLost("E-BRD-01"),
        In.LINK_UP: e.LinkUp(),
        In.LINK_LOST: e.LinkLost("E-NET-01"),
        In.STOP: e.StopAsked(),
    }
    if sign in plain:
        desk.post(plain[sign])
    elif sign in visit.BUTTONS:
        desk.post(e.Pressed(str(sign), "135246" if sign is In.PASSWORD else "0", 0))
    elif sign is In.LOOK_SEEN:
        desk.look()
    elif sign is In.TICK:
        desk.wait(max(0, (case.deadline_ms or 0) - desk.now.mono_ms))
    elif sign is In.WITHDRAW:
        day.the_his_takes_it_back()
    elif sign is In.TOLD and case.ask_id:
        day.centre_tells(good=True, junk=False)
    elif sign is In.REVIEW:
        desk.review(case.bill_id)
    elif sign is In.APPENDED:
        desk.release()
    elif sign is In.DECIDED and len(day.answered) < len(desk.ledger):
        day.centre_answers(Outcome.ADJUSTED, 1, junk=False)


# rows that a real terminal can meet by one event; RESULT is decided when the record's answer came
# late
ROWS = sorted(
    (state, sign) for state, sign in TABLE if sign is not In.START and state is not State.IDLE
)


@pytest.mark.parametrize(("state", "sign"), ROWS)
def test_every_row_is_taken_by_a_real_event(
    state: State, sign: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (state, sign) == (State.RESULT, In.DECIDED):
        day = reach(State.ANSWER)
        day.desk.wait(8_000)
        assert day.desk.screen.name == "provisional"
    else:
        day = reach(state)
    taken = []
    real = visit.step

    def noted(case: Case, got: In, event: object, now: Now) -> list[Effect]:
        taken.append((case.state, got))
        return real(case, got, event, now)

    monkeypatch.setattr(visit, "step", noted)
    happen(day, sign)
    assert (state, sign) in taken
    promises(day)


@pytest.mark.parametrize("state", list(State))
def test_after_anything_in_any_state_the_terminal_serves_the_next_patient(state: State) -> None:
    for sign in In:
        day = reach(state)
        happen(day, sign)
        promises(day)
        desk = day.desk
        if sign is In.STOP:
            desk.boot()
        desk.release()
        for event in (e.LinkUp(), e.CameraBack(), e.BoardUp({})):
            desk.post(event)
        desk.wait(200_000)
        assert desk.screen.name == "idle", (state, sign)
        desk.send(kit.bill(number="NEXT"))
        for _ in range(9):
            day.one_deed("face", 0.9)
        day.answered |= {entry.seq for entry in desk.ledger[:-1]}
        day.centre_answers(Outcome.SETTLED, 1, junk=False)
        assert desk.screen.name == "settled", (state, sign)
        promises(day)
