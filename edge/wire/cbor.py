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
from typing import Any, NamedTuple

import cbor2

from edge.errors import EdgeError

DEPTH_MAX = 8  # nested arrays and maps
ITEMS_MAX = 4096  # heads: every key, value and container counts as one

_UINT, _NINT, _BSTR, _TSTR, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_STRINGS = (_BSTR, _TSTR)
_CONTAINERS = (_ARRAY, _MAP)
_FALSE_TRUE_NULL = (20, 21, 22)
_SMALLEST = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}  # below these a shorter head exists
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}


class _Head(NamedTuple):
    major: int
    info: int
    value: int
    end: int  # where the head ends


class _Open:
    """An array or map whose items are still being walked."""

    __slots__ = ("is_map", "key", "left")

    def __init__(self, left: int, *, is_map: bool) -> None:
        self.left = left
        self.is_map = is_map
        self.key = b""  # the last key's exact bytes; the next one must be greater

    def at_key(self) -> bool:
        return self.is_map and self.left % 2 == 0


def dumps(value: Any) -> bytes:
    """The one encoding of a value, at most DEPTH_MAX deep. EdgeError E-WIR-07 when the protocol has
    none for it."""
    out = bytearray()
    _put(out, value, DEPTH_MAX)
    return bytes(out)


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
    """Walk the structure: O(len(data)) time, O(max_depth) memory. EdgeError E-WIR-02, E-WIR-03."""
    at, items = 0, 0
    stack: list[_Open] = []
    while at == 0 or stack:
        head = _head(data, at)
        count, end = _extent(head, data)
        items += 1
        if items + count > max_items:
            raise EdgeError("E-WIR-03", f"more than {max_items} items")
        if head.major in _CONTAINERS and len(stack) >= max_depth:
            raise EdgeError("E-WIR-03", f"nested deeper than {max_depth}")
        if stack:
            _place(stack[-1], head, data[at:end] if stack[-1].at_key() else b"")
        if count:
            stack.append(_Open(count, is_map=head.major == _MAP))
        at = end
        while stack and stack[-1].left == 0:
            stack.pop()
    if at != len(data):
        raise _bad(f"{len(data) - at} bytes after the end")


def _extent(head: _Head, data: bytes) -> tuple[int, int]:
    """How many items the head opens, and where the item (of a container: its head) ends."""
    count, end = 0, head.end
    if head.major in _STRINGS:
        end += head.value
    elif head.major in _CONTAINERS:
        count = head.value * (2 if head.major == _MAP else 1)
    elif head.major == _SIMPLE:
        _simple(head, data)
    if end + count > len(data):  # each item takes at least one byte
        raise _bad("it is cut off or declares more than it holds")
    return count, end


def _place(parent: _Open, head: _Head, key: bytes) -> None:
    """Count an item of `parent`; when it is a map key, check its type and that the keys rise."""
    if parent.at_key():
        if head.major not in (_UINT, _NINT, _TSTR):
            raise _bad("a map key is neither an integer nor text")
        if key <= parent.key:
            raise _bad("map keys are doubled or out of order")
        parent.key = key
    parent.left -= 1


def _head(data: bytes, at: int) -> _Head:
    if at >= len(data):
        raise _bad("it is cut off")
    major, info = data[at] >> 5, data[at] & 0x1F
    if major == _TAG:
        raise _bad("tags are not used here")
    if info < 24:  # noqa: PLR2004 - RFC 8949 §3: the value is in the head itself
        return _Head(major, info, info, at + 1)
    if info not in _SMALLEST:
        raise _bad("indefinite lengths and reserved heads are not used here")
    end = at + 1 + (1 << (info - 24))
    if end > len(data):
        raise _bad("it is cut off")
    value = int.from_bytes(data[at + 1 : end], "big")
    if major != _SIMPLE and value < _SMALLEST[info]:
        raise _bad("a number is not in its shortest form")
    return _Head(major, info, value, end)


def _simple(head: _Head, data: bytes) -> None:
    if head.info in _FALSE_TRUE_NULL:
        return
    if head.info not in _FLOATS:
        raise _bad("an unknown simple value")
    number: float = struct.unpack(
        _FLOATS[head.info], data[head.end - (1 << (head.info - 24)) : head.end]
    )[0]
    if not math.isfinite(number):
        raise _bad("a float is not finite")
    if head.info > 25 and _fits(number, _FLOATS[head.info - 1]):  # noqa: PLR2004 - the shortest
        raise _bad("a float is not in its shortest form")


def _fits(number: float, form: str) -> bool:
    try:
        return bool(struct.unpack(form, struct.pack(form, number))[0] == number)
    except OverflowError:
        return False


def _put(out: bytearray, value: object, levels: int) -> None:
    """Append the encoding of `value`, which may have `levels` more levels of containers."""
    if value is None or isinstance(value, bool):
        out.append(0xF6 if value is None else 0xF4 + value)
    elif isinstance(value, int):
        _put_int(out, value)
    elif isinstance(value, float):
        _put_float(out, value)
    elif isinstance(value, bytes):
        _put_head(out, _BSTR, len(value))
        out += value
    elif isinstance(value, str):
        _put_text(out, value)
    elif levels == 0:
        raise _unfit(f"nested deeper than {DEPTH_MAX}, or no type of the protocol")
    elif isinstance(value, list | tuple):
        _put_head(out, _ARRAY, len(value))
        for item in value:
            _put(out, item, levels - 1)
    elif isinstance(value, dict):
        _put_map(out, value, levels - 1)
    else:
        raise _unfit(f"a {type(value).__name__} is no type of the protocol")


def _put_map(out: bytearray, value: dict[Any, Any], levels: int) -> None:
    pairs: list[tuple[bytes, object]] = []
    for key, item in value.items():
        if isinstance(key, bool) or not isinstance(key, int | str):
            raise _unfit("a map key is neither an integer nor text")
        encoded = bytearray()
        _put(encoded, key, 0)
        pairs.append((bytes(encoded), item))
    pairs.sort(key=lambda pair: pair[0])
    _put_head(out, _MAP, len(pairs))
    for encoded_key, item in pairs:
        out += encoded_key
        _put(out, item, levels)


def _put_int(out: bytearray, value: int) -> None:
    if not -(1 << 64) <= value < 1 << 64:
        raise _unfit("an integer has more than 64 bit")
    _put_head(out, _UINT if value >= 0 else _NINT, value if value >= 0 else -1 - value)


def _put_float(out: bytearray, value: float) -> None:
    if not math.isfinite(value):
        raise _unfit("a float is not finite")
    info = next(info for info, form in _FLOATS.items() if _fits(value, form))
    out.append(_SIMPLE << 5 | info)
    out += struct.pack(_FLOATS[info], value)


def _put_text(out: bytearray, value: str) -> None:
    try:
        encoded = value.encode()
    except UnicodeEncodeError as error:
        raise _unfit("a text holds half a surrogate pair") from error
    _put_head(out, _TSTR, len(encoded))
    out += encoded


def _put_head(out: bytearray, major: int, value: int) -> None:
    if value < 24:  # noqa: PLR2004 - RFC 8949 §3: the value is in the head itself
        out.append(major << 5 | value)
        return
    info = next(info for info in (27, 26, 25, 24) if value >= _SMALLEST[info])
    out.append(major << 5 | info)
    out += value.to_bytes(1 << (info - 24), "big")


def _unfit(why: str) -> EdgeError:
    return EdgeError("E-WIR-07", f"a value cannot be encoded: {why}", "report this as a bug")


def _bad(why: str) -> EdgeError:
    return EdgeError("E-WIR-02", f"malformed CBOR: {why}")
