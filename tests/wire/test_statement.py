"""The files of a statement: what goes in comes out, and nothing else is let in."""

from __future__ import annotations

import io
import random
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import EdgeError
from edge.wire import statement
from edge.wire.statement import DETAIL, ROWS_MAX, pack, unpack

TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=64)
ROW = ["S1", "M1", "P1", "100.00", "50.00", "30.00", "0", "m1"]


def zipped(plain: bytes, *, names: tuple[str, ...] = ("a.txt",), how: int = 8) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name in names:
            archive.writestr(name, plain)
    return out.getvalue()


def refused(data: bytes) -> None:
    with pytest.raises(EdgeError, match="E-WIR-30"):
        unpack(data, DETAIL)


@given(st.lists(st.lists(TEXT.filter(lambda one: one != "null"), min_size=8, max_size=8)))
def test_rows_come_back_as_they_were(rows: list[list[str]]) -> None:
    assert unpack(pack(rows[:ROWS_MAX], DETAIL), DETAIL) == rows[:ROWS_MAX]


def test_an_empty_value_travels_as_null_and_the_same_rows_make_the_same_bytes() -> None:
    data = pack([[*ROW[:2], "", *ROW[3:]]], DETAIL)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = archive.namelist()
        assert archive.read(name).decode().split("\t")[2] == "null"
    assert data == pack([[*ROW[:2], "", *ROW[3:]]], DETAIL)


def test_the_largest_part_that_cannot_be_packed_fits_one_question() -> None:
    dice = random.Random(1)
    rows = [[f"{dice.getrandbits(256):064x}" for _ in DETAIL] for _ in range(ROWS_MAX)]
    assert len(pack(rows, DETAIL)) < statement.PACKED_BYTES_MAX


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"a\tb\n",
        ("\t".join(ROW) + "\n").encode() * (ROWS_MAX + 1),
        "\t".join(ROW).encode(),  # torn: no end of the line
        ("\t".join([*ROW, "more"]) + "\n").encode(),
        ("\t".join([*ROW[:7], "x" * 65]) + "\n").encode(),
        ("\t".join([*ROW[:7], "x\r"]) + "\n").encode(),
        ("\t".join([*ROW[:7], "x\x1b[2J"]) + "\n").encode(),
        b"\xff\xfe" + "\t".join(ROW).encode() + b"\n",
    ],
)
def test_a_text_that_is_not_such_a_table_is_refused(plain: bytes) -> None:
    if plain:
        refused(zipped(plain))
    else:
        assert unpack(zipped(plain), DETAIL) == []  # a day without lines


def test_a_packed_bomb_is_refused_before_it_is_opened() -> None:
    refused(zipped(bytes(50_000_000)))
    liar = bytearray(zipped(bytes(1_000_000)))
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):  # says that it is ten bytes
        where = liar.index(mark) + at
        liar[where : where + 4] = (10).to_bytes(4, "little")
    refused(bytes(liar))


def test_what_is_not_one_plain_member_is_refused() -> None:
    plain = ("\t".join(ROW) + "\n").encode()
    refused(zipped(plain, names=("a", "b")))
    refused(zipped(plain, names=()))
    refused(zipped(plain, how=zipfile.ZIP_LZMA))
    refused(zlib.compress(plain))
    refused(bytes(statement.PACKED_BYTES_MAX + 1))
    locked = bytearray(zipped(plain))
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        locked[locked.index(mark) + at] |= 1
    refused(bytes(locked))


@settings(max_examples=400)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_a_damaged_file_is_refused_or_read_and_never_breaks_the_reader(seed: int, many: int) -> None:
    dice = random.Random(seed)
    data = bytearray(pack([ROW] * 3, DETAIL))
    for _ in range(many):
        data[dice.randrange(len(data))] = dice.randrange(256)
    try:
        rows = unpack(bytes(data), DETAIL)
    except EdgeError as error:
        assert error.code == "E-WIR-30"
    else:
        assert all(len(row) == len(DETAIL) for row in rows)
