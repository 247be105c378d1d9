"""facepay pad-eval over every kind of presentation: single shots, films, what more eyes saw, flash pairs. The nets
are the real ones, people and attacks are rendered (sim/camera).
"""

from __future__ import annotations

import json
import tracemalloc
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image
from typer.testing import CliRunner, Result

from edge.core.events import LookSeen
from edge.core.liveness.regions import GLOW_NUMBERS
from edge.core.liveness.response import Lighting
from edge.core.liveness.sequence import Sequence
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Sight
from edge.errors import EdgeError
from edge.field.commands import app
from edge.field.pad import flash, metrics, raws, sets, shelf
from edge.field.pad.judge import CLIP, PAIR, SINGLE, Rule, decide, kind_of, of_picture
from edge.field.pad.shelf import Seen, Shelf
from edge.field.pad.text import text
from sim.camera import padset, planes, plate, visit
from sim.camera.linear import shot
from sim.camera.pixels import Sensor

LIGHTS = Lighting(Sequence(bytes(16), ("off", "white"), 1_000), (0.0, 1_000.0), 2_000.0)
SEED, SHOTS = 2, 6


@pytest.fixture(scope="module")
def sight() -> Sight:
    models.fetch(models.MODELS_DIR)
    models.fetch(models.PICTURES_DIR, "pictures")
    return Sight(models.MODELS_DIR)


@pytest.fixture(scope="module")
def studio(sight: Sight) -> padset.Studio:
    return padset.Studio(sight)


@pytest.fixture(scope="module")
def pairs(studio: padset.Studio) -> dict[str, list[bytes]]:
    """Of each species two shots of one exposure: without lamps, and with both in white."""
    at, made = visit.Setting(150.0, (1.0, 1.0, 1.0), 45.0, SEED), dict[str, list[bytes]]()
    for species in ("live", "print_flat", "mask_paper"):
        person = studio.person(padset.Row(species, species, "p2", SEED, tone=1.0, glasses=False))
        frames = list(visit.kinds()[species].frames(visit.take_of(person, at, LIGHTS, [500.0, 1_500.0], SEED)))
        x, y, w, h = (int(v) for v in person.box)
        exposure = visit.OWN_LEVEL / float(frames[0][y : y + h, x : x + w].mean())
        made[species] = [shot(light, Sensor(SEED), exposure) for light in frames]
    return made


@pytest.fixture(scope="module")
def face() -> Image.Image:
    """A photographed person who looks ahead."""
    models.fetch(models.PICTURES_DIR, "pictures")
    with Image.open(models.PICTURES_DIR / "astronaut.png") as picture:
        return picture.convert("RGB").crop((0, 0, 500, 375)).resize((640, 480))


def run(folder: Path, *more: str) -> Result:
    told = CliRunner().invoke(
        app, ["pad-eval", str(folder), "--json", str(folder / "o.json"), "--outcomes", str(folder / "o.jsonl"), *more]
    )
    assert told.exit_code == 0, told.output
    return told


def outcomes(folder: Path) -> dict[str, dict[str, object]]:
    lines = (json.loads(line) for line in (folder / "o.jsonl").read_text().splitlines())
    return {line["path"]: line for line in lines}


def jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def moved(face: Image.Image) -> list[Image.Image]:
    return [face.transform(face.size, Image.Transform.AFFINE, (1, 0, n, 0, 1, 0)) for n in range(SHOTS)]


def item(path: str, attack: str = "") -> sets.Item:
    return sets.Item(path, bool(attack), attack, "", "", ())


