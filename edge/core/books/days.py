"""The book of days: what was settled on each civil day of the place of care, and which days agree
with the centre's books (DOMAIN §1.7, §4.6).

A settlement belongs to the day on which the centre decided it (`setl_time`), whatever the day of
the visit. Undoing is a line of its own with amounts below zero. A day is `final` once the centre
said 000000 for all of it after it was over by the centre's clock; only final days let go of
their lines, and only they allow anything to be pruned.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from edge.core import money
from edge.core.books import dialects
from edge.core.effects import Effect, Save
from edge.core.types import Entry, Json, Now, Outcome, Result, Settings
from edge.core.visit.ticket import civil
from edge.errors import EdgeError

DAY_SPACE: Final = "day"
ROW_SPACE: Final = "dayrow"
ROWS_MAX: Final = 20_000  # lines of days that are not final yet: forty full days
ROWS_KEPT_DAYS: Final = 7  # lines of a final day are kept this long: an answer may still come late
DAYS_MAX: Final = 800  # documents of days in memory; older ones stay in the store
DAYS_DUE_MAX: Final = 400  # a clock that jumped years ahead must not make a thousand questions
DAY_MS: Final = 86_400_000
ID_CHARS_MAX: Final = 64
OPEN, DIFFERS, RECONCILED = "open", "differs", "reconciled"
BOOKED: Final = frozenset({Outcome.SETTLED, Outcome.ADJUSTED})
_WHEN: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]", re.ASCII)
_DAY: Final = re.compile(r"20[0-9]{6}", re.ASCII)


class Row(Struct, frozen=True):
    """One movement as a statement names it. `msgid` is of the message that made it, so it is the
    same on both sides and never used twice.
    """

    day: str
    msgid: str
    setl_id: str
    mdtrt_id: str
    psn_no: str
    clr_type: str
    insutype: str
    setl_optins: str
    refd: bool
    medfee_fen: int
    fund_fen: int
    acct_fen: int
    hosp_fen: int
    bill_id: str = ""
    seq: int = 0
    theirs: bool = False  # the figures are the centre's, taken over from a 3202

    def fund_total_fen(self) -> int:
        """`fund_pay_sumamt` in the dialect of the office that settles."""
        dialect = dialects.of(self.setl_optins)
        return dialects.fund_total(dialect, self.fund_fen, self.acct_fen, self.hosp_fen)


class Total(Struct, frozen=True):
    """One 3201: a group of a day (all "" = the whole day), our sums and what the centre said."""

    clr_type: str
    insutype: str
    setl_optins: str
    medfee_fen: int
    fund_fen: int
    acct_fen: int
    count: int
    refd: bool
    stmt_rslt: str = ""
    stmt_rslt_dscr: str = ""


class Left(Struct, frozen=True):
    """One line on which the two sides do not agree, and what is to be done about it: `wait_answer`
    `adopted` `reverse_or_adopt` `resubmit_or_void` `figures_differ` `late`.
    """

    stmt_rslt: str
    msgid: str
    setl_id: str
    psn_no: str
    medfee_fen: int
    what: str
    bill_id: str = ""


class Day(Struct, frozen=True):
    """Document day/YYYYMMDD. `unknown`: bills without a decision when it was closed."""

    day: str
    state: str = OPEN
    final: bool = False
    closed_utc_ms: int = 0
    rounds: int = 0
    totals: tuple[Total, ...] = ()
    left: tuple[Left, ...] = ()
    unknown: tuple[str, ...] = ()
    unanswered: int = 0
    provisional: int = 0
    provisional_fen: int = 0
    tasks_open: int = 0
    code: str = ""  # why the last close did not come to an end


def day_of(settings: Settings, utc_ms: int) -> str:
    """The civil day of the place of care as YYYYMMDD."""
    return civil(settings, utc_ms).strftime("%Y%m%d")


def end_utc_ms(settings: Settings, day: str) -> int:
    """The first moment after the day."""
    midnight = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    return int(midnight.timestamp() * 1000) - settings.utc_offset_min * 60_000


def next_day(day: str) -> str:
    """The day after."""
    return (datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) + timedelta(1)).strftime("%Y%m%d")


def is_day(text: str) -> bool:
    """A day that exists, of this century."""
    if _DAY.fullmatch(text) is None:
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))  # strptime takes ten times as long
    except ValueError:
        return False
    return True


def dashed(day: str) -> str:
    """stmt_begndate: yyyy-MM-dd."""
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


class DayBook:
    """Lines and days in memory, each change with its document."""

    def __init__(self, docs: dict[str, dict[str, bytes]], settings: Settings) -> None:
        self._settings = settings
        self._days = {
            key: msgspec.json.decode(value, type=Day)
            for key, value in sorted(docs.get(DAY_SPACE, {}).items())
        }
        self._rows: dict[str, Row] = {
            key: msgspec.json.decode(value, type=Row)
            for key, value in docs.get(ROW_SPACE, {}).items()
        }
        self._until_ms: int | None = None  # worked out when asked, until a day or a line changes

    # -- reading -----------------------------------------------------------------------------------
    @property
    def full(self) -> bool:
        """Too many lines wait for their day to be reconciled."""
        return len(self._rows) >= ROWS_MAX

    def get(self, day: str) -> Day | None:
        """The document of a day, if it was ever more than open."""
        return self._days.get(day)

    def days(self) -> tuple[Day, ...]:
        """Every day that is known, the oldest first."""
        return tuple(self._days.values())

    def rows(self, day: str) -> tuple[Row, ...]:
        """The lines of a day by message id: the same order on every machine."""
        found = (row for row in self._rows.values() if row.day == day)
        return tuple(sorted(found, key=lambda row: row.msgid))

    def row(self, msgid: str) -> Row | None:
        """The line that this message made."""
        return self._rows.get(msgid)

    def totals(self, day: str) -> tuple[Total, ...]:
        """Our side of every 3201 of the day: each group, and at last the whole day, so that a group
        that only the centre has is seen too.
        """
        groups: dict[tuple[str, str, str], list[Row]] = {}
        rows = self.rows(day)
        for row in rows:
            groups.setdefault((row.clr_type, row.insutype, row.setl_optins), []).append(row)
        named = [_total(group, members) for group, members in sorted(groups.items())]
        return (*named, _total(("", "", ""), list(rows)))

    def first(self) -> str:
        """The first day that anything was recorded on, "" = none yet."""
        known = [*self._days, *(row.day for row in self._rows.values())]
        return min(known, default="")

    def not_final(self, before: str) -> tuple[str, ...]:
        """The days before this one that are not final, the oldest first."""
        found: list[str] = []
        day = self.first()
        while day and day < before and len(found) < DAYS_DUE_MAX:
            known = self._days.get(day)
            if known is None or not known.final:
                found.append(day)
            day = next_day(day)
        return tuple(found)

    def reconciled_until_utc_ms(self) -> int:
        """The end of the last day such that it and every day since the first record are final; 0 =
        there is none.
        """
        if self._until_ms is None:
            day, self._until_ms = self.first(), 0
            while (known := self._days.get(day)) is not None and known.final:
                self._until_ms = end_utc_ms(self._settings, day)
                day = next_day(day)
        return self._until_ms

    # -- changing ----------------------------------------------------------------------------------
    def begin(self, now: Now) -> list[Effect]:
        """The first record of this terminal is written: its day is the first."""
        if self._days:
            return []
        return self.put(Day(day_of(self._settings, now.utc_ms)))

    def put(self, day: Day) -> list[Effect]:
        """Store what is known of a day."""
        self._days[day.day], self._until_ms = day, None
        self._days = dict(sorted(self._days.items())[-DAYS_MAX:])
        return [Save(DAY_SPACE, day.day, msgspec.json.encode(day))]

    def book(self, row: Row) -> list[Effect]:
        """A line, or the same line with other figures or on another day. A day that was reconciled
        is open again.
        """
        effects: list[Effect] = []
        before = self._rows.get(row.msgid)
        if before == row:
            return effects
        for day in {row.day, before.day if before is not None else row.day}:
            known = self._days.get(day)
            if known is not None and known.state == RECONCILED:
                effects += self.put(replace(known, state=OPEN, final=False))
        self._rows[row.msgid], self._until_ms = row, None
        return [*effects, Save(ROW_SPACE, row.msgid, msgspec.json.encode(row))]

    def let_go(self, today: str) -> list[Effect]:
        """Lines of days that are final since a while are in the ledger and in the day's totals."""
        effects: list[Effect] = []
        limit = datetime.strptime(today, "%Y%m%d").replace(tzinfo=UTC)
        old = (limit - timedelta(days=ROWS_KEPT_DAYS)).strftime("%Y%m%d")
        for msgid, row in list(self._rows.items()):
            known = self._days.get(row.day)
            if row.day < old and known is not None and known.final:
                del self._rows[msgid]
                effects.append(Save(ROW_SPACE, msgid, None))
        return effects


