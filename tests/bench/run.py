"""All figures in one table: .venv/bin/python tests/bench/run.py [--quick] [--only NAME] [--json F] [--paste]

Nothing here is asserted: figures are read by people. `--only` may be given several times; `chip` is
measured only by name, because it takes a quarter of an hour and a runtime (`facepay sim uf2`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import (
    appends,
    cable,
    chip,
    cold,
    drain,
    flashing,
    hours,
    looks,
    memory,
    pace,
    pads,
    renders,
    rosters,
    seals,
    settling,
    visits,
)
from tests.bench.figure import FULL, QUICK, Figure, Size, as_json
from tests.bench.material import HOME

GROUPS = {
    "append": appends.measure,
    "crypto": seals.measure,
    "roster": rosters.measure,
    "benefit": settling.measure,
    "vision": looks.measure,
    "pace": pace.measure,
    "render": renders.measure,
    "pad": pads.measure,
    "visit": visits.measure,
    "drain": drain.measure,
    "memory": memory.measure,
    "start": cold.measure,
    "cable": cable.measure,
    "flash": flashing.measure,
    "board": hours.measure,
    "chip": chip.measure,
}
BY_NAME = {"chip"}
WIDTH = 190  # of a table that is written to a file


def main() -> int:
    """1 when a group could not be measured; a missed target is a figure, not a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: a look, not a figure")
    parser.add_argument("--only", action="append", choices=sorted(GROUPS), default=[])
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--paste", action="store_true", help="print the lines for edge/docs/FIGURES.md instead")
    given = parser.parse_args()
    names = [name for name in GROUPS if name in (given.only or GROUPS.keys() - BY_NAME)]
    console = Console(
        highlight=False, width=None if sys.stdout.isatty() else WIDTH, stderr=given.paste
    )
    before = os.getloadavg()
    began = time.monotonic()
    figures, failures = collect(names, QUICK if given.quick else FULL, console)
    after = os.getloadavg()
    if not given.paste:
        console.print(table(figures))
    head = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} x {platform.machine()} cores",
        "python": platform.python_version(),
        "size": "quick" if given.quick else "full",
        "load_start": before,
        "load_end": after,
        "seconds": round(time.monotonic() - began),
    }
    ran = (
        f"{head['date']} · {head['machine']} · Python {head['python']} · {head['size']} · load "
        f"{before[0]:.2f} at the start, {after[0]:.2f} at the end · {head['seconds']} s"
    )
    if given.paste:
        sys.stdout.write("\n".join([ran, "", *lines(figures)]) + "\n")
    else:
        console.print(ran)
    if given.json:
        text = json.dumps(head | {"figures": as_json(figures), "failures": failures}, indent=1)
        given.json.write_text(text + "\n")
    return 1 if failures else 0


def collect(
    names: Sequence[str], size: Size, console: Console
) -> tuple[list[Figure], dict[str, str]]:
    """The groups one after the other; each has its own directory on the project's file system."""
    home = HOME / "bench" / str(os.getpid())
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    try:
        for name in names:
            console.print(f"[dim]{name} … (load {os.getloadavg()[0]:.2f})[/]")
            try:
                figures += GROUPS[name](home / name, size)
            except Exception as error:
                traceback.print_exc()
                failures[name] = f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return figures, failures


def table(figures: Sequence[Figure]) -> Table:
    """figure | value | floor | ratio | target | note."""
    made = Table(header_style="bold", show_edge=False, pad_edge=False)
    for title in ("figure", "value", "floor / peer", "ratio", "target", "note"):
        justify = "right" if title in ("value", "ratio") else "left"
        made.add_column(title, justify=justify, overflow="fold")
    group = ""
    for one in figures:
        if one.group != group:
            made.add_section()
            group = one.group
            made.add_row(f"[bold]{group}[/]")
        met = {True: "[green]met[/]", False: "[red]not met[/]", None: ""}[one.met]
        made.add_row(
            one.name,
            f"{number(one.value)} {one.unit}",
            f"{number(one.floor)} {one.unit} [dim]{one.floor_name}[/]",
            f"{one.ratio:.2f}",
            f"{one.target} {met}".strip(),
            f"{one.note} [dim]n={one.rounds}[/]",
        )
    return made


def lines(figures: Sequence[Figure]) -> list[str]:
    """The same as a table of Markdown."""
    out = ["| figure | value | floor or peer of the same run | ratio | note |", "| --- | --- | --- | --- | --- |"]
    for one in figures:
        met = {True: "met", False: "**not met**", None: ""}[one.met]
        note = "; ".join(filter(None, (f"{one.target} {met}".strip(), one.note, f"n={one.rounds}")))
        cells = (
            one.name, f"{number(one.value)} {one.unit}", f"{number(one.floor)} {one.unit}: {one.floor_name}",
            f"{one.ratio:.2f}", note,
        )  # fmt: skip
        out.append("| " + " | ".join(cells) + " |")
    return out


def number(value: float) -> str:
    """Three digits that mean something."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
