"""A simulated controller: the real firmware on a real MicroPython VM behind a pty. `python -m
sim.board --pty-link PATH` serves one until it is stopped; `SimBoard(directory)` does so in a
process of its own and speaks to it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from msgspec import Struct

from edge.errors import EdgeError
from sim.board.flash_image import ROOT, board_files, has_file, write_files

KEY_BYTES = 32
START_TIMEOUT_S = 20
ASK_TIMEOUT_S = 10
ANSWER_MAX = 1 << 20
Colour = tuple[int, int, int]


class Lamps(Struct, frozen=True):
    """What the ring shows and showed: `now` a colour per lamp, `history` ((monotonic
    microseconds, ring), ...), `tones` ((monotonic microseconds, Hz), ...; 0 = silent)."""

    now: tuple[Colour, ...]
    history: tuple[tuple[int, tuple[Colour, ...]], ...] = ()
    tones: tuple[tuple[int, int], ...] = ()

    def lit(self) -> bool:
        """Whether any lamp is on."""
        return any(any(colour) for colour in self.now)


class Control:
    """Speaks to a board that another process serves: present a card, press, unplug, read the
    lamps."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        """One request. E-BRD-21 when the board is not there or refuses."""
        # Through /proc/self/fd: a socket's path may have 107 bytes at most, and test directories
        # are longer.
        folder = os.open(self._directory, os.O_PATH | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(ASK_TIMEOUT_S)
                sock.connect(f"/proc/self/fd/{folder}/control.sock")
                sock.sendall(json.dumps({"do": do, **fields}).encode() + b"\n")
                answer = json.loads(_line(sock))
        except (OSError, ValueError) as error:
            raise EdgeError(
                "E-BRD-21", f"the simulated board does not answer: {error}", "start it first"
            ) from error
        finally:
            os.close(folder)
        if not answer.pop("ok"):
            raise EdgeError(
                "E-BRD-21", f"the simulated board refuses: {answer['why']}", "see sim/board/hub.py"
            )
        return dict(answer)

    def present_card(self, card_no: str, cert_type: str = "03") -> None:
        """The reader reads a card. cert_type "03" social-security card, "02" ID card."""
        self.ask("card", card_no=card_no, cert_type=cert_type)

    def press(self, button: str, ms: int = 100) -> None:
        """Hold a button for `ms`: face qr card confirm cancel other_way done."""
        self.ask("press", button=button, ms=ms)

    def lamps(self) -> Lamps:
        got = self.ask("lamps")
        return Lamps(
            now=_ring(got["now"]),
            history=tuple((at, _ring(ring)) for at, ring in got["history"]),
            tones=tuple((at, hz) for at, hz in got["tones"]),
        )

    def unplug(self) -> None:
        """Pull the cable: the pty hangs up, the controller loses its power."""
        self.ask("unplug")

    def replug(self) -> None:
        """Cable in again: a new pty behind the same symlink."""
        self.ask("replug")

    def reset(self) -> None:
        """Press the reset button of the controller; the cable stays."""
        self.ask("reset")


class SimBoard:
    """A board in a process of its own, which ends with `stop()`, with this process, or with `with`.

    `directory` gets flash.img, pair.key (32 bytes, 0600; kept when it is there), tty (symlink to
    the pty), control.sock. What lies in
    `overlay/` there is flashed over the firmware.
    """

    def __init__(self, directory: str | Path, *, key: bytes | None = None) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = self.directory / "tty"
        self.key_path = self.directory / "pair.key"
        if key is not None or not self.key_path.exists():
            make_key(self.key_path, key)
        self.control = Control(self.directory)
        self._process: subprocess.Popen[str] | None = None
        self.present_card = self.control.present_card
        self.press = self.control.press
        self.lamps = self.control.lamps
        self.unplug = self.control.unplug
        self.replug = self.control.replug
        self.reset = self.control.reset

    @property
    def key(self) -> bytes:
        return self.key_path.read_bytes()

    @property
    def pid(self) -> int:
        assert self._process is not None, "start() first"
        return self._process.pid

    def start(self) -> str:
        """Flash, plug in, boot. The path of the pty (a new one after `replug`; `path` is
        stable)."""
        assert self._process is None, "already started"
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sim.board",
                "--directory",
                str(self.directory),
                "--with-parent",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        said = _first_line(self._process.stdout, self._process)
        if not said.startswith("pty "):
            self.stop()
            raise EdgeError(
                "E-BRD-21",
                f"the simulated board did not start: {said or 'no word'}",
                "see its message above",
            )
        return said.split()[1]

    def stop(self) -> None:
        """Power off; every process of the board is gone when this returns."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(ASK_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()  # its VM dies with it
            process.wait()
        process.stdout.close()

    def __enter__(self) -> SimBoard:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def make_key(path: Path, key: bytes | None = None) -> None:
    """A pairing key file, 0600 from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES) if key is None else key)


def _ring(colours: list[list[int]]) -> tuple[Colour, ...]:
    return tuple((red, green, blue) for red, green, blue in colours)


def _line(sock: socket.socket) -> bytes:
    held = bytearray()
    while b"\n" not in held:
        data = sock.recv(65536)
        if not data or len(held) > ANSWER_MAX:
            raise ValueError("no answer")
        held += data
    return bytes(held)


def _first_line(stdout: IO[str], process: subprocess.Popen[str]) -> str:
    """What the child says first, or "" when it ends or is mute for START_TIMEOUT_S."""
    import selectors

    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        until = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < until:
            if selector.select(0.2):
                return stdout.readline().strip()
    return ""


def overlay(folder: Path) -> dict[str, bytes]:
    """Files that go over those of the firmware, by their path on the board: for tests of a board
    whose program is broken."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {f"/{path.relative_to(folder)}": path.read_bytes() for path in found}


