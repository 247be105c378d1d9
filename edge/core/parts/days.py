"""The end of a day (DOMAIN §4.6): say what is still unknown, compare the day with the centre (3201),
find the lines that differ (9101, 3202, 9102), settle what can be settled, and compare again until
the centre says 000000 or only work for the staff is left.

A day is closed when the HIS asks, and by itself after midnight. It is final only when the centre
says 000000 for all of it after it was over by the centre's clock.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from msgspec.structs import replace

from edge.core import events
from edge.core.books import days as book
from edge.core.books import resolve
from edge.core.books.days import Day, Left, Row, Total
from edge.core.books.his import problem
from edge.core.effects import Effect, Reply
from edge.core.events import Event
from edge.core.money import yuan
from edge.core.site import Site
from edge.core.sync.asking import Asking
from edge.core.types import BillStatus, Json, Mode, Now

LOOK_EVERY_MS: Final = 15 * 60_000  # is a day over that is not final?
AFTER_LINK_MS: Final = 60_000  # the queue goes first
DRAIN_MAX_MS: Final = 120_000  # a close waits this long for records that are under way
AGAIN_MS: Final = 3_600_000  # a day that differs is compared again
ROUNDS_MAX: Final = 3  # 3201 of one close
LEFT_MAX: Final = 200  # lines kept in the document of a day; the rest is counted
PART_ROWS: Final = 120  # wire.statement.ROWS_MAX
PARTS_MAX: Final = 100
LIST_MAX: Final = 62  # days that one GET /v1/days gives
EQUAL: Final = "000000"
NO_ANSWER, REFUSED, FULL = "E-DAY-01", "E-DAY-02", "E-DAY-03"


class Step(StrEnum):
    """Where a close stands."""

    REST = "rest"
    DRAIN = "drain"  # records are on their way
    TOTALS = "totals"  # 3201, group by group
    UPLOAD = "upload"  # 9101, part by part
    DETAILS = "details"  # 3202
    FETCH = "fetch"  # 9102, part by part


class Days:
    """Closes one day at a time."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asking = Asking(site)
        self._step = Step.REST
        self._wanted: list[str] = []  # days the HIS asked to close
        self._tried: dict[str, int] = {}  # day -> when it may be tried again, ms since boot
        self._look_ms = 0
        self._clear("")
        self._table = {
            Step.TOTALS: self._totals_told,
            Step.UPLOAD: self._upload_told,
            Step.DETAILS: self._details_told,
            Step.FETCH: self._fetch_told,
        }

    def _clear(self, day: str) -> None:
        self._day = day
        self._rounds = 0
        self._drain_by_ms = 0
        self._ours: tuple[Total, ...] = ()
        self._said: list[Total] = []
        self._over = True
        self._rows: tuple[Row, ...] = ()
        self._part = 0
        self._file = ""
        self._parts = 1
        self._found: list[list[str]] = []
        self._left: dict[str, Left] = {}

    # -- the surface -------------------------------------------------------------------------------
    def start(self, now: Now) -> list[Effect]:
        """The night may be over that closes a day; the link comes first."""
        self._look_ms = now.mono_ms + AFTER_LINK_MS
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """Asked by the HIS, told by the centre, or it is time."""
        match event:
            case events.CloseAsked():
                return self._close_asked(event, now)
            case events.DayAsked():
                return [self._read(event)]
            case events.LinkUp():
                spread = self._site.dice.below(AFTER_LINK_MS)
                self._look_ms = now.mono_ms + AFTER_LINK_MS + spread
            case events.LinkLost():
                self._asking.drop()
                if (day := self._closing()) and day not in self._wanted:
                    self._wanted.insert(0, day)  # whoever asked for it was told that it is closing
                self._step = Step.REST
            case events.Told() if self._asking.takes(event):
                return self._told(event, now)
            case _:
                pass
        return self._due(now)

    def deadline(self) -> int | None:
        """The next look, or what a running close waits for."""
        if not self._site.link_up:
            return None
        if self._asking.open:
            return self._asking.deadline()
        return self._drain_by_ms if self._step is Step.DRAIN else self._look_ms

    def closed(self) -> str:
        """Nothing more is taken when so many lines wait that nobody would find anything in them."""
        return FULL if self._site.days.full else ""

    def status(self, now: Now) -> Json:
        """How far the days agree, and which one is worked on."""
        today = book.day_of(self._site.settings, now.utc_ms)
        return {
            "reconciled_until_utc_ms": self._site.reconciled_until_utc_ms,
            "days_open": len(self._site.days.not_final(today)),
            "day_closing": self._day if self._step is not Step.REST else "",
        }

    # -- the HIS -----------------------------------------------------------------------------------
    def _close_asked(self, event: events.CloseAsked, now: Now) -> list[Effect]:
        today = book.day_of(self._site.settings, now.utc_ms)
        day = event.day or today
        if not book.is_day(day) or day > today:
            no = problem(422, "E-DAY-04", "There is no such day yet", "yyyymmdd, today or earlier")
            return [Reply(event.call, *no)]
        known = self._site.days.get(day) or Day(day)
        effects: list[Effect] = []
        if not known.final and day not in self._wanted and day != self._closing():
            self._wanted = [*self._wanted[-LIST_MAX:], day]
        status = 200 if known.final else 202
        effects.append(Reply(event.call, status, self._form(known)))
        self._look_ms = min(self._look_ms, now.mono_ms)
        return effects + self._due(now)

    def _closing(self) -> str:
        return self._day if self._step is not Step.REST else ""

    def _read(self, event: events.DayAsked) -> Reply:
        if not event.day:
            newest = self._site.days.days()[-LIST_MAX:]
            return Reply(event.call, 200, {"days": [self._form(one) for one in newest]})
        known = self._site.days.get(event.day)
        if known is None and not self._site.days.rows(event.day):
            return Reply(event.call, *problem(404, "E-DAY-05", "Nothing on that day", "yyyymmdd"))
        return Reply(event.call, 200, self._form(known or Day(event.day)))

    def _form(self, day: Day) -> Json:
        """A day as the API prints it: sums in yuan as in the statement, its lines counted."""
        totals = day.totals or self._site.days.totals(day.day)
        return {
            "day": day.day,
            "state": "closing" if day.day == self._closing() else day.state,
            "final": day.final,
            "closed_utc_ms": day.closed_utc_ms,
            "rounds": day.rounds,
            "totals": [_printed(total) for total in totals],
            "left": [
                {
                    "stmt_rslt": one.stmt_rslt,
                    "what": one.what,
                    "msgid": one.msgid,
                    "setl_id": one.setl_id,
                    "medfee_sumamt": yuan(one.medfee_fen),
                    "bill_id": one.bill_id,
                }
                for one in day.left
            ],
            "unknown": list(day.unknown),
            "unanswered": day.unanswered,
            "provisional": {"count": day.provisional, "amount": yuan(day.provisional_fen)},
            "tasks_open": day.tasks_open,
            "code": day.code,
        }

    # -- when --------------------------------------------------------------------------------------
    def _due(self, now: Now) -> list[Effect]:
        if not self._site.link_up:
            return []
        if self._asking.open:
            again, gave_up = self._asking.due(now)
            return self._give_up(NO_ANSWER, now) if gave_up else again
        if self._step is Step.DRAIN:
            waits = self._site.waiting and now.mono_ms < self._drain_by_ms
            return [] if waits else self._compare(now)
        if now.mono_ms < self._look_ms:
            return []
        self._look_ms = now.mono_ms + LOOK_EVERY_MS
        return self._next_day(now)

    def _next_day(self, now: Now) -> list[Effect]:
        """What the HIS asked for first, then the oldest day that is over and not final."""
        today = book.day_of(self._site.settings, now.utc_ms)
        effects = self._site.days.let_go(today)
        if self._wanted:
            return effects + self._begin(self._wanted.pop(0), now)
        for day in self._site.days.not_final(today):
            if now.mono_ms >= self._tried.get(day, 0):
                return effects + self._begin(day, now)
        return effects

    def _begin(self, day: str, now: Now) -> list[Effect]:
        self._clear(day)
        self._step, self._drain_by_ms = Step.DRAIN, now.mono_ms + DRAIN_MAX_MS
        self._tried = {day: now.mono_ms + AGAIN_MS} | self._tried_later(now, day)
        return self._compare(now) if not self._site.waiting else []

    def _tried_later(self, now: Now, day: str) -> dict[str, int]:
        return {one: ms for one, ms in self._tried.items() if ms > now.mono_ms and one != day}

    # -- 3201 --------------------------------------------------------------------------------------
    def _compare(self, now: Now) -> list[Effect]:
        self._step, self._said = Step.TOTALS, []
        self._rounds += 1
        self._ours = self._site.days.totals(self._day)
        return self._ask_total(now)

    def _ask_total(self, now: Now) -> list[Effect]:
        total = self._ours[len(self._said)]
        data = self._period() | {
            "insutype": total.insutype,
            "clr_type": total.clr_type,
            "setl_optins": total.setl_optins,
            "medfee_sumamt": yuan(total.medfee_fen),
            "fund_pay_sumamt": yuan(total.fund_fen),
            "acct_pay": yuan(total.acct_fen),
            "fixmedins_setl_cnt": str(total.count),
            "refd_setl_flag": "1" if total.refd else "0",
        }
        return self._asking.put("3201", {"data": data}, now)

    def _period(self) -> Json:
        day = book.dashed(self._day)
        return {"stmt_begndate": day, "stmt_enddate": day}

    def _totals_told(self, body: Json, now: Now) -> list[Effect]:
        info = body.get("stmtinfo")
        rslt = str(info.get("stmt_rslt", ""))[:6] if isinstance(info, dict) else ""
        if not rslt or not isinstance(info, dict):
            return self._give_up(REFUSED, now)
        dscr = str(info.get("stmt_rslt_dscr", ""))[:200]
        total = self._ours[len(self._said)]
        self._said.append(replace(total, stmt_rslt=rslt, stmt_rslt_dscr=dscr))
        self._over = body.get("day_over") is True
        if len(self._said) < len(self._ours):
            return self._ask_total(now)
        if all(one.stmt_rslt == EQUAL for one in self._said):
            return self._end(book.RECONCILED, now)
        if self._rounds >= ROUNDS_MAX:
            return self._end(book.DIFFERS, now)
        self._rows = self._site.days.rows(self._day)[: PART_ROWS * PARTS_MAX]
        self._parts = max(1, -(-len(self._rows) // PART_ROWS))
        self._part, self._step = 0, Step.UPLOAD
        self._file = f"{self._day}-{self._site.dice.bytes(8).hex()}.zip"
        return self._ask_upload(now)

    # -- 9101, 3202, 9102 --------------------------------------------------------------------------
    def _ask_upload(self, now: Now) -> list[Effect]:
        first = self._part * PART_ROWS
        rows = [_line(row) for row in self._rows[first : first + PART_ROWS]]
        form = {"filename": self._file, "fixmedins_code": self._site.settings.fixmedins_code}
        body = {"fsUploadIn": form, "rows": rows, "part": self._part, "parts": self._parts}
        return self._asking.put("9101", body, now)

    def _upload_told(self, body: Json, now: Now) -> list[Effect]:
        number = body.get("file_qury_no")
        if not isinstance(number, str) or not 0 < len(number) <= book.ID_CHARS_MAX:
            return self._give_up(REFUSED, now)
        self._part += 1
        if self._part < self._parts:
            return self._ask_upload(now)
        self._step, total = Step.DETAILS, self._ours[-1]
        data = self._period() | {
            "setl_optins": "",
            "clr_type": "",
            "file_qury_no": number,
            "medfee_sumamt": yuan(total.medfee_fen),
            "fund_pay_sumamt": yuan(total.fund_fen),
            "cash_payamt": yuan(total.medfee_fen - total.fund_fen - total.acct_fen),
            "fixmedins_setl_cnt": str(total.count),
        }
        return self._asking.put("3202", {"data": data}, now)

    def _details_told(self, body: Json, now: Now) -> list[Effect]:
        info, parts = body.get("fileinfo"), body.get("parts")
        number = info.get("file_qury_no") if isinstance(info, dict) else None
        good = isinstance(number, str) and 0 < len(number) <= book.ID_CHARS_MAX
        if not good or not isinstance(parts, int) or not 0 < parts <= PARTS_MAX:
            return self._give_up(REFUSED, now)
        self._file, self._part, self._parts = str(number), 0, parts
        self._found, self._step = [], Step.FETCH
        return self._ask_part(now)

    def _ask_part(self, now: Now) -> list[Effect]:
        form = {
            "file_qury_no": self._file,
            "filename": f"{self._file}.zip",
            "fixmedins_code": self._site.settings.fixmedins_code,
        }
        body = {"fsDownloadIn": form, "part": self._part, "parts": self._parts}
        return self._asking.put("9102", body, now)

    def _fetch_told(self, body: Json, now: Now) -> list[Effect]:
        rows = body.get("rows")
        if not isinstance(rows, list) or body.get("part") != self._part:
            return self._give_up(REFUSED, now)
        self._found += rows
        self._part += 1
        if self._part < self._parts:
            return self._ask_part(now)
        effects: list[Effect] = []
        for told in self._found:
            done, left = resolve.line(self._site, self._day, told)
            effects += done
            if left is not None:
                self._left[left.msgid] = left
        return effects + self._compare(now)

    # -- the end -----------------------------------------------------------------------------------
    def _told(self, event: events.Told, now: Now) -> list[Effect]:
        if self._step not in self._table:
            return []
        if event.infcode != 0:
            return self._give_up(REFUSED, now)
        return self._table[self._step](event.body, now)

    def _give_up(self, code: str, now: Now) -> list[Effect]:
        """No answer, or not one that can be read: the day stays as it was and is tried again."""
        known = self._site.days.get(self._day) or Day(self._day)
        self._step, self._look_ms = Step.REST, now.mono_ms + AFTER_LINK_MS
        return self._site.days.put(replace(known, code=code, closed_utc_ms=now.utc_ms))

    def _end(self, state: str, now: Now) -> list[Effect]:
        site = self._site
        active = site.book.active()
        unknown = [one.bill_id for one in active if one.status is BillStatus.CONFIRMING]
        held = [one for one in site.ledger.undecided if one.mode is Mode.PROVISIONAL]
        left = tuple(self._left.values())
        if state == book.RECONCILED:  # what was taken over is settled, what staff must do stays
            left = tuple(one for one in left if one.what in resolve.STAFF)
        effects, opened = resolve.tasks(site, self._day, left, now)
        day = Day(
            day=self._day,
            state=state,
            final=state == book.RECONCILED and self._over,
            closed_utc_ms=now.utc_ms,
            rounds=self._rounds,
            totals=tuple(self._said),
            left=left[:LEFT_MAX],
            unknown=tuple(unknown[:LEFT_MAX]),
            unanswered=site.waiting,
            provisional=len(held),
            provisional_fen=sum(int(one.local.get("amount_fen", 0)) for one in held),
            tasks_open=opened,
        )
        self._step, self._look_ms = Step.REST, now.mono_ms  # another day may wait
        return [*effects, *site.days.put(day)]


def _line(row: Row) -> list[str]:
    """One row of the detail file, columns as wire.statement.DETAIL."""
    fund, refd = yuan(row.fund_total_fen()), "1" if row.refd else "0"
    head = [row.setl_id, row.mdtrt_id, row.psn_no, yuan(row.medfee_fen)]
    return [*head, fund, yuan(row.acct_fen), refd, row.msgid]


def _printed(total: Total) -> dict[str, Any]:
    return {
        "clr_type": total.clr_type,
        "insutype": total.insutype,
        "setl_optins": total.setl_optins,
        "medfee_sumamt": yuan(total.medfee_fen),
        "fund_pay_sumamt": yuan(total.fund_fen),
        "acct_pay": yuan(total.acct_fen),
        "fixmedins_setl_cnt": total.count,
        "stmt_rslt": total.stmt_rslt,
        "stmt_rslt_dscr": total.stmt_rslt_dscr,
    }
