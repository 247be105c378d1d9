"""hunt: many worlds in virtual time under faults; the simulator is loaded by name, as for `demo`."""

from __future__ import annotations

import importlib
import importlib.util

import typer

SIM = "sim.hunt.__main__"
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def hunt(context: typer.Context) -> None:
    """Search for a broken promise: facepay hunt --seeds 1000 (see: facepay hunt --help)."""
    if importlib.util.find_spec("sim") is None or importlib.util.find_spec(SIM) is None:
        raise SystemExit("the simulator is not installed here: use a clone of the project")
    raise SystemExit(importlib.import_module(SIM).main(context.args))


def add(app: typer.Typer) -> None:
    """Put it among the commands."""
    app.command("hunt", context_settings=PASSED_ON)(hunt)
