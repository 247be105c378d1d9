"""The controller as one pure machine: what comes from the cable, the buttons and the reader, and
what must be lit.

No io, clock or randomness of its own: `main.py` hands in bytes, presses, reader lines and
milliseconds, then copies `link.out`, `lamps.value` and `tone.value` to the peripherals. Runs
unchanged under CPython. Called every <= 10 ms. Safe state: a host that is silent for SILENT_MS
finds lamps and buzzer off, whatever it asked before.
"""

from edge.wire import frame
from firmware.link import SILENT_MS, Link
from firmware.player import DARK, LAMPS, TONES, Player

try:
    from typing import Any
except ImportError:  # on the board
    pass


STEP_MS = 10  # the longest the loop may sleep: buttons are sampled in between
CARD_MAX = 32
CERT_BYTES = 2


class App:
    def __init__(self, link: Link, witness: "Any" = None) -> None:
        """`witness` (firmware.witness) or None on a board without room for one."""
        self.link = link
        self.witness = witness
        self.lamps = Player(LAMPS, DARK)
        self.tone = Player(TONES, 0)
        self.unreadable = 0  # reader lines that were no card

    def receive(self, data: bytes, now: int) -> None:
        """Bytes from the host."""
        for kind, payload in self.link.receive(data, now):
            if kind == frame.PING:
                continue
            if kind == frame.WITNESS:
                if self.witness is None or not self.witness.take(payload):
                    self.link.send(frame.REFUSED, bytes([kind]) + b"payload", now)
                continue
            try:
                name = payload.decode()
            except UnicodeError:
                name = ""
            if kind == frame.LIGHT:
                known = self.lamps.play(name, now)
            elif kind == frame.BUZZ:
                known = self.tone.play(name, now)
            else:
                known = False
            if not known:
                self.link.send(frame.REFUSED, bytes([kind]) + b"pattern", now)

    def press(self, button: str, now: int) -> None:
        """A button went down (debounced)."""
        self.link.send(frame.PRESSED, button.encode(), now)

    def card(self, line: bytes, now: int) -> None:
        """A line of the reader: two digits of the certificate type, a comma, the number."""
        cert_type, comma, number = line.strip().partition(b",")
        good = (
            comma
            and len(cert_type) == CERT_BYTES
            and cert_type.isdigit()
            and 0 < len(number) <= CARD_MAX
        )
        if not good or not all([48 <= c <= 57 or 65 <= c <= 90 for c in number]):
            self.unreadable += 1
            return
        self.link.send(frame.CARD, cert_type + number, now)

    def tick(self, now: int) -> None:
        """Time passed."""
        self.link.tick(now)
        if self.witness is not None:
            self.witness.tick(now)
            if self.witness.report and self.link.send(frame.WITNESSED, self.witness.report, now):
                self.witness.report = b""
        if now - self.link.heard_at >= SILENT_MS:
            self.lamps.stop()
            self.tone.stop()
        self.lamps.tick(now)
        self.tone.tick(now)

    def wait(self, now: int) -> int:
        """Milliseconds the loop may sleep."""
        return self.link.wait(now, self.tone.wait(now, self.lamps.wait(now, STEP_MS)))
