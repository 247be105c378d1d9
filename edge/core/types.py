"""The nouns of the product: what the core, the wire, the HIS API and the reference centre all speak of.

Pure data. Money is an integer in fen (unit last); bodies that leave the terminal carry the national field names with
money as a decimal string of exactly two places (`core.money.yuan`). Times: `*_utc_ms` wall clock, `*_mono_ms` since boot.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from edge.core.wishes import Activation as Activation  # noqa: PLC0414 - one address for every noun
from edge.core.wishes import Admission as Admission  # noqa: PLC0414
from edge.core.wishes import Away as Away  # noqa: PLC0414
from edge.core.wishes import Remit as Remit  # noqa: PLC0414
from edge.core.wishes import Service as Service  # noqa: PLC0414
from edge.core.work import Closing as Closing  # noqa: PLC0414
from edge.core.work import Task as Task  # noqa: PLC0414
from edge.core.work import TaskStatus as TaskStatus  # noqa: PLC0414

Json = dict[str, Any]

LINES_MAX = 200  # fee lines in one bill (the national `input` is limited to 40,000 characters)
AMOUNT_FEN_MAX = 10_000_000_00  # one bill; more is a typing mistake
TEXT_MAX = 200
BODY_BYTES_MAX = (
    96 * 1024
)  # a record's sealed plaintext; a bill that would not fit is refused at the door


class Now(Struct, frozen=True):
    """One reading of both clocks. `error_ms` bounds |utc_ms - true time| as far as we know."""

    utc_ms: int
    mono_ms: int
    error_ms: int = 0


class Dice(Protocol):
    """Randomness handed to the core: `secrets` in production, a seeded generator in the simulator."""

    def bytes(self, count: int) -> bytes: ...
    def below(self, limit: int) -> int: ...


class Means(StrEnum):
    """How the patient says who they are."""

    FACE = "face"
    QR = "qr"
    CARD = "card"


class Mode(StrEnum):
    """What the terminal claimed when it signed the record."""

    ONLINE = "online"  # the link was up and identity and estimate came from the centre
    PROVISIONAL = "provisional"  # 待结算: within the signed policy; the centre decides later
    QUEUED = "queued"  # carries no money (2201 registration): may wait for the network


class Outcome(StrEnum):
    """The centre's decision on a record (DOMAIN §4.4)."""

    SETTLED = "settled"
    ADJUSTED = "adjusted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    EXPIRED = "expired"
    SUSPECT = "suspect"


class BillStatus(StrEnum):
    """Where a bill stands, as the HIS sees it."""

    WAITING = "waiting"  # accepted, in the terminal's queue
    IN_VISIT = "in_visit"  # the patient is in front of the terminal
    WORKING = "working"  # recorded and sent; the answer is awaited
    CONFIRMING = "confirming"  # no answer in time: UNKNOWN, never failure; nothing is charged twice
    PROVISIONAL = "provisional"  # recorded within the policy; the centre decides
    SETTLED = "settled"
    ADJUSTED = "adjusted"
    REJECTED = "rejected"  # the centre said no
    REFUSED = "refused"  # the visit ended without a record (liveness, no person, policy, patient walked away)
    CANCELLED = "cancelled"  # withdrawn before a record, or undone by 2208/2103


FINAL = frozenset(
    {
        BillStatus.SETTLED,
        BillStatus.ADJUSTED,
        BillStatus.REJECTED,
        BillStatus.REFUSED,
        BillStatus.CANCELLED,
    }
)


class FeeLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of 2204 or 2301 费用明细. `cnt` and `pric` are decimal strings (16,4 and 16,6); the amount is in fen.
    `init_feedetl_sn`: what an inpatient's line gives back, in full or in part; its `cnt` and amount are below zero."""

    feedetl_sn: str
    med_list_codg: str
    medins_list_name: str
    amount_fen: int
    cnt: str = "1"
    pric: str = ""
    init_feedetl_sn: str = ""


