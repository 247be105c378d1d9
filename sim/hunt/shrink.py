"""Fewer strikes, the same broken promise: delta debugging (Zeller's ddmin) over the strikes of a
seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from sim.hunt import Order, Report, broken, run, same_promise

RUNS_MAX = 200  # worlds one seed may cost


def shrink(order: Order, report: Report, runs_max: int = RUNS_MAX) -> Report:
    """The report of the smallest list of strikes found that breaks one of the same promises. None
    of its strikes can be left out, unless `runs_max` ended the search."""
    names = broken(report)
    best = report
    left = runs_max

    def fails(numbers: tuple[int, ...]) -> bool:
        nonlocal best, left
        if left <= 0:
            return False
        left -= 1
        tried = run(replace(order, strikes=numbers))
        if same_promise(tried, names):
            best = tried
            return True
        return False

    minimal([strike.number for strike in report.strikes], fails)
    return best


def minimal(items: Sequence[int], fails: Callable[[tuple[int, ...]], bool]) -> list[int]:
    """A part of `items` of which no element can be left out and which still fails."""
    if fails(()):
        return []
    now, parts = list(items), 2
    while len(now) > 1:
        size = -(-len(now) // parts)
        chunks = [now[at : at + size] for at in range(0, len(now), size)]
        smaller = next((chunk for chunk in chunks if fails(tuple(chunk))), None)
        if smaller is not None:
            now, parts = smaller, 2
            continue
        rests = ([one for one in now if one not in chunk] for chunk in chunks)
        rest = next((rest for rest in rests if len(rest) < len(now) and fails(tuple(rest))), None)
        if rest is not None:
            now, parts = rest, max(parts - 1, 2)
        elif parts >= len(now):
            break
        else:
            parts = min(len(now), parts * 2)
    return now
