"""One run of the MicroPython VM as the board's CPU: a process, a terminal, a packet socket."""

from __future__ import annotations

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
from sim.board.wire import PACKET_MAX

HERE = Path(__file__).resolve().parent
HEAP = "384k"  # 64-bit objects: about what a Pico's 190 kB hold
START_TIMEOUT_S = 20
LOOK_S = 0.25
HUNG_TICKS = 300  # of /proc: so much CPU time without a word is an endless loop
PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """In the child, before exec: a VM never outlives the process that is its board."""
    _LIBC.prctl(PDEATHSIG, signal.SIGKILL)


class Cpu:
    """Started by the constructor; connected when it returns."""

    def __init__(self, vm: Path, folder: int, listener: socket.socket, env: dict[str, str]) -> None:
        """`folder` is a descriptor of the directory in which `listener` is bound as cpu.sock."""
        self.terminal, inner = pty.openpty()
        tty.setraw(inner)
        os.set_blocking(self.terminal, False)
        env |= {
            "PATH": os.environ.get("PATH", ""),
            "HOME": "/nonexistent",
            "SIM_SHIMS": str(HERE / "shims"),
            "SIM_CPU": f"/proc/self/fd/{folder}/cpu.sock",
        }
        self._process = subprocess.Popen(
            [str(vm), "-X", f"heapsize={HEAP}", "-i", str(HERE / "shims" / "_boot.py")],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            pass_fds=(folder,),
            env=env,
            cwd="/",
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 (this process has one thread)
        )
        os.close(inner)
        listener.settimeout(START_TIMEOUT_S)
        try:
            self.socket, _ = listener.accept()
        except OSError as error:
            self.kill()
            raise EdgeError(
                "E-BRD-20", f"the MicroPython VM does not start: {error}", "run it by hand"
            ) from error
        self.socket.setblocking(False)
        self._spent = self._ticks()

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

    def next(self) -> bytes | None:
        """Wait for a packet; None when the VM runs on without a word, or is stopped."""
        while True:
            got, _, _ = select.select([self.socket], [], [], LOOK_S)
            if got:
                self._spent = self._ticks()
                return self.receive()
            if self._state() == "T" or self._ticks() - self._spent > HUNG_TICKS:
                return None

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

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if hasattr(self, "socket"):
            self.socket.close()

    def close(self) -> None:
        """After `kill`, when the last of the terminal was read."""
        os.close(self.terminal)

    def _about(self, what: str) -> str:
        try:
            return Path(f"/proc/{self.pid}/{what}").read_text()
        except OSError:
            return ""

    def _state(self) -> str:
        return self._about("stat").rpartition(")")[2].strip()[:1]

    def _ticks(self) -> int:
        fields = self._about("stat").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0
