"""The frame codec against golden bytes, against an independent reference, and against bad bytes."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import EdgeError
from edge.wire import frame
from edge.wire.cable import Cable

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "frame.json").read_text())
KEYS = (bytes(range(32)), bytes(range(16)))
NONCE = bytes(16)


def reference_cobs(data: bytes) -> bytes:
    """Byte by byte, as the paper has it (Cheshire and Baker 1999)."""
    out, code_at, code = bytearray(b"\0"), 0, 1
    for byte in data:
        if byte:
            out.append(byte)
            code += 1
        if not byte or code == 255:
            out[code_at] = code
            code_at, code = len(out), 1
            out.append(0)
    out[code_at] = code
    return bytes(out)


def reference_frame(v: dict[str, Any]) -> bytes:
    """The documented frame made of stdlib hmac, zlib and a library's AES-CTR."""
    payload = bytes.fromhex(v["payload"])
    if v["flags"] & 2:
        block = struct.pack(">QII", 0, v["ctr"], 0)
        step = Cipher(algorithms.AES(bytes.fromhex(v["secret"])), modes.CTR(block)).encryptor()
        payload = step.update(payload)
    body = struct.pack("<BBBBI", v["type"], v["flags"], v["seq"], v["ack"], v["ctr"]) + payload
    body += hmac.digest(bytes.fromhex(v["key"]), body, "sha256")[:8]
    body += struct.pack("<I", zlib.crc32(body))
    return reference_cobs(body) + b"\0"


@pytest.mark.parametrize("v", VECTORS["frames"], ids=lambda v: v["name"])
def test_a_frame_has_its_golden_bytes(v: dict[str, Any]) -> None:
    wire = bytes.fromhex(v["wire"])
    assert reference_frame(v) == wire
    sealer = frame.Sealer((bytes.fromhex(v["key"]), bytes.fromhex(v["secret"])))
    sealer.counter = v["ctr"] - 1
    assert sealer.seal(v["type"], v["seq"], v["ack"], bytes.fromhex(v["payload"])) == wire
    opener = frame.Opener((bytes.fromhex(v["key"]), bytes.fromhex(v["secret"])))
    (encoded,) = frame.Splitter().feed(wire)
    assert encoded is not None
    got = opener.open(frame.Packet(encoded))
    assert (got.kind, got.flags, got.seq, got.ack, got.counter) == (
        v["type"], v["flags"], v["seq"], v["ack"], v["ctr"],
    )  # fmt: skip
    assert got.payload == bytes.fromhex(v["payload"])


def test_the_keys_of_a_session_have_their_golden_bytes() -> None:
    for v in VECTORS["keys"]:
        pair, role = bytes.fromhex(v["pair"]), v["role"].encode()
        nonces = bytes.fromhex(v["host_nonce"]) + bytes.fromhex(v["board_nonce"])
        tag, aes = (
            hmac.digest(pair, name + role + nonces, "sha256") for name in (b"tag/", b"aes/")
        )
        assert (tag.hex(), aes[:16].hex()) == (v["tag_key"], v["aes_key"])
        half = len(nonces) // 2
        assert frame.session_keys(pair, role, nonces[:half], nonces[half:]) == (tag, aes[:16])


def test_the_message_table_changes_only_with_the_protocol() -> None:
    assert frame.table_hash().hex() == VECTORS["table_hash"]


@pytest.mark.parametrize("v", VECTORS["bad"], ids=lambda v: v["name"])
def test_a_bad_packet_says_what_is_wrong_with_it(v: dict[str, Any]) -> None:
    assert reason_of(bytes.fromhex(v["wire"])) == v["reason"]


def reason_of(wire: bytes) -> str:
    opener = frame.Opener(KEYS)
    try:
        for encoded in frame.Splitter().feed(wire):
            if encoded is None:
                return frame.OVERSIZED
            opener.open(frame.Packet(encoded))
    except frame.FrameError as error:
        return error.reason
    return ""


@given(st.binary(max_size=600))
def test_cobs_is_the_reference_and_comes_back(data: bytes) -> None:
    encoded = frame.cobs_encode(data)
    assert 0 not in encoded
    assert encoded == reference_cobs(data)
    assert frame.cobs_decode(encoded) == data


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_hmac_is_rfc_2104(key: bytes, message: bytes) -> None:
    assert frame.Mac(key).digest(message) == hmac.new(key, message, hashlib.sha256).digest()


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20), st.randoms())
def test_frames_come_out_the_same_however_the_bytes_are_cut(
    payloads: list[bytes], rng: random.Random
) -> None:
    sealer = frame.Sealer(KEYS)
    wire = b"".join(sealer.seal(frame.LIGHT, 1, 0, p) for p in payloads)
    splitter, opener, got = frame.Splitter(), frame.Opener(KEYS), []
    while wire:
        cut = rng.randint(1, 30)
        for encoded in splitter.feed(wire[:cut]):
            assert encoded is not None
            got.append(opener.open(frame.Packet(encoded)).payload)
        wire = wire[cut:]
    assert got == payloads


