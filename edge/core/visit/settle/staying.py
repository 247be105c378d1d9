"""Where the money of a stay stands (`stayinfo` of an answer), as the screens and the slip say it."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from edge.core.money import fen, yuan
from edge.core.types import Deposit, Json, Split
from edge.errors import EdgeError

Short = Annotated[str, Meta(max_length=64)]
WARNINGS: Final = {"not_filed": "slip.file_before_discharge"}


class _Told(Struct, frozen=True):
    """`stayinfo`: amounts in yuan; `trt_warn` what is missing before the discharge, and of where."""

    deposit_sn: Short = ""
    deposit_amt: Short = "0.00"
    deposit_used: Short = "0.00"
    deposit_refund: Short = "0.00"
    deposit_collect: Short = "0.00"
    arrears_amt: Short = "0.00"
    trt_warn: Short = ""
    mdtrtarea: Short = ""


class Stay(Struct, frozen=True):
    """What `stayinfo` says. `number`: of the deposit that was entered; `warning`: a slip line."""

    deposit: Deposit
    number: str = ""
    warning: tuple[str, str] | None = None


def read(body: Json) -> Stay | None:
    """None when the answer is not about a stay. EdgeError E-TX-08 when it cannot be read."""
    told: Any = body.get("stayinfo")
    if not told:
        return None
    try:
        one = msgspec.convert(told, _Told)
    except msgspec.ValidationError as error:
        raise EdgeError("E-TX-08", "stayinfo malformed", str(error)[:120]) from error
    amounts = (one.deposit_amt, one.deposit_used, one.deposit_refund, one.deposit_collect)
    deposit = Deposit(*(fen(text) for text in (*amounts, one.arrears_amt)))
    if min(msgspec.structs.astuple(deposit)) < 0:
        raise EdgeError("E-TX-08", "stayinfo has an amount below zero", "ask the centre")
    key = WARNINGS.get(one.trt_warn)
    return Stay(deposit, one.deposit_sn, (key, one.mdtrtarea) if key else None)


def fits(stay: Stay | None, split: Split | None) -> bool:
    """The deposit is set off against the person's own part, to the fen."""
    if stay is None or split is None:
        return True
    one = stay.deposit
    own = one.used_fen + one.collect_fen == split.psn_cash_pay_fen
    return own and one.used_fen + one.refund_fen == one.deposit_fen and not (
        one.refund_fen and one.collect_fen
    )


def slip(stay: Stay | None) -> tuple[tuple[str, str], ...]:
    """Deposit, what comes back or is still to be paid, what is owed so far; zeros are left out."""
    if stay is None:
        return ()
    one = stay.deposit
    rows = (
        ("slip.deposit_amt", one.deposit_fen),
        ("slip.deposit_refund", one.refund_fen),
        ("slip.deposit_collect", one.collect_fen),
        ("slip.arrears_amt", one.arrears_fen),
    )
    told = tuple((key, yuan(amount_fen)) for key, amount_fen in rows if amount_fen)
    return (*told, *((stay.warning,) if stay.warning else ()))


def fields(deposit: Deposit | None) -> Json:
    """For the page: amounts in fen; nothing where there is no stay."""
    return {} if deposit is None else {"deposit": msgspec.structs.asdict(deposit)}
