"""Somebody stands before the terminal, or has left. Pure: the sensor's level (0..65535, more is
nearer) comes in; two thresholds and a time keep a person who sways from being many."""

NEAR_LEVEL = 30000
FAR_LEVEL = 20000
STABLE_MS = 150


class Proximity:
    def __init__(self) -> None:
        self.near = False
        self.level = 0
        self.changed = True  # not reported yet
        self._since = -1  # when the level crossed over, -1 = it agrees with `near`

    def see(self, level: int, now: int) -> None:
        """One sample."""
        self.level = level
        other = level <= FAR_LEVEL if self.near else level >= NEAR_LEVEL
        if not other:
            self._since = -1
        elif self._since < 0:
            self._since = now
        elif now - self._since >= STABLE_MS:
            self.near = not self.near
            self._since = -1
            self.changed = True
