"""The raw REPL of MicroPython >= 1.27, as a client that cannot hang.

Raw paste with the board's window where it is offered, plain raw mode where not. Whatever the board
does (nothing, noise, half an answer, unplugged) ends in time with a code and the next step.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

from edge.errors import EdgeError
from edge.field.flash.port import PULL, Port

RAW: Final = b"raw REPL; CTRL-B to exit\r\n>"
PROMPT: Final = b">>> "
AT_PROMPT: Final = "the board sits at its prompt"  # what it died of was said before we came
NO_SLOT: Final = b"no slot can be started"  # said by /boot.py
ENTER_S: Final = (0.6, 1.5, 3.0)  # patience of each attempt to get in
HELD_MAX: Final = 256 * 1024  # of what one step prints
BABBLE_BYTES: Final = 512  # more than that without a prompt is a program that talks, not a board at work
STEP_S: Final = 10.0
CHUNK: Final = 256  # plain raw mode has no flow control: so much, then a breath
BREATH_S: Final = 0.01
ERRNO: Final = re.compile(r"OSError: (?:\[Errno (\d+)\]|-?(\d+))")
# The traceback of our Ctrl-C goes through a file of the slot; in a wreck it ends in /main.py.
AT_WORK: Final = re.compile(
    rb'Traceback \(most recent call last\):(?:\s+File [^\r\n]+)*\s+File "[^"]*firmware/[^"]*"[^\r\n]*'
    rb"(?:\s+File [^\r\n]+)*\s+KeyboardInterrupt"
)
DIED: Final = re.compile(
    rb"Traceback \(most recent call last\):(?:\s+File [^\r\n]+)+\s+(\w+(?:Error|Exception)[^\r\n]*)\r?\n"
)
ENOSPC: Final = 28
NO_WRITES: Final = (30, 19, 5)  # EROFS, ENODEV, EIO
READ_KEPT: Final = 4096

BOOTSEL = "hold BOOTSEL while you plug it in, then: facepay flash runtime FILE.uf2"


class Held(Struct, frozen=True):
    """What a slot's manifest says."""

    version: str
    build: str


class Slots(Struct, frozen=True):
    """`describe()` of /slots.py: phase fresh, trial or proved."""

    phase: str
    active: str
    slots: dict[str, Held | None]
    tries: int = 0
    why: str = ""
    floor: str = "0.0.0"


class Facts(Struct, frozen=True):
    """What a board says of itself at the prompt."""

    version: str  # of the runtime: "1.29.0"
    platform: str
    machine: str
    uid: str
    board: str  # content of /board, "" when not provisioned
    serial: str
    key_hash: str  # SHA-256 of /key, "" when there is none
    free: int  # bytes of the file system
    slots: Slots | None = None  # what /slots.py says; None when it is not there
    running: str = ""  # the slot whose application is in memory: "/a", "/b" or ""
    watched: bool = False  # a watchdog runs, which each step feeds

    def runtime(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:3])


