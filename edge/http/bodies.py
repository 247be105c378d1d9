"""Reading requests within bounds: bytes, seconds, keys, numbers."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TypeVar

import msgspec
from starlette.requests import Request

from edge.errors import EdgeError

BODY_BYTES_MAX = 256 * 1024
BODY_WAIT_S = 10.0
KEY_CHARS_MAX = 200
WAIT_S_MAX = 60
VERSION_MAX = 2**53
KEY = re.compile(rf"[!-~]{{1,{KEY_CHARS_MAX}}}")
NUMBER = re.compile(r"[0-9]{1,16}")
T = TypeVar("T")


async def read_body(request: Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The whole body. E-HIS-22 too large (also when the length lies), E-HIS-32 too slow."""
    declared = request.headers.get("content-length", "0")
    if not NUMBER.fullmatch(declared) or int(declared) > bytes_max:
        raise EdgeError("E-HIS-22", f"the body is over {bytes_max} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise EdgeError("E-HIS-22", f"the body is over {bytes_max} bytes")
    except TimeoutError:
        raise EdgeError(
            "E-HIS-32", f"the body was not complete after {BODY_WAIT_S:.0f} s"
        ) from None
    return bytes(body)


def need_json(request: Request) -> None:
    """E-HIS-23 unless the body is declared as JSON (a strange page's form cannot declare that)."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != "application/json":
        raise EdgeError("E-HIS-23", f"Content-Type is {declared[:60]!r}")


def decode(body: bytes, kind: type[T]) -> T:
    """Strict JSON to a struct. E-HIS-02 not JSON, or a name twice in one object (two readers would
    see two amounts); E-HIS-05 wrong field; the message has the path."""
    try:
        found = msgspec.json.decode(body, type=kind, strict=True)
        json.loads(body, object_pairs_hook=_each_once)
    except msgspec.ValidationError as error:
        raise EdgeError("E-HIS-05", str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EdgeError("E-HIS-02", str(error)) from None
    return found


def _each_once(pairs: list[tuple[str, object]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise msgspec.DecodeError("a name is twice in one object")


def read_key(request: Request) -> str:
    """The one Idempotency-Key, E-HIS-01 otherwise."""
    keys = request.headers.getlist("idempotency-key")
    if len(keys) != 1 or not KEY.fullmatch(keys[0]):
        raise EdgeError(
            "E-HIS-01",
            "no Idempotency-Key" if not keys else "the Idempotency-Key is malformed or double",
        )
    return keys[0]


def read_number(request: Request, name: str, default: int | None, highest: int) -> int | None:
    """A whole number 0..highest from the query, E-HIS-28 otherwise."""
    values = request.query_params.getlist(name)
    if not values:
        return default
    if len(values) != 1 or not NUMBER.fullmatch(values[0]) or int(values[0]) > highest:
        raise EdgeError("E-HIS-28", f"{name} must be one whole number 0..{highest}")
    return int(values[0])


def read_word(request: Request, name: str, default: str, words: tuple[str, ...]) -> str:
    """One of the words from the query, E-HIS-28 otherwise."""
    values = request.query_params.getlist(name)
    if not values:
        return default
    if len(values) != 1 or values[0] not in words:
        raise EdgeError("E-HIS-28", f"{name} must be one of {', '.join(words)}", f"see {name}")
    return values[0]
