"""The controller as one pure machine: what comes from the cable, the buttons, the reader and the
sensors, and what must be lit.

No io, clock or randomness of its own: `loop.py` hands in bytes, presses, lines, levels and
milliseconds, then copies `link.out`, `lamp_value()`, `tone.value`, `emitters.levels()` and
`challenge.pulse` to the peripherals. Runs unchanged under CPython. Called every <= 10 ms. Safe
state: a host that is silent for SILENT_MS finds lamps, buzzer and emitters off, whatever it asked
before.
"""

import struct

from edge.wire import frame
from firmware.duties import reader
from firmware.duties.challenge import Challenge
from firmware.duties.emitters import Emitters
from firmware.duties.health import Health
from firmware.duties.lamps import DARK, LAMPS, TONES, Player
from firmware.duties.photo import Photo
from firmware.duties.proximity import Proximity
from firmware.link import SILENT_MS, Link

try:
    from typing import Any
except ImportError:  # on the board
    pass


STEP_MS = 10  # the longest the loop may sleep: buttons are sampled in between


class App:
    def __init__(
        self,
        link: Link,
        witness: "Any" = None,
        tamper: "Any" = None,
        emitters: "tuple[bool, ...]" = (False, False),
    ) -> None:
        """`witness` and `tamper` (firmware.duties) or None on a board without them; `emitters`:
        which of frame.EMITTERS the board has."""
        now = link.heard_at
        self.link = link
        self.witness = witness
        self.tamper = tamper
        self.lamps = Player(LAMPS, DARK)
        self.tone = Player(TONES, 0)
        self.challenge = Challenge()
        self.emitters = Emitters(emitters, now)
        self.proximity = Proximity()
        self.health = Health(now)
        self.photo = Photo()
        self.unreadable = 0  # reader lines that were neither card nor code
        self._sessions = 0  # the last one that was told everything

    # -- in ----------------------------------------------------------------------------------------
    def receive(self, data: bytes, now: int) -> None:
        """Bytes from the host."""
        for kind, payload in self.link.receive(data, now):
            why = self._command(kind, payload, now)
            if why:
                self.link.send(frame.REFUSED, bytes([kind]) + why, now)

    def _command(self, kind: int, payload: bytes, now: int) -> bytes:
        """Do it; why not, b"" = done."""
        if kind == frame.PING:
            return b""
        if kind == frame.LIGHT or kind == frame.BUZZ:
            try:
                name = payload.decode()
            except UnicodeError:
                name = ""
            if kind == frame.BUZZ:
                return b"" if self.tone.play(name, now) else b"pattern"
            self.challenge.stop()
            return b"" if self.lamps.play(name, now) else b"pattern"
        if kind == frame.CHALLENGE:
            return b"" if self.challenge.take(payload, now) else b"payload"
        if kind == frame.WITNESS:
            good = self.witness is not None and self.witness.take(payload)
            return b"" if good else b"payload"
        if kind == frame.EMIT and len(payload) == struct.calcsize(frame.EMIT_FORMAT):
            number, ms = struct.unpack(frame.EMIT_FORMAT, payload)
            granted, why = self.emitters.take(number, ms, now)
            said = struct.pack(frame.EMITTED_FORMAT, number, granted, why)
            self.link.send(frame.EMITTED, said, now)
            return b""
        if kind == frame.CLEAR and len(payload) == 1:
            if self.tamper is None:
                return b"tamper"
            self.tamper.clear(payload[0])
            return b""
        return b"payload"

    def press(self, button: str, now: int) -> None:
        """A button went down (debounced)."""
        self.link.send(frame.PRESSED, button.encode(), now)

    def line(self, line: bytes, now: int) -> None:
        """A line of the reader."""
        if self.photo.take(line):
            return
        report = reader.report_of(line)
        if report is None:
            self.unreadable += 1
        elif report[0] == frame.PICTURED:
            (size, crc), card = report[1:]
            number = self.photo.announced(size, self.link.sessions, now)
            said = struct.pack(frame.PICTURED_FORMAT, number, size, crc)
            if not self.link.send(frame.PICTURED, said + card, now):
                self.photo.stop()
        else:
            if report[0] == frame.CARD:
                self.photo.stop()
            self.link.send(report[0], report[1], now)

    # -- time --------------------------------------------------------------------------------------
    def tick(self, now: int) -> None:
        """Time passed."""
        self.link.tick(now)
        if now - self.link.heard_at >= SILENT_MS:
            self.lamps.stop()
            self.tone.stop()
            self.challenge.stop()
            self.emitters.stop(now)
        self.lamps.tick(now)
        self.tone.tick(now)
        self.challenge.tick(now)
        self.emitters.tick(now)
        if not self.emitters.flashing():  # a write of the flash may hold the loop up
            for keeper in (self.witness, self.tamper):
                if keeper is not None:
                    keeper.tick(now)
        self._report(now)

    def _report(self, now: int) -> None:
        """Whatever a duty has to say. What finds no session or no room is said in a later round."""
        link, tamper, near, health = self.link, self.tamper, self.proximity, self.health
        if link.sessions != self._sessions:
            self._sessions = link.sessions
            near.changed = True
            health.again()
            if tamper is not None:
                tamper.changed = True
        if tamper is not None and tamper.changed:
            said = struct.pack(frame.TAMPER_FORMAT, tamper.open, tamper.latched)
            tamper.changed = not link.send(frame.TAMPER, said, now)
        for duty, kind in ((self.witness, frame.WITNESSED), (self.challenge, frame.LIT)):
            if duty is not None and duty.report and link.send(kind, duty.report, now):
                duty.report = b""
        if near.changed:
            said = struct.pack(frame.PROXIMITY_FORMAT, near.near, near.level)
            near.changed = not link.send(frame.PROXIMITY, said, now)
        if health.due(now):
            said = struct.pack(
                frame.HEALTH_FORMAT,
                max(0, min(65535, health.supply_mv)),
                max(-32768, min(32767, health.deci_c)),
                health.limits,
                health.free,
                min(65535, health.worst_ms),
            )
            if link.send(frame.HEALTH, said, now):
                health.told(now)
        if link.idle():  # last of all: whatever else there is to say goes first
            part = self.photo.next(link.sessions, now)
            if part:
                link.send(frame.PHOTO, part, now)

    # -- out ---------------------------------------------------------------------------------------
    def lamp_value(self) -> "Any":
        """(left, right) as it shall be now: a challenge goes before a pattern."""
        running = self.challenge.value
        return self.lamps.value if running is None else running

    def wait(self, now: int) -> int:
        """Milliseconds the loop may sleep."""
        most = self.challenge.wait(now, self.emitters.wait(now, STEP_MS))
        return self.link.wait(now, self.tone.wait(now, self.lamps.wait(now, most)))
