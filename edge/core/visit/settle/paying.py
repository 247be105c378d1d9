"""How the person wants their own part paid: what the centre offers (2206 `payoffer`), what was
chosen, and what was paid by whom (`payinfo`). Pure values; `pay.py` has the screens' order.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, field

from edge.core.benefit import RELATIVES_MAX
from edge.core.money import fen, yuan
from edge.core.types import TEXT_MAX, Json, Paid
from edge.errors import EdgeError

AUTO, NOBODY, WALLET = "auto", "none", "wallet"
CASH, ONECODE, CREDIT = "cash", "onecode", "credit"
PAID_MAX: Final = 16
BLOCKS: Final = ("overdue", "limit", "age", "excluded")  # why a bank does not lend now
WAYS: Final = (CASH, ONECODE, CREDIT)

Short = Annotated[str, Meta(max_length=64)]
Masked = Annotated[str, Meta(max_length=128)]


class Relative(Struct, frozen=True):
    """One whose account may pay. `can`: what of it would reach this bill, in yuan."""

    psn_no: Short
    psn_name: Masked
    relation: Masked
    scope: Short
    can: Short


class Later(Struct, frozen=True):
    """What a bank would lend (信用支付): `left` in yuan, `due` the day on which a bill of today is
    repaid. `why`: why nothing."""

    bank: Masked = ""
    left: Short = "0.00"
    due: Short = ""
    why: Short = ""


class Offer(Struct, frozen=True):
    """What may pay the person's part of this bill."""

    acct: Short = "0.00"
    wallet: Short = "0.00"  # what relatives in another province sent
    everybody: Short = field(name="all", default="0.00")
    relatives: Annotated[tuple[Relative, ...], Meta(max_length=RELATIVES_MAX)] = field(
        name="mulaid", default=()
    )
    ways: Annotated[tuple[Short, ...], Meta(max_length=8)] = (CASH,)
    later: Later | None = field(name="credit", default=None)


class Choice(Struct, frozen=True):
    """What the person chose. `mulaid`: AUTO, NOBODY, WALLET, or the psn_no of one
    relative."""

    acct: bool = True
    mulaid: str = AUTO
    way: str = CASH

    @property
    def form(self) -> Json:
        """Body key `pay`; {} for what is meant when nothing is said."""
        plain = Choice(acct=self.acct)
        return {} if self == plain else {"pay": {"mulaid": self.mulaid, "way": self.way}}


class Button(Struct, frozen=True):
    """One line of the screen `pay`. `what` names its text; amounts in fen."""

    value: str
    what: str
    choice: Choice
    name: str = ""
    relation: str = ""
    scope: str = ""
    fen: int = 0
    due: str = ""  # "2026-12-30": paid by then


def offer_from(body: Json) -> Offer | None:
    """The offer of a 2206, None when there is none or it cannot be read."""
    try:
        found = msgspec.convert(body.get("payoffer"), Offer)
        _ = fen(found.acct), fen(found.wallet), fen(found.everybody), [fen(one.can) for one in found.relatives]
        _ = fen(found.later.left) if found.later is not None else 0
    except (msgspec.ValidationError, EdgeError):
        return None
    return found


def buttons(offer: Offer | None, now: Choice, *, acct_used: bool) -> tuple[Button, ...]:
    """What the person can choose between; () when there is nothing to choose. `acct_used`: the HIS
    lets accounts pay."""
    if offer is None:
        return ()
    own_fen, wallet_fen = fen(offer.acct), fen(offer.wallet)
    able = tuple(one for one in offer.relatives if fen(one.can) > 0)
    rows: list[Button] = []
    if acct_used and (own_fen or wallet_fen or able):
        if able or wallet_fen:
            rows.append(Button("auto", "auto", Choice(True, AUTO, now.way), fen=fen(offer.everybody)))
        if own_fen:
            alone = NOBODY if able or wallet_fen else AUTO  # nobody else could pay anyhow
            rows.append(Button("own", "own", Choice(True, alone, now.way), fen=own_fen))
        if wallet_fen:
            rows.append(Button(WALLET, WALLET, Choice(True, WALLET, now.way), fen=wallet_fen))
        rows += [
            Button(f"r{number}", "relative", Choice(True, one.psn_no, now.way), one.psn_name,
                   one.relation, one.scope, fen(one.can))
            for number, one in enumerate(able)
        ]  # fmt: skip
        rows.append(Button("none", "none", Choice(False, NOBODY, now.way)))
    ways = tuple(way for way in WAYS if way in offer.ways)
    if len(ways) > 1:
        rows += [_way(offer, way, Choice(now.acct, now.mulaid, way)) for way in ways]
    return tuple(rows) if len(rows) > 1 else ()


