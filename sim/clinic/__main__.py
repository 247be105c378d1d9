"""`sim/demo`: a clinic by hand (keys on the terminal) or the fixed day that plays itself (`--auto --seed 42`)."""

from __future__ import annotations

import argparse
import contextlib
import random
import select
import shutil
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from edge.drivers.vision.nets import models
from sim.camera import stage
from sim.clinic.cast import Actor, hire
from sim.clinic.clinic import ROOT, Clinic, Options
from sim.clinic.day import Visit, fixed_day
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
    parser = argparse.ArgumentParser(
        prog="sim/demo", description=__doc__, epilog="One transaction at a time: sim/demo --story list"
    )
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
    """Keys until q; faults strike also while a patient is being served. Needs a terminal on stdin."""
    if not sys.stdin.isatty():
        console.print("no terminal here: use --auto", style="yellow")
        return
    console.print(KEYS_HELP)
    cut, visit = False, threading.Thread()
    with _raw_keys():
        while (key := _key()) != "q":
            if key in ("n", "s"):
                if visit.is_alive():
                    console.print("one patient at a time: c and p work meanwhile", style="dim")
                    continue
                step = _somebody(actors, dice, attack=key == "s", cut=cut)
                visit = threading.Thread(target=player.visit, args=(step,), daemon=True)
                visit.start()
            elif key == "c":
                cut = not cut
                player.fault("cut" if cut else "restore")
            elif key == "p":
                player.fault("pull_plug_in_commit")
            elif key:
                console.print(KEYS_HELP, style="dim")
    if cut:
        player.fault("restore")
    if visit.ident is not None:
        visit.join()


def _somebody(actors: list[Actor], dice: random.Random, *, attack: bool, cut: bool) -> Visit:
    """Who comes next, by which way, for what."""
    actor = dice.choice([one for one in actors if one.attacked or not attack])
    if attack:
        held = dice.choice(["print", "replay"])
        return Visit("settle", Script(actor.clips, "face", actor.card_no, actor.psn_no, held))
    means = "card" if cut else dice.choice(["face", "face", "card", "qr"])
    kind = dice.choice(["settle", "register", "pharmacy"])
    return Visit(kind, Script(actor.clips, means, actor.card_no, actor.psn_no))


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
