"""Everything a transaction kind may write into a record's body: one patient's case at the moment of
the signature.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from typing import Final

from msgspec import Struct

from edge.core.books.roster import Match
from edge.core.types import Bill, Identity, Json, Mode, Now, Person, Settings, Split, Task, Verdict
from edge.core.visit.settle.paying import Choice

CONSENT_TEXT: Final = (
    "face-consent-1"  # the wording the patient agreed to; the text itself is in the i18n files
)
UTC_MS_MAX: Final = 253_402_214_400_000  # 9999-12-30: what a civil date can show
PERSON_KEY_CHARS: Final = 32
OWN: Final = ("", "本人")  # relation of a person to the holder of the card


class Ticket(Struct, frozen=True):
    """One case, complete. `estimate` is what the patient confirmed; `template` only where the
    centre has not seen it.
    """

    settings: Settings
    bill: Bill
    identity: Identity
    person: Person | None
    mode: Mode
    at: Now
    verdict: Verdict | None = None
    estimate: Split | None = None
    template: bytes = b""
    template_model: str = ""
    consent_utc_ms: int = 0  # 0 = no face was used
    consent_lang: str = "zh-CN"
    choice: Choice = Choice()  # how the person wants their part paid
    cert_type: str = "03"
    match: Match | None = None  # card against face, without the centre
    setl_id: str = ""  # cancel: what is undone
    mdtrt_id: str = ""
    task: Task | None = None  # close_task: what is closed, its `closing` says how
    visit_pass: Json | None = None  # the pass that this uses, and its how-manieth use it is
    omsgid: str = ""  # reverse: which message is taken back, and what it was
    oinfno: str = ""
    reviewer: str = ""  # prescription: the pharmacist who said yes


def civil(settings: Settings, utc_ms: int) -> datetime:
    """The civil time of the place of care."""
    place = timezone(timedelta(minutes=settings.utc_offset_min))
    return datetime.fromtimestamp(min(max(utc_ms, 0), UTC_MS_MAX) / 1000, place)


def inf_time(settings: Settings, utc_ms: int) -> str:
    """yyyy-MM-dd HH:mm:ss, the form of every time in the national interface."""
    return civil(settings, utc_ms).strftime("%Y-%m-%d %H:%M:%S")


def card_key(identity: Identity, person: Person | None) -> str:
    """The key that the same person has offline, by their own card alone; "" when no card was read
    or it is another's (who pays for a child lays down their own)."""
    if not identity.card_no or (person is not None and person.relation not in OWN):
        return ""
    return person_key(identity, None)


def person_key(identity: Identity, person: Person | None) -> str:
    """The same text for the same person, useless for anything else: counts visits per person in an
    outage.
    """
    if person and person.psn_no:
        return _key(f"psn:{person.psn_no}")
    return key_of_card(identity.card_no)


def key_of_card(card_no: str) -> str:
    """The same for whoever shows this card, wherever it is worked out."""
    return _key(f"card:{card_no}")


def _key(name: str) -> str:
    return hashlib.sha256(f"facepay/person/1:{name}".encode()).hexdigest()[:PERSON_KEY_CHARS]
