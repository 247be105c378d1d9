"""What can be done to a board from outside, one function per operation of the control socket.

A request is one line of JSON, {"do": name, ...}; the answer {"ok": true, ...} or {"ok": false,
"why": text}. edge/docs/SIMULATOR.md lists them all.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from edge.wire import frame
from firmware.boards import sim as wiring
from sim.board.around.cable import DIRECTIONS
from sim.board.around.world import RESET_BELOW_V

if TYPE_CHECKING:
    from sim.board.hub import Hub

PRESS_MS = 100
BITS_PER_BYTE = 10  # of the reader's line
SAG_MS = 50
ADVANCE_MAX_MS = 24 * 3600 * 1000
EVENTS_MAX = 2000
NEAR, FAR = 50_000, 6_000  # of the proximity sensor's 65535
FAULTS = ("garble", "drop", "duplicate", "delay_ms", "mute")
Json = dict[str, Any]


def answer_line(hub: Hub, line: bytes) -> Json:
    """Do what one line of the control socket asks."""
    try:
        ask = json.loads(line)
        if not isinstance(ask, dict):
            raise TypeError("not an object")
    except (ValueError, TypeError, RecursionError) as error:
        return {"ok": False, "why": f"{type(error).__name__}: {error}"}
    return answer(hub, ask)


def answer(hub: Hub, request: Json) -> Json:
    """Do what is asked."""
    ask = dict(request)
    try:
        name = ask.pop("do")
        if name not in OPERATIONS:
            raise ValueError(f"do what? {name!r}")
        hub.settle()  # in virtual time nothing is done to a board that is still thinking
        if name not in QUIET:
            hub.note("world", do=name, **ask)
        got = OPERATIONS[name](hub, ask)
        hub.settle()
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return {"ok": False, "why": f"{type(error).__name__}: {error}"}
    return {"ok": True, **got}


# -- a person ----------------------------------------------------------------------------------------
def card(hub: Hub, ask: Json) -> Json:
    """What the reader says of a card, at the pace of its line."""
    photo = base64.b64decode(ask.get("photo", ""), validate=True)
    if len(photo) > frame.PHOTO_MAX:
        raise ValueError(f"a photo of {len(photo)} bytes; {frame.PHOTO_MAX} is the most")
    after_ms = 0.0
    for one in reader_lines(ask["card_no"], ask.get("cert_type", "03"), photo):
        if after_ms:
            hub.after(after_ms, functools.partial(hub.give_bytes, 1, one))
        else:
            hub.give_bytes(1, one)
        after_ms += len(one) * BITS_PER_BYTE * 1000 / wiring.READER_BAUD
    return {}


def reader_lines(card_no: str, cert_type: str, photo: bytes = b"") -> list[bytes]:
    """As firmware/duties/reader.py and photo.py read them."""
    told = f",{len(photo)},{binascii.crc32(photo):08x}" if photo else ""
    step = frame.PHOTO_PART_MAX
    parts = [photo[at : at + step] for at in range(0, len(photo), step)]
    return [
        f"{cert_type},{card_no}{told}\r\n".encode(),
        *(b"PIC," + base64.b64encode(part) + b"\r\n" for part in parts),
    ]


def line(hub: Hub, ask: Json) -> Json:
    """Anything a reader might babble."""
    hub.give_bytes(1, bytes.fromhex(ask["hex"]))
    return {}


def press(hub: Hub, ask: Json) -> Json:
    pin = dict(wiring.BUTTONS)[ask["button"]]
    hub.wires.drive(pin, 0)
    hub.after(float(ask.get("ms", PRESS_MS)), lambda: hub.wires.drive(pin, None))
    return {}


def cover(hub: Hub, ask: Json) -> Json:
    """Somebody stands before the sensor."""
    hub.wires.measure(_proximity(), int(ask.get("level", NEAR)))
    return {}


def uncover(hub: Hub, ask: Json) -> Json:
    hub.wires.measure(_proximity(), int(ask.get("level", FAR)))
    return {}


def open_case(hub: Hub, ask: Json) -> Json:
    """A tamper switch opens: nothing pulls its pin to ground any more."""
    hub.wires.drive(_tamper(ask), None)
    return {}


def close_case(hub: Hub, ask: Json) -> Json:
    hub.wires.drive(_tamper(ask), 0)
    return {}


def _proximity() -> int:
    return int(vars(wiring).get("PROXIMITY_PIN", 26)) - 26


def _tamper(ask: Json) -> int:
    switches = vars(wiring).get("TAMPER_PINS", ())
    number = int(ask.get("switch", 0))
    if not 0 <= number < len(switches):
        raise ValueError(f"this board has {len(switches)} switches")
    return int(switches[number])


# -- power, reset, flash -------------------------------------------------------------------------------
def unplug(hub: Hub, _ask: Json) -> Json:
    hub.unplug()
    return {}


def replug(hub: Hub, _ask: Json) -> Json:
    return {"pty": hub.plug()}


def reset(hub: Hub, ask: Json) -> Json:
    hub.power_on(int(ask.get("cause", 1)))
    return {}


def bootsel(hub: Hub, _ask: Json) -> Json:
    """Hold the button while the power comes."""
    hub.enter_bootsel()
    return {}


def runtime(hub: Hub, ask: Json) -> Json:
    """What MicroPython is in the flash ("" another program, "none" nothing); counts from the next
    start."""
    hub.set_runtime(str(ask["version"])[:32])
    return {}


def freeze(hub: Hub, _ask: Json) -> Json:
    """The CPU hangs: the watchdog's business."""
    assert hub.cpu is not None
    hub.cpu.signal(signal.SIGSTOP)
    hub.hang()
    return {}


