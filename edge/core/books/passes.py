"""Visit passes (离线就诊凭据, DOMAIN §4.3): what the centre said of a person when it last settled for them
here, good for a few visits of an outage. Taiwan's counter and Germany's check number in one.

A pass is for this terminal alone, so its counter has one writer. It comes in a decided result, names the
person only by the keys of their cards, and lies in the store under the device key. A record that uses
it says its number and the how-manieth use it is; the centre takes each use once.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from edge.core.effects import Effect, Save
from edge.core.types import Json, Now

SPACE: Final = "pass"
PASSES_MAX: Final = 2_000  # the oldest go
USES_MAX: Final = 99

Short = Annotated[str, Meta(max_length=64)]


class Known(Struct, frozen=True):
    """A recognised disease and its days (慢特病认定)."""

    dise_codg: Short
    begndate: Short
    enddate: Short


class Pass(Struct, frozen=True):
    """`cards`: ticket.person_key of each of the person's cards; `psn`: active, retired or resident, the
    class of the ratio; `used`: so many uses are signed for already.
    """

    pass_id: Short
    cards: Annotated[tuple[Short, ...], Meta(min_length=1, max_length=8)]
    insutype: Short
    psn: Short
    dise: Annotated[tuple[Known, ...], Meta(max_length=32)]
    uses: Annotated[int, Meta(ge=1, le=USES_MAX)]
    until_utc_ms: Annotated[int, Meta(ge=0)]
    used: Annotated[int, Meta(ge=0)] = 0

    def good(self, now: Now) -> bool:
        """Not over, and not used up."""
        return self.used < self.uses and now.utc_ms - now.error_ms < self.until_utc_ms

    def names(self, codes: tuple[str, ...], on: str) -> bool:
        """Whether one of these diseases is recognised on that day, "2026-11-18"."""
        return any(one.dise_codg in codes and one.begndate <= on <= one.enddate for one in self.dise)


def told(body: Json) -> Pass | None:
    """The pass of a result; None when there is none, or none that can be read: a pass is an extra, the
    settlement it comes with stands.
    """
    try:
        found = msgspec.convert(body.get("visit_pass"), Pass)
    except msgspec.ValidationError:
        return None
    return replace(found, used=0)


class Passes:
    """Bounded; a person has one, the newest."""

    def __init__(self, docs: dict[str, dict[str, bytes]]) -> None:
        found = (msgspec.json.decode(one, type=Pass) for one in docs.get(SPACE, {}).values())
        self._passes: dict[str, Pass] = {one.pass_id: one for one in found}
        self._of = {card: one.pass_id for one in self._passes.values() for card in one.cards}

    def of(self, card_key: str, now: Now) -> Pass | None:
        """The good pass of the person with this card."""
        found = self._passes.get(self._of.get(card_key, ""))
        return found if found is not None and found.good(now) else None

    def took(self, body: Json, now: Now) -> list[Effect]:
        """A decided result: its pass takes the place of the person's last one."""
        new = told(body)
        if new is None or not new.good(now) or new.pass_id in self._passes:
            return []
        gone = {self._of[card] for card in new.cards if card in self._of}
        gone |= {one.pass_id for one in self._passes.values() if now.utc_ms >= one.until_utc_ms}
        rest = [key for key in self._passes if key not in gone]
        gone |= set(rest[: max(0, len(rest) + 1 - PASSES_MAX)])
        effects = [self._drop(pass_id) for pass_id in sorted(gone)]
        self._passes[new.pass_id] = new
        self._of |= dict.fromkeys(new.cards, new.pass_id)
        return [*effects, self._save(new)]

    def use(self, taken: Pass) -> tuple[Json, Effect]:
        """One use: what the record says of it, and the counter in the record's own turn."""
        assert taken.used < taken.uses, "asked `of` in this turn"
        now = replace(taken, used=taken.used + 1)
        self._passes[now.pass_id] = now
        return {"pass_id": now.pass_id, "number": now.used}, self._save(now)

    def _drop(self, pass_id: str) -> Effect:
        for card in self._passes.pop(pass_id).cards:
            if self._of.get(card) == pass_id:
                del self._of[card]
        return Save(SPACE, pass_id, None)

    @staticmethod
    def _save(one: Pass) -> Effect:
        return Save(SPACE, one.pass_id, msgspec.json.encode(one))


def json_of(one: Pass) -> dict[str, Any]:
    """The pass as a result carries it."""
    plain: dict[str, Any] = msgspec.to_builtins(one)
    del plain["used"]
    return plain
