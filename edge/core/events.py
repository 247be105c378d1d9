"""Everything that can happen to a terminal. Past tense; frozen; made by the rim, consumed by `Terminal.step`."""

from __future__ import annotations

from msgspec import Struct

from edge.core.books.roster import Part
from edge.core.types import Answer, Bill, BillState, Head, Json, Policy, Task


class Tick(Struct, frozen=True):
    """A deadline passed."""


class StopAsked(Struct, frozen=True):
    """SIGTERM: end the visit cleanly, take nothing new."""


# -- the HIS ------------------------------------------------------------------------------------------------------------
class BillArrived(Struct, frozen=True):
    """POST /v1/bills. `call` names the waiting HTTP request; `body_hash` is SHA-256 of the raw body."""

    call: int
    key: str
    body_hash: bytes
    bill: Bill


class CancelArrived(Struct, frozen=True):
    """POST /v1/bills/{id}/cancel. `state`: the bill from the store, where the core's memory no longer has it."""

    call: int
    key: str
    body_hash: bytes
    bill_id: str
    state: BillState | None = None


class ReverseArrived(Struct, frozen=True):
    """POST /v1/bills/{id}/reverse: take back what is unknown about the bill (2601). `state` as in `CancelArrived`."""

    call: int
    key: str
    body_hash: bytes
    bill_id: str
    state: BillState | None = None


class ReviewArrived(Struct, frozen=True):
    """POST /v1/bills/{id}/review: what the pharmacist says of the prescription that is on the screen."""

    call: int
    key: str
    body_hash: bytes
    bill_id: str
    passed: bool
    operator: str
    reason: str = ""


class TaskCloseArrived(Struct, frozen=True):
    """POST /v1/tasks/{id}/close: somebody settled a task, and says how. `task`: the task from the store, where the core's
    memory no longer has it."""

    call: int
    key: str
    body_hash: bytes
    task_id: str
    how: str
    amount_fen: int
    operator: str
    note: str = ""
    task: Task | None = None


class CloseAsked(Struct, frozen=True):
    """POST /v1/day/close: compare the day with the centre; "" = today."""

    call: int
    day: str = ""


class DayAsked(Struct, frozen=True):
    """GET /v1/day/{yyyymmdd}; "" = all of them."""

    call: int
    day: str = ""


class ReconcileAsked(Struct, frozen=True):
    """GET /v1/reconcile: compare the chain with the centre's log."""

    call: int


class ErrandArrived(Struct, frozen=True):
    """POST /nation-ec: somebody is to be recognised ("auth"), a code to be read ("scan"), or what became of a settlement to
    be shown ("notify"). Fields as in `core.visit.errand.Errand`."""

    call: int
    what: str
    out_biz_no: str = ""
    business: str = "01301"
    success: bool = True
    person: str = ""
    rows: tuple[tuple[str, str], ...] = ()


class ErrandLeft(Struct, frozen=True):
    """The caller of an errand went away: nobody waits for its answer."""

    call: int


class AuthExchanged(Struct, frozen=True):
    """POST /nation-ec cn.nhsa.auth.check: who was recognised under this number?"""

    call: int
    auth_no: str
    out_biz_no: str = ""


class CodeDecoded(Struct, frozen=True):
    """POST /nation-ec ec.query: whose is this code, which another scanner read?"""

    call: int
    code: str
    business: str


class Inquired(Struct, frozen=True):
    """GET /v1/orders, /v1/prices, POST /v1/orders/{no}/decline: a question that goes to the centre as it is.
    what: a name of `parts.inquiries.ASKED`."""

    call: int
    what: str
    body: Json
    show: bool = False  # prices: on the terminal's screen as well


# -- people -------------------------------------------------------------------------------------------------------------
class Pressed(Struct, frozen=True):
    """A button on the page or the board. button: "face" (consent given) "qr" "card" "choose" "confirm" "pay" "cancel"
    "other_way" "no_light" "done". `visit` guards against a press that was meant for an earlier screen (0 = whatever is on); the
    `value` of "confirm" is what its screen said in `asks`, or the mode that was read there ("" = not said), that of "choose" the person or the way to pay."""

    button: str
    value: str = ""
    visit: int = 0


