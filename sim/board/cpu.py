"""One run of the MicroPython VM as the board's CPU: a process, a terminal, a packet socket."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pty
import select
import signal
import socket
import subprocess
import tty
from pathlib import Path

from edge.errors import EdgeError
from sim.board import micropython
from sim.board.wire import PACKET_MAX

HERE = Path(__file__).resolve().parent
HEAP = "384k"  # 64-bit objects: about what a Pico's 190 kB hold
START_TIMEOUT_S = 120  # a hang guard, not a measurement
LOOK_S = 0.25
PROMPT_LOOK_S = 0.005  # the way from the last word of a program to the prompt is short
PIPE_BYTES = 65536  # Linux: a read takes all that is there
HELD_MAX = 16 * PIPE_BYTES
HUNG_TICKS = 300  # of /proc: so much CPU time without a word is an endless loop
PDEATHSIG = 1  # prctl(2)
# System calls of x86-64 and arm64 in which a program waits: poll, select, sleep. Not the answer to a
# write of the flash: Ctrl-C would leave the file system's C code half way, as no board does.
WAITS = {"x86_64": {7, 23, 35, 230, 232, 270, 271, 281}, "aarch64": {22, 72, 73, 101, 115}}
BUSY_TICKS = 100  # of /proc: a second of computing without a pause
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """In the child, before exec: a VM never outlives the process that is its board."""
    _LIBC.prctl(PDEATHSIG, signal.SIGKILL)


class Cpu:
    """Started by the constructor; connected when it returns. `terminal` takes what is typed,
    `output` gives what is printed: a pipe, in which a byte is there when its `write` returns (a pty
    hands it over when the kernel has time, so no run with a word on the console would repeat)."""

    def __init__(self, vm: Path, folder: int, listener: socket.socket, env: dict[str, str]) -> None:
        """`folder` is a descriptor of the directory in which `listener` is bound as cpu.sock."""
        self.terminal, inner = pty.openpty()
        tty.setraw(inner)
        self.output, printing = os.pipe()
        os.set_blocking(self.terminal, False)
        os.set_blocking(self.output, False)
        env |= {
            "PATH": os.environ.get("PATH", ""),
            "HOME": "/nonexistent",
            "SIM_SHIMS": str(HERE / "shims"),
            "SIM_CPU": f"/proc/self/fd/{folder}/cpu.sock",
        }
        self._process = subprocess.Popen(
            [*micropython.command(vm), "-X", f"heapsize={HEAP}", "-i", str(HERE / "shims/_boot.py")],
            stdin=inner,
            stdout=printing,
            stderr=printing,
            pass_fds=(folder,),
            env=env,
            cwd="/",
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 (one system call, which takes no lock)
        )
        os.close(inner)
        os.close(printing)
        listener.settimeout(START_TIMEOUT_S)
        try:
            self.socket, _ = listener.accept()
        except OSError as error:
            self.kill()
            raise EdgeError(
                "E-BRD-20", f"the MicroPython VM does not start: {error}", "run it by hand"
            ) from error
        self.socket.setblocking(False)
        self._spent = self.spent_ticks()
        self._held = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, data: bytes) -> bool:
        """False when the VM does not take it (it is stopped, or ended): then it is lost."""
        try:
            self.socket.send(data)
        except OSError:
            return False
        return True

    def receive(self) -> bytes | None:
        """One packet; b"" at the end, None when there is none now."""
        try:
            return self.socket.recv(PACKET_MAX)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def next(self, *, at_prompt: bool) -> bytes | None:
        """Wait for a packet; None when the VM runs on without a word, is stopped, or (`at_prompt`)
        waits for what is typed."""
        while True:
            look_s = PROMPT_LOOK_S if at_prompt else LOOK_S
            if select.select([self.socket], [], [], look_s)[0]:
                self._spent = self.spent_ticks()
                return self.receive()
            if at_prompt and not self.interruptible():
                return None
            if self.hung():
                return None
            self._unblock()

    def hung(self) -> bool:
        """Whether it is stopped, or has run for long since its last word."""
        return self._state() == "T" or self.spent_ticks() - self._spent > HUNG_TICKS

    def printed(self) -> bytes | None:
        """What it has printed since the last look; None at the end."""
        out, self._held = self._held, b""
        try:
            data = os.read(self.output, PIPE_BYTES)
        except BlockingIOError:
            return out
        return out + data or None

    def _unblock(self) -> None:
        """Room for more in the pipe: a VM that prints much between two words would wait for us."""
        if len(self._held) < HELD_MAX:
            with contextlib.suppress(BlockingIOError):
                self._held += os.read(self.output, PIPE_BYTES)

    def wait_for_print(self) -> None:
        """Until it has printed something, for LOOK_S at most."""
        select.select([self.output], [], [], LOOK_S)

    def write(self, data: bytes) -> bytes:
        """To its terminal; what did not fit comes back."""
        try:
            return data[os.write(self.terminal, data) :]
        except BlockingIOError:
            return data
        except OSError:
            return b""

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def interruptible(self) -> bool:
        """Whether it runs code: the VM catches SIGINT exactly then, and at its prompt dies of it."""
        for line in self._about("status").splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) & (1 << (signal.SIGINT - 1)))
        return False

    def paused(self) -> bool:
        """Whether it waits for time or bytes, as a program at work does most of the time."""
        return paused(self.pid)

    def spent_ticks(self) -> int:
        """Of processor time, so far."""
        return ticks(self.pid)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if hasattr(self, "socket"):
            self.socket.close()

    def close(self) -> None:
        """After `kill`, when the last of the terminal was read."""
        os.close(self.terminal)
        os.close(self.output)

    def _about(self, what: str) -> str:
        try:
            return Path(f"/proc/{self.pid}/{what}").read_text()
        except OSError:
            return ""

    def _state(self) -> str:
        return self._about("stat").rpartition(")")[2].strip()[:1]


def listener(place: Path, folder: int) -> socket.socket:
    """Where the VM connects. Through /proc: a socket's path may have 107 bytes at most."""
    (place / "cpu.sock").unlink(missing_ok=True)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one.bind(f"/proc/self/fd/{folder}/cpu.sock")
    one.listen(1)
    return one


def paused(pid: int) -> bool:
    """Whether a VM is in a call that waits: there SIGINT is safe. The unix VM raises right out of its
    signal handler, and in the middle of an allocation that leaves its own lock held for ever."""
    try:
        word = Path(f"/proc/{pid}/syscall").read_text().split()[0]
    except (OSError, IndexError):
        return True  # not ours to see, or gone: as if
    return word.isdigit() and int(word) in WAITS.get(os.uname().machine, ())


def ticks(pid: int) -> int:
    """Of processor time that a process has had; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0
