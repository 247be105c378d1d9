"""facepay doctor: one look at everything a terminal needs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edge.field.checks import Finding

DEFAULT = Path("/etc/facepay/facepay.toml")
EXIT_FAILED = 7
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red bold", "skip": "dim"}
Configured = Annotated[Path, typer.Option("--config", help="the terminal's facepay.toml")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object, nothing else")]


def doctor(*, config: Configured = DEFAULT, as_json: AsJson = False) -> None:
    """Check the whole terminal; each check says ok, warn or fail, and the fix. Exit 7 when one fails."""
    import msgspec

    from edge.field import checks

    found = checks.run(config)
    count = {state: sum(one.state == state for one in found) for state in COLOURS}
    if as_json:
        told = {"ok": not count["fail"], "count": count, "findings": [msgspec.to_builtins(one) for one in found]}
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        _show(found, count)
    if count["fail"]:
        raise SystemExit(EXIT_FAILED)


def _show(found: list[Finding], count: dict[str, int]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False)
    for one in found:
        code = f"  {one.code}" if one.code else ""
        line = Text.assemble((f"{one.state:5}", COLOURS[one.state]), f" {one.check:14} {one.text}{code}")
        console.print(line, soft_wrap=True)
        if one.fix:
            console.print(f"      {'':14} fix: {one.fix}", soft_wrap=True)
    console.print(", ".join(f"{number} {state}" for state, number in count.items() if number))


def add(app: typer.Typer) -> None:
    """Put it among the commands."""
    app.command("doctor")(doctor)
