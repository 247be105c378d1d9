"""What can strike a world: one file each, found by listing this folder. The file's name is the
fault's name on the command line and in reports.

A fault is `A_DAY` (how often a clinic day has it when its seed has it at all) and
`strike(world, dice)`, which does it, or arms it for the next message, turn or disk operation. The
dice are the strike's own: what one strike does never depends on whether another one came, so a
failing seed can be shrunk strike by strike. What must be noticed is told to `world.watch.must`."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol, cast

from msgspec import Struct

from sim.world.net import WAYS
from sim.world.time import Window

if TYPE_CHECKING:
    from sim.world import World

STRIKES_MAX: Final = 5_000  # of one world
RATES: Final = (0.3, 1.0, 1.0, 3.0)
IN_A_SEED: Final = 0.4  # how likely a seed has a certain fault (swarm testing: never all at once)
CLOSE_BY: Final = 0.35  # of the strikes come soon after the one before, whichever that was
CLOSE_BY_MS: Final = 90_000
AT_ONCE: Final = 0.5  # the others wait for the next message of some kind, and strike beside it


class Fault(Protocol):
    """A module of this folder."""

    A_DAY: float
    strike: Callable[[World, random.Random], None]


class Strike(Struct, frozen=True):
    """One blow: its number is its name in `--strikes`."""

    number: int
    fault: str
    at_ms: int

    def __str__(self) -> str:
        hours, minutes = divmod(self.at_ms // 60_000, 60)
        return f"{self.number} {self.fault} at {hours:02}:{minutes:02}"


def names() -> tuple[str, ...]:
    """Every fault there is."""
    return tuple(sorted(info.name for info in pkgutil.iter_modules(__path__)))


@cache
def load(name: str) -> Fault:
    """The fault of this name; it is one of `names()`."""
    return cast(Fault, importlib.import_module(f"{__name__}.{name}"))


def plan(seed: int, windows: Sequence[Window], only: Iterable[str] = ()) -> tuple[Strike, ...]:
    """All strikes of a seed, in order of time: which faults, how often and when. `only`: these
    faults, all of them."""
    dice = random.Random(f"plan {seed}")
    chosen: list[tuple[str, float]] = []
    for name in names():
        has, rate = dice.random() < IN_A_SEED, dice.choice(RATES)
        if name in only or (not only and has):
            chosen.append((name, rate))
    moments: list[tuple[int, str]] = []
    for first_ms, last_ms in windows:
        share = (last_ms - first_ms) / (10 * 3_600_000)
        for name, rate in chosen:
            many = _how_many(load(name).A_DAY * rate * share, dice)
            moments += [(dice.randint(first_ms, last_ms), name) for _ in range(many)]
    moments.sort()
    moved: list[tuple[int, str]] = []
    for at_ms, name in moments[:STRIKES_MAX]:
        soon = moved and dice.random() < CLOSE_BY
        moved.append((moved[-1][0] + dice.randint(0, CLOSE_BY_MS) if soon else at_ms, name))
    ordered = sorted(moved)
    return tuple(Strike(number, name, at) for number, (at, name) in enumerate(ordered, start=1))


def _how_many(mean: float, dice: random.Random) -> int:
    """Around `mean`, and never more than twice as many."""
    drawn = dice.random() * 2 * mean
    return int(drawn) + (dice.random() < drawn - int(drawn))


def schedule(world: World, strikes: Iterable[Strike]) -> None:
    """Put the strikes on the world's timeline."""
    for strike in strikes:
        world.time.at(strike.at_ms - world.time.now_ms, _blow(world, strike))


def _blow(world: World, strike: Strike) -> Callable[[], None]:
    dice = random.Random(f"strike {world.time.seed} {strike.number}")

    def falls() -> None:
        world.time.fault(strike.fault)
        world.time.note(f"strike {strike.number}")
        world.time.strikes.append((strike.number, strike.at_ms, strike.fault))
        load(strike.fault).strike(world, dice)

    def comes() -> None:
        if dice.random() < AT_ONCE:
            falls()
        else:
            world.net.when(dice.choice(WAYS), falls)

    return comes
