"""Light and sound patterns as data, and the player that steps through them on an absolute schedule.

Pure. Step k of a pattern starts exactly at (start + the lengths before it), so a late tick
delays one change and never the next ones. Colours are (red, green, blue) 0..255; a lamp value is
(left half, right half) as the patient sees them.
"""

try:
    from typing import Any
except ImportError:  # on the board
    pass


OFF = (0, 0, 0)
WHITE = (255, 255, 255)
AMBER = (255, 140, 0)
GREEN = (0, 255, 0)
RED = (255, 0, 0)
DARK = (OFF, OFF)


def _breath() -> "tuple[Any, ...]":
    """Slow white: 2 s up and down in 50 ms steps, never fully dark, so that it does not look
    like a flash."""
    steps = []
    for k in range(40):
        level = 30 + (k if k < 20 else 40 - k) * 9
        white = (level, level, level)
        steps.append((50, (white, white)))
    return tuple(steps)


# name: (rounds, ((ms, value), ...)); rounds 0 = until the next command, else dark or silent after
# so many
LAMPS = {
    "off": (0, ((1000, DARK),)),
    "white": (0, ((1000, (WHITE, WHITE)),)),
    "guide": (0, _breath()),
    "left": (0, ((500, (AMBER, OFF)), (250, DARK))),
    "right": (0, ((500, (OFF, AMBER)), (250, DARK))),
    "ok": (1, ((1500, (GREEN, GREEN)),)),
    "no": (3, ((200, (RED, RED)), (150, DARK))),
}
TONES = {  # value: Hz
    "short": (1, ((60, 2000),)),
    "ok": (1, ((80, 2000), (40, 0), (120, 3000))),
    "no": (1, ((400, 400),)),
}


class Player:
    """Plays one pattern at a time. `rest` is the value when nothing plays."""

    def __init__(self, patterns: "dict[str, Any]", rest: "Any") -> None:
        self._patterns = patterns
        self._rest = rest
        self._steps: tuple[Any, ...] = ()
        self._rounds = 0
        self._at = 0
        self._until = 0
        self.value = rest

    def play(self, name: str, now: int) -> bool:
        """Start a pattern at `now` (ms); False for a name that is not in the table."""
        pattern = self._patterns.get(name)
        if pattern is None:
            return False
        self._rounds, self._steps = pattern
        self._at = 0
        self._until = now + self._steps[0][0]
        self.value = self._steps[0][1]
        return True

    def stop(self) -> None:
        self._steps = ()
        self.value = self._rest

    def tick(self, now: int) -> None:
        """Take every step that is due."""
        while self._steps and now >= self._until:
            self._at += 1
            if self._at == len(self._steps):
                self._at = 0
                if self._rounds == 1:
                    self.stop()
                    return
                if self._rounds > 1:
                    self._rounds -= 1
            self._until += self._steps[self._at][0]
            self.value = self._steps[self._at][1]

    def wait(self, now: int, most: int) -> int:
        """Milliseconds until the next step, at most `most`."""
        if not self._steps:
            return most
        return max(0, min(most, self._until - now))
