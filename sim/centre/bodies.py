"""What a sealed body may look like (PROTOCOL "Body of a record"). Our own level is strict, the
national forms inside `input` may carry more fields than we read."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from edge.core import money
from edge.core.types import AMOUNT_FEN_MAX, LINES_MAX, FeeLine, Json, Split
from edge.errors import EdgeError

Short = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=200)]
PLAN_MAX: Final = 4
LIGHTS_MAX: Final = 32  # twelve, dark, twelve others
PLANS: Final = {
    "register": (("2201",),),
    "settle": (("2201", "2204", "2207"), ("2204", "2207")),
    "pharmacy": (("2102",),),
    "prescription": (("2102",),),
    "delivery": (("2102",),),
    "chronic": (("2201", "2203A", "2204", "2207"), ("2203A", "2204", "2207")),
    "file_away": (("2501",),),
    "activate": (("activate",),),
    "step": (("step",),),
    "card_info": (("card_info",),),
    "card_replace": (("card_replace",),),
    "subsidies": (("subsidies",),),
    "admit": (("2401",),),
    "deposit": (("deposit",),),
    "inpatient": (("2301", "2402", "2304"), ("2402", "2304")),
    "collect": (("6301",),),
    "wallet_send": (("wallet_send",),),
    "wallet_take": (("wallet_take",),),
    "cancel": (("2208",), ("2103",), ("2305",), ("2404",), ("deposit_back",)),
    "close_task": (("close",),),
    "reverse": (("2601",),),
}
MSGID_CHARS: Final = 30


class Call(Struct, frozen=True, forbid_unknown_fields=True):
    """One national transaction of the plan."""

    infno: Short
    msgid: Short
    input: Json


class MatchIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What the terminal compared without us: card against face."""

    by: Literal["roster", "chip"]
    score: float
    version: int = 0


class IdentityIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What the terminal says it proved."""

    means: Literal["face", "qr", "card"]
    auth_no: Short = field(name="authNo", default="")
    psn_no: Short = ""
    ec_token: Short = field(name="ecToken", default="")
    card_no: Short = ""
    cert_type: Short = "03"
    template: Annotated[bytes, Meta(max_length=4096)] | None = None
    template_model: Text = ""
    match: MatchIn | None = None


class LightIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The lights of the look; `lights.honest` draws them again."""

    nonce: Annotated[bytes, Meta(min_length=16, max_length=16)]
    step_ms: int
    steps: Annotated[list[Short], Meta(max_length=LIGHTS_MAX)]
    sequence: Text
    lit_ms: Annotated[list[int], Meta(max_length=LIGHTS_MAX)]
    answers: Annotated[list[tuple[int, int, int]], Meta(max_length=LIGHTS_MAX)]


class PassIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The visit pass that a provisional record stands on, and its how-manieth use it is."""

    pass_id: Short
    number: Annotated[int, Meta(ge=1, le=99)]


class VerdictIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The liveness decision of the terminal."""

    live: bool
    score: float
    shots: int
    steps: Annotated[list[Short], Meta(max_length=16)]
    reasons: Annotated[list[Short], Meta(max_length=16)]
    models: Annotated[list[tuple[Text, Text]], Meta(max_length=16)]
    threshold: float
    checks: Annotated[list[tuple[Short, float, float, Short]], Meta(max_length=32)] = []
    odds: float = 0.0
    light: LightIn | None = None


