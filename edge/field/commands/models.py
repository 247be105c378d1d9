"""The neural networks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

MaybePlace = Annotated[Path | None, typer.Argument(help="a directory; default: the project's own")]

app = typer.Typer(no_args_is_help=True, help="The neural networks.")


@app.command("fetch")
def models_fetch(directory: MaybePlace = None) -> None:
    """Fetch and verify."""
    from edge.drivers.vision import models as store

    target = directory or store.MODELS_DIR
    store.fetch(target)
    models_verify(target)


@app.command("verify")
def models_verify(directory: MaybePlace = None) -> None:
    """Verify by SHA-256."""
    from edge.drivers.vision import models as store

    for role, digest in store.verify(directory or store.MODELS_DIR).items():
        sys.stdout.write(f"ok {role} {digest[:16]}\n")
