"""The files of a statement (DOMAIN §1.7): text in UTF-8, one line a row, TAB between the columns, an
empty value written `null`, in a ZIP that holds this one file. What 9101 carries up and 9102 down.

Bytes in, bytes out. A file is read within limits on packed size, unpacked size, rows, columns and
characters, so that a packed bomb is refused before it is opened.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

from edge.core.types import Json
from edge.errors import EdgeError

DETAIL = (
    "setl_id",
    "mdtrt_id",
    "psn_no",
    "medfee_sumamt",
    "fund_pay_sumamt",
    "acct_pay",
    "refd_setl_flag",
    "msgid",
)
RESULT = (
    "psn_no",
    "mdtrt_id",
    "setl_id",
    "msgid",
    "stmt_rslt",
    "refd_setl_flag",
    "memo",
    "medfee_sumamt",
    "fund_pay_sumamt",
    "acct_pay",
)
ROWS_MAX = 120  # of one part: it fits one Ask or Tell also where nothing in it can be packed
PARTS_MAX = 100  # of one file
PACKED_BYTES_MAX = 92 * 1024
PLAIN_BYTES_MAX = 256 * 1024
VALUE_CHARS_MAX = 64
NULL = "null"
_CODE = "E-WIR-30"
_MEMBER = "statement.txt"
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same rows make the same bytes


def pack(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> bytes:
    """The rows as a ZIP. Values of ours: a TAB or a line's end in one is our mistake."""
    assert len(rows) <= ROWS_MAX, "cut the rows into parts"
    lines = []
    for row in rows:
        assert len(row) == len(columns), row
        assert not any(char in value for value in row for char in "\t\r\n"), row
        assert all(len(value) <= VALUE_CHARS_MAX and value != NULL for value in row), row
        lines.append("\t".join(value or NULL for value in row))
    plain = "".join(f"{line}\n" for line in lines).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo(_MEMBER, _WHEN)
        archive.writestr(member, plain, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def unpack(data: bytes, columns: Sequence[str]) -> list[list[str]]:
    """The rows of a ZIP that somebody sent. EdgeError E-WIR-30 when it is not such a file."""
    if len(data) > PACKED_BYTES_MAX:
        raise EdgeError(_CODE, f"the statement file has {len(data)} bytes", _HINT)
    try:
        text = _plain(data).decode()
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError, OSError, ValueError) as error:
        raise EdgeError(_CODE, f"the statement file cannot be read: {error}"[:160], _HINT) from None
    except (RuntimeError, EOFError, KeyError, struct.error) as error:
        # what zipfile raises for packings it does not know, passwords, and torn members
        raise EdgeError(_CODE, f"the statement file is odd: {error}"[:160], _HINT) from None
    lines = text.split("\n")
    if lines.pop() != "" or len(lines) > ROWS_MAX:
        raise EdgeError(_CODE, f"the statement file has over {ROWS_MAX} lines or a torn one", _HINT)
    return [_row(line, len(columns)) for line in lines]


def sent(infno: str, body: Json) -> Json:
    """A question as it travels: the rows of a 9101 become the file it carries up."""
    if infno != "9101":
        return body
    rows, form = body["rows"], body["fsUploadIn"]
    rest = {name: value for name, value in body.items() if name != "rows"}
    return {**rest, "fsUploadIn": {**form, "in": pack(rows, DETAIL)}}


def received(infno: str, output: Json) -> Json:
    """An answer as the core reads it: the file of a 9102 becomes its rows. EdgeError E-WIR-30."""
    if infno != "9102":
        return output
    data = output.get("file")
    rows = unpack(data if isinstance(data, bytes) else b"", RESULT)
    rest = {name: value for name, value in output.items() if name != "file"}
    return {**rest, "rows": rows}


_HINT = "one text file in a ZIP, TAB between the columns, UTF-8"


def _plain(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) != 1 or members[0].file_size > PLAIN_BYTES_MAX:
            raise ValueError("not one small file")
        if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("an unusual packing")
        with archive.open(members[0]) as member:
            plain = member.read(PLAIN_BYTES_MAX + 1)  # what it says of its size may be a lie
    if len(plain) > PLAIN_BYTES_MAX:
        raise ValueError("larger than it says")
    return plain


def _row(line: str, columns: int) -> list[str]:
    values = line.split("\t")
    if len(values) != columns or any(len(value) > VALUE_CHARS_MAX for value in values):
        raise EdgeError(_CODE, f"a line does not have {columns} short columns", _HINT)
    if not all(value.isprintable() for value in values):
        raise EdgeError(_CODE, "a line has unprintable characters", _HINT)
    return ["" if value == NULL else value for value in values]
