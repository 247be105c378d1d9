"""Field tables: what each integer key of a message is called and what its value may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from edge.errors import EdgeError

Check = Callable[[object], bool]
Table = Mapping[int, tuple[str, Check]]

VERSION = 1
HASH_BYTES = 32
ID_BYTES = 16
TERMINAL_CHARS = 32
UINT_MAX = (1 << 63) - 1  # what SQLite and every language can hold
ZERO_HASH = bytes(HASH_BYTES)
_NAME = re.compile(
    rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{TERMINAL_CHARS - 1}}}"
)  # also safe as an MQTT level and a CN


def is_name(value: object) -> bool:
    """Whether this can be a terminal's name: MQTT client id, certificate CN and topic level at
    once."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def uint(low: int = 0, high: int = UINT_MAX) -> Check:
    """An integer low..high."""
    # `type is int`: True is an int to Python, not to us
    return lambda value: type(value) is int and low <= value <= high


def integer(value: object) -> bool:
    """A 64-bit integer of either sign."""
    return type(value) is int and -UINT_MAX <= value <= UINT_MAX


def text(most: int, least: int = 0) -> Check:
    """Text of least..most characters."""
    return lambda value: isinstance(value, str) and least <= len(value) <= most


def octets(most: int, least: int = 0) -> Check:
    """A byte string of least..most bytes."""
    return lambda value: isinstance(value, bytes) and least <= len(value) <= most


def one_of(*values: object) -> Check:
    """Exactly one of these integers or texts."""
    return lambda value: type(value) in (int, str) and value in values


def array(most: int) -> Check:
    """An array of at most that many items."""
    return lambda value: isinstance(value, list) and len(value) <= most


def table(value: object) -> bool:
    """A map, whose own fields are read by their own table."""
    return isinstance(value, dict)


HASH = octets(HASH_BYTES, HASH_BYTES)
ID = octets(ID_BYTES, ID_BYTES)


def read(
    value: object, fields: Table, *, what: str, optional: frozenset[int] = frozenset()
) -> dict[str, Any]:
    """The fields by name. EdgeError E-WIR-02 when one is missing, unknown or out of its limits."""
    if not isinstance(value, dict):
        raise EdgeError("E-WIR-02", f"{what}: not a map")
    if not value.keys() <= fields.keys():
        raise EdgeError(
            "E-WIR-02", f"{what}: unknown fields", "the other side speaks a newer version"
        )
    read_fields: dict[str, Any] = {}
    for key, (name, check) in fields.items():
        if key not in value:
            if key in optional:
                continue
            raise EdgeError("E-WIR-02", f"{what}: field {key} {name} is missing")
        if not check(value[key]):
            raise EdgeError("E-WIR-02", f"{what}: field {key} {name} is not what it should be")
        read_fields[name] = value[key]
    return read_fields


def write(values: Mapping[str, Any], fields: Table, *, what: str) -> dict[int, Any]:
    """The map with integer keys; a field that breaks its own limits is E-WIR-07 on our side, before
    it is signed."""
    written: dict[int, Any] = {}
    for key, (name, check) in fields.items():
        if name not in values:
            continue
        if not check(values[name]):
            raise EdgeError(
                "E-WIR-07",
                f"{what}: field {key} {name} is not what it should be",
                "report this as a bug",
            )
        written[key] = values[name]
    return written
