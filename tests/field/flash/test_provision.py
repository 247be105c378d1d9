"""facepay flash provision: the key is on our disk before it is on the board, a board that failed has no
label, and a paired board keeps its key unless its terminal's ledger may lose it."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw
from rich.console import Console

from edge.field.flash import factory, label, table
from edge.field.flash.factory import Trial, judged
from edge.field.flash.look import Seen
from sim.board.chip import micropython
from tests.field.flash.rig import Rig

vm = pytest.mark.skipif(not any(p.exists() for p in micropython.candidates()), reason="no VM")


@vm
def test_a_provisioned_board_has_our_key_a_label_and_a_signed_report(tmp_path, facepay, maker, tree) -> None:
    public = maker.with_name("maker.pub")
    with Rig(tmp_path / "b", plug=True) as rig:
        on = ("--port", rig.link, "--maker-key", maker)
        assert facepay("flash", "app", *on, "--tree", tree("0.2.0")).status == 0
        done = facepay("flash", "provision", *on, "--to", tmp_path / "out", "--serial-number", "FP-0001", "--json")
        assert done.status == 0, done.out + done.err
        told = done.json["boards"][0]
        folder = Path(told["folder"])
        key = folder / "pair.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert len(key.read_bytes()) == 32
        assert key.read_bytes().hex() not in done.out
        assert {row["name"]: row["result"] for row in told["tests"]}["reader loopback"] == "pass"
        assert facepay("flash", "report", folder, "--maker", public).out.startswith("FP-0001  pass")

        seen = facepay("flash", "list", "--port", rig.link, "--wake", "--json").json[0]
        assert (seen["serial"], seen["board"], seen["state"]) == ("FP-0001", "sim", "running")
        # A paired board is not flashed with another key, and is with its own.
        assert facepay("flash", "app", *on, "--tree", tree("0.3.0")).status == 15
        own = facepay("flash", "app", *on, "--tree", tree("0.3.0"), "--pair-key", key, "--json")
        assert own.status == 0, own.out
        assert own.json["boards"][0]["build"] != seen["build"]
        verified = facepay("flash", "verify", "--port", rig.link, "--maker", public, "--pair-key", key)
        assert verified.status == 0, verified.out
        # Neither by hand nor by mistake a second time.
        again = facepay("flash", "provision", *on, "--to", tmp_path / "out2")
        assert (again.status, "E-FLS-50" in again.out) == (15, True)
        blind = facepay("flash", "provision", *on, "--to", tmp_path / "out2", "--again")
        assert (blind.status, "--config" in blind.err) == (15, True)
        assert not (tmp_path / "out2").exists()


@vm
def test_a_board_that_fails_gets_a_report_and_neither_key_nor_label(tmp_path, facepay, maker, tree) -> None:
    with Rig(tmp_path / "b", stuck=9) as rig:
        on = ("--port", rig.link, "--maker-key", maker)
        facepay("flash", "app", *on, "--tree", tree("0.2.0"))
        done = facepay("flash", "provision", *on, "--to", tmp_path / "out", "--serial-number", "FP-0002")
        assert (done.status, "E-FLS-52" in done.out, "buttons stuck" in done.out) == (15, True, True)
        folder = tmp_path / "out" / "FP-0002"
        assert sorted(p.name for p in folder.iterdir()) == ["report.html", "report.json", "report.sig"]
        assert json.loads((folder / "report.json").read_text())["result"] == "fail"
        seen = facepay("flash", "list", "--port", rig.link, "--wake", "--json").json[0]
        assert not seen.get("serial")


@vm
def test_a_board_without_application_is_not_provisioned(tmp_path, facepay, maker) -> None:
    with Rig(tmp_path / "b") as rig:
        done = facepay("flash", "provision", "--port", rig.link, "--maker-key", maker, "--to", tmp_path / "out")
        assert (done.status, "E-FLS-53" in done.out) == (15, True)


def test_a_changed_report_is_found(tmp_path, facepay, maker) -> None:
    from edge.field.flash import files

    told = {"serial": "FP-1", "result": "fail", "at": "now", "build": "0", "tests": [], "board": "pico", "uid": "",
            "runtime": "", "version": "", "key_fingerprint": "", "operator": "<b>", "station": ""}  # fmt: skip
    factory.store(tmp_path, told, files.private_key(maker), "<svg/>")
    assert "&lt;b&gt;" in (tmp_path / "report.html").read_text()
    place = tmp_path / "report.json"
    place.write_bytes(place.read_bytes().replace(b'"fail"', b'"pass"'))
    done = facepay("flash", "report", tmp_path, "--maker", maker.with_name("maker.pub"))
    assert (done.status, "E-FLS-54" in done.err) == (15, True)


def test_the_labels_code_reads_back_and_tells_no_secret() -> None:
    import segno

    text = label.text_of("FP-0001", "pico", "0123456789abcdef")
    matrix = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    size = len(matrix)
    image = Image.new("L", ((size + 8) * 6, (size + 8) * 6), 255)
    draw = ImageDraw.Draw(image)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                draw.rectangle(((x + 4) * 6, (y + 4) * 6, (x + 5) * 6 - 1, (y + 5) * 6 - 1), fill=0)
    assert zxingcpp.read_barcodes(image)[0].text == text
    assert text in label.zpl("FP-0001", "pico", "0123456789abcdef")
    assert "FP-0001" in label.svg("FP-0001", "pico", "0123456789abcdef")


@pytest.mark.parametrize(
    ("value", "result"),
    [(0, "pass"), (10, "pass"), (10.1, "fail"), (-1, "fail"), (None, "skip"), (True, "fail"), ("5", "fail"), ([], "fail")],
)
def test_only_a_number_within_its_limits_passes(value, result) -> None:
    assert judged(Trial("x", "", "ms", 0, 10), value).result == result


def test_the_list_is_read_by_a_person() -> None:
    console = Console(record=True, width=110, file=__import__("io").StringIO(), force_terminal=True)
    table.show(
        [Seen("/dev/ttyACM0", "running", "pico", "FP-0001", runtime="1.29.0", version="0.2.0", build="0123456789abcdef",
              slot="/a", note="greeted in 41 ms"),
         Seen("/dev/ttyACM1", "taken", note="in use by minicom (77)", code="E-FLS-03", hint="end that program")],
        console,
    )  # fmt: skip
    text = console.export_text()
    assert "FP-0001" in text
    assert "E-FLS-03 next: end that program" in text


def test_a_fingerprint_does_not_give_the_key() -> None:
    from edge.field.flash.provision import fingerprint

    assert fingerprint(bytes(32)) != hashlib.sha256(bytes(32)).hexdigest()[:16]
    assert len(fingerprint(bytes(32))) == 16
