"""The terminal's bytes on the cable to the controller: HELLO, session keys, frames <->
`core.link_words.Heard`.

Everything a peer says is checked for length and alphabet here, so the machine behind sees only
what can be.
"""

from __future__ import annotations

import struct

from edge.core.link_words import Heard
from edge.errors import EdgeError
from edge.wire import frame

CARD_MAX = 32
TEXT_MAX = 16
CERT_BYTES = 2
SPENT_AT = frame.COUNTER_MAX - 1_000
_KINDS = {name: number for number, name, _fields, _flags in frame.MESSAGES}
_NAMES = {number: name for number, name, _fields, _flags in frame.MESSAGES}
_FROM_BOARD = frozenset({frame.BEAT, frame.ACK, frame.PRESSED, frame.CARD, frame.REFUSED, frame.WITNESSED})


STATES = {
    frame.EMPTY: "empty", frame.HELD: "held", frame.BEHIND: "behind", frame.FAILED: "failed",
}  # fmt: skip


def head_text(epoch: int, seq: int, digest: bytes) -> str:
    """The text of a `witness` command that makes the controller hold this head from now on."""
    return struct.pack(frame.WITNESS_FORMAT, epoch, seq, digest).hex()


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
        """One frame to the controller; `text` is the pattern of light and buzz, and the hex digits
        of a new head for the witness."""
        assert self._sealer is not None, "no session"
        payload = (
            struct.pack(frame.BEAT_FORMAT, 0, 0, 0)
            if kind == "beat"
            else bytes.fromhex(text)
            if kind == "witness"
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
        protocol, table, echo, nonce, boot, cause, caps, window, version, build, uid = (
            struct.unpack(frame.WELCOME_FORMAT, payload[: frame.WELCOME_BYTES])
        )
        if not self._nonce or echo != self._nonce:
            raise frame.FrameError(frame.REPLAYED)
        if self._opener is None:
            self._sealer = frame.Sealer(frame.session_keys(self._key, b"host", echo, nonce))
            self._opener = frame.Opener(frame.session_keys(self._key, b"board", echo, nonce))
        fits = protocol == frame.PROTOCOL and table == frame.table_hash()
        return Heard("welcome", body={
            "fits": fits, "boot": boot, "reset_cause": cause, "caps": caps, "window": window,
            "version": ".".join(str(part) for part in version), "build": build.hex(),
            "uid": uid.hex(),
            "board": _text(payload[frame.WELCOME_BYTES :], TEXT_MAX),
        })  # fmt: skip


def _body(kind: int, payload: bytes) -> dict[str, object]:
    if kind == frame.PRESSED:
        return {"button": _text(payload, TEXT_MAX)}
    if kind == frame.CARD:
        cert_type, card_no = (
            _text(payload[:CERT_BYTES], CERT_BYTES),
            _text(payload[CERT_BYTES:], CARD_MAX),
        )
        if len(cert_type) != CERT_BYTES or not cert_type.isdigit() or not card_no:
            raise frame.FrameError(frame.ODD)
        return {"cert_type": cert_type, "card_no": card_no}
    if kind == frame.WITNESSED:
        if len(payload) != frame.WITNESSED_BYTES or payload[0] not in STATES:
            raise frame.FrameError(frame.ODD)
        epoch, seq, digest = struct.unpack(frame.WITNESS_FORMAT, payload[1:])
        return {"state": STATES[payload[0]], "epoch": epoch, "seq": seq, "hash": digest}
    return {}


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
