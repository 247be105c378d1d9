"""Whether this ledger is the newest there is, or an old or foreign copy of it.

Two know better than the disk: the controller's witness, which holds the head it saw last and only
goes forward, offline as well; and the centre, whose signed answers say up to which record it has
us. A ledger that is behind either of them, or has another record where they have one, was restored
or cloned: the terminal takes nothing new, says so to the HIS and the centre, and deletes nothing.
Only a new epoch ends that (`facepay ledger new-epoch`).

The witness is advanced after the turn that made a record durable, never before: ahead of the disk
it would accuse a terminal that only lost its power. Pure.
"""

from __future__ import annotations

from typing import Final

import msgspec

from edge.core import events
from edge.core.effects import Ask, Effect, Save, Witness
from edge.core.events import Event
from edge.core.site import Site
from edge.core.types import Head, Json, Now

META_SPACE: Final = "meta"
INTRODUCED_KEY: Final = "witness"
TALLY_KEY: Final = "tally"  # of the other kind of witness, `parts.counter`
ROLLED_KEY: Final = "rollback"
ASK_BYTES: Final = 16
BEHIND: Final = "E-ROL-01"  # the witness has seen more records than there are here
FOREIGN: Final = "E-ROL-02"  # it has seen another record of that number
SILENT: Final = "E-ROL-03"  # the one that was introduced has not vouched in this boot
FAILED: Final = "E-ROL-04"  # its flash does not take what it is given
BY_THE_CENTRE: Final = frozenset({"E-LOG-02", "E-LOG-06"})  # another record of ours, more of them


class Introduced(msgspec.Struct, frozen=True):
    """Document meta/witness: a controller vouches for this ledger. From then on nothing is taken
    offline without it."""

    uid: str


class Rolled(msgspec.Struct, frozen=True):
    """Document meta/rollback: why nothing is taken in this epoch any more."""

    code: str
    epoch: int


