"""F08 个人账户支付: the own account pays within its scope, what it cannot pay is cash, and the person
may keep it.
"""

from __future__ import annotations

from sim.centre.books.people import PersonSpec
from sim.stage import OWN_LINE

WANG = PersonSpec("SYN-W", "测试王", balance_fen=100_00, cards=(("CW", "03"),))
CHEN = PersonSpec("SYN-C", "测试陈", insutype="390", psn_type="1401", cards=(("CC", "03"),))


def test_f08_the_account_pays_and_what_it_lacks_is_cash(clinic) -> None:
    (desk,) = clinic([WANG])
    desk.until_confirm("B1", 300_00, WANG)
    split = desk.screen.fields["split"]
    assert (split["fund_pay_sumamt_fen"], split["acct_pay_fen"]) == (60_00, 100_00)
    assert (split["psn_cash_pay_fen"], split["balc_fen"]) == (140_00, 0)
    assert desk.balance("acct:SYN-W") == 100_00  # nothing is booked by looking
    desk.press("confirm", "online").sees("settled", outcome="settled")
    assert desk.balance("acct:SYN-W") == 0
    state = desk.of("B1")
    paid = {one.pay_type: one.amount_fen for one in state.paid}
    assert paid == {"acct": 100_00, "cash": 140_00}
    assert ("slip.acct_pay", "100.00") in state.slip and ("slip.psn_cash_pay", "140.00") in state.slip


def test_f08_what_is_outside_the_scope_is_never_account_money(clinic) -> None:
    (desk,) = clinic([WANG])
    desk.until_confirm("B1", 50_00, WANG, code=OWN_LINE)
    assert desk.screen.fields["split"]["psn_cash_pay_fen"] == 50_00
    assert not desk.screen.fields["choice"]  # nothing may pay, so there is nothing to choose
    desk.press("confirm", "online").sees("settled")
    assert desk.balance("acct:SYN-W") == 100_00


def test_f08_the_person_keeps_the_account_money_and_the_record_says_so(clinic) -> None:
    (desk,) = clinic([WANG])
    desk.until_confirm("B1", 300_00, WANG)
    desk.press("pay").sees("pay")
    assert [one["value"] for one in desk.screen.fields["choices"]] == ["own", "none"]
    desk.press("choose", "none").sees("confirm")
    assert desk.screen.fields["split"]["psn_cash_pay_fen"] == 240_00
    desk.press("confirm", "online").sees("settled", outcome="settled")
    data = desk.drafts[-1].body["plan"][-1]["input"]["data"]
    assert data["acct_used_flag"] == "0"
    assert desk.balance("acct:SYN-W") == 100_00
    assert [one.pay_type for one in desk.of("B1").paid] == ["cash"]


def test_f08_a_press_that_meant_the_amount_before_signs_nothing(clinic) -> None:
    (desk,) = clinic([WANG])
    desk.until_confirm("B1", 300_00, WANG)
    before = desk.screen.fields["asks"]
    desk.press("pay").press("choose", "none").sees("confirm")
    asks = desk.screen.fields["asks"]
    assert before != asks and before.startswith("online") and asks.startswith("online")
    desk.press("confirm", before).sees("confirm")
    assert not desk.drafts
    desk.press("confirm", asks).sees("settled", outcome="settled")


def test_f08_the_his_may_forbid_account_money(clinic) -> None:
    (desk,) = clinic([WANG])
    desk.until_confirm("B1", 300_00, WANG, acct_used_flag="0").sees("confirm", choice=False)
    desk.press("pay").sees("confirm").press("confirm", "online").sees("settled")
    assert desk.balance("acct:SYN-W") == 100_00


def test_f08_a_resident_has_no_account_and_sees_no_choice(clinic) -> None:
    (desk,) = clinic([CHEN])
    desk.until_confirm("B1", 30_00, CHEN).sees("confirm", choice=False)
    desk.press("confirm", "online").sees("settled")
    assert [one.pay_type for one in desk.of("B1").paid] == ["cash"]


def test_f08_a_balance_that_went_down_since_the_estimate_is_told_as_a_difference(clinic) -> None:
    desk, other = clinic(
        [WANG],
        {"fixmedins_code": "H51010000001", "level": "l2"},
        {"fixmedins_code": "H51010000002", "level": "l2"},
    )
    desk.until_confirm("B1", 300_00, WANG)
    other.until_confirm("B2", 300_00, WANG).press("confirm", "online").sees("settled")
    desk.press("confirm", "online").sees("settled", outcome="adjusted")
    fields = desk.screen.fields
    # the account is empty now, and the deductible of the year has been paid at the other place
    assert fields["split"]["acct_pay_fen"] == 0
    assert fields["split"]["fund_pay_sumamt_fen"] == 180_00
    assert fields["difference_fen"] == fields["split"]["psn_cash_pay_fen"] - 140_00
    assert desk.balance("acct:SYN-W") == 0