class PayIn(Struct, frozen=True, forbid_unknown_fields=True):
    """How the person wants their part paid: "auto" (every relative who may), "none", or the psn_no
    of one; and what is left over."""

    mulaid: Short = "auto"
    way: Literal["cash", "onecode", "credit", "mobile"] = "cash"


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole sealed body."""

    plan: Annotated[list[Call], Meta(min_length=1, max_length=PLAN_MAX)]
    fixmedins_code: Short
    fixmedins_name: Text
    mdtrtarea_admvs: Short
    insuplc_admdvs: Short
    opter_type: Short
    opter: Short
    opter_name: Text
    inf_time: Short
    infver: Short
    recer_sys_code: Short
    bill_no: Short
    kind: Short
    identity: IdentityIn
    verdict: VerdictIn | None
    estimate: dict[str, Any] | None
    consent: dict[str, Any] | None
    prefer: Literal["", "force_provisional"] = ""  # the HIS wished so, although the link was up
    pay: PayIn = PayIn()
    visit_pass: PassIn | None = None


class Question(Struct, frozen=True):
    """2206: the plan that a settlement would carry; the rest of a body may be there and is not
    read."""

    plan: Annotated[list[Call], Meta(min_length=1, max_length=PLAN_MAX)]
    pay: PayIn = PayIn()


def call(plan: list[Call], *infnos: str) -> Call | None:
    """The call of the plan with one of these numbers."""
    return next((one for one in plan if one.infno in infnos), None)


def parse(plain: Any) -> Body:
    """Typed body. EdgeError E-WIR-20 malformed, E-WIR-21 the plan is not one of the kind's,
    E-WIR-22 message id."""
    try:
        body = msgspec.convert(plain, Body)
    except msgspec.ValidationError as error:
        raise EdgeError("E-WIR-20", "body malformed", str(error)[:160]) from error
    if tuple(one.infno for one in body.plan) not in PLANS.get(body.kind, ()):
        raise EdgeError("E-WIR-21", "unknown kind or plan", body.kind)
    good = all(len(one.msgid) == MSGID_CHARS and one.msgid.isascii() for one in body.plan)
    if not good or len({one.msgid for one in body.plan}) != len(body.plan):
        raise EdgeError(
            "E-WIR-22", "message id malformed or used twice", "code 12 + time 14 + counter 4"
        )
    return body


def question(plain: Any) -> Question:
    """Typed 2206. EdgeError E-WIR-20 malformed, E-WIR-21 not a plan that has a price."""
    try:
        asked = msgspec.convert(plain, Question)
    except msgspec.ValidationError as error:
        raise EdgeError("E-WIR-20", "question malformed", str(error)[:160]) from error
    priced = call(asked.plan, "2206", "2207") and call(asked.plan, "2204")
    if not (priced or call(asked.plan, "2101", "2102", "2303", "2304")):
        raise EdgeError("E-WIR-21", "unknown plan", "2204 with 2206, 2101, or 2303")
    return asked


def form(one: Call, node: str = "data") -> Json:
    """The national input node. EdgeError E-WIR-20 when it is not there."""
    found = one.input.get(node)
    if not isinstance(found, dict):
        raise EdgeError("E-WIR-20", f"{one.infno} without {node}", "send the national form")
    return found


def text(data: Json, name: str, default: str | None = None) -> str:
    """A string field. EdgeError E-WIR-20 when it is missing or no string."""
    found = data.get(name, default)
    if not isinstance(found, str) or len(found) > 200:
        raise EdgeError("E-WIR-20", f"{name} is not a text", "send the national form")
    return found


def fee_lines(one: Call, node: str) -> tuple[FeeLine, ...]:
    """2204 `feedetail` or 2102 `drugdetail`. EdgeError E-WIR-20 when a line is malformed, E-TX-06
    for an amount."""
    rows = one.input.get(node)
    if not isinstance(rows, list) or not 1 <= len(rows) <= LINES_MAX:
        raise EdgeError("E-WIR-20", f"{node} has no or too many lines", f"1 to {LINES_MAX}")
    lines = tuple(fee_line(row) for row in rows)
    if len({line.feedetl_sn for line in lines}) != len(lines):
        raise EdgeError("E-WIR-20", "feedetl_sn used twice", "number the lines")
    return lines


def fee_line(row: Any, *, stay: bool = False) -> FeeLine:
    """One row of a detail. `stay`: one of 2301 may give back (init_feedetl_sn, below zero)."""
    if not isinstance(row, dict):
        raise EdgeError("E-WIR-20", "a fee line is not a form", "send the national form")
    amount = money.fen(text(row, "det_item_fee_sumamt"))
    cnt, pric = text(row, "cnt", "1"), text(row, "pric", "")
    back = text(row, "init_feedetl_sn", "") if stay else ""
    money.decimal(cnt.removeprefix("-") if back else cnt)
    if not abs(amount) <= AMOUNT_FEN_MAX or (amount < 0) != bool(back):
        raise EdgeError("E-WIR-20", "a fee line is negative or too large", "refunds are 2208")
    if back and not cnt.startswith("-"):
        raise EdgeError("E-WIR-20", "what is given back has a cnt below zero", "send it so")
    return FeeLine(
        feedetl_sn=text(row, "feedetl_sn"),
        med_list_codg=text(row, "med_list_codg"),
        medins_list_name=text(row, "medins_list_name", ""),
        amount_fen=amount,
        cnt=cnt,
        pric=pric,
        init_feedetl_sn=back,
    )


def estimate(body: Body) -> Split | None:
    """The terminal's own split. EdgeError E-TX-06 or E-TX-08 when it does not add up."""
    return None if body.estimate is None else money.split_from(body.estimate)