# -- single shots ------------------------------------------------------------------------------------
def test_a_still_is_judged_by_the_nets_own_value_of_it_beside_clips_that_are_judged_as_ever(
    tmp_path: Path, sight: Sight, pairs: dict[str, list[bytes]], face: Image.Image
) -> None:
    face.save(tmp_path / "photo.png")
    (tmp_path / "live.jpg").write_bytes(pairs["live"][0])
    (tmp_path / "print.jpg").write_bytes(pairs["print_flat"][0])
    (tmp_path / "mask.jpg").write_bytes(pairs["mask_paper"][0])
    Image.new("RGB", (640, 480), (90, 90, 90)).save(tmp_path / "nobody.jpg")
    (tmp_path / "film.mjpeg").write_bytes(b"".join(map(jpeg, moved(face))))
    (tmp_path / "labels.csv").write_text(
        "path,label,attack\nphoto.png,real,\nlive.jpg,real,\nprint.jpg,spoof,print\nmask.jpg,spoof,mask\n"
        "nobody.jpg,spoof,print\nfilm.mjpeg,real,\n"
    )
    told = run(tmp_path, "--html", str(tmp_path / "o.html")).output
    assert "Judged by the NET ALONE" in told and "not answered" in told and "attacks 1 of 3" in told
    made = outcomes(tmp_path)
    accepted = {path for path, one in made.items() if one["accepted"]}
    assert accepted == {"photo.png", "live.jpg", "mask.jpg", "film.mjpeg"}, "a mask of paper deceives the net"
    assert made["nobody.jpg"]["answered"] is False and made["nobody.jpg"]["reasons"] == ["no_face"]
    for path in ("print.jpg", "mask.jpg", "photo.png"):
        sight.forget()
        net = sight.look(rgb_of((tmp_path / path).read_bytes())).live
        assert made[path]["values"] == {"passive": pytest.approx(net, abs=1e-3)}
    counted = json.loads((tmp_path / "o.json").read_text())
    single = counted["single_shot"]
    assert (counted["presentations"], single["presentations"], made["film.mjpeg"]["faces"]) == (6, 5, SHOTS)
    assert single["tables"][0]["apcer"]["mask"]["errors"] == 1 and single["tables"][0]["bpcer"]["errors"] == 0
    assert counted["tables"][0]["bpcer"]["count"] == 1 and counted["tables"][0]["apcer"] == {}
    html = (tmp_path / "o.html").read_text()
    assert html.count("<figure") == 6 and "NET ALONE" in html


def test_two_runs_over_the_same_set_count_the_same_to_the_byte(tmp_path: Path, face: Image.Image) -> None:
    (tmp_path / "clip").mkdir()
    for n, picture in enumerate(moved(face)):
        picture.save(tmp_path / "clip" / f"{n}.jpg")
    face.save(tmp_path / "photo.png")
    (tmp_path / "labels.csv").write_text("path,label,attack,room\nclip,real,,x\nphoto.png,spoof,photo,y\n")
    found = []
    for _ in range(2):
        told = run(tmp_path).output
        found.append((told, *((tmp_path / name).read_bytes() for name in ("o.json", "o.jsonl", "seen.bin"))))
        (tmp_path / "seen.bin").unlink()
    assert found[0] == found[1]


def looks(*lives: float, problem: str | None = None) -> tuple[LookSeen, ...]:
    return tuple(LookSeen(n, 66 * n, problem, live=live) for n, live in enumerate(lives))


def test_a_still_is_accepted_from_the_threshold_on_and_never_through_a_gate() -> None:
    for live, threshold, accepted in ((0.7, 0.5, True), (0.7, 0.8, False), (0.5, 0.5, True)):
        one = decide(item("a"), Seen("a", looks(live)), Rule(threshold=threshold))
        assert (one.kind, one.accepted, one.answered) == (SINGLE, accepted, True)
    blurred = decide(item("a"), Seen("a", looks(0.9, problem="blurred")), Rule())
    assert (blurred.accepted, blurred.answered, blurred.reasons) == (False, False, ("blurred",))
    assert not decide(item("a"), Seen("a", looks(-1.0)), Rule()).answered, "the net said nothing"


def test_what_is_too_short_for_the_nets_check_is_single_shots_and_under_lamps_never() -> None:
    lamps = sets.Look("T", "00" * 16, 200, (1.0,), 2.0, (1,))
    assert kind_of(Seen("a", looks(*[0.9] * 4))) == SINGLE
    assert kind_of(Seen("a", looks(*[0.9] * 5))) == CLIP
    assert kind_of(Seen("a", looks(0.9), lamps)) == CLIP
    assert kind_of(Seen("a", looks(0.9, 0.9), pair=True)) == PAIR


