"""The tables as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.types import Json
from edge.field.pad.judge import Outcome
from edge.field.pad.metrics import Rate, Table, groups


def percent(one: Rate) -> str:
    """ "2.0 % of 50 (0.1..10.6)"."""
    return f"{100 * one.value:5.1f} % of {one.count:<4} ({100 * one.low:.1f}..{100 * one.high:.1f})"


def text(tables: Sequence[Table], outcomes: Sequence[Outcome]) -> str:
    """For people: the decision first, then what each check does alone."""
    first, *others = tables
    lines = [f"{first.name}: {len(outcomes)} presentations, 95 % intervals"]
    for attack, one in first.apcer.items():
        worst = "  <- the worst counts" if attack == first.worst and one.errors else ""
        lines.append(f"  APCER {attack:18} {percent(one)}{worst}")
    lines.append(f"  BPCER {'':18} {percent(first.bpcer)}")
    lines.append(f"  ACER  {'':18} {100 * first.acer:5.1f} %")
    if others:
        lines += ["", "alone, at its limit    worst APCER      BPCER  species it lets through"]
    for table in others:
        most = table.apcer[table.worst].value if table.worst else 0.0
        through = [name for name, one in table.apcer.items() if one.errors]
        lines.append(
            f"  {table.name:18} {100 * most:10.1f} %  {100 * table.bpcer.value:7.1f} %  "
            + " ".join(through)
        )
    rows = groups(outcomes)
    if rows:
        lines += ["", "BPCER by group"]
        lines += [f"  {name:18} {percent(one)}" for name, one in rows.items()]
    return "\n".join(lines) + "\n"


def as_json(tables: Sequence[Table], outcomes: Sequence[Outcome]) -> Json:
    """Everything, for machines."""
    return {
        "presentations": len(outcomes),
        "tables": [
            {
                "name": table.name,
                "apcer": {name: _rate(one) for name, one in table.apcer.items()},
                "bpcer": _rate(table.bpcer),
                "worst": table.worst,
                "acer": table.acer,
            }
            for table in tables
        ],
        "groups": {name: _rate(one) for name, one in groups(outcomes).items()},
        "outcomes": [
            {
                "path": one.item.path, "spoof": one.item.spoof, "attack": one.item.attack,
                "accepted": one.accepted, "reasons": list(one.reasons), "odds": one.odds,
                "faces": one.faces, "values": dict(one.values),
            }
            for one in outcomes
        ],
    }  # fmt: skip


def _rate(one: Rate) -> Json:
    return {"errors": one.errors, "count": one.count, "low": one.low, "high": one.high}
