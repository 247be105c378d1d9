"""What a province counts as fund money in its statements (3201, 3202): a table, not code.

DOMAIN §1.7 and §3.1: Guangdong counts account money as fund money, Hunan takes the hospital's own part out as well,
the others take out only what the person pays. Grade B: one public source each; verify before quoting.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Dialect(Struct, frozen=True):
    """Which parts of a bill are inside `fund_pay_sumamt` of a statement, beside the funds."""

    acct: bool  # account money of the person and of relatives
    hosp: bool  # what the institution bears itself


ELSE: Final = Dialect(acct=False, hosp=True)
DIALECTS: Final = {
    "43": Dialect(acct=False, hosp=False),  # Hunan
    "44": Dialect(acct=True, hosp=True),  # Guangdong
    "51": Dialect(acct=False, hosp=True),  # Sichuan
}


def of(admdvs: str) -> Dialect:
    """The dialect of a division by the province its code begins with."""
    return DIALECTS.get(admdvs[:2], ELSE)


def fund_total(dialect: Dialect, fund_fen: int, acct_fen: int, hosp_fen: int) -> int:
    """`fund_pay_sumamt` of a statement in this dialect."""
    return fund_fen + (acct_fen if dialect.acct else 0) + (hosp_fen if dialect.hosp else 0)