class CardRead(Struct, frozen=True):
    """A reader read a card. cert_type "03" social-security card, "02" ID card; photo: the picture on the chip
    of an ID card, b"" from a reader that gives none, or when it did not come whole."""

    card_no: str
    cert_type: str = "03"
    photo: bytes = b""


class CodeSeen(Struct, frozen=True):
    """The camera, or the controller's reader, read a QR code."""

    text: str


class CodeUnread(Struct, frozen=True):
    """The camera sees a QR code that it cannot read. problem: code_small code_glare code_unclear."""

    problem: str


# -- camera and vision --------------------------------------------------------------------------------------------------
class LookSeen(Struct, frozen=True):
    """What one shot shows. `problem` is None or one of: no_face two_faces too_small too_close too_dark too_bright
    blurred turned off_centre covered camera_trouble. Angles in degrees: yaw > 0 = the patient turned to their own left;
    pitch > 0 = up. eye_open 0 (shut) .. 1 (open) relative to an open eye; live: anti-spoof probability 0..1, or -1 when not evaluated
    (face not frontal); live2: the same of the optional second net. glow: linear light 0..1, red green blue of each region of core.liveness.regions, () without a face.
    face: of every few good shots its template (192 x float32 little-endian), to see that it stays the same one; b"" else.
    eyes: the light of a small window around each iris (core.liveness.specular: EYES_BYTES), b"" where none was measured."""

    shot: int
    at_mono_ms: int
    problem: str | None
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    eye_open: float = 1.0
    live: float = -1.0
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # x y w h, fractions of the shot
    glow: tuple[float, ...] = ()
    infrared: float = -1.0  # how surely the same face is seen in infrared, 0..1; -1 = no such eye
    relief_mm: float = -1.0  # how far the nose stands out in depth; -1 = no such eye, or not measured
    face: bytes = b""
    live2: float = -1.0  # -1 = no second net, or not evaluated
    eyes: bytes = b""


class TemplateMade(Struct, frozen=True):
    """Answer to `TakeTemplate`: the embedding of a frontal shot (192 x float32 little-endian) and the model's sha256."""

    template: bytes
    model: str


class PhotoMeasured(Struct, frozen=True):
    """Answer to `MeasurePhoto`: the embedding of the face on it; template b"" where there is not exactly one."""

    template: bytes
    model: str


class CameraLost(Struct, frozen=True):
    code: str


class CameraBack(Struct, frozen=True):
    pass


# -- the controller -----------------------------------------------------------------------------------------------------
class BoardUp(Struct, frozen=True):
    """HELLO done. info: version, build, board, uid, reset_cause, slot, trial, caps."""

    info: Json


class BoardLost(Struct, frozen=True):
    code: str


class Nearby(Struct, frozen=True):
    """Somebody stands before the terminal, or has left. level: the sensor's, 0..65535, more is nearer."""

    near: bool
    level: int


class Tampered(Struct, frozen=True):
    """What the tamper switches say, at each session and each change. Names: "case" "mount". `latched` was open since it was
    cleared last, also while the power was off."""

    open: tuple[str, ...]
    latched: tuple[str, ...]


class BoardHealth(Struct, frozen=True):
    """Readings of the controller. limits: names of what is beyond its limit (wire.frame.LIMITS)."""

    supply_mv: int
    deci_c: int
    limits: tuple[str, ...]
    free_bytes: int
    worst_ms: int


class BoardLine(Struct, frozen=True):
    """How the cable is: what the controller counted since its start, and our own faults by code."""

    uptime_ms: int
    noise: int
    forged: int
    faults: Json


class Emitted(Struct, frozen=True):
    """What the controller granted of a wish for light. why: granted longest resting no_emitter."""

    emitter: str
    ms: int
    why: str


class Lit(Struct, frozen=True):
    """When each colour of challenge `number` was on the ring, in microseconds since its first."""

    number: int
    at_us: tuple[int, ...]


class ClearTamperAsked(Struct, frozen=True):
    """POST /v1/board/tamper/clear: somebody looked at the terminal and found it whole."""

    call: int


