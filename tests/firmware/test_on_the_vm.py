"""The firmware's own files under the real MicroPython: codec, patterns, memory; and by the
compiler."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from firmware.duties import lamps as player
from sim.board.chip import micropython

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors" / "frame.json"
USED_MAX = 64 * 1024  # heap after importing the machine, of 64-bit objects; 50 kB now
GROWN_MAX = 512
MANIFEST = tomllib.loads((ROOT / "firmware" / "manifest.toml").read_text())
FILES = sorted({*MANIFEST["root"].values(), *MANIFEST["application"].values()})


@pytest.fixture(scope="module")
def vm() -> Any:
    command = [str(micropython.find()), "-X", "heapsize=384k"]
    command += [str(Path(__file__).parent / "vm_checks.py"), str(ROOT), str(VECTORS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_both_vms_make_the_same_bytes(vm: Any) -> None:
    vectors = json.loads(VECTORS.read_text())
    assert vm["vectors"]["sealed"] == [v["wire"] for v in vectors["frames"]]
    assert vm["vectors"]["opened"] == [
        [v["type"], v["flags"], v["seq"], v["ack"], v["ctr"], v["payload"]]
        for v in vectors["frames"]
    ]
    assert vm["vectors"]["keys"] == [[v["tag_key"], v["aes_key"]] for v in vectors["keys"]]
    assert vm["vectors"]["table"] == vectors["table_hash"]


def test_both_vms_say_the_same_of_bad_bytes(vm: Any) -> None:
    assert vm["vectors"]["bad"] == [v["reason"] for v in json.loads(VECTORS.read_text())["bad"]]


def test_a_blink_keeps_its_time_to_the_millisecond(vm: Any) -> None:
    left = [(at, value == [list(player.AMBER), list(player.OFF)]) for at, *value in
            vm["schedules"]["left"]]  # fmt: skip
    assert left[:6] == [
        (0, True),
        (500, False),
        (750, True),
        (1250, False),
        (1500, True),
        (2000, False),
    ]
    assert [at for at, *_ in vm["schedules"]["no"]] == [0, 200, 350, 550, 700, 900]
    assert [at for at, *_ in vm["schedules"]["ok"]] == [0, 1500]
    assert [at for at, *_ in vm["schedules"]["guide"]] == list(range(0, 5000, 50))


def test_left_and_right_are_not_the_same_side(vm: Any) -> None:
    (_, left, right), *_ = vm["schedules"]["left"]
    assert (left, right) == (list(player.AMBER), list(player.OFF))
    assert vm["schedules"]["right"][0][1:] == [right, left]


def test_every_pattern_of_the_contract_is_there(vm: Any) -> None:
    assert set(vm["schedules"]) == {"off", "white", "guide", "left", "right", "ok", "no"}
    assert set(player.TONES) == {"short", "ok", "no"}


def test_100_kb_of_rubbish_do_not_grow_the_memory(vm: Any) -> None:
    assert vm["rubbish"]["noise"] > 100
    assert vm["rubbish"]["grown"] <= GROWN_MAX


def test_the_machine_fits_its_memory_budget(vm: Any) -> None:
    assert vm["used"] <= USED_MAX


def test_the_manifest_names_every_file_of_the_firmware() -> None:
    here = {str(path.relative_to(ROOT)) for path in (ROOT / "firmware").rglob("*.py")}
    assert {name for name in here if not name.endswith("__init__.py")} <= set(FILES)
