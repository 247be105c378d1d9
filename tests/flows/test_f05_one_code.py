"""F05 一码付: one scan for insurance, account and the own part at a bank: two legs, never half paid.
The matrix of states is the plan: each leg is killed, lost, refused and repeated at each point.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.core.money import yuan
from edge.core.types import BillStatus, Now
from sim.bank.bank import SimBank
from sim.bank.line import Killed, Line
from sim.centre.books import entitlements, ledgers, orders, store
from sim.centre.books.orders import BEGIN, FINAL, LATE, TABLE, Ins, On, Own
from sim.centre.books.people import PersonSpec
from sim.centre.civil import civil
from sim.centre.deciding import clearing
from sim.centre.desk import Centre
from tests.centre.kit import rows_of

ZHANG = PersonSpec("SYN-Z", "测试张", balance_fen=50_00, cards=(("CZ", "03"),))
AT_BANK = 1_000_00
PART = 190_00  # 300.00 less 60.00 of the fund and 50.00 of the account
OPS = ("hold", "capture", "give_back")


@pytest.fixture
def counter(clinic, tmp_path: Path):
    """A counter whose customer has a bank, and the line to it."""
    bank = SimBank(tmp_path / "bank.db", [("SYN-Z", AT_BANK)])
    line = Line(bank)
    (desk,) = clinic([ZHANG], {"fixmedins_code": "H51010000001", "level": "l2"}, bank=line)
    desk.at_centre(orders.sign, "SYN-Z", orders.ONECODE)
    yield desk, line
    nothing_is_half_paid(desk, bank)
    bank.close()


def chosen(desk, number: str = "B1", amount_fen: int = 300_00):
    """Up to the confirmation, with one code for the rest."""
    desk.until_confirm(number, amount_fen, ZHANG).press("pay")
    desk.press("choose", "way:onecode").sees("confirm", way="onecode")
    return desk


def nothing_is_half_paid(desk, bank: SimBank) -> None:
    """The promise: what is booked is paid, what is not booked is not, to the fen, in both books."""
    desk.now = Now(desk.now.utc_ms + orders.HOLD_MS, desk.now.mono_ms + orders.HOLD_MS)
    for _ in range(3):
        desk.centre.work(desk.now.utc_ms)
    rows = rows_of(desk.centre, store.pay_orders)
    assert all((Ins(row["ins"]), Own(row["own"])) in FINAL for row in rows), rows
    live = {row["setl_id"] for row in rows_of(desk.centre, store.settlements) if row["live"]}
    paid = sum(row["fen"] for row in rows if row["own"] == "paid")
    for row in rows:
        assert (row["ins"] == "booked") == (row["own"] == "paid") == (row["setl_id"] in live)
    assert bank.totals() == (0, paid)
    assert bank.balance("SYN-Z") == AT_BANK - paid
    assert desk.balance("bank:onecode") == -paid


# -- the table ------------------------------------------------------------------------------------
def test_f05_the_table_is_total_and_every_way_ends_with_both_legs_or_none() -> None:
    reached = {BEGIN}
    for _ in TABLE:
        reached |= {to for (pair, _), to in TABLE.items() if pair in reached}
    assert reached == {pair for (pair, _), _ in TABLE.items()} | set(TABLE.values())
    assert reached >= FINAL
    assert not {(pair, on) for pair, on in LATE if (pair, on) in TABLE}
    for ins, own in FINAL:
        assert (ins is Ins.BOOKED) == (own is Own.PAID)
    ends = set(FINAL)  # backwards: from every pair that can be, an end can be reached
    for _ in TABLE:
        ends |= {pair for (pair, _), to in TABLE.items() if to in ends}
    assert reached <= ends
    waits = {Own.ASKED, Own.CAPTURE, Own.BACK, Own.HELD}
    assert all((own in waits) == ((ins, own) not in FINAL) for ins, own in reached)


@pytest.mark.parametrize("pair", sorted({pair for (pair, _), _ in TABLE.items()} | set(FINAL)))
@pytest.mark.parametrize("on", list(On))
def test_f05_what_cannot_happen_is_said(pair, on: On) -> None:
    """Each pair × event is a row, late (and changes nothing), or cannot be: the last are listed by
    why."""
    cannot = {
        On.BOOK: pair != (Ins.NONE, Own.HELD),  # only what is held is booked
        On.DROP: pair[0] is not Ins.NONE,  # what was booked is undone, not dropped
        On.UNDO: pair[0] is Ins.NONE,  # and the other way round
        On.HELD: pair[0] is not Ins.NONE,
        On.NO_HOLD: pair[0] is not Ins.NONE,
        On.CAPTURED: pair[0] is Ins.NONE,
        On.NO_CAPTURE: pair[0] is Ins.NONE or pair[1] is Own.PAID,
        On.GIVEN: pair[1] not in (Own.BACK, Own.GIVEN),
    }
    assert ((pair, on) in TABLE) + ((pair, on) in LATE) + cannot[on] == 1


# -- the way through --------------------------------------------------------------------------------
def test_f05_one_scan_pays_insurance_account_and_the_rest(counter) -> None:
    desk, line = counter
    chosen(desk).press("confirm", "online").sees("settled", outcome="settled")
    assert line.bank.balance("SYN-Z") == AT_BANK - PART
    state = desk.of("B1")
    assert [(one.pay_type, one.amount_fen) for one in state.paid] == [
        ("acct", 50_00),
        ("onecode", PART),
    ]
    assert ("slip.paid_onecode", "190.00") in state.slip and state.pay_way == "onecode"
    assert desk.drafts[-1].body["pay"] == {"mulaid": "auto", "way": "onecode"}
    assert len(rows_of(desk.centre, store.pay_orders)) == 1  # one receipt, two legs


def test_f05_undone_everything_is_where_it_was(counter) -> None:
    desk, line = counter
    chosen(desk).press("confirm", "online").done().undo("B1")
    assert desk.of("B1").status is BillStatus.CANCELLED
    assert line.bank.balance("SYN-Z") == AT_BANK and desk.balance("acct:SYN-Z") == 50_00
    chosen(desk).press("confirm", "online").sees("settled")  # and it can be paid anew


def test_f05_a_bank_that_refuses_books_nothing_and_the_bill_can_be_paid_otherwise(counter) -> None:
    desk, line = counter
    chosen(desk, amount_fen=4_000_00).press("confirm", "online").sees("refused")
    assert desk.screen.fields["code"] in ("pay_refused", "rejected_pay_refused")
    assert desk.balance("acct:SYN-Z") == 50_00 and line.bank.balance("SYN-Z") == AT_BANK
    desk.done().until_confirm("B1", 4_000_00, ZHANG).press("confirm", "online").sees("settled")


def test_f05_without_a_contract_it_is_not_offered_and_a_record_that_asks_is_rejected(clinic) -> None:
    (desk,) = clinic([ZHANG])
    desk.until_confirm("B1", 300_00, ZHANG).press("pay")
    assert "way:onecode" not in [one["value"] for one in desk.screen.fields["choices"]]
    desk.press("choose", "own").press("confirm", "online").sees("settled")
    body = desk.drafts[-1].body
    ask = desk.device.settle(desk.device.who(ZHANG), "B9", [("SYN-A-0001", 300_00)])
    ask |= {"pay": {"mulaid": "auto", "way": "onecode"}, "estimate": body["estimate"]}
    assert desk.device.do(ask).body["code"] == "pay_no_contract"


def test_f05_more_than_the_person_confirmed_is_never_taken(counter) -> None:
    desk, line = counter
    chosen(desk)
    spent = {"acct:SYN-Z": -50_00, "bank:counter": 50_00}  # elsewhere, meanwhile
    desk.at_centre(ledgers.post, "elsewhere", spent, desk.now.utc_ms)
    desk.press("confirm", "online").sees("refused")
    assert desk.screen.fields["code"] in ("pay_more", "rejected_pay_more")
    assert desk.of("B1").status is BillStatus.REJECTED
    assert line.bank.balance("SYN-Z") == AT_BANK


def test_f05_a_chronic_bill_is_paid_by_one_code_as_well(counter) -> None:
    desk, line = counter
    desk.at_centre(entitlements.recognise, "SYN-Z", "M03900", "2026-01-01", "2026-12-31")
    desk.until_confirm("B1", 300_00, ZHANG, kind="chronic", dise_codg="M03900", dise_name="高血压")
    desk.press("pay").press("choose", "way:onecode").sees("confirm", way="onecode")
    desk.press("confirm", "online").sees("settled", outcome="settled")
    assert line.bank.balance("SYN-Z") < AT_BANK


def test_f05_what_a_bank_still_owes_is_not_cleared_with_another_province(clinic, tmp_path: Path) -> None:
    """It may yet break its word, and then the settlement is undone: nobody could give that back."""
    bank = SimBank(tmp_path / "other.db", [("SYN-Q", AT_BANK)])
    line = Line(bank)
    far = PersonSpec("SYN-Q", "测试秦", insuplc_admdvs="500100", cards=(("CQ", "03"),),
                     year=2026, accumulated={"outpatient_dedc_fen": 200_00})  # fmt: skip
    (desk,) = clinic([far], {"fixmedins_code": "H51010000001", "level": "l2"}, bank=line)
    desk.at_centre(orders.sign, "SYN-Q", orders.ONECODE)
    line.fault = ("capture", "before", TimeoutError)
    desk.until_confirm("B1", 300_00, far).press("pay").press("choose", "way:onecode")
    desk.press("confirm", "online").sees("settled")
    day = civil(desk.now.utc_ms)
    month = {"trt_year": str(day.year), "trt_month": str(day.month)}

    def ask(infno: str, **more: Any) -> tuple[int, Any]:
        return desk.device.ask(infno, {"data": month | more}, now=desk.now.utc_ms)

    ((_, order),) = [(row["pay_ordid"], row) for row in rows_of(desk.centre, store.pay_orders)]
    assert order["own"] == "capture"
    line.fault = ("capture", "before", TimeoutError)  # any message asks the bank again
    assert ask("3260", startrow="1")[1]["detail"] == []
    line.fault = ("capture", "before", TimeoutError)
    fen = sum(row["fen"] for row in rows_of(desk.centre, clearing.advances))
    row = {"setl_sn": order["setl_id"], "optins_pay_sumamt": yuan(fen)}
    assert ask("3261", detail=[row])[0] == -1
    desk.centre.work(desk.now.utc_ms)  # the bank answers
    assert len(ask("3260", startrow="1")[1]["detail"]) == 1 and ask("3261", detail=[row])[0] == 0
    bank.close()


# -- every fault at every point ---------------------------------------------------------------------
@pytest.mark.parametrize("op", ["hold", "capture"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_f05_a_bank_that_does_not_answer(counter, op: str, when: str) -> None:
    desk, line = counter
    line.fault = (op, when, TimeoutError)
    chosen(desk).press("confirm", "online")
    state = desk.of("B1")
    if op == "hold":  # nobody knows, so nothing is booked and whatever is held comes back
        assert state.status is BillStatus.REJECTED and desk.balance("acct:SYN-Z") == 50_00
    else:  # booked: the capture is asked again until it is known
        assert state.status is BillStatus.SETTLED


def test_f05_a_bank_that_breaks_its_word_costs_the_insurance_leg_too(counter) -> None:
    desk, line = counter
    line.fault = ("capture", "no", TimeoutError)
    chosen(desk).press("confirm", "online")
    assert desk.balance("acct:SYN-Z") == 50_00 and line.bank.balance("SYN-Z") == AT_BANK
    assert "own_leg_lost" in [row["code"] for row in rows_of(desk.centre, store.incidents)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("op", OPS)
def test_f05_the_centre_is_killed_at_each_point_and_the_terminal_sends_again(
    counter, op: str, when: str
) -> None:
    desk, line = counter
    if op == "give_back":
        chosen(desk).press("confirm", "online").done()
        line.fault = (op, when, Killed)
        with pytest.raises(Killed):
            desk.undo("B1")
    else:
        chosen(desk)
        line.fault = (op, when, Killed)
        with pytest.raises(Killed):
            desk.press("confirm", "online")
    again(desk)
    desk.catch_up()
    assert desk.of("B1").status is (
        BillStatus.CANCELLED if op == "give_back" else BillStatus.SETTLED
    )


@pytest.mark.parametrize("lost", ["before", "after"])
def test_f05_a_record_that_is_lost_on_its_way_is_decided_once(counter, lost: str) -> None:
    desk, line = counter
    chosen(desk)
    desk.lost = lost
    desk.press("confirm", "online").wait(60_000)
    assert desk.of("B1").status is BillStatus.CONFIRMING  # unknown, never failure
    desk.catch_up()
    assert desk.of("B1").status is BillStatus.SETTLED
    assert line.bank.balance("SYN-Z") == AT_BANK - PART


def test_f05_a_hold_that_nobody_comes_back_for_is_given_back(counter) -> None:
    desk, line = counter
    chosen(desk)
    line.fault = ("hold", "after", Killed)
    with pytest.raises(Killed):
        desk.press("confirm", "online")
    again(desk)
    assert line.bank.balance("SYN-Z") == AT_BANK - PART  # frozen
    late = desk.now.utc_ms + orders.HOLD_MS
    desk.centre.work(late)
    assert line.bank.balance("SYN-Z") == AT_BANK
    desk.now = Now(late, desk.now.mono_ms + orders.HOLD_MS)
    desk.catch_up()
    assert desk.of("B1").status is BillStatus.REJECTED and desk.balance("acct:SYN-Z") == 50_00


def again(desk) -> None:
    """The centre's process starts anew on its store; the terminal talks to it."""
    old = desk.device.centre
    fresh = Centre(old.store, old.keys, old.region, bank=old.bank)
    desk.device.centre = fresh

