"""The clinic's own patients on this terminal, asked of the running agent."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from edge.core.types import Json

app = typer.Typer(no_args_is_help=True, help=__doc__)

Configured = Annotated[Path, typer.Option("--config", help="the terminal's facepay.toml")]
DEFAULT = Path("/etc/facepay/facepay.toml")
NOT_GOOD = 3


@app.callback()
def group() -> None:
    """The clinic's own patients on this terminal."""


@app.command()
def status(config: Configured = DEFAULT) -> None:
    """How many patients, of which version and net, and until when the first of them agreed."""
    sys.stdout.write(written(_asked(config)["roster"]))


@app.command()
def verify(config: Configured = DEFAULT) -> None:
    """Is the roster whole, the one that the signed policy names, and of this terminal's own net? Each
    part's signature was checked when it came. 0 yes or none is named, 3 no."""
    from edge.drivers.vision.nets.models import members

    told = _asked(config)["roster"]
    why = fault(told, {one.sha256 for one in members().values()})
    sys.stdout.write(written(told) + (f"E-ROS-04 {why}\n" if why else "good\n"))
    if why:
        raise typer.Exit(NOT_GOOD)


def fault(told: Json, nets: set[str]) -> str:
    """Why what is held is not what it should be, "" = it is."""
    if told["version"] != told["wanted"]:
        return f"the policy names version {told['wanted']}, held is {told['version']}"
    if told["people"] and told["model"] not in nets:
        return "its templates are of a net that this terminal does not have"
    return ""


def written(told: Json) -> str:
    """What a person reads."""
    if not told["wanted"] and not told["version"]:
        return "roster    none is named by the policy\n"
    end = time.strftime("%Y-%m-%d", time.localtime(told["first_end_ms"] / 1000))
    return (
        f"roster    version {told['version']} of {told['wanted']}  patients {told['people']}\n"
        f"net       {told['model'][:16] or '-'}\n"
        f"first end {end if told['first_end_ms'] else '-'}\n"
    )


def _asked(config: Path) -> Json:
    from edge.config import load
    from edge.field.local import Local

    told = Local(load(config)).get("/v1/status")
    assert told is not None, "a missing answer is an error by now"
    return told
