"""The outer message of the national interface (DOMAIN §1.1): reading, its signature, and the answer.

A signature covers what the institution was enrolled with. "head": the fields of the outer message
without cainfo and input, sorted by name, as name=value joined by "&"; met in public code, and it
leaves the input open. "whole": the same with input=SM3 of the bytes of `input` as they were sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from decimal import Decimal
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct

from edge.core.types import Json
from edge.suites import sm2
from sim.centre.civil import civil
from sim.centre.national import schema
from sim.centre.national.schema import Rule, Wrong

BODY_BYTES_MAX: Final = 256 * 1024
INPUT_CHARS_MAX: Final = 160_000
DEPTH_MAX: Final = 6
MSGID_CHARS: Final = 30
SIGN_TYPE: Final = "SM2"
MOCK: Final = "MOCK"  # of an institution that was enrolled without a key, for a HIS under test


class Envelope(Struct, frozen=True):
    """A message that fits the outer form. `head` has its fields without `input`; `raw` is the input
    as it was sent."""

    head: dict[str, str]
    input: Json
    raw: bytes

    def __getitem__(self, name: str) -> str:
        return self.head.get(name, "")


class Told(Struct, frozen=True):
    """What an answer says, before it is written."""

    infcode: int
    err_msg: str = ""
    output: Json | None = None
    warn_msg: str = ""


@cache
def rules() -> dict[str, Rule]:
    """The fields of the outer message."""
    return schema.read_rules("envelope.yaml")


def read(body: bytes) -> Envelope:
    """The message. Wrong when it is not one."""
    if len(body) > BODY_BYTES_MAX:
        raise Wrong(f"报文超过{BODY_BYTES_MAX}字节")
    try:
        plain = json.loads(
            body, parse_float=Decimal, parse_constant=_never, object_pairs_hook=_each_once
        )
        parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise Wrong("报文不是JSON对象") from error
    given = plain.pop("input", None)
    if not isinstance(given, dict) or len(bytes(parts["input"])) > INPUT_CHARS_MAX:
        raise Wrong("缺少节点input，或其内容过长")
    if _depth(given) > DEPTH_MAX:
        raise Wrong("input层次过深")
    head = schema.row(plain, rules(), "报文")
    assert all(isinstance(value, str) for value in head.values())
    return Envelope(head, given, bytes(parts["input"]))


def _never(_text: str) -> Any:
    raise ValueError("NaN and infinities are no amounts")


def _each_once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is twice in one object: two readers would see two amounts")
    return found


def _depth(value: Any, at: int = 1) -> int:
    if at > DEPTH_MAX:
        return at
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((_depth(one, at + 1) for one in inner), default=at)


# -- signatures ------------------------------------------------------------------------------------
def covered(head: dict[str, str], raw_input: bytes, covers: str) -> bytes:
    """What is signed."""
    named = {name: value for name, value in head.items() if name != "cainfo" and value}
    if covers == "whole":
        named["input"] = hashlib.new("sm3", raw_input).hexdigest()
    return "&".join(f"{name}={named[name]}" for name in sorted(named)).encode()


def signed(envelope: Envelope, covers: str, public: bytes) -> bool:
    """Whether the institution with this key sent it."""
    try:
        signature = base64.b64decode(envelope["cainfo"], validate=True)
    except (binascii.Error, ValueError):
        return False
    message = covered(envelope.head, envelope.raw, covers)
    return envelope["signtype"] == SIGN_TYPE and sm2.verify(public, signature, message)


def seal(head: dict[str, str], given: Json, private: bytes, covers: str) -> bytes:
    """A signed message: what a HIS sends."""
    raw = msgspec.json.encode(given)
    named = head | {"signtype": SIGN_TYPE}
    cainfo = base64.b64encode(sm2.sign(private, covered(named, raw, covers))).decode()
    return msgspec.json.encode(named | {"cainfo": cainfo, "input": msgspec.Raw(raw)})


# -- the answer ------------------------------------------------------------------------------------
def write(told: Told, admdvs: str, number: int, now_ms: int, private: bytes) -> bytes:
    """The answer as it travels, signed by the centre over all of it but cainfo."""
    now = civil(now_ms)
    stamp = now.strftime("%Y%m%d%H%M%S")
    head: dict[str, Any] = {
        "infcode": str(told.infcode),
        "inf_refmsgid": f"{admdvs:0<6.6}{stamp}{number % 10**10:010d}",
        "refmsg_time": now.strftime("%Y-%m-%d %H:%M:%S"),
        "respond_time": f"{stamp}{now_ms % 1000:03d}",
        "err_msg": told.err_msg[:200],
        "warn_msg": told.warn_msg[:200],
        "signtype": SIGN_TYPE,
    }
    raw = msgspec.json.encode(told.output or {})
    message = covered({k: v for k, v in head.items() if v}, raw, "whole")
    cainfo = base64.b64encode(sm2.sign(private, message)).decode()
    infcode = {"infcode": told.infcode}  # a number on the wire, as the field's clients read it
    return msgspec.json.encode(head | infcode | {"cainfo": cainfo, "output": msgspec.Raw(raw)})


def answer_signed(answer: bytes, public: bytes) -> bool:
    """Whether the centre with this key said that; False for what is no answer at all."""
    try:
        parts = msgspec.json.decode(answer, type=dict[str, msgspec.Raw])
        head = {k: str(msgspec.json.decode(v)) for k, v in parts.items() if k != "output"}
        signature = base64.b64decode(head.pop("cainfo"), validate=True)
        return sm2.verify(public, signature, covered(head, bytes(parts["output"]), "whole"))
    except (KeyError, ValueError, msgspec.DecodeError):
        return False
