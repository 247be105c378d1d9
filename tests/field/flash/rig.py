"""A board's USB console and nothing else: the real MicroPython VM with a real littlefs behind a pty,
with the faults that a bench sees. The whole simulated controller is sim/board; this is for what goes
wrong on the console."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import selectors
import signal
import subprocess
import termios
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

from sim.board.chip import micropython

SHIMS = Path(__file__).parent / "shims"
PIECE = b"a2b_base64('"
BUSY_TICKS = 40  # of /proc, of a program that never pauses
BREAK_S = 10
WAIT_S = 120  # a hang guard, not a measurement
RAW = b"raw REPL; CTRL-B to exit\r\n>"
# System calls in which a program waits. There SIGINT is safe: the unix VM jumps out of its signal
# handler, and in the middle of an allocation that leaves a lock of its own held for ever.
WAITS = {"x86_64": {7, 23, 35, 230, 232, 270, 271, 281}, "aarch64": {22, 72, 73, 101, 115}}


def paused(pid: int) -> bool:
    """Whether it waits for time or bytes, as a program at work does most of the time."""
    try:
        word = Path(f"/proc/{pid}/syscall").read_text().split()[0]
    except (OSError, IndexError):
        return True  # not ours to see, or gone: as if
    return word.isdigit() and int(word) in WAITS.get(os.uname().machine, ())


def ticks(pid: int) -> int:
    """Of processor time that it has had; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


