"""How a person's own part is paid: what may pay (the offer of 2206), what the record chose, and
what was paid by whom (`payinfo` of the result). The national sums stay acct_pay, acct_mulaid_pay
and psn_cash_pay; this says what stands behind them.
"""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from edge.core import money
from edge.core.benefit import RELATIVES_MAX, Accounts, Settlement, eligible_fen
from edge.core.types import Json
from edge.core.visit.settle.paying import AUTO, NOBODY, WALLET
from sim.bank.port import Loan
from sim.centre.bodies import PayIn
from sim.centre.books import kin, ledgers
from sim.centre.books.orders import Order
from sim.centre.books.people import Known


class Pocket(Struct, frozen=True):
    """One account that may pay after the person's own: whose, and its name in the ledger."""

    account: str
    psn_no: str
    psn_name: str
    relation: str
    scope: str
    balance_fen: int


def pockets(conn: sa.Connection, person: Known) -> tuple[Pocket, ...]:
    """Everything that may pay besides the own account, in the order in which it does: what a
    relative elsewhere sent, then relatives near."""
    relatives = [
        Pocket(f"acct:{one.psn_no}", one.psn_no, one.psn_name, one.relation, one.scope, one.balance_fen)
        for one in kin.payers(conn, person)
    ]  # fmt: skip
    mine = f"wallet:{person.psn_no}"
    balance = ledgers.balance(conn, mine)
    wallet = [Pocket(mine, WALLET, "", "", "", balance)] if balance > 0 else []
    return tuple([*wallet, *relatives][:RELATIVES_MAX])


def chosen(found: tuple[Pocket, ...], pay: PayIn) -> tuple[Pocket, ...] | None:
    """Those that the person lets pay; None when the record names somebody who may not."""
    if pay.mulaid == AUTO:
        return found
    if pay.mulaid == NOBODY:
        return ()
    named = tuple(one for one in found if one.psn_no == pay.mulaid)
    return named or None


def accounts(conn: sa.Connection, person: Known, given: tuple[Pocket, ...], *, used: bool) -> Accounts:
    """The balances as the benefit rules want them."""
    return Accounts(
        own_fen=ledgers.balance(conn, f"acct:{person.psn_no}"),
        relatives_fen=tuple(one.balance_fen for one in given),
        used=used,
    )


def offer(
    person_fen: int,
    found: tuple[Pocket, ...],
    settled: Settlement,
    scope: str,
    *,
    ways: tuple[str, ...],
    credit: Loan | None = None,
) -> Json:
    """What the person may choose between. Nobody's whole balance is told: only what would reach
    this bill."""
    split = settled.split
    personal = split.medfee_sumamt_fen - split.fund_pay_sumamt_fen - split.hosp_part_amt_fen
    reach = eligible_fen(split, personal, scope)
    own = min(person_fen, reach)
    wallet = [one.balance_fen for one in found if one.psn_no == WALLET]
    return {
        "acct": money.yuan(own),
        "all": money.yuan(min(reach, own + sum(one.balance_fen for one in found))),
        "wallet": money.yuan(min(sum(wallet), reach - own)),
        "mulaid": [
            {
                "psn_no": one.psn_no,
                "psn_name": one.psn_name,
                "relation": one.relation,
                "scope": one.scope,
                "can": money.yuan(min(one.balance_fen, reach - own)),
            }
            for one in found
            if reach > own and one.psn_no != WALLET
        ],
        "ways": list(ways),
        **({"credit": _credit(credit)} if credit is not None else {}),
    }


def _credit(may: Loan) -> Json:
    """What a bank would lend."""
    left = money.yuan(may.left_fen)
    return {"bank": may.bank, "left": left, "due": may.due_on, "why": may.why}


def payinfo(
    settled: Settlement, given: tuple[Pocket, ...], way: str, order: Order | None = None
) -> list[Json]:
    """Every sum of the person's part and where it came from; they sum to psn_part_amt."""
    split = settled.split
    rows: list[Json] = []
    if split.acct_pay_fen:
        rows.append({"pay_type": "acct", "amt": money.yuan(split.acct_pay_fen)})
    for one, fen in zip(given, settled.relatives_fen, strict=True):
        if fen and one.psn_no == WALLET:
            rows.append({"pay_type": WALLET, "amt": money.yuan(fen)})
        elif fen:
            what = {"psn_name": one.psn_name, "relation": one.relation, "scope": one.scope}
            rows.append({"pay_type": "mulaid", "amt": money.yuan(fen), **what})
    if split.psn_cash_pay_fen:
        row = {"pay_type": way, "amt": money.yuan(split.psn_cash_pay_fen)}
        rows.append(row | ({} if order is None else _at_bank(order)))
    return rows


def _at_bank(order: Order) -> Json:
    told = {"pay_ordid": order.pay_ordid, "capt_no": order.capt_no, "due_date": order.due_on}
    return {name: value for name, value in told.items() if value}
