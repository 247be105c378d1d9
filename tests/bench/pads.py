"""Group `pad`: what each check of a living person adds, on the same SIMULATED visits: every species that
is claimed to be stopped, the real networks, the terminal's own rule, against the net that looks alone.

Half of what people are refused and of the worst species that passes (ACER, ISO/IEC 30107-3), in per
cent. The sets that the claims are made of are larger (LIVENESS): this shows that the order holds.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from edge.core.liveness import NET
from edge.field.pad import metrics, sets
from edge.field.pad.judge import Rule, decide
from edge.field.pad.shelf import Shelf
from edge.field.pad.text import says_nothing
from sim.camera import padset, visit
from tests.bench.figure import Figure, Size

LEVEL_MAX = 2
SEED = 2611
FLOOR = "the net alone, the same visits"


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group: makes its own set."""
    counted = _counted(directory, size)
    tables = {one.name: one for one in counted.tables()}
    net, people = tables.pop(NET), tables[metrics.DECISION].bpcer.count
    return [_figure(name, one, net, people) for name, one in tables.items() if not says_nothing(one)]


def _counted(directory: Path, size: Size) -> metrics.Tally:
    species = ",".join(name for name, kind in visit.kinds().items() if kind.LEVEL <= LEVEL_MAX)
    make = [sys.executable, "-m", "sim.camera.padset", str(directory), "--people", "all", "--keep", "seen"]
    subprocess.run(
        [*make, "--seed", str(SEED), "--species", species, "--live", str(size.people),
         "--attacks", str(size.attacks)],
        check=True, capture_output=True,
    )  # fmt: skip
    shelf, tally = Shelf(directory / padset.SHELF), metrics.Tally()
    for item in sets.items(directory):
        tally.add(decide(item, shelf.get(item.path), Rule()))
    return tally


def _figure(name: str, one: metrics.Table, net: metrics.Table, people: int) -> Figure:
    alone = "" if name == metrics.DECISION else " alone"
    worst = one.apcer[one.worst]
    return Figure(
        group="pad", name=f"ACER of {name}{alone}", unit="%", value=100 * one.acer, floor=100 * net.acer,
        floor_name=FLOOR, rounds=people + sum(rate.count for rate in one.apcer.values()),
        floor_rounds=people + sum(rate.count for rate in net.apcer.values()),
        note=f"people refused {one.bpcer.errors} of {people}; worst {one.worst} {worst.errors} of {worst.count}",
    )  # fmt: skip
