"""The device keys."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Keys = Annotated[str, typer.Option(help="the key store; see: facepay list keys")]
Place = Annotated[Path, typer.Argument(help="a directory")]

app = typer.Typer(no_args_is_help=True, help="The device keys.")


@app.command("create")
def keys_create(directory: Place, driver: Keys = "file") -> None:
    """Make the keys and print what the centre must be told: the public halves."""
    from edge.loader import load

    made = load("keys", driver).create(directory)
    sys.stdout.write(
        f"keys made in {directory} (provider: {driver}; a file is weak, every record says so)\n"
    )
    public = getattr(made, "sign_public_pem", b"")
    sys.stdout.write(public.decode() if isinstance(public, bytes) else str(public))
