"""Do the centre's log and this terminal's chain end with the same record? Not sums: numbers and hashes
(PROTOCOL "chain").

equal · behind (records the centre lacks: they are sent) · alarm (it has records that are not in this
chain, or another record under a number of ours).
"""

from __future__ import annotations

from typing import Any, Final

from edge.core import events
from edge.core.books.his import problem
from edge.core.effects import Effect, Reply
from edge.core.events import Event
from edge.core.site import Site
from edge.core.sync.asking import Asking
from edge.core.types import Answer, Json, Now

CALLS_MAX: Final = 16  # HTTP calls that wait for the one question
GAPS_MAX: Final = 64
PAIR: Final = 2
ALARM: Final = "E-DAY-10"
UNASKED: Final = "E-DAY-11"


class Reconcile:
    """Answers GET /v1/reconcile."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asking = Asking(site)
        self._calls: list[int] = []
        self._said: tuple[int, int, bytes] = (0, 0, b"")  # what was asked: epoch, seq, hash
        self._word: tuple[int, bytes] = (0, b"")  # upto and chain of the last verified answer
        self._alarm = ""

    def start(self, _now: Now) -> list[Effect]:
        """Nothing: it is asked for."""
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """One question, however many wait for its answer."""
        match event:
            case events.ReconcileAsked():
                return self._asked(event.call, now)
            case events.Answered():
                self._heard(event.answer)
            case events.LinkLost():
                self._asking.drop()
                return self._tell(*problem(503, UNASKED, "The network went away", "try again"))
            case events.Told() if self._asking.takes(event):
                return self._told(event)
            case events.Tick():
                again, gave_up = self._asking.due(now)
                if gave_up:
                    no = problem(503, UNASKED, "The centre does not answer", "try again later")
                    return self._tell(*no)
                return again if self._site.link_up else []
            case _:
                pass
        return []

    def deadline(self) -> int | None:
        """The next repetition of the question."""
        return self._asking.deadline()

    def closed(self) -> str:
        """The part that guards against old copies stops the terminal, not this one."""
        return ""

    def status(self, _now: Now) -> Json:
        """What the last comparison found."""
        return {"reconcile": self._alarm}

    def _heard(self, answer: Answer) -> None:
        if answer.upto_seq >= self._word[0]:
            self._word = (answer.upto_seq, answer.chain_hash)

    def _asked(self, call: int, now: Now) -> list[Effect]:
        if not self._site.link_up:
            no = problem(503, UNASKED, "The network is down", "try again when it is back")
            return [Reply(call, *no)]
        if len(self._calls) >= CALLS_MAX:
            return [Reply(call, *problem(503, "E-HIS-27", "Too many wait", "one is enough"))]
        self._calls.append(call)
        if self._asking.open:
            return []
        head = self._site.ledger.head
        self._said = (head.epoch, head.seq, head.hash)
        stream = {"epoch": head.epoch, "seq": head.seq, "hash": head.hash}
        return self._asking.put("chain", {"streams": [stream]}, now)

    def _told(self, event: events.Told) -> list[Effect]:
        streams = event.body.get("streams")
        one = streams[0] if isinstance(streams, list) and streams else None
        epoch, seq, digest = self._said
        if event.infcode != 0 or not isinstance(one, dict) or one.get("epoch") != epoch:
            no = problem(503, UNASKED, "The centre gave no answer that can be read", "tell it")
            return self._tell(*no)
        state, why = self._judge(one)
        self._alarm = ALARM if state == "alarm" else ""
        body = {
            "state": state,
            "why": why,
            "code": self._alarm,
            "epoch": epoch,
            "head_seq": seq,
            "head_hash": digest.hex(),
            "answered_seq": self._site.ledger.answered_seq,
            "centre": {
                "upto": one.get("upto"),
                "chain": _hex(one.get("chain")),
                "lacks": _gaps(one.get("lacks")),
                "extra": _gaps(one.get("extra")),
                "unnamed": _unnamed(event.body.get("unnamed")),
            },
        }
        return self._tell(200, body)

    def _judge(self, one: Json) -> tuple[str, str]:
        _, seq, digest = self._said
        upto, chain = one.get("upto"), one.get("chain")
        if not isinstance(upto, int) or not isinstance(chain, bytes):
            return "alarm", "the centre names no end of its log"
        if upto > seq:
            return "alarm", "the centre has records that this chain does not have"
        if one.get("same") is not True or (upto == seq and seq and chain != digest):
            return "alarm", "the centre has another record under our last number"
        if upto == self._word[0] and self._word[1] and chain != self._word[1]:
            return "alarm", "the centre's chain is not the one that it answered with"
        if upto < self._word[0]:
            return "alarm", "the centre has less than it had signed an answer for"
        return ("equal", "") if upto == seq else ("behind", "records are on their way")

    def _tell(self, status: int, body: Json) -> list[Effect]:
        calls, self._calls = self._calls, []
        return [Reply(call, status, body) for call in calls]


def _hex(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else ""


def _gaps(value: Any) -> list[list[int]]:
    """Intervals of numbers, as many as anybody reads."""
    found = value[:GAPS_MAX] if isinstance(value, list) else []
    pairs = (pair for pair in found if isinstance(pair, list) and len(pair) == PAIR)
    return [pair for pair in pairs if all(isinstance(number, int) for number in pair)]


def _unnamed(value: Any) -> list[Json]:
    """Chains of this terminal's earlier epochs, which it cannot name any more."""
    found = value[:GAPS_MAX] if isinstance(value, list) else []
    return [
        {"epoch": one.get("epoch"), "upto": one.get("upto")}
        for one in found
        if isinstance(one, dict)
    ]
