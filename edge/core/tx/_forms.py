"""What the kinds share: the sealed body's common part and the checks of amount and lines."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import is_normalized

from edge.core.money import decimal, split_fields, yuan
from edge.core.types import (
    AMOUNT_FEN_MAX,
    BODY_BYTES_MAX,
    LINES_MAX,
    TEXT_MAX,
    Bill,
    FeeLine,
    Json,
    Mode,
    Refusal,
    Split,
    Verdict,
)
from edge.core.visit.ticket import CONSENT_TEXT, Ticket, inf_time
from edge.errors import EdgeError

BILL_NO_MAX: Final = 30  # ipt_otp_no and chrg_bchno of the national forms
CODE_MAX: Final = 64
# What the lines may take of a record's body (UTF-8): a body that cannot be signed is found out here,
# not when the patient stands there. The rest: common part, registration, template, verdict, split.
LINES_BYTES_MAX: Final = BODY_BYTES_MAX - 12 * 1024
LINE_BYTES: Final = 240  # of one line besides the bill's texts: field names, times, amount, psn_no
SELF_SERVICE: Final = "2"  # opter_type 自助终端
# What the HIS may wish for. The last: record without asking the centre, although the link is up (the
# HIS knows that the platform behind it is down); only where the policy's `force` allows it.
FORCE: Final = "force_provisional"
_MOMENT: Final = re.compile(r"\d{4}-[01]\d-[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d", re.ASCII)
PREFER: Final = ("prefer_online", "require_online", FORCE)


def refuse(code: str, why: str) -> Refusal:
    """A bill that cannot be taken: `code` is E-TX-*, `why` is for the HIS's developer."""
    return Refusal(code, detail={"why": why})


def check_bill(
    bill: Bill, *, lines_needed: bool, med_types: frozenset[str], stay: bool = False
) -> Refusal | None:
    """The checks every bill passes: number, amount, lines that sum to it, a known med_type. `stay`:
    lines may give back what is not among them, so only the centre knows the sum."""
    if not 0 < len(bill.bill_no) <= BILL_NO_MAX or not bill.bill_no.isprintable():
        return refuse("E-TX-04", f"bill_no must have 1 to {BILL_NO_MAX} printable characters")
    if bill.bill_no != bill.bill_no.strip() or not is_normalized("NFC", bill.bill_no):
        # what looks like one number must be one number: it is what keeps a bill from being paid twice
        return refuse("E-TX-04", "bill_no must be in NFC, without spaces around it")
    if bill.prefer not in PREFER:
        return refuse("E-TX-04", f"prefer must be one of {', '.join(PREFER)}")
    if bill.med_type not in med_types:
        return refuse("E-TX-04", f"med_type must be one of {', '.join(sorted(med_types))}")
    if bill.acct_used_flag not in ("0", "1"):
        return refuse("E-TX-04", 'acct_used_flag must be "0" or "1"')
    texts = (
        bill.dept_code,
        bill.dept_name,
        bill.dr_name,
        bill.atddr_no,
        bill.insutype,
        bill.mdtrt_id,
        bill.dise_codg,
        bill.dise_name,
    )
    if bill.begntime and not _MOMENT.fullmatch(bill.begntime):
        return refuse("E-TX-04", 'begntime is written like "2026-11-18 08:00:00"')
    if any(len(text) > CODE_MAX for text in texts):
        return refuse("E-TX-04", f"a text field is longer than {CODE_MAX} characters")
    if bill.amount_fen > AMOUNT_FEN_MAX or bill.amount_fen < (1 if lines_needed else 0):
        return refuse("E-TX-02", f"amount_fen must be between 1 and {AMOUNT_FEN_MAX}")
    return _check_lines(bill, stay=stay) if lines_needed or bill.lines else None


def check_free(bill: Bill) -> Refusal | None:
    """The checks of a bill that carries no money."""
    if bill.amount_fen or bill.lines:
        return refuse("E-TX-04", f"{bill.kind} carries no money")
    return check_bill(bill, lines_needed=False, med_types=frozenset({"11"}))


def _check_lines(bill: Bill, *, stay: bool) -> Refusal | None:
    if not 0 < len(bill.lines) <= LINES_MAX:
        return refuse("E-TX-03", f"a bill has 1 to {LINES_MAX} lines")
    if len({line.feedetl_sn for line in bill.lines}) != len(bill.lines):
        return refuse("E-TX-03", "feedetl_sn must be unique within the bill")
    for line in bill.lines:
        if (why := _check_line(line, stay=stay)) is not None:
            return why
    if not stay and sum(line.amount_fen for line in bill.lines) != bill.amount_fen:
        return refuse("E-TX-03", "the lines do not sum to amount_fen")
    if lines_bytes(bill) > LINES_BYTES_MAX:
        return refuse("E-TX-03", f"the lines have over {LINES_BYTES_MAX} bytes; split the bill")
    return None


