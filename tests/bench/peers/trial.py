"""The trials: the same for everybody, each prints what was lost."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.bench.peers.field import Contestant, Tally

IN_MEMORY: Final = ("paho", "thingsboard:memory")
PAUSE_S: Final = 0.001  # between two puts while the plug is waited for
LIFE_S: Final = (0.0, 0.04)  # from the first acknowledged record of a life to its end
DRAIN_LIFE_S: Final = (0.0, 0.03)  # from the first arrival of a life
FIRST_S: Final = 5.0
QUIET_S: Final = 1.5
BATCHES: Final = (1, 10, 100)


class Size(Struct, frozen=True):
    """How much is tried."""

    kills: int = 100
    images: int = 100
    appends: tuple[int, int, int] = (100, 300, 1_000)  # records at batch 1, 10, 100
    backlog: int = 600
    refill: int = 300  # when a backlog ran empty before all kills were done


class Score(Struct, kw_only=True):
    """What one contestant did. Losses are (lost, acknowledged)."""

    kind: str
    killed_appending: tuple[int, int] = (0, 0)
    killed_draining: tuple[int, int] = (0, 0)
    doubled: int = 0  # effects at the receiver beyond one per record, while draining under kills
    resent: int = 0  # copies on the wire beyond one per record
    power_cut: tuple[int, int] = (0, 0)
    images_hurt: int = 0  # images that lost at least one acknowledged record, or did not open
    unreadable: int = 0
    per_s: tuple[float, ...] = ()  # records/s at BATCHES
    syncs: float = 0.0  # per put at batch 1
    disk_bytes: float = 0.0  # written per record at batch 1
    drain_per_s: float = 0.0
    wire_bytes: float = 0.0
    first_error: str = ""  # of an image that did not open
    error: str = ""


def timed(one: Contestant, size: Size, score: Score, _dice: random.Random) -> None:
    """The trials in which speed counts: nobody else is at work."""
    speeds(one, size, score)
    drain(one, size, score)


def struck(one: Contestant, size: Size, score: Score, dice: random.Random) -> None:
    """Killed and unplugged; no speed is measured, so several may be struck at a time."""
    kills_appending(one, size, score, dice)
    power_cuts(one, size, score, dice)
    kills_draining(one, size, score, dice)


def _lost(acked: list[int], held: list[int]) -> tuple[int, int]:
    return len(set(acked) - set(held)), len(set(acked))


def speeds(one: Contestant, size: Size, score: Score) -> None:
    """Durable appends a second, as durable as the queue makes them; syncs and bytes at batch 1."""
    rates = []
    for batch, count in zip(BATCHES, size.appends, strict=True):
        syncs, written = one.counts()
        folder = one.root / f"speed{batch}"
        spent = one.work(op="append", folder=str(folder), limit=count, batch=batch)
        rates.append(count / spent)
        if batch == 1:
            after = one.counts()
            score.syncs = (after[0] - syncs) / count
            score.disk_bytes = (after[1] - written) / count
    score.per_s = tuple(rates)


def _fill(one: Contestant, folder: Path, count: int) -> dict[str, int]:
    """A backlog; a queue in memory has to make it in the life that sends it."""
    if one.kind in IN_MEMORY:
        return {"fill": count}
    one.work(op="append", folder=str(folder), limit=count, batch=1)
    return {}


def drain(one: Contestant, size: Size, score: Score) -> None:
    """A backlog through the broker: until the last arrival, for us until every answer is stored."""
    one.forget()
    tally = one.field.fresh(one.kind)
    folder = one.root / "drain"
    count = size.backlog
    extra = _fill(one, folder, count)
    began = time.monotonic()
    spent = one.work(op="drain", folder=str(folder), **extra)
    _quiet(tally)
    seconds = spent if one.kind == "facepay" else tally.last_s - began
    score.drain_per_s = len(set(tally.effects)) / seconds
    score.wire_bytes = tally.wire_bytes / max(1, len(tally.arrived))


def kills_appending(one: Contestant, size: Size, score: Score, dice: random.Random) -> None:
    """SIGKILL in the middle of puts, again and again on one folder."""
    one.forget()
    folder = one.root / "kills"
    for _ in range(size.kills):
        _life(one, folder, dice)
    score.killed_appending = _lost(one.acked(), one.held(folder))


def _life(one: Contestant, folder: Path, dice: random.Random) -> None:
    before = one.acked_count()
    pid = one.order(op="append", folder=str(folder), limit=0, pause_s=PAUSE_S)
    until = time.monotonic() + FIRST_S
    while one.acked_count() == before and time.monotonic() < until:
        time.sleep(0.0005)
    time.sleep(dice.uniform(*LIFE_S))
    one.kill(pid)


def power_cuts(one: Contestant, size: Size, score: Score, dice: random.Random) -> None:
    """The plug is pulled in the middle of puts: what nobody synced is gone (see shim.c)."""
    lost = acked = 0
    for number in range(size.images):
        one.forget()
        folder = one.root / f"cut{number}"
        _life(one, folder, dice)
        image = one.shadow / folder.name
        image.mkdir(exist_ok=True)
        try:
            held = one.held(image)
        except RuntimeError as error:
            held = []
            score.unreadable += 1
            score.first_error = score.first_error or str(error)
        gone, of = _lost(one.acked(), held)
        lost, acked = lost + gone, acked + of
        score.images_hurt += gone > 0
    score.power_cut = (lost, acked)


def kills_draining(one: Contestant, size: Size, score: Score, dice: random.Random) -> None:
    """SIGKILL while the backlog goes out; then it may finish in peace."""
    one.forget()
    tally = one.field.fresh(one.kind)
    folder = one.root / "drainkills"
    extra = _fill(one, folder, size.backlog)
    for _ in range(size.kills):
        seen = len(tally.arrived)
        pid = one.order(op="drain", folder=str(folder), **extra)
        until = time.monotonic() + (FIRST_S if extra else 1.0)
        while len(tally.arrived) == seen and time.monotonic() < until:
            time.sleep(0.0005)
        time.sleep(dice.uniform(*DRAIN_LIFE_S))
        if not one.kill(pid) and not extra:
            one.work(op="append", folder=str(folder), limit=size.refill, batch=1)
        if one.kind in IN_MEMORY:
            break  # nothing is left that a second kill could hit
    if one.kind not in IN_MEMORY:
        one.work(op="drain", folder=str(folder))
    _quiet(tally)
    score.killed_draining = _lost(one.acked(), tally.effects)
    score.doubled = len(tally.effects) - len(set(tally.effects))
    score.resent = len(tally.arrived) - len(set(tally.arrived))


def _quiet(tally: Tally) -> None:
    """Until nothing has arrived for a while."""
    began = time.monotonic()
    while time.monotonic() - max(tally.last_s, began) < QUIET_S:
        time.sleep(0.05)


