"""The centre's log is not what it was: offline acceptance ends until a person at the centre has
looked.

A terminal that found a fork, a shrink or a rewritten leaf tells the centre (`incident`, with an id
of this stop). The centre then gives it no new policy before somebody lifts it, and answers with the
number of its newest policy: only one beyond that number lifts the stop, so that the policy of the
next day does not do it by itself, and neither does one that was signed before anybody knew. Pure.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from edge.core import events
from edge.core.effects import Ask, Effect, Save
from edge.core.events import Event
from edge.core.site import Site
from edge.core.types import Json, Now

META_SPACE: Final = "meta"
STOP_KEY: Final = "stop"
ID_BYTES: Final = 16
ASK_BYTES: Final = 16
UNTOLD: Final = -1  # no policy lifts it: the centre does not know yet
VERSION_MAX: Final = 2**53
# Only what the centre itself signed may stop the terminal. E-LOG-01 (not signed by the centre) can be made by anybody who
# may publish on `down`: it is noted and ignored, or a stranger could switch offline acceptance off.
LOG_ERRORS: Final = frozenset({"E-LOG-02", "E-LOG-03", "E-LOG-04", "E-LOG-05", "E-LOG-06"})


class Stop(msgspec.Struct, frozen=True):
    """Document meta/stop: why offline acceptance ended. A policy beyond `version` lifts it."""

    code: str
    version: int
    id: bytes = b""  # empty: noted by an earlier program; it gets one


class LogStop:
    """Stops, tells, lets a person lift; implements `parts.Part`. `meta` is what the store kept."""

    def __init__(self, site: Site, meta: dict[str, bytes]) -> None:
        self._site = site
        self._stop: Stop | None = None
        if (saved := meta.get(STOP_KEY)) is not None:
            self._stop = msgspec.json.decode(saved, type=Stop)
            site.stop_code = self._stop.code
        self._ask = b""

    def start(self, now: Now) -> list[Effect]:
        """A stop of an earlier program told nobody."""
        stop = self._stop
        if stop is None or stop.id:
            return []
        return self._keep(replace(stop, id=self._site.dice.bytes(ID_BYTES), version=UNTOLD))

    def step(self, event: Event, now: Now) -> list[Effect]:
        """The answers, the link, the policy."""
        match event:
            case events.AnswerBad() if event.code in LOG_ERRORS and self._stop is None:
                stop = Stop(event.code, UNTOLD, self._site.dice.bytes(ID_BYTES))
                return [*self._keep(stop), *self._tell()]
            case events.LinkUp():
                return self._tell()
            case events.LinkLost():
                self._forget_ask()
            case events.Told() if self._ask and event.ask == self._ask:
                return self._told(event)
            case events.PolicyArrived():
                return self._lifted_by(event.policy.version)
            case _:
                pass
        return []

    def deadline(self) -> int | None:
        """Nothing here waits for time."""
        return None

    def closed(self) -> str:
        """What the centre can decide at once is still served."""
        return ""

    def status(self, now: Now) -> Json:
        """Why nothing is accepted offline."""
        return {"stop_code": self._site.stop_code}

    def _keep(self, stop: Stop) -> list[Effect]:
        self._stop, self._site.stop_code = stop, stop.code
        return [Save(META_SPACE, STOP_KEY, msgspec.json.encode(stop))]

    def _tell(self) -> list[Effect]:
        """Until the centre has answered, once for each connection."""
        stop = self._stop
        if stop is None or stop.version != UNTOLD or not self._site.link_up or self._ask:
            return []
        self._ask = self._site.dice.bytes(ASK_BYTES)
        self._site.part_asks.add(self._ask)
        head = self._site.ledger.head
        body = {"code": stop.code, "epoch": head.epoch, "seq": head.seq, "hash": head.hash}
        return [Ask(self._ask, "incident", body | {"stop": stop.id})]

    def _told(self, event: events.Told) -> list[Effect]:
        self._forget_ask()
        version = event.body.get("policy_version")
        known = isinstance(version, int) and 0 <= version <= VERSION_MAX
        if self._stop is None or event.infcode != 0 or not known:
            return []
        assert isinstance(version, int)
        kept = self._keep(replace(self._stop, version=version))
        held = self._site.policy  # its answer was lost and it lifted meanwhile: that policy is here
        return [*kept, *(self._lifted_by(held.version) if held is not None else ())]

    def _lifted_by(self, version: int) -> list[Effect]:
        stop = self._stop
        if stop is None or stop.version == UNTOLD or version <= stop.version:
            return []
        self._stop, self._site.stop_code = None, ""
        return [Save(META_SPACE, STOP_KEY, None)]

    def _forget_ask(self) -> None:
        self._site.part_asks.discard(self._ask)
        self._ask = b""