def test_clips_without_lamps_have_no_figures_of_lamps() -> None:
    counted = metrics.Tallies()
    counted.add(decide(item("a"), Seen("a", looks(*[0.9] * 6)), Rule()))
    counted.add(decide(item("b", "print"), Seen("b", looks(*[0.1] * 6)), Rule()))
    lines = text(counted).splitlines()
    assert not any(line.split()[:1] in (["form"], ["gain"]) for line in lines)
    (mute,) = (line for line in lines if "never measured" in line)
    assert "form" in mute and "depth" not in mute


# -- films -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["a.mjpeg", "a.avi", "a.gif", "a.webp", "a.mp4"])
def test_a_film_is_as_many_shots_as_it_has(
    tmp_path: Path, face: Image.Image, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stills = [picture.resize((160, 120)) for picture in moved(face)]
    if name.endswith((".gif", ".webp")):
        stills[0].save(tmp_path / name, save_all=True, append_images=stills[1:], duration=66)
    else:
        (tmp_path / name).write_bytes(b"RIFF" + b"00dc".join(map(jpeg, stills)))
    if name.endswith(".mp4"):  # an ffmpeg that gives what it was given
        (tmp_path / "ffmpeg").write_text('#!/bin/sh\nexec cat "$5"\n')
        (tmp_path / "ffmpeg").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = list(raws.raws(tmp_path, name))
    assert [raw.at_ms for raw in found] == [66 * n for n in range(SHOTS)]
    assert all(raw.data[:2] == b"\xff\xd8" for raw in found)
    assert of_picture(tmp_path, item(name))[:2] == b"\xff\xd8", "the montage shows it"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.mp4", "E-CAM-06"), ("a.txt", "E-PAD-03"), ("a", "E-PAD-03"), ("a.avi", "E-PAD-03"), ("a.gif", "E-PAD-03"),
        ("a.ir.png", "E-PAD-03"), ("gone.jpg", "E-PAD-03"),
    ],
)  # fmt: skip
def test_what_nobody_can_read_is_said_and_is_no_attack_that_was_refused(
    tmp_path: Path, name: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not name.startswith("gone"):
        (tmp_path / name).write_bytes(b"\0\0\0\x18ftypmp42 no motion JPEG")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "labels.csv").write_text(f"path,label,attack\n{name},spoof,film\n")
    with pytest.raises(EdgeError, match=code) as told:
        list(raws.raws(tmp_path, name))
    assert name in told.value.message or told.value.hint
    assert CliRunner().invoke(app, ["pad-eval", str(tmp_path)]).exit_code != 0


def test_the_montage_shows_folders_of_png_and_nothing_where_the_pictures_are_gone(
    tmp_path: Path, face: Image.Image
) -> None:
    (tmp_path / "clip").mkdir()
    face.save(tmp_path / "clip" / "0.png")
    assert of_picture(tmp_path, item("clip"))[:2] == b"\xff\xd8"
    assert of_picture(tmp_path, item("gone")) == b""


# -- more eyes ---------------------------------------------------------------------------------------
def test_planes_beside_the_shots_are_no_shots_and_reach_their_checks(tmp_path: Path, studio: padset.Studio) -> None:
    who = studio.plate("p2")
    light = who.screen.before(plate.shot_of(who.texture).astype(np.float32))
    rgb = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
    for clip, depth, ir in (("head", planes.head_depth, planes.skin_ir), ("sheet", planes.sheet_depth, planes.print_ir)):
        (tmp_path / clip).mkdir()
        for n in range(SHOTS):
            rgb.save(tmp_path / clip / f"{n}.jpg", quality=92)
            Image.fromarray(depth(who, n)).save(tmp_path / clip / f"{n}.depth.png")
            Image.fromarray(ir(who, n)).save(tmp_path / clip / f"{n}.ir.png")
    (tmp_path / "labels.csv").write_text("path,label,attack\nhead,real,\nsheet,spoof,sheet\n")
    told = run(tmp_path, "--must", "passive,depth,infrared").output
    made = outcomes(tmp_path)
    assert [(one["faces"], one["accepted"]) for one in made.values()] == [(SHOTS, True), (SHOTS, False)]
    assert made["sheet"]["reasons"] == ["depth_flat"], "the same face, flat"
    assert any(line.split()[:1] == ["depth"] for line in told.splitlines()), "the check has its line"


