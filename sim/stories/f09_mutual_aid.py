"""F09 家庭共济."""

from __future__ import annotations

from sim.centre.books import kin
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "家庭共济：配偶（同统筹区）和子女（省内）的账户替他付",
    "Mutual aid: a spouse's account in the same pool and a child's in the province pay",
)
ZHANG = Role(PersonSpec("SYN-Z", "张测试", balance_fen=50_00, cards=(("CZ", "03"),)), "张先生", "Mr Zhang")
WIFE = Role(PersonSpec("SYN-L", "李测试", balance_fen=80_00), "妻子", "his wife")
CHILD = Role(
    PersonSpec("SYN-S", "孙测试", balance_fen=500_00, insuplc_admdvs="510500"), "女儿", "his daughter"
)
FAR = Role(
    PersonSpec("SYN-Q", "钱测试", balance_fen=900_00, insuplc_admdvs="500100"), "父亲", "his father"
)
PLACES = {"hospital": {"fixmedins_code": "H51010000001", "level": "l2"}}


def play(tell: Tell) -> None:
    """Bound, offered, chosen; who may not be bound and who is too far away."""
    with tell.town("2026-11-18 09:00", [ZHANG, WIFE, CHILD, FAR], PLACES) as town:
        desk = town.desks["hospital"]
        tell.does("张先生绑定妻子、泸州的女儿和重庆的父亲",
                  "Mr Zhang binds his wife, his daughter in Luzhou and his father in Chongqing")  # fmt: skip
        for other, relation in ((WIFE, "配偶"), (CHILD, "子女"), (FAR, "父母")):
            desk.at_centre(kin.bind, "SYN-Z", other.spec.psn_no, relation)
        friend = desk.at_centre(kin.bind, "SYN-Z", "SYN-L", "朋友")
        tell.holds("“朋友”不是近亲属，不能绑定", "a friend is no relative and cannot be bound",
                   friend == "relation_unknown")  # fmt: skip

        tell.comes(desk, bill("settle", "B1", "SYN-A-0001 300.00"), ZHANG)
        tell.sees(desk, "confirm")
        desk.press("pay")
        shown = tell.sees(desk, "pay", main=True)
        scopes = {one["scope"] for one in shown.fields["choices"] if one["what"] == "relative"}
        tell.holds("同统筹区和省内的亲属可选，外省的要用钱包", "the pool's and the province's relatives are "
                   "offered; another province needs the wallet", scopes == {"pool", "province"})  # fmt: skip
        desk.press("choose", "r1")
        tell.confirms(desk, outcome="settled")
        tell.holds("女儿付了190元，妻子的账户没有动", "the daughter paid ¥190, his wife's account is untouched",
                   desk.balance("acct:SYN-S") == 310_00 and desk.balance("acct:SYN-L") == 80_00)  # fmt: skip

        tell.does("他没有再选，系统按顺序用", "He chooses nothing: they pay in their order")
        tell.pays(desk, bill("settle", "B2", "SYN-A-0001 200.00"), ZHANG)
        paid = [(one.pay_type, one.relation, one.amount_fen) for one in desk.of("B2").paid]
        tell.holds("先妻子、后女儿，收据写明是谁", "his wife first; the receipt says who",
                   paid[0] == ("mulaid", "配偶", 80_00))  # fmt: skip
