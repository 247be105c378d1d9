"""The tables as text and as JSON."""

from __future__ import annotations

from typing import Final

from edge.core.liveness import NET
from edge.core.types import Json
from edge.field.pad.judge import CLIP, PAIR, SINGLE, Outcome
from edge.field.pad.metrics import DECISION, Rate, Table, Tallies, Tally, eer

WORSE: Final = 2.0  # times the mean: a group that is refused more than that is named
OPTIONAL: Final = ("second", "infrared", "depth")  # not every terminal has them: without, there is nothing to tell
QUIET: Final = ("gesture", "steady", "stream", "same")  # speak of no species
ABOUT: Final = {
    SINGLE: "Single shots: one picture, or fewer than five. Judged by the NET ALONE, its own value of them against the\n"
    "threshold: no clip, no light, no depth. No terminal pays on such a judgement.",
    PAIR: "Flash pairs: judged by the net over both shots and by what the flash adds (gain, at the limit that the\n"
    "terminal's own lamps have; exposure locked). How unevenly it falls beyond a smooth sheet is a SCORE: no limit\n"
    "was calibrated, so it accepts and refuses nobody. A lamp mirrored in a screen's glass is uneven too.",
}
TITLES: Final = {CLIP: DECISION, SINGLE: "single shots", PAIR: "net and gain"}


def percent(one: Rate) -> str:
    """ "2.0 % of 50 (0.1..10.6)"."""
    return f"{100 * one.value:5.1f} % of {one.count:<4} ({100 * one.low:.1f}..{100 * one.high:.1f})"


def text(tallies: Tallies, about: str = "") -> str:
    """For people: each kind of presentation by itself, the clips first."""
    parts = [about.strip()] if about else []
    parts += ["\n".join(_kind(tally)) for tally in tallies.each()]
    return "\n\n".join(parts or ["no presentations"]) + "\n"


def _kind(tally: Tally) -> list[str]:
    """The decision first with the net alone beside it, then what each check does alone."""
    first, *others = tally.tables()
    net, title = next((table for table in others if table.name == NET), None), TITLES[tally.kind]
    lines = [ABOUT[tally.kind]] if tally.kind in ABOUT else []
    lines.append(f"{title}: {tally.count} presentations, 95 % intervals")
    lines.append(f"  {'':6}{'':18} {title:28}{'the net alone':28}")
    for attack, one in first.apcer.items():
        worst = "  <- the worst counts" if attack == first.worst and one.errors else ""
        level = f"level {tally.level(attack)}" if tally.level(attack) else ""
        lines.append(f"  APCER {attack:18} {percent(one):28}{_beside(net, attack):28}{level}{worst}")
    lines.append(f"  BPCER {'':18} {percent(first.bpcer):28}{percent(net.bpcer) if net else ''}")
    acers = "".join(f"{100 * table.acer:5.1f} %{'':21}" for table in (first, net) if table)
    lines.append(f"  ACER  {'':18} {acers.rstrip()}")
    if tally.kind != CLIP:
        none = ", ".join(f"{who} {one.errors} of {one.count}" for who, one in tally.unanswered().items())
        lines.append(f"  not answered (no face, or a gate; counted as refused): {none}")
    lines += ["", "alone, at its limit    worst APCER      BPCER  species it lets through (of each)"]
    told = [table for table in others if table.name not in QUIET]
    mute = [table.name for table in told if table.name != NET and says_nothing(table)]
    for table in told:
        if table.name in mute:
            continue
        most = table.apcer[table.worst].value if table.worst else 0.0
        through = [f"{name} {one.errors}/{one.count}" for name, one in table.apcer.items() if one.errors]
        lines.append(
            f"  {table.name:18} {100 * most:10.1f} %  {100 * table.bpcer.value:7.1f} %  " + " ".join(through)
        )
    rest = " ".join(name for name in mute if name not in OPTIONAL)
    lines += [f"  passed by nobody and nothing, or never measured: {rest}"] if rest else []
    lines += ["", "DET: " + ", ".join(f"{name} EER {100 * eer(c):.1f} %" for name, c in tally.det().items())]
    groups = tally.groups()
    if groups:
        lines += ["", "BPCER by group"]
        lines += [f"  {name:18} {percent(one)}{_worse(one, first)}" for name, one in groups.items()]
    return lines


def says_nothing(table: Table) -> bool:
    """It passed nobody and nothing."""
    return table.bpcer.errors == table.bpcer.count and not any(one.errors for one in table.apcer.values())


def _beside(net: Table | None, attack: str) -> str:
    return percent(net.apcer[attack]) if net and attack in net.apcer else ""


def _worse(one: Rate, table: Table) -> str:
    """A group is named when it is over twice the mean, with an arrow when its whole interval is above the mean."""
    mean = WORSE * table.bpcer.value
    if one.value <= mean or not one.errors:
        return ""
    return "  <- over twice the mean" if one.low > table.bpcer.value else "  (over twice the mean, few)"


def as_json(tallies: Tallies, about: str = "") -> Json:
    """Everything that was counted, for machines: the clips at the top, other kinds by their names."""
    kinds = {tally.kind: tally for tally in tallies.each()}
    out: Json = {"about": about, "presentations": tallies.count}
    out |= _counted(kinds.pop(CLIP, Tally()))
    for kind, tally in kinds.items():
        out[kind] = {
            "judged": ABOUT[kind],
            "presentations": tally.count,
            "unanswered": {who: _rate(one) for who, one in tally.unanswered().items()},
            **_counted(tally),
        }
    return out


def _counted(tally: Tally) -> Json:
    return {
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
        "faces": one.faces, "values": dict(one.values + one.scores), "kind": one.kind, "answered": one.answered,
    }  # fmt: skip


def _rate(one: Rate) -> Json:
    return {"errors": one.errors, "count": one.count, "low": one.low, "high": one.high}
