"""What a HIS of the national way asks of the terminal (`POST /nation-ec`): one errand waits for its
turn before the terminal, numbers are exchanged, codes are decoded by the centre."""

from __future__ import annotations

from typing import Final

from edge.core import events
from edge.core.books.his import no_new_work, problem
from edge.core.effects import Effect, Reply
from edge.core.events import Event
from edge.core.site import Site
from edge.core.sync.asking import Asking
from edge.core.types import Json, Now, Person
from edge.core.visit import errand
from edge.core.visit.errand import Errand
from edge.core.visit.persons import people_of

CODE_CHARS_MAX: Final = 64
NO_NETWORK: Final = ("E-HIS-38", "The centre cannot be asked now", "try again with the network")
UNKNOWN_NO: Final = ("E-HIS-37", "Unknown, used or expired authNo", "let the patient authorise again")
BUSY: Final = ("E-HIS-35", "Another request waits before the terminal", "ask again when it is free")
AGAIN: Final = ("E-HIS-35", "This outBizNo was used before", "a new number for each authorisation")


class Errands:
    """Its one waiting errand is taken by the terminal when nobody is served."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting: Errand | None = None
        self._asking = Asking(site)
        self._decoding = 0  # the call that waits for a code's person
        self._closed = ""

    def next(self) -> Errand | None:
        """Whose turn it is, once."""
        found, self._waiting = self._waiting, None
        return found

    def show(self, shown: Errand) -> None:
        """Something to read, if nobody else waits for the screen."""
        if self._waiting is None and not self._closed:
            self._waiting = shown

    @property
    def waits(self) -> bool:
        """Somebody waits."""
        return self._waiting is not None

    def closed_by(self, why: str) -> None:
        """The terminal's own word: why nothing new is taken, "" = open."""
        self._closed = why

    def start(self, _now: Now) -> list[Effect]:
        """Nothing survives a restart."""
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """One event."""
        match event:
            case events.ErrandArrived():
                return self._arrived(event)
            case events.ErrandLeft():
                if self._waiting is not None and self._waiting.call == event.call:
                    self._waiting = None
            case events.AuthExchanged():
                form = self._site.authorised.take(event.auth_no, event.out_biz_no, now)
                no = problem(404, *UNKNOWN_NO)
                return [Reply(event.call, *no) if form is None else Reply(event.call, 200, form)]
            case events.CodeDecoded():
                return self._decode(event, now)
            case events.Told() if self._asking.takes(event):
                return self._decoded(event)
            case events.LinkLost():
                self._asking.drop()
                return self._give_up()
            case events.Tick():
                again, gave_up = self._asking.due(now)
                return self._give_up() if gave_up else again
            case _:
                pass
        return []

    def deadline(self) -> int | None:
        """The next repetition of the question."""
        return self._asking.deadline()

    def closed(self) -> str:
        """This part stops nothing."""
        return ""

    def status(self, _now: Now) -> Json:
        """Nothing: an errand is seen on the screen."""
        return {}

    def _arrived(self, event: events.ErrandArrived) -> list[Effect]:
        if (no := no_new_work(self._closed)) is not None:
            return [Reply(event.call, *no)]
        if self._waiting is not None:
            return [Reply(event.call, *problem(409, *BUSY))]
        if event.what == errand.AUTH and not self._site.authorised.fresh(event.out_biz_no):
            return [Reply(event.call, *problem(409, *AGAIN))]
        fields = {name: getattr(event, name) for name in event.__struct_fields__}
        self._waiting = Errand(**fields)
        return []

    # -- ec.query ----------------------------------------------------------------------------------
    def _decode(self, event: events.CodeDecoded, now: Now) -> list[Effect]:
        if not self._site.link_up:
            return [Reply(event.call, *problem(503, *NO_NETWORK))]
        if self._asking.open:
            return [Reply(event.call, *problem(409, *BUSY))]
        self._decoding = event.call
        org = self._site.settings.fixmedins_code
        body = {"means": "qr", "ecQrCode": event.code, "businessType": event.business, "orgId": org}
        return self._asking.put("1101", body, now)

    def _decoded(self, event: events.Told) -> list[Effect]:
        call, self._decoding = self._decoding, 0
        people: tuple[Person, ...] = people_of(event.body) if event.infcode == 0 else ()
        if not people:
            code = event.body.get("code", "")
            why = code if isinstance(code, str) and code else "no_person"
            return [Reply(call, *problem(422, "E-HIS-36", why[:40], "let the patient show a new code"))]
        form = errand.identity_form(people[0], errand.told_base(event.body))
        auth_no = event.body.get("authNo", "")
        return [Reply(call, 200, form | {"authNo": auth_no if isinstance(auth_no, str) else ""})]

    def _give_up(self) -> list[Effect]:
        call, self._decoding = self._decoding, 0
        return [Reply(call, *problem(503, *NO_NETWORK))] if call else []
