"""The device keys."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Keys = Annotated[str, typer.Option(help="the key store; see: facepay list keys")]
DEFAULT = Path("/etc/facepay/facepay.toml")
Configured = Annotated[Path, typer.Option("--config", help="the terminal's facepay.toml")]
Place = Annotated[Path, typer.Argument(help="a directory")]

app = typer.Typer(no_args_is_help=True, help="The device keys.")


@app.command("create")
def keys_create(directory: Place, driver: Keys = "file", config: Configured = DEFAULT) -> None:
    """Make the keys and print what the centre must be told: the public halves. Not while a ledger
    with records depends on keys that were in this place."""
    from edge.loader import load

    _spare_the_ledger(config, directory)

    made = load("keys", driver).create(directory)
    sys.stdout.write(
        f"keys made in {directory} (provider: {driver}; a file is weak, every record says so)\n"
    )
    public = getattr(made, "sign_public_pem", b"")
    sys.stdout.write(public.decode() if isinstance(public, bytes) else str(public))


@app.command("maker")
def keys_maker(directory: Place) -> None:
    """Make the key pair that signs the controller's releases: maker.key (keep it off benches) and
    maker.pub (what benches and terminals trust)."""
    from edge.field.flash import files

    private, public = files.make_maker(directory)
    sys.stdout.write(f"{private}: signs releases, 0600, never leaves your desk\n")
    sys.stdout.write(f"{public}: give it to benches as firmware/maker.pub or --maker\n")


def _spare_the_ledger(config: Path, directory: Path) -> None:
    """E-FLD-04. Without a configuration that uses this directory there is nothing to ask."""
    from edge.config import load
    from edge.field import guard

    if config == DEFAULT and not config.is_file():
        return
    settings = load(config)
    if Path(settings.keys.directory).resolve() == directory.resolve():
        guard.must_have_no_ledger(settings)
