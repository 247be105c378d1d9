"""The end of a day between a real core and a real centre: equal, or a task for each line that is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge.core import events as e
from edge.core.books import days, dialects
from edge.core.books.resolve import STAFF, TASK
from edge.core.books.tasks import KINDS, STATEMENT
from edge.core.types import BillStatus
from sim.centre import audit
from sim.centre.books import statement
from tests.days.pair import DAY_MS, MORNING, Pair

TODAY = "20261118"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    assert audit.audit(made.centre.store).faults == ()
    made.centre.store.close()


def tasks(pair: Pair) -> list[str]:
    return [one.kind for one in pair.desk.terminal._site.tasks.undone()]


def msgid(pair: Pair, bill_id: str) -> str:
    return pair.bill(bill_id).msgid


def test_a_day_that_agrees_is_reconciled_and_final_only_when_it_is_over(pair: Pair) -> None:
    pair.settle(0)
    pair.settle(1, kind="pharmacy")
    day = pair.close()
    assert (day.day, day.state, day.final, day.rounds) == (TODAY, days.RECONCILED, False, 1)
    assert [total.count for total in day.totals] == [1, 1, 2]
    assert {total.stmt_rslt for total in day.totals} == {"000000"}
    assert pair.desk.terminal.status(pair.desk.now)["reconciled_until_utc_ms"] == 0
    pair.midnight()
    assert pair.day(TODAY).final
    until = days.end_utc_ms(pair.desk.settings, TODAY)
    assert pair.desk.terminal.status(pair.desk.now)["reconciled_until_utc_ms"] == until


def test_a_day_without_business_is_reconciled_with_zeros(pair: Pair) -> None:
    pair.settle(0)
    for _ in range(3):
        pair.midnight()
    assert [pair.day(str(20261118 + plus)).final for plus in range(3)] == [True] * 3
    assert [total.count for total in pair.day("20261119").totals] == [0]


def test_business_after_the_close_opens_the_day_again(pair: Pair) -> None:
    pair.settle(0)
    assert pair.close().state == days.RECONCILED
    pair.settle(1)
    assert pair.day(TODAY).state == days.OPEN
    assert pair.close().totals[-1].count == 2


def test_a_cancel_and_a_reversal_are_lines_below_zero(pair: Pair) -> None:
    cancelled = pair.settle(0)
    pair.desk.withdraw(cancelled)
    pair.deliver()
    lost = pair.lose(1)
    pair.desk.reverse(lost)
    pair.deliver()
    assert pair.bill(lost).status is BillStatus.CANCELLED
    day = pair.close()
    assert (day.state, day.totals[-1].count, day.totals[-1].medfee_fen) == (days.RECONCILED, 4, 0)
    assert day.totals[-1].refd


def test_what_is_decided_after_midnight_belongs_to_the_day_of_its_decision(pair: Pair) -> None:
    bill_id = pair.pay(0)
    pair.wait(20_000)
    pair.midnight()
    pair.deliver()
    assert pair.bill(bill_id).status is BillStatus.SETTLED
    assert pair.close().totals[-1].count == 1
    assert pair.day(TODAY).totals[-1].count == 0


def test_an_answer_that_is_still_on_its_way_is_waited_for_and_never_guessed(pair: Pair) -> None:
    """000101 with a message of ours: the line comes with the signed answer."""
    bill_id = pair.lose(0)
    day = pair.close()
    assert day.state == days.DIFFERS and day.unknown == (bill_id,)
    assert [(one.stmt_rslt, one.what) for one in day.left] == [("000101", "wait_answer")]
    assert pair.bill(bill_id).status is BillStatus.CONFIRMING and not tasks(pair)
    pair.hear()
    assert pair.bill(bill_id).status is BillStatus.SETTLED
    pair.midnight()
    assert pair.day(TODAY).final


def test_a_line_that_only_the_centre_has_is_work_for_the_staff(pair: Pair) -> None:
    """000101 that nobody here knows: what peers' mocks never report."""
    pair.settle(0)
    pair.invent("H51010000001202611180800009999")
    day = pair.close()
    assert day.state == days.DIFFERS and day.tasks_open == 1
    assert [(one.stmt_rslt, one.what) for one in day.left] == [("000101", "reverse_or_adopt")]
    assert tasks(pair) == ["centre_only"]
    pair.close()
    assert tasks(pair) == ["centre_only"]  # once, however often the day is closed


def test_a_group_that_only_the_centre_has_is_seen_too(pair: Pair) -> None:
    pair.settle(0)
    pair.invent("H51010000001202611180800009998", clr_type="21", insutype="390")
    day = pair.close()
    assert [total.stmt_rslt for total in day.totals] == ["000000", "000101"]
    assert day.state == days.DIFFERS


def test_a_line_that_the_centre_lost_is_work_for_the_staff(pair: Pair) -> None:
    kept, lost = pair.settle(0), pair.settle(1)
    pair.alter(msgid(pair, lost))
    day = pair.close()
    assert [(one.stmt_rslt, one.what) for one in day.left] == [("000102", "resubmit_or_void")]
    assert day.left[0].bill_id == lost and tasks(pair) == ["ours_only"]
    assert pair.bill(lost).status is BillStatus.SETTLED == pair.bill(kept).status


