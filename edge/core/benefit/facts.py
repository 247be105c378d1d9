"""What is known about a case, and what comes out of it. Amounts in fen."""

from __future__ import annotations

from msgspec import Struct

from edge.core.types import Split


class PersonFacts(Struct, frozen=True):
    """psn: active, retired or resident (from psn_type 11xx, 12xx, 14xx). age 0 = not known."""

    insutype: str
    psn: str
    cvlserv: bool = False
    idet_types: tuple[str, ...] = ()
    age: int = 0


class Accumulators(Struct, frozen=True):
    """The person's year before this settlement, in fen (5206)."""

    outpatient_dedc_fen: int = 0
    outpatient_fund_fen: int = 0  # outpatient and pharmacy share one cap
    inpatient_fund_fen: int = 0
    compliant_selfpay_fen: int = 0
    personal_fen: int = 0
    chronic_dedc_fen: int = 0
    chronic_fund_fen: int = 0  # all recognised diseases of a person share one cap


class Accounts(Struct, frozen=True):
    """Balances that may pay: the person's own, then relatives in their order (家庭共济)."""

    own_fen: int = 0
    relatives_fen: tuple[int, ...] = ()
    used: bool = True  # acct_used_flag


class Line(Struct, frozen=True):
    """One fee line after steps 1 to 4; the four parts sum to the amount (2204 `result`)."""

    feedetl_sn: str
    amount_fen: int
    fulamt_ownpay_amt_fen: int
    overlmt_selfpay_fen: int
    preselfpay_amt_fen: int
    inscp_scp_amt_fen: int
    lv: str = "3"
    selfpay_prop: str = "0"


class Scope(Struct, frozen=True):
    """The sums over all lines."""

    medfee_sumamt_fen: int
    fulamt_ownpay_amt_fen: int
    overlmt_selfpay_fen: int
    preselfpay_amt_fen: int
    inscp_scp_amt_fen: int


class FundLine(Struct, frozen=True):
    """One line of `setldetail`; `proc` says which row of the rules paid, and its grade."""

    fund_pay_type: str
    inscp_scp_amt_fen: int
    fund_payamt_fen: int
    proc: str = ""


class Settlement(Struct, frozen=True):
    """The result: the split, its fund lines, what each relative paid, and the year afterwards."""

    split: Split
    funds: tuple[FundLine, ...]
    relatives_fen: tuple[int, ...]
    ratio: str  # pool_prop_selfpay
    after: Accumulators
    grade: str = ""  # the least sure of the rules that were used
