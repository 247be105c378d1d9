"""`facepay images`: every state that a power cut may leave of the product's ledger, opened and
read by the product's store.

A workload is a seeded script (`sim.crash.script`); behind each operation on its tape the model of
`sim.crash.cut` gives the images: all kept, none kept, and some torn and reordered. Only images that
differ are looked at and counted."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from edge.drivers.store import Batch
from sim.crash.cut import KEPT, LOST, MIXED, Files, Platter
from sim.crash.script import Script
from sim.crash.tape import NOTHING_YET, Tape, judge, record, write_image

STEPS_PER_WORKLOAD = 18
MIXED_PER_POINT = 2
FAULTS_TOLD_MAX = 10  # per workload; all are counted
WORKLOADS_MAX = 1_000_000
SHM = Path("/dev/shm")  # noqa: S108 (images are what is tested, not the disk of this machine)


class Image(Struct, frozen=True):
    """One disk after a power cut behind operation `op` of segment `segment`."""

    segment: int
    op: int
    kind: str
    acked: int
    files: Files


class Found(Struct, frozen=True):
    """What one workload showed. `digest` is over every image: the same seed gives the same one."""

    seed: int
    images: int = 0
    commits: int = 0
    lost: int = 0
    damaged: int = 0
    faults: tuple[str, ...] = ()
    digest: str = ""


def images(tape: Tape, mixed: int = MIXED_PER_POINT) -> Iterator[Image]:
    """All of a tape, in order, repetitions left out."""
    dice, acked = random.Random(f"images {tape.script.seed}"), NOTHING_YET
    for number, segment in enumerate(tape.segments):
        platter = Platter(segment.start)
        seen: set[frozenset[tuple[str, bytes]]] = set()
        for place, op in enumerate(segment.ops):
            if op.what == "ack":
                acked, seen = op.number, set()  # the same disk now has more to keep
            else:
                platter.feed(op)
            for kind, files in _states(platter, dice, mixed):
                key = frozenset(files.items())
                if key not in seen:
                    seen.add(key)
                    yield Image(number, place, kind, acked, files)


def _states(platter: Platter, dice: random.Random, mixed: int) -> Iterator[tuple[str, Files]]:
    yield KEPT, platter.kept()
    if not platter.quiet:
        yield LOST, platter.lost()
        for _ in range(mixed):
            yield MIXED, platter.mixed(dice)


def work(seed: int, pragmas: Mapping[str, str] | None = None, images_max: int = 10**9) -> Found:
    """Record one workload and look at its images, in memory where there is such a place."""
    with tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None) as name:
        run, image = Path(name) / "run", Path(name) / "image"
        run.mkdir()
        image.mkdir()
        tape = record(Script.drawn(seed, STEPS_PER_WORKLOAD), run, pragmas)
        return _look(tape, image, images_max)


def _look(tape: Tape, folder: Path, images_max: int) -> Found:
    digest, count, said = hashlib.sha256(), 0, []
    acked = NOTHING_YET
    for image in images(tape):
        count += 1
        acked = max(acked, image.acked)
        for name in sorted(image.files):
            digest.update(image.files[name])
        write_image(folder, image.files)
        if fault := judge(folder, tape.script, image.acked):
            said.append(f"{fault} ({image.kind}, cut {image.segment}, operation {image.op})")
        if count >= images_max:
            break
    if tape.broken:
        said.append(f"damaged: {tape.broken}")
    lost = sum(fault.startswith("lost") for fault in said)
    return Found(
        seed=tape.script.seed,
        images=count,
        commits=sum(step.batch != Batch() for step in tape.script.steps[: max(acked, 0)]),
        lost=lost,
        damaged=len(said) - lost,
        faults=tuple(said[:FAULTS_TOLD_MAX]),
        digest=digest.hexdigest(),
    )


def many(wanted: int, seed: int, jobs: int) -> Iterator[Found]:
    """Workloads from `seed` on, until `wanted` images were looked at."""
    looked = 0
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(work, seed + number) for number in range(jobs)]
        for number in range(WORKLOADS_MAX):
            found = waiting.pop(0).result()
            looked += found.images
            yield found
            if looked >= wanted:
                break
            waiting.append(pool.submit(work, seed + jobs + number))
        pool.shutdown(cancel_futures=True)


def main(arguments: Sequence[str]) -> int:
    """0 only if nothing acknowledged was lost, halved or changed."""
    parser = argparse.ArgumentParser(prog="facepay images", description=__doc__)
    parser.add_argument("--images", type=int, default=2000, help="look at least at so many")
    parser.add_argument("--seed", type=int, default=1, help="of the first workload; one seed each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true", help="a line for each workload")
    given = parser.parse_args(arguments)
    began, all_of = time.monotonic(), []
    for found in many(given.images, given.seed, given.jobs):
        all_of.append(found)
        if given.json:
            print(json.dumps(asdict(found)), flush=True)
        for fault in [] if given.json else found.faults:
            print(f"seed {found.seed}: {fault}", flush=True)
    took = time.monotonic() - began
    looked, lost, damaged = (
        sum(getattr(one, name) for one in all_of) for name in ("images", "lost", "damaged")
    )
    if not given.json:
        last = given.seed + len(all_of) - 1
        print(f"seeds {given.seed}..{last} · {took:.0f} s · {looked / took:.0f} images/s")
    print(
        f"images {looked} · workloads {len(all_of)} · acknowledged commits"
        f" {sum(one.commits for one in all_of)} · lost {lost} · damaged {damaged}",
        flush=True,
    )
    return 0 if lost == damaged == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
