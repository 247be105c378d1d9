"""One patient in front of the terminal: where the visit stands and what is known so far. The
handlers in identify.py and pay.py work on it; visit.py has the table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from edge.core.books.roster import Match
from edge.core.effects import Effect, Show
from edge.core.events import LookSeen
from edge.core.liveness import Weighed
from edge.core.liveness.response import Lighting, Response
from edge.core.liveness.sequence import Sequence
from edge.core.site import Site
from edge.core.tx import Kind
from edge.core.types import (
    Bill,
    BillState,
    BillStatus,
    Deposit,
    Identity,
    Json,
    Means,
    Mode,
    Now,
    Person,
    Refusal,
    Split,
    Verdict,
)
from edge.core.visit import errand as errands
from edge.core.visit import screens
from edge.core.visit.errand import Errand
from edge.core.visit.face import liveness
from edge.core.visit.settle import paying

ASK_BYTES: Final = 16
TXID_BYTES: Final = 16
PASSWORD_TRIES: Final = 3  # in one visit; how many a person has is the centre's rule


class State(StrEnum):
    """Where a visit can be. All but IDLE and RESULT belong to a bill that is not
    decided here yet.
    """

    IDLE = "idle"
    WAYS = "ways"
    LOOK = "look"
    LIGHT = "light"  # the lamps play, the face answers
    CHALLENGE = "challenge"
    TEMPLATE = "template"
    CODE = "code"
    CARD = "card"
    IDENTIFY = "identify"
    WHOM = "whom"
    PASSWORD = "password"  # noqa: S105 - a state: above the no-password limit
    PROVE = "prove"  # the centre looks at it
    ESTIMATE = "estimate"
    RX_ASK = "rx_ask"  # prescriptions are asked about
    RX_LIST = "rx_list"
    RX_REVIEW = "rx_review"  # the pharmacist reads
    CONFIRM = "confirm"
    PAY = "pay"
    RECORD = "record"  # handed to the store, not yet durable
    ANSWER = "answer"  # durable; the centre's word is awaited
    RESULT = "result"


class Secret:
    """What a visit knows of passwords; never one that was sent."""

    def __init__(self) -> None:
        self.proved = False  # the centre knows the password that was typed
        self.tries = PASSWORD_TRIES
        self.chosen = False  # a new password is at the centre, waiting for the record
        self.typed = ""  # its first entry, until it was typed again


class Case:
    """Mutable while the visit lasts; a new one for every visit."""

    deposit: Deposit | None = None  # of a stay, as the estimate told it
    chip: bytes = b""  # the template of the photo on the card's chip, and its net
    chip_model: str = ""
    match: Match | None = None  # what was compared without the centre
    doubt: Weighed | None = None  # what the first lights left: others are shown

    def __init__(self, site: Site, number: int) -> None:
        self.site = site
        self.number = number
        self.state = State.IDLE
        self.deadline_ms: int | None = None
        self.shown: Show | None = None
        self.bill_id = ""
        self.errand: Errand | None = None  # instead of a bill: for a HIS that settles by itself
        self.base: Json = {}  # baseinfo of 1101, for an errand
        self.gave_up = False  # the centre did not answer in this visit: go on as offline
        self.means: Means | None = None
        self.tries_left = site.settings.liveness_tries_max
        self.spoofed = False
        self.refused = 0  # looks that were, and not only could not be measured
        self.consent_utc_ms = 0
        self.consent_lang = site.settings.lang  # the language the consent was read in
        self.guidance = ""  # the problem that the look screen shows
        self.guidance_seen = ""  # the problem of the last shot
        self.good_shots = 0
        self.clip: liveness.Clip | None = None
        self.verdict: Verdict | None = None
        self.no_light = False  # the patient wishes none, or it could not be used: see `light`
        self.face_ms = 0  # since when this visit looks for a face; 0 = not yet
        self.shots: list[LookSeen] = []  # of this try
        self.drawn: Sequence | None = None
        self.flash_number = 0
        self.flashed_ms = 0
        self.lighting: Lighting | None = None
        self.response: Response | None = None
        self.template_live = -1.0  # what the anti-spoof net says of the shot before the template
        self.template = b""
        self.template_model = ""
        self.card_no = ""
        self.cert_type = "03"
        self.secret = Secret()
        self.ask_id = b""
        self.identity: Identity | None = None
        self.person: Person | None = None
        self.split: Split | None = None
        self.estimated_here = False
        self.rx_ask = ""  # which of the questions about prescriptions is open
        self.rx_rows: tuple[Any, ...] = ()  # what was offered to choose from
        self.reviewer = ""  # the pharmacist, once they have spoken
        self.review_reason = ""
        self.review_no = False
        self.offer: paying.Offer | None = None  # what may pay the person's part
        self.choice = paying.Choice()
        self.asked = 0  # how often an amount was shown to be confirmed
        self.mode = Mode.ONLINE
        self.txid = b""
        self.recorded_ms = 0

    # -- what handlers ask -------------------------------------------------------------------------
    @property
    def bill_state(self) -> BillState:
        """The bill as the HIS sees it."""
        state = self.site.book.get(self.bill_id)
        assert state is not None, "a visit's bill is active, so it is in memory"
        return state

    @property
    def bill(self) -> Bill:
        return self.bill_state.bill if self.errand is None else self.errand.bill

    @property
    def kind(self) -> Kind:
        return self.site.kinds[self.bill.kind]

    def needs(self, what: str) -> bool:
        """The kind asks for it; an errand of the HIS is of no kind."""
        return self.errand is None and what in self.kind.NEEDS

    @property
    def both(self) -> bool:
        """The card says who, the living face beside it that it is them: without the centre, and
        where the kind wants it."""
        return not self.online or self.needs("live")

    @property
    def pay_buttons(self) -> tuple[paying.Button, ...]:
        """What the person can choose between; () = nothing."""
        acct_used = self.bill.acct_used_flag == "1"
        return paying.buttons(self.offer, self.choice, acct_used=acct_used)

    @property
    def asks(self) -> str:
        """The name of the confirm screen that is on: its mode, and which of this visit's it is."""
        return f"{self.mode}.{self.asked}"

    @property
    def online(self) -> bool:
        """The centre can be asked, as far as this visit knows."""
        return self.site.link_up and not self.gave_up

    # -- what handlers do --------------------------------------------------------------------------
    def go(self, state: State, now: Now, lasts_ms: int) -> None:
        """Enter a state that ends by itself after `lasts_ms`."""
        self.state = state
        self.deadline_ms = now.mono_ms + lasts_ms

    def show(self, screen: Show, now: Now, *, alone: bool = False) -> list[Effect]:
        """Put a screen up for as long as the state lasts, with its prompt, lamps, sound and camera;
        `alone` leaves those as they are.
        """
        left_ms = max(0, self.deadline_ms - now.mono_ms) if self.deadline_ms is not None else 0
        self.shown = Show(screen.name, self.number, screen.fields, left_ms)
        return [self.shown] if alone else [self.shown, *screens.beside(screen)]

    def change_bill(self, now: Now, **changes: Any) -> list[Effect]:
        """Change the bill of this visit; an errand's caller is told."""
        if self.errand is not None:
            return errands.ended(self.errand, changes)
        return self.site.book.change(self.bill_id, now, **changes)

    def refuse(
        self, refusal: Refusal, now: Now, status: BillStatus = BillStatus.REFUSED
    ) -> list[Effect]:
        """End the visit without a record: the bill says why, the screen says what can be done
        instead.
        """
        self.go(State.RESULT, now, self.site.settings.result_show_ms)
        effects = self.change_bill(now, status=status, refusal=refusal)
        return effects + self.show(screens.refused(refusal), now)
