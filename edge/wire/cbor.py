"""Deterministic CBOR (RFC 8949 §4.2.1) with our own limits.

Reading: cbor2 (pinned < 6) has neither a depth nor an item limit, so the bytes are walked first,
without recursion and without building anything; only bytes that are already known to be small, flat
and deterministic reach `cbor2.loads`. Writing is done here, because cbor2 5.9 `canonical` is the
older order of RFC 7049 and writes halves from 32768 on as singles.
Allowed: integers of 64 bit, byte and text strings, arrays, maps with integer or text keys, false,
true, null, finite floats. Refused: tags, indefinite lengths, other simple values, NaN and
infinities, heads or floats that are not the shortest form, map keys that are not strictly rising
(so also duplicate ones), bytes after the end.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import cbor2

from edge.errors import EdgeError

DEPTH_MAX = 8  # nested arrays and maps
ITEMS_MAX = 4096  # heads: every key, value and container counts as one

_UINT, _NINT, _BSTR, _TSTR, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
# The lowest head byte of a kind
_STRINGS_FROM, _TEXTS_FROM, _ARRAYS_FROM = _BSTR << 5, _TSTR << 5, _ARRAY << 5
_MAPS_FROM, _TAGS_FROM = _MAP << 5, _TAG << 5
_CUT = "it is cut off or declares more than it holds"
_FALSE_TRUE_NULL = (20, 21, 22)
_SMALLEST = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}  # below these a shorter head exists
_ARRAYS = (list, tuple)
_BYTE = tuple(bytes((byte,)) for byte in range(256))
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}


def dumps(value: Any) -> bytes:
    """The one encoding of a value, at most DEPTH_MAX deep. EdgeError E-WIR-07 when the protocol has
    none for it."""
    out = bytearray()
    _put(out, value, DEPTH_MAX)
    return bytes(out)


def array(items: Sequence[bytes]) -> bytes:
    """An array of items that are encoded already."""
    return _head(_ARRAY, len(items)) + b"".join(items)


def loads(
    data: bytes, *, max_bytes: int, max_depth: int = DEPTH_MAX, max_items: int = ITEMS_MAX
) -> Any:
    """The value of deterministic CBOR. EdgeError E-WIR-01 too large, E-WIR-02 malformed, E-WIR-03
    too deep or too many."""
    if len(data) > max_bytes:
        raise EdgeError("E-WIR-01", f"{len(data)} bytes, at most {max_bytes} are taken")
    scan(data, max_depth=max_depth, max_items=max_items)
    try:
        return cbor2.loads(data)
    except (cbor2.CBORDecodeError, ValueError) as error:  # what the walk does not judge: UTF-8
        raise _bad(f"not decodable: {error}") from error


def scan(data: bytes, *, max_depth: int, max_items: int) -> None:
    """Walk the structure: O(len(data)) time, O(max_depth) memory. EdgeError E-WIR-02, E-WIR-03.

    The hottest loop of both sides: one item is one round, without a call for what is common.
    """
    at, size, items = 0, len(data), 1
    left, key = 1, None  # of the container being walked; a map's last key, None: not a map
    stack: list[tuple[int, bytes | None]] = []
    while True:
        left -= 1
        if at >= size:
            raise _bad("it is cut off")
        start, first = at, data[at]
        value, at = first & 0x1F, at + 1
        if value >= 24:  # noqa: PLR2004 - RFC 8949 §3: else the value is in the head itself
            value, at = _long_head(data, start)
        if first >= _STRINGS_FROM:
            if first < _ARRAYS_FROM:
                at += value
            elif first >= _TAGS_FROM:
                _simple(first, data[start + 1 : at])
        if at > size:
            raise _bad(_CUT)
        if key is not None and left & 1:  # a pair is still to come: this is its key
            last, key = key, data[start:at]
            if key <= last or _STRINGS_FROM <= first < _TEXTS_FROM or first >= _ARRAYS_FROM:
                raise _bad_key(first)
        if _ARRAYS_FROM <= first < _TAGS_FROM:
            count = value if first < _MAPS_FROM else 2 * value
            if at + count > size:  # each item takes at least one byte
                raise _bad(_CUT)
            items += count
            if items > max_items:
                raise EdgeError("E-WIR-03", f"more than {max_items} items")
            if len(stack) >= max_depth:
                raise EdgeError("E-WIR-03", f"nested deeper than {max_depth}")
            if count:
                stack.append((left, key))
                left, key = count, None if first < _MAPS_FROM else b""
        while left == 0:
            if not stack:
                if at != size:
                    raise _bad(f"{size - at} bytes after the end")
                return
            left, key = stack.pop()


def _bad_key(first: int) -> EdgeError:
    if _STRINGS_FROM <= first < _TEXTS_FROM or first >= _ARRAYS_FROM:
        return _bad("a map key is neither an integer nor text")
    return _bad("map keys are doubled or out of order")


def _long_head(data: bytes, at: int) -> tuple[int, int]:
    """(value, where it ends) of a head whose value is in the bytes behind it."""
    info = data[at] & 0x1F
    if info not in _SMALLEST:
        raise _bad("indefinite lengths and reserved heads are not used here")
    end = at + 1 + (1 << (info - 24))
    if end > len(data):
        raise _bad("it is cut off")
    value = int.from_bytes(data[at + 1 : end], "big")
    if data[at] < _TAGS_FROM and value < _SMALLEST[info]:
        raise _bad("a number is not in its shortest form")
    return value, end


def _simple(first: int, rest: bytes) -> None:
    """Judge a head from _TAGS_FROM on: false, true, null or a float; `rest` is its bytes."""
    info = first & 0x1F
    if first < _SIMPLE << 5:
        raise _bad("tags are not used here")
    if info in _FALSE_TRUE_NULL:
        return
    if info not in _FLOATS:
        raise _bad("an unknown simple value")
    number: float = struct.unpack(_FLOATS[info], rest)[0]
    if not math.isfinite(number):
        raise _bad("a float is not finite")
    if info > 25 and _fits(number, _FLOATS[info - 1]):  # noqa: PLR2004 - the shortest
        raise _bad("a float is not in its shortest form")


def _fits(number: float, form: str) -> bool:
    try:
        return bool(struct.unpack(form, struct.pack(form, number))[0] == number)
    except OverflowError:
        return False


def _put(out: bytearray, value: Any, levels: int) -> None:
    """Append the encoding of `value`, which may have `levels` more levels of containers.

    The hottest of the writing side: what is common is told by its exact type, in the order of how
    often it comes."""
    kind = type(value)
    if kind is str:
        out += _text(value)
    elif kind is bytes:
        out += _head(_BSTR, len(value))
        out += value
    elif kind is int:
        out += _int(value)
    elif kind is dict and levels:
        _put_map(out, value, levels - 1)
    elif kind in _ARRAYS and levels:
        out += _head(_ARRAY, len(value))
        for item in value:
            _put(out, item, levels - 1)
    elif value is None or kind is bool:
        out.append(0xF6 if value is None else 0xF4 + value)
    elif kind is float:
        _put_float(out, value)
    else:
        _put_other(out, value, levels)


def _put_other(out: bytearray, value: Any, levels: int) -> None:
    """What only derives from a type of the protocol is written as that type; the rest is refused."""
    if isinstance(value, str):
        out += _text(value)
    elif isinstance(value, bytes):
        _put(out, bytes(value), levels)
    elif isinstance(value, int):
        out += _int(value)
    elif isinstance(value, float):
        _put_float(out, value)
    elif levels == 0:
        raise _unfit(f"nested deeper than {DEPTH_MAX}, or no type of the protocol")
    elif isinstance(value, dict):
        _put_map(out, value, levels - 1)
    elif isinstance(value, _ARRAYS):
        _put(out, list(value), levels)
    else:
        raise _unfit(f"a {type(value).__name__} is no type of the protocol")


def _put_map(out: bytearray, value: dict[Any, Any], levels: int) -> None:
    pairs = {
        _text(key) if type(key) is str else _key(key): item for key, item in value.items()
    }
    out += _head(_MAP, len(value))
    for key in sorted(pairs):
        out += key
        _put(out, pairs[key], levels)


def _key(key: object) -> bytes:
    if isinstance(key, str):
        return _text(key)
    if isinstance(key, int) and not isinstance(key, bool):
        return _int(key)
    raise _unfit("a map key is neither an integer nor text")


def _int(value: int) -> bytes:
    if 0 <= value < 24:  # noqa: PLR2004 - as in `_head`, without the call
        return _BYTE[value]
    if not -(1 << 64) <= value < 1 << 64:
        raise _unfit("an integer has more than 64 bit")
    return _head(_UINT, value) if value >= 0 else _head(_NINT, -1 - value)


def _put_float(out: bytearray, value: float) -> None:
    if not math.isfinite(value):
        raise _unfit("a float is not finite")
    info = next(info for info, form in _FLOATS.items() if _fits(value, form))
    out.append(_SIMPLE << 5 | info)
    out += struct.pack(_FLOATS[info], value)


def _text(value: str) -> bytes:
    try:
        encoded = value.encode()
    except UnicodeEncodeError as error:
        raise _unfit("a text holds half a surrogate pair") from error
    if len(encoded) < 24:  # noqa: PLR2004 - as in `_head`, without the call
        return _BYTE[_TEXTS_FROM | len(encoded)] + encoded
    return _head(_TSTR, len(encoded)) + encoded


def _head(major: int, value: int) -> bytes:
    if value < 24:  # noqa: PLR2004 - RFC 8949 §3: the value is in the head itself
        return _BYTE[major << 5 | value]
    if value < _SMALLEST[25]:
        return bytes((major << 5 | 24, value))
    info = 25 if value < _SMALLEST[26] else 26 if value < _SMALLEST[27] else 27
    return _BYTE[major << 5 | info] + value.to_bytes(1 << (info - 24), "big")


def _unfit(why: str) -> EdgeError:
    return EdgeError("E-WIR-07", f"a value cannot be encoded: {why}", "report this as a bug")


def _bad(why: str) -> EdgeError:
    return EdgeError("E-WIR-02", f"malformed CBOR: {why}")
