"""The simulated board's side of the physics channel; runs inside the MicroPython VM.

One packet socket. Out: (op, serial, microseconds, a, b) and data per thing the firmware did; a
serial that is not 0 waits for its answer. In: batches of (kind, a, size) messages; NOW closes a
batch and answers a serial. Whole packets only, so a Ctrl-C between any two byte codes cannot leave
half a message behind. The end of the socket means that there is no power: the VM ends.

Time is the kernel's (`real`) or the simulator's (`virtual`): then it passes only while the
firmware waits, and the firmware itself may go on up to the horizon, before which nothing happens.
"""

import os
import struct
import sys
import uselect
import usocket
import utime

SYNC, WAIT, PIN, BITS, PWM, WDT, FEED, RESET, SOFT, BOOT, UART, PROGRAM, ERASE, PROMPT, CONF = (
    range(15)
)
LEVEL, BYTES, ANALOG, NOW, INTERRUPT, CALM = 1, 2, 3, 4, 5, 6
HEAD = "<BIQII"
FOREVER = 0xFFFFFFFF
PACKET_MAX = 8192
REAL = os.getenv("SIM_CLOCK") == "real"
born_us = int(os.getenv("SIM_BORN"))

levels = {}  # pin: 0 or 1 driven, 3 or 4 stuck at 0 or 1
analog = {}
rx = {}  # uart: bytes that have arrived
room = {}
now_us = int(os.getenv("SIM_NOW"))
_horizon = now_us
_serial = 0
_answered = 0
_result = 0
_interrupted = False
_socket = usocket.socket(usocket.AF_UNIX, 5)  # packets in order
_socket.connect(struct.pack("<H", 1) + os.getenv("SIM_CPU").encode() + b"\0")
poller = uselect.poll()
poller.register(_socket, uselect.POLLIN)


def _take(packet):
    global now_us, _horizon, _answered, _result, _interrupted
    if not packet:
        sys.exit(9)
    at = 0
    while at < len(packet):
        kind, a, size = struct.unpack_from("<BBH", packet, at)
        body = packet[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == NOW:
            _answered, _result, now_us, _horizon = struct.unpack("<IiQQ", body)
        elif kind == BYTES:
            held = rx.get(a)
            if held is not None and len(held) < room[a]:  # else lost, as in a full receive buffer
                held.extend(body[: room[a] - len(held)])
        elif kind == LEVEL:
            if body[0] == 2:
                levels.pop(a, None)
            else:
                levels[a] = body[0]
        elif kind == ANALOG:
            analog[a] = struct.unpack("<H", body)[0]
        elif kind == INTERRUPT:
            _interrupted = True
        elif kind == CALM:  # the prompt is there: a Ctrl-C that nothing met is over
            _interrupted = False


def _obey():
    """Ctrl-C, where nothing is half done."""
    global _interrupted
    if _interrupted:
        _interrupted = False
        raise KeyboardInterrupt


def drain():
    """Take what has arrived without waiting. In virtual time it comes with each answer."""
    if REAL:
        while poller.poll(0):
            _take(_socket.recv(PACKET_MAX))
        _obey()


def call(op, a=0, b=0, data=b""):
    """Tell and wait for the answer: an int."""
    global _serial, now_us
    _serial = mine = (_serial + 1) & 0xFFFFFFFF or 1
    if op != WAIT:
        now_us += 1  # so that a program that only tells gets on in time
    at = utime.ticks_us() if REAL else now_us
    _socket.send(struct.pack(HEAD, op, mine, at, a, b) + bytes(data))
    while _answered != mine:
        _take(_socket.recv(PACKET_MAX))
    result = _result
    if op != PROGRAM and op != ERASE:  # littlefs is at work around them
        _obey()
    return result


def tell(op, a=0, b=0, data=b"", wait=True):
    """Say what happened. In virtual time the world may answer before the next instruction."""
    if REAL or not wait:
        at = utime.ticks_us() if REAL else now_us
        _socket.send(struct.pack(HEAD, op, 0, at, a, b) + bytes(data))
    else:
        call(op, a, b, data)


def now():
    """Microseconds of the simulator's clock. Reading takes one, so that a busy wait ends."""
    global now_us
    if REAL:
        return utime.ticks_us()
    now_us += 1
    if now_us > _horizon:
        call(WAIT, 0)
    return now_us


def any_bytes():
    for held in rx.values():
        if held:
            return True
    return False


def wait(us, wake=False):
    """Let time pass; with `wake` until bytes arrive at a UART, at most. us < 0: for ever."""
    global now_us
    if REAL:
        end = utime.ticks_us() + us
        while True:
            drain()
            left = end - utime.ticks_us()
            if (wake and any_bytes()) or (us >= 0 and left <= 0):
                return
            if us >= 0 and left < 1000:
                utime.sleep_us(left)
            else:
                poller.poll(left // 1000 if us >= 0 else 60000)
    while us > FOREVER - 1:
        call(WAIT, FOREVER - 1, wake)
        us -= FOREVER - 1
        if wake and any_bytes():
            return
    if 0 <= us <= _horizon - now_us and not (wake and any_bytes()):
        now_us += us
    else:
        call(WAIT, FOREVER if us < 0 else us, wake)