class Bill(Struct, frozen=True, forbid_unknown_fields=True):
    """What the HIS asks to be handled: one of the kinds in `core/tx/`.

    kind "register" (2201), "settle" (2204+2207), "pharmacy" (2102), "chronic" (2203A+2204+2207 for a
    recognised disease, `dise_codg`), "file_away" (2501, `away`), "prescription" (2102 on the
    electronic prescription `rxno`, "" = the patient chooses), "delivery" (2102 for the hub's order
    `order_no`, paid by the account alone), "admit" (2401, `admission`), "deposit" (money of the
    patient's own for the stay `mdtrt_id`), "inpatient" (2301+2402+2304 for the stay `mdtrt_id`; `lines` are those that
    were not uploaded before), "activate" (`activation`), "step" (of the visit `mdtrt_id`, `business`), "card_info",
    "card_replace" (`service`), "subsidies". `begntime`: when the fee arose, "" = now. `bill_no` is the HIS's own number (unique there).
    `mdtrt_id` may be empty: the record then registers first. `acct_used_flag` "1" lets the personal account pay.
    `prefer`: "prefer_online"; "require_online" (never without the centre); "force_provisional" (record without asking the
    centre although the link is up, because the platform behind it is known to be down: only where the policy's `force`
    allows it, within every cap; it never makes an outage longer, and the centre decides).
    """

    kind: str
    bill_no: str
    amount_fen: int
    lines: tuple[FeeLine, ...] = ()
    med_type: str = "11"
    insutype: str = ""
    mdtrt_id: str = ""
    dept_code: str = ""
    dept_name: str = ""
    dr_name: str = ""
    atddr_no: str = ""
    acct_used_flag: str = "1"
    prefer: str = "prefer_online"  # prefer_online | require_online | force_provisional
    dise_codg: str = ""
    dise_name: str = ""
    begntime: str = ""  # "2026-11-18 08:00:00"
    away: Away | None = None
    rxno: str = ""  # hiRxno of an electronic prescription
    admission: Admission | None = None
    order_no: str = ""  # of the order hub
    remit: Remit | None = None  # wallet_send
    activation: Activation | None = None
    service: Service | None = None
    business: str = ""  # businessType of a step of a visit: 01201, 01302, 01303


class Person(Struct, frozen=True):
    """Somebody the centre told us about in 1101. Names arrive masked (张*); the token stands for the person."""

    psn_no: str
    psn_name: str
    insutype: str
    insuplc_admdvs: str
    ec_token: str  # ecToken; mdtrt_cert_no of the settlement, mdtrt_cert_type 01
    relation: str = "本人"
    pwd_flag: str = ""  # "0": this person has no e-voucher password


class Identity(Struct, frozen=True):
    """What was proved before the transaction, by which means, and who may be served."""

    means: Means
    auth_no: str  # the centre's authNo; "" when offline
    people: tuple[Person, ...]  # first the person themself, then relatives who gave consent
    card_no: str = ""  # mdtrt_cert_no of type 03, only for Means.CARD


class LightProof(Struct, frozen=True):
    """The lights of the look and what the face answered: the centre draws the sequence again from the nonce."""

    nonce: bytes
    step_ms: int
    steps: tuple[str, ...]
    sequence: str  # its digest, hex
    lit_ms: tuple[int, ...]  # when each step was on the lamps, from the first
    answers: tuple[tuple[int, int, int], ...]  # red green blue added, per mille of the face's own light


class Verdict(Struct, frozen=True):
    """The liveness decision with everything needed to judge it later. Goes into the record; pictures do not."""

    live: bool
    score: float  # mean of the anti-spoof net over the clip, 0..1
    shots: int
    steps: tuple[str, ...]  # the challenge drawn for this visit, in order
    reasons: tuple[
        str, ...
    ]  # why not: "spoof_score", "wrong_gesture", "step_timeout", "face_lost", "face_changed"
    models: tuple[tuple[str, str], ...]  # (name, sha256)
    threshold: float
    checks: tuple[tuple[str, float, float, str], ...] = ()  # name, value, limit, pass | fail | unknown
    odds: float = 0.0  # fused, natural logarithm
    light: LightProof | None = None


class Split(Struct, frozen=True):
    """Who pays what of a bill, in fen. Both identities of DOMAIN §0.6 hold exactly (`core.money.check_split`).

    medfee = fulamt_ownpay + overlmt_selfpay + preselfpay + inscp_scp
    medfee = fund_pay (sum of the funds) + acct_pay + acct_mulaid_pay + psn_cash_pay + hosp_part
    """

    medfee_sumamt_fen: int
    fulamt_ownpay_amt_fen: int
    overlmt_selfpay_fen: int
    preselfpay_amt_fen: int
    inscp_scp_amt_fen: int
    act_pay_dedc_fen: int
    hifp_pay_fen: int
    hifmi_pay_fen: int = 0
    hifob_pay_fen: int = 0
    cvlserv_pay_fen: int = 0
    maf_pay_fen: int = 0
    oth_pay_fen: int = 0
    fund_pay_sumamt_fen: int = 0
    acct_pay_fen: int = 0
    acct_mulaid_pay_fen: int = 0
    psn_cash_pay_fen: int = 0
    hosp_part_amt_fen: int = 0
    balc_fen: int = 0  # account balance after


class Paid(Struct, frozen=True):
    """One sum of the person's own part and where it came from. pay_type: acct, mulaid, cash, …"""

    pay_type: str
    amount_fen: int
    psn_name: str = ""  # of a relative, masked
    relation: str = ""
    scope: str = ""  # pool | province: where the relative is insured
    pay_ordid: str = ""
    capt_no: str = ""  # the bank's number
    due_date: str = ""  # credit: when it is to be repaid


