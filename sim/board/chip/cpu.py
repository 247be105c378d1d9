"""One run of the MicroPython VM as the board's CPU: a process, two pipes, a packet socket."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import subprocess
from pathlib import Path

from edge.errors import EdgeError
from sim.board.chip import micropython
from sim.board.chip.wire import PACKET_MAX

HERE = Path(__file__).resolve().parents[1]
HEAP = "384k"  # 64-bit objects: about what a Pico's 190 kB hold
START_TIMEOUT_S = 20
LOOK_S = 0.25
PROMPT_LOOK_S = 0.005  # the way from the last word of a program to the prompt is short
PIPE_BYTES = 65536  # Linux: a read takes all that is there
HELD_MAX = 16 * PIPE_BYTES
HUNG_TICKS = 300  # of /proc: so much CPU time without a word is an endless loop
PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """In the child, before exec: a VM never outlives the process that is its board."""
    _LIBC.prctl(PDEATHSIG, signal.SIGKILL)


class Cpu:
    """Started by the constructor; connected when it returns. `input` takes what is typed, `output`
    gives what is printed. Pipes, no pty: a byte is in a pipe when its `write` returns (a pty hands
    it over when the kernel has time, and no run with a word on the console would repeat), and the VM
    cannot throw away what was typed when it changes the mode of its terminal."""

    def __init__(self, vm: Path, folder: int, listener: socket.socket, env: dict[str, str]) -> None:
        """`folder` is a descriptor of the directory in which `listener` is bound as cpu.sock."""
        typing, self.input = os.pipe()
        self.output, printing = os.pipe()
        os.set_blocking(self.input, False)
        os.set_blocking(self.output, False)
        env |= {
            "PATH": os.environ.get("PATH", ""),
            "HOME": "/nonexistent",
            "SIM_SHIMS": str(HERE / "shims"),
            "SIM_CPU": f"/proc/self/fd/{folder}/cpu.sock",
        }
        self._process = subprocess.Popen(
            [*micropython.command(vm), "-X", f"heapsize={HEAP}", "-i", str(HERE / "shims/_boot.py")],
            stdin=typing,
            stdout=printing,
            stderr=printing,
            pass_fds=(folder,),
            env=env,
            cwd="/",
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 (one system call, which takes no lock)
        )
        os.close(typing)
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
        self._spent = self.ticks()
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
                self._spent = self.ticks()
                return self.receive()
            if at_prompt and not self.interruptible():
                return None
            if self.hung():
                return None
            self._unblock()

    def hung(self) -> bool:
        """Whether it is stopped, or has run for long since its last word."""
        return self._state() == "T" or self.ticks() - self._spent > HUNG_TICKS

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
        """Typed; what did not fit comes back."""
        try:
            return data[os.write(self.input, data) :]
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
        """After `kill`, when the last word was read."""
        os.close(self.input)
        os.close(self.output)

    def _about(self, what: str) -> str:
        try:
            return Path(f"/proc/{self.pid}/{what}").read_text()
        except OSError:
            return ""

    def _state(self) -> str:
        return self._about("stat").rpartition(")")[2].strip()[:1]

    def ticks(self) -> int:
        """Hundredths of a second that it has run."""
        fields = self._about("stat").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0


def listener(place: Path, folder: int) -> socket.socket:
    """Where the VM connects. Through /proc: a socket's path may have 107 bytes at most."""
    (place / "cpu.sock").unlink(missing_ok=True)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one.bind(f"/proc/self/fd/{folder}/cpu.sock")
    one.listen(1)
    return one
