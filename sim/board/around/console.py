"""The USB serial port of a board: a pty that looks like a Pico's REPL, in front of the VM's own.

What the unix VM does otherwise than a board is made good here. Its raw REPL does not stop running
code at Ctrl-C, so while code runs (SIGINT is caught then, and only then) the byte becomes a message
to its shims, which raise KeyboardInterrupt where the firmware touches its hardware. Only a program
that does not is sent the signal: the VM jumps out of its handler, and when that was in the middle of
an import a lock stays taken and the next line typed at the prompt waits for ever. It ends where a board restarts softly, so a new one is started, and if the host was in the
raw REPL the new one is brought there before the host sees a byte. It throws away what was typed
before its prompt, so after a Ctrl-C the host's bytes are held until the prompt is there. Its banner
is of Linux.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import selectors
import signal
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from sim.board.chip.cpu import Cpu

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
HELP = b'Type "help()"'
PROMPT = b">>> "
PROMPTS = (PROMPT, RAW_BANNER, b"\x04>")
BANNER = re.compile(rb"MicroPython v?[0-9][^\r\n;]*; linux[^\r\n]*")
LINE_END = re.compile(rb"(?<!\r)\n")
READ_MAX = 4096
TAIL_MAX = 4096
WAITING_MAX = 65536
DEAF_TICKS = 30  # of /proc: a program that ran so long after Ctrl-C does not look for it
DEAF_LOOKS = 20  # nor does one that sleeps for so long
CTRL_C = b"\x03"


class Home(Protocol):
    """What a console needs of its board."""

    def printed(self, data: bytes) -> None: ...
    def interrupt(self, *, on: bool) -> None: ...
    def later(self, do: Callable[[], None]) -> bool: ...  # False: this board has no clock of its own


class Console:
    """`link` leads to the pty while the port is there."""

    def __init__(self, link: Path, selector: selectors.BaseSelector, home: Home) -> None:
        self._link = link
        self._selector = selector
        self._home = home
        self._outer: tuple[int, int] | None = None
        self._cpu: Cpu | None = None
        self._banner = b""
        self._tail = b""
        self._waiting = b""  # what the host typed before the file system was there
        self._typed = b""  # what the VM's pipe had no room for yet
        self._ready = False
        self._holding = False  # until the VM is at its prompt
        self._hiding = False
        self._asked_raw = False
        self._prompted = False
        self.raw = False

    # -- the port ----------------------------------------------------------------------------------
    def appear(self) -> None:
        """USB enumerates: a new pty behind the same link."""
        self.vanish()
        self._outer = open_pty(self._link)
        self.raw = False
        self._selector.register(self._outer[0], selectors.EVENT_READ, self._from_host)

    def vanish(self) -> None:
        self._link.unlink(missing_ok=True)
        if self._outer is not None:
            self._selector.unregister(self._outer[0])
            for fd in self._outer:
                os.close(fd)
            self._outer = None

    # -- the VM ------------------------------------------------------------------------------------
    def attach(self, cpu: Cpu, banner: str) -> None:
        """A new run of the VM; after a soft reset from the raw REPL it is brought back there."""
        self._cpu = cpu
        self._banner = banner.encode()
        self._tail = self._waiting = self._typed = b""
        self._ready = False
        self._hiding = self._holding = self.raw
        self._asked_raw = self._prompted = False
        self._selector.register(cpu.output, selectors.EVENT_READ, self.drain)

    def detach(self) -> None:
        """Take what the VM still printed, and forget it."""
        cpu, self._cpu = self._cpu, None
        if cpu is None:
            return
        for fd in (cpu.output, cpu.input):
            with contextlib.suppress(KeyError):  # it ended by itself; nothing waits to be typed
                self._selector.unregister(fd)
        while data := cpu.printed():
            self._show(data)

    def ready(self) -> None:
        """The VM's program has begun: Ctrl-C may come."""
        self._ready = True
        if not self._holding:
            self._go_on()

    def _go_on(self) -> None:
        held, self._waiting = self._waiting, b""
        self.type(held)

    def say(self, data: bytes) -> None:
        """To the host."""
        if self._outer is not None:
            with contextlib.suppress(BlockingIOError, OSError):
                os.write(self._outer[0], data)  # nobody reads: lost, as without a terminal

    def type(self, data: bytes) -> None:
        """From the host."""
        for part in re.split(rb"(\x03)", data):
            if not part or self._cpu is None:
                continue
            if part == CTRL_C and self._ready and self._cpu.interruptible():
                self._interrupt(self._cpu)
            elif self._holding or not self._ready:
                self._waiting = (self._waiting + part)[-WAITING_MAX:]
            else:
                self._write(part)

    def _interrupt(self, cpu: Cpu) -> None:
        """Stop what runs; what is typed from here on waits for the prompt."""
        self._tail = b""
        before, self._holding = self._holding, True
        self._home.interrupt(on=True)
        if before:
            return
        spent, looks = cpu.ticks(), 0

        def look() -> None:
            nonlocal looks
            looks += 1
            if not self._holding or self._cpu is not cpu:
                return
            if cpu.ticks() - spent >= DEAF_TICKS or looks >= DEAF_LOOKS or not self._home.later(look):
                cpu.signal(signal.SIGINT)

        if cpu.hung() or not self._home.later(look):
            look()

    def _write(self, data: bytes) -> None:
        assert self._cpu is not None
        waited = bool(self._typed)
        self._typed = self._cpu.write((self._typed + data)[:WAITING_MAX])
        if self._typed and not waited:
            fd = self._cpu.input
            self._selector.register(fd, selectors.EVENT_WRITE, lambda: self._write(b""))
        elif waited and not self._typed:
            self._selector.unregister(self._cpu.input)

    def _from_host(self) -> None:
        assert self._outer is not None
        with contextlib.suppress(BlockingIOError, OSError):
            self.type(os.read(self._outer[0], READ_MAX))

    def drain(self) -> None:
        """Show what the VM has printed."""
        if self._cpu is None:
            return
        data = self._cpu.printed()
        if data:
            self._show(data)
        elif data is None:  # it has ended; its socket says so too
            with contextlib.suppress(KeyError):
                self._selector.unregister(self._cpu.output)

    def to_prompt(self) -> None:
        """After its program the VM says good-bye and prompts: shown in one piece. Ends also with the
        VM, or when it does something else."""
        cpu = self._cpu
        if cpu is None or self._prompted:
            return
        said = b""
        while PROMPT not in self._tail + said:
            cpu.wait_for_print()
            data = cpu.printed()
            if data is None or (not data and cpu.hung()):
                break
            said += data
        self._show(said)
        self._prompted = True

    def _show(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-TAIL_MAX:]
        if self._hiding:
            at = self._tail.find(RAW_BANNER)
            if at < 0:
                if PROMPT in self._tail and not self._asked_raw and self._cpu is not None:
                    self._asked_raw = True
                    self._write(b"\x01")
                return
            data, self._hiding = self._tail[at:], False
        raw, friendly = self._tail.rfind(RAW_BANNER), self._tail.rfind(HELP)
        if raw != friendly:
            self.raw = raw > friendly
        if self._holding and self._tail.endswith(PROMPTS):
            self._holding = False
            self._home.interrupt(on=False)
            self._go_on()
        if not self._prompted:  # a board's print() ends lines so; later bytes may be binary
            data = LINE_END.sub(b"\r\n", data)
            self._prompted = HELP in data or RAW_BANNER in data
        data = BANNER.sub(self._banner, data)
        self._home.printed(data)
        self.say(data)


def open_pty(link: Path) -> tuple[int, int]:
    """(the board's end, the host's end); `link` leads to the host's in one step."""
    outer, inner = pty.openpty()
    tty.setraw(inner)
    os.set_blocking(outer, False)
    new = link.with_name(link.name + ".new")
    new.unlink(missing_ok=True)
    new.symlink_to(os.ttyname(inner))
    new.replace(link)  # nobody sees a missing or half link
    return outer, inner
