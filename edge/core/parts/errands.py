"""What a HIS of the national way asks of the terminal (`POST /nation-ec`): one errand waits for its
turn before the terminal, numbers are exchanged, codes are decoded by the centre."""

from __future__ import annotations

from typing import Final

from edge.core import events
from edge.core.books.his import no_new_work, problem
from edge.core.effects import Effect, Reply
from edge.core.events import Event
from edge.core.site import Site
from edge.core.sync.calling import Calling, why_not
from edge.core.types import Json, Now, Person
from edge.core.visit import errand
from edge.core.visit.errand import Errand
from edge.core.visit.who.persons import people_of

CODE_CHARS_MAX: Final = 64
UNKNOWN_NO: Final = ("E-HIS-37", "Unknown, used or expired authNo", "let the patient authorise again")
BUSY: Final = ("E-HIS-35", "Another request waits before the terminal", "ask again when it is free")
AGAIN: Final = ("E-HIS-35", "This outBizNo was used before", "a new number for each authorisation")


class Errands:
    """Its one waiting errand is taken by the terminal when nobody is served."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting: Errand | None = None
        self._decoding = Calling(site, BUSY)  # a code's person
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
            case events.Told() if self._decoding.takes(event):
                return self._decoded(event)
            case _:
                return self._decoding.step(event, now)
        return []

    def deadline(self) -> int | None:
        """The next repetition of the question."""
        return self._decoding.deadline()

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
        org = self._site.settings.fixmedins_code
        body = {"means": "qr", "ecQrCode": event.code, "businessType": event.business, "orgId": org}
        return self._decoding.ask(event.call, "1101", body, now)

    def _decoded(self, event: events.Told) -> list[Effect]:
        call, self._decoding.call = self._decoding.call, 0
        people: tuple[Person, ...] = people_of(event.body) if event.infcode == 0 else ()
        if not people:
            why = why_not(event.body, "no_person")
            return [Reply(call, *problem(422, "E-HIS-36", why, "let the patient show a new code"))]
        form = errand.identity_form(people[0], errand.told_base(event.body))
        auth_no = event.body.get("authNo", "")
        return [Reply(call, 200, form | {"authNo": auth_no if isinstance(auth_no, str) else ""})]
