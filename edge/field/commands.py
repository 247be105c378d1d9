"""The commands of `facepay` but for `run` and `demo`; their docstrings are their help."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from edge.errors import EdgeError

Code = Annotated[str, typer.Argument(help="such as E-CAM-02")]
Every = Annotated[bool, typer.Option("--all", help="the whole table")]
Family = Annotated[str, typer.Argument(help="camera board broker keys store suite tx")]
File = Annotated[Path, typer.Argument(help="a facepay.toml")]
Place = Annotated[Path, typer.Argument(help="a directory")]
MaybePlace = Annotated[Path | None, typer.Argument(help="a directory; default: the project's own")]
Keys = Annotated[str, typer.Option(help="the key store; see: facepay list keys")]

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
config = typer.Typer(no_args_is_help=True, help="The configuration file.")
keys = typer.Typer(no_args_is_help=True, help="The device keys.")
models = typer.Typer(no_args_is_help=True, help="The neural networks.")
app.add_typer(config, name="config")
app.add_typer(keys, name="keys")
app.add_typer(models, name="models")


@app.command("explain")
def explain_code(code: Code = "", *, every: Every = False) -> None:
    """Print the meaning of one code, or the whole table."""
    from edge.explain import CODES, explain

    for one in sorted(CODES) if every or not code else [code]:
        sys.stdout.write(explain(one) + "\n")


@app.command("list")
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


@app.command("run")
def run_help() -> None:  # taken away by cli.main before we are asked
    """Run the terminal: facepay run --config FILE."""


@app.command("demo")
def demo_help() -> None:  # likewise
    """Run a whole clinic in simulation."""


@config.command("check")
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


@keys.command("create")
def keys_create(directory: Place, driver: Keys = "file") -> None:
    """Make the keys and print what the centre must be told: the public halves."""
    from edge.loader import load

    made = load("keys", driver).create(directory)
    sys.stdout.write(
        f"keys made in {directory} (provider: {driver}; a file is weak, every record says so)\n"
    )
    public = getattr(made, "sign_public_pem", b"")
    sys.stdout.write(public.decode() if isinstance(public, bytes) else str(public))


@models.command("fetch")
def models_fetch(directory: MaybePlace = None) -> None:
    """Fetch and verify."""
    from edge.drivers.vision import models as store

    target = directory or store.MODELS_DIR
    store.fetch(target)
    models_verify(target)


@models.command("verify")
def models_verify(directory: MaybePlace = None) -> None:
    """Verify by SHA-256."""
    from edge.drivers.vision import models as store

    for role, digest in store.verify(directory or store.MODELS_DIR).items():
        sys.stdout.write(f"ok {role} {digest[:16]}\n")
