"""facepay flash: the controllers on a bench or in a terminal. edge/docs/CONTROLLER.md has the exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.errors import EdgeError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from edge.field.flash.look import Place
    from edge.field.flash.show import Outcome, Tell
    from edge.wire.release import Release

app = typer.Typer(no_args_is_help=True, help="Controllers: list, runtime, app, provision, verify, run.")

Ports = Annotated[
    list[str] | None,
    typer.Option("--port", help="USB port, or the folder of a simulated board; again for more boards"),
]
Serials = Annotated[
    list[str] | None, typer.Option("--serial", help="serial number or USB id of a board; again for more")
]
Every = Annotated[bool, typer.Option("--all", help="every board that is found")]
Links = Annotated[Path | None, typer.Option("--link", help="the controller's link (UART), to hear it from there")]
PairKey = Annotated[Path | None, typer.Option("--pair-key", help="the board's pairing key (0600)")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object, nothing else")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="every check, no write")]
Wake = Annotated[bool, typer.Option("--wake", help="stop what runs and ask; it starts again afterwards")]
Maker = Annotated[Path | None, typer.Option("--maker", help="the maker's public key; else firmware/maker.pub")]
MakerKey = Annotated[Path | None, typer.Option("--maker-key", help="the maker's private key: build and sign here")]
From = Annotated[Path | None, typer.Option("--release", help="a folder that `flash pack` wrote")]
Mpy = Annotated[bool, typer.Option("--mpy", help="compile with mpy-cross")]
Downgrade = Annotated[bool, typer.Option("--allow-downgrade", help="also when it is older")]
Tree = Annotated[Path | None, typer.Option("--tree", help="sources with firmware/manifest.toml; else this one")]
Root = Annotated[bool, typer.Option("--with-root", help="also boot.py, main.py and slots.py when they differ")]
Back = Annotated[bool, typer.Option("--rollback", help="back to the version in the other slot")]
Bootsel = Annotated[Path | None, typer.Option("--bootsel", help="the mounted drive, when it is not found")]
Image = Annotated[Path, typer.Argument(help="the runtime: a .uf2, or a .bin for an ESP32-S3")]
Script = Annotated[Path, typer.Argument(help="a MicroPython file")]
To = Annotated[Path, typer.Argument(help="a folder")]
Folder = Annotated[Path, typer.Option("--to", help="gets a folder named like the serial number")]
Number = Annotated[str, typer.Option("--serial-number", help="else a random one is made")]
Board = Annotated[str, typer.Option("--board", help="pico, pico2, ...; else as the runtime says")]
Operator = Annotated[str, typer.Option("--operator", help="who does it, for the report")]
Again = Annotated[bool, typer.Option("--again", help="also a board that is paired")]
Configured = Annotated[Path | None, typer.Option("--config", help="its terminal's facepay.toml, with --again")]
Exported = Annotated[Path | None, typer.Option("--exported", help="the .fpm file of an export, with --again")]
Wait = Annotated[float, typer.Option("--timeout", help="seconds")]


@app.command("list")
def list_boards(
    *, port: Ports = None, serial: Serials = None, link: Links = None, pair_key: PairKey = None,
    wake: Wake = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Boards, and the state each is in. Stops no program unless --wake."""
    from concurrent.futures import ThreadPoolExecutor

    import msgspec

    from edge.field.flash import look, table

    key = _key(pair_key)
    places = _places(port, None, every=True, link=link, nothing_ok=True)
    with ThreadPoolExecutor(8) as crew:
        found = list(crew.map(lambda one: look.look(one, pair_key=key, wake=wake), places))
    if serial:
        found = [one for one in found if one.serial in serial or one.uid in serial]
    if as_json:
        sys.stdout.write(json.dumps([msgspec.to_builtins(one) for one in found], indent=2) + "\n")
        return
    table.show(found)


