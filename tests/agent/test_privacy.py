"""The canary: a visit of a person with marked name and numbers, a day that is closed, an export to a
stick; then every file and log line is searched for the marks, also inside what is only compressed.
And a visit by face before the real camera thread and networks, searched for pictures and templates."""

from __future__ import annotations

import base64
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.drivers.vision.nets import models
from edge.drivers.vision.nets.embed import NUMBERS
from sim.camera import clips, measure, stage
from sim.centre.books.people import PersonSpec
from sim.clinic.counter import Clerk, Counter, until
from sim.clinic.patient import Patient, Script, Stage
from tests.agent.test_by_hand import facepay

NAME = "金丝雀样本"
PSN_NO = "CANARYPSN0001"
CARD_NO = "CANARYCARD0001"
CERT_NO = "510999199001010000"
BILL_MARK = "CANARYBILLTEXT"
MARKS = {
    "name": NAME,
    "masked name": NAME[0] + "*",
    "person number": PSN_NO,
    "card number": CARD_NO,
    "certificate number": CERT_NO,
    "text of the bill": BILL_MARK,
}


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """A counter after a settled visit, a refused one, bad requests, a kill in a visit and a clean
    stop."""
    person = PersonSpec(
        psn_no=PSN_NO,
        psn_name=NAME,
        certno=CERT_NO,
        insutype="310",
        balance_fen=50_000,
        cards=((CARD_NO, "03"),),
    )
    directory = tmp_path_factory.mktemp("privacy")
    with Counter(directory, "amqtt", people=[person]) as counter:
        counter.agent.start()
        clerk = Clerk(counter)
        clerk.online()
        clerk.with_board()
        bill_id = clerk.send("V-1", 2000, "settle", dr_name=BILL_MARK, dept_name=BILL_MARK).json()[
            "bill_id"
        ]
        assert (
            clerk.pay_by_card(bill_id, (CARD_NO, "03"), {"settled", "refused"})["status"]
            == "settled"
        )
        assert clerk.bill(bill_id)["psn_no"] == PSN_NO  # the marks were really there
        for bad in (f'{{"{BILL_MARK}', f'["{CARD_NO}"]', f'{{"kind": "{NAME}"}}'):
            refused = clerk.http.post(
                "/v1/bills",
                content=bad.encode(),
                headers={"Idempotency-Key": f"{CARD_NO}", "Content-Type": "application/json"},
            )
            assert refused.status_code in {400, 422}
        clerk.http.get(f"/v1/bills/{CARD_NO}")
        second = clerk.send("V-2", 2000, "settle").json()["bill_id"]
        clerk.up_to_confirm((CARD_NO, "03"))
        counter.agent.kill()
        counter.agent.start()
        clerk = Clerk(counter)
        until(lambda: clerk.bill(second)["status"] in {"refused", "in_visit", "waiting"})
        for path, body in (("/v1/day/close", b""), ("/v1/sync", b"")):
            assert clerk.http.post(path, content=body).status_code in {200, 202}
        until(lambda: clerk.http.get("/v1/days").json()["days"][-1]["rounds"] > 0, "compared")
        for path in ("/v1/tasks", "/v1/reconcile", f"/v1/bills/{bill_id}/bundle"):
            assert clerk.http.get(path).status_code == 200
        assert counter.agent.stop() == 0
        stick = directory / "stick"
        stick.mkdir()
        taken = facepay("export", "--config", counter.agent.config, "--to", stick, "--all")
        assert taken.returncode == 0, taken.stderr
        assert MARKS["name"] not in taken.stdout + taken.stderr
    return counter


@pytest.mark.parametrize("what", sorted(MARKS))
def test_the_log_holds_nothing_about_a_person(visited: Counter, what: str) -> None:
    log = visited.agent.log.read_text()
    assert '"event": "Appended"' in log
    assert MARKS[what] not in log


def layers(data: bytes) -> Iterator[bytes]:
    """The bytes, and whatever in them is merely compressed."""
    yield data
    for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
        engine = zlib.decompressobj()
        try:
            plain = engine.decompress(data[found.start() :], 1 << 20)
        except zlib.error:
            continue
        if len(plain) > 16:
            yield plain


def holders(folder: Path, mark: str) -> list[str]:
    """The files that hold this text in clear."""
    wanted = [mark.encode(encoding) for encoding in ("utf-8", "utf-16-le", "gb18030")]
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file()
        and any(one in layer for layer in layers(path.read_bytes()) for one in wanted)
    ]


@pytest.mark.parametrize("what", sorted(MARKS))
@pytest.mark.parametrize("folder", ["data", "stick"])
def test_no_file_of_the_terminal_and_no_stick_holds_anything_about_a_person_in_clear(
    visited: Counter, folder: str, what: str
) -> None:
    place = visited.directory / folder
    assert any(path.stat().st_size for path in place.rglob("*") if path.is_file()), "else nothing was looked at"
    assert holders(place, MARKS[what]) == []


def test_the_canary_sees_what_is_only_compressed(tmp_path: Path) -> None:
    """An opening is compressed before it is locked: without the lock a plain search would be blind."""
    (tmp_path / "a").write_bytes(b"head" + zlib.compress(f"... {PSN_NO} ...".encode() * 3, 6))
    (tmp_path / "b").write_bytes(b"nothing")
    assert holders(tmp_path, PSN_NO) == ["a"]


def test_every_line_of_the_log_is_one_json_object(visited: Counter) -> None:
    assert not [line for line in visited.agent.lines() if "raw" in line]


def test_no_file_of_the_terminal_can_be_read_by_others(visited: Counter) -> None:
    for folder in ("data", "keys"):
        for path in [visited.directory / folder, *(visited.directory / folder).rglob("*")]:
            assert path.stat().st_mode & 0o077 == 0, path


