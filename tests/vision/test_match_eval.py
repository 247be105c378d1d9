"""`facepay match-eval`: the rates it prints are those of the pictures, by the terminal's own eyes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edge.drivers.vision.nets import models
from edge.errors import EdgeError
from edge.field import match_eval
from edge.field.commands import app


def population(people: Path, folder: Path) -> Path:
    """Two people with three pictures each, one of them turned away."""
    lines = ["path,subject,label,attack"]
    folder.mkdir()
    for who in ("p1", "p2"):
        for n in (0, 5, 9):
            shutil.copy(people / who / "front" / f"{n:04d}.jpg", folder / f"{who}-{n}.jpg")
            lines.append(f"{who}-{n}.jpg,{who},real,")
    shutil.copy(people / "p1" / "print" / "0000.jpg", folder / "print.jpg")
    shutil.copy(min((people / "turned_away").glob("*.jpg")), folder / "away.jpg")
    lines += ["print.jpg,p1,spoof,print", "away.jpg,p2,real,"]
    (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_it_counts_pairs_of_one_person_and_of_two_and_says_what_too_few_pairs_cannot_show(
    people: Path, tmp_path: Path
) -> None:
    folder = population(people, tmp_path / "site")
    done = CliRunner().invoke(app, ["match-eval", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["subjects"], report["pictures"]) == (2, 6)
    assert report["refused"] == {"turned": 1}, "the spoof is not of the population"
    assert (report["genuine"], report["impostor"]) == (6, 9)
    asked = report["points"][-1]
    assert asked["threshold"] == pytest.approx(0.64, abs=1e-3)
    assert (asked["fmr"]["errors"], asked["fnmr"]["errors"]) == (0, 0)
    assert not any(point["enough"] for point in report["points"][:-1])
    words = CliRunner().invoke(app, ["match-eval", str(folder)])
    assert "2 people, 6 pictures" in words.stdout
    assert "too few pairs of two to show this" in words.stdout


def test_the_threshold_for_a_rate_is_the_lowest_that_keeps_it() -> None:
    rng = np.random.default_rng(1)
    impostor = np.bincount(((rng.normal(0.1, 0.1, 20_000) + 1) / 2 * match_eval.BINS).astype(int), minlength=match_eval.BINS)
    genuine = np.bincount(((rng.normal(0.7, 0.08, 3_000).clip(-1, 0.999) + 1) / 2 * match_eval.BINS).astype(int), minlength=match_eval.BINS)
    point = match_eval._at_target(1e-3, genuine, impostor)
    assert point.enough
    assert point.fmr.errors <= 20
    at = match_eval._bin(point.threshold)
    assert impostor[at - 1 :].sum() > 20, "one bin lower it would not"
    assert point.threshold == pytest.approx(0.1 + 3.09 * 0.1, abs=0.02)
    assert point.fmr.low < point.fmr.share < point.fmr.high


def test_no_error_in_n_pairs_is_not_the_promise_of_none() -> None:
    assert match_eval.rate(0, 150).high == pytest.approx(0.025, abs=0.002)
    assert match_eval.rate(150, 150).high == 1.0
    assert match_eval.rate(0, 0).high == 1.0


@pytest.mark.parametrize(
    "labels",
    ["", "path,who\na.jpg,p1\n", "path,subject\nmissing.jpg,p1\n", "path,subject\n../labels.csv,p1\n", "path,subject\n"],
)
def test_labels_that_are_not_usable_are_said_so(tmp_path: Path, labels: str) -> None:
    (tmp_path / "labels.csv").write_text(labels)
    with pytest.raises(EdgeError, match="E-VIS-09"):
        match_eval.evaluate(match_eval.rows(tmp_path), models.MODELS_DIR, ())
