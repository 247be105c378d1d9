"""Keeps the roster that the policy names: fetched part by part, put in place only when it is whole, let go
when it ends, when the policy names none, and at once when somebody opened the case.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from edge.core import events
from edge.core.books.roster import PARTS_MAX, Part, Roster, decode, encode
from edge.core.effects import Effect, Save
from edge.core.events import Event
from edge.core.site import Site
from edge.core.sync.asking import Asking
from edge.core.types import Json, Now

SPACE: Final = "roster"


class RosterDesk:
    """`docs` is what the store kept."""

    def __init__(self, site: Site, docs: dict[str, bytes]) -> None:
        self._site = site
        self._kept = frozenset(docs)
        found = [part for data in docs.values() if (part := decode(data)) is not None]
        whole = found if found and len(found) == found[0].parts else []
        self._roster = Roster(whole)
        self._asking = Asking(site)
        self._coming: dict[int, Part] = {}
        self._due_ms: int | None = None
        site.roster = self._roster

    def start(self, now: Now) -> list[Effect]:
        """Half a roster, or one of another version of this program, is none."""
        if self._kept and not self._roster.parts:
            return self._let_go()
        return self._expire(now)

    def step(self, event: Event, now: Now) -> list[Effect]:
        """Policy, link, parts, case, clock."""
        match event:
            case events.Tampered() if event.latched:
                return self._let_go()
            case events.LinkUp() | events.PolicyArrived():
                return self._look(now)
            case events.LinkLost():
                self._asking.drop()
                self._coming = {}
            case events.RosterArrived() if self._asking.open:
                self._coming[event.part.number] = event.part
            case events.Told() if self._asking.takes(event):
                return self._told(event, now)
            case events.Tick():
                again, _ = self._asking.due(now)
                return again + self._expire(now)
            case _:
                pass
        return []

    def deadline(self) -> int | None:
        """The next repetition, or the next end of somebody's consent."""
        both = (self._asking.deadline(), self._due_ms)
        return min((one for one in both if one is not None), default=None)

    def closed(self) -> str:
        """Without it the terminal serves as before."""
        return ""

    def status(self, _now: Now) -> Json:
        """How many, of which version and net, until when; the version that the policy names."""
        held, policy = self._roster, self._site.policy
        told: Json = {"version": held.version, "wanted": policy.roster if policy else 0}
        told |= {"people": held.people, "model": held.model, "first_end_ms": held.first_end_ms}
        return {"roster": told}

    # -- fetching ----------------------------------------------------------------------------------
    def _look(self, now: Now) -> list[Effect]:
        """Does the policy name another one than we hold?"""
        wanted = self._site.policy.roster if self._site.policy is not None else 0
        if wanted == self._roster.version:
            return []
        if not wanted:
            return self._let_go()
        if not self._site.link_up or self._asking.open:
            return []
        self._coming = {}
        return self._ask(0, now)

    def _ask(self, number: int, now: Now) -> list[Effect]:
        assert self._site.policy is not None, "it named a roster"
        body = {"version": self._site.policy.roster, "part": number}
        return self._asking.put("roster", body, now)

    def _told(self, event: events.Told, now: Now) -> list[Effect]:
        """One part more; with the last one the whole is put in place. What does not belong together
        is dropped: the next policy or link asks again."""
        wanted = self._site.policy.roster if self._site.policy is not None else 0
        first = self._coming.get(0)
        parts = [self._coming.get(number) for number in range(len(self._coming))]
        good = [part for part in parts if part is not None and first is not None and _fit(part, first)]
        if event.infcode != 0 or first is None or first.version != wanted or len(good) != len(parts):
            self._coming = {}
            return []
        if len(good) < first.parts:
            return self._ask(len(good), now)
        self._coming = {}
        return self._put(good, now)

    def _put(self, parts: list[Part], now: Now) -> list[Effect]:
        gone = self._kept - {_name(part) for part in parts}
        self._hold(Roster(parts), now)
        kept = [Save(SPACE, _name(part), encode(part)) for part in parts]
        return [*kept, *(Save(SPACE, name, None) for name in sorted(gone))]

    # -- letting go --------------------------------------------------------------------------------
    def _let_go(self) -> list[Effect]:
        effects: list[Effect] = [Save(SPACE, name, None) for name in sorted(self._kept)]
        self._kept, self._due_ms, self._coming = frozenset(), None, {}
        self._roster = self._site.roster = Roster()
        return effects

    def _expire(self, now: Now) -> list[Effect]:
        """Whose consent is over is not in the store any more, entry by entry."""
        end_ms = self._roster.first_end_ms
        if not end_ms or now.utc_ms < end_ms:
            self._hold(self._roster, now)
            return []
        left: list[Part] = []
        effects: list[Effect] = []
        for part in self._roster.parts.values():
            still = tuple(one for one in part.entries if one.until_utc_ms > now.utc_ms)
            changed = replace(part, entries=still)
            left.append(changed)
            if len(still) != len(part.entries):
                effects.append(Save(SPACE, _name(part), encode(changed)))
        self._hold(Roster(left), now)
        return effects

    def _hold(self, roster: Roster, now: Now) -> None:
        self._roster = self._site.roster = roster
        self._kept = frozenset(_name(part) for part in roster.parts.values())
        end_ms = roster.first_end_ms
        self._due_ms = now.mono_ms + max(1, end_ms - now.utc_ms) if end_ms else None


def _fit(part: Part, first: Part) -> bool:
    """Shares of one and the same roster."""
    same = (part.version, part.parts, part.model, part.salt) == (
        first.version, first.parts, first.model, first.salt,
    )  # fmt: skip
    return same and 0 < part.parts <= PARTS_MAX


def _name(part: Part) -> str:
    return f"{part.number:03d}"
