"""The ZIP of a statement (9101 up, 9102 down): the outer file from anybody, and the text inside it
as whatever packed it left it."""

import io
import zipfile

from edge.errors import EdgeError
from edge.wire import statement
from edge.wire.statement import DETAIL, RESULT

MAX_BYTES = 4_096
ROW = ["S1", "M1", "P1", "100.00", "50.00", "30.00", "0", "m1"]
ANSWERED = ["P1", "M1", "S1", "m1", "102", "0", "金额不符", "100.00", "50.00", ""]


def zipped(plain: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), plain)
    return out.getvalue()


def seeds() -> list[bytes]:
    text = "".join("\t".join(value or "null" for value in row) + "\n" for row in (ROW, ROW))
    return [
        statement.pack([ROW, ROW], DETAIL), statement.pack([ANSWERED], RESULT),
        zipped(text.encode(), zipfile.ZIP_STORED), zipped(bytes(200_000)), text.encode(),
    ]  # fmt: skip


def eat(data: bytes) -> None:
    for columns in (DETAIL, RESULT):
        for form in (data, zipped(data)):
            try:
                rows = statement.unpack(form, columns)
            except EdgeError as error:
                last = error
                continue
            assert all(len(row) == len(columns) for row in rows)
            if not any(value == statement.NULL for row in rows for value in row):
                assert statement.unpack(statement.pack(rows, columns), columns) == rows
            return
    raise last
