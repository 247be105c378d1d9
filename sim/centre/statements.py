"""3201, 9101, 3202 and 9102: do both sides have the same day? And `chain`: do they have the same
records?

A statement is of the terminal that asks: what it signed, and what was taken back at its word. All
four results are given, also the rows that only the centre has.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct

from edge.core import money
from edge.core.books import days, dialects
from edge.core.types import Json
from edge.errors import EdgeError
from edge.wire import statement as wire
from sim.centre import bodies
from sim.centre.books import statement
from sim.centre.books import store as t
from sim.centre.books.statement import Moved
from sim.centre.civil import civil
from sim.centre.deciding.case import No, stamp

if TYPE_CHECKING:
    from sim.centre.asks import Question

Count = Annotated[int, Meta(ge=0, lt=1 << 62)]
EQUAL, OURS, YOURS, OTHER = "000000", "000101", "000102", "000103"
SAYS: Final = {EQUAL: "平", OURS: "中心多", YOURS: "医药机构多", OTHER: "数据不一致"}
DAYS_MAX: Final = 31
EPOCHS_MAX: Final = 16
_UPTO: Final = sa.select(t.streams.c.epoch, t.streams.c.upto, t.streams.c.chain).where(
    t.streams.c.terminal == sa.bindparam("terminal")
)
_HASH: Final = t.get(t.records, "terminal", "epoch", "seq", only=("hash",))


class Stream(Struct, frozen=True, forbid_unknown_fields=True):
    """One chain as the terminal names it: its epoch, the head's number and hash."""

    epoch: Count
    seq: Count
    hash: Annotated[bytes, Meta(max_length=32)]


# -- 3201 -----------------------------------------------------------------------------------------
def totals(asked: Question) -> Json | No:
    """The sums of a group ("" = any) against ours."""
    data = _form(asked.body)
    rows = _rows(asked, data)
    if isinstance(rows, No):
        return rows
    count = bodies.text(data, "fixmedins_setl_cnt")
    if not count.isascii() or not count.isdigit():
        raise EdgeError("E-WIR-20", "fixmedins_setl_cnt is no number", count[:20])
    theirs = tuple(
        money.fen(bodies.text(data, name))
        for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")
    )
    own = (
        sum(row.medfee_fen for row in rows),
        sum(_fund(asked, row) for row in rows),
        sum(row.acct_fen for row in rows),
    )
    rslt = EQUAL if (*theirs, int(count)) == (*own, len(rows)) else OTHER
    if rslt != EQUAL and int(count) != len(rows):
        rslt = YOURS if int(count) > len(rows) else OURS
    told = "" if rslt == EQUAL else f" {len(rows)} · {money.yuan(own[0])} · {money.yuan(own[1])}"
    optins = bodies.text(data, "setl_optins", "")
    info = {"setl_optins": optins, "stmt_rslt": rslt, "stmt_rslt_dscr": SAYS[rslt] + told}
    over = bodies.text(data, "stmt_enddate").replace("-", "") < _today(asked)
    return {"stmtinfo": info, "day_over": over}


def _rows(asked: Question, data: Json) -> list[Moved] | No:
    first, last = (
        bodies.text(data, name).replace("-", "") for name in ("stmt_begndate", "stmt_enddate")
    )
    if not days.is_day(first) or not days.is_day(last) or last < first:
        raise EdgeError("E-WIR-20", "no such days", f"{first[:10]} {last[:10]}")
    if last > _today(asked):
        return No("day_in_future")
    if len(range(int(first), int(last))) >= DAYS_MAX:  # calendar arithmetic on digits: never less
        return No("too_many_days")
    rows = statement.of_days(asked.conn, asked.terminal.name, first, last)
    for name in ("clr_type", "insutype", "setl_optins"):
        if wanted := bodies.text(data, name, ""):
            rows = [row for row in rows if getattr(row, name) == wanted]
    return rows


def _fund(asked: Question, row: Moved) -> int:
    dialect = asked.region.dialect.told
    return dialects.fund_total(dialect, row.fund_fen, row.acct_fen, row.hosp_fen)


def _today(asked: Question) -> str:
    return civil(asked.now_ms).strftime("%Y%m%d")


def _form(body: Json) -> Json:
    data = body.get("data")
    if not isinstance(data, dict):
        raise EdgeError("E-WIR-20", "no data", "send the national form")
    return data


# -- 9101, 3202, 9102 -----------------------------------------------------------------------------
def upload(asked: Question) -> Json | No:
    """9101: one part of a file. The name makes its number, so the same question again changes
    nothing."""
    form = asked.body.get("fsUploadIn")
    if not isinstance(form, dict) or not isinstance(form.get("in"), bytes):
        raise EdgeError("E-WIR-20", "no fsUploadIn", "send the national form")
    if bodies.text(form, "fixmedins_code") != asked.terminal.fixmedins_code:
        return No("wrong_institution")
    part, parts = _part(asked.body)
    wire.unpack(form["in"], wire.DETAIL)  # refuse now what could not be read later
    number = _number(asked, "up", bodies.text(form, "filename"))
    _keep(asked, number, part, parts, form["in"])
    return {"file_qury_no": number}


