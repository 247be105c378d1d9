"""What an inpatient gives back: lines of 2301 with a `cnt` below zero that name the line they take
from (`init_feedetl_sn`). They are netted before anything is worked out: a price limit counts for what
the patient kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from edge.core.money import decimal
from edge.core.types import FeeLine
from edge.errors import EdgeError

_PLACES: Final = Decimal("0.000001")  # money.decimal takes six


def net(lines: Iterable[FeeLine]) -> tuple[FeeLine, ...]:
    """What is left of each line; what was given back whole is gone. EdgeError E-TX-15 when more is
    given back than was charged, or of a line that is not there."""
    rows = tuple(lines)
    left = {line.feedetl_sn: line for line in rows if not line.init_feedetl_sn}
    for back in rows:
        if not back.init_feedetl_sn:
            continue
        first = left.get(back.init_feedetl_sn)
        if first is None or first.med_list_codg != back.med_list_codg:
            raise EdgeError("E-TX-15", "what is given back was not charged", back.feedetl_sn[:64])
        cnt = decimal(first.cnt) - decimal(back.cnt.removeprefix("-"))
        amount_fen = first.amount_fen + back.amount_fen
        whole = cnt == 0
        if cnt < 0 or amount_fen < 0 or back.amount_fen >= 0 or whole != (amount_fen == 0):
            raise EdgeError("E-TX-15", "more is given back than was charged", back.feedetl_sn[:64])
        left[first.feedetl_sn] = replace(first, cnt=_text(cnt), amount_fen=amount_fen)
    return tuple(line for line in left.values() if line.amount_fen or decimal(line.cnt))


def _text(cnt: Fraction) -> str:
    exact = Decimal(cnt.numerator) / Decimal(cnt.denominator)
    return format(exact.quantize(_PLACES).normalize(), "f")
