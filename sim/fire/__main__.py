"""`facepay fire`: rounds of trouble for a real broker, and the count afterwards.

Each round is one trouble, in the midst of which 28 light terminals write and one whole agent starts
with a backlog; then all is well again, and everybody's answer must come. At the end all ledgers are
read from the disk and held against the centre's log, each receipt against the centre's key.
Exit 0 only when nothing was lost, nothing doubled and every record is receipted.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from pathlib import Path

from sim.fire import books
from sim.fire.rig import STARTERS, Rig
from sim.fire.space import Cable, enter
from sim.fire.troubles import NETWORK, PERSISTENT, TROUBLES
from sim.net.brokers import mosquitto_path

WRITE_EVERY_S = 0.3
BACKLOG = 20  # records with which the agent starts, at most


def main(arguments: list[str]) -> int:
    """The command."""
    given = _given(arguments)
    refused = enter("sim.fire", arguments)
    if given.broker == "mosquitto" and mosquitto_path() is None:
        print("mosquitto is not installed: apt install mosquitto, or --broker amqtt")
        return 2
    names = _playable(given, refused)
    seed = given.seed if given.seed is not None else random.randrange(1 << 31)
    dice = random.Random(seed)
    print(f"{given.broker} · {given.terminals} light terminals, one agent · seed {seed}", flush=True)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        memory = tempfile.TemporaryDirectory(prefix="fire-", dir=_fast())
        folder = given.directory or Path(stack.enter_context(memory))
        cable = None if refused else stack.enter_context(Cable())
        try:
            verdict = _play(given, names, dice, folder, cable)
        except RuntimeError as error:
            print(f"FAILED: {error}\nreplay: facepay fire --broker {given.broker} --seed {seed}")
            return 1
    for fault in verdict.faults:
        print(f"FAULT {fault}")
    print(f"outcomes {verdict.outcomes} · {time.monotonic() - began:.0f} s")
    print(
        f"rounds {given.rounds} · records {verdict.records} · lost {verdict.lost} · "
        f"doubled {verdict.doubled}"
    )
    return 0 if verdict.ok else 1


def _given(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="facepay fire", description=__doc__)
    parser.add_argument("--broker", choices=sorted(STARTERS), default="mosquitto")
    parser.add_argument("--rounds", type=int, default=len(TROUBLES))
    parser.add_argument("--seed", type=int, default=None, help="default: drawn, and printed")
    parser.add_argument("--terminals", type=int, default=28)
    parser.add_argument("--directory", type=Path, help="kept afterwards; default: in memory, gone")
    parser.add_argument("--only", choices=sorted(TROUBLES), action="append")
    return parser.parse_args(arguments)


def _playable(given: argparse.Namespace, refused: str) -> list[str]:
    """The troubles there can be here; what is left out is said aloud."""
    names = list(given.only or TROUBLES)
    if refused:
        out = [name for name in names if name in NETWORK]
        print(f"SKIPPED {', '.join(out)}: {refused}")
        names = [name for name in names if name not in NETWORK]
    if given.broker != "mosquitto":
        names = [name for name in names if name not in PERSISTENT]
    return names


def _play(
    given: argparse.Namespace, names: list[str], dice: random.Random, folder: Path, cable: Cable | None
) -> books.Verdict:
    with Rig(folder, given.broker, given.terminals, cable) as rig:
        rig.drained()
        print(f"{'round':>5} {'trouble':<27} {'records':>7} {'drained':>9}  lost doubled", flush=True)
        queue: list[str] = []
        for number in range(1, given.rounds + 1):
            queue = queue or dice.sample(names, len(names))
            _round(rig, number, queue.pop(), dice)
        rig.stop_terminals()
        return books.final(rig)


def _round(rig: Rig, number: int, name: str, dice: random.Random) -> None:
    rig.write(1)
    rig.start_agent(backlog=dice.randint(1, BACKLOG))
    for pause_s in TROUBLES[name](rig, dice):
        until = time.monotonic() + pause_s
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, WRITE_EVERY_S))
            rig.write(1)
    try:
        seconds = rig.drained()
    except RuntimeError as error:
        raise RuntimeError(f"round {number}, {name}: {error}") from error
    if rig.agent.stop() != 0:
        raise RuntimeError(f"round {number}, {name}: the agent did not end well")
    seen = books.passing(rig)
    print(
        f"{number:>5} {name:<27} {seen.records:>7} {seconds:>7.1f} s {seen.lost:>5} {seen.doubled:>7}",
        flush=True,
    )
    if not seen.ok:
        raise RuntimeError(f"round {number}, {name}: {seen}")


def _fast() -> str | None:
    """Memory, where there is some: fsync is tested elsewhere."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
