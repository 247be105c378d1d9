"""Speaks to a board, in another process or in this one: what a person, the cable, the power and time
do to it, and what a camera and a meter see of it."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from edge.errors import EdgeError

ASK_TIMEOUT_S = 10
ADVANCE_TIMEOUT_S = 900
ANSWER_MAX = 16 << 20
Colour = tuple[int, int, int]
Linear = tuple[float, float, float]
Json = dict[str, Any]


class Lamps(Struct, frozen=True):
    """What the ring shows and showed: `now` a colour per lamp, `history` ((microseconds, ring),
    ...), `tones` ((microseconds, Hz), ...; 0 = silent)."""

    now: tuple[Colour, ...]
    history: tuple[tuple[int, tuple[Colour, ...]], ...] = ()
    tones: tuple[tuple[int, int], ...] = ()

    def lit(self) -> bool:
        """Whether any lamp is on."""
        return any(any(colour) for colour in self.now)


class Light(Struct, frozen=True):
    """What a camera in front of the board sees at a moment, in linear units: 1.0 is a channel fully
    on. Red, green, blue of the whole ring and of its halves; the emitters by name."""

    at_us: int
    ring: Linear
    left: Linear
    right: Linear
    emitters: dict[str, float]


class Advance(Struct, frozen=True):
    """How time passed: `why` is "time" or the kind of event that ended it; `said` is what the board
    sent over the cable meanwhile."""

    why: str
    now_us: int
    said: bytes


class Control:
    """One board: by its directory, when another process serves it, or by what answers in this one.
    Every method is one request; E-BRD-21 when the board is not there or refuses."""

    def __init__(self, board: Path | Callable[[Json], Json]) -> None:
        self._board = board

    def ask(self, do: str, **fields: object) -> Json:
        """One request by name: edge/docs/SIMULATOR.md."""
        return self._ask({"do": do, **fields}, ASK_TIMEOUT_S)

    def _ask(self, request: Json, timeout_s: float) -> Json:
        if isinstance(self._board, Path):
            answer = _over_socket(self._board, request, timeout_s)
        else:
            answer = self._board(request)
        if not answer.pop("ok"):
            raise EdgeError(
                "E-BRD-21",
                f"the simulated board refuses: {answer['why']}",
                "its operations are in edge/docs/SIMULATOR.md",
            )
        return dict(answer)

    # -- a person ------------------------------------------------------------------------------------
    def present_card(self, card_no: str, cert_type: str = "03", photo: bytes = b"") -> None:
        """The reader reads a card. cert_type "03" social-security card, "02" ID card, whose chip may
        have a photo."""
        picture = {"photo": base64.b64encode(photo).decode()} if photo else {}
        self.ask("card", card_no=card_no, cert_type=cert_type, **picture)

    def press(self, button: str, ms: int = 100) -> None:
        """Hold a button for `ms`: face qr card confirm cancel other_way done."""
        self.ask("press", button=button, ms=ms)

    def cover(self) -> None:
        """Somebody stands before the proximity sensor."""
        self.ask("cover")

    def uncover(self) -> None:
        self.ask("uncover")

    def open_case(self, switch: int = 0) -> None:
        """A tamper switch opens."""
        self.ask("open", switch=switch)

    def close_case(self, switch: int = 0) -> None:
        self.ask("close", switch=switch)

    # -- power, reset, flash ---------------------------------------------------------------------------
    def unplug(self) -> None:
        """Pull the cable: the ptys hang up, the controller loses its power."""
        self.ask("unplug")

    def replug(self) -> None:
        """Cable in again: new ptys behind the same symlinks."""
        self.ask("replug")

    def reset(self) -> None:
        """Press the reset button of the controller; the cable stays."""
        self.ask("reset")

    def enter_bootsel(self) -> None:
        """Power on with the BOOTSEL button held: `bootsel/` instead of `usb`."""
        self.ask("bootsel")

    def freeze(self) -> None:
        """The CPU hangs until the watchdog bites."""
        self.ask("freeze")

    def brownout(self, volts: float = 2.0, ms: float = 50) -> None:
        """The supply sags for `ms`; below 2.7 V the chip starts again when it is back."""
        self.ask("brownout", volts=volts, ms=ms)

    def supply(self, volts: float) -> None:
        self.ask("supply", volts=volts)

    def temperature(self, celsius: float) -> None:
        self.ask("temperature", celsius=celsius)

    def cut_at_write(self, n: int) -> None:
        """The power goes in the n-th flash program or erase from now, half done."""
        self.ask("cut_at_write", n=n)

    def flash(self, *, read_only: bool | None = None, wear_limit: int | None = None) -> Json:
        """Set what is named; answers `writes`, `erases` per sector, and `worst`."""
        given = {"read_only": read_only, "wear_limit": wear_limit}
        return self.ask("flash", **{k: v for k, v in given.items() if v is not None})

    # -- wires -----------------------------------------------------------------------------------------
    def stick(self, pin: int, level: int | None) -> None:
        """Short a pin to a level; None heals it."""
        self.ask("stick", pin=pin, level=level)

    def noise(self, way: str | None = None, *, seed: int | None = None, **faults: float) -> None:
        """garble, drop, duplicate: chances per byte; delay_ms. `way` "up", "down" or both."""
        self.ask("noise", **_given(way=way, seed=seed), **faults)

    def quiet(self, way: str | None = None) -> None:
        """A good cable again."""
        self.ask("quiet", **_given(way=way))

    def mute(self, way: str | None = None) -> None:
        """The cable passes nothing, in one direction (half dead) or both."""
        self.ask("mute", **_given(way=way))

    def babble(self, on: bool = True) -> None:
        """Rubbish to the host without end."""
        self.ask("babble", on=on)

    def send(self, data: bytes) -> None:
        """Bytes from the host, without the pty: in virtual time at exactly this moment."""
        self.ask("send", hex=data.hex())

    # -- looking ---------------------------------------------------------------------------------------
    def lamps(self) -> Lamps:
        got = self.ask("lamps")
        return Lamps(
            now=_ring(got["now"]),
            history=tuple((at, _ring(ring)) for at, ring in got["history"]),
            tones=tuple((at, hz) for at, hz in got["tones"]),
        )

    def light(self, at_us: int | None = None) -> Light:
        """Now, or at a moment in its history."""
        got = self.ask("light", **_given(at_us=at_us))
        at, ring, left, right = (got.pop(name) for name in ("at_us", "ring", "left", "right"))
        return Light(at, tuple(ring), tuple(left), tuple(right), got)

    def state(self) -> Json:
        """mode, boots, causes, console, runtime, now_us, writes, ..."""
        return self.ask("state")

    def events(self, since: int = 0) -> tuple[list[Json], int]:
        """Of the trace, from number `since` on, and the number to ask for next."""
        got = self.ask("events", since=since)
        return got["events"], got["next"]

    def trace_hash(self) -> str:
        """SHA-256 over the trace so far; trace.jsonl is written out when this returns."""
        return str(self.ask("trace")["sha256"])

    # -- time ------------------------------------------------------------------------------------------
    def advance(self, ms: float, stop: Iterable[str] = ()) -> Advance:
        """Let virtual time pass; the first event of a kind in `stop` ends it."""
        request = {"do": "advance", "ms": ms, "stop": list(stop)}
        got = self._ask(request, ADVANCE_TIMEOUT_S)
        return Advance(got["why"], got["now_us"], bytes.fromhex(got["said"]))



def _given(**fields: object) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _ring(colours: list[list[int]]) -> tuple[Colour, ...]:
    return tuple((red, green, blue) for red, green, blue in colours)


def _over_socket(directory: Path, request: Json, timeout_s: float) -> Json:
    # Through /proc/self/fd: a socket's path may have 107 bytes at most, and test directories are
    # longer.
    try:
        folder = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    except OSError as error:
        raise _absent(error) from error
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout_s)
            sock.connect(f"/proc/self/fd/{folder}/control.sock")
            sock.sendall(json.dumps(request).encode() + b"\n")
            return dict(json.loads(_line(sock)))
    except (OSError, ValueError) as error:
        raise _absent(error) from error
    finally:
        os.close(folder)


def _absent(error: Exception) -> EdgeError:
    return EdgeError(
        "E-BRD-21", f"the simulated board does not answer: {error}", "start it first"
    )


def _line(sock: socket.socket) -> bytes:
    held = bytearray()
    while b"\n" not in held[-65536:]:
        data = sock.recv(65536)
        if not data or len(held) > ANSWER_MAX:
            raise ValueError("no answer")
        held += data
    return bytes(held)