def details(asked: Question) -> Json | No:
    """3202: every row of the file against ours, and ours that the file does not have."""
    data = _form(asked.body)
    rows = _rows(asked, data)
    if isinstance(rows, No):
        return rows
    number = bodies.text(data, "file_qury_no")
    held = statement.parts(asked.conn, asked.terminal.name, number)
    if not held or len(held) != next(iter(held.values()))[0]:
        return No("file_incomplete")
    theirs = [row for part in sorted(held) for row in wire.unpack(held[part][1], wire.DETAIL)]
    found = compare(theirs, rows, lambda row: _fund(asked, row))
    answer = _number(asked, "down", number)
    pieces = [found[at : at + wire.ROWS_MAX] for at in range(0, len(found), wire.ROWS_MAX)] or [[]]
    for part, piece in enumerate(pieces):
        _keep(asked, answer, part, len(pieces), wire.pack(piece, wire.RESULT))
    info = {"file_qury_no": answer, "filename": f"{answer}.zip"}
    info["dld_endtime"] = stamp(asked.now_ms + 7 * days.DAY_MS)
    return {"fileinfo": info, "parts": len(pieces)}


def compare(theirs: list[list[str]], ours: list[Moved], fund: Any) -> list[list[str]]:
    """The result rows of 3202 by message id: each row of either side once."""
    mine = {row.msgid: row for row in ours}
    found: dict[str, list[str]] = {}
    for setl_id, mdtrt_id, psn_no, medfee, fund_sum, acct, refd, msgid in theirs:
        row = mine.get(msgid)
        if row is None:
            told = [psn_no, mdtrt_id, setl_id, msgid, YOURS, refd, "", medfee, fund_sum, acct]
        else:
            same = (medfee, fund_sum, acct, setl_id) == (*_figures(row, fund), row.setl_id)
            told = _told(row, EQUAL if same else OTHER, fund)
        found[msgid] = told
    for msgid, row in mine.items():
        if msgid not in found:
            found[msgid] = _told(row, OURS, fund)
    return [found[msgid] for msgid in sorted(found)]


def _figures(row: Moved, fund: Any) -> tuple[str, str, str]:
    return money.yuan(row.medfee_fen), money.yuan(fund(row)), money.yuan(row.acct_fen)


def _told(row: Moved, rslt: str, fund: Any) -> list[str]:
    """One result row; the memo carries what a line needs beside it to be taken over: group and
    parts."""
    memo = f"{row.clr_type}/{row.insutype}/{row.setl_optins}/{row.fund_fen}/{row.hosp_fen}"
    head = [row.psn_no, row.mdtrt_id, row.setl_id, row.msgid, rslt, str(row.refd)]
    return [*head, memo, *_figures(row, fund)]


def download(asked: Question) -> Json | No:
    """9102: one part of a result file."""
    form = asked.body.get("fsDownloadIn")
    if not isinstance(form, dict):
        raise EdgeError("E-WIR-20", "no fsDownloadIn", "send the national form")
    part, _ = _part(asked.body)
    held = statement.parts(asked.conn, asked.terminal.name, bodies.text(form, "file_qury_no"))
    if part not in held:
        return No("file_unknown")
    return {"file": held[part][1], "part": part, "parts": held[part][0]}


def _part(body: Json) -> tuple[int, int]:
    part, parts = body.get("part", 0), body.get("parts", 1)
    if not isinstance(part, int) or not isinstance(parts, int):
        raise EdgeError("E-WIR-20", "part and parts are whole numbers", "0 and 1 for one part")
    if not 0 <= part < parts <= wire.PARTS_MAX:
        raise EdgeError("E-WIR-20", "no such part", f"at most {wire.PARTS_MAX}")
    return part, parts


def _number(asked: Question, way: str, name: str) -> str:
    text = f"{asked.terminal.name} {way} {name}"
    return f"F{hashlib.sha256(text.encode()).hexdigest()[:28]}"


def _keep(asked: Question, number: str, part: int, parts: int, data: bytes) -> None:
    row = {"file_qury_no": number, "part": part, "parts": parts, "data": data}
    more = {"terminal": asked.terminal.name, "at_ms": asked.now_ms}
    statement.put_part(asked.conn, row | more)


# -- chain ----------------------------------------------------------------------------------------
def chain(asked: Question) -> Json | No:
    """Where each chain of this terminal ends here, and what is between the two ends: numbers, no
    sums."""
    named = asked.body.get("streams")
    if not isinstance(named, list) or not 0 < len(named) <= EPOCHS_MAX:
        raise EdgeError("E-WIR-20", "no streams", f"1 to {EPOCHS_MAX} of them")
    rows = asked.conn.execute(_UPTO, {"terminal": asked.terminal.name})
    known = {row[0]: (int(row[1]), bytes(row[2])) for row in rows}
    told = [_stream(asked, one, known) for one in named]
    spoken = {one["epoch"] for one in told}
    others = sorted(epoch for epoch in known if epoch not in spoken)[-EPOCHS_MAX:]
    unnamed = [{"epoch": epoch, "upto": known[epoch][0]} for epoch in others]
    return {"streams": told, "unnamed": unnamed}


def _stream(asked: Question, one: Any, known: dict[int, tuple[int, bytes]]) -> Json:
    try:
        named = msgspec.convert(one, Stream)
    except msgspec.ValidationError as error:
        raise EdgeError("E-WIR-20", "a stream is malformed", str(error)[:160]) from error
    seq, (upto, head) = named.seq, known.get(named.epoch, (0, bytes(32)))
    place = t.at(terminal=asked.terminal.name, epoch=named.epoch, seq=seq)
    here = asked.conn.execute(_HASH, place).scalar() if 0 < seq <= upto else None
    return {
        "epoch": named.epoch,
        "upto": upto,
        "chain": head,
        "same": here is None or bytes(here) == named.hash,
        "lacks": [[upto + 1, seq]] if upto < seq else [],
        "extra": [[seq + 1, upto]] if upto > seq else [],
    }
