"""The process that *is* the simulated board: power, cable, pins, reader, lamps and the MicroPython
VM as its CPU.

One thread, one selector. The VM gets four descriptors: a UART each for cable and reader, and the
two pipes of the physics channel (sim/shims/_hub.py). Physics kept here: the lamps hold their
colour over a reset and not over a loss of power; a UART nobody reads loses bytes; the watchdog
kills; pulling the cable takes data and power at once, as USB does.
"""

from __future__ import annotations

import contextlib
import ctypes
import heapq
import itertools
import json
import os
import pty
import selectors
import signal
import socket
import struct
import subprocess
import time
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.boards import sim as wiring
from sim.board import micropython
from sim.board.flash_image import BLOCKS

HERE = Path(__file__).resolve().parent
HEAD = struct.Struct("<BQIIH")  # as sim/shims/_hub.py
PIN, BITS, PWM, WDT, FEED, RESET = 1, 2, 3, 4, 5, 6
LEVEL = struct.Struct("<BH")  # as sim/shims/_hub.py
LEVEL_NONE = 2  # nothing drives the pin
ANALOG = 128  # pins from here on are channels of the ADC
# A healthy board in a room: nobody near, 5 V behind the divider by three, 27 degrees, case closed.
HEALTHY = {ANALOG + 0: 6000, ANALOG + 3: 33100, ANALOG + 4: 14021} | dict.fromkeys(
    wiring.TAMPER_PINS, 0
)
PWRON_RESET, WDT_RESET = 1, 3
HEAP = "384k"  # 64-bit objects: about what a Pico's 190 kB hold
READ_MAX = 4096
HISTORY_MAX = 4096
CONSOLE_MAX = 64 * 1024
CLIENTS_MAX = 8
ASK_MAX = 4096
PRESS_MS = 100
UID = "e661640843123456"
PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None, use_errno=True)
Json = dict[str, Any]


def _die_with_parent() -> None:
    """In the child, before exec: a VM never outlives the process that is its board."""
    _LIBC.prctl(PDEATHSIG, signal.SIGKILL)