class Deposit(Struct, frozen=True):
    """Where the money of a stay stands, as the centre told it: the patient's own deposit (预交金) against their part."""

    deposit_fen: int = 0  # all that is paid in and not given back
    used_fen: int = 0  # of it, for the person's own part at the settlement
    refund_fen: int = 0  # given back at the settlement
    collect_fen: int = 0  # still to be paid at the settlement
    arrears_fen: int = 0  # before it: what the own part is above the deposit so far


class Refusal(Struct, frozen=True):
    """A business "no": `code` names the reason (an i18n key), `next_steps` what the person can do instead."""

    code: str
    next_steps: tuple[str, ...] = ()
    detail: Json = {}


class Draft(Struct, frozen=True):
    """A transaction that is complete but for its place in the chain and its signature.

    `body` has national field names and goes to the centre sealed; `local` is what this terminal must still know after a
    restart (bill id, amount, fund part, person key hash, slip lines) and is stored under the device key.
    """

    txid: bytes  # 16 bytes, made once, before the first send
    kind: str
    mode: Mode
    body: Json
    local: Json
    policy_hash: bytes  # 32 bytes, or 32 zero bytes for the built-in P0
    at: Now


class Head(Struct, frozen=True):
    """The end of the chain: number and hash of the last record (seq 0 and zeros before the first)."""

    epoch: int
    seq: int
    hash: bytes


class Entry(Struct, frozen=True):
    """One ledger line as the core remembers it."""

    seq: int
    txid: bytes
    kind: str
    mode: Mode
    size: int
    local: Json
    outcome: Outcome | None = None
    hash: bytes = b""  # of the exact bytes: a task names the record it is about


class Result(Struct, frozen=True):
    """The centre's decision on one record, already verified: signature, chain, receipt, inclusion, consistency."""

    seq: int
    outcome: Outcome
    body: Json  # opened result: setlinfo / mdtrt_id / err_msg / difference
    receipt: bytes  # COSE receipt, kept for proof


class Credit(Struct, frozen=True):
    """Flow control from the centre."""

    window: int = 20  # envelopes under way
    pace_ms: int = 0  # pause between envelopes
    spread_ms: int = 60_000  # first reconnect is spread over at least this


class Answer(Struct, frozen=True):
    """A verified cumulative answer: everything up to `upto_seq` is decided."""

    number: int
    epoch: int
    upto_seq: int
    chain_hash: bytes  # hash of record `upto_seq` as the centre has it
    results: tuple[Result, ...]
    centre_utc_ms: int
    credit: Credit
    tree_size: int
    root: bytes


