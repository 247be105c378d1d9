"""Every scenario on the wall's clock: those in which the flasher, a program of its own, takes part."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenes import form
from sim.scenes.form import HOME
from sim.scenes.run import Options, play
from sim.scenes.seen import Verdict

FILES = [path for path in sorted(HOME.glob("*.toml")) if form.load(path).head.realtime]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path) -> None:
    done = play(form.load(path), Options(out=str(tmp_path)))
    assert done.verdict is Verdict.OK, f"{done.path}:{done.line} {done.step}\n{done.why}"


def test_what_the_flasher_promises_is_played() -> None:
    codes = {step.fields.refused for path in FILES for step in form.load(path).steps
             if step.kind in ("upgrade", "roll-back")}  # fmt: skip
    assert codes >= {"", "E-FLS-04", "E-FLS-21", "E-FLS-22", "E-FLS-31", "E-FLS-40", "E-FLS-42", "E-FLS-51"}
