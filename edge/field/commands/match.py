"""Calibrating the matcher on a site's own people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    app.command("match-eval")(match_eval)


def match_eval(
    folder: Annotated[Path, typer.Argument(help="pictures with labels.csv: path,subject")],
    models: Annotated[Path | None, typer.Option(help="the networks; default: the project's own")] = None,
    at: Annotated[list[float] | None, typer.Option(help="also at this threshold")] = None,
    json: Annotated[bool, typer.Option("--json", help="machine-readable")] = False,
) -> None:
    """False matches and false non-matches of the face matcher on a site's own people."""
    import msgspec
    from rich.console import Console
    from rich.progress import track

    from edge.drivers.vision.nets import models as store
    from edge.field import match_eval as work

    given = work.rows(folder)
    seen = track(given, "looking", console=Console(stderr=True), transient=True)
    report = work.evaluate(seen, models or store.MODELS_DIR, tuple(at or (0.64,)))
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")
        return
    say = sys.stdout.write
    say(f"{report.subjects} people, {report.pictures} pictures, model {report.model[:16]}\n")
    if report.refused:
        say("not matched: " + ", ".join(f"{n} {what}" for what, n in report.refused.items()) + "\n")
    say(f"{report.genuine} pairs of one person, {report.impostor} of two (not independent: the\n")
    say("intervals are too narrow where few people have many pictures)\n\n")
    say(f"{'at most':>9} {'threshold':>10}  {'false match (95 %)':30} false non-match (95 %)\n")
    for point in report.points:
        target = f"{point.target:.3%}" if point.target else "asked"
        note = "" if point.enough else "  too few pairs of two to show this"
        say(f"{target:>9} {point.threshold:>10.4f}  {_rate(point.fmr):30} {_rate(point.fnmr)}{note}\n")


def _rate(rate: object) -> str:
    from edge.field.match_eval import Rate

    assert isinstance(rate, Rate)
    return f"{rate.share:.3%} [{rate.low:.3%}, {rate.high:.3%}]"
