"""CBOR: one encoding per value, and limits that hold before anything is built."""

from __future__ import annotations

import math
import struct
import tracemalloc
from datetime import UTC, datetime

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import EdgeError
from edge.wire import cbor
from tests.wire.kit import few, many, values

# RFC 8949 appendix A, those of its examples that are deterministic and of our subset
GOOD = {
    "00": 0,
    "17": 23,
    "1818": 24,
    "1903e8": 1000,
    "1a000f4240": 1000000,
    "1bffffffffffffffff": 2**64 - 1,
    "20": -1,
    "3903e7": -1000,
    "3bffffffffffffffff": -(2**64),
    "f90000": 0.0,
    "f98000": -0.0,
    "f93e00": 1.5,
    "f97bff": 65504.0,
    "fa47c35000": 100000.0,
    "fb3ff199999999999a": 1.1,
    "fb7e37e43c8800759c": 1.0e300,
    "f90001": 5.960464477539063e-8,
    "fbc010666666666666": -4.1,
    "f4": False,
    "f5": True,
    "f6": None,
    "40": b"",
    "4401020304": b"\1\2\3\4",
    "60": "",
    "6449455446": "IETF",
    "62c3bc": "ü",
    "63e6b0b4": "水",
    "80": [],
    "83010203": [1, 2, 3],
    "a0": {},
    "8301820203820405": [1, [2, 3], [4, 5]],
    "a201020304": {1: 2, 3: 4},
    "a26161016162820203": {"a": 1, "b": [2, 3]},
}
BAD = {
    "": "nothing",
    "0000": "bytes after the end",
    "1817": "long head",
    "190018": "long head",
    "1a0000ffff": "long head",
    "1b00000000ffffffff": "long head",
    "5801": "cut off",
    "1f": "reserved",
    "1c": "reserved",
    "5f4101ff": "indefinite bytes",
    "7f6161ff": "indefinite text",
    "9f01ff": "indefinite array",
    "bf0102ff": "indefinite map",
    "ff": "break alone",
    "c074323031332d30332d32315432303a30343a30305a": "tag",
    "d28440a0f640": "tag 18 inside",
    "c249010000000000000000": "bignum",
    "f7": "undefined",
    "f0": "simple",
    "f8ff": "simple",
    "f97e00": "NaN",
    "f97c00": "infinity",
    "fa7f800000": "infinity",
    "fa3fc00000": "float not shortest",
    "fb3ff8000000000000": "float not shortest",
    "fb40f86a0000000000": "float not shortest",
    "a2010101": "cut off",
    "a201020102": "doubled key",
    "a203040102": "keys out of order",
    "a2616201616101": "text keys out of order",
    "a1410102": "bytes key",
    "a1f501": "bool key",
    "a1800102": "array key",
    "62c328": "not UTF-8",
    "61ff": "not UTF-8",
    "a161ff01": "key not UTF-8",
}


@pytest.mark.parametrize(("text", "value"), GOOD.items())
def test_the_examples_of_the_rfc_read_and_write_back(text: str, value: object) -> None:
    read = cbor.loads(bytes.fromhex(text), max_bytes=64)
    assert repr(read) == repr(value)  # repr: tells -0.0 from 0.0 and 1 from True
    assert cbor.dumps(value).hex() == text


@pytest.mark.parametrize("text", BAD, ids=BAD.values())
def test_every_other_form_is_refused(text: str) -> None:
    with pytest.raises(EdgeError, match="E-WIR-02"):
        cbor.loads(bytes.fromhex(text), max_bytes=64)


@many
@given(values)
def test_what_is_written_is_read_back_equal_and_written_the_same(value: object) -> None:
    data = cbor.dumps(value)
    read = cbor.loads(data, max_bytes=len(data), max_depth=64)
    assert read == value
    assert cbor.dumps(read) == data


@many
@given(values)
def test_an_encoding_that_is_not_the_one_we_write_is_refused(value: object) -> None:
    loose = cbor2.dumps(value)  # insertion order, 64-bit floats
    if loose == cbor.dumps(value):
        assert cbor.loads(loose, max_bytes=len(loose), max_depth=64) == value
    else:
        with pytest.raises(EdgeError, match="E-WIR-02"):
            cbor.loads(loose, max_bytes=len(loose), max_depth=64)


def test_every_half_precision_float_is_written_in_two_bytes() -> None:
    for bits in range(1 << 16):
        value = struct.unpack(">e", bits.to_bytes(2, "big"))[0]
        if math.isfinite(value):
            assert cbor.dumps(value) == b"\xf9" + bits.to_bytes(2, "big")