class Caps(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of offline acceptance (DOMAIN §4.3). Amounts in fen."""

    fund_part_max_fen: int = 200_00
    total_max_fen: int = 500_00
    per_person_per_outage: int = 2
    records_max: int = 100
    fund_exposure_max_fen: int = 5_000_00
    hours_since_centre_max: int = 24
    catalogue_age_days_max: int = 7
    clock_back_max_ms: int = 60_000
    attest_days_max: int = 30  # since the centre last signed that this terminal's policy holds
    records_age_hours_max: int = 72  # of the oldest undecided record: then it would expire unread


class LivenessBand(Struct, frozen=True, forbid_unknown_fields=True):
    """What is demanded of a look from an amount on: checks by name (core.liveness.checks), and the fused odds.
    What it does not say of `instead` and `limits` is as the rules say (core.liveness.for_amount)."""

    from_fen: int = 0
    must: tuple[str, ...] = ("passive", "gesture")
    odds_min: float = -30.0  # natural logarithm; so low demands nothing of them
    instead: tuple[str, ...] | None = None  # None = the rules'; () = no face without light
    limits: dict[str, float] = {}  # check -> its limit for these amounts


class LivenessRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How a living person is told from a picture of one. `instead`: what must pass where light cannot be used (no lamps,
    sun, a patient whom flashing does not suit); empty = another way of identification. `limits`: check -> its limit. `gestures`: the kinds that are drawn from: turn, blink, dot.
    `doubts`: check -> from which value on its failure under the lamps is asked again with as many other lights (core.liveness.in_doubt).
    `lockout_ms`: how long faces rest after a visit whose tries were all refused (core.visit.face.resting); 0 = not at all."""

    bands: tuple[LivenessBand, ...] = (LivenessBand(),)
    instead: tuple[str, ...] = ("passive", "gesture")
    limits: dict[str, float] = {}
    tries_max: int = 3
    time_limit_ms: int = 60_000  # of all tries together
    gestures: tuple[str, ...] = ("turn", "blink")
    lockout_ms: int = 300_000
    doubts: dict[str, float] = {}


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """The signed limits. P0 strict (nothing with money offline), P1 provisional within `caps`, P2 off."""

    profile: str  # "P0" | "P1" | "P2"
    version: int
    issued_utc_ms: int
    valid_until_utc_ms: int
    caps: Caps
    allow: tuple[str, ...]  # transaction kinds that may be provisional
    face_nopassword_max_fen: int
    liveness_threshold: float
    liveness_steps: int
    answer_wait_ms: int = 8_000
    rules: Json = {}  # benefit rules for the estimate (as sim/centre/rules data, region of this terminal)
    rules_utc_ms: int = 0  # age of catalogue and rules
    absorb_max_fen: int = 500  # the institution bears what a patient would still owe up to here
    force: bool = False  # the HIS may ask for a provisional record although the link is up
    liveness: LivenessRules = LivenessRules()
    roster: int = 0  # the version of the clinic's roster that the centre has for this terminal
    offline_match_min: float = 0.0  # cosine of card and face without the centre; 0 = not demanded
    hospital_keys: dict[str, bytes] = {}  # who may sign prescriptions: code -> SHA-256 of the key; {} = any


class Unknown(Struct, frozen=True):
    """A bill whose outcome nobody here knows: since when, what the centre said when it was asked (5203), what to do."""

    since_utc_ms: int
    asked: int = 0
    centre_has: str = ""  # "yes" = booked there, its signed answer is on the way · "no" · "" = it has not said
    next_steps: tuple[str, ...] = ("wait",)  # wait · wait_network · reverse · ask_staff


class BillState(Struct, frozen=True):
    """A bill with its history; stored as a document in the same SQLite transaction as the record it caused."""

    bill_id: str
    bill: Bill
    status: BillStatus
    version: int  # rises with each change; the HIS's long-poll waits for it
    created_utc_ms: int
    updated_utc_ms: int
    seq: int = 0  # the record that settles it
    cancel_seq: int = 0
    means: str = ""
    psn_no: str = ""
    split: Split | None = None  # estimate, then the centre's
    estimate: Split | None = None
    setl_id: str = ""
    mdtrt_id: str = ""
    refusal: Refusal | None = None
    slip: tuple[tuple[str, str], ...] = ()  # (i18n key, value) lines, no prose
    msgid: str = ""  # of the message that decides: 2201, 2207 or 2102
    cancel_msgid: str = ""  # of the newest 2208 or 2103
    reverse_seq: int = 0  # the newest 2601
    reverses: str = ""  # what that one takes back: "settle" or "cancel"; "" = nothing is under way
    unknown: Unknown | None = None
    order: int = 0  # rises with each bill of this terminal; the queue's order where two arrived in one millisecond
    pay_way: str = "cash"  # what becomes of psn_cash_pay: at the desk, or by a bank
    paid: tuple[Paid, ...] = ()  # how the person's part was paid, as the centre told it
    prescription: Json | None = None  # what the pharmacist reviews, as the screen shows it
    deposit: Deposit | None = None  # of a stay


class Settings(Struct, frozen=True):
    """Who this terminal is and how patient it is. Comes from the configuration, never changes while running."""

    terminal: str
    fixmedins_code: str  # 12 characters
    fixmedins_name: str
    mdtrtarea_admvs: str  # 6 digits
    opter: str
    opter_name: str
    lang: str = "zh-CN"
    voice: bool = True  # the page speaks its prompts, where its browser can
    look_timeout_ms: int = 30_000
    step_timeout_ms: int = 6_000
    confirm_timeout_ms: int = 60_000
    result_show_ms: int = 8_000
    ask_timeout_ms: int = 8_000
    liveness_tries_max: int = 3
    utc_offset_min: int = 480  # msgid and inf_time use the place's civil time
    bills_waiting_max: int = 64
    models: tuple[
        tuple[str, str], ...
    ] = ()  # (role, sha256) of the nets that look; goes into each verdict
    reconnect_spread_ms: int = 60_000  # the five of core.reconnect.Timing; a demo makes them small
    reconnect_base_ms: int = 2_000
    reconnect_cap_ms: int = 300_000
    reconnect_stable_ms: int = 30_000
    answer_quiet_ms: int = 30_000
    prune_keep_days: int = 90  # records and receipts stay here at least so long, and
    prune_keep_records: int = 1_000  # at least so many


class Restored(Struct, frozen=True):
    """What the store held at start: everything the core needs to go on where it stopped."""

    head: Head
    answered_seq: int  # all up to here have a receipt
    pending: tuple[Entry, ...]  # after answered_seq, in order
    docs: dict[str, dict[str, bytes]]  # space -> key -> value (decrypted)
