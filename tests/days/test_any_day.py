"""Any day: settlements, cancels, reversals, lost answers, and books that were altered on either side.
It always ends at 000000, or with a task for each line that is left.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.core.books import days
from edge.core.books.resolve import STAFF
from sim.centre import audit
from tests.days.pair import Pair

TODAY = "20261118"
DEEDS = ("settle", "settle", "pharmacy", "cancel", "lost", "reverse")
HARM = ("lost there", "invented there", "other figures there", "other figures here", "lost here")


def live(pair: Pair, dice: random.Random, deeds: list[str]) -> None:
    """What happens at the desk."""
    done: list[str] = []
    for deed in deeds:
        person, fen = dice.randrange(8), dice.randrange(1_00, 300_00)
        if deed in ("settle", "pharmacy"):
            done.append(pair.settle(person, fen, kind=deed))
        elif deed == "cancel" and done:
            pair.desk.withdraw(done.pop(), f"cancel-{len(pair.desk.drafts)}")
            pair.deliver()
        elif deed in ("lost", "reverse"):
            bill_id = pair.lose(person, fen)
            if deed == "reverse":
                pair.desk.reverse(bill_id, f"reverse-{bill_id}")
                pair.send()


def harm(pair: Pair, dice: random.Random, what: str, number: int) -> None:
    """Something is wrong in one of the two books."""
    book = pair.desk.terminal._site.days
    rows, theirs = book.rows(TODAY), pair.movements()
    if not rows or not theirs:
        return
    mine = dice.choice(rows)
    if what == "lost there":
        pair.alter(mine.msgid)
    elif what == "invented there":
        pair.invent(f"H510100000012026111809{number:08d}")
    elif what == "other figures there":
        pair.alter(mine.msgid, medfee_fen=dice.randrange(1, 999_99))
    elif what == "other figures here":
        book.book(replace(mine, fund_fen=dice.randrange(1, 999_99)))
    else:
        del book._rows[mine.msgid]


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    deeds=st.lists(st.sampled_from(DEEDS), max_size=6),
    wrong=st.lists(st.sampled_from(HARM), max_size=3),
)
def test_any_day_ends_at_equal_or_with_a_task_for_each_line(
    seed: int, deeds: list[str], wrong: list[str]
) -> None:
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder))
        live(pair, dice, ["settle", *deeds])
        pair.hear()
        pair.close()
        for number, what in enumerate(wrong):
            harm(pair, dice, what, number)
        if wrong:
            pair.desk.terminal._site.days.put(days.Day(TODAY))
        pair.midnight()
        pair.close(TODAY)
        day = pair.day(TODAY)
        open_tasks = pair.desk.terminal._site.tasks.undone()
        told = {one.detail["msgid"] for one in open_tasks if one.detail.get("day") == TODAY}
        if day.state == days.RECONCILED:
            assert day.final and {total.stmt_rslt for total in day.totals} == {"000000"}
        else:
            assert wrong and day.left, day
            assert all(one.what in STAFF for one in day.left), day.left
        assert {one.msgid for one in day.left if one.what in STAFF} <= told
        assert audit.audit(pair.centre.store).faults == ()
        pair.centre.store.close()