class Hub:
    """One board. `link` is the stable symlink to the pty, `image` its flash, `control` the
    socket of the outside world."""

    def __init__(self, image: Path, link: Path, control: socket.socket) -> None:
        self._image = image
        self._link = link
        self._vm_path = micropython.find()
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._vm: subprocess.Popen[bytes] | None = None
        self._boots = 0
        self._outer: tuple[int, int] | None = None
        self._cable: socket.socket | None = None
        self._reader: socket.socket | None = None
        self._levels: int | None = None
        self._done: int | None = None
        self._physics = bytearray()
        self._bite_s = 0.0  # the watchdog's time-out, 0 = not armed
        self._bite_at = 0.0
        self._ring: list[list[int]] = [[0, 0, 0] for _ in range(wiring.RING_LEDS)]
        self._lamps: deque[tuple[int, list[list[int]]]] = deque(maxlen=HISTORY_MAX)
        self._tones: deque[tuple[int, int]] = deque(maxlen=HISTORY_MAX)
        self._causes: deque[int] = deque(maxlen=HISTORY_MAX)
        self._pins: dict[int, deque[tuple[int, int]]] = {}  # (microseconds, level), ...
        self._console = bytearray()
        self._buttons = dict(wiring.BUTTONS)
        self._driven: dict[int, int] = dict(HEALTHY)  # the world outlives a reset
        self._clients = 0
        self.stopping = False
        control.setblocking(False)
        self._selector.register(control, selectors.EVENT_READ, lambda: self._accept(control))

    # -- life --------------------------------------------------------------------------------------
    def run(self) -> None:
        """Serve until `stopping`; leaves no process, symlink or descriptor behind."""
        try:
            while not self.stopping:
                self._turn()
        finally:
            self._power_off()
            self._unplug()
            self._selector.close()

    def until_closed(self, fd: int) -> None:
        """Stop when `fd` ends: the parent holds the other end and may die without a word."""

        def look() -> None:
            if not os.read(fd, READ_MAX):
                self.stopping = True

        self._selector.register(fd, selectors.EVENT_READ, look)

    def plug(self) -> str:
        """Cable in: a new pty behind the same symlink, and power. The path of the pty."""
        if self._outer is None:
            outer, inner = pty.openpty()
            tty.setraw(inner)
            os.set_blocking(outer, False)
            self._outer = (outer, inner)
            new = self._link.with_name(self._link.name + ".new")
            new.unlink(missing_ok=True)
            new.symlink_to(os.ttyname(inner))
            new.replace(self._link)  # one step: nobody sees a missing or half link
            self._selector.register(outer, selectors.EVENT_READ, self._from_host)
            self._power_on(PWRON_RESET)
        return os.ttyname(self._outer[1])

    def _unplug(self) -> None:
        self._link.unlink(missing_ok=True)
        if self._outer is not None:
            self._selector.unregister(self._outer[0])
            for fd in self._outer:
                os.close(fd)
            self._outer = None

    def _power_on(self, cause: int) -> None:
        self._power_off(dark=cause == PWRON_RESET)
        self._causes.append(cause)
        self._boots += 1
        self._cable, cable = socket.socketpair()
        self._reader, reader = socket.socketpair()
        level_r, self._levels = os.pipe()
        self._done, done_w = os.pipe()
        for fd in (
            self._cable.fileno(),
            cable.fileno(),
            self._reader.fileno(),
            reader.fileno(),
            level_r,
            self._levels,
        ):
            os.set_blocking(fd, False)
        given = (cable.fileno(), reader.fileno(), level_r, done_w)
        env = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": "/nonexistent",
            "SIM_UART0": str(given[0]),
            "SIM_UART1": str(given[1]),
            "SIM_IN": str(given[2]),
            "SIM_OUT": str(given[3]),
            "SIM_SHIMS": str(HERE / "shims"),
            "SIM_CAUSE": str(cause),
            "SIM_FLASH": str(self._image),
            "SIM_BLOCKS": str(BLOCKS),
            "SIM_UID": UID,
        }
        self._vm = subprocess.Popen(
            [str(self._vm_path), "-X", f"heapsize={HEAP}", str(HERE / "shims" / "_boot.py")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=given,
            env=env,
            cwd="/",
            preexec_fn=_die_with_parent,  # noqa: PLW1509 (this process has one thread)
        )
        cable.close()
        reader.close()
        os.close(level_r)
        os.close(done_w)
        for pin, level in self._driven.items():
            self._drive(pin, level)
        assert self._vm.stdout is not None
        console = self._vm.stdout.fileno()
        self._selector.register(self._cable, selectors.EVENT_READ, self._from_board)
        self._selector.register(self._done, selectors.EVENT_READ, self._from_pins)
        self._selector.register(console, selectors.EVENT_READ, lambda: self._from_console(console))

    def _power_off(self, *, dark: bool = True) -> None:
        """Kill the CPU and close its wires. Without `dark` the lamps keep what they show."""
        self._bite_s = 0.0
        self._physics.clear()
        if self._vm is not None:
            assert self._vm.stdout is not None
            for thing in (self._cable, self._done, self._vm.stdout.fileno()):
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(thing)  # type: ignore[arg-type]
            self._vm.kill()
            self._vm.wait()
            self._vm.stdout.close()
            self._vm = None
            assert self._cable is not None
            assert self._reader is not None
            assert self._levels is not None
            assert self._done is not None
            self._cable.close()
            self._reader.close()
            os.close(self._levels)
            os.close(self._done)
        if dark and any(any(lamp) for lamp in self._ring):
            self._shine([[0, 0, 0] for _ in self._ring], time.monotonic_ns() // 1000)

    # -- wires -------------------------------------------------------------------------------------
    def _turn(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()
        if self._bite_s and now >= self._bite_at:
            self._power_on(WDT_RESET)
        due = self._timers[0][0] if self._timers else now + 60
        if self._bite_s:
            due = min(due, self._bite_at)
        for key, _ in self._selector.select(max(0.0, due - now)):
            # A handler may have closed what the next one reads: then it is no longer registered.
            if key.fd in self._selector.get_map():
                key.data()

    def _after(self, ms: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (time.monotonic() + ms / 1000, next(self._order), do))

    def _from_host(self) -> None:
        assert self._outer is not None
        with contextlib.suppress(BlockingIOError, OSError):
            data = os.read(self._outer[0], READ_MAX)
            if self._cable is not None:
                self._cable.send(data)

    def _from_board(self) -> None:
        assert self._cable is not None
        data = self._cable.recv(READ_MAX)
        if not data:
            self._selector.unregister(self._cable)
        elif self._outer is not None:
            with contextlib.suppress(BlockingIOError, OSError):
                os.write(self._outer[0], data)  # nobody listens: the bytes are gone, as on a wire

    def _from_console(self, fd: int) -> None:
        data = os.read(fd, READ_MAX)
        if not data:
            self._selector.unregister(fd)
        self._console += data
        del self._console[:-CONSOLE_MAX]

    def _from_pins(self) -> None:
        assert self._done is not None
        data = os.read(self._done, READ_MAX)
        if not data:  # the program ended; the board sits at its prompt until the watchdog bites
            self._selector.unregister(self._done)
            return
        self._physics += data
        while len(self._physics) >= HEAD.size:
            op, at_us, a, b, size = HEAD.unpack_from(self._physics)
            if len(self._physics) < HEAD.size + size:
                return
            body = bytes(self._physics[HEAD.size : HEAD.size + size])
            del self._physics[: HEAD.size + size]
            self._did(op, at_us, a, b, body)

    def _did(self, op: int, at_us: int, a: int, b: int, body: bytes) -> None:
        if op == BITS and a == wiring.RING_PIN:
            colours = [
                [body[i + 1], body[i], body[i + 2]] for i in range(0, len(body) - 2, 3)
            ]  # WS2812 sends green first
            self._shine(colours[: len(self._ring)], at_us)
        elif op == PWM and a == wiring.BUZZER_PIN:
            self._tones.append((at_us, b >> 16 if b & 0xFFFF else 0))
        elif op == PIN:
            self._pins.setdefault(a, deque(maxlen=HISTORY_MAX)).append((at_us, b))
        elif op == WDT:
            self._bite_s = a / 1000
            self._bite_at = time.monotonic() + self._bite_s
        elif op == FEED:
            self._bite_at = time.monotonic() + self._bite_s
        elif op == RESET:
            self._after(
                0, lambda: self._power_on(WDT_RESET)
            )  # machine.reset() of the RP2040 goes through the watchdog

    def _shine(self, ring: list[list[int]], at_us: int) -> None:
        self._ring = ring
        self._lamps.append((at_us, ring))

    def _drive(self, pin: int, level: int) -> None:
        self._driven[pin] = level
        if self._levels is not None and self._vm is not None:
            with contextlib.suppress(OSError):
                os.write(self._levels, LEVEL.pack(pin, level))

    # -- the outside world -------------------------------------------------------------------------
    def _accept(self, control: socket.socket) -> None:
        client, _ = control.accept()
        if self._clients >= CLIENTS_MAX:
            client.close()
            return
        self._clients += 1
        client.settimeout(1.0)
        held = bytearray()
        self._selector.register(client, selectors.EVENT_READ, lambda: self._asked(client, held))

    def _asked(self, client: socket.socket, held: bytearray) -> None:
        try:
            data = client.recv(READ_MAX)
            held += data
            while b"\n" in held:
                line, _, rest = bytes(held).partition(b"\n")
                held[:] = rest
                client.sendall(json.dumps(self._answer(line)).encode() + b"\n")
        except OSError:
            data = b""
        if not data or len(held) > ASK_MAX:
            self._selector.unregister(client)
            client.close()
            self._clients -= 1

    def _answer(self, line: bytes) -> Json:
        """One JSON object per line: {"do": name, ...} -> {"ok": true, ...} or {"ok": false,
        "why": text}."""
        try:
            ask = json.loads(line)
            return {"ok": True, **self._do(ask)}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return {"ok": False, "why": f"{type(error).__name__}: {error}"}

    def _do(self, ask: Json) -> Json:
        match ask["do"]:
            case "card":
                self._line(f"{ask.get('cert_type', '03')},{ask['card_no']}\r\n".encode())
            case "line":  # anything a reader might babble
                self._line(bytes.fromhex(ask["hex"]))
            case "press":
                pin = self._buttons[ask["button"]]
                self._drive(pin, 0)
                self._after(float(ask.get("ms", PRESS_MS)), lambda: self._drive(pin, LEVEL_NONE))
            case "drive":  # a switch, or with `analog` a voltage: 0 .. 65535 of full scale
                self._drive(int(ask["pin"]) + ANALOG * bool(ask.get("analog")), int(ask["level"]))
            case "pins":  # what the firmware drives
                return {"pins": {str(pin): list(got) for pin, got in self._pins.items()}}
            case "lamps":
                return {"now": self._ring, "history": list(self._lamps), "tones": list(self._tones)}
            case "unplug":
                self._power_off()
                self._unplug()
            case "replug":
                return {"pty": self.plug()}
            case "reset":
                self._power_on(int(ask.get("cause", PWRON_RESET)))
            case "freeze":  # the CPU hangs: the watchdog's business
                assert self._vm is not None
                self._vm.send_signal(signal.SIGSTOP)
            case "state":
                return {
                    "boots": self._boots,
                    "causes": list(self._causes),
                    "vm": self._vm.pid if self._vm else 0,
                    "console": self._console.decode("utf-8", "replace"),
                }
            case "stop":
                self.stopping = True
            case other:
                raise ValueError(f"do what? {other!r}")
        return {}

    def _line(self, data: bytes) -> None:
        if self._reader is not None and self._vm is not None:
            with contextlib.suppress(OSError):
                self._reader.send(data)
