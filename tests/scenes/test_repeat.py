"""Under one seed in virtual time a run repeats to the byte: the trace of the board and its flash, the
record of the run, the console, the picture. One with a bad cable, one with resets, one whose program
prints and dies."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenes import form
from sim.scenes.form import HOME
from sim.scenes.run import Options, play
from sim.scenes.seen import Verdict

FILES = ("board/trace.jsonl", "board/flash.img", "run.jsonl", "console.txt", "picture.html")


NAMES = ("line_everything_at_once", "witness_outlives_a_reset", "board_half_flashed")


@pytest.mark.parametrize("name", NAMES)
def test_a_run_repeats_to_the_byte(name: str, tmp_path: Path) -> None:
    places = []
    for number in ("one", "two"):
        done = play(form.load(HOME / f"{name}.toml"), Options(out=str(tmp_path / number), seed=7))
        assert done.verdict is Verdict.OK, done.why
        places.append(Path(done.where))
    for file in FILES:
        one, two = ((place / file).read_bytes() for place in places)
        assert one == two, file
        assert len(one) > 100 or file == "console.txt"


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    scenario = form.load(HOME / "line_everything_at_once.toml")
    runs = [
        Path(play(scenario, Options(out=str(tmp_path / str(seed)), seed=seed)).where)
        for seed in (1, 2)
    ]
    one, two = ((place / "run.jsonl").read_bytes() for place in runs)
    assert one != two
