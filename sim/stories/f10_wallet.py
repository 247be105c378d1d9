"""F10 医保钱包 跨省共济."""

from __future__ import annotations

from sim.centre.books import wallet
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "医保钱包：苏州的女儿给成都的父亲转账，父亲在药店使用",
    "Wallet: a daughter in Suzhou sends to her father in Chengdu, who pays with it at a pharmacy",
)
DAUGHTER = Role(
    PersonSpec("SYN-D", "女测试", balance_fen=10_000_00, insuplc_admdvs="320500"),
    "女儿", "the daughter",
)  # fmt: skip
FATHER = Role(
    PersonSpec(
        "SYN-F", "父测试", psn_type="1201", balance_fen=20_00, cards=(("CF", "03"),),
        relatives=(("SYN-D", "子女"),),
    ),
    "父亲", "the father",
)  # fmt: skip
PLACES = {"pharmacy": {"fixmedins_code": "P51010000001", "level": "pharmacy"}}
MINUTE_MS = 60_000


def play(tell: Tell) -> None:
    """Sent, taken, paid with and given back; the hours of the night."""
    with tell.town("2026-11-18 09:00", [DAUGHTER, FATHER], PLACES) as town:
        desk = town.desks["pharmacy"]
        start = desk.now.utc_ms
        tell.does("女儿在苏州用手机转出300元", "In Suzhou the daughter sends ¥300 from her phone")
        sent = desk.at_centre(wallet.send, "SYN-D", "SYN-F", 300_00, start)
        tell.holds("江苏账本与四川账本各自平衡", "each province's book is even by itself",
                   desk.balance("clear:32>51") == 300_00 == -desk.balance("clear:51<32"))  # fmt: skip
        tell.does("父亲在手机上接收", "The father takes it on his phone")
        desk.at_centre(wallet.take, sent.transfer_id, "SYN-F", start + 20_000)

        tell.comes(desk, bill("pharmacy", "P1", "SYN-A-0001 400.00", med_type="41"), FATHER, by="code")
        tell.sees(desk, "confirm")
        desk.press("pay")
        tell.sees(desk, "pay", main=True)
        desk.press("choose", "auto")
        tell.confirms(desk, outcome="settled")
        tell.holds("钱包付了230元，还剩70元", "the wallet paid ¥230, ¥70 are left",
                   desk.balance("wallet:SYN-F") == 70_00)  # fmt: skip
        tell.holds("从转账到结算不到一分钟", "from phone to counter in less than a minute",
                   desk.now.utc_ms - start < MINUTE_MS)  # fmt: skip

        tell.does("退药：医院系统撤销这笔结算", "The medicine is given back: the HIS undoes the bill")
        desk.undo("P1")
        tell.holds("300元回到钱包", "¥300 are in the wallet again", desk.balance("wallet:SYN-F") == 300_00)

        tell.day(town, "2026-11-18 22:00")
        tell.does("女儿晚上十点再转", "At ten in the evening the daughter sends again")
        late = desk.at_centre(wallet.send, "SYN-D", "SYN-F", 10_00, desk.now.utc_ms)
        tell.holds("22点到6点不可转账", "nothing is sent from 22 to 06", late == "wallet_closed")
