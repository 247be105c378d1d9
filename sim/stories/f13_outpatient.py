"""F13 门诊统筹: golden case A."""

from __future__ import annotations

from sim.centre.books.people import PersonSpec
from sim.stage import bill, money
from sim.stories.tell import Role, Tell

TITLE = (
    "门诊统筹：三级医院700元的单子，每一分都有去处（黄金案例A）",
    "Outpatient pooling: ¥700 at a class III hospital, every fen in its place (golden case A)",
)
MOTHER = Role(PersonSpec("SYN-M", "母测试", balance_fen=100_00), "母亲", "his mother")
ZHANG = Role(
    PersonSpec(
        "SYN-Z", "张测试", balance_fen=300_00, cards=(("CZ", "03"),),
        relatives=(("SYN-M", "父母"),), year=2026, accumulated={"outpatient_dedc_fen": 100_00},
    ),
    "张先生", "Mr Zhang",
)  # fmt: skip
PLACES = {"hospital": {"fixmedins_code": "H51010000003", "level": "l3"}}
LINES = "SYN-A-0001 120.00; SYN-B-0001 200.00; SYN-S-0001 300.00; SYN-C-0001 80.00"


def play(tell: Tell) -> None:
    """Four lines: 甲, 乙 with its own part, a service above its limit, and one outside the catalogue."""
    with tell.town("2026-11-18 09:00", [ZHANG, MOTHER], PLACES) as town:
        desk = town.desks["hospital"]
        tell.comes(desk, bill("settle", "M1", LINES), ZHANG)
        tell.confirms(desk, main=True, outcome="settled")
        tell.holds(
            "自费80，超限价20，乙类先付20，起付线还差100，其余480的50%由统筹付",
            "¥80 outside, ¥20 above the limit, ¥20 first part, ¥100 deductible, 50 % of ¥480 by the fund",
            desk.paid("M1") == money(
                medfee_sumamt="700.00", fulamt_ownpay_amt="80.00", overlmt_selfpay="20.00",
                preselfpay_amt="20.00", inscp_scp_amt="580.00", act_pay_dedc="100.00",
                hifp_pay="240.00", fund_pay_sumamt="240.00", acct_pay="300.00",
                acct_mulaid_pay="60.00", psn_cash_pay="100.00",
            ),
        )  # fmt: skip
        tell.holds("自己账户300、母亲账户60、现金100", "¥300 own account, ¥60 his mother's, ¥100 cash",
                   desk.balance("acct:SYN-Z") == 0 and desk.balance("acct:SYN-M") == 40_00)  # fmt: skip
