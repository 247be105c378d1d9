"""Group `board`: how much faster than the wall's clock a simulated controller lives, and what of its
heap the firmware uses.

Time: virtual, with a terminal at the cable (heartbeats both ways, so something happens all the time) and
a patient a minute; by the wall's clock, and by what the processor spent on board, VM and terminal, which
a busy machine does not change. Memory: `gc.mem_alloc()` after a collection, with a session up and the duties used;
floor: the same before main.py imports the firmware. The VM has 64-bit objects, a Pico has not: group
`chip` says what it is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

from sim.board import SimBoard
from sim.board.pytest_plugin import Bench
from tests.bench.cable import talking
from tests.bench.figure import Figure, Size, paired, spread
from tests.bench.material import ROOT

GROUP = "board"
COUNTING = ROOT / "tests" / "tier2" / "counting.py"
PATIENCE_S = 60.0
LOOK_EVERY_S = 0.1
MEASURED = 5
MINUTE_S = 60.0
AT_LEAST = 60  # an hour in a minute


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    return [*_time(directory / "time", size.virtual_s), _heap(directory / "heap")]


def _time(directory: Path, virtual_s: int) -> list[Figure]:
    bench = Bench(directory)
    by_wall, by_processor = [], []
    with bench.sim:
        bench.link_up()
        for _ in range(max(1, round(virtual_s / MINUTE_S))):
            wall, spent = time.perf_counter(), _processor_s()
            bench.press("face")
            bench.command("light", "guide")
            bench.control.present_card("SZ2026112500042", "03")
            bench.run(MINUTE_S * 1000)
            by_wall.append(MINUTE_S / (time.perf_counter() - wall))
            by_processor.append(MINUTE_S / (_processor_s() - spent))
    note = f"{len(by_wall)} minutes of the board, a patient in each; "
    return [
        paired(
            group=GROUP, name="the board's seconds in one of the wall's", unit="s", values=by_wall,
            floors=[1.0] * len(by_wall), floor_name="the wall's clock",
            note=note + spread(by_wall, digits=0),
        ),
        paired(
            group=GROUP, name="the board's seconds in one of a processor's", unit="s",
            values=by_processor, floors=[1.0] * len(by_wall), floor_name="the wall's clock",
            at_least=AT_LEAST, note=note + spread(by_processor, digits=0),
        ),
    ]  # fmt: skip


def _processor_s() -> float:
    """Of this process and of those that it started and that live."""
    own = psutil.Process()
    times = [one.cpu_times() for one in (own, *own.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def _heap(directory: Path) -> Figure:
    over = directory / "overlay"
    over.mkdir(parents=True)
    (over / "main.py").write_bytes(counting_main())
    with SimBoard(directory) as board, talking(board.path, board.key_path) as talk:
        talk.burst(10)
        board.present_card("SZ2026112500042", "03")
        board.press("face")
        bare, used, free = counted(lambda: str(board.control.ask("state")["console"]))
    return heap_figure(GROUP, "heap in use, MicroPython's unix VM, 64 bits", bare, used, free)


def counting_main() -> bytes:
    """main.py as it is, behind what measures it."""
    return COUNTING.read_bytes() + b"\n" + (ROOT / "firmware" / "main.py").read_bytes()


def counted(
    console: Callable[[], str], wait: Callable[[], None] = lambda: time.sleep(LOOK_EVERY_S),
    patience_s: float = PATIENCE_S,
) -> tuple[int, list[int], int]:  # fmt: skip
    """What counting.py said: bytes in use before the firmware, then in its loop from now on, and the
    least that was free."""
    since, end = len(_rows(console(), "ram")), time.monotonic() + patience_s
    while len(_rows(console(), "ram")) < since + MEASURED:
        assert time.monotonic() < end, f"no measurements: {console()[-2000:]}"
        wait()
    rows = _rows(console(), "ram")[since:]
    return _rows(console(), "bare")[-1][-1], [used for _, _, used in rows], min(f for _, f, _ in rows)


def heap_figure(group: str, name: str, bare: int, used: list[int], free: int) -> Figure:
    """In kB, beside what is in use before the firmware."""
    return paired(
        group=group, name=name, unit="kB", values=[float(one) for one in used], scale=1e-3,
        floors=[float(bare)] * len(used), floor_name="before main.py imports the firmware",
        note=f"{(used[-1] - bare) / 1e3:.1f} kB are the firmware's; {free / 1e3:.1f} kB free",
    )  # fmt: skip


def _rows(console: str, word: str) -> list[tuple[int, ...]]:
    """The whole lines that begin with the word (the last line may be half there)."""
    lines = console.split("\n")[:-1]
    return [tuple(map(int, line.split()[1:])) for line in lines if line.startswith(word + " ")]
