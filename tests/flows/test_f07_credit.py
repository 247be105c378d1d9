"""F07 信用支付 ("医院看病，回家付钱"): the bank lends the own part within a contract that a daughter
shares with her father; she repays at home. Two legs as in F05, never half paid.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edge.core.types import BillStatus, Now
from edge.errors import EdgeError
from sim.bank import credit
from sim.bank.bank import SimBank
from sim.bank.credit import OPEN, TABLE, Debt
from sim.bank.credit import On as DebtOn
from sim.bank.line import Killed, Line
from sim.bank.port import Wish
from sim.centre.books import orders, store
from sim.centre.books.orders import FINAL, Ins, Own
from sim.centre.books.people import PersonSpec
from tests.centre.kit import NOW, rows_of
from tests.flows.test_f05_one_code import again

DAY_MS = 86_400_000
FATHER = PersonSpec("SYN-F", "测试赵", age=82, psn_type="1201", cards=(("CF", "03"),))
DAUGHTER = PersonSpec("SYN-D", "测试赵小", age=45, cards=(("CD", "03"),))
LIMIT, SAVED = 3_000_00, 1_000_00


class Calendar:
    """The bank's own clock: `days` ahead of the counter's."""

    desk: Any = None
    days = 0

    def now_ms(self) -> int:
        return (self.desk.now.utc_ms if self.desk is not None else NOW) + self.days * DAY_MS


@pytest.fixture
def counter(clinic, tmp_path: Path):
    """A counter, a father of 82 and the daughter whose contract he may use."""
    clock = Calendar()
    line = Line(SimBank(tmp_path / "bank.db", [("SYN-D", SAVED)], clock.now_ms))
    (desk,) = clinic([FATHER, DAUGHTER], {"fixmedins_code": "H51010000001", "level": "l2"}, bank=line)
    clock.desk = desk
    assert line.bank.sign_credit("quanzhou", "SYN-F", 82, LIMIT) == "age"  # he gets none himself
    assert line.bank.sign_credit("quanzhou", "SYN-D", 45, LIMIT) == ""
    assert line.bank.share_credit("SYN-D", "SYN-F") == ""
    for one in ("SYN-D", "SYN-F"):
        desk.at_centre(orders.sign, one, orders.CREDIT)
    yield desk, line, clock
    nothing_is_half_paid(desk, line.bank)
    line.bank.close()


def nothing_is_half_paid(desk, bank: SimBank) -> None:
    """What is booked is paid by the bank and owed to it, what is not booked is neither."""
    desk.now = Now(desk.now.utc_ms + orders.HOLD_MS, desk.now.mono_ms + orders.HOLD_MS)
    for _ in range(3):
        desk.centre.work(desk.now.utc_ms)
    rows = rows_of(desk.centre, store.pay_orders)
    assert all((Ins(row["ins"]), Own(row["own"])) in FINAL for row in rows), rows
    live = {row["setl_id"] for row in rows_of(desk.centre, store.settlements) if row["live"]}
    for row in rows:
        assert (row["ins"] == "booked") == (row["own"] == "paid") == (row["setl_id"] in live)
    paid = sum(row["fen"] for row in rows if row["own"] == "paid")
    assert bank.totals() == (0, paid) and bank.imbalance() == 0
    assert bank.account("inst:H51010000001") == paid == -desk.balance("bank:credit")


def later(desk, number: str = "B1", amount_fen: int = 300_00, person: PersonSpec = FATHER):
    """Up to the confirmation: see a doctor now, pay at home."""
    desk.until_confirm(number, amount_fen, person).press("pay")
    desk.press("choose", "way:credit").sees("confirm", way="credit")
    return desk


def part(desk) -> int:
    return desk.screen.fields["split"]["psn_cash_pay_fen"]


# -- the tables ------------------------------------------------------------------------------------
@pytest.mark.parametrize("state", list(Debt))
@pytest.mark.parametrize("on", list(DebtOn))
def test_f07_each_state_of_a_debt_knows_what_can_happen_to_it(state: Debt, on: DebtOn) -> None:
    """A row, or it cannot be: only what is open is repaid, only what is due gets late, and what is
    void stays so."""
    cannot = {
        DebtOn.LATE: state is not Debt.DUE,
        DebtOn.PART: state not in OPEN,
        DebtOn.REST: state not in OPEN,
        DebtOn.VOID: state is Debt.VOID,
    }
    assert ((state, on) in TABLE) != cannot[on]
    assert all((Debt.VOID, any_) not in TABLE for any_ in DebtOn)


def test_f07_every_value_of_a_product_says_how_well_it_is_known() -> None:
    found = credit.load()
    assert set(found.products) == {"quanzhou", "hangzhou"}
    for product in found.products.values():
        for name in product.__struct_fields__:
            assert getattr(product, name).grade in ("A", "B", "C", "D")


@pytest.mark.parametrize(
    "text",
    ["", "products: 1", "products: {}\nmembers_max: {value: -1, grade: D}", "[", "products: {a: {}}"],
)
def test_f07_a_product_file_that_is_malformed_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "credit.yaml"
    path.write_text(text)
    with pytest.raises(EdgeError, match="E-CFG-20"):
        credit.load(path)


# -- the story -------------------------------------------------------------------------------------
def test_f07_a_man_of_82_pays_nothing_at_the_counter_and_his_daughter_repays(counter) -> None:
    desk, line, _ = counter
    desk.until_confirm("B1", 300_00, FATHER).press("pay")
    (way,) = [one for one in desk.screen.fields["choices"] if one["value"] == "way:credit"]
    due = date.fromordinal(line.bank.today().toordinal() + 56).isoformat()
    assert way["fen"] == LIMIT and way["due"] == due  # what is left, and until when
    desk.press("choose", "way:credit").sees("confirm", way="credit", due=due)
    rest = part(desk)
    desk.press("confirm", "online").sees("settled", outcome="settled", due=due)
    slip = dict(desk.screen.fields["slip"])
    assert slip["slip.credit_due"] == due and len(slip["slip.capt_no"]) == 16
    (row,) = rows_of(desk.centre, store.pay_orders)
    assert (row["own"], row["capt_no"], row["fen"]) == ("paid", slip["slip.capt_no"], rest)
    assert desk.balance("cash:SYN-F") == 0  # nothing at the counter
    assert line.bank.standing("SYN-F", "11").left_fen == LIMIT - rest
    assert line.bank.standing("SYN-D", "11").owed_fen == rest  # the holder owes it
    assert line.bank.repay("R1", "SYN-F", "SYN-D", rest + 5_00) == rest  # never more than is owed
    assert line.bank.repay("R1", "SYN-F", "SYN-D", rest) == rest  # once, however often it is said
    assert line.bank.balance("SYN-D") == SAVED - rest
    assert line.bank.standing("SYN-F", "11").left_fen == LIMIT and line.bank.debts("SYN-F") == []
    assert line.bank.repay("R2", "SYN-F", "SYN-D", 1) == "nothing_owed"


@pytest.mark.parametrize("repaid_fen", [0, 20_00, 10_000_00])
def test_f07_2208_voids_the_capture_frees_the_limit_and_returns_what_was_repaid(
    counter, repaid_fen: int
) -> None:
    desk, line, _ = counter
    later(desk)
    rest = part(desk)
    desk.press("confirm", "online").done()
    if repaid_fen:
        assert line.bank.repay("R1", "SYN-D", "SYN-D", min(repaid_fen, SAVED)) == min(rest, repaid_fen)
    desk.undo("B1")
    assert desk.of("B1").status is BillStatus.CANCELLED
    assert line.bank.balance("SYN-D") == SAVED  # to her who repaid it
    assert line.bank.standing("SYN-F", "11").left_fen == LIMIT
    assert line.bank.account("loan:CSYN-D") == 0
    later(desk).press("confirm", "online").sees("settled")  # and it can be paid anew


def test_f07_2601_of_a_settlement_voids_it_as_well(counter) -> None:
    desk, line, _ = counter
    later(desk)
    desk.lost = "after"
    desk.press("confirm", "online").wait(60_000)
    state = desk.of("B1")
    assert state.status is BillStatus.CONFIRMING  # unknown, never failure, never provisional
    desk.lost = ""
    desk.reverse(state.bill_id)
    desk.serve()
    assert line.bank.standing("SYN-F", "11").left_fen == LIMIT


# -- what the bank says no to --------------------------------------------------------------------------
def test_f07_a_debt_that_is_late_blocks_new_credit_until_it_is_repaid_with_interest(counter) -> None:
    desk, line, clock = counter
    later(desk)
    rest = part(desk)
    desk.press("confirm", "online").done()
    clock.days = 56
    assert line.bank.standing("SYN-F", "11").why == ""  # the last free day
    clock.days = 57 + 9
    assert line.bank.standing("SYN-D", "11").why == "overdue"
    desk.until_confirm("B2", 300_00, FATHER).sees("confirm", blocked="overdue", choice=False)
    desk.press("cancel").done()
    interest = round(rest * 0.05 * 10 / 365)
    assert line.bank.standing("SYN-D", "11").owed_fen == rest + interest
    assert line.bank.repay("R1", "SYN-D", "SYN-D", rest) == rest  # the interest is paid first
    assert line.bank.standing("SYN-D", "11").why == "overdue"
    assert line.bank.repay("R2", "SYN-D", "SYN-D", 100_00) == interest
    assert line.bank.account("interest") == interest
    later(desk, "B3").press("confirm", "online").sees("settled")


def test_f07_a_record_that_asks_all_the_same_is_rejected_with_the_banks_reason(counter) -> None:
    desk, _, clock = counter
    later(desk).press("confirm", "online").done()
    later(desk, "B2")  # seen while it was allowed
    clock.days = 60
    desk.press("confirm", "online").sees("refused", code="rejected_credit_overdue")
    assert desk.of("B2").status is BillStatus.REJECTED


def test_f07_the_limit_holds_for_what_is_held_and_owed_together(counter) -> None:
    desk, line, _ = counter
    assert line.bank.hold(Wish("X1", "SYN-D", "credit", LIMIT - 10_00)).good
    assert line.bank.hold(Wish("X2", "SYN-F", "credit", 10_01)).why == "limit"
    desk.until_confirm("B1", 300_00, FATHER).sees("confirm", blocked="limit", choice=False)
    line.bank.give_back("X1")
    line.bank.give_back("X2")
    assert not line.bank.hold(Wish("X1", "SYN-D", "credit", 1_00)).good  # never again


def test_f07_what_a_product_leaves_out_and_who_may_share_it(counter) -> None:
    _, line, clock = counter
    bank = line.bank
    assert bank.sign_credit("hangzhou", "SYN-H", 82, 1_000_01) == "limit"
    assert bank.sign_credit("hangzhou", "SYN-H", 82, 1_000_00) == ""  # a man of 82 of his own
    assert bank.standing("SYN-H", "41").why == "excluded" and bank.standing("SYN-H", "11").why == ""
    assert bank.share_credit("SYN-H", "SYN-I") == "no_family_share"
    assert bank.share_credit("SYN-D", "SYN-H") == "signed_before"
    assert [bank.share_credit("SYN-D", f"SYN-{n}") for n in range(5)] == [""] * 4 + ["too_many"]
    assert bank.sign_credit("no", "SYN-J", 40, 1) == "no_product"
    assert bank.standing("SYN-J", "11").why == "no_contract"
    clock.days = 366 * 11
    assert bank.standing("SYN-D", "11").why == "age"  # she is 56 by now


def test_f07_nobody_repays_with_money_that_is_not_there(counter) -> None:
    desk, line, _ = counter
    later(desk).press("confirm", "online").done()
    owed = line.bank.standing("SYN-D", "11").owed_fen
    assert line.bank.repay("R1", "SYN-F", "SYN-F", owed) == "balance"  # the father has no account
    assert line.bank.standing("SYN-D", "11").owed_fen == owed and line.bank.imbalance() == 0


# -- every fault at every point ---------------------------------------------------------------------
@pytest.mark.parametrize("op", ["standing", "hold", "capture"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_f07_a_bank_that_does_not_answer(counter, op: str, when: str) -> None:
    desk, line, _ = counter
    line.fault = (op, when, TimeoutError)
    if op == "standing":  # not offered now, and the person pays in another way
        desk.until_confirm("B1", 300_00, FATHER)
        assert desk.screen.fields["choice"] is False
        desk.press("confirm", "online").sees("settled")
        return
    later(desk)
    line.fault = (op, when, TimeoutError)
    desk.press("confirm", "online")
    rejected = op == "hold"  # nobody knows, so nothing is booked and what is reserved is freed
    assert (desk.of("B1").status is BillStatus.REJECTED) is rejected


def test_f07_a_bank_that_breaks_its_word_costs_the_insurance_leg_too(counter) -> None:
    desk, line, _ = counter
    later(desk)
    line.fault = ("capture", "no", TimeoutError)
    desk.press("confirm", "online")
    assert "own_leg_lost" in [row["code"] for row in rows_of(desk.centre, store.incidents)]
    assert line.bank.standing("SYN-F", "11").left_fen == LIMIT


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("op", ["hold", "capture", "give_back"])
def test_f07_the_centre_is_killed_at_each_point(counter, op: str, when: str) -> None:
    desk, line, _ = counter
    later(desk)
    if op == "give_back":
        desk.press("confirm", "online").done()
    line.fault = (op, when, Killed)
    with pytest.raises(Killed):
        desk.undo("B1") if op == "give_back" else desk.press("confirm", "online")
    again(desk)
    desk.catch_up()
    done = BillStatus.CANCELLED if op == "give_back" else BillStatus.SETTLED
    assert desk.of("B1").status is done