def brownout(hub: Hub, ask: Json) -> Json:
    """The supply sags for a while; below RESET_BELOW_V the chip starts again when it is back."""
    volts = float(ask.get("volts", 2.0))
    before = hub.wires.volts.supply_v
    hub.wires.volts.supply_v = volts
    hub.wires.tell_voltages()

    def back() -> None:
        hub.wires.volts.supply_v = before
        hub.wires.tell_voltages()
        if volts < RESET_BELOW_V:
            hub.power_on(1)

    if volts < RESET_BELOW_V:
        hub.halt()
    hub.after(float(ask.get("ms", SAG_MS)), back)
    return {}


def supply(hub: Hub, ask: Json) -> Json:
    hub.wires.volts.supply_v = float(ask["volts"])
    hub.wires.tell_voltages()
    return {}


def temperature(hub: Hub, ask: Json) -> Json:
    hub.wires.volts.celsius = float(ask["celsius"])
    hub.wires.tell_voltages()
    return {}


def cut_at_write(hub: Hub, ask: Json) -> Json:
    """The power goes in the n-th program or erase from now, half done; `replug` brings it back. 0:
    never."""
    hub.nor.cut_after = max(0, int(ask["n"]))
    return {}


def flash(hub: Hub, ask: Json) -> Json:
    """Read-only, a life of so many erases; answers writes and the most erases of a sector."""
    if "read_only" in ask:
        hub.nor.read_only = bool(ask["read_only"])
    if "wear_limit" in ask:
        hub.nor.wear_limit = max(0, int(ask["wear_limit"]))
    erases = hub.nor.erases
    return {"writes": hub.nor.writes, "erases": erases, "worst": max(erases)}


# -- wires -------------------------------------------------------------------------------------------
def drive(hub: Hub, ask: Json) -> Json:
    """A level at a pin (2 lets go), or with `analog` what a channel of the ADC reads."""
    level = int(ask["level"])
    if ask.get("analog"):
        hub.wires.measure(int(ask["pin"]), level)
    else:
        hub.wires.drive(int(ask["pin"]), level if level in {0, 1} else None)
    return {}


def stick(hub: Hub, ask: Json) -> Json:
    """Short a pin to a level; without one it heals."""
    level = ask.get("level")
    hub.wires.stick(_pin(ask), None if level is None else int(bool(level)))
    return {}


def _pin(ask: Json) -> int:
    return dict(wiring.BUTTONS)[ask["button"]] if "button" in ask else int(ask["pin"])


def pins(hub: Hub, _ask: Json) -> Json:
    """What the firmware drove, by pin: ((microseconds, level), ...)."""
    return {"pins": {str(pin): list(got) for pin, got in hub.pins.history.items()}}


def noise(hub: Hub, ask: Json) -> Json:
    """Faults on the cable, in one direction or both; what is not named is as it was. `seed` begins
    the dice anew."""
    if "seed" in ask:
        hub.cable.reseed(int(ask["seed"]))
    new = {name: ask[name] for name in FAULTS if name in ask}
    for way in _ways(ask):
        hub.cable.faults[way] = replace(hub.cable.faults[way], **new)
    return {}


