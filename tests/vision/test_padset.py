"""A set made by the simulated camera, counted by the product's own command, from end to end: small."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.errors import EdgeError
from edge.field.commands import app
from sim.camera import clips, padset
from sim.camera.tables import folds, heads

SIZE = ("--live", "6", "--attacks", "1", "--species", "live,print_flat,injected", "--people", "train")


def make(folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    monkeypatch.setattr(sys, "argv", ["padset", str(folder), *SIZE, "--keep", "places", *more])
    assert padset.main() == 0


def slope(told: str, check: str) -> float:
    row = next(line for line in told.splitlines() if f'"{check}"' in line)
    return float(row.split(",")[1].strip(" )"))


def test_a_set_is_made_counted_and_fitted_and_a_second_run_makes_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, monkeypatch)
    was = (tmp_path / padset.SHELF).read_bytes(), (tmp_path / "labels.csv").read_text()
    make(tmp_path, monkeypatch)
    assert was == ((tmp_path / padset.SHELF).read_bytes(), (tmp_path / "labels.csv").read_text())

    told = CliRunner().invoke(app, ["pad-eval", str(tmp_path), "--split", "train"])
    assert told.exit_code == 0 and told.output.startswith("Simulated"), told.output
    assert "APCER print_flat           0.0 % of 1" in told.output
    assert "BPCER                      0.0 % of 6" in told.output

    fitted = CliRunner().invoke(app, ["pad-fit", str(tmp_path)])
    assert '"form": (' in fitted.output and '"follows": (' in fitted.output
    without = CliRunner().invoke(app, ["pad-fit", str(tmp_path), "--without", "print_flat"])
    assert slope(without.output, "form") != slope(fitted.output, "form"), "its attacks are left out"
    with pytest.raises(EdgeError, match="heads and 0 papers"):
        heads.table(heads.visits([tmp_path]))
    capsys.readouterr()


def test_the_parts_of_a_plan_are_the_plan() -> None:
    people = tuple(padset.stage.CAST)
    rows = list(padset.plan(6, 2, 1, people))
    assert len({row.path for row in rows}) == len(rows) == 6 + 2 * (len(padset.visit.kinds()) - 1)
    assert {row.subject for row in rows if row.species == "live"} == set(people)
    first = rows[: len(rows) // 2]
    assert {row.species for row in first} == set(padset.visit.kinds()), "a part is an even part"


def test_paper_that_is_folded_finely_enough_has_the_form_of_a_head() -> None:
    """What `python -m sim.camera.tables.folds` prints, for two sizes."""
    studio = padset.Studio(clips.sight())
    coarse, fine = (list(folds.forms(size, 2, studio)) for size in (32, 10))
    assert max(coarse) < min(fine)