class WitnessDesk:
    """Compares, introduces, closes; implements `parts.Part`. `meta` is what the store kept."""

    def __init__(self, site: Site, meta: dict[str, bytes]) -> None:
        self._site = site
        self._introduced: Introduced | None = None
        if (saved := meta.get(INTRODUCED_KEY)) is not None:
            self._introduced = msgspec.json.decode(saved, type=Introduced)
            site.witness_code = SILENT
        self._rolled: Rolled | None = None
        if (saved := meta.get(ROLLED_KEY)) is not None:
            self._rolled = msgspec.json.decode(saved, type=Rolled)
            site.rolled_code = self._rolled.code
        self._other = TALLY_KEY in meta  # a counter vouched for this ledger
        self._uid = ""  # of the controller that is there
        self._held: Head | None = None
        self._vouches = False  # it has agreed in this boot, and follows
        self._stranger = False  # empty or of another epoch: waits for the centre's word
        self._agreed_seq = -1  # up to where the centre had our very chain when it was last at our head
        self._ask = b""

    def start(self, now: Now) -> list[Effect]:
        """A new epoch has left the old copy behind."""
        if self._rolled is None or self._rolled.epoch >= self._site.ledger.head.epoch:
            return []
        self._rolled, self._site.rolled_code = None, ""
        return [Save(META_SPACE, ROLLED_KEY, None)]

    def step(self, event: Event, now: Now) -> list[Effect]:
        """The controller, our own records, the centre's word."""
        match event:
            case events.BoardUp():
                self._uid, self._vouches = str(event.info.get("uid", "")), False  # another, perhaps
                return [Witness(None)]
            case events.Witnessed():
                return self._witnessed(event)
            case events.Appended() if self._vouches:
                return [Witness(self._site.ledger.head)]
            case events.Answered():
                return self._centre_agrees(event.answer.upto_seq)
            case events.AnswerBad() if event.code in BY_THE_CENTRE:
                return self.close(event.code)
            case events.LinkUp():
                return self._tell_centre()
            case events.LinkLost():
                self._forget_ask()
            case events.Told() if self._ask and event.ask == self._ask:
                self._forget_ask()
            case _:
                pass
        return []

    def deadline(self) -> int | None:
        """Nothing here waits for time."""
        return None

    def closed(self) -> str:
        """The code while the ledger is an old or foreign copy."""
        return self._rolled.code if self._rolled is not None else ""

    def status(self, now: Now) -> Json:
        """Who vouches for the ledger, and up to where."""
        held = self._held
        state = "vouches" if self._vouches else "introduced" if self._introduced else "none"
        return {
            "witness": {
                "state": self._site.witness_code or state,
                "seq": held.seq if held is not None else 0,
            },
            "rollback": self.closed(),
        }

    # -- the controller ----------------------------------------------------------------------------
    def _witnessed(self, event: events.Witnessed) -> list[Effect]:
        head, held = self._site.ledger.head, event.head
        if event.state == "failed":
            self._site.witness_code, self._vouches = FAILED, False
            return []
        if event.state == "empty":
            self._held, self._vouches, self._stranger = None, False, True
            fresh = self._introduced is None and head.seq == 0
            return self._vouch() if fresh else self._introduce()
        self._held = held
        if (held.epoch, held.seq) > (head.epoch, head.seq):
            return self.close(BEHIND)
        if held.epoch < head.epoch or not event.ours:
            self._stranger = True  # of an epoch before, or of a record that was pruned
            return self._introduce()
        return self._vouch() if event.ours == held.hash else self.close(FOREIGN)

    def _vouch(self) -> list[Effect]:
        """It agrees: remember that there is one, and keep it at our head."""
        self._vouches, self._stranger, self._site.witness_code = True, False, ""
        effects: list[Effect] = []
        if self._introduced is None or self._introduced.uid != self._uid:
            self._introduced = Introduced(self._uid)
            value = msgspec.json.encode(self._introduced)
            effects.append(Save(META_SPACE, INTRODUCED_KEY, value))
        if self._other:  # one witness at a time: the next start must not wait for the other
            self._other = False
            effects.append(Save(META_SPACE, TALLY_KEY, None))
        head = self._site.ledger.head
        return effects if self._held == head else [*effects, Witness(head)]

    # -- the centre --------------------------------------------------------------------------------
    def _centre_agrees(self, upto_seq: int) -> list[Effect]:
        """Its answer was accepted: its chain is ours, up to our very head. That is enough to trust
        a controller that knows nothing yet, also one that is heard of only afterwards."""
        if upto_seq == self._site.ledger.head.seq:
            self._agreed_seq = upto_seq
        return self._introduce()

    def _introduce(self) -> list[Effect]:
        """A stranger follows from our head on, while the centre's word is about that very head."""
        at_head = self._agreed_seq == self._site.ledger.head.seq and not self._site.signing
        return self._vouch() if self._stranger and at_head and self._rolled is None else []

    def close(self, code: str) -> list[Effect]:
        """Nothing new is taken in this epoch any more, and the centre hears of it."""
        if self._rolled is not None:
            return []
        self._vouches = False
        self._site.witness_code = self._site.rolled_code = code
        self._rolled = Rolled(code, self._site.ledger.head.epoch)
        save = Save(META_SPACE, ROLLED_KEY, msgspec.json.encode(self._rolled))
        return [save, *self._tell_centre()]

    def _tell_centre(self) -> list[Effect]:
        """An alarm there, signed by us; once for each connection."""
        if self._rolled is None or not self._site.link_up or self._ask:
            return []
        self._ask = self._site.dice.bytes(ASK_BYTES)
        self._site.part_asks.add(self._ask)
        head = self._site.ledger.head
        body = {"code": self._rolled.code, "epoch": head.epoch, "seq": head.seq, "hash": head.hash}
        return [Ask(self._ask, "incident", body)]

    def _forget_ask(self) -> None:
        self._site.part_asks.discard(self._ask)
        self._ask = b""
