"""One serial port, opened for ourselves alone. Every read and write has a time-out, and every way to
fail is a code that says what to do with the hands."""

from __future__ import annotations

import errno
import os
import select
import time
from pathlib import Path
from typing import Final

import serial

from edge.errors import EdgeError

BAUD: Final = 115_200
READ_MAX: Final = 4096
WRITE_TIMEOUT_S: Final = 5.0
HOLDERS_MAX: Final = 4
LOOK_S: Final = 0.1
# A port that has just come: udev sets its group a moment later, and ModemManager tries it out.
NOT_YET: Final = frozenset({"E-FLS-01", "E-FLS-02", "E-FLS-03"})

PULL = "pull the USB cable, count to five, plug it in again"


class Port:
    """An open port. E-FLS-01 not there, E-FLS-02 denied, E-FLS-03 taken (and by whom)."""

    def __init__(self, path: Path, baud: int = BAUD) -> None:
        self.path = path
        _must_be_free(path)
        try:
            self._serial = serial.Serial(
                str(path), baud, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True
            )
        except (OSError, ValueError) as error:
            raise refusal(path, error) from error

    def read(self, wait_s: float) -> bytes:
        """What is there, after at most `wait_s`; b"" when nothing came. E-FLS-04 when it went."""
        try:
            ready, _, _ = select.select([self._serial.fileno()], [], [], max(0.0, wait_s))
            return self._serial.read(READ_MAX) if ready else b""
        except (OSError, ValueError, TypeError) as error:
            raise gone(self.path) from error

    def write(self, data: bytes) -> None:
        """All of it. E-FLS-04 when the board went, E-FLS-05 when it takes nothing."""
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException as error:
            raise EdgeError("E-FLS-05", f"{self.path} takes no bytes", PULL) from error
        except (OSError, ValueError, TypeError) as error:
            raise gone(self.path) from error

    def drain(self, quiet_s: float, most_s: float) -> bytes:
        """The last READ_MAX bytes of what comes until it has been quiet, or until `most_s`."""
        until, held = time.monotonic() + most_s, b""
        while (left := until - time.monotonic()) > 0:
            data = self.read(min(quiet_s, left))
            if not data:
                break
            held = (held + data)[-READ_MAX:]
        return held

    def close(self) -> None:
        """For ever; never raises."""
        try:
            self._serial.close()
        except OSError:
            pass  # the board went first


def wait_for(path: Path, most_s: float) -> Port:
    """Open it once it is there: a board that restarts takes its USB port away for a moment.
    The last refusal when time is over."""
    until = time.monotonic() + most_s
    while True:
        try:
            return Port(path)
        except EdgeError as error:
            if error.code not in NOT_YET or time.monotonic() >= until:
                raise
        time.sleep(LOOK_S)


def wait_until_back(path: Path, most_s: float) -> None:
    """Until the port is there again, if it comes in time: nobody asked for it."""
    until = time.monotonic() + most_s
    while not path.exists() and time.monotonic() < until:
        time.sleep(LOOK_S)


def refusal(path: Path, error: Exception) -> EdgeError:
    """Which way to fail an error of opening is."""
    number = getattr(error, "errno", None)
    if number in {errno.EACCES, errno.EPERM}:
        return EdgeError(
            "E-FLS-02",
            f"{path} may not be opened by this user",
            "sudo usermod -aG dialout $USER, then log in again",
        )
    if number in {errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK}:
        return _taken(path, holders(path))
    if number in {None, errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO}:
        return EdgeError("E-FLS-01", f"{path} is not there", "plug the board in; facepay flash list")
    return EdgeError("E-FLS-01", f"{path} is no serial port: {error}", "facepay flash list")


def gone(path: Path) -> EdgeError:
    """The board went away while we worked."""
    return EdgeError(
        "E-FLS-04",
        f"{path} disconnected in the middle",
        "check the cable, plug it in and run the same command again: nothing is half done on it",
    )


def holders(path: Path) -> list[str]:
    """Who else has the port open, as "name (pid)"; what we may not look at is left out."""
    real = os.path.realpath(path)
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()) or len(found) >= HOLDERS_MAX:
            continue
        try:
            if any(str(fd.readlink()) == real for fd in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} ({process.name})")
        except OSError:
            continue
    return found


def _must_be_free(path: Path) -> None:
    """Programs that do not lock (a console, ModemManager) would take half of our bytes. The other
    end of a pseudo-terminal is held by its simulator, so there only the lock counts."""
    if os.path.realpath(path).startswith("/dev/pts/"):
        return
    if path.exists() and (who := holders(path)):
        raise _taken(path, who)


def _taken(path: Path, who: list[str]) -> EdgeError:
    by = ", ".join(who) or "a program of another user"
    return EdgeError("E-FLS-03", f"{path} is in use by {by}", "end that program, then try again")
