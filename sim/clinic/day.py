"""The fixed day that `sim/demo --auto` plays: who comes when, with what, and which faults strike.

A day is data: a list of steps. The seed decides who comes to which step and what they are billed, so a seed replays.
"""

from __future__ import annotations

import random
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sim.clinic.patient import Script

FaultName = Literal[
    "cut",
    "restore",
    "pull_plug_in_commit",
    "restart_broker",
    "kill_centre",
    "unplug_board",
    "replug_board",
]


class Visit(Struct, frozen=True):
    """One bill and the patient who comes for it."""

    kind: str
    script: Script
    fault: FaultName | None = None  # strikes in the middle of this visit
    relative: bool = False


class Fault(Struct, frozen=True):
    """Something happens between two visits."""

    name: FaultName


class Cancel(Struct, frozen=True):
    """The HIS undoes the bill of an earlier visit (2208 / 2103)."""

    visit: int


class Drain(Struct, frozen=True):
    """Wait until the link is up and the terminal holds nothing that the centre has not answered."""


Step = Visit | Fault | Cancel | Drain


class Person(Struct, frozen=True):
    """A synthetic insured person of the demo; `clips` names their folder on the stage."""

    clips: str
    psn_no: str
    card_no: str
    attacked: bool = False  # a printed photo and a recording of them exist


def fixed_day(seed: int, people: list[Person]) -> list[Step]:
    """At least 12 bills, two spoof attempts, an outage with provisional records, a pulled plug, a broker restart."""
    assert len(people) >= 4, "the day needs at least four different people"
    dice = random.Random(seed)
    order = people[:]
    dice.shuffle(order)
    order.sort(key=lambda person: not person.attacked)  # stable: the seed still decides
    a, b, c, d, *rest = order
    assert a.attacked, "an attack needs something to hold up"
    assert b.attacked, "and a second one"
    e = rest[0] if rest else a

    def by(person: Person, means: str, attack: str = "", whom: str = "0") -> Script:
        return Script(person.clips, means, person.card_no, person.psn_no, attack, whom)

    def at_bank(person: Person) -> Script:
        """No account money: a bank pays the own part by the same code (F05)."""
        return replace(by(person, "qr"), pays=("none", "way:onecode"))

    return [
        Visit("register", by(a, "face")),
        Visit("settle", by(b, "face")),
        Visit("pharmacy", by(c, "card")),
        Visit("settle", by(d, "qr")),
        Visit("settle", by(a, "face", attack="print")),
        Visit("settle", by(b, "qr", whom="1"), relative=True),
        Fault("cut"),
        Visit("settle", by(c, "card")),
        Visit("register", by(d, "card")),
        Visit("pharmacy", by(e, "card")),
        Fault("restore"),
        Drain(),
        Visit("settle", by(e, "face"), fault="pull_plug_in_commit"),
        Visit("settle", by(b, "face", attack="replay")),
        Fault("restart_broker"),
        Drain(),
        Visit("pharmacy", by(a, "qr")),
        Visit("settle", by(d, "card")),
        Visit("register", by(e, "qr")),
        Cancel(1),
        Visit("settle", at_bank(c)),
        Drain(),
    ]


def bill(kind: str, number: str, dice: random.Random) -> dict[str, object]:
    """A believable bill of that kind; the amounts are small enough for the offline caps of profile P1."""
    if kind == "register":
        fen = dice.choice([500, 1000, 1500])
        lines = [("00110200001", "普通门诊诊查费", fen)]
    elif kind == "pharmacy":
        lines = [
            ("XA01AA001", "甲类示例药", dice.randrange(1200, 6800)),
            ("XB02BB002", "乙类示例药", dice.randrange(900, 5200)),
        ]
    else:
        lines = [
            ("XA01AA001", "甲类示例药", dice.randrange(1200, 9800)),
            ("XB02BB002", "乙类示例药", dice.randrange(900, 7800)),
            ("F0101", "检查费示例", dice.randrange(3000, 12000)),
        ]
    return {
        "kind": kind,
        "bill_no": number,
        "amount_fen": sum(fen for _, _, fen in lines),
        "med_type": {"register": "12", "pharmacy": "41"}.get(kind, "11"),
        "dept_name": "全科",
        "dr_name": "示例医师",
        "lines": [
            {
                "feedetl_sn": str(i + 1),
                "med_list_codg": code,
                "medins_list_name": name,
                "amount_fen": fen,
            }
            for i, (code, name, fen) in enumerate(lines)
        ],
    }
