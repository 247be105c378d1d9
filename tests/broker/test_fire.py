"""Real brokers under fire, a sample: `facepay fire` plays the same for as long as one likes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.fire.troubles import NETWORK, PERSISTENT, TROUBLES

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 280
LAST = re.compile(r"rounds (\d+) · records (\d+) · lost 0 · doubled 0")


def fire(*words: str, seed: int) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sim.fire", "--seed", str(seed), *words],
        capture_output=True, text=True, timeout=LIMIT_S, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout


def only(*names: str) -> list[str]:
    return [word for name in names for word in ("--only", name)]


def count(said: str, rounds: int) -> int:
    """Records of a run without a loss."""
    last = LAST.fullmatch(said.strip().splitlines()[-1])
    assert last is not None, said
    assert int(last[1]) == rounds
    return int(last[2])


@pytest.mark.slow
def test_28_terminals_whose_messages_are_doubled_and_reordered_settle_everything_once() -> None:
    said = fire("--rounds", "1", *only("doubled and reordered"), seed=28)
    assert count(said, 1) >= 28 * 5


@pytest.mark.slow
def test_dead_lossy_and_cut_lines_between_two_namespaces_lose_nothing() -> None:
    names = ("link down", "packets lost", "wire cut after n bytes")
    said = fire("--terminals", "6", "--rounds", "3", *only(*names), seed=4)
    if "SKIPPED" in said:
        pytest.skip(said.partition("\n")[0])
    assert count(said, 3) >= 3 * 6
    assert all(name in said for name in names)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broker", "names"),
    [
        ("mosquitto", ("broker killed, persistent", "broker forgets all")),
        ("amqtt", ("broker killed",)),
    ],
)
def test_brokers_that_die_with_and_without_a_memory_lose_nothing(
    broker: str, names: tuple[str, ...]
) -> None:
    rounds = len(names)
    words = ("--broker", broker, "--terminals", "6", "--rounds", str(rounds))
    assert count(fire(*words, *only(*names), seed=7), rounds) >= rounds * 6


def test_every_trouble_says_what_it_is_and_the_special_ones_exist() -> None:
    assert all(trouble.__doc__ for trouble in TROUBLES.values())
    assert set(TROUBLES) >= NETWORK | PERSISTENT
