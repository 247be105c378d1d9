"""F21 撤销/退费."""

from __future__ import annotations

from sim.centre.books.people import PersonSpec
from sim.stage import Counter, bill
from sim.stories.tell import Role, Tell

TITLE = (
    "撤销退费：2208和2103把每一分退回原处",
    "Undo: 2208 and 2103 give every fen back to where it came from",
)
LI = Role(PersonSpec("SYN-L", "李测试", balance_fen=80_00), "妻子", "his wife")
ZHANG = Role(
    PersonSpec(
        "SYN-Z", "张测试", balance_fen=50_00, cards=(("CZ", "03"),), relatives=(("SYN-L", "配偶"),)
    ),
    "张先生", "Mr Zhang",
)  # fmt: skip
PLACES = {
    "hospital": {"fixmedins_code": "H51010000001", "level": "l2"},
    "pharmacy": {"fixmedins_code": "P51010000001", "level": "pharmacy"},
}


def play(tell: Tell) -> None:
    """At the hospital and at the pharmacy, undone in the other order, and paid anew."""
    with tell.town("2026-11-18 09:00", [ZHANG, LI], PLACES) as town:
        desk, sale = town.desks["hospital"], town.desks["pharmacy"]
        before = _has(desk)
        tell.pays(desk, bill("settle", "B1", "SYN-A-0001 300.00"), ZHANG)
        tell.pays(sale, bill("pharmacy", "P1", "SYN-A-0001 100.00"), ZHANG)
        tell.holds("两人的账户都用了", "both accounts were used", _has(desk) < before)
        tell.does("先退医院，再退药店", "First the hospital undoes, then the pharmacy")
        desk.undo("B1")
        sale.undo("P1")
        infnos = [one.drafts[-1].body["plan"][0]["infno"] for one in (desk, sale)]
        tell.holds("撤销是签名的记录：2208、2103", "a cancel is a signed record: 2208, 2103",
                   infnos == ["2208", "2103"])  # fmt: skip
        tell.holds("两个账户和起付线都回到原来", "both accounts are as before", _has(desk) == before)
        tell.does("同一张单子，他改付现金", "The same bill again; this time he pays cash")
        tell.comes(desk, bill("settle", "B1", "SYN-A-0001 300.00"), ZHANG)
        desk.press("pay").press("choose", "none")
        tell.confirms(desk, main=True)
        tell.holds("起付线也退过了，账户没有动", "the deductible was given back too, no account is touched",
                   desk.paid("B1")["act_pay_dedc"] == 200_00 and _has(desk) == before)  # fmt: skip


def _has(desk: Counter) -> tuple[int, int]:
    return desk.balance("acct:SYN-Z"), desk.balance("acct:SYN-L")
