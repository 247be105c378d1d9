"""Steps 1 to 4 of DOMAIN §3.1: what of each fee line is in scope (2204)."""

from __future__ import annotations

from collections.abc import Iterable

from edge.core.benefit.facts import Line, Scope
from edge.core.benefit.rules import Disease, Item
from edge.core.money import decimal, half_up, ratio, share
from edge.core.types import FeeLine


def split_line(line: FeeLine, item: Item | None, insutype: str = "", level: str = "") -> Line:
    """Steps 1 to 4 for one line. An unknown code counts as 丙: never promise what the catalogue does
    not say.
    """
    amount = line.amount_fen
    assert amount >= 0, "refunds are netted before"
    if item is None or item.lv == "3":
        return Line(line.feedetl_sn, amount, amount, 0, 0, 0)
    limit_fen = item.limit(level)
    over = 0
    if limit_fen is not None:
        over = max(0, amount - half_up(limit_fen * decimal(line.cnt)))
    prop = item.selfpay_by.get(insutype, item.selfpay_prop)
    first = share(amount - over, ratio(prop))
    rest = amount - over - first
    return Line(line.feedetl_sn, amount, 0, over, first, rest, item.lv, prop)


def split_lines(
    lines: Iterable[FeeLine],
    catalogue: dict[str, Item],
    insutype: str = "",
    level: str = "",
    disease: Disease | None = None,
) -> tuple[Line, ...]:
    """Steps 1 to 4 for a bill. With a disease that has a scope, what is not in it is paid in full:
    the higher benefit is for that disease only.
    """
    scope = disease.scope if disease is not None else ()
    return tuple(
        split_line(
            line,
            catalogue.get(line.med_list_codg) if not scope or line.med_list_codg in scope else None,
            insutype,
            level,
        )
        for line in lines
    )


def total(lines: Iterable[Line]) -> Scope:
    """The sums that a settlement starts from."""
    parts = tuple(lines)
    scope = Scope(
        medfee_sumamt_fen=sum(line.amount_fen for line in parts),
        fulamt_ownpay_amt_fen=sum(line.fulamt_ownpay_amt_fen for line in parts),
        overlmt_selfpay_fen=sum(line.overlmt_selfpay_fen for line in parts),
        preselfpay_amt_fen=sum(line.preselfpay_amt_fen for line in parts),
        inscp_scp_amt_fen=sum(line.inscp_scp_amt_fen for line in parts),
    )
    assert scope.medfee_sumamt_fen == (
        scope.fulamt_ownpay_amt_fen
        + scope.overlmt_selfpay_fen
        + scope.preselfpay_amt_fen
        + scope.inscp_scp_amt_fen
    )
    return scope