# -- a face ---------------------------------------------------------------------------------------
WHO = "p1"  # of the stage
PICTURE = re.compile(  # the head of a JPEG, and of one in base64; the one of a PNG
    rb"\xff\xd8\xff(?:\xe0..JFIF|\xe1..Exif|\xdb\x00[\x43\x84])|/9j/4AAQ|\x89PNG\r\n\x1a\n", re.DOTALL
)
HEX, BASE64 = re.compile(rb"(?:[0-9a-fA-F]{2}){768,}"), re.compile(rb"(?:[A-Za-z0-9+/]{4}){256,}")
LENGTH_OFF_MAX = 1e-3


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """A counter after a visit by face that was settled, and a clean stop."""
    directory = tmp_path_factory.mktemp("face")
    before, template = _stage(directory / "stage")
    person = PersonSpec(
        psn_no=PSN_NO,
        psn_name=NAME,
        certno=CERT_NO,
        insutype="310",
        balance_fen=50_000,
    )
    with Counter(directory, "amqtt", people=[person]) as counter:
        counter.made.register_face(PSN_NO, template, models.members()["embed"].sha256)
        counter.write_config(
            camera={"driver": "files", "path": str(before.directory), "fps": 15},
            vision={"models": str(models.MODELS_DIR)},
        )
        counter.agent.start()
        clerk = Clerk(counter)
        clerk.online()
        clerk.with_board()
        assert counter.board is not None
        seen: list[str] = []
        patient = Patient(
            counter.agent.url, before, counter.board, lambda psn_no: "", lambda one: seen.append(one["name"])
        )
        patient.script = Script(WHO)
        patient.start()
        try:
            bill_id = clerk.send("V-1", 2000, "settle").json()["bill_id"]
            until(lambda: clerk.bill(bill_id)["status"] in {"settled", "refused"}, f"seen: {seen}")
            paid = clerk.bill(bill_id)
            assert (paid["status"], paid["means"], paid["psn_no"]) == ("settled", "face", PSN_NO), paid
            assert {"look", "challenge"} <= set(seen), "a face was really looked at"
        finally:
            patient.stop()
        assert counter.agent.stop() == 0
    return counter


def _stage(folder: Path) -> tuple[Stage, bytes]:
    """Somebody before the camera, with a cue of our own, and their face as they enrolled it."""
    made = models.PROJECT / ".facepay" / "stage"
    stage.build(made, people=(WHO,))
    for clip in (WHO, "idle"):
        shutil.copytree(made / clip, folder / clip, copy_function=os.link)
    stage.cue(folder, "idle")
    template = measure.template(folder, f"{WHO}/front", clips.sight())
    assert template is not None
    return Stage(folder), template.astype("<f4").tobytes()


def plain(data: bytes) -> Iterator[bytes]:
    """The bytes, what in them is merely compressed, and what is merely written as text."""
    for layer in layers(data):
        yield layer
        yield from (bytes.fromhex(found.group().decode()) for found in HEX.finditer(layer))
        yield from (base64.b64decode(found.group()) for found in BASE64.finditer(layer))


def templates(data: bytes) -> int:
    """How many places read as a face: 192 numbers whose squares add up to one. Any face, not only the
    one that was enrolled: which shot the terminal takes its own from is nobody's to know."""
    found = 0
    for shift in range(4):
        body = data[shift:]
        values = np.frombuffer(body[: len(body) // 4 * 4], "<f4")
        within = np.abs(values) <= 1  # what is no number is not within
        squares = np.cumsum(np.r_[0.0, np.where(within, values, 0).astype(np.float64) ** 2])
        outside = np.cumsum(np.r_[0, ~within])
        length = squares[NUMBERS:] - squares[:-NUMBERS]
        clean = outside[NUMBERS:] == outside[:-NUMBERS]
        found += int(np.sum(clean & (np.abs(length - 1.0) < LENGTH_OFF_MAX)))
    return found


def faces_in(folder: Path) -> list[str]:
    """The files that hold a picture or a template in clear."""
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file()
        and any(PICTURE.search(one) or templates(one) for one in plain(path.read_bytes()))
    ]


def test_a_visit_by_face_leaves_no_picture_and_no_template_in_clear_in_any_file_of_the_terminal(
    shown: Counter,
) -> None:
    assert len(list((shown.directory / "data").iterdir())) >= 1
    assert faces_in(shown.directory / "data") == []
    assert faces_in(shown.directory / "keys") == []
    assert [p.name for p in shown.directory.rglob("*.jpg") if "stage" not in p.parts] == []


def test_the_log_of_a_visit_by_face_holds_no_picture_no_template_and_nobodys_name(
    shown: Counter,
) -> None:
    log = shown.agent.log.read_bytes()
    assert b'"event": "Appended"' in log
    assert not any(PICTURE.search(one) or templates(one) for one in plain(log))
    assert [what for what, mark in MARKS.items() if mark.encode() in log] == []


def test_the_canary_knows_a_picture_and_a_template_however_they_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    _, template = _stage(folder)
    picture = next((folder / WHO / "front").glob("*.jpg")).read_bytes()
    noise = os.urandom(4096)
    holding = {
        "picture": noise + picture,
        "picture as text": b'{"a": "' + base64.b64encode(picture) + b'"}',
        "template": noise + b"x" + template + noise,
        "template as text": b'{"a": "' + base64.b64encode(template) + b'"}',
        "template as hex": template.hex().encode(),
        "template in a heap": zlib.compress(b"head" + template + b"tail"),
    }
    for name, data in holding.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    (tmp_path / "in" / "nothing").write_bytes(noise * 20 + b'{"sha256": "' + b"ab" * 32 + b'"}')
    assert sorted(faces_in(tmp_path / "in")) == sorted(holding)