def row_of(settings: Settings, entry: Entry, result: Result, centre_utc_ms: int) -> Row | None:
    """The line that a decided record makes; None when no money moved."""
    info = result.body.get("setlinfo")
    if result.outcome not in BOOKED or not isinstance(info, dict) or not info:
        return None
    names = ("medfee_sumamt", "acct_pay", "acct_mulaid_pay", "hosp_part_amt")
    try:
        funds = dialects.funds_fen(info)
        fen = [money.fen(str(info.get(name, "0"))) for name in names]
    except EdgeError:
        return None  # the bill stays confirming (`books.answers`), and the statement will differ
    local = entry.local
    found = _WHEN.match(_text(info, "setl_time"))
    day = "".join(found.groups()) if found else day_of(settings, centre_utc_ms)
    if not is_day(day):
        day = day_of(settings, centre_utc_ms)
    return Row(
        day=day,
        msgid=str(local.get("msgid", "")) or _text(info, "medins_setl_id") or f"seq-{entry.seq}",
        setl_id=_text(info, "setl_id"),
        mdtrt_id=_text(info, "mdtrt_id"),
        psn_no=_text(info, "psn_no"),
        clr_type=_text(info, "clr_type"),
        insutype=_text(info, "insutype"),
        setl_optins=_text(info, "clr_optins") or settings.mdtrtarea_admvs,
        refd=fen[0] < 0,
        medfee_fen=fen[0],
        fund_fen=funds,
        acct_fen=fen[1] + fen[2],
        hosp_fen=fen[3],
        bill_id=str(local.get("bill_id", "")),
        seq=entry.seq,
    )


def _total(group: tuple[str, str, str], rows: list[Row]) -> Total:
    clr_type, insutype, setl_optins = group
    return Total(
        clr_type=clr_type,
        insutype=insutype,
        setl_optins=setl_optins,
        medfee_fen=sum(row.medfee_fen for row in rows),
        fund_fen=sum(row.fund_total_fen() for row in rows),
        acct_fen=sum(row.acct_fen for row in rows),
        count=len(rows),
        refd=any(row.refd for row in rows),
    )


def _text(form: Json, name: str) -> str:
    value = form.get(name, "")
    return value[:ID_CHARS_MAX] if isinstance(value, str) else ""
