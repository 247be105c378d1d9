"""F05 一码付."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sim.bank.bank import SimBank
from sim.centre.books import orders
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "一码付：医保、账户和银行一次付清，两条腿要么都走要么都不走",
    "One code: insurance, account and bank in one scan, both legs or none",
)
ZHANG = Role(PersonSpec("SYN-Z", "张测试", balance_fen=50_00, cards=(("CZ", "03"),)), "张先生", "Mr Zhang")
PLACES = {"hospital": {"fixmedins_code": "H51010000001", "level": "l2"}}
AT_BANK = 1_000_00


def play(tell: Tell) -> None:
    """Paid by one scan, undone on both sides, and a bank that says no."""
    with tempfile.TemporaryDirectory() as folder:
        bank = SimBank(Path(folder) / "bank.db", [("SYN-Z", AT_BANK)])
        try:
            told(tell, bank)
        finally:
            bank.close()


def told(tell: Tell, bank: SimBank) -> None:
    """With this bank behind the centre."""
    with tell.town("2026-11-18 09:00", [ZHANG], PLACES, bank=bank) as town:
        desk = town.desks["hospital"]
        tell.does("张先生在银行开通一码付", "Mr Zhang signs for one code at his bank")
        desk.at_centre(orders.sign, "SYN-Z", orders.ONECODE)
        tell.comes(desk, bill("settle", "B1", "SYN-A-0001 300.00"), ZHANG, by="code")
        desk.press("pay").press("choose", "way:onecode")
        tell.sees(desk, "confirm", main=True, way="onecode")
        tell.confirms(desk, outcome="settled")
        paid = [(one.pay_type, one.amount_fen) for one in desk.of("B1").paid]
        tell.holds("基金60，账户50，银行190，一张收据", "fund ¥60, account ¥50, bank ¥190, one receipt",
                   paid == [("acct", 50_00), ("onecode", 190_00)])  # fmt: skip
        tell.holds("银行少了190元", "the bank has ¥190 less", bank.balance("SYN-Z") == AT_BANK - 190_00)

        tell.does("医院撤销：两边都退", "The hospital undoes it: both sides give back")
        desk.undo("B1")
        tell.holds("账户和银行都回到原来", "account and bank are as before",
                   (desk.balance("acct:SYN-Z"), bank.balance("SYN-Z")) == (50_00, AT_BANK))  # fmt: skip

        tell.does("一张4000元的单子，银行的钱不够", "A bill of ¥4,000: the bank has not so much")
        tell.comes(desk, bill("settle", "B2", "SYN-A-0001 4000.00"), ZHANG, by="code")
        desk.press("pay").press("choose", "way:onecode").press("confirm")
        shown = tell.sees(desk, "refused")
        tell.holds("银行拒绝，医保也不动", "the bank says no, and nothing of the insurance moved",
                   shown.fields["code"].endswith("pay_refused")
                   and desk.balance("acct:SYN-Z") == 50_00)  # fmt: skip
        desk.done()