def serve(directory: Path, link: Path, *, with_parent: bool) -> None:
    """Be a board until SIGTERM, SIGINT, `stop`, or (with_parent) the end of stdin."""
    from sim.board.hub import Hub

    key_path = directory / "pair.key"
    if not key_path.exists():
        make_key(key_path)
    image = directory / "flash.img"
    # A board that was flashed over its cable keeps what it got.
    if not (image.exists() and has_file(image, "/b/manifest.json")):
        write_files(image, board_files(key_path.read_bytes(), over=overlay(directory / "overlay")))
    folder = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX) as control:
        place = directory / "control.sock"
        place.unlink(missing_ok=True)
        control.bind(f"/proc/self/fd/{folder}/control.sock")
        control.listen(8)
        hub = Hub(image.resolve(), link, control)

        def end(_number: int, _frame: object) -> None:
            hub.stopping = True

        wake_r, wake_w = os.pipe()
        os.set_blocking(wake_w, False)
        signal.set_wakeup_fd(wake_w)
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        hub.until_closed(wake_r)
        if with_parent:
            hub.until_closed(0)
        print("pty", hub.plug(), flush=True)
        hub.run()
        place.unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sim.board", description=__doc__)
    parser.add_argument(
        "--directory", type=Path, help="flash, key, control socket (default: beside the link)"
    )
    parser.add_argument(
        "--pty-link", type=Path, help="symlink to make to the pty (default: DIRECTORY/tty)"
    )
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin ends")
    args = parser.parse_args()
    if args.directory is None and args.pty_link is None:
        parser.error("--pty-link or --directory is needed")
    directory: Path = args.directory or args.pty_link.absolute().parent / (
        args.pty_link.name + ".board"
    )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    link: Path = (args.pty_link or directory / "tty").absolute()
    try:
        serve(directory, link, with_parent=args.with_parent)
    except EdgeError as error:
        print(error, flush=True)
        raise SystemExit(2) from error
