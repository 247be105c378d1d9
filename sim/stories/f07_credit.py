"""F07 信用支付 ("医院看病，回家付钱")."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sim.bank.bank import SimBank
from sim.centre.books import orders
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, bill, ms
from sim.stories.tell import Role, Tell

TITLE = (
    "信用支付：82岁的父亲在医院不掏钱，女儿回家还",
    "Credit: a father of 82 pays nothing at the hospital, his daughter repays at home",
)
FATHER = Role(
    PersonSpec("SYN-F", "赵测试", age=82, psn_type="1201", cards=(("CF", "03"),)),
    "82岁的赵大爷", "Mr Zhao, 82,",
)  # fmt: skip
DAUGHTER = Role(PersonSpec("SYN-D", "赵女测试", age=45, cards=(("CD", "03"),)), "女儿", "his daughter")
PLACES = {"hospital": {"fixmedins_code": "H51010000001", "level": "l2"}}
MORNING = "2026-11-18 09:00"
LIMIT, SAVED = 3_000_00, 1_000_00


def play(tell: Tell) -> None:
    """Signed, lent, repaid, undone."""
    with tempfile.TemporaryDirectory() as folder:
        bank = SimBank(Path(folder) / "bank.db", [("SYN-D", SAVED)], lambda: ms(MORNING))
        try:
            told(tell, bank)
        finally:
            bank.close()


def signed(tell: Tell, desk: Counter, bank: SimBank) -> None:
    """The daughter has a contract that her father may use."""
    tell.does("女儿在银行签约，父亲可以共用", "The daughter signs at her bank; her father may use it, too")
    tell.holds("父亲自己签约：年龄超了", "he himself gets none: his age",
               bank.sign_credit("quanzhou", "SYN-F", 82, LIMIT) == "age")  # fmt: skip
    bank.sign_credit("quanzhou", "SYN-D", 45, LIMIT)
    bank.share_credit("SYN-D", "SYN-F")
    for one in ("SYN-D", "SYN-F"):
        desk.at_centre(orders.sign, one, orders.CREDIT)


def told(tell: Tell, bank: SimBank) -> None:
    """With this bank behind the centre."""
    with tell.town(MORNING, [FATHER, DAUGHTER], PLACES, bank=bank) as town:
        desk = town.desks["hospital"]
        signed(tell, desk, bank)
        tell.comes(desk, bill("settle", "B1", "SYN-A-0001 300.00"), FATHER)
        tell.sees(desk, "confirm")
        desk.press("pay")
        tell.sees(desk, "pay")
        desk.press("choose", "way:credit")
        rest = desk.screen.fields["split"]["psn_cash_pay_fen"]
        tell.confirms(desk, main=True, outcome="settled")
        tell.holds("今天付0元，银行垫付，额度少了", "nothing to pay today: the bank lends, the limit is less",
                   bank.standing("SYN-F", "11").left_fen == LIMIT - rest)  # fmt: skip
        tell.does("女儿晚上在家还款", "In the evening the daughter repays at home")
        bank.repay("R1", "SYN-F", "SYN-D", rest)
        tell.holds("还清，额度恢复", "repaid, the limit is whole again",
                   bank.balance("SYN-D") == SAVED - rest
                   and bank.standing("SYN-F", "11").left_fen == LIMIT)  # fmt: skip
        tell.does("第二天医院撤销这笔结算", "The hospital undoes the bill")
        desk.undo("B1")
        tell.holds("还款退回女儿，银行账平", "her money is back, the bank's book is even",
                   bank.balance("SYN-D") == SAVED and bank.imbalance() == 0)  # fmt: skip
