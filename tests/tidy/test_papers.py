"""The pages of edge/docs say what is so: every test they name exists, every tick of ours names one, and
the operations of the simulated board are those it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.board import ops

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "edge" / "docs").rglob("*.md"))
SIMULATOR = (ROOT / "edge" / "docs" / "SIMULATOR.md").read_text()
OURS = "facepay"  # the column of the table beside others
TICKS_MIN = 20


def defined_in(path: Path) -> set[str]:
    return set(re.findall(r"^ *(?:async )?def (test_\w+)\(", path.read_text(), re.MULTILINE))


def named(text: str) -> list[tuple[str, str]]:
    """(file or "", test) of everything in backticks that looks like a test."""
    return re.findall(r"`(?:(tests/[\w/.-]+)::)?(test_\w+)(?:\[[^`\]]*\])?`", text)


EVERY = {name for path in (ROOT / "tests").rglob("*.py") for name in defined_in(path)}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    files = set(re.findall(r"`(tests/[\w/-]+\.py)(?:::|`)", text))
    assert [name for name in files if not (ROOT / name).is_file()] == []
    there = {name: defined_in(ROOT / name) for name in files} | {"": EVERY}
    assert [(file, test) for file, test in named(text) if test not in there[file]] == []


def test_every_tick_of_ours_names_a_test() -> None:
    head, *rows = table("Renode")
    ours, test = head.index(OURS), head.index("our test")
    ticks = [row for row in rows if row[ours].startswith("✔")]
    assert len(ticks) >= TICKS_MIN
    assert [row[0] for row in ticks if not named(row[test])] == []
    assert [row[0] for row in rows if row not in ticks and row[test]] == [], "a test and no tick"


def test_every_cell_of_a_peer_says_where_it_was_read_or_that_it_was_not() -> None:
    head, *rows = table("Renode")
    letters = {"Renode": "R", "Wokwi CI": "W", "pytest-embedded": "P", "Zephyr twister": "Z"}
    for peer, letter in letters.items():
        at = head.index(peer)
        for row in rows:
            assert row[at][0] in "?–" or letter in row[at], f"{peer}, {row[0]}: {row[at]}"
            assert f"**{letter}**" in SIMULATOR, "its pages are named"


def test_the_operations_are_those_that_the_board_has() -> None:
    head, *rows = table("`do`")
    assert head[0] == "`do`"
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(listed) == sorted(ops.OPERATIONS)


def table(holds: str) -> list[list[str]]:
    """The cells of the first table of SIMULATOR.md whose head holds this word."""
    lines = iter(SIMULATOR.splitlines())
    for line in lines:
        if line.startswith("|") and holds in line:
            found = [line]
            break
    next(lines)  # the rule
    for line in lines:
        if not line.startswith("|"):
            break
        found.append(line)
    return [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in found]
