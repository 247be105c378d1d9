"""Money: integers in fen inside, decimal strings of two places at the edge, exact ratios between.

No float ever touches an amount. Ratios arrive as text ("0.60") or as numbers read from JSON or
YAML; they become exact fractions through their shortest decimal writing.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

import msgspec

from edge.core.types import Json, Split
from edge.errors import EdgeError

FEN_MAX: Final = 10**14  # 16,2 of the interface: fourteen digits before the point
TEXT_CHARS_MAX: Final = 20
_AMOUNT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]{1,2})?", re.ASCII)
_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]{1,6})?", re.ASCII)

# the funds whose sum is fund_pay_sumamt, in the order of DOMAIN §3.1 steps 6 to 9
FUNDS: Final = (
    "hifp_pay_fen",
    "hifob_pay_fen",
    "hifmi_pay_fen",
    "cvlserv_pay_fen",
    "maf_pay_fen",
    "oth_pay_fen",
)


def yuan(amount_fen: int) -> str:
    """Fen to the interface's decimal string: 1234 -> "12.34"."""
    assert abs(amount_fen) < FEN_MAX, amount_fen
    sign = "-" if amount_fen < 0 else ""
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{sign}{whole}.{rest:02d}"


def fen(text: str) -> int:
    """Decimal string to fen: "12.34" -> 1234; "12" and "12.3" are allowed. EdgeError E-TX-06
    otherwise.
    """
    if len(text) > TEXT_CHARS_MAX or _AMOUNT.fullmatch(text) is None:
        raise EdgeError("E-TX-06", "not an amount in yuan", 'write it like "12.34"')
    whole, _, rest = text.lstrip("-").partition(".")
    value = int(whole) * 100 + int((rest + "00")[:2])
    if value >= FEN_MAX:
        raise EdgeError(
            "E-TX-06", "amount out of range", "at most fourteen digits before the point"
        )
    return -value if text.startswith("-") else value


def ratio(value: str | float) -> Fraction:
    """A share between 0 and 1 as an exact fraction; 0.1 means one tenth. EdgeError E-TX-07
    otherwise.
    """
    text = str(value)
    if len(text) > TEXT_CHARS_MAX or _DECIMAL.fullmatch(text) is None or Fraction(text) > 1:
        raise EdgeError("E-TX-07", "not a ratio between 0 and 1", 'write it like "0.60"')
    return Fraction(text)


def decimal(text: str) -> Fraction:
    """A count or price (16,4 and 16,6 of the interface), not negative. EdgeError
    E-TX-06 otherwise.
    """
    if len(text) > TEXT_CHARS_MAX or _DECIMAL.fullmatch(text) is None:
        raise EdgeError("E-TX-06", "not a decimal number", 'write it like "2" or "0.5000"')
    return Fraction(text)


def half_up(value: Fraction) -> int:
    """Round to whole fen, halves away from zero. The only rounding in the product."""
    whole = (abs(value) * 2 + 1) // 2
    return -whole if value < 0 else whole


def share(amount_fen: int, part: Fraction) -> int:
    """`part` of an amount, rounded half up once."""
    return half_up(amount_fen * part)


def check_split(split: Split) -> None:
    """Assert both identities of DOMAIN §0.6 and that nobody pays less than nothing, exactly, in
    fen.
    """
    values = msgspec.structs.asdict(split)
    for name, value in values.items():
        assert value >= 0, f"{name} is negative"
    scope = (
        split.fulamt_ownpay_amt_fen
        + split.overlmt_selfpay_fen
        + split.preselfpay_amt_fen
        + split.inscp_scp_amt_fen
    )
    assert split.medfee_sumamt_fen == scope, "the fee is not the sum of its scopes"
    assert split.fund_pay_sumamt_fen == sum(values[name] for name in FUNDS), "funds do not sum"
    payers = (
        split.fund_pay_sumamt_fen
        + split.acct_pay_fen
        + split.acct_mulaid_pay_fen
        + split.psn_cash_pay_fen
        + split.hosp_part_amt_fen
    )
    assert split.medfee_sumamt_fen == payers, "the fee is not the sum of its payers"
    assert split.act_pay_dedc_fen <= split.inscp_scp_amt_fen, "deductible beyond the scope"


def split_holds(split: Split) -> bool:
    """Whether the identities hold: for a split that came from outside, where a wrong sum is the
    world's error.
    """
    try:
        check_split(split)
    except AssertionError:
        return False
    return True


def split_fields(split: Split) -> dict[str, str]:
    """A split with national field names and decimal strings (`setlinfo`), with the derived
    psn_part_amt.
    """
    fields = {
        name.removesuffix("_fen"): yuan(value)
        for name, value in msgspec.structs.asdict(split).items()
    }
    personal = split.medfee_sumamt_fen - split.fund_pay_sumamt_fen - split.hosp_part_amt_fen
    return {**fields, "psn_part_amt": yuan(personal)}


def split_from(setlinfo: Json) -> Split:
    """National `setlinfo` to a split; missing fields are 0. EdgeError E-TX-08 when the identities
    do not hold.
    """
    values: dict[str, int] = {}
    for name in Split.__struct_fields__:
        value = setlinfo.get(name.removesuffix("_fen"), "0")
        if not isinstance(value, str):
            raise EdgeError(
                "E-TX-06", "amount is not a string", "the centre must send decimal strings"
            )
        values[name] = fen(value)
    split = Split(**values)
    if not split_holds(split):
        raise EdgeError(
            "E-TX-08", "the split does not add up", "ask the centre; nothing was booked here"
        )
    return split
