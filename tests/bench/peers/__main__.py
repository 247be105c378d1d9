"""Side by side with what people use today: `facepay peers [--kills N] [--images N] [--only NAME]`.

Same work, same machine, one table: records acknowledged and then lost, effects doubled, speed, syncs
and bytes. Nothing here is asserted: figures are read by people, losses are printed, ours too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.material import HOME
from tests.bench.peers.field import Contestant, Field, shim, thingsboard_python
from tests.bench.peers.trial import Score, Size, struck, timed

KINDS = (
    "facepay",
    "sqlite-outbox",
    "persist-queue:sqlite",
    "persist-queue:ack",
    "persist-queue:file",
    "litequeue",
    "thingsboard:memory",
    "thingsboard:file",
    "thingsboard:sqlite",
    "paho",
)
COLUMNS = (
    "contestant", "lost: kill -9 appending", "lost: kill -9 draining", "doubled effects",
    "copies resent", "lost: power cut", "images hurt", "appends/s at 1 / 10 / 100",
    "syncs per append", "B written per record", "drain/s", "B on the wire",
)  # fmt: skip
WIDTH = 200
AT_A_TIME = 4
Trial = Callable[[Contestant, Size, Score, random.Random], None]


def compare(
    directory: Path, kinds: tuple[str, ...], size: Size, seed: int, console: Console
) -> list[Score]:
    """Every contestant through every trial; one that cannot be tried is named, not dropped."""
    scores = {kind: Score(kind=kind) for kind in kinds}
    shutil.rmtree(directory, ignore_errors=True)
    other = thingsboard_python() if any(k.startswith("thingsboard") for k in kinds) else None
    with Field(directory) as field:
        library, playing = shim(directory), {}
        for kind in kinds:
            python = other if kind.startswith("thingsboard") else Path(sys.executable)
            if python is None:
                console.print(f"[red]{kind} SKIPPED: it could not be installed[/]")
                scores[kind].error = "it could not be installed"
            else:
                playing[kind] = Contestant(kind, field, library, python)

        def stage(trial: Trial, kind: str) -> None:
            if scores[kind].error:
                return
            began = time.monotonic()
            try:
                trial(playing[kind], size, scores[kind], random.Random(f"{seed} {kind}"))
            except (RuntimeError, AssertionError, OSError) as error:
                scores[kind].error = str(error)[-160:]
            took = f"{time.monotonic() - began:.0f} s"
            console.print(f"{trial.__name__} {kind}: {took} {scores[kind].error}", highlight=False)

        for kind in playing:
            stage(timed, kind)
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(lambda kind: stage(struck, kind), playing))
        for one in playing.values():
            one.close()
    shutil.rmtree(directory, ignore_errors=True)
    return list(scores.values())


def cells(one: Score) -> list[str]:
    """A row of the table."""
    if one.error:
        return [one.kind, f"not tried: {one.error}", *[""] * (len(COLUMNS) - 2)]

    def lost(pair: tuple[int, int]) -> str:
        return f"{pair[0]:,} of {pair[1]:,}"

    return [
        one.kind,
        lost(one.killed_appending),
        lost(one.killed_draining),
        f"{one.doubled:,}",
        f"{one.resent:,}",
        lost(one.power_cut),
        f"{one.images_hurt:,}" + (f" ({one.unreadable} do not open)" if one.unreadable else ""),
        " / ".join(f"{rate:,.0f}" for rate in one.per_s),
        f"{one.syncs:.2f}",
        f"{one.disk_bytes:,.0f}",
        f"{one.drain_per_s:,.0f}",
        f"{one.wire_bytes:,.0f}",
    ]


def markdown(scores: list[Score]) -> str:
    """The same as it goes into FIGURES.md."""
    rows = [list(COLUMNS), ["---"] * len(COLUMNS), *(cells(one) for one in scores)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def table(scores: list[Score]) -> Table:
    """The same for a screen."""
    made = Table(title="side by side", show_lines=False)
    for name in COLUMNS:
        first = name == COLUMNS[0]
        made.add_column(name, justify="left" if first else "right", no_wrap=first)
    for one in scores:
        made.add_row(*cells(one))
    return made


def main(arguments: list[str] | None = None) -> int:
    """Entry. 0 when everybody could be tried."""
    parser = argparse.ArgumentParser(prog="facepay peers", description="side by side with what people use today")
    parser.add_argument("--kills", type=int, default=Size().kills)
    parser.add_argument("--images", type=int, default=Size().images)
    parser.add_argument("--backlog", type=int, default=Size().backlog)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=KINDS)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    size = Size(kills=given.kills, images=given.images, backlog=given.backlog)
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    load = f"load {os.getloadavg()[0]:.1f}"
    kinds = tuple(given.only or KINDS)
    scores = compare(HOME / "peers" / "run", kinds, size, given.seed, console)
    console.print(table(scores))
    print(markdown(scores))
    ended = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    for one in scores:
        if one.first_error:
            print(f"{one.kind}, an image that does not open: {one.first_error}")
    print(f"seed {given.seed}, {load} -> {os.getloadavg()[0]:.1f}, ended {ended}")
    if given.json:
        given.json.write_text(json.dumps(msgspec.to_builtins(scores), indent=1))
    return 1 if any(one.error for one in scores) else 0


if __name__ == "__main__":
    sys.exit(main())
