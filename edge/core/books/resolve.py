"""What a line of 3202 means here, and what is done about it (DOMAIN §1.7): one rule for each result.

Only lines of the book of days are changed by it. A bill becomes settled by the signed answer with
its receipt and by nothing else; what needs a person is a task.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from edge.core import money
from edge.core.books import days
from edge.core.books.days import Left, Row
from edge.core.effects import Effect
from edge.core.site import Site
from edge.core.types import BillState, BillStatus, Json, Now
from edge.errors import EdgeError

EQUAL, CENTRE_ONLY, OURS_ONLY, DIFFERS = "000000", "000101", "000102", "000103"
COLUMNS: Final = 10  # wire.statement.RESULT
WAIT, ADOPTED = "wait_answer", "adopted"
REVERSE, RESUBMIT, FIGURES = "reverse_or_adopt", "resubmit_or_void", "figures_differ"
STAFF: Final = frozenset({REVERSE, RESUBMIT, FIGURES})
TASK: Final = {REVERSE: "centre_only", RESUBMIT: "ours_only", FIGURES: "figures_differ"}
UNDECIDED: Final = frozenset({BillStatus.CONFIRMING, BillStatus.PROVISIONAL, BillStatus.WORKING})


def line(site: Site, day: str, told: list[str]) -> tuple[list[Effect], Left | None]:
    """One result row. A row that cannot be read changes nothing: the totals will still differ."""
    row = _read(day, told)
    if row is None:
        return [], None
    rslt = told[4]
    if rslt == CENTRE_ONLY:
        return _centre_only(site, row)
    if rslt == OURS_ONLY:
        return _ours_only(site, row)
    if rslt == DIFFERS:
        return _figures(site, row)
    return [], None


def _centre_only(site: Site, row: Row) -> tuple[list[Effect], Left]:
    """000101: the centre booked it and we have no line. Ours on another day, ours without an
    answer yet, ours that knows it, or nobody's.
    """
    known = site.days.row(row.msgid)
    if known is not None:  # the centre decides the day; the figures are the next round's matter
        moved = replace(known, day=row.day, theirs=True)
        return site.days.book(moved), _left(CENTRE_ONLY, row, ADOPTED, known.bill_id)
    state = _bill_of(site, row)
    if state is None:
        return [], _left(CENTRE_ONLY, row, REVERSE)
    if _awaited(state, row):
        return [], _left(CENTRE_ONLY, row, WAIT, state.bill_id)
    if row.setl_id and row.setl_id == state.setl_id:
        own = replace(row, bill_id=state.bill_id, seq=state.seq, theirs=True)
        return site.days.book(own), _left(CENTRE_ONLY, row, ADOPTED, state.bill_id)
    return [], _left(CENTRE_ONLY, row, REVERSE, state.bill_id)


def _ours_only(site: Site, row: Row) -> tuple[list[Effect], Left]:
    """000102: we hold the centre's signed receipt for it, and it does not know it (a restored
    backup). The outbox sends the same bytes again when the centre asks; until then staff look.
    """
    known = site.days.row(row.msgid)
    return [], _left(OURS_ONLY, row, RESUBMIT, known.bill_id if known is not None else "")


def _figures(site: Site, row: Row) -> tuple[list[Effect], Left | None]:
    """000103: the centre's figures win in the statement; somebody looks at the difference."""
    known = site.days.row(row.msgid)
    if known is None:
        return [], None
    taken = replace(row, bill_id=known.bill_id, seq=known.seq, theirs=True)
    return site.days.book(taken), _left(DIFFERS, row, FIGURES, known.bill_id)


def _bill_of(site: Site, row: Row) -> BillState | None:
    """The bill here that this row is of, by message or by settlement."""
    for state in site.book.newest():
        if row.msgid in (state.msgid, state.cancel_msgid):
            return state
        if row.setl_id and row.setl_id == state.setl_id:
            return state
    return None


def _awaited(state: BillState, row: Row) -> bool:
    """Its signed answer is still on the way: that one makes the line."""
    if row.msgid == state.cancel_msgid:
        return state.status is BillStatus.WORKING
    return row.msgid == state.msgid and state.status in UNDECIDED and not state.setl_id


def _left(rslt: str, row: Row, what: str, bill_id: str = "") -> Left:
    return Left(rslt, row.msgid, row.setl_id, row.psn_no, row.medfee_fen, what, bill_id)


def _read(day: str, told: list[str]) -> Row | None:
    """A result row as a line of ours, in the centre's figures. The memo holds group and parts."""
    good = isinstance(told, list) and len(told) == COLUMNS
    if not good or not all(isinstance(value, str) for value in told) or not told[3]:
        return None
    psn_no, mdtrt_id, setl_id, msgid, _, refd, memo, medfee, fund_sum, acct = told
    parts = memo.split("/")
    try:
        group, fund, hosp = parts[:3], int(parts[3]), int(parts[4])
    except (IndexError, ValueError):
        group, fund, hosp = ["", "", ""], 0, 0
    try:
        row = Row(
            day=day,
            msgid=msgid[: days.ID_CHARS_MAX],
            setl_id=setl_id[: days.ID_CHARS_MAX],
            mdtrt_id=mdtrt_id[: days.ID_CHARS_MAX],
            psn_no=psn_no[: days.ID_CHARS_MAX],
            clr_type=group[0],
            insutype=group[1],
            setl_optins=group[2],
            refd=refd == "1",
            medfee_fen=money.fen(medfee),
            fund_fen=fund,
            acct_fen=money.fen(acct),
            hosp_fen=hosp,
        )
        money.fen(fund_sum)
    except EdgeError:
        return None
    return row


# -- work for people ------------------------------------------------------------------------------
def tasks(site: Site, day: str, left: tuple[Left, ...], now: Now) -> tuple[list[Effect], int]:
    """A task for each line that a person must look at, once; how many are open of this day."""
    effects: list[Effect] = []
    waiting = {one.msgid for one in left if one.what in STAFF}
    known = {
        str(task.detail.get("msgid"))
        for task in site.tasks.listed()
        if task.detail.get("day") == day
    }
    for one in left:
        if one.what not in STAFF or one.msgid in known or site.tasks.full:
            continue
        detail: Json = {"day": day, "msgid": one.msgid, "setl_id": one.setl_id}
        detail |= {"stmt_rslt": one.stmt_rslt, "what": one.what}
        state = site.book.get(one.bill_id)
        fields: Json = {
            "bill_id": one.bill_id,
            "bill_no": state.bill.bill_no if state is not None else "",
            "amount_max_fen": abs(one.medfee_fen),
            "detail": detail,
        }
        effects += site.tasks.open(TASK[one.what], now, **fields)
    return effects, len(waiting)
