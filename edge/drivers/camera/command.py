"""A program that writes MJPEG to its standard output: rpicam-vid, v4l2-ctl, ffmpeg.

A reader thread keeps only the newest picture, so that a slow consumer sees the present and the pipe
never fills.
"""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from threading import Event
from typing import IO, Any

from msgspec import Struct

from edge.drivers.camera import Shot, options_of
from edge.drivers.camera.pictures import JpegCutter, Reader
from edge.errors import EdgeError

READ_BYTES = 64 * 1024
STOP_WAIT_S = 2.0
HOLD_WAIT_S = 1.0  # the lamps wait for nobody: long before, the light is lost
SILENCE_S = 2.0  # no picture for this long: start the program again
START_SILENCE_S = 10.0  # a cold sensor and its exposure control may need this
RASPBERRY = (
    "rpicam-vid", "--codec", "mjpeg", "--width", "640", "--height", "480", "--framerate", "15",
    "--timeout", "0", "--nopreview", "--output", "-",
)  # fmt: skip
FIXES = ("--shutter", "--gain", "--awbgains")  # of rpicam-vid, which cannot be told while it runs

log = logging.getLogger(__name__)


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """command: program and arguments (no shell). hold, free: what makes the camera keep its exposure
    and white balance, and lets them go, e.g. v4l2-ctl --set-ctrl=auto_exposure=1 (the example
    configuration); empty where the command itself fixes them (FIXES) or nothing can.
    """

    command: tuple[str, ...] = RASPBERRY
    hold: tuple[str, ...] = ()
    free: tuple[str, ...] = ()


class Newest:
    """One slot between the reader and the consumer."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._picture: bytes | None = None
        self._at_mono_ms = 0
        self._number = 0
        self._ended = False

    def put(self, picture: bytes) -> None:
        with self._change:
            self._picture = picture
            self._at_mono_ms = time.monotonic_ns() // 1_000_000
            self._number += 1
            self._change.notify_all()

    def end(self) -> None:
        with self._change:
            self._ended = True
            self._change.notify_all()

    def take(self, wait_s: float) -> tuple[bytes, int, int] | None:
        """The newest picture not taken yet, or None after `wait_s`. E-CAM-02 when the program
        ended.
        """
        with self._change:
            if self._picture is None and not self._ended:
                self._change.wait(wait_s)
            if self._picture is not None:
                taken, self._picture = self._picture, None
                return taken, self._at_mono_ms, self._number
            if self._ended:
                raise EdgeError("E-CAM-02", "the camera program ended")
            return None


class Driver:
    """The subprocess camera. Errors: E-CAM-01 cannot be started, E-CAM-02 ended, E-CAM-04 bad
    picture, E-CAM-05.
    """

    def __init__(self, options: Options | Mapping[str, Any]) -> None:
        self._options = options_of(options, Options)
        if not self._options.command:
            raise EdgeError("E-CAM-05", "camera command is empty")
        self._number = 0

    def shots(self, stop: Event) -> Iterator[Shot]:
        process = self._start()
        newest = Newest()
        assert process.stdout is not None
        reader = threading.Thread(
            target=_read, args=(process.stdout, newest), name="camera-read", daemon=True
        )
        reader.start()
        read = Reader()
        base, quiet_since, patience_s = self._number, time.monotonic(), START_SILENCE_S
        try:
            while not stop.is_set():
                try:
                    taken = newest.take(0.2)
                except EdgeError as ended:
                    raise EdgeError(
                        ended.code, f"{ended.message}: {_last_words(process)}"
                    ) from None
                if taken is None:
                    if time.monotonic() - quiet_since > patience_s:
                        raise EdgeError("E-CAM-02", "the camera program gives no pictures")
                else:
                    quiet_since, patience_s = time.monotonic(), SILENCE_S
                    self._number = base + taken[2]
                    rgb = read.rgb(taken[0], "camera picture")
                    if rgb is not None:
                        yield Shot(rgb, taken[1], self._number)
        finally:
            _end(process)
            reader.join(STOP_WAIT_S)

    def hold(self, still: bool) -> bool:
        """Run the program for it, if there is one."""
        command = self._options.hold if still else self._options.free
        if not command:
            return True
        try:
            done = subprocess.run(
                command, check=False, timeout=HOLD_WAIT_S, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as failed:
            log.warning("exposure cannot be %s: %s", "held" if still else "let go", failed)
            return False
        if done.returncode:
            log.warning("%s: exit status %d", command[0], done.returncode)
        return done.returncode == 0

    def _start(self) -> subprocess.Popen[bytes]:
        program = self._options.command[0]
        if shutil.which(program) is None:
            raise EdgeError("E-CAM-01", f"there is no program {program}", "apt install rpicam-apps")
        try:
            return subprocess.Popen(
                self._options.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as failed:
            raise EdgeError("E-CAM-01", f"{program} cannot be started: {failed}") from failed


def _read(stream: IO[bytes], newest: Newest) -> None:
    cutter = JpegCutter()
    try:
        while data := stream.read1(READ_BYTES):  # type: ignore[attr-defined]  # BufferedReader
            for picture in cutter.feed(data):
                newest.put(picture)
    except (OSError, ValueError):
        pass  # the pipe was closed under us: the same as its end
    finally:
        newest.end()


def _last_words(process: subprocess.Popen[bytes]) -> str:
    try:
        return f"exit status {process.wait(STOP_WAIT_S)}"
    except subprocess.TimeoutExpired:
        return "its output closed while it still runs"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terminate, then kill; the camera must be free for the next start."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(sign)
            try:
                process.wait(STOP_WAIT_S)
            except subprocess.TimeoutExpired:
                continue
    if process.stdout is not None:
        process.stdout.close()