class Rig:
    """`mode`: "" as it should be, "mute", "babble". `link` is the stable name of the pty. `cut_at`: the
    cable is out once the host has said this; `flip`: a bit of the first piece of a file turns."""

    def __init__(self, folder: Path, name: str = "usb", *, mode: str = "", blocks: int = 352,
                 uid: str = "e661640843123456", read_only: bool = False, no_paste: bool = False,
                 cut_at: bytes = b"", flip: bool = False,
                 stuck: int = 0, plug: bool = False) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.link = folder / name
        self.image = folder / f"{name}.img"
        self.mode, self.blocks, self.uid = mode, blocks, uid
        self.read_only, self.no_paste = read_only, no_paste
        self.cut_at, self.flip = cut_at, flip
        self.stuck, self.plug = stuck, plug
        self.heard = b""  # from the host
        self.said = b""  # by the board
        self.starts = 0
        if not self.image.exists():
            self.image.write_bytes(b"\xff" * (4096 * blocks))
        self._vm: subprocess.Popen[bytes] | None = None
        self._console = -1
        self._raw = False
        self._swallow = False
        self._asked = False
        self._started = False
        self._tail = b""
        self._stop_r, self._stop_w = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Rig:
        self._outer, self._inner = pty.openpty()
        tty.setraw(self._inner)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._inner))
        if self.mode == "":
            self._spawn(run_main=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stop_w, b"x")
        self._thread.join(10)
        for fd in (self._stop_r, self._stop_w):
            os.close(fd)

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait for something the board does; AssertionError when it never happens."""
        give_up = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < give_up, f"never: {what}; it said {self.said[-500:]!r}"
            time.sleep(0.02)

    def until_up(self) -> None:
        """Its file system is there: Ctrl-C meets boot.py at the earliest."""
        self.until(lambda: self._started, "it starts")

    def _spawn(self, *, run_main: bool) -> None:
        self.starts += 1
        self._console, inner = pty.openpty()
        tty.setraw(inner)
        env = {
            "RIG_FLASH": str(self.image), "RIG_BLOCKS": str(self.blocks), "RIG_SHIMS": str(SHIMS),
            "RIG_UID": self.uid, "RIG_RUN_MAIN": "1" if run_main else "0", "HOME": "/nonexistent",
            "RIG_READ_ONLY": "1" if self.read_only else "0",
            "RIG_STUCK": str(self.stuck), "RIG_PLUG": "1" if self.plug else "0",
        }  # fmt: skip

        def own_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self._vm = subprocess.Popen(
            [str(micropython.find()), "-X", "heapsize=384k", "-i", str(SHIMS / "rig_boot.py")],
            stdin=inner, stdout=inner, stderr=inner, env=env, cwd="/", preexec_fn=own_terminal,
        )  # fmt: skip
        os.close(inner)
        self._tail = b""
        self._started = False  # a Ctrl-C before the file system is there would find no board

    def _serve(self) -> None:
        last = time.monotonic()
        try:
            while True:
                with selectors.DefaultSelector() as ready:
                    ready.register(self._stop_r, selectors.EVENT_READ)
                    if self._vm is None or self._started:
                        ready.register(self._outer, selectors.EVENT_READ)
                    if self._vm is not None:
                        ready.register(self._console, selectors.EVENT_READ)
                    fds = {key.fd for key, _ in ready.select(0.05)}
                if self._stop_r in fds:
                    return
                if self.mode == "babble" and time.monotonic() - last > 0.02:
                    last = time.monotonic()
                    self._say(b"temp=23.4 ok\x1b[2J rssi=-70\r\n" * 4)
                if self._outer in fds and not self._from_host():
                    return
                if self._vm is not None and self._console in fds:
                    self._from_vm()
        finally:
            self.link.unlink(missing_ok=True)
            if self._vm is not None:
                self._vm.kill()
                self._vm.wait()
                os.close(self._console)
            os.close(self._outer)
            os.close(self._inner)

    def _from_host(self) -> bool:
        data = os.read(self._outer, 4096)
        self.heard += data
        if self.cut_at and self.cut_at in self.heard:
            return False
        if self.flip and PIECE in data[:-12]:
            self.flip = False
            at = data.index(PIECE) + len(PIECE) + 8
            data = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
        if self._vm is None:
            return True
        if self.no_paste and b"\x05A\x01" in data:
            self._say(b"R\x00")
            data = data.replace(b"\x05A\x01", b"")
        while data:
            head, sep, data = data.partition(b"\x03")
            if head:
                os.write(self._console, head)
            if sep and self._interruptible():
                pid, give_up = self._vm.pid, time.monotonic() + BREAK_S
                begun = ticks(pid)
                while self._interruptible() and not paused(pid) and time.monotonic() < give_up:
                    if ticks(pid) - begun > BUSY_TICKS:
                        break
                    time.sleep(0.001)
                if self._interruptible():
                    self._vm.send_signal(signal.SIGINT)
                    time.sleep(0.02)
            elif sep:
                os.write(self._console, sep)
        return True

    def _interruptible(self) -> bool:
        """MicroPython catches SIGINT only while it runs code; at a prompt 0x03 is a byte."""
        assert self._vm is not None
        for line in Path(f"/proc/{self._vm.pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) & (1 << (signal.SIGINT - 1)))
        return False

    def _from_vm(self) -> None:
        try:
            data = os.read(self._console, 4096)
        except OSError:
            data = b""
        if not data:
            assert self._vm is not None
            code = self._vm.wait()
            os.close(self._console)
            if code == 0:
                self._say(b"MPY: soft reboot\r\n")
            else:
                self._raw = False
            self._spawn(run_main=not self._raw)
            self._swallow, self._asked = self._raw, False
            return
        if not self._started:
            self._started = b"\x06" in data
            data = data.partition(b"\x06")[2]
        self._tail = (self._tail + data)[-4096:]
        if self._swallow:
            at = self._tail.find(RAW)
            if at < 0:
                if b">>> " in self._tail and not self._asked:
                    os.write(self._console, b"\x01")
                    self._asked = True
                return
            data, self._swallow = self._tail[at:], False
        if RAW in self._tail:
            self._raw = True
        if b'Type "help()"' in data:
            self._raw = False
            self._tail = b""
        self._say(data)

    def _say(self, data: bytes) -> None:
        self.said += data
        with contextlib.suppress(OSError):
            os.write(self._outer, data)