def lines_bytes(bill: Bill) -> int:
    """What the lines take in the record's body, at most."""
    each = LINE_BYTES + _utf8(bill.mdtrt_id, bill.bill_no)
    return sum(
        each
        + _utf8(line.feedetl_sn, line.med_list_codg, line.med_list_codg, line.medins_list_name)
        + _utf8(line.cnt, line.pric, line.init_feedetl_sn)
        for line in bill.lines
    )


def _utf8(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)


def _check_line(line: FeeLine, *, stay: bool) -> Refusal | None:
    back = bool(line.init_feedetl_sn)
    if back and not (stay and line.cnt.startswith("-") and line.amount_fen < 0):
        return refuse("E-TX-03", "init_feedetl_sn: only what an inpatient gives back, below zero")
    if not 0 <= abs(line.amount_fen) <= AMOUNT_FEN_MAX or (line.amount_fen < 0) != back:
        return refuse("E-TX-03", f"line {line.feedetl_sn[:CODE_MAX]}: amount_fen out of range")
    codes = (line.feedetl_sn, line.med_list_codg, line.init_feedetl_sn)
    if not line.feedetl_sn or any(len(code) > CODE_MAX for code in codes):
        return refuse(
            "E-TX-03", f"a line needs feedetl_sn and codes of at most {CODE_MAX} characters"
        )
    if len(line.medins_list_name) > TEXT_MAX:
        return refuse("E-TX-03", f"medins_list_name has at most {TEXT_MAX} characters")
    try:
        decimal(line.cnt.removeprefix("-") if back else line.cnt), line.pric and decimal(line.pric)
    except EdgeError:
        return refuse("E-TX-03", f"line {line.feedetl_sn}: cnt and pric are decimal numbers")
    return None


def common(ticket: Ticket, kind: str, plan: list[Json]) -> Json:
    """The body around the plan. The keys are the ones of PROTOCOL and no others."""
    settings, person = ticket.settings, ticket.person
    forced = ticket.bill.prefer == FORCE and ticket.mode is Mode.PROVISIONAL
    pay = ticket.choice.form if ticket.mode is Mode.ONLINE else {}
    used = {"visit_pass": ticket.visit_pass} if ticket.visit_pass else {}
    return ({"prefer": FORCE} if forced else {}) | used | pay | {
        "plan": plan,
        "fixmedins_code": settings.fixmedins_code,
        "fixmedins_name": settings.fixmedins_name,
        "mdtrtarea_admvs": settings.mdtrtarea_admvs,
        "insuplc_admdvs": person.insuplc_admdvs if person else "",
        "opter_type": SELF_SERVICE,
        "opter": settings.opter,
        "opter_name": settings.opter_name,
        "inf_time": inf_time(settings, ticket.at.utc_ms),
        "infver": "V1.0",
        "recer_sys_code": "YBXT",
        "bill_no": ticket.bill.bill_no,
        "kind": kind,
        "identity": _identity(ticket),
        "verdict": _verdict(ticket),
        "estimate": split_fields(ticket.estimate) if ticket.estimate else None,
        "consent": _consent(ticket),
    }


def _identity(ticket: Ticket) -> Json:
    identity, person = ticket.identity, ticket.person
    form: Json = {
        "means": str(identity.means),
        "authNo": identity.auth_no,
        "psn_no": person.psn_no if person else "",
        "ecToken": person.ec_token if person else "",
        "card_no": identity.card_no,
        "cert_type": ticket.cert_type,
    }
    if ticket.template:
        form |= {"template": ticket.template, "template_model": ticket.template_model}
    if ticket.match is not None:
        found = ticket.match
        form["match"] = {"by": found.by, "score": found.score, "version": found.version}
    return form


def _verdict(ticket: Ticket) -> Json | None:
    return None if ticket.verdict is None else verdict_form(ticket.verdict)


def verdict_form(verdict: Verdict) -> Json:
    """The liveness decision as it travels: in the record and in 1101. `checks`, `odds` and `light`
    are left out where there are none.
    """
    more: Json = {}
    if verdict.checks:
        more = {"checks": [list(row) for row in verdict.checks], "odds": verdict.odds}
    if (lit := verdict.light) is not None:
        more["light"] = {
            "nonce": lit.nonce,
            "step_ms": lit.step_ms,
            "steps": list(lit.steps),
            "sequence": lit.sequence,
            "lit_ms": list(lit.lit_ms),
            "answers": [list(one) for one in lit.answers],
        }
    return more | {
        "live": verdict.live,
        "score": verdict.score,
        "shots": verdict.shots,
        "steps": list(verdict.steps),
        "reasons": list(verdict.reasons),
        "models": [list(model) for model in verdict.models],
        "threshold": verdict.threshold,
    }


