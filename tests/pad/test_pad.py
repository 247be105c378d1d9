"""facepay pad-eval: the counts and their intervals, sets that are none, and a run over real pictures
through the terminal's own networks.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image
from typer.testing import CliRunner

from edge.core.events import LookSeen
from edge.core.liveness import NET
from edge.drivers.vision.light import glow
from edge.drivers.vision.nets import models
from edge.errors import EdgeError
from edge.field.commands import app
from edge.field.pad import fit, metrics, sets
from edge.field.pad.judge import Outcome
from edge.field.pad.page import figure, page
from edge.field.pad.shelf import Seen, Shelf
from edge.field.pad.text import text


def item(attack: str = "", path: str = "a") -> sets.Item:
    return sets.Item(path, bool(attack), attack, "", "", (("tone", "1"),))


def outcome(attack: str, accepted: bool, odds: float = 0.0) -> Outcome:
    passed = frozenset({"passive"} if accepted else set())
    return Outcome(item(attack), accepted, (), odds, 1, (("passive", odds),), passed)


def tally(made: Iterable[Outcome]) -> metrics.Tallies:
    counted = metrics.Tallies()
    for one in made:
        counted.add(one)
    return counted


# -- the counts ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("errors", "count", "low", "high"),
    [(0, 150, 0.0, 0.0243), (1, 150, 0.0002, 0.0366), (5, 50, 0.0333, 0.2181), (3, 3, 0.2924, 1.0)],
)
def test_intervals_are_exact(errors: int, count: int, low: float, high: float) -> None:
    """Clopper and Pearson, from tables."""
    found = metrics.rate(errors, count)
    assert found.low == pytest.approx(low, abs=2e-4)
    assert found.high == pytest.approx(high, abs=2e-4)


def test_nothing_measured_is_nothing_known() -> None:
    assert metrics.rate(0, 0) == metrics.Rate(0, 0, 0.0, 1.0)


def test_the_worst_species_counts_and_not_the_mean() -> None:
    made = [outcome("print", False)] * 9 + [outcome("print", True)] + [outcome("mask", True)] * 2
    made += [outcome("", True)] * 3 + [outcome("", False)]
    found, net = tally(made).each()[0].tables()
    assert (found.name, net.name) == (metrics.DECISION, NET)
    assert found.worst == "mask" and found.apcer["mask"].value == 1.0
    assert found.apcer["print"].value == pytest.approx(0.1)
    assert found.bpcer.value == 0.25 and found.acer == pytest.approx(0.625)


def test_a_det_curve_falls_from_all_accepted_to_none() -> None:
    made = [outcome("print", False, odds) for odds in (-3, -2, 0.5)]
    made += [outcome("", True, odds) for odds in (-1, 2, 3)]
    curve = tally(made).each()[0].det()["fused odds"]
    assert curve[0] == (1.0, 0.0) and curve[-1] == (0.0, 1.0)
    assert all(a[0] >= b[0] and a[1] <= b[1] for a, b in pairwise(curve))
    assert 0 < metrics.eer(curve) <= 0.5


# -- sets ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("labels", "code"),
    [
        (None, "E-PAD-01"),
        ("name,label\na,real\n", "E-PAD-01"),
        ("path,label\n../a,real\n", "E-PAD-02"),
        ("path,label\n/etc/passwd,real\n", "E-PAD-02"),
        ("path,label\na,maybe\n", "E-PAD-02"),
        ("path,label\n,real\n", "E-PAD-02"),
    ],
)
def test_a_set_that_is_none_is_said_to_be_none(
    tmp_path: Path, labels: str | None, code: str
) -> None:
    if labels is not None:
        (tmp_path / "labels.csv").write_text(labels)
    with pytest.raises(EdgeError, match=code):
        list(sets.items(tmp_path))


@pytest.mark.parametrize(
    "look",
    [
        "", "{}", "[1]",
        '{"terminal":"t","nonce":"xx","step_ms":200,"lit_ms":[1],"end_ms":1,"shot_ms":[1]}',
        '{"terminal":"t","nonce":"' + "00" * 16
        + '","step_ms":200,"lit_ms":[1],"end_ms":1,"shot_ms":[1]}',
    ],
)  # fmt: skip
def test_lights_that_nobody_drew_are_no_lights(tmp_path: Path, look: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "look.json").write_text(look)
    with pytest.raises(EdgeError, match="E-PAD-03"):
        sets.lighting(sets.look_of(tmp_path, "a"), "a")


def test_a_split_is_looked_at_alone(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,label,split,room\na,real,train,x\nb,spoof,test,y\n")
    (only,) = sets.items(tmp_path, "test")
    assert only.path == "b" and only.attack == "unnamed" and only.groups == (("room", "y"),)
    assert len(list(sets.items(tmp_path))) == 2


# -- a run -----------------------------------------------------------------------------------------
def test_a_run_prints_the_table_and_writes_json_and_a_page_that_stands_alone(tmp_path: Path) -> None:
    """A person, a broken file and an empty grey: what has no face is no accept and no crash."""
    models.fetch(models.MODELS_DIR)
    models.fetch(models.PICTURES_DIR, "pictures")
    with Image.open(models.PICTURES_DIR / "astronaut.png") as picture:
        face = picture.convert("RGB")
    for clip in ("live", "grey", "broken"):
        (tmp_path / clip).mkdir()
        for n in range(6):
            place = tmp_path / clip / f"{n}.jpg"
            if clip == "live":
                face.crop((n, 0, 500 + n, 375)).resize((640, 480)).save(place)
            elif clip == "grey":
                Image.fromarray(np.full((480, 640, 3), 90 + n, np.uint8)).save(place)
            else:
                place.write_bytes(b"\xff\xd8 no picture")
    (tmp_path / "labels.csv").write_text(
        "path,label,attack,tone\nlive,real,,1\ngrey,spoof,grey,\nbroken,spoof,broken,\n"
    )
    told = CliRunner().invoke(
        app,
        [
            "pad-eval", str(tmp_path), "--json", str(tmp_path / "o.json"),
            "--html", str(tmp_path / "o.html"), "--outcomes", str(tmp_path / "o.jsonl"),
        ],
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    assert "APCER broken" in told.output and "BPCER" in told.output
    assert json.loads((tmp_path / "o.json").read_text())["presentations"] == 3
    made = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    accepted = {one["path"]: one["accepted"] for one in made}
    assert not accepted["grey"] and not accepted["broken"]
    seen = {one["path"]: one["faces"] for one in made}
    assert seen == {"live": 6, "grey": 0, "broken": 0}
    html = (tmp_path / "o.html").read_text()
    assert "<svg" in html and "data:image/jpeg" in html
    assert "http" not in html and "<script" not in html


def test_pictures_that_are_cut_off_swollen_or_none_are_shots_without_a_face_and_end_nothing(tmp_path: Path) -> None:
    """A clip of a person in which each kind of bad file stands once, and a clip of nothing but them."""
    models.fetch(models.MODELS_DIR)
    models.fetch(models.PICTURES_DIR, "pictures")
    out = BytesIO()
    with Image.open(models.PICTURES_DIR / "astronaut.png") as picture:
        picture.convert("RGB").crop((0, 0, 500, 375)).resize((640, 480)).save(out, "JPEG")
    whole = out.getvalue()
    bomb = BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    bad = {
        "cut": whole[: len(whole) // 2], "cut and closed": whole[: len(whole) // 2] + b"\xff\xd9", "empty": b"",
        "text": b"no picture\n" * 99, "zeros": b"\0" * 5_000, "head only": whole[:20], "swollen": bomb.getvalue(),
        "twisted": whole[:600] + bytes(reversed(whole[600:])),
    }  # fmt: skip
    for clip, good in (("live", 6), ("bad", 0)):
        (tmp_path / clip).mkdir()
        for name, data in bad.items():
            (tmp_path / clip / f"a {name}.jpg").write_bytes(data)
        for n in range(good):
            (tmp_path / clip / f"b {n}.jpg").write_bytes(whole)
    (tmp_path / "labels.csv").write_text("path,label,attack\nlive,real,\nbad,spoof,bad\n")
    told = CliRunner().invoke(app, ["pad-eval", str(tmp_path), "--outcomes", str(tmp_path / "o.jsonl")])
    assert told.exit_code == 0, told.output
    live, junk = (json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines())
    assert (live["faces"], live["accepted"]) == (6, True)
    assert (junk["faces"], junk["accepted"]) == (0, False) and junk["reasons"]


def test_a_name_of_a_set_is_no_markup() -> None:
    one, counted = outcome("<b>", True), tally([outcome("<b>", True)])
    assert "<b>" not in page("<i>", text(counted), counted, figure(one, b"picture"))


def test_a_group_that_is_refused_more_than_twice_as_often_is_named() -> None:
    made = [outcome("", n > 0) for n in range(50)]
    made += [replace(outcome("", n > 5), item=sets.Item("b", False, "", "", "", (("tone", "2"),))) for n in range(10)]
    told = text(tally(made), "Simulated.")
    assert told.startswith("Simulated.") and "<- over twice the mean" in told
    assert [line.split()[1] for line in told.splitlines() if "over twice" in line] == ["2"]


# -- what was seen is kept -------------------------------------------------------------------------
def seen(path: str) -> Seen:
    shots = tuple(LookSeen(n, 66 * n, None, live=0.9, glow=(0.25, 0.5), face=b"1234") for n in range(3))
    return Seen(path, shots, sets.Look("T", "00" * 16, 200, (1.0,), 2.0, (1, 2, 3)))


def test_a_run_that_was_broken_off_goes_on_behind_what_was_kept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "seen.bin")
    for path in ("a", "b"):
        shelf.add(seen(path))
    whole = (tmp_path / "seen.bin").read_bytes()
    (tmp_path / "seen.bin").write_bytes(whole[:-7])  # the power went
    again = Shelf(tmp_path / "seen.bin")
    assert "a" in again and "b" not in again and again.get("a") == seen("a")
    again.add(seen("b"))
    assert (tmp_path / "seen.bin").read_bytes() == whole


def test_two_files_joined_are_one_and_what_other_models_saw_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("a", "b"):
        Shelf(tmp_path / path).add(seen(path))
    (tmp_path / "both").write_bytes((tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes())
    assert "a" in (both := Shelf(tmp_path / "both")) and both.get("b") == seen("b")
    monkeypatch.setattr(glow, "PATCH", 0.5)
    assert "a" not in Shelf(tmp_path / "both")


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200))
def test_a_file_that_is_none_of_ours_holds_nothing(junk: bytes) -> None:
    with TemporaryDirectory() as place:
        (Path(place) / "x").write_bytes(junk)
        shelf = Shelf(Path(place) / "x")
        shelf.add(seen("a"))
        assert "a" in Shelf(Path(place) / "x")


# -- odds ------------------------------------------------------------------------------------------
def test_a_value_that_people_have_and_attacks_do_not_speaks_for_a_person() -> None:
    dice = random.Random(1)
    made = [outcome("", True, dice.gauss(0.8, 0.1)) for _ in range(40)]
    made += [outcome("print", False, dice.gauss(0.2, 0.1)) for _ in range(90)]
    made += [outcome("mask", False, dice.gauss(0.5, 0.1)) for _ in range(10)]
    offset, slope = fit.fitted(made)["passive"]
    assert slope > 0 and 0.5 < -offset / slope < 0.75, "even between people and the nearest species"
    assert fit.curve([(1.0, 1.0, 1.0)]) == (0.0, 0.0), "nobody to tell it from"
