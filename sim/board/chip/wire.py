"""The physics channel between the board and its CPU, as shims/_hub.py speaks it: what the firmware
did, and what the world answers."""

from __future__ import annotations

import struct
from enum import IntEnum

from msgspec import Struct

HEAD = struct.Struct("<BIQII")  # op, serial (0: no answer wanted), at_us, a, b; then data
MESSAGE = struct.Struct("<BBH")  # kind, a, size; then so many bytes
ANSWER = struct.Struct("<IiQQ")  # serial, result, now_us, horizon_us
FOREVER = 0xFFFFFFFF
PACKET_MAX = 8192
BATCH_MAX = 6144  # below PACKET_MAX: the VM takes one packet at a time


class Op(IntEnum):
    """What the firmware did."""

    SYNC = 0
    WAIT = 1  # a microseconds (FOREVER: until something comes); b: bytes wake it
    PIN = 2
    BITS = 3
    PWM = 4
    WDT = 5
    FEED = 6
    RESET = 7
    SOFT = 8
    BOOT = 9
    UART = 10
    PROGRAM = 11
    ERASE = 12
    PROMPT = 13  # a = 1: the file system is there; 0: the program ended
    CONF = 14


LEVEL, BYTES, ANALOG, NOW, INTERRUPT, CALM = 1, 2, 3, 4, 5, 6


class Did(Struct, frozen=True):
    """One packet of the CPU."""

    op: Op
    serial: int
    at_us: int
    a: int
    b: int
    data: bytes


def read(packet: bytes) -> Did:
    """ValueError for what no VM of ours sends."""
    if len(packet) < HEAD.size:
        raise ValueError("short")
    op, serial, at_us, a, b = HEAD.unpack_from(packet)
    return Did(Op(op), serial, at_us, a, b, packet[HEAD.size :])


def message(kind: int, a: int, body: bytes) -> bytes:
    return MESSAGE.pack(kind, a, len(body)) + body


def answer(serial: int, result: int, now_us: int, horizon_us: int) -> bytes:
    """Closes a batch."""
    return message(NOW, 0, ANSWER.pack(serial, result, now_us, horizon_us))
