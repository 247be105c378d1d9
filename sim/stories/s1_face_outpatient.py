"""The first of the nine: F03 → F13 → F08 → F09 → F07."""

from __future__ import annotations

import tempfile
from pathlib import Path

from msgspec.structs import replace

from sim.bank.bank import SimBank
from sim.centre.books import kin, people
from sim.stage import bill, good_face, ms, template
from sim.stories.f07_credit import DAUGHTER, FATHER, LIMIT, MORNING, PLACES, SAVED, signed
from sim.stories.tell import Role, Tell

TITLE = (
    "刷脸看门诊：统筹、自己的账户、女儿的账户，剩下的回家付",
    "Face outpatient: pooling, his own account, his daughter's, and the rest on credit",
)
LACKS = "the camera: looks are simulated (see F03)"
ZHAO = Role(replace(FATHER.spec, balance_fen=30_00), FATHER.zh, FATHER.en)
CHILD = Role(replace(DAUGHTER.spec, balance_fen=50_00), DAUGHTER.zh, DAUGHTER.en)
FACE, MODEL = template(7), "ab" * 32


def play(tell: Tell) -> None:
    """One visit, four payers and a bank."""
    with tempfile.TemporaryDirectory() as folder:
        bank = SimBank(Path(folder) / "bank.db", [("SYN-D", SAVED)], lambda: ms(MORNING))
        try:
            told(tell, bank)
        finally:
            bank.close()


def told(tell: Tell, bank: SimBank) -> None:
    """With this bank behind the centre."""
    with tell.town(MORNING, [ZHAO, CHILD], PLACES, bank=bank) as town:
        desk = town.desks["hospital"]
        signed(tell, desk, bank)
        people.register_face(town.centre.store, "SYN-F", FACE, MODEL)
        desk.at_centre(kin.bind, "SYN-F", "SYN-D", "子女")
        tell.does("赵大爷带着500元的门诊单，按“刷脸”", "Mr Zhao has a bill of ¥500 and presses “Face”")
        desk.send(bill("settle", "Z1", "SYN-A-0001 500.00"))
        desk.press("face")
        tell.sees(desk, "look")
        good_face(desk)
        tell.sees(desk, "challenge")
        tell.shows_face(desk, FACE, MODEL)
        tell.sees(desk, "whom")
        desk.press("choose", "0")
        tell.sees(desk, "confirm")
        desk.press("pay").press("choose", "way:credit")
        tell.confirms(desk, main=True, outcome="settled")
        paid = desk.paid("Z1")
        rest = paid["psn_cash_pay"]
        tell.holds("统筹付了，自己的账户30，女儿的账户50", "the fund, ¥30 of his account, ¥50 of hers",
                   paid["fund_pay_sumamt"] > 0
                   and (paid["acct_pay"], paid["acct_mulaid_pay"]) == (30_00, 50_00))  # fmt: skip
        tell.holds("剩下的由银行垫付，五份加起来正好500元", "the bank lends the rest; the shares add up to ¥500",
                   sum((paid["fund_pay_sumamt"], 80_00, rest)) == 500_00
                   and bank.standing("SYN-F", "11").left_fen == LIMIT - rest)  # fmt: skip