def test_where_figures_differ_the_centres_count_and_somebody_looks(pair: Pair) -> None:
    bill_id = pair.settle(0)
    split = pair.bill(bill_id).split
    pair.alter(msgid(pair, bill_id), fund_fen=1)
    day = pair.close()
    assert (day.state, day.rounds) == (days.RECONCILED, 2)
    assert day.totals[-1].fund_fen == 1
    assert [(one.stmt_rslt, one.what) for one in day.left] == [("000103", "figures_differ")]
    assert tasks(pair) == ["figures_differ"]
    assert pair.bill(bill_id).split == split  # only a verified result changes a bill


def test_a_line_that_the_centre_has_on_another_day_is_moved(pair: Pair) -> None:
    bill_id = pair.settle(0)
    pair.midnight()
    assert pair.day(TODAY).final
    pair.alter(msgid(pair, bill_id), day="20261119")  # it was decided anew after a restored backup
    assert pair.close("20261119").state == days.RECONCILED
    day = pair.close(TODAY)  # it was open again
    assert (day.state, day.final, day.totals[-1].count) == (days.RECONCILED, True, 0)
    assert not tasks(pair)


def test_a_day_of_many_lines_goes_in_parts(pair: Pair) -> None:
    first = pair.settle(0)
    book = pair.desk.terminal._site.days
    (row,) = book.rows(TODAY)
    for number in range(300):  # as if they had been settled here
        name = f"H510100000012026111808{number + 5000:08d}"
        for effect in book.book(replace(row, msgid=name, setl_id=f"X{name}")):
            pair.desk.docs.setdefault(effect.space, {})[effect.key] = effect.value
        pair.invent(name)
    pair.alter(msgid(pair, first), fund_fen=5)
    day = pair.close()
    assert (day.state, day.totals[-1].count, day.rounds) == (days.RECONCILED, 301, 2)
    held = [one for one in pair.desk.effects if getattr(one, "infno", "") == "9101"]
    assert {one.body["part"] for one in held} == {0, 1, 2}


def test_a_centre_that_does_not_answer_leaves_the_day_open_and_is_asked_again(pair: Pair) -> None:
    pair.settle(0)
    pair.deaf = True
    day = pair.close()
    assert (day.state, day.code) == (days.OPEN, "E-DAY-01")
    pair.deaf = False
    pair.midnight()
    assert pair.day(TODAY).final


def test_a_close_that_the_network_interrupted_goes_on_when_it_is_back(pair: Pair) -> None:
    """The HIS was told that today is closing; nobody asks a second time."""
    pair.settle()
    pair.deaf = True
    pair.desk.calls += 1
    pair.desk.post(e.CloseAsked(pair.desk.calls, ""))
    day = str(pair.desk.replies[pair.desk.calls].body["day"])
    pair.wait(10_000)
    pair.desk.post(e.LinkLost("E-NET-01", False))
    pair.desk.asks.clear()
    pair.wait(60_000)
    pair.deaf = False
    pair.desk.post(e.LinkUp())
    pair.pump()
    pair.wait(300_000)
    assert pair.day(day).state == "reconciled"


def test_a_close_survives_a_power_cut(pair: Pair) -> None:
    pair.settle(0)
    pair.deaf = True
    pair.close()
    pair.desk.boot()
    pair.deaf = False
    pair.desk.post(e.LinkUp())
    pair.midnight()
    assert pair.day(TODAY).final and pair.day(TODAY).totals[-1].count == 1


def test_a_clock_that_ran_ahead_closes_no_day_before_it_was(pair: Pair) -> None:
    pair.settle(0)
    right = pair.desk.now
    pair.desk.now = replace(right, utc_ms=right.utc_ms + 3 * DAY_MS)
    ask, centre_ms = pair.device.ask, right.utc_ms
    pair.device.ask = lambda infno, body, now: ask(infno, body, now=centre_ms)  # its own clock
    pair.wait(2 * 3_600_000)
    assert not pair.day(TODAY).final
    pair.device.ask = ask
    pair.desk.now = replace(pair.desk.now, utc_ms=MORNING + 3_600_000)
    pair.midnight()
    assert pair.day(TODAY).final


def test_the_dialect_of_the_region_is_the_same_on_both_sides(pair: Pair) -> None:
    ours, theirs = dialects.of("510100"), pair.centre.region.dialect
    assert ours.acct == theirs.fund_pay_sumamt_includes_acct
    assert ours.hosp == theirs.fund_pay_sumamt_includes_hosp_part


def test_every_line_of_staff_has_a_kind_of_task() -> None:
    assert set(TASK) == STAFF and set(TASK.values()) == STATEMENT <= set(KINDS)


@pytest.mark.parametrize("day", ["20990101", "2026", "abc", "20261119"])
def test_a_day_that_is_not_is_refused(pair: Pair, day: str) -> None:
    pair.desk.calls += 1
    pair.desk.post(e.CloseAsked(pair.desk.calls, day))
    no = pair.desk.replies[pair.desk.calls]
    assert (no.status, no.body["code"]) == (422, "E-DAY-04")


def test_files_of_another_terminal_are_not_given_out(pair: Pair) -> None:
    pair.alter(msgid(pair, pair.settle(0)), fund_fen=1)
    pair.close()
    asks = [one for one in pair.desk.effects if getattr(one, "infno", "") == "9102"]
    body = asks[0].body
    assert pair.device.ask("9102", body)[0] == 0
    with pair.centre.store.begin() as conn:
        conn.execute(statement.files.update().values(terminal="T-2"))
    assert pair.device.ask("9102", body) == (-1, {"code": "file_unknown"})
