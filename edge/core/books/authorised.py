"""Who was recognised for the HIS, under the number that it exchanges once (`cn.nhsa.auth.check`).

In memory only: a person's token is written nowhere, and a restart asks the patient again.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from edge.core.types import Json, Now

TTL_MS: Final = 5 * 60_000
HELD_MAX: Final = 32
NUMBERS_MAX: Final = 256


class Held(Struct, frozen=True):
    """One authorisation that was not exchanged yet."""

    auth_no: str
    out_biz_no: str
    form: Json
    until_mono_ms: int


class Authorised:
    """Bounded; the oldest goes."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._numbers: dict[str, None] = {}  # outBizNo that were used, oldest first

    def fresh(self, out_biz_no: str) -> bool:
        """Whether this number of the HIS is new here; from now on it is not."""
        if out_biz_no in self._numbers:
            return False
        self._numbers[out_biz_no] = None
        while len(self._numbers) > NUMBERS_MAX:
            self._numbers.pop(next(iter(self._numbers)))
        return True

    def hold(self, auth_no: str, out_biz_no: str, form: Json, now: Now) -> None:
        """Keep who it was, for a while."""
        self._held[auth_no] = Held(auth_no, out_biz_no, form, now.mono_ms + TTL_MS)
        while len(self._held) > HELD_MAX:
            self._held.pop(next(iter(self._held)))

    def take(self, auth_no: str, out_biz_no: str, now: Now) -> Json | None:
        """Who it was; once, in time, and for the number it was asked under ("" = not said)."""
        held = self._held.get(auth_no)
        if held is None or out_biz_no not in ("", held.out_biz_no):
            return None
        del self._held[auth_no]
        return held.form if now.mono_ms <= held.until_mono_ms else None
