"""How well attacks are told from people: ISO/IEC 30107-3 figures over a labelled set."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(help="the set: labels.csv beside pictures and clips")]
Split = Annotated[str, typer.Option(help="only this split, e.g. test; alone: all")]
Must = Annotated[str, typer.Option(help="checks that must pass, with commas; alone: what fits")]
Threshold = Annotated[float, typer.Option(help="of the anti-spoof net alone; with lamps the rule has its own")]
OddsMin = Annotated[
    float | None, typer.Option(help="fused log odds that must be reached too; alone: with lamps their own")
]
Json = Annotated[Path | None, typer.Option("--json", help="write everything that was counted as JSON")]
Outcomes = Annotated[Path | None, typer.Option(help="write each presentation as a line of JSON")]
Html = Annotated[Path | None, typer.Option("--html", help="write a page with montage and DET")]
Models = Annotated[Path | None, typer.Option(help="the models' directory")]
Without = Annotated[str, typer.Option(help="attacks that no check is said to stop, with commas: they are left out")]
Second = Annotated[bool, typer.Option("--second", help="with the optional second net (models fetch --set second)")]
SEEN = "seen.bin"  # beside labels.csv: what the eyes saw, so that a run goes on where it broke off
THUMBS_MAX = 240  # pictures on the page; the memory of a run must have an end


def pad_eval(
    folder: Folder,
    *,
    split: Split = "",
    must: Must = "",
    threshold: Threshold = 0.5,
    odds_min: OddsMin = None,
    json_file: Json = None,
    outcomes: Outcomes = None,
    html_file: Html = None,
    models: Models = None,
    second: Second = False,
) -> None:
    """APCER per attack species, BPCER, ACER, DET over a set: pictures, clips, clips under lamps, flash pairs."""
    from rich.console import Console
    from rich.progress import track

    from edge.drivers.vision.nets import models as store
    from edge.drivers.vision.sight import Sight
    from edge.field.pad import metrics, page, sets, text
    from edge.field.pad.judge import Rule, decide, look, of_picture
    from edge.field.pad.shelf import Shelf

    rule = Rule(tuple(name for name in must.split(",") if name), threshold, odds_min)
    shelf, sight, tally = Shelf(folder / SEEN, second_too=second), None, metrics.Tallies()
    total, figures = sum(1 for _ in sets.items(folder, split)), list[str]()
    with ExitStack() as files:
        told = files.enter_context(outcomes.open("w", encoding="utf-8")) if outcomes else None
        bar = Console(stderr=True)
        given = track(sets.items(folder, split), "judging", total, console=bar, transient=True, disable=not bar.is_terminal)
        for item in given:
            if item.path not in shelf:
                sight = sight or Sight(models or store.MODELS_DIR, second_too=second)
                shelf.add(look(folder, item, sight))
            one = decide(item, shelf.get(item.path), rule)
            tally.add(one)
            if told is not None:
                told.write(json.dumps(text.line(one)) + "\n")
            if html_file is not None and len(figures) < THUMBS_MAX:
                figures += page.figure(one, of_picture(folder, item))
    written = text.text(tally, sets.about(folder))
    sys.stdout.write(written)
    if json_file is not None:
        json_file.write_text(json.dumps(text.as_json(tally, sets.about(folder)), indent=1), encoding="utf-8")
    if html_file is not None:
        title = f"Presentation attack detection · {folder.name}"
        html_file.write_text(page.page(title, written, tally, figures), encoding="utf-8")


def pad_fit(folder: Folder, *, split: Split = "train", without: Without = "", second: Second = False) -> None:
    """What each check's value says, from a set that `pad-eval` looked at: the lines of
    edge/core/liveness/fitted.py.
    """
    from edge.field.pad import fit, sets
    from edge.field.pad.judge import Rule, decide
    from edge.field.pad.shelf import Shelf

    shelf, rule = Shelf(folder / SEEN, second_too=second), Rule()
    left_out = set(without.split(","))
    kept = (item for item in sets.items(folder, split) if item.path in shelf and item.attack not in left_out - {""})
    for name, (offset, slope) in fit.fitted(decide(i, shelf.get(i.path), rule) for i in kept).items():
        sys.stdout.write(f'    "{name}": ({offset:.4g}, {slope:.4g}),\n')


def add(app: typer.Typer) -> None:
    """Put it among the commands."""
    app.command("pad-eval")(pad_eval)
    app.command("pad-fit")(pad_fit)
