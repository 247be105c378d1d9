"""The ledger's own affairs: leave an old copy behind and begin a new epoch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help=__doc__)

Configured = Annotated[Path, typer.Option("--config", help="the terminal's facepay.toml")]
Lost = Annotated[
    bool,
    typer.Option("--records-are-lost", help="the ledger has records that the centre never answered"),
]


@app.callback()
def group() -> None:
    """The ledger's own affairs."""


@app.command("new-epoch")
def new_epoch(*, config: Configured, records_are_lost: Lost = False) -> None:
    """Keep the ledger aside as it is and begin an empty one under a new epoch, with fresh numbers.

    For a ledger that is an old or foreign copy (E-ROL-01, E-ROL-02, E-LOG-02, E-LOG-06). The agent
    must be stopped. What the old file holds is not deleted: records that the centre has not
    answered must be exported from it.
    """
    from edge.config import load
    from edge.drivers.store.epoch import begin
    from edge.loader import load as load_driver

    settings = load(config)
    keys = load_driver("keys", settings.keys.driver)(settings.keys.directory)
    begun = begin(Path(settings.store.path), keys.locker, lose=records_are_lost)
    sys.stdout.write(
        f"epoch {begun.epoch}; the old ledger (epoch {begun.old_epoch}, {begun.old_seq} records, "
        f"{begun.unanswered} without an answer) is kept as {begun.kept}\n"
        "start the agent; the centre's first answer accepts the new epoch\n"
    )


