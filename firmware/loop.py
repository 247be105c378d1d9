"""The loop of the controller: every duty once per round, the watchdog only when all of them
reported.

A superloop with one `poll`, not asyncio: it holds less memory, has one place that sleeps (so
virtual time needs one hook), and a duty that hangs stops the feeding by itself. A duty that
raises is written to the console and has not reported; the watchdog then restarts the board.
"""

import gc
import select
import sys
import time

from firmware.app import App
from firmware.io.serial_line import Lines, SerialLine

try:
    from typing import Any
except ImportError:  # on the board
    pass


FEED_MS = 500
LINE_MAX = 256
SENSE_MS = 50  # proximity
MEASURE_MS = 1000  # supply, temperature
MEMORY_MS = 10000  # the heap is walked for it


class Clock:
    """Milliseconds since start that never wrap, from `ticks_ms`, which does."""

    def __init__(self) -> None:
        self._last = time.ticks_ms()
        self._now = 0

    def now(self) -> int:
        ticks = time.ticks_ms()
        self._now += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._now


class Loop:
    def __init__(self, app: App, parts: "dict[str, Any]", clock: Clock) -> None:
        """parts: cable and reader (SerialLine), ring, buzzer, buttons, emitters and sync
        (Outputs), tamper (Inputs), sensors, watchdog."""
        self._app = app
        self._parts = parts
        self._cable: SerialLine = parts["cable"]
        self._reader: SerialLine = parts["reader"]
        self._clock = clock
        self._lines = Lines(LINE_MAX)
        self._duties = (
            self._hear,
            self._read,
            self._look,
            self._guard,
            self._sense,
            self._measure,
            self._step,
            self._light,
            self._emit,
            self._sound,
            self._say,
        )
        self._all = (1 << len(self._duties)) - 1
        self._reported = 0
        self._fed_at = 0
        self._sense_at = self._measure_at = self._memory_at = 0
        self.complete = False  # every duty has reported at least once: the self-test
        self._poll = select.poll()
        self._poll.register(self._cable.uart, select.POLLIN)
        self._poll.register(self._reader.uart, select.POLLIN)

    def _hear(self, now: int) -> None:
        data = self._cable.read()
        if data:
            self._app.receive(data, now)

    def _read(self, now: int) -> None:
        data = self._reader.read()
        if data:
            for line in self._lines.feed(data):
                self._app.line(line, now)

    def _look(self, now: int) -> None:
        for name in self._parts["buttons"].pressed(now):
            self._app.press(name, now)

    def _guard(self, now: int) -> None:
        if self._app.tamper is not None:
            self._app.tamper.see(self._parts["tamper"].levels(), now)

    def _sense(self, now: int) -> None:
        if now >= self._sense_at:
            self._sense_at = now + SENSE_MS
            self._app.proximity.see(self._parts["sensors"].near_level(), now)

    def _measure(self, now: int) -> None:
        if now < self._measure_at:
            return
        self._measure_at = now + MEASURE_MS
        free = -1
        if now >= self._memory_at:
            self._memory_at = now + MEMORY_MS
            gc.collect()
            free = gc.mem_free()
        sensors = self._parts["sensors"]
        self._app.health.see(sensors.supply_mv(), sensors.deci_c(), free)

    def _step(self, now: int) -> None:
        self._app.tick(now)

    def _light(self, now: int) -> None:
        challenge = self._app.challenge
        self._parts["sync"].show((challenge.pulse,))
        self._parts["ring"].show(self._app.lamp_value())
        challenge.shown(time.ticks_us())

    def _emit(self, now: int) -> None:
        self._parts["emitters"].show(self._app.emitters.levels())

    def _sound(self, now: int) -> None:
        self._parts["buzzer"].tone(self._app.tone.value)

    def _say(self, now: int) -> None:
        self._cable.write(bytes(self._app.link.out))
        self._app.link.out = bytearray()

    def round(self) -> None:
        """All duties once, then sleep until the next is due or bytes come."""
        now = self._clock.now()
        for number, duty in enumerate(self._duties):
            try:
                duty(now)
                self._reported |= 1 << number
            except Exception as error:
                sys.print_exception(error)
        if self._reported == self._all and now - self._fed_at >= FEED_MS:
            self._parts["watchdog"].feed()
            self.complete = True
            self._fed_at = now
            self._reported = 0
        after = self._clock.now()
        self._app.health.round_took(after - now)
        self._poll.poll(self._app.wait(after))
