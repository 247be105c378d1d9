"""Is what comes out of the camera a camera's: does it go on, change, keep its format and its pace?

A sensor never gives the same picture twice. One that repeats (E-CAM-08) or changes its format
(E-CAM-09) is started again; one that is slow goes on, but nobody is judged by it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.drivers.vision import Picture, Rgb

REPEATS_MS = 2_000  # the same picture for so long
REPEATS_SHOTS = 8  # and so often: a slow reader sees few
SIDE_MIN = 120  # px: less is no camera for faces
PACE_MS = 3_000  # the pace is that of the last so many ms
SHOTS_PER_S_MIN = 3.0  # below, a blink is missed
STEP = 8  # every eighth pixel tells two pictures apart


class Feed:
    """One run of the camera. Times are the shots' own."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()
        self._last: bytes = b""
        self._same_since_ms = 0
        self._same = 0
        self._times: deque[tuple[int, int]] = deque(maxlen=256)  # when, which number
        self.moves = False  # two different pictures came: it is alive

    def take(self, shot: Picture, *, watching: bool) -> bool:
        """Whether the shot may be judged. Idle, the camera is asked too seldom to say. E-CAM-08,
        E-CAM-09.
        """
        self._hold_format(shot.rgb)
        self._see_change(shot, watching=watching)
        return self._in_pace(shot, watching=watching)

    def _hold_format(self, rgb: Rgb) -> None:
        if min(rgb.shape[:2]) < SIDE_MIN:
            raise EdgeError("E-CAM-09", f"a picture of {rgb.shape[1]}x{rgb.shape[0]} px")
        if self._shape and rgb.shape != self._shape:
            raise EdgeError("E-CAM-09", f"from {self._shape} to {rgb.shape} in the middle")
        self._shape = rgb.shape

    def _see_change(self, shot: Picture, *, watching: bool) -> None:
        coarse = shot.rgb[::STEP, ::STEP]
        sign = coarse.tobytes()
        blank = int(coarse.min()) == int(coarse.max())  # a covered lens: said as darkness
        if sign != self._last or blank or not watching:
            self.moves = self.moves or (bool(self._last) and sign != self._last)
            self._last, self._same, self._same_since_ms = sign, 0, shot.at_mono_ms
            return
        self._same += 1
        if self._same >= REPEATS_SHOTS and shot.at_mono_ms - self._same_since_ms >= REPEATS_MS:
            raise EdgeError("E-CAM-08", f"the same picture {self._same} times")

    def _in_pace(self, shot: Picture, *, watching: bool) -> bool:
        if not watching:
            self._times.clear()
            return True
        self._times.append((shot.at_mono_ms, shot.number))
        while shot.at_mono_ms - self._times[0][0] > PACE_MS and len(self._times) > 2:  # noqa: PLR2004
            self._times.popleft()
        took = shot.at_mono_ms - self._times[0][0]
        shots = shot.number - self._times[0][1]
        return took < PACE_MS / 2 or shots * 1000 >= SHOTS_PER_S_MIN * took
