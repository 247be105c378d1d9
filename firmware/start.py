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
from firmware.io.buttons import Buttons
from firmware.io.buzzer import Buzzer
from firmware.io.ring import Ring
from firmware.io.serial_line import SerialLine
from firmware.io.slots import Slots
from firmware.link import Link
from firmware.loop import Clock, Loop
from firmware.witness import Witness

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


def main(slot: str) -> None:
    """`slot` is the folder this program lies in."""
    b = board_file(content("/board").decode().strip() or "pico")
    pins = []
    for name, pin in b.BUTTONS:
        pins.append((name, machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP)))
    pwm = machine.PWM(machine.Pin(b.BUZZER_PIN))
    ring_pin = machine.Pin(b.RING_PIN, machine.Pin.OUT)
    parts = {
        "ring": Ring(ring_pin, b.RING_LEDS, b.RING_LEFT),
        "buzzer": Buzzer(pwm),
        "buttons": Buttons(tuple(pins)),
        "cable": uart(b.LINK_UART, b.LINK_BAUD, b.LINK_TX, b.LINK_RX),
        "reader": uart(b.READER_UART, b.READER_BAUD, b.READER_TX, b.READER_RX),
        "watchdog": machine.WDT(timeout=b.WATCHDOG_MS),
    }
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
    about = (machine.reset_cause(), version, build, uid, b.NAME)
    link = Link(key, os.urandom, about, clock.now())
    loop = Loop(App(link, Witness(Slots("/witness"), key)), parts, clock)
    proved = False
    while True:
        loop.round()
        if loop.complete and link.up() and not proved:
            proved = True
            slots.confirm(slot)
