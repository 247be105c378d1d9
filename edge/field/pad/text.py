"""The tables as text and as JSON."""

from __future__ import annotations

from typing import Final

from edge.core.liveness import NET
from edge.core.types import Json
from edge.field.pad.judge import Outcome
from edge.field.pad.metrics import Rate, Table, Tally, eer

WORSE: Final = 2.0  # times the mean: a group that is refused more than that is named
OPTIONAL: Final = "second"  # not every terminal has it: without it there is nothing to tell
QUIET: Final = ("gesture", "steady", "stream", "same", "infrared", "depth")  # speak of no species


def percent(one: Rate) -> str:
    """ "2.0 % of 50 (0.1..10.6)"."""
    return f"{100 * one.value:5.1f} % of {one.count:<4} ({100 * one.low:.1f}..{100 * one.high:.1f})"


def text(tally: Tally, about: str = "") -> str:
    """For people: the decision first with the net alone beside it, then what each check does alone."""
    first, *others = tally.tables()
    net = next((table for table in others if table.name == NET), None)
    lines = [about.strip(), ""] if about else []
    lines.append(f"{first.name}: {tally.count} presentations, 95 % intervals")
    lines.append(f"  {'':6}{'':18} {first.name:28}{'the net alone':28}")
    for attack, one in first.apcer.items():
        worst = "  <- the worst counts" if attack == first.worst and one.errors else ""
        level = f"level {tally.level(attack)}" if tally.level(attack) else ""
        lines.append(f"  APCER {attack:18} {percent(one):28}{_beside(net, attack):28}{level}{worst}")
    lines.append(f"  BPCER {'':18} {percent(first.bpcer):28}{percent(net.bpcer) if net else ''}")
    acers = "".join(f"{100 * table.acer:5.1f} %{'':21}" for table in (first, net) if table)
    lines.append(f"  ACER  {'':18} {acers.rstrip()}")
    lines += ["", "alone, at its limit    worst APCER      BPCER  species it lets through (of each)"]
    for table in others:
        if table.name in QUIET or (table.name == OPTIONAL and _says_nothing(table)):
            continue
        most = table.apcer[table.worst].value if table.worst else 0.0
        through = [f"{name} {one.errors}/{one.count}" for name, one in table.apcer.items() if one.errors]
        lines.append(
            f"  {table.name:18} {100 * most:10.1f} %  {100 * table.bpcer.value:7.1f} %  " + " ".join(through)
        )
    lines += ["", "DET: " + ", ".join(f"{name} EER {100 * eer(c):.1f} %" for name, c in tally.det().items())]
    groups = tally.groups()
    if groups:
        lines += ["", "BPCER by group"]
        lines += [f"  {name:18} {percent(one)}{_worse(one, first)}" for name, one in groups.items()]
    return "\n".join(lines) + "\n"


def _says_nothing(table: Table) -> bool:
    """It passed nobody and nothing."""
    return table.bpcer.errors == table.bpcer.count and not any(one.errors for one in table.apcer.values())


def _beside(net: Table | None, attack: str) -> str:
    return percent(net.apcer[attack]) if net and attack in net.apcer else ""


def _worse(one: Rate, table: Table) -> str:
    """A group is named when all of its interval lies above what it may be."""
    mean = WORSE * table.bpcer.value
    if one.value <= mean or not one.errors:
        return ""
    return "  <- over twice the mean" if one.low > table.bpcer.value else "  (over twice the mean, few)"


def as_json(tally: Tally, about: str = "") -> Json:
    """Everything that was counted, for machines."""
    return {
        "about": about,
        "presentations": tally.count,
        "tables": [
            {
                "name": table.name,
                "apcer": {name: _rate(one) for name, one in table.apcer.items()},
                "bpcer": _rate(table.bpcer),
                "worst": table.worst,
                "acer": table.acer,
            }
            for table in tally.tables()
        ],
        "groups": {name: _rate(one) for name, one in tally.groups().items()},
        "det": tally.det(),
    }


def line(one: Outcome) -> Json:
    """One presentation."""
    return {
        "path": one.item.path, "spoof": one.item.spoof, "attack": one.item.attack,
        "accepted": one.accepted, "reasons": list(one.reasons), "odds": one.odds,
        "faces": one.faces, "values": dict(one.values),
    }  # fmt: skip


def _rate(one: Rate) -> Json:
    return {"errors": one.errors, "count": one.count, "low": one.low, "high": one.high}
