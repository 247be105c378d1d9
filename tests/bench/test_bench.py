"""The bench itself: every group gives whole figures at tiny sizes, each ratio is that of its own
floor, measured in the same call. What the figures are is nobody's assertion here."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench.figure import TINY, Figure, as_json, in_turns, paired
from tests.bench.run import BY_NAME, GROUPS, collect, lines, table

LIGHT = ("append", "crypto", "benefit", "roster", "start", "cable", "flash", "board")
HEAVY = ("vision", "pace", "render", "pad", "visit", "drain", "memory")
TARGETS = {
    "append": ("store.commit of 10 signed records", "fsyncs per commit of 1 record"),
    "board": ("the board's seconds in one of a processor's",),
    "memory": ("RSS idle, no camera", "RSS after 2 visits by card", "growth over 2 visits"),
}


def figures_of(name: str, directory: Path) -> list[Figure]:
    return GROUPS[name](directory / name, TINY)


def check(name: str, figures: list[Figure]) -> None:
    assert figures
    assert len({one.name for one in figures}) == len(figures)
    for one in figures:
        assert one.group == name
        assert math.isfinite(one.value)
        assert one.floor > 0, one.name
        assert one.floor_name, one.name
        assert one.rounds > 0, one.name
        assert one.floor_rounds > 0, one.name
        assert one.ratio == one.value / one.floor
        assert (one.met is None) == (one.target == ""), one.name
    promised = {one.name for one in figures if one.target}
    assert set(TARGETS.get(name, ())) <= promised
    said = json.loads(json.dumps(as_json(figures)))
    assert [one["ratio"] for one in said] == [one.ratio for one in figures]


@pytest.mark.parametrize("name", LIGHT)
def test_a_group_gives_whole_figures_each_beside_its_floor(name: str, tmp_path: Path) -> None:
    check(name, figures_of(name, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("name", HEAVY)
def test_a_group_of_many_processes_gives_whole_figures(name: str, tmp_path: Path) -> None:
    check(name, figures_of(name, tmp_path))


@pytest.mark.tier2
@pytest.mark.timeout(7200)
def test_the_group_of_the_emulated_chip_gives_whole_figures(tmp_path: Path) -> None:
    check("chip", figures_of("chip", tmp_path))


def test_every_group_is_tried_here() -> None:
    assert {*LIGHT, *HEAVY, *BY_NAME} == set(GROUPS)
    assert {"chip"} == BY_NAME


def test_the_rounds_of_a_figure_and_its_floor_alternate() -> None:
    order: list[str] = []

    def work(name: str) -> float:
        order.append(name)
        return float(len(order))

    ours, floors = in_turns(4, [lambda: work("a"), lambda: work("b")])
    assert (len(ours), len(floors)) == (4, 4)
    rounds = [set(order[at : at + 2]) for at in range(0, len(order), 2)]
    assert rounds == [{"a", "b"}] * 5, "each round does both; the first is a warm-up"
    assert order[0] != order[2], "and another one begins"
    assert min(ours + floors) > 2, "the warm-up is not in the samples"


def test_a_ratio_is_of_the_medians_and_a_target_is_judged_by_it() -> None:
    def one(limit_ratio: float) -> Figure:
        return paired(
            group="g", name="n", unit="ms", values=[0.003, 0.9, 0.002], floors=[0.002, 0.001],
            floor_name="f", scale=1e3, limit_ratio=limit_ratio,
        )  # fmt: skip

    assert (one(2.0).value, one(2.0).floor) == (3.0, 1.5)
    assert (one(2.0).ratio, one(2.0).met, one(1.9).met) == (2.0, True, False)


def test_the_lines_to_paste_are_one_table_of_markdown_with_every_figure() -> None:
    figures = [
        paired(
            group="g", name=name, unit="ms", values=[3.0], floors=[1.5], floor_name="f", limit_ratio=limit
        )
        for name, limit in (("one", 1.0), ("two", 3.0), ("three", None))
    ]
    rows = [line.strip("|").split("|") for line in lines(figures)]
    assert {len(row) for row in rows} == {5}
    assert [row[0].strip() for row in rows[2:]] == ["one", "two", "three"]
    assert [row[3].strip() for row in rows[2:]] == ["2.00"] * 3
    assert "not met" in rows[2][4] and "not met" not in rows[3][4]


def test_the_table_names_every_figure_and_a_group_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=200)

    def broken(directory: Path, size: object) -> list[Figure]:
        raise RuntimeError(f"no {directory.name}")

    monkeypatch.setitem(GROUPS, "append", broken)
    figures, failures = collect(["append", "crypto"], TINY, console)
    assert failures == {"append": "RuntimeError: no append"}
    console.print(table(figures))
    for one in figures:
        assert one.name.split(":")[0] in shown.getvalue()
