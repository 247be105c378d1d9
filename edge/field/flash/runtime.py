"""`flash runtime`: the UF2 is judged, the board's own word about its family is read, then it is copied
and the board must answer with a prompt. An ESP32-S3 is left to esptool, as a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

from edge.errors import EdgeError
from edge.field.flash import uf2
from edge.field.flash.look import Place, clean
from edge.field.flash.onboard import arrive
from edge.field.flash.port import wait_for
from edge.field.flash.repl import Repl
from edge.field.flash.show import Outcome, Tell

TAKE_S: Final = 30.0  # for the drive to go away
ESPTOOL_S: Final = 300.0
HOW: Final = "hold BOOTSEL while you plug the board in"


class Runtime(Struct, frozen=True):
    """A file that is a runtime: a judged UF2, or (image None) a binary for esptool."""

    path: Path
    data: bytes
    image: uf2.Image | None


def load(path: Path) -> Runtime:
    """E-FLS-10."""
    if path.suffix == ".bin":
        try:
            return Runtime(path, path.read_bytes()[: uf2.FILE_BYTES_MAX], None)
        except OSError as error:
            raise EdgeError("E-FLS-10", f"{path} cannot be read: {error.strerror}", "") from error
    image, data = uf2.read(path)
    return Runtime(path, data, image)


def places(made: Runtime, given: list[Place], volume: Path | None) -> list[Place]:
    """Where to put it. E-FLS-12 when no board is in BOOTSEL."""
    if made.image is None:
        if not given:
            raise EdgeError("E-FLS-01", "an ESP32-S3 needs its port", "--port PORT")
        return given
    if volume is not None:
        if not (volume / uf2.INFO).is_file():
            raise EdgeError("E-FLS-12", f"{volume} is no board in BOOTSEL: no {uf2.INFO}", HOW)
        usb = given[0].usb if len(given) == 1 else None
        return [Place(str(volume), usb=usb, bootsel=volume)]
    ready = [one for one in given if one.bootsel is not None]
    if not ready:
        raise EdgeError("E-FLS-12", "no board is in BOOTSEL", f"{HOW}; --bootsel names a drive that is not found")
    return ready


def flash(place: Place, made: Runtime, timeout_s: float, tell: Tell, *, dry_run: bool) -> Outcome:
    """One board. E-FLS-11 13 14 15, 04; never done before its prompt has told its version."""
    if made.image is None:
        return _with_esptool(place, made, tell, dry_run=dry_run)
    assert place.bootsel is not None, "places() saw to it"
    board = uf2.board_id(place.bootsel)
    uf2.must_fit(made.image, board)
    about = f"{made.image.name()}, {made.image.blocks} blocks, {made.image.size} bytes"
    if dry_run:
        return Outcome(place.name, True, f"would copy {about} to {board}", facts={"dry_run": True, "board": board})
    tell.stage(f"copying {about}")
    uf2.copy(made.data, made.path.name, place.bootsel, TAKE_S)
    usb = place.usb or _appeared(timeout_s)
    tell.stage("waiting for the prompt")
    version = _version(usb, timeout_s)
    return Outcome(
        place.name, True, f"runtime {version} answers on {usb}", hint="the program comes next: facepay flash app",
        facts={"runtime": version, "port_now": str(usb), "board": board},
    )  # fmt: skip


def _version(usb: Path, timeout_s: float) -> str:
    """What the new runtime says. E-FLS-15 when it says nothing."""
    until = time.monotonic() + timeout_s
    while True:
        try:
            port = wait_for(usb, max(0.5, until - time.monotonic()))
            try:
                repl = Repl(port)
                version = clean(arrive(repl)[1].version)
                repl.leave()
            finally:
                port.close()
        except EdgeError as error:
            if time.monotonic() >= until:
                raise EdgeError(
                    "E-FLS-15", f"the file was taken, but no runtime answers: {error.message}",
                    "pull the cable and plug it in again; then facepay flash list",
                ) from error
            time.sleep(0.2)
        else:
            return version


def _appeared(timeout_s: float) -> Path:
    """The one port that could be the board's."""
    from edge.field.flash.look import everywhere

    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        ports = [one.usb for one in everywhere() if one.usb is not None]
        if len(ports) == 1:
            return ports[0]
        time.sleep(0.2)
    raise EdgeError("E-FLS-15", "the file was taken, but no single new port came up", "facepay flash list")


def _with_esptool(place: Place, made: Runtime, tell: Tell, *, dry_run: bool) -> Outcome:
    """esptool is GPL: run, never imported. Its own exit code and words count. Not run on hardware by
    us so far."""
    tool = shutil.which("esptool") or shutil.which("esptool.py")
    if tool is None:
        raise EdgeError("E-FLS-16", "esptool is not installed", "pip install esptool, then run it again")
    if place.usb is None:
        raise EdgeError("E-FLS-01", f"{place.name} has no serial port", "--port PORT")
    command = [tool, "--chip", "esp32s3", "--port", str(place.usb), "write_flash", "0x0", str(made.path)]
    if dry_run:
        return Outcome(place.name, True, "would run " + " ".join(command), facts={"dry_run": True})
    tell.stage("esptool writes")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ESPTOOL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EdgeError("E-FLS-17", f"esptool did not end: {error}", "hold BOOT, press RESET, run it again") from error
    if done.returncode != 0:
        last = clean((done.stderr or done.stdout).strip().splitlines()[-1] if done.stderr or done.stdout else "?", 200)
        raise EdgeError("E-FLS-17", f"esptool says: {last}", "hold BOOT, press RESET, run it again")
    version = _version(place.usb, TAKE_S)
    return Outcome(place.name, True, f"runtime {version} answers", facts={"runtime": version})
