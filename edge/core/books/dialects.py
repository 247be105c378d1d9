"""What a province counts as fund money, in its statements (3201, 3202) and in `setlinfo`: a table, not code.

DOMAIN §1.7 and §3.1: Guangdong counts account money as fund money, Hunan takes the hospital's own part out as well,
the others take out only what the person pays. Grade B: one public source each; verify before quoting.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from edge.core import money
from edge.core.types import Json, Split


class Dialect(Struct, frozen=True):
    """Which parts of a bill are inside `fund_pay_sumamt` of a statement, beside the funds."""

    acct: bool  # account money of the person and of relatives
    hosp: bool  # what the institution bears itself


ELSE: Final = Dialect(acct=False, hosp=True)
DIALECTS: Final = {
    "50": Dialect(acct=True, hosp=True),  # Chongqing: nobody says (D); so that both are spoken
    "43": Dialect(acct=False, hosp=False),  # Hunan
    "44": Dialect(acct=True, hosp=True),  # Guangdong
    "51": Dialect(acct=False, hosp=True),  # Sichuan
}


FUNDS: Final = tuple(name.removesuffix("_fen") for name in money.FUNDS)


def of(admdvs: str) -> Dialect:
    """The dialect of a division by the province its code begins with."""
    return DIALECTS.get(admdvs[:2], ELSE)


def fund_total(dialect: Dialect, fund_fen: int, acct_fen: int, hosp_fen: int) -> int:
    """`fund_pay_sumamt` of a statement in this dialect."""
    return fund_fen + (acct_fen if dialect.acct else 0) + (hosp_fen if dialect.hosp else 0)


def funds_fen(setlinfo: Json) -> int:
    """What the funds pay, whatever the sum counts; also below zero. EdgeError E-TX-06: no amount."""
    told = [name for name in FUNDS if name in setlinfo] or ["fund_pay_sumamt"]
    return sum(money.fen(str(setlinfo.get(name, "0"))) for name in told)


def tell(dialect: Dialect, setlinfo: Json) -> Json:
    """`setlinfo` as this province writes it, from the plain one whose `fund_pay_sumamt` is the sum of
    the funds. Also of a cancelled settlement, whose amounts are below zero."""
    if not dialect.acct:
        return setlinfo
    parts = ("fund_pay_sumamt", "acct_pay", "acct_mulaid_pay")
    return setlinfo | {"fund_pay_sumamt": money.yuan(sum(money.fen(setlinfo[one]) for one in parts))}


def read(setlinfo: Json) -> Split:
    """The split of a `setlinfo` in either dialect: the funds are told one by one beside their sum, so
    the sum itself says which it is. EdgeErrors as of `money.split_from`."""
    names = ("fund_pay_sumamt", "acct_pay", "acct_mulaid_pay")
    told = {name: setlinfo.get(name, "0") for name in names}
    rows = [setlinfo.get(name, "0") for name in FUNDS]
    if not all(isinstance(one, str) for one in (*told.values(), *rows)):
        return money.split_from(setlinfo)  # says which field
    funds = sum(money.fen(one) for one in rows)
    account = money.fen(told["acct_pay"]) + money.fen(told["acct_mulaid_pay"])
    if account and money.fen(told["fund_pay_sumamt"]) == funds + account:
        return money.split_from(setlinfo | {"fund_pay_sumamt": money.yuan(funds)})
    return money.split_from(setlinfo)
