"""How well attacks are told from people: ISO/IEC 30107-3 figures over a labelled set."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(help="the set: labels.csv beside pictures and clips")]
Split = Annotated[str, typer.Option(help="only this split, e.g. test; alone: all")]
Must = Annotated[str, typer.Option(help="checks that must pass, with commas; alone: what fits")]
Threshold = Annotated[float, typer.Option(help="of the anti-spoof net")]
Json = Annotated[Path | None, typer.Option("--json", help="write everything as JSON")]
Html = Annotated[Path | None, typer.Option("--html", help="write a page with montage and DET")]
Models = Annotated[Path | None, typer.Option(help="the models' directory")]
THUMBS_MAX = 240  # pictures on the page; the memory of a run must have an end


def pad_eval(
    folder: Folder,
    *,
    split: Split = "",
    must: Must = "",
    threshold: Threshold = 0.5,
    json_file: Json = None,
    html_file: Html = None,
    models: Models = None,
) -> None:
    """APCER per attack species, BPCER, ACER, DET over a set: pictures, clips, clips under lamps."""
    from edge.drivers.vision import models as store
    from edge.drivers.vision.sight import Sight
    from edge.field.pad import metrics, page, sets, text
    from edge.field.pad.judge import Outcome, Rule, judge

    rule = Rule(tuple(name for name in must.split(",") if name), threshold)
    wanted = list(sets.items(folder, split))
    sight = Sight(models or store.MODELS_DIR)
    outcomes = list[Outcome]()
    for number, item in enumerate(wanted):
        picture = html_file is not None and number < THUMBS_MAX
        outcomes.append(judge(folder, item, sight, rule, picture=picture))
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{number + 1} of {len(wanted)}")
            sys.stderr.flush()
    tables = [metrics.table("all demanded checks", outcomes, lambda one: one.accepted)]
    names = [name for name, _ in outcomes[0].values] if outcomes else []
    tables += [
        metrics.table(name, outcomes, lambda one, name=name: name in one.passed)  # type: ignore[misc]
        for name in names
        if name not in ("gesture", "steady")
    ]
    written = text.text(tables, outcomes)
    sys.stdout.write(("\n" if sys.stderr.isatty() else "") + written)
    if json_file is not None:
        json_file.write_text(json.dumps(text.as_json(tables, outcomes), indent=1), encoding="utf-8")
    if html_file is not None:
        curves = {
            "passive net": metrics.det(outcomes, lambda one: dict(one.values)["passive"]),
            "fused odds": metrics.det(outcomes, lambda one: one.odds),
        }
        title = f"Presentation attack detection · {folder.name}"
        html_file.write_text(page.page(title, written, curves, outcomes, tables), encoding="utf-8")


def add(app: typer.Typer) -> None:
    """Put it among the commands."""
    app.command("pad-eval")(pad_eval)
