"""Every scenario file in virtual time, one test each; and that they leave nothing out. Those that flash
are in a file of their own, because xdist spreads files."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenes import form
from sim.scenes.form import HOME
from sim.scenes.run import Options, play
from sim.scenes.seen import Verdict

FILES = sorted(HOME.glob("*.toml"))
VIRTUAL = [path for path in FILES if not form.load(path).head.realtime]


@pytest.mark.parametrize("path", VIRTUAL, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path) -> None:
    done = play(form.load(path), Options(out=str(tmp_path)))
    assert done.verdict is Verdict.OK, f"{done.path}:{done.line} {done.step}\n{done.why}"


def test_there_are_at_least_forty_and_some_must_fail() -> None:
    heads = [form.load(path).head for path in FILES]
    assert len(heads) >= 40
    assert sum(bool(head.should_fail) for head in heads) >= 3
    assert {head.area for head in heads} == set(form.AREAS)
    assert len(VIRTUAL) >= 80


def test_every_kind_of_step_is_used_by_some_scenario() -> None:
    used = {step.kind for path in FILES for step in form.load(path).steps}
    assert set(form.kinds()) - used == set()


def test_no_two_scenarios_say_the_same() -> None:
    titles = [form.load(path).head.title for path in FILES]
    assert len(set(titles)) == len(titles)
