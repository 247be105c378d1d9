"""F09 家庭共济: relatives' accounts pay in the same pool and across the province; the registry knows
eight kinds of close relatives and refuses every other.
"""

from __future__ import annotations

import pytest

from sim.centre.books import kin, store
from sim.centre.books.people import RELATIONS, PersonSpec
from tests.centre.kit import rows_of

ZHANG = PersonSpec("SYN-Z", "测试张", balance_fen=50_00, cards=(("CZ", "03"),))
LI = PersonSpec("SYN-L", "测试李", balance_fen=80_00)  # the same pool
SUN = PersonSpec("SYN-S", "测试孙", balance_fen=500_00, insuplc_admdvs="510500")  # Luzhou
QIAN = PersonSpec("SYN-Q", "测试钱", balance_fen=900_00, insuplc_admdvs="500100")  # Chongqing
POOR = PersonSpec("SYN-P", "测试贫", balance_fen=0)
FARMER = PersonSpec("SYN-F", "测试农", insutype="390", psn_type="1401")
GONE = PersonSpec("SYN-G", "测试停", balance_fen=70_00, stas="2")
EVERYBODY = (ZHANG, LI, SUN, QIAN, POOR, FARMER, GONE)


def bind(desk, *pairs: tuple[PersonSpec, str]) -> None:
    for other, relation in pairs:
        assert desk.at_centre(kin.bind, ZHANG.psn_no, other.psn_no, relation) == ""


def test_f09_own_account_first_then_relatives_in_their_order(clinic) -> None:
    (desk,) = clinic(EVERYBODY)
    bind(desk, (LI, "配偶"), (SUN, "子女"))
    desk.until_confirm("B1", 300_00, ZHANG)
    split = desk.screen.fields["split"]
    assert (split["acct_pay_fen"], split["acct_mulaid_pay_fen"]) == (50_00, 190_00)
    assert split["psn_cash_pay_fen"] == 0
    desk.press("confirm", "online").sees("settled", outcome="settled")
    assert [desk.balance(f"acct:{one.psn_no}") for one in (ZHANG, LI, SUN)] == [0, 0, 390_00]
    paid = [(one.pay_type, one.amount_fen, one.relation, one.scope) for one in desk.of("B1").paid]
    assert paid == [
        ("acct", 50_00, "", ""),
        ("mulaid", 80_00, "配偶", "pool"),
        ("mulaid", 110_00, "子女", "province"),
    ]
    assert ("slip.acct_mulaid_pay", "190.00") in desk.of("B1").slip
    assert ("slip.relative", "测** 80.00") in desk.of("B1").slip  # never a whole name


def test_f09_the_three_scopes_are_shown_and_another_province_needs_the_wallet(clinic) -> None:
    (desk,) = clinic(EVERYBODY)
    bind(desk, (LI, "配偶"), (SUN, "子女"), (QIAN, "父母"))
    desk.until_confirm("B1", 300_00, ZHANG).press("pay").sees("pay")
    rows = [(one["what"], one["scope"], one["fen"]) for one in desk.screen.fields["choices"]]
    assert rows == [
        ("auto", "", 240_00),
        ("own", "", 50_00),
        ("relative", "pool", 80_00),
        ("relative", "province", 190_00),  # never the whole balance: what would reach this bill
        ("none", "", 0),
    ]
    assert kin.scope("510100", "500100") == kin.OTHER


def test_f09_one_relative_is_chosen_and_no_other_pays(clinic) -> None:
    (desk,) = clinic(EVERYBODY)
    bind(desk, (LI, "配偶"), (SUN, "子女"))
    desk.until_confirm("B1", 300_00, ZHANG).press("pay").press("choose", "r1").sees("confirm")
    assert desk.screen.fields["split"]["acct_mulaid_pay_fen"] == 190_00
    desk.press("confirm", "online").sees("settled", outcome="settled")
    assert desk.drafts[-1].body["pay"] == {"mulaid": "SYN-S", "way": "cash"}
    assert [desk.balance(f"acct:{one.psn_no}") for one in (ZHANG, LI, SUN)] == [0, 80_00, 310_00]


