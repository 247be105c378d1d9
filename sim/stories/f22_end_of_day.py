"""F22 冲正 · 对账."""

from __future__ import annotations

import sqlalchemy as sa

from edge.core.types import BillStatus
from sim.centre.books import statement
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, bill
from sim.stories.tell import HAND_MS, Role, Tell

TITLE = (
    "冲正与对账：没有回音的一笔冲正掉，日终与中心分毫不差；差一行就成为任务",
    "Reversal and end of day: no answer, taken back; the day agrees to the fen; one line off is a task",
)
LACKS = (
    "sign-in and sign-out (9001, 9002) and the day of an ordinary HIS at the national door: "
    "`tests/flows/test_f22_sign_in_reverse_reconcile.py`"
)
CAST = [
    Role(PersonSpec(f"SYN-{n}", f"{zh[0]}测试", balance_fen=500_00, cards=((f"C{n}", "03"),)), zh, en)
    for n, zh, en in ((1, "甲", "the first patient"), (2, "乙", "the second patient"),
                      (3, "丙", "the third patient"))
]  # fmt: skip
PLACES = {"clinic": {"fixmedins_code": "H51010000001", "level": "community", "profile": "P0"}}
ANSWER_MS = 9_000
ASKED_MS = 60_000


def play(tell: Tell) -> None:
    """A day with a cancel and an answer that was lost; then a day with a line that is not ours."""
    one, two, three = CAST
    with tell.town("2026-11-18 08:30", CAST, PLACES) as town:
        desk = town.desks["clinic"]
        tell.pays(desk, bill("settle", "B1", "SYN-A-0001 300.00"), one)
        tell.pays(desk, bill("settle", "B2", "SYN-A-0001 80.00"), two)
        tell.does("乙的单子撤销", "The second bill is cancelled")
        desk.undo("B2")

        lost(tell, desk, three)
        day = desk.close_day()
        tell.does("下班：3201与中心对账", "The end of the day: 3201 against the centre")
        total = day.totals[-1]
        tell.holds(f"对平：{total.count}笔，合计{total.medfee_fen / 100:.2f}元",
                   f"equal: {total.count} lines, ¥{total.medfee_fen / 100:.2f} in all",
                   (day.state, total.stmt_rslt, total.medfee_fen) == ("reconciled", "000000", 300_00))  # fmt: skip

        tell.day(town, "2026-11-19 09:00")
        tell.pays(desk, bill("settle", "B4", "SYN-A-0001 50.00"), two)
        tell.does("有人在中心的账里多写了一行", "Somebody writes a line into the centre's book")
        desk.at_centre(invented, desk.of("B4").msgid)
        day = desk.close_day()
        found = [task.kind for task in desk.tasks()]
        tell.holds("3201不平，3202找到那一行，成为工作人员的任务",
                   "3201 differs, 3202 finds the line, and it is a task for the staff",
                   (day.state, found) == ("differs", ["centre_only"]))  # fmt: skip


def lost(tell: Tell, desk: Counter, who: Role) -> None:
    """The record arrives and its answer does not; staff take it back."""
    tell.comes(desk, bill("settle", "B3", "SYN-A-0001 120.00"), who)
    tell.sees(desk, "confirm")
    tell.does("确认的那一刻，回来的路断了", "At that moment the way back is cut")
    desk.lost = "after"
    desk.wait(HAND_MS)
    desk.press("confirm").wait(ANSWER_MS)
    tell.sees(desk, "confirming", main=True)
    desk.done().passes(ASKED_MS)
    unknown = desk.of("B3").unknown
    tell.holds("终端用5203查询：中心有这一笔", "asked by 5203, the centre has it",
               unknown is not None and unknown.centre_has == "yes")  # fmt: skip
    again = desk.send(bill("settle", "B3", "SYN-A-0001 120.00"), "another key")
    tell.holds("同一张单子不能再收一次", "the same bill is not charged twice", again.status == 409)
    tell.does("病人走了，窗口冲正（2601）", "The patient has gone: the desk takes it back (2601)")
    desk.reverse(desk.of("B3").bill_id)
    desk.catch_up()
    tell.holds("账户的钱都在", "the account has all of its money",
               desk.of("B3").status is BillStatus.CANCELLED
               and desk.balance(f"acct:{who.spec.psn_no}") == 500_00)  # fmt: skip


def invented(conn: sa.Connection, msgid: str) -> None:
    """The same line again under a number that no terminal has used."""
    c = statement.movements.c
    row = dict(conn.execute(statement.movements.select().where(c.msgid == msgid)).mappings().one())
    del row["id"]
    row |= {"msgid": f"{msgid[:-1]}X", "setl_id": f"X{row['setl_id']}"}
    conn.execute(statement.movements.insert(), row)
