"""The process that *is* the simulated board: power, time, cable, USB, BOOTSEL, pins, light, and the
MicroPython VM as its CPU.

One thread, one selector. The clock is the kernel's, or virtual: then it stands still until
`advance`, and the CPU runs only while the simulator waits for its next word, so a run under one
seed repeats to the byte; it needs no process of its own then. Physics kept here: the lamps hold their colour over a reset and not over a
loss of power; a UART nobody reads loses bytes; the watchdog kills, and nothing stops it once it is
armed; pulling the cable takes data and power at once, as USB does.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from sim.board import ops
from sim.board.around.cable import Cable
from sim.board.around.console import Console
from sim.board.around.line import Line
from sim.board.around.wires import Wires
from sim.board.chip import micropython, wire
from sim.board.chip.bootsel import Bootsel
from sim.board.chip.cpu import Cpu, listener
from sim.board.chip.flash_image import BLOCKS
from sim.board.chip.nor import Nor, Outcome
from sim.board.chip.wire import Op
from sim.board.door import Door
from sim.board.options import Options
from sim.board.timers import NEVER, Timers
from sim.board.trace import Trace

PWRON_RESET, WDT_RESET = 1, 3
READ_MAX = 4096
HISTORY_MAX = 4096
CONSOLE_MAX = 64 * 1024
LOOK_S = 0.1  # between looks into bootsel/
BANNER = "MicroPython v{} on 2026-01-01; {}"


class Waiting(Struct, frozen=True):
    """The CPU waits for its answer until `due_us`; with `wake` bytes end it sooner."""

    serial: int
    due_us: int
    wake: bool
    result: int


class Hub:
    """One board. `place` is its directory with flash.img in it, `link` the symlink to the pty of the
    cable, `control` the socket of the outside world, when that is another process."""

    def __init__(
        self, place: Path, link: Path, options: Options, control: socket.socket | None = None
    ) -> None:
        self.options = options
        self._vm_path = micropython.find()
        self._selector = selectors.DefaultSelector()
        self._timers = Timers()
        self._virtual_us = 0
        self.began_us = 0 if not options.real else time.monotonic_ns() // 1000
        self._until_us = 0
        self._stops: frozenset[str] = frozenset()
        self._stopped = ""
        self._waiting: Waiting | None = None
        self._batch = b""
        self._hung = False
        self._at_prompt = False
        self._runs = 0  # of the VM
        self._bite_us = 0  # the watchdog's time-out, 0 = not armed
        self._bite_at_us = NEVER
        self._folder = os.open(place, os.O_PATH | os.O_DIRECTORY)
        self._listener = listener(place, self._folder)
        self._runtime_file = place / "runtime"
        self._image = place / "flash.img"
        self.cpu: Cpu | None = None
        self.mode = "off"
        self.boots = self.soft_boots = 0
        self.causes: deque[int] = deque(maxlen=HISTORY_MAX)
        self.console_text = bytearray()
        self.trace = Trace(place / "trace.jsonl", self.heard)
        self.nor = Nor(self._image)
        self.cable = Cable(options.seed)
        self.line = Line(self, link, self._selector, self.cable, paced=not options.real)
        self.wires = Wires(self, self._give)
        self.pins, self.lights = self.wires.pins, self.wires.lights
        usb = link.with_name("usb") if link.name == "tty" else place / "usb"
        self.console = Console(usb, self._selector, self)
        self.bootsel = Bootsel(place / "bootsel", options.family)
        self.stopping = False
        if control is not None:
            Door(control, self._selector, lambda line: ops.answer_line(self, line))

    # -- time --------------------------------------------------------------------------------------
    def now_us(self) -> int:
        return time.monotonic_ns() // 1000 if self.options.real else self._virtual_us

    def after(self, ms: float, do: Callable[[], None]) -> None:
        """Do it when so much time has passed."""
        self._timers.at(self.now_us() + int(ms * 1000), do)

    def note(self, kind: str, **fields: object) -> None:
        """Into the trace."""
        self.trace.add(self.now_us() - self.began_us, kind, **fields)

    def heard(self, kind: str) -> None:
        """An event of this kind: `advance` may wait for it."""
        if kind in self._stops and not self._stopped:
            self._stopped = kind

    def advance(self, us: int, stops: Iterable[str] = ()) -> str:
        """Let virtual time pass, at most `us`; ends early at the first event of a kind in `stops`,
        whose name it returns, else "time". Either way the CPU waits when this returns."""
        assert not self.options.real, "the clock on the wall needs no advancing"
        self._stops, self._stopped = frozenset(stops), ""
        self._until_us = self._virtual_us + us
        while True:
            self.settle()
            if self._has_stopped():
                break
            due = min(self._due(), self._waiting.due_us if self._waiting else NEVER)
            if due > self._until_us:
                self._virtual_us = max(self._virtual_us, self._until_us)
                break
            self._virtual_us = max(self._virtual_us, due)
            self._pass()
            self._resume_if_due()
        self._stops, self._until_us = frozenset(), self._virtual_us
        return self._stopped or "time"

    def _has_stopped(self) -> bool:
        return bool(self._stopped)

    def settle(self) -> None:
        """Let the CPU go on until it waits for time to pass. Also after an event that ends an
        `advance`: what is done to the board next must find it waiting, not somewhere on its way."""
        while not self.options.real and self.cpu is not None:
            if self._waiting is not None:
                if self._waiting.due_us > self._virtual_us:
                    return
                self._resume()
            if self._at_prompt:
                self.console.to_prompt()
            if self._hung or (self._at_prompt and not self.cpu.interruptible()):
                return
            packet = self.cpu.next(at_prompt=self._at_prompt)
            if packet is not None:
                self._packet(packet)
            elif not self._at_prompt or self.cpu.hung():
                self._hung = True
                self.console.drain()
                self.note("hung")

    def _due(self) -> int:
        return min(self._timers.due_us(), self._bite_at_us)

    def _pass(self) -> None:
        """Do what is due."""
        now = self.now_us()
        self._timers.run(now)
        if now >= self._bite_at_us:
            self.power_on(WDT_RESET)

    def _resume_if_due(self) -> None:
        if self._waiting is not None and self._waiting.due_us <= self._virtual_us:
            self._resume()

    def _resume(self) -> None:
        """Answer the CPU: it may go on up to the horizon by itself."""
        waiting, self._waiting = self._waiting, None
        assert waiting is not None
        assert self.cpu is not None
        until_us = self._virtual_us if self._stopped else self._until_us
        horizon = max(self._virtual_us, min(self._due(), until_us))
        answer = wire.answer(waiting.serial, waiting.result, self._virtual_us, horizon)
        batch, self._batch = self._batch, b""
        self.cpu.send(batch + answer)

    # -- life --------------------------------------------------------------------------------------
    def run(self) -> None:
        """Serve until `stopping`, then `close`."""
        try:
            while not self.stopping:
                self._turn()
        finally:
            self.close()

    def close(self) -> None:
        """No process, symlink or descriptor stays."""
        self.unplug()
        self._selector.close()
        self._listener.close()
        os.close(self._folder)
        self.nor.close()
        self.trace.close()

    def until_closed(self, fd: int) -> None:
        """Stop when `fd` ends: the parent holds the other end and may die without a word."""

        def look() -> None:
            if not os.read(fd, READ_MAX):
                self.stopping = True

        self._selector.register(fd, selectors.EVENT_READ, look)

    def plug(self) -> str:
        """Cable in: a new pty behind the same symlink, and power. The path of the pty."""
        if self.line.plug():
            self.power_on(PWRON_RESET)
        return self.line.name()

    def unplug(self) -> None:
        self.power_off()
        self.console.vanish()
        self.bootsel.vanish()
        self.line.unplug()

    def runtime(self) -> str:
        """Version of the MicroPython in the flash; "" for another program, "none" for nothing."""
        try:
            return self._runtime_file.read_text().strip()
        except OSError:
            return self.options.runtime

    def set_runtime(self, version: str) -> None:
        self._runtime_file.write_text(version)

    def power_on(self, cause: int) -> None:
        """A hard reset: USB goes away and comes back."""
        self.halt()
        if cause == PWRON_RESET:
            self.lights.dark(self.now_us())
        self.pins.reset()
        self._disarm()
        self.causes.append(cause)
        self.boots += 1
        self.note("reset", cause=cause)
        runtime = self.runtime()
        self.bootsel.vanish()
        if runtime == "none":
            self.enter_bootsel()
            return
        self.console.appear()
        self.mode = "run"
        if runtime:
            self._boot(main=True)

    def power_off(self) -> None:
        """No power: every light goes out."""
        self.halt()
        self.pins.reset()
        self._disarm()
        self.lights.dark(self.now_us())
        if self.mode != "off":
            self.note("off")
        self.mode = "off"

    def enter_bootsel(self) -> None:
        """The ROM's own loader: a drive instead of a serial port, and a watchdog that sleeps."""
        self.halt()
        self.pins.reset()
        self._disarm()
        self.console.vanish()
        self.bootsel.appear()
        self.mode = "bootsel"
        self.note("bootsel")

    def _soft_reset(self) -> None:
        """The VM starts anew; the watchdog, the pins and USB stay as they are."""
        self.halt()
        self.soft_boots += 1
        self.note("soft_reset")
        self.console.say(b"MPY: soft reboot\r\n")
        self._boot(main=not self.console.raw)

    def _boot(self, *, main: bool) -> None:
        now = self.now_us()
        version = self.runtime()
        env = {
            "SIM_CLOCK": "real" if self.options.real else "virtual",
            "SIM_BORN": str(now - self.options.first_ticks_ms * 1000),
            "SIM_NOW": str(now),
            "SIM_CAUSE": str(self.causes[-1]),
            "SIM_FLASH": str(self._image),
            "SIM_BLOCKS": str(BLOCKS),
            "SIM_UID": self.options.uid,
            "SIM_SEED": f"{self.options.seed}/{self.boots}/{self.soft_boots}",
            "SIM_VERSION": version,
            "SIM_MACHINE": self.options.machine,
            "SIM_MAIN": "1" if main else "0",
        }
        self.cpu = Cpu(self._vm_path, self._folder, self._listener, env)
        self._hung = self._at_prompt = False
        self._selector.register(self.cpu.socket, selectors.EVENT_READ, self._from_cpu)
        self.console.attach(self.cpu, BANNER.format(version, self.options.machine))
        self.wires.tell_all()

    def hang(self) -> None:
        """The CPU was stopped: nobody waits for its next word."""
        self._hung = True

    def halt(self) -> None:
        """End the VM and let go of its PWM."""
        self._runs += 1
        self._waiting, self._batch = None, b""
        cpu, self.cpu = self.cpu, None
        if cpu is None:
            return
        self._selector.unregister(cpu.socket)
        cpu.kill()
        self.console.detach()
        cpu.close()
        self.lights.pins_off(self.now_us())

    def _disarm(self) -> None:
        self._bite_us, self._bite_at_us = 0, NEVER

    # -- wires -------------------------------------------------------------------------------------
    def _turn(self) -> None:
        patience: float = 60.0
        if self.options.real:
            self._pass()
            patience = max(0.0, (self._due() - self.now_us()) / 1e6)
        if self.mode == "bootsel":
            self._look_into_bootsel()
            patience = min(patience, LOOK_S)
        for key, _ in self._selector.select(min(60.0, patience)):
            # A handler may have closed what the next one reads: then it is no longer registered.
            if key.fd in self._selector.get_map():
                key.data()

    def _look_into_bootsel(self) -> None:
        found = self.bootsel.look()
        if found is None:
            return
        name, flashed = found
        self.note("uf2", file=name, why=flashed.why, runtime=flashed.runtime)
        if not flashed.why:
            self.set_runtime(flashed.runtime)
            self.power_on(PWRON_RESET)

    def printed(self, data: bytes) -> None:
        """By the VM, at its console."""
        self.console_text += data
        del self.console_text[:-CONSOLE_MAX]
        self.note("console", text=data.decode("utf-8", "replace"))

    def _from_cpu(self) -> None:
        if self.cpu is None or self._waiting is not None:
            return
        packet = self.cpu.receive()
        if packet is not None:
            self._packet(packet)
            self._resume_if_due()  # time need not pass for it

    def _packet(self, packet: bytes) -> None:
        if not packet:  # it ended by itself: Ctrl-D, sys.exit(), or a SIGINT at the wrong moment
            self._soft_reset()
            return
        did = wire.read(packet)
        self._hung = False
        if not self.options.real:
            self._virtual_us = max(self._virtual_us, did.at_us)
            if did.serial:  # it waits: all that it has printed is there
                self.console.drain()
        run = self._runs
        result, cost_us = self._did(did)
        if not did.serial or self._runs != run or self.cpu is None:
            return
        if self.options.real:
            if did.op is not Op.WAIT:
                self.cpu.send(wire.answer(did.serial, result, 0, 0))
            return
        wait_us = did.a if did.op is Op.WAIT else cost_us
        due = NEVER if did.op is Op.WAIT and did.a == wire.FOREVER else did.at_us + wait_us
        wake = did.op is Op.WAIT and bool(did.b)
        if wake and self._batch:
            due = self._virtual_us
        self._waiting = Waiting(did.serial, due, wake, result)

    def _did(self, did: wire.Did) -> tuple[int, int]:
        """What the firmware did: the answer and how long it took."""
        now, a, b = self.now_us(), did.a, did.b
        match did.op:
            case Op.PIN:
                self.pins.drive(a, b)
                self.wires.moved(a)
            case Op.CONF if a >= 256:
                if a == 256:
                    self.line.baud = max(1, b)
            case Op.CONF:
                self.pins.configure(a, b)
                self.wires.moved(a)
            case Op.BITS:
                self.lights.shine(now, did.data)
                self.note("ring", pin=a, grb=did.data.hex())
            case Op.PWM:
                self.lights.pwm(now, a, b, int(did.data))
                self.note("pwm", pin=a, duty=b, hz=int(did.data))
            case Op.UART if a == 0:
                self.line.up(did.data)
            case Op.WDT:
                self._bite_us = a * 1000
                self._bite_at_us = now + self._bite_us
                self.note("watchdog", ms=a)
            case Op.FEED if self._bite_us:
                self._bite_at_us = did.at_us + self._bite_us
            case Op.PROGRAM:
                return self._wrote("program", a, b, did.data, self.nor.program(a, b, did.data))
            case Op.ERASE:
                return self._wrote("erase", a, 0, b"", self.nor.erase(a))
            case Op.PROMPT if a:
                self.console.ready()
            case Op.PROMPT:
                self._at_prompt = True
                self.note("prompt")
            case Op.SOFT:
                self._soft_reset()
            case Op.RESET:  # of the RP2040: goes through the watchdog
                self.power_on(WDT_RESET)
            case Op.BOOT:
                self.enter_bootsel()
            case _:
                pass
        return 0, 0

    def _wrote(self, do: str, block: int, at: int, data: bytes, out: Outcome) -> tuple[int, int]:
        self.note("flash", do=do, block=block, at=at, size=len(data), number=self.nor.writes,
                  **({"error": out.error} if out.error else {}),
                  **({"torn": True} if out.torn else {}))  # fmt: skip
        if out.torn:
            self.unplug()
        return out.error, out.cost_us

    # -- into the CPU ------------------------------------------------------------------------------
    def give_bytes(self, uart: int, data: bytes) -> None:
        """Bytes arrive at a UART."""
        for at in range(0, len(data), 512):
            self._give(wire.BYTES, uart, data[at : at + 512])

    def interrupt(self, *, on: bool) -> None:
        """Ctrl-C for what runs; off: the prompt is there, and what has not met it never shall."""
        self._give(wire.INTERRUPT if on else wire.CALM, 0, b"")
        self._resume_if_due()

    def later(self, do: Callable[[], None]) -> bool:
        """In a moment, on the wall's clock."""
        if self.options.real:
            self.after(LOOK_S * 1000, do)
        return self.options.real

    def _give(self, kind: int, a: int, body: bytes) -> None:
        if self.cpu is None:
            return
        one = wire.message(kind, a, body)
        if self.options.real:
            self.cpu.send(one)
            return
        if len(self._batch) + len(one) <= wire.BATCH_MAX:
            self._batch += one
        waiting = self._waiting
        if waiting is not None and (
            kind == wire.INTERRUPT or (kind == wire.BYTES and waiting.wake)
        ):
            self._waiting = Waiting(waiting.serial, self._virtual_us, True, waiting.result)