@app.command("runtime")
def runtime(
    file: Image, *, port: Ports = None, bootsel: Bootsel = None, timeout: Wait = 60.0,
    as_json: AsJson = False, dry_run: DryRun = False,
) -> None:  # fmt: skip
    """Put the MicroPython runtime onto a board in BOOTSEL, and wait until it answers."""
    from edge.field.flash import runtime as work

    image = work.load(file)
    places = work.places(image, _places(port, None, every=False, nothing_ok=True), bootsel)
    _crew(places, lambda place, tell: work.flash(place, image, timeout, tell, dry_run=dry_run), as_json=as_json)


@app.command("app")
def application(
    *, port: Ports = None, serial: Serials = None, every: Every = False, link: Links = None,
    pair_key: PairKey = None, release: From = None, maker: Maker = None, maker_key: MakerKey = None,
    tree: Tree = None, mpy: Mpy = False, allow_downgrade: Downgrade = False, with_root: Root = False,
    rollback: Back = False, dry_run: DryRun = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write the slot that does not run, restart, and believe what the restarted board says."""
    from edge.field.flash import app as work

    wish = work.Wish(_key(pair_key), allow_downgrade, with_root, dry_run)
    if rollback:
        places = _places(port, serial, every=every, link=link)
        _crew(places, lambda place, tell: work.rollback(place, wish, tell), as_json=as_json)
        return
    made = _release(release, tree, maker, maker_key, mpy=mpy, downgrade=allow_downgrade)
    places = _places(port, serial, every=every, link=link)
    _crew(places, lambda place, tell: work.flash(place, made, wish, tell), as_json=as_json)


@app.command("pack")
def pack(
    folder: To, *, maker_key: MakerKey = None, tree: Tree = None, mpy: Mpy = False,
    allow_downgrade: Downgrade = False, dry_run: DryRun = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Build and sign a release into a folder, for benches that have no maker's key."""
    from edge.field.flash import files

    made = _release(None, tree, None, maker_key, mpy=mpy, downgrade=allow_downgrade)
    if not dry_run:
        files.pack(made, folder)
    version, build, count = made.manifest.version, made.manifest.build, len(made.files)
    if as_json:
        told = {"ok": True, "folder": str(folder), "version": version, "build": build, "files": count, "dry_run": dry_run}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    there = f"would be in {folder}" if dry_run else f"in {folder}; next: facepay flash app --release {folder}"
    sys.stdout.write(f"{version} build {build}, {count} files {there}\n")


@app.command("provision")
def provision(
    *, to: Folder, maker_key: MakerKey = None, port: Ports = None, serial: Serials = None,
    link: Links = None, serial_number: Number = "", board: Board = "", operator: Operator = "",
    again: Again = False, config: Configured = None, exported: Exported = None,
    dry_run: DryRun = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Measure one board, give it key, serial number and label, and sign the report."""
    from edge.field.flash import files
    from edge.field.flash import provision as work

    if maker_key is None:
        raise EdgeError("E-FLS-25", "the report must be signed", "--maker-key KEY; facepay keys maker DIR makes one")
    private = files.private_key(maker_key)
    if again:
        _may_lose_its_key(config, exported)
    places = _places(port, serial, every=False, link=link)
    if len(places) != 1:
        raise EdgeError("E-FLS-09", "one board at a time: each has a label", "name one with --port")
    order = work.Order(to, private, serial_number, board, operator, again, dry_run)
    _crew(places, lambda place, tell: work.provision(place, order, tell), as_json=as_json)


@app.command("report")
def report(folder: To, *, maker: Maker = None, as_json: AsJson = False) -> None:
    """Check the signature of a factory report, and say what it says."""
    from edge.field.flash import factory

    told = factory.check(folder, _public(maker))
    if as_json:
        sys.stdout.write(json.dumps({"ok": True, "report": told}, ensure_ascii=False, indent=2) + "\n")
        return
    sys.stdout.write(f"{told['serial']}  {told['result']}  {told['at']}  build {told['build']}, signed\n")


@app.command("verify")
def verify(
    *, port: Ports = None, serial: Serials = None, every: Every = False, pair_key: PairKey = None,
    maker: Maker = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Every byte of the slot that starts, against the manifest that the maker signed."""
    from edge.field.flash import app as work

    public, key = _public(maker), _key(pair_key)
    places = _places(port, serial, every=every)
    _crew(places, lambda place, tell: work.verify(place, public, key, tell), as_json=as_json)


@app.command("run")
def run(
    file: Script, *, port: Ports = None, serial: Serials = None, every: Every = False,
    timeout: Wait = 30.0, dry_run: DryRun = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Run a script on the board and show what it prints; the board restarts afterwards."""
    from edge.field.flash import app as work
    from edge.field.flash.look import clean

    def shown(place: Place, tell: Tell) -> Outcome:
        done = work.script(place, file, timeout, tell, dry_run=dry_run)
        for line in [] if as_json else str(done.facts.get("output", "")).splitlines():
            tell.stage("| " + clean(line, 500))
        return done

    _crew(_places(port, serial, every=every), shown, as_json=as_json)


def _may_lose_its_key(config: Path | None, exported: Path | None) -> None:
    """A new pairing key ends what the controller vouched for: the terminal's ledger must be safe."""
    from edge.config import load
    from edge.field import guard

    if config is None:
        raise EdgeError("E-FLS-50", "whose controller is it? Its ledger must be asked", "--config facepay.toml")
    guard.must_be_empty_or_exported(load(config), exported)


def _crew(places: list[Place], do: Callable[[Place, Tell], Outcome], *, as_json: bool) -> None:
    from edge.field.flash.show import Show

    with Show(places, as_json=as_json) as show:
        outcomes = show.work(do)
    if status := show.finish(outcomes):
        raise SystemExit(status)


def _places(
    ports: list[str] | None, serials: list[str] | None, *, every: bool, link: Path | None = None,
    nothing_ok: bool = False,
) -> list[Place]:  # fmt: skip
    """The boards that are meant. One board found needs no choice; of several one must be named."""
    from edge.field.flash import look

    if ports:
        found = [look.place_of(one) for one in dict.fromkeys(ports)]
    else:
        found = look.everywhere()
        if serials:
            found = [one for one in found if _called(one, serials)]
        elif len(found) > 1 and not every:
            raise EdgeError(
                "E-FLS-09", f"{len(found)} boards: {', '.join(one.name for one in found)}", "--port, --serial or --all"
            )
    if not found and not nothing_ok:
        raise EdgeError("E-FLS-01", "no board was found", "plug one in; --port names one that is not seen")
    if link is not None:
        if len(found) != 1:
            raise EdgeError("E-FLS-09", "--link is for one board", "name that board with --port")
        found = [look.Place(found[0].name, found[0].usb, link, found[0].bootsel, found[0].uid)]
    return found


def _called(place: Place, serials: list[str]) -> bool:
    """By the USB id, which costs nothing; else by asking its prompt, which stops no program."""
    from edge.field.flash import look

    wanted = {one.lower() for one in serials}
    if place.uid in wanted:
        return True
    told = look.look(place)
    return bool({told.serial.lower(), told.uid} & wanted - {""})


def _release(
    packed: Path | None, tree: Path | None, maker: Path | None, maker_key: Path | None, *, mpy: bool,
    downgrade: bool,
) -> Release:  # fmt: skip
    from edge.field.flash import files

    if packed is not None:
        return files.trusted(files.unpack(packed), _public(maker))
    if maker_key is None:
        raise EdgeError(
            "E-FLS-25", "nothing is signed yet", "--release FOLDER, or --maker-key KEY to build and sign here"
        )
    private = files.private_key(maker_key)
    made = files.build(tree or files.TREE, private, mpy=mpy, downgrade=downgrade)
    return files.trusted(made, private.public_key() if maker is None else _public(maker))


def _public(maker: Path | None) -> Ed25519PublicKey:
    from edge.field.flash import files

    return files.public_key(maker)


def _key(path: Path | None) -> bytes | None:
    """The pairing key; E-BRD-19 when the file is not as it must be."""
    if path is None:
        return None
    from edge.drivers.board.serial_port import read_key
    from edge.wire.frame import KEY_BYTES

    key = read_key(path)
    if len(key) != KEY_BYTES:
        raise EdgeError("E-BRD-19", f"{path} holds {len(key)} bytes, not {KEY_BYTES}", "give the file of provision")
    return key