class Repl:
    """One board at its raw prompt. `enter` first; `leave` or `reset` last."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._paste = True
        self._held = b""
        self.entered = False
        self.crash = ""  # why no program runs, as heard before we came
        self.stopped = False  # whether Ctrl-C met our program at work, and not a prompt or a wreck

    @property
    def path(self) -> Path:
        """Of its port."""
        return self._port.path

    def listen(self, seconds: float) -> None:
        """Let a board start. A good program prints nothing; one that dies, or a board that comes to its
        prompt without one, ends the listening, and `crash` says which."""
        until, heard = time.monotonic() + seconds, b""
        while not self.crash and (left := until - time.monotonic()) > 0:
            heard = (heard + self._port.read(left))[-READ_KEPT:]
            if found := DIED.search(heard):
                self.crash = shown(found.group(1))[1:-1]
            elif NO_SLOT in heard:
                self.crash = "neither slot holds a program that can be started"
            elif PROMPT in heard:
                self.crash = AT_PROMPT

    def hear_again(self, seconds: float) -> None:
        """A board at its prompt starts its program once more, and this time we listen: a soft reset
        keeps the port."""
        assert self.crash == AT_PROMPT, self.crash
        self.crash = ""
        self._port.write(b"\x04")
        self.listen(seconds)

    def enter(self) -> None:
        """Interrupt whatever runs. E-FLS-05 nothing answers, E-FLS-06 noise without a prompt."""
        seen = b""
        total = 0
        for patience_s in ENTER_S:
            self._port.write(b"\r\x03\x03")
            got = self._port.drain(0.1, patience_s / 2)
            self._port.write(b"\r\x01")
            found, more = self._until(RAW, patience_s)
            if found:
                self._held = b""
                self.entered = True
                self.stopped = AT_WORK.search(seen + got + more) is not None
                return
            total += len(got) + len(more)
            seen = (seen + got + more)[-4096:]
        if total == 0:
            raise EdgeError(
                "E-FLS-05", f"{self._port.path} is silent: no answer to Ctrl-C", f"{PULL}; if it stays silent: {BOOTSEL}"
            )
        raise EdgeError(
            "E-FLS-06",
            f"{self._port.path} talks ({total} bytes) but gives no prompt: {shown(seen[-48:])}",
            f"is it the right port? Else {BOOTSEL}",
        )

    def run(self, code: str, timeout_s: float = STEP_S) -> str:
        """What the code prints. E-FLS-07 it does not end in time, E-FLS-08 it raised, E-FLS-30 the
        flash is full, E-FLS-31 it takes no writes, E-FLS-04 unplugged."""
        until = time.monotonic() + timeout_s
        self._send(code.encode(), until)
        out = self._take(b"\x04", until, timeout_s)
        err = self._take(b"\x04", until, timeout_s)
        found, _ = self._until(b">", max(0.5, until - time.monotonic()))
        if not found:
            raise self._lost("the prompt did not come back")
        if err:
            raise failed(err.decode("utf-8", "replace"))
        return out.decode("utf-8", "replace").replace("\r\n", "\n")

    def leave(self) -> None:
        """Back to the friendly prompt."""
        self._port.write(b"\r\x02")
        self._port.drain(0.1, 0.5)

    def reset(self) -> None:
        """As if the power had gone: no answer comes back."""
        try:
            self._port.write(b"import machine\nmachine.reset()\x04")
            self._held = b""
            self._until(b"OK", 2.0)  # it has taken the code; a busy one takes its time
            self._port.drain(0.2, 0.5)
        except EdgeError as error:
            if error.code != "E-FLS-04":  # a board that restarts takes its port with it
                raise

    # -- bytes -------------------------------------------------------------------------------------
    def _send(self, code: bytes, until: float) -> None:
        if self._paste:
            self._port.write(b"\x05A\x01")
            answer = self._exactly(2, until)
            if answer == b"R\x01":
                self._send_windowed(code, until)
                return
            self._paste = False
            if answer != b"R\x00":  # a VM without raw paste takes the three bytes as a fresh Ctrl-A
                found, _ = self._until(RAW, 2.0)
                if not found:
                    raise self._lost("no raw prompt after raw paste was refused")
        for start in range(0, len(code), CHUNK):
            self._port.write(code[start : start + CHUNK])
            time.sleep(BREATH_S)
        self._port.write(b"\x04")
        if self._exactly(2, until) != b"OK":
            raise self._lost("the board did not take the code")

    def _send_windowed(self, code: bytes, until: float) -> None:
        size = int.from_bytes(self._exactly(2, until), "little")
        if size == 0:
            raise self._lost("a window of 0 bytes")
        left, start = size, 0
        while start < len(code):
            if left == 0 or self._held:
                word = self._exactly(1, until)
                if word == b"\x01":
                    left += size
                elif word == b"\x04":  # the board gives up, e.g. out of memory: it says why next
                    self._port.write(b"\x04")
                    return
                else:
                    raise self._lost(f"{shown(word)} in the middle of raw paste")
                continue
            part = code[start : start + left]
            self._port.write(part)
            left -= len(part)
            start += len(part)
            self._held += self._port.read(0)
        self._port.write(b"\x04")
        while (word := self._exactly(1, until)) == b"\x01":
            pass
        if word != b"\x04":
            raise self._lost(f"{shown(word)} instead of the end of raw paste")

    def _exactly(self, count: int, until: float) -> bytes:
        while len(self._held) < count:
            left = until - time.monotonic()
            if left <= 0:
                raise self._lost("no answer")
            self._held += self._port.read(left)
        data, self._held = self._held[:count], self._held[count:]
        return data

    def _take(self, end: bytes, until: float, timeout_s: float) -> bytes:
        """Up to `end`; a program that does not end is interrupted."""
        held = bytearray()
        while True:
            head, found, rest = self._held.partition(end)
            held += head[: HELD_MAX - len(held)]
            if found:
                self._held = rest
                return bytes(held)
            left = until - time.monotonic()
            if left <= 0:
                self._interrupt()
                said = f"; it said {shown(bytes(held[-200:]))}" if held else ""
                raise EdgeError(
                    "E-FLS-07",
                    f"no end after {timeout_s:.0f} s{said}",
                    "--timeout gives it longer; if nothing helps: " + PULL,
                )
            self._held = self._port.read(left)

    def _interrupt(self) -> None:
        """End what runs, so that the next step finds a prompt."""
        self._held = b""
        self._port.write(b"\x03")
        self._port.drain(0.2, 1.0)
        self._port.write(b"\r\x01")
        self._until(RAW, 2.0)

    def _until(self, mark: bytes, wait_s: float) -> tuple[bool, bytes]:
        """Whether `mark` came within `wait_s`, and what came before it; the rest is kept."""
        until, seen = time.monotonic() + wait_s, self._held
        self._held = b""
        while mark not in seen:
            left = until - time.monotonic()
            if left <= 0:
                return False, seen
            seen = seen[-len(mark) - READ_KEPT :] + self._port.read(left)
        before, _, self._held = seen.partition(mark)
        return True, before

    def _lost(self, why: str) -> EdgeError:
        return EdgeError("E-FLS-07", f"{self._port.path}: {why}", PULL + ", then run it again")


def shown(data: bytes) -> str:
    """Bytes of a stranger for a terminal: no control characters, no end of the line."""
    text = data.decode("latin-1")
    return '"' + "".join(c if " " <= c <= "~" else "." for c in text) + '"'


def failed(traceback: str) -> EdgeError:
    """What a program on the board died of."""
    lines = [line for line in traceback.strip().splitlines() if line.strip()]
    last = shown(lines[-1].encode("utf-8", "replace"))[1:-1] if lines else "?"
    number = ERRNO.search(last)
    code = int(number.group(1) or number.group(2)) if number else 0
    if code == ENOSPC:
        return EdgeError(
            "E-FLS-30", "the board's flash is full", "what is not ours fills it: back it up and flash the runtime again"
        )
    if code in NO_WRITES:
        return EdgeError(
            "E-FLS-31", f"the board's flash takes no writes: {last}", f"worn or locked? {BOOTSEL}"
        )
    return EdgeError("E-FLS-08", f"the program on the board failed: {last}", traceback.strip()[-2000:])