def test_a_plane_that_is_none_is_said(tmp_path: Path, face: Image.Image) -> None:
    (tmp_path / "clip").mkdir()
    face.save(tmp_path / "clip" / "0.jpg")
    face.convert("L").save(tmp_path / "clip" / "0.depth.png")  # eight bits are no millimetres
    with pytest.raises(EdgeError, match="E-PAD-03"):
        list(raws.raws(tmp_path, "clip"))


# -- flash pairs -------------------------------------------------------------------------------------
def test_a_flash_falls_more_unevenly_on_a_head_than_on_a_print_and_nobody_is_judged_by_that(
    tmp_path: Path, pairs: dict[str, list[bytes]]
) -> None:
    for species, (dark, lit) in pairs.items():
        (tmp_path / species).mkdir()
        (tmp_path / species / "a.jpg").write_bytes(dark)
        (tmp_path / species / "b.jpg").write_bytes(lit)
        (tmp_path / species / "pair.json").write_text('{"dark": "a.jpg", "flash": "b.jpg"}')
    (tmp_path / "labels.csv").write_text(
        "path,label,attack\nlive,real,\nprint_flat,spoof,print\nmask_paper,spoof,mask\n"
    )
    told = run(tmp_path).output
    values = {path: one["values"] for path, one in outcomes(tmp_path).items()}
    uneven = {path: one["unevenness"] for path, one in values.items()}  # type: ignore[index]
    assert uneven["live"] > 3 * uneven["print_flat"] > 0 and uneven["live"] > 1.5 * uneven["mask_paper"]
    assert all(one["gain"] > 0.3 for one in values.values()), "all return the flash"  # type: ignore[index]
    made = outcomes(tmp_path)
    assert [one["accepted"] for one in made.values()] == [True, False, True]
    assert made["print_flat"]["reasons"] == ["spoof_score"], "by the net and not by the score"
    counted = json.loads((tmp_path / "o.json").read_text())[PAIR]
    assert set(counted["det"]) == {"passive net", "flash gain", "unevenness"}
    assert {table["name"] for table in counted["tables"]} == {"all demanded checks", "passive", "gain"}
    assert "is a SCORE: no limit" in told and "unevenness EER 0.0 %" in told


