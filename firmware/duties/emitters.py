"""Infrared emitter and white flash. What is safe for eyes and for the parts is enforced here, whatever
the host says: one flash is never longer than `most_ms`, after it the emitter rests for `rest_ms`,
and in the long run it is on for at most `permille` of the time.

Pure. A budget of milliseconds is spent while on and comes back while off; it starts empty, so that a
reset earns nothing. In any window of W ms the emitter is on for at most
most_ms + W * permille / 1000 (+ one round of the loop for each flash, which `loop` keeps short).
"""

from edge.wire import frame

try:
    from typing import Any
except ImportError:  # on the board
    pass


# index as frame.EMITTERS: (most_ms, rest_ms, permille). Infrared: IEC 62471 exempt group at 20 cm
# with the reference emitter holds without a limit of time; the limit is the part's heat. White: a
# flash, not a lamp.
LIMITS = (
    (10000, 500, 500),
    (500, 1000, 100),
)


class Emitter:
    """`on` is what the pin shall be."""

    def __init__(self, limits: "tuple[int, int, int]", now: int) -> None:
        self._most_ms, self._rest_ms, self._permille = limits
        self._budget = 0  # of on-time, in microseconds
        self._seen = now
        self._until = now
        self._rests_until = now
        self.on = False

    def take(self, ms: int, now: int) -> "tuple[int, int]":
        """(granted ms, why) for a wish; 0 switches off. A wish while it is on can only shorten."""
        self.tick(now)
        if ms == 0:
            self.stop(now)
            return 0, frame.GRANTED
        if self.on:
            self._until = min(self._until, now + ms)
            return self._until - now, frame.GRANTED if self._until == now + ms else frame.RESTING
        granted = min(ms, self._most_ms, self._budget // 1000)
        if now < self._rests_until or granted <= 0:
            return 0, frame.RESTING
        self.on = True
        self._until = now + granted
        if granted == ms:
            return granted, frame.GRANTED
        return granted, frame.LONGEST if granted == self._most_ms else frame.RESTING

    def stop(self, now: int) -> None:
        self.tick(now)
        if self.on:
            self.on = False
            self._rests_until = now + self._rest_ms

    def tick(self, now: int) -> None:
        """Time passed: spend or earn, and go off when it is time."""
        passed = now - self._seen
        self._seen = now
        if not self.on:
            most = self._most_ms * 1000
            self._budget = min(most, self._budget + passed * self._permille)
            return
        self._budget -= passed * 1000  # below zero when the loop was late: that is earned back too
        if now >= self._until:
            self.on = False
            self._rests_until = now + self._rest_ms

    def wait(self, now: int, most: int) -> int:
        """Milliseconds until it goes off, at most `most`."""
        return max(0, min(most, self._until - now)) if self.on else most


class Emitters:
    """All of them; `there` says which the board has."""

    def __init__(self, there: "tuple[bool, ...]", now: int) -> None:
        self._all: "tuple[Any, ...]" = tuple(
            [Emitter(limits, now) if has else None for limits, has in zip(LIMITS, there)]
        )

    def take(self, number: int, ms: int, now: int) -> "tuple[int, int]":
        one = self._all[number] if number < len(self._all) else None
        return (0, frame.NO_EMITTER) if one is None else one.take(ms, now)

    def stop(self, now: int) -> None:
        for one in self._all:
            if one is not None:
                one.stop(now)

    def tick(self, now: int) -> None:
        for one in self._all:
            if one is not None:
                one.tick(now)

    def wait(self, now: int, most: int) -> int:
        for one in self._all:
            if one is not None:
                most = one.wait(now, most)
        return most

    def levels(self) -> "tuple[bool, ...]":
        """What each pin shall be, in the order of frame.EMITTERS."""
        return tuple([one is not None and one.on for one in self._all])

    def flashing(self) -> bool:
        """The white one is on: nothing slow may be begun."""
        return self._all[1] is not None and self._all[1].on
