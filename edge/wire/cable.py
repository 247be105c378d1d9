"""The terminal's bytes on the cable to the controller: HELLO, session keys, frames <->
`core.link_words.Heard`.

Everything a peer says is checked for length and alphabet here, so the machine behind sees only
what can be.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from edge.core.link_words import Heard
from edge.errors import EdgeError
from edge.wire import frame

CARD_MAX = 32
SPACE, DELETE = 0x20, 0x7F
TEXT_MAX = 16
CERT_BYTES = 2
ID_CARD = "02"
TRIAL = 1  # as firmware/slots.py
SIDES, SIDE_SHIFT = ("", "left", "right"), 4  # as firmware/duties/challenge.py
SPENT_AT = frame.COUNTER_MAX - 1_000
_KINDS = {name: number for number, name, _fields, _flags in frame.MESSAGES}
_NAMES = {number: name for number, name, _fields, _flags in frame.MESSAGES}
_FROM_BOARD = frozenset({
    frame.BEAT, frame.ACK, frame.PRESSED, frame.CARD, frame.REFUSED, frame.WITNESSED, frame.CODE,
    frame.PROXIMITY, frame.TAMPER, frame.EMITTED, frame.HEALTH, frame.LIT, frame.PICTURED, frame.PHOTO,
})  # fmt: skip
_BINARY = frozenset({"witness", "challenge", "emit", "clear"})  # commands whose text is hex digits


STATES = {
    frame.EMPTY: "empty", frame.HELD: "held", frame.BEHIND: "behind", frame.FAILED: "failed",
}  # fmt: skip


def head_text(epoch: int, seq: int, digest: bytes) -> str:
    """The text of a `witness` command that makes the controller hold this head from now on."""
    return struct.pack(frame.WITNESS_FORMAT, epoch, seq, digest).hex()


def challenge_text(number: int, step_ms: int, colours: Sequence[str]) -> str:
    """The text of a `challenge` command; a colour is a name of frame.COLOURS, alone or behind
    "left " or "right ".
    """
    assert 0 < len(colours) <= frame.CHALLENGE_STEPS_MAX
    assert frame.CHALLENGE_STEP_MIN_MS <= step_ms <= frame.CHALLENGE_STEP_MAX_MS
    steps = bytes(_light_of(colour) for colour in colours)
    return (struct.pack(frame.CHALLENGE_FORMAT, number, step_ms) + steps).hex()


def _light_of(step: str) -> int:
    side, _, colour = step.rpartition(" ")
    return frame.COLOURS.index(colour) | SIDES.index(side) << SIDE_SHIFT


def emit_text(emitter: str, ms: int) -> str:
    """The text of an `emit` command; 0 ms = off."""
    return struct.pack(frame.EMIT_FORMAT, frame.EMITTERS.index(emitter), ms).hex()


def clear_text(switches: Sequence[str]) -> str:
    """The text of a `clear` command; names of frame.SWITCHES."""
    return bytes([sum(1 << frame.SWITCHES.index(name) for name in switches)]).hex()


class Cable:
    """Codec of one cable; E-BRD-19 for a pairing key that is not 32 bytes. Implements
    `core.link_words.Wire`."""

    def __init__(self, pair_key: bytes) -> None:
        if len(pair_key) != frame.KEY_BYTES:
            raise EdgeError(
                "E-BRD-19",
                f"the pairing key has {len(pair_key)} bytes, not {frame.KEY_BYTES}",
                "provision the controller again",
            )
        self._key = pair_key
        self._own_mac = frame.Mac(frame.hello_key(pair_key, b"host"))
        self._board_mac = frame.Mac(frame.hello_key(pair_key, b"board"))
        self._nonce = b""
        self.forget()

    def forget(self) -> None:
        self._splitter = frame.Splitter()
        self._sealer: frame.Sealer | None = None
        self._opener: frame.Opener | None = None

    def held(self) -> int:
        """Bytes kept of an unfinished packet; never above frame.ENCODED_MAX."""
        return self._splitter.held()

    def hello(self, nonce: bytes) -> bytes:
        assert len(nonce) == frame.NONCE_BYTES
        self._nonce = nonce
        payload = struct.pack(
            frame.HELLO_FORMAT, frame.PROTOCOL, frame.PROTOCOL, frame.table_hash(), nonce
        )
        # The zero in front ends whatever half frame a controller may still hold of us.
        return b"\0" + frame.pack(self._own_mac, frame.Frame(frame.HELLO, 0, 0, 0, 0, payload))

    def say(self, kind: str, text: str, seq: int, ack: int) -> bytes:
        """One frame to the controller; `text` is the pattern of light and buzz, and hex digits for
        the commands with a binary form (`head_text`, `challenge_text`, `emit_text`, `clear_text`).
        """
        assert self._sealer is not None, "no session"
        payload = (
            struct.pack(frame.BEAT_FORMAT, 0, 0, 0)
            if kind == "beat"
            else bytes.fromhex(text)
            if kind in _BINARY
            else text.encode("ascii")
        )
        return self._sealer.seal(_KINDS[kind], seq, ack, payload)

    def spent(self) -> bool:
        return self._sealer is not None and self._sealer.counter >= SPENT_AT

    def hear(self, data: bytes) -> list[Heard]:
        """What `data` completes, in order; damage is among it by its name."""
        out: list[Heard] = []
        for encoded in self._splitter.feed(data):
            if encoded is None:
                out.append(Heard(frame.OVERSIZED))
                continue
            try:
                heard = self._packet(frame.Packet(encoded))
            except frame.FrameError as error:
                heard = Heard(error.reason)
            if heard is not None:
                out.append(heard)
        return out

    def _packet(self, packet: frame.Packet) -> Heard | None:
        if packet.kind == frame.WELCOME:
            return self._welcome(packet.check(self._board_mac).payload)
        if packet.kind == frame.STARTED:
            payload = packet.check(self._board_mac).payload
            if len(payload) != struct.calcsize(frame.STARTED_FORMAT):
                raise frame.FrameError(frame.ODD)
            boot, cause = struct.unpack(frame.STARTED_FORMAT, payload)
            return Heard("started", body={"boot": boot, "reset_cause": cause})
        if self._opener is None:
            return None  # a frame of a session that is over says nothing about the key
        got = self._opener.open(packet)
        if got.kind not in _FROM_BOARD:
            raise frame.FrameError(frame.UNKNOWN)
        if bool(got.seq) != bool(got.flags & frame.RELIABLE):
            raise frame.FrameError(frame.ODD)
        return Heard("frame", _NAMES[got.kind], got.seq, got.ack, _body(got.kind, got.payload))

    def _welcome(self, payload: bytes) -> Heard | None:
        if not frame.WELCOME_BYTES <= len(payload) <= frame.WELCOME_BYTES + TEXT_MAX:
            raise frame.FrameError(frame.ODD)
        protocol, table, echo, nonce, boot, cause, slot, caps, window, version, build, uid = (
            struct.unpack(frame.WELCOME_FORMAT, payload[: frame.WELCOME_BYTES])
        )
        if not self._nonce or echo != self._nonce:
            raise frame.FrameError(frame.REPLAYED)
        if self._opener is None:
            self._sealer = frame.Sealer(frame.session_keys(self._key, b"host", echo, nonce))
            self._opener = frame.Opener(frame.session_keys(self._key, b"board", echo, nonce))
        fits = protocol == frame.PROTOCOL and table == frame.table_hash()
        return Heard("welcome", body={
            "fits": fits, "boot": boot, "reset_cause": cause, "caps": _names(frame.CAPS, caps), "window": window,
            "slot": "ab"[slot & 1], "trial": slot >> 1 & 3 == TRIAL,
            "version": ".".join(str(part) for part in version), "build": build.hex(),
            "uid": uid.hex(),
            "board": _text(payload[frame.WELCOME_BYTES :], TEXT_MAX),
        })  # fmt: skip


def _body(kind: int, payload: bytes) -> dict[str, object]:
    reader = _BODIES.get(kind)
    return {} if reader is None else reader(payload)


def _unpacked(form: str, payload: bytes) -> tuple[int, ...]:
    if len(payload) != struct.calcsize(form):
        raise frame.FrameError(frame.ODD)
    return struct.unpack(form, payload)


def _beat(payload: bytes) -> dict[str, object]:
    uptime_ms, noise, forged = _unpacked(frame.BEAT_FORMAT, payload)
    return {"uptime_ms": uptime_ms, "noise": noise, "forged": forged}


def _pressed(payload: bytes) -> dict[str, object]:
    return {"button": _text(payload, TEXT_MAX)}


def _card(payload: bytes) -> dict[str, object]:
    cert_type = _text(payload[:CERT_BYTES], CERT_BYTES)
    card_no = _text(payload[CERT_BYTES:], CARD_MAX)
    if len(cert_type) != CERT_BYTES or not cert_type.isdigit() or not card_no:
        raise frame.FrameError(frame.ODD)
    return {"cert_type": cert_type, "card_no": card_no}


def _pictured(payload: bytes) -> dict[str, object]:
    told = struct.calcsize(frame.PICTURED_FORMAT)
    if len(payload) < told:
        raise frame.FrameError(frame.ODD)
    number, size, crc = struct.unpack(frame.PICTURED_FORMAT, payload[:told])
    card = _card(payload[told:])
    if not 0 < size <= frame.PHOTO_MAX or card["cert_type"] != ID_CARD:
        raise frame.FrameError(frame.ODD)
    return {"number": number, "size": size, "crc": crc, **card}


def _photo(payload: bytes) -> dict[str, object]:
    number, at, part = payload[:1], payload[1:2], payload[2:]
    if not 0 < len(part) <= frame.PHOTO_PART_MAX:
        raise frame.FrameError(frame.ODD)
    return {"number": number[0], "at": at[0], "part": part}


def _code(payload: bytes) -> dict[str, object]:
    if not payload or not all(SPACE < byte < DELETE for byte in payload):
        raise frame.FrameError(frame.ODD)
    return {"text": payload.decode("ascii")}


def _witnessed(payload: bytes) -> dict[str, object]:
    if len(payload) != frame.WITNESSED_BYTES or payload[0] not in STATES:
        raise frame.FrameError(frame.ODD)
    epoch, seq, digest = struct.unpack(frame.WITNESS_FORMAT, payload[1:])
    return {"state": STATES[payload[0]], "epoch": epoch, "seq": seq, "hash": digest}


def _proximity(payload: bytes) -> dict[str, object]:
    near, level = _unpacked(frame.PROXIMITY_FORMAT, payload)
    return {"near": bool(near), "level": level}


def _tamper(payload: bytes) -> dict[str, object]:
    open_, latched = _unpacked(frame.TAMPER_FORMAT, payload)
    return {"open": _names(frame.SWITCHES, open_), "latched": _names(frame.SWITCHES, latched)}


def _emitted(payload: bytes) -> dict[str, object]:
    emitter, ms, why = _unpacked(frame.EMITTED_FORMAT, payload)
    if emitter >= len(frame.EMITTERS) or why >= len(frame.EMIT_WHYS):
        raise frame.FrameError(frame.ODD)
    return {"emitter": frame.EMITTERS[emitter], "ms": ms, "why": frame.EMIT_WHYS[why]}


def _health(payload: bytes) -> dict[str, object]:
    supply_mv, deci_c, limits, free, worst_ms = _unpacked(frame.HEALTH_FORMAT, payload)
    return {
        "supply_mv": supply_mv, "deci_c": deci_c, "limits": _names(frame.LIMITS, limits),
        "free_bytes": free, "worst_ms": worst_ms,
    }  # fmt: skip


def _lit(payload: bytes) -> dict[str, object]:
    count = (len(payload) - 2) // 4
    if not 0 < count <= frame.CHALLENGE_STEPS_MAX:
        raise frame.FrameError(frame.ODD)
    number, *times = _unpacked(f"<H{count}I", payload)
    return {"number": number, "at_us": tuple(times)}


_BODIES: Final[Mapping[int, Callable[[bytes], dict[str, object]]]] = MappingProxyType({
    frame.BEAT: _beat, frame.PRESSED: _pressed, frame.CARD: _card, frame.CODE: _code, frame.WITNESSED: _witnessed,
    frame.PROXIMITY: _proximity, frame.TAMPER: _tamper, frame.EMITTED: _emitted,
    frame.HEALTH: _health, frame.LIT: _lit, frame.PICTURED: _pictured, frame.PHOTO: _photo,
})  # fmt: skip


def _names(names: Sequence[str], bits: int) -> tuple[str, ...]:
    """Names of the bits that are set; FrameError ODD for a bit without a name."""
    if bits >> len(names):
        raise frame.FrameError(frame.ODD)
    return tuple(name for i, name in enumerate(names) if bits >> i & 1)


def _text(data: bytes, most: int) -> str:
    """Letters, digits and underscores, at most so many; FrameError ODD for anything else."""
    text = data.decode("ascii", "replace")
    if (
        len(text) > most
        or not text.replace("_", "a").isascii()
        or not (text.replace("_", "a").isalnum() or not text)
    ):
        raise frame.FrameError(frame.ODD)
    return text
