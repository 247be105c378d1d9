"""The clearing bank's file (清分银行文件): what was taken and returned for one institution on one civil
day, a line each, and a last line with their number and sum.

Text, UTF-8, TAB between fields, like the files of 3202 (the field's own form is not public: D).
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Final

from msgspec import Struct

from edge.errors import EdgeError
from sim.bank.bank import SimBank

FILE_BYTES_MAX: Final = 8 << 20
ROWS_MAX: Final = 50_000
FIELD_MAX: Final = 100
ROW, END = "ROW", "END"


class Row(Struct, frozen=True, order=True):
    """One movement. `what`: capture, back, refund-<number>; fen below zero = returned."""

    pay_ordid: str
    what: str
    fen: int


class File(Struct, frozen=True):
    """One institution's day."""

    fixmedins_code: str
    day: str
    rows: tuple[Row, ...]


def of_day(bank: SimBank, fixmedins_code: str, day: date) -> bytes:
    """The file as the bank's own books have it."""
    rows = tuple(Row(one[0], one[1], one[2]) for one in bank.day_rows(fixmedins_code, day))
    return write(File(fixmedins_code, f"{day:%Y%m%d}", rows))


def write(file: File) -> bytes:
    """The text."""
    lines: list[tuple[str, ...]] = [("FILE", file.fixmedins_code, file.day)]
    lines += [(ROW, one.pay_ordid, one.what, str(one.fen)) for one in file.rows]
    lines.append((END, str(len(file.rows)), str(sum(one.fen for one in file.rows))))
    return "".join("\t".join(line) + "\n" for line in lines).encode()


def read(data: bytes) -> File:
    """EdgeError E-WIR-20 when it is cut off, does not add up, or is none."""
    if len(data) > FILE_BYTES_MAX:
        raise _wrong("too long")
    try:
        lines = [line.split("\t") for line in data.decode().split("\n")]
    except UnicodeDecodeError as error:
        raise _wrong("not UTF-8") from error
    if len(lines) < 3 or lines[-1] != [""] or len(lines) > ROWS_MAX + 3:
        raise _wrong("cut off, or too many lines")
    head, *body, end = lines[:-1]
    if len(head) != 3 or head[0] != "FILE" or len(end) != 3 or end[0] != END:
        raise _wrong("no head or no end")
    rows = tuple(_row(line) for line in body)
    if (_fen(end[1]), _fen(end[2])) != (len(rows), sum(one.fen for one in rows)):
        raise _wrong("the last line does not add up")
    return File(head[1][:FIELD_MAX], head[2][:FIELD_MAX], rows)


def _row(line: list[str]) -> Row:
    if len(line) != 4 or line[0] != ROW or any(len(field) > FIELD_MAX for field in line):
        raise _wrong("a line is none")
    return Row(line[1], line[2], _fen(line[3]))


def _fen(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise _wrong("an amount is none")
    return int(text)


def _wrong(why: str) -> EdgeError:
    return EdgeError("E-WIR-20", f"the clearing bank's file: {why}", "ask the bank for it again")


class Difference(Struct, frozen=True, order=True):
    """What the two do not say alike. `kind`: missing (ours, not in the file), extra (only in the
    file), different (another amount)."""

    kind: str
    pay_ordid: str
    what: str
    ours_fen: int
    theirs_fen: int


def differences(ours: tuple[Row, ...], file: File) -> tuple[Difference, ...]:
    """Row by row; () = they agree. A row that is there twice is extra once."""
    mine, theirs = _by_key(ours), _by_key(file.rows)
    found = []
    for key in sorted(mine.keys() | theirs.keys()):
        left, right = Counter(mine.get(key, [])), Counter(theirs.get(key, []))
        lost, more = sorted((left - right).elements()), sorted((right - left).elements())
        while lost and more:
            found.append(Difference("different", *key, lost.pop(), more.pop()))
        found += [Difference("missing", *key, fen, 0) for fen in lost]
        found += [Difference("extra", *key, 0, fen) for fen in more]
    return tuple(found)


def _by_key(rows: tuple[Row, ...]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for one in rows:
        found.setdefault((one.pay_ordid, one.what), []).append(one.fen)
    return found
