"""One figure and the floor it is held against, and how the two are timed: in turns, in one run.

Machines are shared and noisy, so no figure stands alone: each has a floor (the barest thing that
does the same work) whose rounds alternate with its own. Medians; ratio = value / floor.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
from msgspec import Struct

Work = Callable[[], float]  # does one round and gives its seconds


class Figure(Struct, frozen=True, kw_only=True):
    """`value` and `floor` in `unit`; `rounds` and `floor_rounds`: how many samples each is of."""

    group: str
    name: str
    unit: str
    value: float
    floor: float
    floor_name: str
    rounds: int
    floor_rounds: int
    target: str = ""
    met: bool | None = None  # None: nothing was promised
    note: str = ""

    @property
    def ratio(self) -> float:
        """value / floor."""
        return self.value / self.floor


class Size(Struct, frozen=True):
    """How much is measured."""

    appends: int = 300  # rounds at batch 1; batch 10 and 100 take a third and a sixth
    crypto: int = 60
    shots: int = 40
    faces: int = 10  # visits by face
    backlog: int = 10_000
    centre_backlog: int = 2_000
    drains: int = 2
    visits: int = 1_000  # visits by card
    settle_s: float = 6.0  # an idle process is left alone this long before its memory is read
    starts: int = 9
    trips: int = 200  # commands to the controller, each alone
    bursts: int = 7
    burst: int = 100  # commands in a row
    virtual_s: int = 3_600  # of the controller's time
    flashes: int = 5
    look_s: float = 6.0  # the vision thread is watched so long
    known: tuple[int, ...] = (5_000, 50_000)  # faces at the centre
    rendered: int = 2  # visits of each kind
    people: int = 60  # simulated bona fide visits, and presentations of each species
    attacks: int = 6


FULL = Size()
QUICK = Size(
    appends=60,
    crypto=15,
    shots=10,
    faces=2,
    backlog=1_000,
    centre_backlog=300,
    drains=1,
    visits=50,
    settle_s=3.0,
    starts=3,
    trips=40,
    bursts=3,
    burst=40,
    virtual_s=600,
    flashes=2,
    look_s=3.0,
    rendered=1,
    people=18,
    attacks=3,
)
TINY = Size(
    appends=6,
    crypto=3,
    shots=3,
    faces=1,
    backlog=80,
    centre_backlog=40,
    drains=1,
    visits=2,
    settle_s=0.5,
    starts=1,
    trips=5,
    bursts=1,
    burst=10,
    virtual_s=20,
    flashes=1,
    look_s=1.0,
    known=(300,),
    rendered=1,
    people=1,
    attacks=1,
)


def timed(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> Work:
    """A round that is timed as a whole."""

    def one() -> float:
        began = clock()
        work()
        return clock() - began

    return one


def worked(work: Callable[[], object]) -> Work:
    """As `timed`, but of this thread's processor: what others do beside it does not count."""
    return timed(work, time.thread_time)


def repeated(work: Callable[[], object], times: int) -> Work:
    """A round of `times` calls; seconds of one."""

    def one() -> float:
        began = time.perf_counter()
        for _ in range(times):
            work()
        return (time.perf_counter() - began) / times

    return one


def in_turns(rounds: int, works: Sequence[Work]) -> list[list[float]]:
    """`rounds` samples of each; each round does all of them, each time another one first."""
    samples: list[list[float]] = [[] for _ in works]
    with _no_collector():
        for number in range(rounds + 1):
            for step in range(len(works)):
                which = (number + step) % len(works)
                seconds = works[which]()
                if number:  # the first round only warms up
                    samples[which].append(seconds)
    return samples


def paired(
    *,
    group: str,
    name: str,
    unit: str,
    values: Sequence[float],
    floors: Sequence[float],
    floor_name: str,
    scale: float = 1.0,
    limit: float | None = None,
    limit_ratio: float | None = None,
    at_least: float | None = None,
    note: str = "",
) -> Figure:
    """The figure of two lists of samples. `scale`: samples to `unit`. One limit at most: of the
    value or of the ratio (both: not above), or `at_least` for the value."""
    assert values, name
    assert floors, name
    value, floor = statistics.median(values) * scale, statistics.median(floors) * scale
    assert floor > 0, (name, "a floor takes something")
    target, met = "", None
    if limit is not None:
        target, met = f"≤ {limit:g} {unit}", value <= limit
    elif limit_ratio is not None:
        target, met = f"ratio ≤ {limit_ratio:g}", value / floor <= limit_ratio
    elif at_least is not None:
        target, met = f"≥ {at_least:,.0f} {unit}", value >= at_least
    return Figure(
        group=group,
        name=name,
        unit=unit,
        value=value,
        floor=floor,
        floor_name=floor_name,
        rounds=len(values),
        floor_rounds=len(floors),
        target=target,
        met=met,
        note=note,
    )


def spread(values: Sequence[float], scale: float = 1.0, digits: int = 2) -> str:
    """ "p10 .. p90" for a note."""
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 10], ordered[len(ordered) * 9 // 10]
    return f"p10 {low * scale:.{digits}f} p90 {high * scale:.{digits}f}"


def quiet(values: Sequence[float], floors: Sequence[float]) -> str:
    """The ratio of the two p10: what is left when neighbours keep a disk's median busy."""
    low, low_floor = (sorted(one)[len(one) // 10] for one in (values, floors))
    return f"ratio of the p10s {low / low_floor:.2f}"


def as_json(figures: Sequence[Figure]) -> list[dict[str, object]]:
    """Plain values, with the ratio."""
    return [msgspec.structs.asdict(one) | {"ratio": one.ratio} for one in figures]


@contextmanager
def _no_collector() -> Iterator[None]:
    """A collection that falls into one of two paired rounds would say something about neither."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
