"""The book of days: lines, totals, and how far everything agrees with the centre."""

from __future__ import annotations

from msgspec.structs import replace

from edge.core.books import days, dialects
from edge.core.books.days import Day, DayBook, Row
from edge.core.effects import Save
from edge.core.types import Entry, Mode, Now, Outcome, Result
from tests.flows.kit import DAY_MS, SETTINGS

LINE = Row(
    day="19700111",
    msgid="m1",
    setl_id="S1",
    mdtrt_id="M1",
    psn_no="P1",
    clr_type="11",
    insutype="310",
    setl_optins="510100",
    refd=False,
    medfee_fen=100_00,
    fund_fen=50_00,
    acct_fen=30_00,
    hosp_fen=1_00,
)


def kept(*effects: Save) -> dict[str, dict[str, bytes]]:
    docs: dict[str, dict[str, bytes]] = {}
    for one in effects:
        assert one.value is not None
        docs.setdefault(one.space, {})[one.key] = one.value
    return docs


def final(day: str) -> Day:
    return Day(day, state=days.RECONCILED, final=True)


def test_the_days_are_those_of_the_place_of_care() -> None:
    midnight = 16 * 3_600_000  # UTC+8
    assert days.day_of(SETTINGS, midnight - 1) == "19700101"
    assert days.day_of(SETTINGS, midnight) == "19700102"
    assert days.end_utc_ms(SETTINGS, "19700101") == midnight
    assert days.next_day("20251231") == "20260101" and days.next_day("20280228") == "20280229"
    assert [days.is_day(text) for text in ("20260101", "20260230", "2026010", "19991231")] == [
        True,
        False,
        False,
        False,
    ]


def test_pruning_waits_for_an_unbroken_run_of_final_days() -> None:
    book = DayBook({}, SETTINGS)
    assert book.reconciled_until_utc_ms() == 0
    book.begin(Now(10 * DAY_MS, 1))
    assert book.first() == "19700111" and book.reconciled_until_utc_ms() == 0
    book.put(final("19700111"))
    until = days.end_utc_ms(SETTINGS, "19700111")
    assert book.reconciled_until_utc_ms() == until
    book.put(final("19700113"))  # the 12th is missing: nothing beyond it counts
    assert book.reconciled_until_utc_ms() == until
    book.put(final("19700112"))
    assert book.reconciled_until_utc_ms() == until + 2 * DAY_MS
    assert book.not_final("19700115") == ("19700114",)


def test_a_late_line_opens_its_day_again() -> None:
    book = DayBook({}, SETTINGS)
    book.put(final(LINE.day))
    assert book.reconciled_until_utc_ms()
    saved = kept(*book.book(LINE))
    assert not book.reconciled_until_utc_ms() and book.get(LINE.day) == Day(LINE.day)
    assert DayBook(saved, SETTINGS).rows(LINE.day) == (LINE,)  # and a restart knows it too
    assert book.book(LINE) == []  # the same line again is no news


def test_the_last_total_is_of_the_whole_day_and_refunds_are_below_zero() -> None:
    book = DayBook({}, SETTINGS)
    back = {"medfee_fen": -100_00, "fund_fen": -50_00, "acct_fen": -30_00, "hosp_fen": -1_00}
    book.book(LINE)
    book.book(replace(LINE, msgid="m2", refd=True, **back))
    book.book(replace(LINE, msgid="m3", clr_type="41"))
    outpatient, pharmacy, all_ = book.totals(LINE.day)
    assert (outpatient.count, outpatient.medfee_fen, outpatient.refd) == (2, 0, True)
    assert (pharmacy.count, pharmacy.fund_fen) == (1, 51_00)
    assert (all_.clr_type, all_.count, all_.medfee_fen) == ("", 3, 100_00)


def test_each_province_counts_fund_money_in_its_own_way() -> None:
    for optins, fund in (("510100", 51_00), ("430100", 50_00), ("440100", 81_00)):
        assert replace(LINE, setl_optins=optins).fund_total_fen() == fund
    assert dialects.of("110100") == dialects.ELSE


def test_lines_go_only_a_week_after_their_day_is_final() -> None:
    book = DayBook({}, SETTINGS)
    book.book(LINE)
    assert book.let_go("19700201") == []
    book.put(final(LINE.day))
    assert book.let_go("19700118") == []
    assert book.let_go("19700119") == [Save(days.ROW_SPACE, "m1", None)]
    assert book.rows(LINE.day) == ()


def test_the_day_of_a_line_is_the_day_of_its_decision() -> None:
    entry = Entry(7, b"t", "settle", Mode.ONLINE, 9, {"bill_id": "b1", "msgid": "m7"})
    info = {"medfee_sumamt": "1.00", "setl_time": "2026-01-01 00:00:01", "setl_id": "S"}
    done = Result(7, Outcome.SETTLED, {"setlinfo": info}, b"")
    row = days.row_of(SETTINGS, entry, done, 0)
    assert row is not None and (row.day, row.msgid, row.medfee_fen) == ("20260101", "m7", 1_00)
    for wrong in ("", "2026-13-01 00:00:00", "x" * 300):
        odd = replace(done, body={"setlinfo": info | {"setl_time": wrong}})
        row = days.row_of(SETTINGS, entry, odd, 10 * DAY_MS)
        assert row is not None and row.day == "19700111"
    assert days.row_of(SETTINGS, entry, replace(done, outcome=Outcome.REJECTED), 0) is None
    assert days.row_of(SETTINGS, entry, replace(done, body={}), 0) is None
