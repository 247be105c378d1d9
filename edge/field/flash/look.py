"""Which boards are there, and in which state: running, repl, bootsel, quiet, silent, babbling, taken,
denied, gone. Looking never stops a program, unless it is told to wake the board."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from msgspec import Struct
from serial.tools import list_ports

from edge.errors import EdgeError
from edge.field.flash import uf2
from edge.field.flash.link import greet
from edge.field.flash.onboard import arrive, excuse
from edge.field.flash.port import Port
from edge.field.flash.repl import BABBLE_BYTES, PROMPT, Facts, Repl

VENDORS: Final = frozenset({0x2E8A, 0x303A})  # Raspberry Pi, Espressif
BOARDS_MAX: Final = 32
LISTEN_S: Final = 0.4
ANSWER_S: Final = 0.8
LINK_S: Final = 2.5
STATE_OF: Final = {
    "E-FLS-01": "gone", "E-FLS-02": "denied", "E-FLS-03": "taken", "E-FLS-04": "gone",
    "E-FLS-05": "silent", "E-FLS-06": "babbling",
}  # fmt: skip


class Place(Struct, frozen=True):
    """Where one board is: USB console, link, BOOTSEL directory; a part that is not there is None."""

    name: str
    usb: Path | None = None
    link: Path | None = None
    bootsel: Path | None = None
    uid: str = ""  # of the USB descriptor


class Seen(Struct, frozen=True, omit_defaults=True):
    """One line of `flash list`."""

    port: str
    state: str
    board: str = ""
    serial: str = ""
    uid: str = ""
    runtime: str = ""
    version: str = ""
    build: str = ""
    slot: str = ""
    note: str = ""
    code: str = ""
    hint: str = ""


def place_of(given: str) -> Place:
    """A port, or the directory of a simulated board (tty, usb, bootsel/)."""
    path = Path(given)
    if path.is_dir() and not (path / uf2.INFO).is_file():
        volume = path / "bootsel"
        return Place(given, path / "usb", path / "tty", volume if _volume(volume) else None)
    if path.is_dir():
        return Place(given, bootsel=path)
    uid = next((str(p.serial_number or "") for p in list_ports.comports() if p.device == given), "")
    return Place(given, usb=path, uid=uid.lower())


def everywhere() -> list[Place]:
    """USB ports of boards that could be ours, and drives in BOOTSEL."""
    ports = sorted(p for p in list_ports.comports() if p.vid in VENDORS)
    found = [Place(p.device, usb=Path(p.device), uid=str(p.serial_number or "").lower()) for p in ports]
    found += [Place(str(volume), bootsel=volume) for volume in uf2.volumes()]
    return found[:BOARDS_MAX]


def look(place: Place, *, pair_key: bytes | None = None, wake: bool = False) -> Seen:
    """The state of one board; a board that cannot be looked at is a state too, never an error."""
    if place.bootsel is not None and _volume(place.bootsel):
        return _in_bootsel(place)
    if place.link is not None and pair_key is not None:
        try:
            told = greet(place.link, pair_key, LINK_S)
        except EdgeError:
            pass  # its console may know more
        else:
            return Seen(
                place.name, "running", board=told.board, uid=told.uid, version=told.version,
                build=told.build, note=f"greeted in {told.ms} ms",
            )  # fmt: skip
    if place.usb is None:
        return Seen(place.name, "silent", note="no answer on the link")
    try:
        port = Port(place.usb)
    except EdgeError as error:
        return _failed(place, error)
    try:
        return _at_console(place, port, wake=wake)
    except EdgeError as error:
        return _failed(place, error)
    finally:
        port.close()


def seen(place: Place, facts: Facts, state: str) -> Seen:
    """The line of a board whose prompt we have."""
    slots = facts.slots
    active = slots.slots.get(slots.active) if slots else None
    note = f"slot {slots.phase}{', ' + slots.why if slots.why else ''}" if slots else "not flashed"
    return Seen(
        place.name, state, board=clean(facts.board), serial=clean(facts.serial), uid=clean(facts.uid),
        runtime=clean(facts.version), version=clean(active.version) if active else "",
        build=clean(active.build) if active else "", slot=clean(slots.active) if slots else "", note=clean(note),
    )  # fmt: skip


def clean(text: str, most: int = 60) -> str:
    """A stranger's words for a terminal."""
    return re.sub(r"[^ -~]", "?", text)[:most]


def _at_console(place: Place, port: Port, *, wake: bool) -> Seen:
    heard = port.drain(LISTEN_S, LISTEN_S)
    port.write(b"\x02")  # a prompt, friendly or raw, answers with its banner; a program does not care
    heard += port.drain(LISTEN_S, ANSWER_S)
    repl = Repl(port)
    if PROMPT.strip() in heard[-64:]:
        _, facts = arrive(repl)
        repl.leave()
        return seen(place, facts, "repl")
    if wake:
        board, facts = arrive(repl)
        excuse(board, facts)
        repl.reset()  # its program goes on from the start
        return seen(place, facts, "running" if facts.running and repl.stopped else "repl")
    if len(heard) > BABBLE_BYTES:
        return Seen(
            place.name, "babbling", code="E-FLS-06", note=f"{len(heard)} bytes and no prompt",
            hint="is it the right port? --wake stops the program and asks it",
        )  # fmt: skip
    return Seen(
        place.name, "quiet", note="a program runs, or nothing does",
        hint="--wake stops it and asks; with --link and --pair-key the link tells",
    )  # fmt: skip


def _in_bootsel(place: Place) -> Seen:
    assert place.bootsel is not None
    try:
        board = uf2.board_id(place.bootsel)
    except EdgeError as error:
        return Seen(place.name, "bootsel", note=error.message, code=error.code, hint=error.hint)
    return Seen(place.name, "bootsel", board=clean(board), hint="facepay flash runtime FILE.uf2")


def _failed(place: Place, error: EdgeError) -> Seen:
    state = STATE_OF.get(error.code, "unclear")
    return Seen(place.name, state, note=clean(error.message, 200), code=error.code, hint=error.hint)


def _volume(path: Path) -> bool:
    return (path / uf2.INFO).is_file()