def _way(offer: Offer, way: str, choice: Choice) -> Button:
    later = offer.later if way == CREDIT else None
    if later is None:
        return Button(f"way:{way}", way, choice)
    return Button(f"way:{way}", way, choice, fen=fen(later.left), due=later.due)


def due(offer: Offer | None, choice: Choice) -> str:
    """The day by which this choice is repaid, "" = nothing is owed to anybody."""
    later = offer.later if offer is not None and choice.way == CREDIT else None
    return later.due if later is not None else ""


def blocked(offer: Offer | None) -> str:
    """Why a bank that lends to this person does not now, "" = it does, or there is none."""
    later = offer.later if offer is not None else None
    return later.why if later is not None and later.why in BLOCKS else ""


def paid_from(body: Json) -> tuple[Paid, ...]:
    """`payinfo` of a result; () when it is not there. EdgeError E-TX-08 when it cannot be read."""
    rows = body.get("payinfo") or []
    try:
        if not isinstance(rows, list) or len(rows) > PAID_MAX:
            raise EdgeError("E-TX-08", "payinfo malformed", "ask the centre")
        return tuple(_paid(row) for row in rows)
    except msgspec.ValidationError as error:
        raise EdgeError("E-TX-08", "payinfo malformed", str(error)[:120]) from error


class _Row(Struct, frozen=True):
    pay_type: Short
    amt: Short
    psn_name: Masked = ""
    relation: Masked = ""
    scope: Short = ""
    pay_ordid: Short = ""
    capt_no: Short = ""
    due_date: Short = ""


def _paid(row: Any) -> Paid:
    one = msgspec.convert(row, _Row)
    return Paid(
        pay_type=one.pay_type,
        amount_fen=fen(one.amt),
        psn_name=one.psn_name,
        relation=one.relation,
        scope=one.scope,
        pay_ordid=one.pay_ordid,
        capt_no=one.capt_no,
        due_date=one.due_date,
    )


def slip(paid: tuple[Paid, ...]) -> tuple[tuple[str, str], ...]:
    """Which relative paid how much, and the wallet: the slip's own lines have the sums."""
    rows = []
    for one in paid:
        if one.pay_type == "mulaid" and one.psn_name:
            rows.append(("slip.relative", f"{one.psn_name} {yuan(one.amount_fen)}"))
        elif one.pay_type == WALLET:
            rows.append(("slip.paid_wallet", yuan(one.amount_fen)))
        elif one.pay_type == ONECODE:
            rows.append(("slip.paid_onecode", yuan(one.amount_fen)))
        elif one.pay_type == CREDIT:
            rows.append(("slip.paid_credit", yuan(one.amount_fen)))
            rows += [("slip.credit_due", one.due_date), ("slip.capt_no", one.capt_no)]
    return tuple(rows)


def wallet_slip(body: Json) -> tuple[tuple[str, str], ...]:
    """What a transfer of the wallet leaves (`walletinfo` of a result): its number, when it comes back
    unless it is taken; or what was taken and is in the wallet now."""
    found = body.get("walletinfo")
    info = found if isinstance(found, dict) else {}
    names = (("transfer_id", "wallet_id"), ("return_time", "wallet_back"))
    if "balc" in info:
        names = (("amt", "wallet_got"), ("balc", "wallet_balc"))
    rows = ((f"slip.{key}", info.get(name)) for name, key in names)
    return tuple((key, text[:TEXT_MAX]) for key, text in rows if isinstance(text, str) and text)