def _consent(ticket: Ticket) -> Json | None:
    if not ticket.consent_utc_ms:
        return None
    return {"text": CONSENT_TEXT, "lang": ticket.consent_lang, "at_ms": ticket.consent_utc_ms}


def call(infno: str, msgid: str, **nodes: object) -> Json:
    """One transaction of the plan."""
    return {"infno": infno, "msgid": msgid, "input": nodes}


def cert(ticket: Ticket) -> Json:
    """psn_no and the certificate: 01 with the centre's token, else the card that was read (DOMAIN
    §1.4).
    """
    person = ticket.person
    psn_no = person.psn_no if person else ""
    if person is not None and person.ec_token:
        return {"psn_no": psn_no, "mdtrt_cert_type": "01", "mdtrt_cert_no": person.ec_token}
    number = ticket.identity.card_no
    return {"psn_no": psn_no, "mdtrt_cert_type": ticket.cert_type, "mdtrt_cert_no": number}


def insutype(ticket: Ticket) -> str:
    """The HIS's wish, else what 1101 said; empty offline (the centre knows)."""
    if ticket.bill.insutype:
        return ticket.bill.insutype
    return ticket.person.insutype if ticket.person else ""


def acct_used_flag(ticket: Ticket) -> str:
    """Account money is never promised without the centre: its balance is unknown (DOMAIN §4.3)."""
    wanted = ticket.mode is Mode.ONLINE and ticket.choice.acct
    return ticket.bill.acct_used_flag if wanted else "0"


def scopes(ticket: Ticket) -> Json:
    """The four scope sums that 2207 repeats from the estimate."""
    split = ticket.estimate
    if split is None:
        return {}
    return {
        "fulamt_ownpay_amt": yuan(split.fulamt_ownpay_amt_fen),
        "overlmt_selfpay": yuan(split.overlmt_selfpay_fen),
        "preselfpay_amt": yuan(split.preselfpay_amt_fen),
        "inscp_scp_amt": yuan(split.inscp_scp_amt_fen),
    }


def fee_rows(ticket: Ticket) -> list[Json]:
    """The lines with national names (2204 feedetail, 2102 drugdetail)."""
    when = ticket.bill.begntime or inf_time(ticket.settings, ticket.at.utc_ms)
    return [
        {
            "feedetl_sn": line.feedetl_sn,
            "med_list_codg": line.med_list_codg,
            "medins_list_codg": line.med_list_codg,
            "medins_list_name": line.medins_list_name,
            "det_item_fee_sumamt": yuan(line.amount_fen),
            "cnt": line.cnt,
            "pric": line.pric,
            "fee_ocur_time": when,
        }
        for line in ticket.bill.lines
    ]


def registration(ticket: Ticket, msgid: str) -> Json:
    """2201 门诊挂号. ipt_otp_no is the HIS's number, unique there."""
    bill = ticket.bill
    data = cert(ticket) | {
        "insutype": insutype(ticket),
        "begntime": inf_time(ticket.settings, ticket.at.utc_ms),
        "ipt_otp_no": bill.bill_no,
        "atddr_no": bill.atddr_no,
        "dr_name": bill.dr_name,
        "dept_code": bill.dept_code,
        "dept_name": bill.dept_name,
        "caty": bill.dept_code,
    }
    return call("2201", msgid, data=data)


def money_slip(bill: Bill, split: Split | None) -> tuple[tuple[str, str], ...]:
    """Number, amount, and who pays what; zero lines are left out but for the fund's and the
    patient's.
    """
    rows = [("slip.bill_no", bill.bill_no), ("slip.medfee_sumamt", yuan(bill.amount_fen))]
    if split is None:
        return tuple(rows)
    rows.append(("slip.fund_pay_sumamt", yuan(split.fund_pay_sumamt_fen)))
    for name in ("acct_pay", "acct_mulaid_pay", "hosp_part_amt"):
        amount = getattr(split, f"{name}_fen")
        if amount:
            rows.append((f"slip.{name}", yuan(amount)))
    rows.append(("slip.psn_cash_pay", yuan(split.psn_cash_pay_fen)))
    if split.acct_pay_fen or split.balc_fen:
        rows.append(("slip.balc", yuan(split.balc_fen)))
    return tuple(rows)