def test_f09_only_the_own_account(clinic) -> None:
    (desk,) = clinic(EVERYBODY)
    bind(desk, (LI, "配偶"))
    desk.until_confirm("B1", 300_00, ZHANG).press("pay").press("choose", "own").sees("confirm")
    desk.press("confirm", "online").sees("settled", outcome="settled")
    assert desk.of("B1").split.psn_cash_pay_fen == 190_00
    assert desk.balance("acct:SYN-L") == 80_00


def test_f09_who_has_no_account_owes_nothing_and_who_is_suspended_gives_nothing(clinic) -> None:
    (desk,) = clinic([*EVERYBODY])
    bind(desk, (POOR, "兄弟姐妹"), (FARMER, "父母"))
    assert desk.at_centre(kin.bind, "SYN-Z", "SYN-G", "配偶") == "not_insured"
    desk.until_confirm("B1", 300_00, ZHANG).press("pay").sees("pay")
    assert [one["value"] for one in desk.screen.fields["choices"]] == ["own", "none"]


@pytest.mark.parametrize("relation", ["", "同事", "朋友", "叔叔", "堂兄弟", "配偶 "])
def test_f09_a_wrong_relation_is_refused(clinic, relation: str) -> None:
    (desk,) = clinic(EVERYBODY)
    assert desk.at_centre(kin.bind, "SYN-Z", "SYN-L", relation) == "relation_unknown"
    desk.until_confirm("B1", 300_00, ZHANG)
    assert desk.screen.fields["split"]["acct_mulaid_pay_fen"] == 0


@pytest.mark.parametrize("relation", RELATIONS)
def test_f09_each_of_the_eight_kinds_may_pay_until_the_consent_ends(clinic, relation: str) -> None:
    (desk,) = clinic(EVERYBODY)
    bind(desk, (LI, relation))
    assert desk.at_centre(kin.bind, "SYN-Z", "SYN-L", relation) == "bound_before"
    desk.until_confirm("B1", 300_00, ZHANG)
    assert desk.screen.fields["split"]["acct_mulaid_pay_fen"] == 80_00
    assert desk.at_centre(kin.unbind, "SYN-Z", "SYN-L") is True
    desk.press("confirm", "online").sees("settled", outcome="adjusted")  # decided by what holds then
    assert desk.balance("acct:SYN-L") == 80_00


def test_f09_a_record_that_names_somebody_else_s_account_is_rejected(clinic) -> None:
    (desk,) = clinic(EVERYBODY)
    identity = desk.device.who(ZHANG)
    body = desk.device.settle(identity, "B9", [("SYN-A-0001", 300_00)])
    result = desk.device.do(body | {"pay": {"mulaid": "SYN-L", "way": "cash"}})
    assert (str(result.outcome), result.body["code"]) == ("rejected", "mulaid_unknown")
    assert desk.balance("acct:SYN-L") == 80_00


def test_f09_the_last_fen_of_a_relative_s_account_is_spent_once(clinic) -> None:
    desk, other = clinic(
        EVERYBODY,
        {"fixmedins_code": "H51010000001", "level": "l2"},
        {"fixmedins_code": "H51010000002", "level": "l2"},
    )
    bind(desk, (LI, "配偶"))
    desk.until_confirm("B1", 300_00, ZHANG)
    other.until_confirm("B2", 300_00, LI).press("confirm", "online").sees("settled")
    desk.press("confirm", "online").sees("settled", outcome="adjusted")
    assert desk.of("B1").split.acct_mulaid_pay_fen == 0
    assert desk.balance("acct:SYN-L") == 0


def test_f09_who_is_bound_last_is_asked_last_also_after_somebody_was_unbound(clinic) -> None:
    people = [PersonSpec(f"SYN-{name}", f"测试{name}", balance_fen=1_00) for name in "MABC"]
    (desk,) = clinic(people)
    for other in ("SYN-A", "SYN-B"):
        assert desk.at_centre(kin.bind, "SYN-M", other, "配偶") == ""
    assert desk.at_centre(kin.unbind, "SYN-M", "SYN-A")
    assert desk.at_centre(kin.bind, "SYN-M", "SYN-C", "子女") == ""
    rows = rows_of(desk.centre, store.relatives)
    ranks = {row["other"]: row["rank"] for row in rows if row["psn_no"] == "SYN-M"}
    assert ranks["SYN-B"] < ranks["SYN-C"]