def quiet(hub: Hub, ask: Json) -> Json:
    """A good cable again."""
    for way in _ways(ask):
        hub.cable.faults[way] = type(hub.cable.faults[way])()
    hub.cable.babbling = False
    return {}


def mute(hub: Hub, ask: Json) -> Json:
    """Half dead or dead: nothing passes."""
    return noise(hub, {"mute": True} | ask)


def babble(hub: Hub, ask: Json) -> Json:
    """Rubbish to the host without end."""
    was, hub.cable.babbling = hub.cable.babbling, bool(ask.get("on", True))
    if hub.cable.babbling and not was:
        hub.line.babble()
    return {}


def _ways(ask: Json) -> tuple[str, ...]:
    way = ask.get("way")
    if way is not None and way not in DIRECTIONS:
        raise ValueError(f"way is one of {DIRECTIONS}")
    return DIRECTIONS if way is None else (way,)


def send(hub: Hub, ask: Json) -> Json:
    """Bytes from the host, without the pty: in virtual time at exactly this moment."""
    hub.line.down(bytes.fromhex(ask["hex"]))
    return {}


def type_in(hub: Hub, ask: Json) -> Json:
    """Keys at the USB console."""
    hub.console.type(bytes.fromhex(ask["hex"]))
    return {}


# -- looking -----------------------------------------------------------------------------------------
def lamps(hub: Hub, _ask: Json) -> Json:
    lights = hub.lights
    return {"now": lights.ring, "history": list(lights.rings), "tones": list(lights.tones)}


def light(hub: Hub, ask: Json) -> Json:
    """What a camera sees, now or `at_us`; linear, 1.0 is a channel fully on."""
    return hub.lights.seen(int(ask.get("at_us", hub.now_us())))


def state(hub: Hub, _ask: Json) -> Json:
    return {
        "mode": hub.mode,
        "boots": hub.boots,
        "soft_boots": hub.soft_boots,
        "causes": list(hub.causes),
        "vm": hub.cpu.pid if hub.cpu else 0,
        "console": hub.console_text.decode("utf-8", "replace"),
        "runtime": hub.runtime(),
        "now_us": hub.now_us(),
        "began_us": hub.began_us,
        "writes": hub.nor.writes,
    }


def events(hub: Hub, ask: Json) -> Json:
    """Of the trace, from number `since` on."""
    got, following = hub.trace.since(int(ask.get("since", 0)), EVENTS_MAX)
    return {"events": got, "next": following}


def trace(hub: Hub, _ask: Json) -> Json:
    """Where the trace stands: its hash over every line so far."""
    hub.trace.flush()
    return {"count": hub.trace.count, "sha256": hub.trace.digest()}


# -- time --------------------------------------------------------------------------------------------
def advance(hub: Hub, ask: Json) -> Json:
    """Let virtual time pass; `stop` lists kinds of events that end it sooner. What the board said
    over the cable meanwhile comes along."""
    ms = float(ask["ms"])
    if hub.options.real or not 0 <= ms <= ADVANCE_MAX_MS:
        raise ValueError("only a board in virtual time, and a day at most")
    why = hub.advance(round(ms * 1000), ask.get("stop", ()))
    said = bytes(hub.line.said)
    hub.line.said.clear()
    return {"why": why, "now_us": hub.now_us(), "said": said.hex()}


def stop(hub: Hub, _ask: Json) -> Json:
    hub.stopping = True
    return {}


OPERATIONS: dict[str, Callable[[Hub, Json], Json]] = {
    "card": card, "line": line, "press": press, "cover": cover, "uncover": uncover,
    "open": open_case, "close": close_case,
    "unplug": unplug, "replug": replug, "reset": reset, "bootsel": bootsel, "runtime": runtime,
    "freeze": freeze, "brownout": brownout, "supply": supply, "temperature": temperature,
    "cut_at_write": cut_at_write, "flash": flash,
    "drive": drive, "stick": stick, "pins": pins, "noise": noise, "quiet": quiet, "mute": mute,
    "babble": babble, "send": send, "type": type_in,
    "lamps": lamps, "light": light, "state": state, "events": events, "trace": trace,
    "advance": advance, "stop": stop,
}  # fmt: skip
# What leaves no trace: looking, and time.
QUIET = {"lamps", "light", "state", "events", "trace", "advance", "pins", "stop"}
