"""explain, list, and the name of the command that `cli.main` takes away before typer is asked."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from edge.errors import EdgeError

Code = Annotated[str, typer.Argument(help="such as E-CAM-02")]
Every = Annotated[bool, typer.Option("--all", help="the whole table")]
Family = Annotated[str, typer.Argument(help="camera board broker keys store suite tx witness")]


def explain_code(code: Code = "", *, every: Every = False) -> None:
    """Print the meaning of one code, or the whole table."""
    from edge.explain import CODES, explain

    for one in sorted(CODES) if every or not code else [code]:
        sys.stdout.write(explain(one) + "\n")


def list_family(family: Family = "") -> None:
    """Print the names of a family, or the families."""
    from edge.loader import FAMILIES, choices, guess

    if not family:
        for name in sorted(FAMILIES):
            sys.stdout.write(f"{name:8} {' '.join(choices(name))}\n")
        return
    if family not in FAMILIES:
        raise EdgeError(
            "E-SYS-04",
            f'there is no family "{family}"{guess(family, tuple(FAMILIES))}',
            "facepay list",
        )
    for name in choices(family):
        sys.stdout.write(f"{name}\n")


def run_help() -> None:  # taken away by cli.main before we are asked
    """Run the terminal: facepay run --config FILE."""


def add(app: typer.Typer) -> None:
    """Put them among the commands."""
    app.command("explain")(explain_code)
    app.command("list")(list_family)
    app.command("run")(run_help)
