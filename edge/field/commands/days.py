"""The end of a day and the two ends of the chain, asked of the running agent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from edge.core.types import Json

Configured = Annotated[Path, typer.Option("--config", help="the terminal's facepay.toml")]
DEFAULT = Path("/etc/facepay/facepay.toml")
WAIT_S = 50.0  # the agent repeats its question for forty seconds
ALARM = 3


def reconcile(config: Configured = DEFAULT) -> None:
    """Compare this terminal's chain with the centre's log, record by record. 0 equal or behind, 3
    alarm."""
    from edge.config import load
    from edge.field.local import Local

    told = Local(load(config), WAIT_S).get("/v1/reconcile")
    assert told is not None, "a missing answer is an error by now"
    sys.stdout.write(written(told))
    if told.get("state") == "alarm":
        raise typer.Exit(ALARM)


def written(told: Json) -> str:
    """What a person reads: both ends, then what is between them."""
    centre = told.get("centre") or {}
    ours = f"epoch {told.get('epoch')}  head {told.get('head_seq')}"
    lines = [
        f"terminal  {ours}  answered {told.get('answered_seq')}  {str(told.get('head_hash'))[:16]}",
        f"centre    upto {centre.get('upto')}  {str(centre.get('chain'))[:16]}",
    ]
    for name, what in (("lacks", "the centre lacks"), ("extra", "only the centre has")):
        lines += [f"{what} {first}..{last}" for first, last in centre.get(name) or []]
    for one in centre.get("unnamed") or []:
        lines.append(f"epoch {one.get('epoch')} ended at the centre with {one.get('upto')}")
    end = " ".join(str(told.get(name)) for name in ("state", "code", "why") if told.get(name))
    return "\n".join([*lines, end]) + "\n"


def add(app: typer.Typer) -> None:
    """Put it among the commands."""
    app.command("reconcile")(reconcile)
