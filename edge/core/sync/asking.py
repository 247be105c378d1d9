"""One question to the centre at a time, asked again while its answer stays away, and given up at
last.

A question changes nothing there and carries its own id, so repeating it costs nothing but bytes.
"""

from __future__ import annotations

from typing import Final

from edge.core.effects import Ask, Effect
from edge.core.events import Told
from edge.core.site import Site
from edge.core.types import Json, Now

ASK_BYTES: Final = 16
AGAIN_MS: Final = 5_000
TRIES_MAX: Final = 8


class Asking:
    """Used by the parts. While a question is open its answer counts as a word of now."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._ask: Ask | None = None
        self._tries = 0
        self._again_ms = 0

    @property
    def open(self) -> bool:
        """An answer is awaited."""
        return self._ask is not None

    def put(self, infno: str, body: Json, now: Now) -> list[Effect]:
        """Ask. The last question is forgotten, its answer will be nobody's."""
        self.drop()
        self._ask = Ask(self._site.dice.bytes(ASK_BYTES), infno, body)
        self._site.part_asks.add(self._ask.ask)
        self._tries, self._again_ms = 1, now.mono_ms + AGAIN_MS
        return [self._ask]

    def takes(self, event: Told) -> bool:
        """Is it the answer to the open question? Then the question is closed."""
        mine = self._ask is not None and event.ask == self._ask.ask
        if mine:
            self.drop()
        return mine

    def drop(self) -> None:
        """No answer is awaited any more."""
        if self._ask is not None:
            self._site.part_asks.discard(self._ask.ask)
        self._ask = None

    def due(self, now: Now) -> tuple[list[Effect], bool]:
        """(the repetition if it is time, True = asked often enough: given up)."""
        if self._ask is None or now.mono_ms < self._again_ms:
            return [], False
        if self._tries >= TRIES_MAX:
            self.drop()
            return [], True
        self._tries += 1
        self._again_ms = now.mono_ms + AGAIN_MS
        return [self._ask], False

    def deadline(self) -> int | None:
        """When `due` has something to do, in ms since boot."""
        return self._again_ms if self._ask is not None else None
