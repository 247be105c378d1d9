"""F08 个人账户支付."""

from __future__ import annotations

from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "个人账户：先用账户，不够的付现金，也可以不用",
    "Own account: it pays first, what it lacks is cash, and the person may keep it",
)
WANG = Role(PersonSpec("SYN-W", "王测试", balance_fen=100_00, cards=(("CW", "03"),)), "王女士", "Ms Wang")
PLACES = {"hospital": {"fixmedins_code": "H51010000001", "level": "l2"}}


def play(tell: Tell) -> None:
    """Kept, then spent; nothing of it for what is outside the scope."""
    with tell.town("2026-11-18 09:00", [WANG], PLACES) as town:
        desk = town.desks["hospital"]
        tell.comes(desk, bill("settle", "B1", "SYN-A-0001 300.00"), WANG)
        tell.sees(desk, "confirm")
        tell.does("她想把账户里的钱留着", "She would rather keep what is on the account")
        desk.press("pay")
        tell.sees(desk, "pay", main=True)
        desk.press("choose", "none")
        tell.confirms(desk)
        tell.holds("账户还是100元", "the account still has ¥100", desk.balance("acct:SYN-W") == 100_00)
        tell.holds("记录写明不用账户", "the record says that it was not to be used",
                   desk.drafts[-1].body["plan"][-1]["input"]["data"]["acct_used_flag"] == "0")  # fmt: skip

        tell.pays(desk, bill("settle", "B2", "SYN-A-0001 300.00"), WANG)
        paid = desk.paid("B2")
        tell.holds("账户付100元，其余付现金", "the account paid ¥100 and cash the rest",
                   paid["acct_pay"] == 100_00 and desk.balance("acct:SYN-W") == 0)  # fmt: skip

        tell.pays(desk, bill("settle", "B3", "SYN-C-0001 50.00"), WANG)
        tell.holds("目录外全部自费", "what is outside the catalogue is all her own",
                   desk.paid("B3")["psn_cash_pay"] == 50_00)  # fmt: skip