class Witnessed(Struct, frozen=True):
    """What the controller's witness holds. state: "empty" (nothing of this pairing) "held" "behind" (what we offered is
    not ahead of it) "failed" (its flash). `ours`: the hash of our own record of that number, b"" = we have none."""

    state: str
    head: Head
    ours: bytes = b""


class Counted(Struct, frozen=True):
    """What the counter of a TPM says: at the start, after each `Count`, and when it can be read again. state: "empty" (none
    of ours there) "held" "failed" (`code` says why). uid: which counter; it is made once and never the same twice."""

    state: str
    uid: str = ""
    count: int = 0
    code: str = ""


# -- the centre ---------------------------------------------------------------------------------------------------------
class LinkUp(Struct, frozen=True):
    """The broker accepted us (CONNACK 0 and SUBACK)."""


class LinkLost(Struct, frozen=True):
    """The connection ended or could not be made. `refused` = the broker said no (bad credentials), not the network."""

    code: str
    refused: bool = False


class Freed(Struct, frozen=True):
    """The window of envelope `token` is free: PUBACK came (ok) or the broker refused it (not ok). Proves nothing more."""

    token: int
    ok: bool


class Answered(Struct, frozen=True):
    """A cumulative answer that passed every check of `wire.trusted`."""

    answer: Answer


class AnswerBad(Struct, frozen=True):
    """An answer or a policy (E-POL-*) that failed a check. E-LOG-02..05: the centre's own signed word contradicts itself (fork, shrink,
    rewrite), so offline acceptance stops. E-LOG-01 is anybody's noise and stops nothing."""

    code: str


class Told(Struct, frozen=True):
    """The reply to `Ask`: `infcode` 0 ok, -1 a business error with err_msg; body is `output`. `centre_ms`: the signed
    time at which the centre said it (0 = not said)."""

    ask: bytes
    infcode: int
    body: Json
    err_msg: str = ""
    centre_ms: int = 0


class PolicyArrived(Struct, frozen=True):
    """A policy whose signature was verified. hash = SHA-256 of the signed document."""

    policy: Policy
    hash: bytes
    document: bytes


class RosterArrived(Struct, frozen=True):
    """A part of the clinic's roster whose signature was verified."""

    part: Part


class SyncAsked(Struct, frozen=True):
    """POST /v1/sync: somebody wants what waits to be sent now."""

    call: int


# -- the store ----------------------------------------------------------------------------------------------------------
class Appended(Struct, frozen=True):
    """The record is durable: its transaction's fsync returned."""

    seq: int
    txid: bytes
    hash: bytes
    size: int


class Saved(Struct, frozen=True):
    """The documents and answers of a turn are durable; `room_bytes` is what the disk still has beyond the reserve."""

    room_bytes: int


class Pruned(Struct, frozen=True):
    """Old records went: the chain in the store now stands on record `base_seq`. `more`: ask again."""

    base_seq: int
    records: int
    docs: int
    more: bool


class StoreLow(Struct, frozen=True):
    """The reserve is reached: refuse new visits, lose nothing."""

    room_bytes: int


Event = (
    Tick
    | StopAsked
    | BillArrived
    | CancelArrived
    | TaskCloseArrived
    | ReverseArrived
    | ReviewArrived
    | CloseAsked
    | DayAsked
    | ReconcileAsked
    | ErrandArrived
    | ErrandLeft
    | AuthExchanged
    | CodeDecoded
    | Inquired
    | Pressed
    | CardRead
    | CodeSeen
    | CodeUnread
    | LookSeen
    | TemplateMade
    | PhotoMeasured
    | CameraLost
    | CameraBack
    | BoardUp
    | BoardLost
    | Witnessed
    | Counted
    | LinkUp
    | LinkLost
    | Freed
    | Answered
    | AnswerBad
    | Told
    | PolicyArrived
    | RosterArrived
    | Appended
    | Saved
    | StoreLow
    | Pruned
    | SyncAsked
    | Nearby
    | Tampered
    | BoardHealth
    | BoardLine
    | Emitted
    | Lit
    | ClearTamperAsked
)