@many
@given(
    st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(width=32, allow_nan=False, allow_infinity=False)
)
def test_a_float_keeps_every_bit_in_the_shortest_form_that_can(value: float) -> None:
    data = cbor.dumps(value)
    assert struct.pack(">d", cbor.loads(data, max_bytes=9)) == struct.pack(">d", value)
    for shorter, size in ((">e", 3), (">f", 5)):
        if size < len(data):
            with pytest.raises((AssertionError, OverflowError)):
                assert struct.unpack(shorter, struct.pack(shorter, value))[0] == value


@many
@given(
    st.dictionaries(
        st.integers(-(2**64), 2**64 - 1) | st.text(max_size=300), st.none(), max_size=20
    )
)
def test_map_keys_rise_byte_by_byte(value: dict) -> None:
    keys = [cbor.dumps(key) for key in cbor2.loads(cbor.dumps(value))]
    assert keys == sorted(keys)


@many
@given(st.binary(max_size=200))
def test_random_bytes_are_either_the_one_encoding_or_an_error_of_ours(data: bytes) -> None:
    try:
        value = cbor.loads(data, max_bytes=200)
    except EdgeError as error:
        assert error.code in {"E-WIR-02", "E-WIR-03"}
    else:
        assert cbor.dumps(value) == data


@few
@given(values, st.data())
def test_cut_off_data_is_refused(value: object, draw: st.DataObject) -> None:
    data = cbor.dumps(value)
    cut = draw.draw(st.integers(0, len(data) - 1))
    with pytest.raises(EdgeError, match="E-WIR-02"):
        cbor.loads(data[:cut], max_bytes=len(data), max_depth=64)


@pytest.mark.parametrize(
    "value",
    [
        2**64,
        -(2**64) - 1,
        float("nan"),
        float("inf"),
        datetime(2026, 1, 1, tzinfo=UTC),
        {1, 2},
        b"x".__class__,
        "\ud800",
        {b"k": 1},
        {None: 1},
        {True: 1},
        {1.5: 1},
        pytest.param(object(), id="object"),
        1j,
    ],
    ids=repr,
)
def test_a_value_without_an_encoding_is_refused_before_it_is_signed(value: object) -> None:
    with pytest.raises(EdgeError, match="E-WIR-07"):
        cbor.dumps({"body": value})


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(EdgeError, match="E-WIR-07"):
        cbor.dumps(loop)


def test_size_depth_and_items_stop_exactly_at_their_limits() -> None:
    deep = b"\x81" * 8 + b"\x80"
    assert cbor.loads(deep[1:], max_bytes=99) == [[[[[[[[]]]]]]]]
    with pytest.raises(EdgeError, match="E-WIR-03"):
        cbor.loads(deep, max_bytes=99)
    assert len(cbor.loads(b"\x99\x0f\xff" + bytes(4095), max_bytes=5000)) == 4095
    with pytest.raises(EdgeError, match="E-WIR-03"):
        cbor.loads(b"\x99\x10\x00" + bytes(4096), max_bytes=5000)
    assert cbor.loads(bytes(1), max_bytes=1) == 0
    with pytest.raises(EdgeError, match="E-WIR-01"):
        cbor.loads(b"\x41\x00", max_bytes=1)


MIB = 1 << 20
BOMBS = {
    "deep arrays": b"\x81" * MIB,
    "deep maps": b"\xa1\x00" * (MIB // 2),
    "an array that declares 2^63 items": b"\x9b\x7f" + b"\xff" * 7,
    "a map that declares 2^64-1 pairs": b"\xbb" + b"\xff" * 8,
    "a string that declares 2^63 bytes": b"\x5b\x7f" + b"\xff" * 7 + bytes(1000),
    "a text that declares 2^64-1 bytes": b"\x7b" + b"\xff" * 8,
    "a million items": b"\x9a\x00\x0f\xff\xff" + bytes(MIB),
    "arrays of arrays that double": b"\x82" * 20 + b"\x80" * MIB,
    "a hundred thousand empty maps": b"\x9a\x00\x01\x86\xa0" + b"\xa0" * 100_000,
    "indefinite strings without end": b"\x5f" * MIB,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_before_anything_is_built(bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(EdgeError, match=r"E-WIR-0[23]"):
            cbor.loads(bomb, max_bytes=2 * MIB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024
