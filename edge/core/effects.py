"""Everything the core may ask of the world.

A turn of the agent: events -> `Terminal.step` -> effects. All durable effects of the turn (`Append`, `Settle`, `Save`)
are committed first, in one transaction with one fsync; only then are the outward effects performed, in order. So nothing
can be shown, answered, spoken or sent that a power cut could take back.
"""

from __future__ import annotations

from msgspec import Struct

from edge.core.types import Answer, Draft, Head, Json


# -- durable ------------------------------------------------------------------------------------------------------------
class Append(Struct, frozen=True):
    """Sign the draft as the next record of the chain and store it. -> Appended."""

    draft: Draft


class Settle(Struct, frozen=True):
    """Store a verified answer: outcome, result and receipt per record, and the log's checkpoint."""

    answer: Answer


class Save(Struct, frozen=True):
    """Store (or with None remove) a document, encrypted with the device key. Spaces: bill, idem, counter, policy, meta."""

    space: str
    key: str
    value: bytes | None


class Prune(Struct, frozen=True):
    """Let answered records older than `until_utc_ms` and up to `last_seq` go, but not those in
    `keep`; finished documents unchanged since `docs_until_utc_ms` as well. Some at a time. -> Pruned.
    """

    until_utc_ms: int
    docs_until_utc_ms: int
    last_seq: int
    keep: tuple[int, ...] = ()


# -- outward ------------------------------------------------------------------------------------------------------------
class Show(Struct, frozen=True):
    """Put a screen up. Names: idle ways look challenge code card whom confirm working settled provisional confirming
    refused notice out_of_service. Fields hold values and i18n keys, never prose. `left_ms`: time until this screen ends itself."""

    name: str
    visit: int
    fields: Json = {}
    left_ms: int = 0


class Speak(Struct, frozen=True):
    """Say a prompt (an i18n key)."""

    key: str


class Light(Struct, frozen=True):
    """Lamps of the controller. pattern: off | white | guide (slow white) | left | right | ok | no."""

    pattern: str


class Buzz(Struct, frozen=True):
    pattern: str  # short | ok | no


class Flash(Struct, frozen=True):
    """Show these lights in a row on the lamps: "off", a colour, or "left COLOUR", "right COLOUR". -> Lit."""

    number: int
    step_ms: int
    colours: tuple[str, ...]


class ClearTamper(Struct, frozen=True):
    """The controller shall forget that these switches were open. -> Tampered."""

    switches: tuple[str, ...]


class Witness(Struct, frozen=True):
    """Ask the controller's witness what it holds (None), or make it hold this head. -> Witnessed."""

    head: Head | None


class Count(Struct, frozen=True):
    """Ask the counter of a TPM. what: "make" (there is none yet) or "rise" to `to`, one above where it was. -> Counted."""

    what: str
    to: int


class Shoot(Struct, frozen=True):
    """Camera mode: "off", "face" (-> LookSeen at up to 15/s), "light" (the same with exposure and white balance held, and
    no lids looked at) or "code" (-> CodeSeen)."""

    mode: str


class TakeTemplate(Struct, frozen=True):
    """Make the embedding of the next good frontal shot. -> TemplateMade."""


class MeasurePhoto(Struct, frozen=True):
    """Make the embedding of the face on a card's chip photo, with the net that looks. -> PhotoMeasured."""

    photo: bytes


class Ask(Struct, frozen=True):
    """A question that changes nothing at the centre: infno 1101 (who is it), 2206 (estimate), policy, 5203. -> Told.
    Lost questions are not repeated by the rim; the core has the deadline."""

    ask: bytes
    infno: str
    body: Json


class Connect(Struct, frozen=True):
    """One attempt to reach the broker. -> LinkUp or LinkLost."""


class Disconnect(Struct, frozen=True):
    """Leave the broker cleanly."""


class Publish(Struct, frozen=True):
    """Send records first_seq..last_seq as one envelope. -> Freed(token). The same bytes every time."""

    token: int
    first_seq: int
    last_seq: int


class Reply(Struct, frozen=True):
    """Answer a waiting HTTP call."""

    call: int
    status: int
    body: Json


class Changed(Struct, frozen=True):
    """A bill changed: wake the long-polls."""

    bill_id: str
    version: int


class Halt(Struct, frozen=True):
    """The process must end (vital part dead, or clean stop done). systemd starts it again unless code is 0."""

    code: int
    reason: str


Durable = Append | Settle | Save | Prune
Effect = (
    Append
    | Settle
    | Save
    | Prune
    | Show
    | Speak
    | Light
    | Buzz
    | Witness
    | Count
    | ClearTamper
    | Flash
    | Shoot
    | TakeTemplate
    | MeasurePhoto
    | Ask
    | Connect
    | Disconnect
    | Publish
    | Reply
    | Changed
    | Halt
)
