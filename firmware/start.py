"""Wires the board: peripherals by the board file, the pairing key, the machine, the loop. Runs for
ever; /main.py starts it.

Reads /board (name of the board file), /key (32 bytes, the pairing key), and version and build in
the manifest of the slot it runs from.
"""

import os

import machine
from slots import SLOTS, Board

from edge.wire import frame
from firmware.app import App
from firmware.duties.tamper import Tamper
from firmware.duties.witness import Witness
from firmware.io.buttons import Buttons
from firmware.io.buzzer import Buzzer
from firmware.io.ring import Ring
from firmware.io.sensors import Sensors
from firmware.io.serial_line import SerialLine
from firmware.io.slots import Slots
from firmware.io.switch import Inputs, Outputs
from firmware.link import Link
from firmware.loop import Clock, Loop

try:
    from typing import Any
except ImportError:  # on the board
    pass


def content(path: str) -> bytes:
    """The bytes of a small file; b"" when it is not there."""
    try:
        with open(path, "rb") as file:
            data: bytes = file.read(64)
            return data
    except OSError:
        return b""


def board_file(name: str) -> "Any":
    return getattr(__import__("firmware.boards." + name).boards, name)


def uart(number: int, baud: int, tx: int, rx: int) -> SerialLine:
    return SerialLine(
        machine.UART(
            number, baudrate=baud, tx=machine.Pin(tx), rx=machine.Pin(rx), rxbuf=1024, timeout=0
        )
    )


def output(pin: "int | None") -> "Any":
    return None if pin is None else machine.Pin(pin, machine.Pin.OUT, value=0)


def pulled_up(pin: int) -> "machine.Pin":
    return machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP)


def analogue(channel: "int | None", on_pin: bool = True) -> "Any":
    if channel is None:
        return None
    return machine.ADC(machine.Pin(channel)) if on_pin else machine.ADC(channel)


def caps_of(b: "Any") -> int:
    """Which of frame.CAPS this board has, as bits."""
    there = {
        "infrared": b.INFRARED_PIN is not None,
        "white": b.WHITE_PIN is not None,
        "tamper": bool(b.TAMPER_PINS),
        "proximity": b.PROXIMITY_PIN is not None,
    }
    bits = 0
    for number, name in enumerate(frame.CAPS):
        bits |= there.get(name, True) << number
    return bits


def parts_of(b: "Any") -> "dict[str, Any]":
    """The peripherals, outputs off first."""
    return {
        "emitters": Outputs((output(b.INFRARED_PIN), output(b.WHITE_PIN))),
        "sync": Outputs((output(b.SYNC_PIN),)),
        "ring": Ring(machine.Pin(b.RING_PIN, machine.Pin.OUT), b.RING_LEDS, b.RING_LEFT),
        "buzzer": Buzzer(machine.PWM(machine.Pin(b.BUZZER_PIN))),
        "buttons": Buttons(tuple([(name, pulled_up(pin)) for name, pin in b.BUTTONS])),
        "tamper": Inputs(tuple([pulled_up(pin) for pin in b.TAMPER_PINS])),
        "sensors": Sensors(
            analogue(b.PROXIMITY_PIN),
            analogue(b.SUPPLY_PIN),
            analogue(b.TEMPERATURE_CHANNEL, on_pin=False),
            b,
        ),
        "cable": uart(b.LINK_UART, b.LINK_BAUD, b.LINK_TX, b.LINK_RX),
        "reader": uart(b.READER_UART, b.READER_BAUD, b.READER_TX, b.READER_RX),
        "watchdog": machine.WDT(timeout=b.WATCHDOG_MS),
    }


def where(slots: Board) -> int:
    """WELCOME's word on the slot: which one, its phase, why the last change."""
    s = slots.state
    return s.active | s.phase << 1 | s.why << 4


def main(slot: str) -> None:
    """`slot` is the folder this program lies in."""
    b = board_file(content("/board").decode().strip() or "pico")
    parts = parts_of(b)
    key = content("/key")
    if len(key) != frame.KEY_BYTES:
        key = os.urandom(
            frame.KEY_BYTES
        )  # not provisioned: no host has this key, so HELLO fails as a wrong pairing
    uid = (machine.unique_id() + bytes(8))[:8]
    slots = Board()
    version, build = bytes(3), bytes(8)
    manifest = slots.manifest(SLOTS.index(slot)) if slot in SLOTS else None
    if manifest is not None:
        version, build = bytes(manifest.version), bytes.fromhex(manifest.build)
    clock = Clock()
    about = (machine.reset_cause(), version, build, uid, b.NAME, caps_of(b), where(slots))
    tamper = Tamper(Slots("/tamper"), len(b.TAMPER_PINS)) if b.TAMPER_PINS else None
    emitters = (b.INFRARED_PIN is not None, b.WHITE_PIN is not None)
    link = Link(key, os.urandom, about, clock.now())
    loop = Loop(App(link, Witness(Slots("/witness"), key), tamper, emitters), parts, clock)
    proved = False
    while True:
        loop.round()
        if loop.complete and link.up() and not proved:
            proved = True
            slots.confirm(slot)
            link.placed(where(slots))
