"""`sim/demo`: a clinic by hand (keys on the terminal) or the fixed day that plays itself (`--auto --seed 42`)."""

from __future__ import annotations

import argparse
import contextlib
import random
import select
import shutil
import sys
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from edge.drivers.vision import models
from sim.camera import stage
from sim.clinic.cast import Actor, hire
from sim.clinic.clinic import ROOT, Clinic, Options
from sim.clinic.day import FaultName, Visit, fixed_day
from sim.clinic.diary import Diary
from sim.clinic.lanes import page
from sim.clinic.patient import Script
from sim.clinic.player import Player
from sim.clinic.truth import Truth

HOME = ROOT / ".facepay"
KEYS_HELP = (
    "n new bill · s spoof attempt · c cut/restore the network · p pull the plug · q quit and count"
)
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Exit code 0 only if the count holds."""
    options = _arguments()
    home = options.directory or HOME / "demo"
    if home.exists():
        shutil.rmtree(home)
    console.print(
        "[dim]· the stage: people from the fetched photographs (kept for the next time)[/]"
    )
    stage.build(HOME / "stage", HOME / "pictures")
    actors = hire(HOME / "stage")
    diary = Diary()
    place = Options(
        directory=home,
        models=models.MODELS_DIR,
        stage=HOME / "stage",
        broker=options.broker,
        db_url=options.db_url,
        http_port=options.http_port,
    )
    began = time.monotonic()
    with Clinic(place, actors) as clinic:
        player = Player(clinic, diary, options.seed, console.print)
        player.start()
        console.print(
            f"[bold]kiosk[/] {clinic.url}/   [dim]terminal, controller, {options.broker}, centre and HIS are up[/]"
        )
        if options.auto:
            _auto(player, actors, options.seed)
        else:
            _by_hand(player, actors, random.Random(options.seed))
        player.drain()
        truth = player.truth()
    picture = _picture(diary, truth, home, options.seed)
    for note in [*truth.notes, *truth.chain_faults]:
        console.print(f"[red]{note}[/]")
    console.print(f"[dim]picture of the day: {picture}   {time.monotonic() - began:.0f} s[/]")
    print(truth, flush=True)  # the last line is for machines as well: never wrapped or coloured
    return 0 if truth.ok else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sim/demo", description=__doc__)
    parser.add_argument("--auto", action="store_true", help="play the fixed day without keys")
    parser.add_argument("--seed", type=int, default=42, help="who comes when and what is billed")
    parser.add_argument("--broker", choices=["amqtt", "mosquitto"], default="amqtt")
    parser.add_argument(
        "--db-url",
        default="",
        help="the centre's database, e.g. postgresql+psycopg://… (default SQLite)",
    )
    parser.add_argument(
        "--http-port", type=int, default=0, help="of the kiosk and HIS API (default: a free one)"
    )
    parser.add_argument(
        "--directory", type=Path, default=None, help="where the day's files go (emptied first)"
    )
    return parser.parse_args()


def _auto(player: Player, actors: list[Actor], seed: int) -> None:
    for step in fixed_day(seed, [actor.person() for actor in actors]):
        player.play(step)


def _by_hand(player: Player, actors: list[Actor], dice: random.Random) -> None:
    """Keys until q. Without a terminal on stdin there is nothing to press: say so."""
    if not sys.stdin.isatty():
        console.print("no terminal here: use --auto", style="yellow")
        return
    console.print(KEYS_HELP)
    cut = False
    with _raw_keys():
        while True:
            key = _key()
            if key == "q":
                return
            if key in ("n", "s"):
                actor = dice.choice([one for one in actors if one.attacked or key == "n"])
                attack = dice.choice(["print", "replay"]) if key == "s" else ""
                means = "face" if attack or not cut else "card"
                if not attack and not cut:
                    means = dice.choice(["face", "face", "card", "qr"])
                kind = "settle" if attack else dice.choice(["settle", "register", "pharmacy"])
                player.visit(
                    Visit(kind, Script(actor.clips, means, actor.card_no, actor.psn_no, attack))
                )
            elif key in ("c", "p"):
                name: FaultName = (
                    "pull_plug_in_commit" if key == "p" else ("restore" if cut else "cut")
                )
                cut = not cut if key == "c" else cut
                player.fault(name)
            elif key:
                console.print(KEYS_HELP, style="dim")


@contextlib.contextmanager
def _raw_keys() -> Iterator[None]:
    """One key at a time, Ctrl-C still works, and the terminal is given back as it was."""
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _key() -> str:
    ready, _, _ = select.select([sys.stdin], [], [], 0.2)
    return sys.stdin.read(1) if ready else ""


def _picture(diary: Diary, truth: Truth, home: Path, seed: int) -> Path:
    path = home / "day.html"
    path.write_text(
        page(diary, title=f"A day at the clinic · seed {seed}", verdict=str(truth), good=truth.ok)
    )
    diary.save(home / "day.json")
    return path


if __name__ == "__main__":
    sys.exit(main())