@given(st.integers(0, 60), st.integers(1, 255))
def test_no_single_wrong_byte_gets_through(at: int, flip: int) -> None:
    wire = bytearray(frame.Sealer(KEYS).seal(frame.CARD, 1, 0, b"03A1234567"))
    wire[at % (len(wire) - 1)] ^= flip
    assert reason_of(bytes(wire) + b"\0") != ""


def test_rubbish_is_held_up_to_one_packet_and_no_more() -> None:
    cable, rng = Cable(bytes(32)), random.Random(1)
    noise = rng.randbytes(100_000)
    for at in range(0, len(noise), 4096):
        assert {h.what for h in cable.hear(noise[at : at + 4096])} <= {"noise", "oversized"}
        assert cable.held() <= frame.ENCODED_MAX
    assert {h.what for h in cable.hear(b"\x01" * 100_000)} == {"oversized"}
    assert cable.held() == 0


def test_a_frame_after_rubbish_is_read() -> None:
    sealer = frame.Sealer(KEYS)
    packets = frame.Splitter().feed(b"\x07" * 1000 + b"\0" + sealer.seal(frame.ACK, 0, 3, b""))
    assert packets[0] is None
    assert packets[1] is not None
    assert frame.Opener(KEYS).open(frame.Packet(packets[1])).ack == 3


def test_a_counter_is_never_used_twice() -> None:
    sealer = frame.Sealer(KEYS)
    sealer.counter = frame.COUNTER_MAX - 1
    sealer.seal(frame.ACK, 0, 0, b"")
    with pytest.raises(frame.FrameError, match="spent"):
        sealer.seal(frame.ACK, 0, 0, b"")


def test_a_card_number_is_not_readable_on_the_cable() -> None:
    assert b"A1234567" not in frame.Sealer(KEYS).seal(frame.CARD, 1, 0, b"03A1234567")


def welcomed() -> tuple[Cable, frame.Sealer]:
    """A host cable with a session, and the sealer of its controller."""
    pair, nonce, board_nonce = bytes(32), b"h" * 16, b"b" * 16
    cable = Cable(pair)
    cable.hello(nonce)
    payload = struct.pack(
        frame.WELCOME_FORMAT, 1, frame.table_hash(), nonce, board_nonce, b"bootboot", 1, 0, 0, 254,
        b"\0\1\0", bytes(8), bytes(8),
    )  # fmt: skip
    mac = frame.Mac(frame.hello_key(pair, b"board"))
    said = cable.hear(frame.pack(mac, frame.Frame(frame.WELCOME, 0, 0, 0, 0, payload + b"sim")))
    assert [h.what for h in said] == ["welcome"]
    return cable, frame.Sealer(frame.session_keys(pair, b"board", nonce, board_nonce))


@pytest.mark.parametrize(
    ("kind", "seq", "payload", "what"),
    [
        (frame.PRESSED, 1, b"confirm", "frame"),
        (frame.PRESSED, 0, b"confirm", "odd"),  # reliable types carry a number
        (frame.PRESSED, 1, b"<script>", "odd"),
        (frame.PRESSED, 1, b"a" * 17, "odd"),
        (frame.CARD, 1, b"03A1234567", "frame"),
        (frame.CARD, 1, b"03", "odd"),
        (frame.CARD, 1, b"xxA1", "odd"),
        (frame.CARD, 1, b"03" + b"9" * 33, "odd"),
        (frame.CARD, 1, b"03\xff\xfe", "odd"),
        (frame.LIGHT, 1, b"white", "unknown"),  # a command is not a report
    ],
)
def test_a_report_that_makes_no_sense_is_named(
    kind: int, seq: int, payload: bytes, what: str
) -> None:
    cable, sealer = welcomed()
    assert [h.what for h in cable.hear(sealer.seal(kind, seq, 0, payload))] == [what]


def test_a_welcome_for_another_hello_is_an_old_one() -> None:
    cable, _ = welcomed()
    cable.forget()
    cable.hello(b"n" * 16)
    mac = frame.Mac(frame.hello_key(bytes(32), b"board"))
    payload = struct.pack(
        frame.WELCOME_FORMAT, 1, frame.table_hash(), b"h" * 16, NONCE, bytes(8), 1, 0, 0, 254,
        bytes(3), bytes(8), bytes(8),
    )  # fmt: skip
    old = frame.pack(mac, frame.Frame(frame.WELCOME, 0, 0, 0, 0, payload))
    assert [h.what for h in cable.hear(old)] == ["replayed"]


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_pairing_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(EdgeError, match="E-BRD-19"):
        Cable(bytes(size))
