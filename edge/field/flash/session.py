"""One board at its prompt for the length of a command, and what every command asks first."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from edge.errors import EdgeError
from edge.field.flash.link import Greeting, greet
from edge.field.flash.look import Place
from edge.field.flash.onboard import Onboard, arrive, excuse
from edge.field.flash.port import wait_for, wait_until_back
from edge.field.flash.repl import AT_PROMPT, Facts, Held, Repl

BACK_S: Final = 20.0  # for a board that restarts to be there again
CONFIRM_S: Final = 15.0  # for a greeted program on trial to confirm itself
COMES_S: Final = 2.0  # the command before may have restarted it
AGAIN_S: Final = 5.0  # for one that restarts under our hands
SETTLE_S: Final = (2.5, 6.0, 15.0)  # for its program to start before the prompt is asked for
TOO_EARLY: Final = frozenset({"E-FLS-04", "E-FLS-05", "E-FLS-07"})  # a board that is not up yet
NAMES: Final = {"rp2": "pico", "linux": "sim", "esp32": "esp32s3"}  # board file by sys.platform


class Session(Struct, frozen=True):
    """An entered board."""

    place: Place
    repl: Repl
    board: Onboard
    facts: Facts

    def name(self) -> str:
        """Its board file: as provisioned, else as its runtime says."""
        return self.facts.board or NAMES.get(self.facts.platform, "")


class Ran(Struct, frozen=True):
    """What a board ran after its restart, and who said so: "link" or "prompt"."""

    build: str
    version: str
    by: str
    trial: bool


@contextmanager
def at_prompt(place: Place) -> Iterator[Session]:
    """Stop what runs, and let it start again at the end, also when we fail. E-FLS-01..09."""
    if place.usb is None or (place.bootsel is not None and place.bootsel.is_dir()):
        raise EdgeError(
            "E-FLS-09", f"{place.name} is in BOOTSEL mode: it has no runtime", "facepay flash runtime FILE.uf2"
        )
    port = wait_for(place.usb, COMES_S)
    repl = Repl(port)
    try:
        try:
            board, facts = arrive(repl)
        except EdgeError as error:
            if error.code != "E-FLS-04":
                raise
            # A reset that came late took the port away; nothing has been written yet.
            port.close()
            port = wait_for(place.usb, AGAIN_S)
            repl = Repl(port)
            board, facts = arrive(repl)
        excuse(board, facts)
        yield Session(place, repl, board, facts)
    finally:
        _start_again(repl)
        port.close()


@contextmanager
def without_program(place: Place) -> Iterator[Session]:
    """At the prompt of a board on which nothing has started, for work that takes its time: the watchdog
    of a program cannot be stopped, only left behind by a start that /main.py was told to keep empty."""
    with at_prompt(place) as session:
        if not session.facts.watched:
            yield session
            return
        session.board.hold()
    assert place.usb is not None, "at_prompt() saw to it"
    port = wait_for(place.usb, BACK_S)
    repl = Repl(port)
    try:
        repl.listen(max(SETTLE_S))  # ends at its prompt
        board, facts = arrive(repl, held=True)
        excuse(board, facts)
        yield Session(place, repl, board, facts)
    finally:
        _start_again(repl)
        port.close()


def must_fit_key(facts: Facts, pair_key: bytes | None) -> None:
    """E-FLS-51 when the board is paired and our key is not its key."""
    if not facts.key_hash:
        return
    if pair_key is None:
        raise EdgeError("E-FLS-51", "the board is paired, and no pairing key was given", "--pair-key FILE")
    if hashlib.sha256(pair_key).hexdigest() != facts.key_hash:
        raise EdgeError(
            "E-FLS-51", "the board is paired with another key", "give the key of this board: see its serial number"
        )


def ran(place: Place, pair_key: bytes | None, wanted: Held) -> Ran:
    """What the restarted board runs: by its link when we may greet it there, else by its prompt.
    E-FLS-40 it runs something else, E-FLS-41 it runs nothing, E-FLS-04/05 it did not come back."""
    if place.link is not None and pair_key is not None:
        link, key = place.link, pair_key
        told = _until_back(lambda: greet(link, key))
        _must_be(Held(told.version, told.build), wanted, "")
        until = time.monotonic() + CONFIRM_S
        while told.trial and time.monotonic() < until:  # our greeting is what it confirms itself by
            told = _until_back(lambda: greet(link, key))
        _must_be(Held(told.version, told.build), wanted, "")
        return Ran(told.build, told.version, "link", trial=told.trial)
    assert place.usb is not None, "at_prompt() saw to it"
    for settle_s in SETTLE_S:
        try:
            was = _interrupted(place.usb, wanted, settle_s)
        except EdgeError as error:
            if error.code not in TOO_EARLY or settle_s == SETTLE_S[-1]:
                raise
        else:
            if was is not None:
                return was
    raise _dead("its program was not found at work")


def _interrupted(usb: Path, wanted: Held, settle_s: float) -> Ran | None:
    """One start, one Ctrl-C. None when it came before the program was at work: a longer wait decides."""
    port = wait_for(usb, BACK_S)
    repl = Repl(port)
    try:
        repl.listen(settle_s)
        if repl.crash == AT_PROMPT:
            repl.hear_again(settle_s)
        board, facts = arrive(repl)
        slots = facts.slots
        held = slots.slots.get(slots.active) if slots else None
        if repl.crash or slots is None or held is None:
            raise _dead(repl.crash or (slots.why if slots else "there is no /slots.py"))
        excuse(board, facts)
        if facts.running != slots.active or not repl.stopped:
            return None
        _must_be(held, wanted, slots.why)
        return Ran(held.build, held.version, "prompt", trial=slots.phase == "trial")
    except EdgeError as error:
        if error.code in TOO_EARLY and repl.crash:
            raise _dead(repl.crash) from error  # it restarts by itself now
        raise
    finally:
        _start_again(repl)
        port.close()


def _dead(why: str) -> EdgeError:
    return EdgeError(
        "E-FLS-41", f"no program runs after the restart: {why}", "facepay flash verify says what lies on the board"
    )


def _must_be(found: Held, wanted: Held, why: str) -> None:
    if found != wanted:
        raise EdgeError(
            "E-FLS-40",
            f"the board runs {found.version} build {found.build}, not {wanted.version} build {wanted.build}"
            f"{': ' + why if why else ''}",
            "it went back to the version before; facepay flash list shows why",
        )


def _until_back(ask: Callable[[], Greeting]) -> Greeting:
    """A restarting board takes a moment, and its port may go and come."""
    until = time.monotonic() + BACK_S
    while True:
        try:
            return ask()
        except EdgeError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.2)


def _start_again(repl: Repl) -> None:
    """Back to its program; the next command finds the port."""
    if not repl.entered:
        return
    try:
        repl.reset()
    except EdgeError:
        return  # it is gone or stuck; the error that led here says so
    wait_until_back(repl.path, AGAIN_S)
