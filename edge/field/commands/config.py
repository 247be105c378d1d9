"""The configuration file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

File = Annotated[Path, typer.Argument(help="a facepay.toml")]

app = typer.Typer(no_args_is_help=True, help="The configuration file.")


@app.command("check")
def config_check(file: File) -> None:
    """List every mistake; exit code 1 when there is one."""
    from edge.config import check, missing_files

    config, problems = check(file)
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    if config is None:
        raise SystemExit(1)
    for missing in missing_files(config):
        sys.stdout.write(f"note: not there yet: {missing}\n")
    sys.stdout.write(f"{file}: ok\n")