def flashed(gain: float, live: float = 0.9, uneven: float = 0.0) -> Seen:
    dark = LookSeen(0, 0, None, live=live, glow=(0.2,) * GLOW_NUMBERS)
    parts = (gain * (1 + uneven * (n // 3 % 2)) for n in range(GLOW_NUMBERS))
    return Seen("a", (dark, replace(dark, shot=1, glow=tuple(0.2 * (1 + part) for part in parts))), pair=True)


def test_a_pair_is_accepted_by_net_and_gain_whatever_its_unevenness() -> None:
    for found, accepted, reasons in (
        (flashed(0.3), True, ()),
        (flashed(0.3, uneven=0.5), True, ()),
        (flashed(0.05), False, ("light_weak",)),
        (flashed(0.3, live=0.1), False, ("spoof_score",)),
        (replace(flashed(0.3), shots=(flashed(0.3).shots[0], LookSeen(1, 66, None, live=0.9))), False, ("light_unseen",)),
    ):
        one = decide(item("a"), found, Rule())
        assert (one.kind, one.accepted, one.reasons) == (PAIR, accepted, reasons)


def test_a_sheet_that_answers_smoothly_is_even_and_what_hardly_answers_is_not_measured() -> None:
    even, rough, weak = (flash.measure(*found.shots) for found in (flashed(0.3), flashed(0.3, uneven=0.5), flashed(0.05)))
    assert even is not None and rough is not None and weak is not None
    assert even.gain == pytest.approx(0.3) and even.uneven == pytest.approx(0, abs=1e-6)
    assert rough.uneven > 0.05 and weak.uneven == 0


@pytest.mark.parametrize(
    "pair",
    [
        "", "[]", "{}", '{"dark":"a.jpg"}', '{"dark":"a.jpg","flash":"a.jpg"}', '{"dark":"a.jpg","flash":"../b.jpg"}',
        '{"dark":"a.jpg","flash":"gone.jpg"}', '{"dark":"a.jpg","flash":"b.jpg","more":1}',
        '{"dark":"a.jpg","flash":"pair.json"}', '{"dark":' + "[" * 4_000, "[" * 4_000, " " * 9_000,
    ],
)  # fmt: skip
def test_a_pair_that_is_none_is_said(tmp_path: Path, pair: str, face: Image.Image) -> None:
    (tmp_path / "x").mkdir()
    for name in ("a.jpg", "b.jpg"):
        face.save(tmp_path / "x" / name)
    (tmp_path / "x" / "pair.json").write_text('{"dark":"a.jpg","flash":"b.jpg"}')
    assert len(list(raws.raws(tmp_path, "x"))) == 2
    (tmp_path / "x" / "pair.json").write_text(pair)
    with pytest.raises(EdgeError, match="E-PAD-03"):
        list(raws.raws(tmp_path, "x"))


def test_lamps_and_a_flash_are_not_both(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    for name in ("pair.json", "look.json"):
        (tmp_path / "x" / name).write_text('{"dark":"a.jpg","flash":"b.jpg"}')
    with pytest.raises(EdgeError, match="E-PAD-03"):
        sets.pair_of(tmp_path, "x")


# -- what was kept -----------------------------------------------------------------------------------
def test_visits_under_lamps_that_were_kept_before_pairs_were_known_stay_readable_and_films_are_looked_at_again(
    tmp_path: Path,
) -> None:
    lamps = sets.Look("T", "00" * 16, 200, (1.0,), 2.0, (1,))
    with (tmp_path / "seen.bin").open("wb") as file:
        for path, look in (("visit", lamps), ("film", None)):
            data = msgspec.msgpack.encode([shelf.stamp(), path, look, [b""], looks(0.9)])  # five, as it was
            file.write(shelf.LENGTH.pack(len(data)) + data)
    kept = Shelf(tmp_path / "seen.bin")
    assert "film" not in kept and kept.get("visit") == Seen("visit", looks(0.9), lamps)
    for seen in (Seen("film", looks(0.2)), Seen("pair", looks(0.2, 0.3), pair=True)):
        kept.add(seen)
        assert Shelf(tmp_path / "seen.bin").get(seen.path) == seen


def test_a_set_that_is_eight_times_as_large_takes_no_more_memory(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        folder = tmp_path / str(count)
        folder.mkdir()
        kept, lines = Shelf(folder / "seen.bin"), ["path,label,attack\n"]
        shots = tuple(LookSeen(n, 66 * n, None, live=0.9, glow=(0.25 + n,) * GLOW_NUMBERS) for n in range(12))
        for n in range(count):
            kept.add(Seen(f"{n}", shots))
            lines.append(f"{n},{'spoof,print' if n % 2 else 'real,'}\n")
        (folder / "labels.csv").write_text("".join(lines))
        tracemalloc.start()
        try:
            run(folder)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(4)  # what is imported and compiled once
    assert peak(80) < 1.25 * peak(10)


@pytest.mark.parametrize("terminal", [False, True])
def test_a_person_at_a_terminal_sees_how_far_it_is_and_a_file_does_not(
    tmp_path: Path, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    kept = Shelf(tmp_path / "seen.bin")
    for path in ("a", "b"):
        kept.add(Seen(path, looks(0.9)))
    (tmp_path / "labels.csv").write_text("path,label,attack\na,real,\nb,spoof,print\n")
    assert ("judging" in run(tmp_path).stderr) is terminal
