"""`facepay sim run` as CI uses it: exit codes, JUnit, the failure bundle and its replay, one JSON
object per scenario, and the same scenario on a board behind a port."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sim.board import SimBoard

ROOT = Path(__file__).resolve().parents[2]
FAILS = (ROOT / "sim/scenarios/must_fail_wrong_colour.toml").read_text()
BY_CABLE = """
title = "what a cable alone can see"
area = "link"
[[step]]
do = "connect"
[[step]]
do = "light"
pattern = "disco"
[[step]]
do = "expect-frame"
kind = "refused"
"""


def facepay_sim_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge.field.cli", "sim", "run", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """A scenario that fails, one that does not, and one that cannot be played, in one call."""
    place = tmp_path_factory.mktemp("failed")
    (place / "wrong.toml").write_text("\n".join(FAILS.splitlines()[:2] + FAILS.splitlines()[3:]))
    assert "should_fail" in FAILS.splitlines()[2]
    files = (str(place / "wrong.toml"), "buzzer_short")
    done = facepay_sim_run(*files, "--out", str(place), "--junit", str(place / "junit.xml"))
    return place, done.stdout, done.returncode


def test_a_failure_names_step_line_and_what_was_seen(failed: tuple[Path, str, int]) -> None:
    place, said, code = failed
    assert code == 1
    assert f"{place}/wrong.toml:" in said
    assert "wanted ring green within 500 ms; seen white" in said
    assert "2 scenarios: 1 ok · 1 FAIL" in said
    assert "\033" not in said, "no colours into a file"


def test_junit_has_what_ci_shows(failed: tuple[Path, str, int]) -> None:
    root = ET.parse(failed[0] / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "1", "0")
    case = root.find(".//testcase[@name='wrong']")
    assert case is not None
    found = case.find("failure")
    assert found is not None
    assert "seen white" in str(found.get("message"))
    assert f"[[ATTACHMENT|{failed[0]}/wrong.zip]]" in str(case.findtext("system-out"))
    good = root.find(".//testcase[@name='buzzer_short']")
    assert good is not None
    assert good.get("file") == "sim/scenarios/buzzer_short.toml", "from the root of the clone"


def test_the_bundle_holds_all_that_is_needed(failed: tuple[Path, str, int]) -> None:
    with zipfile.ZipFile(failed[0] / "wrong.zip") as file:
        names = set(file.namelist())
        assert json.loads(file.read("outcome.json"))["verdict"] == "FAIL"
        assert set(json.loads(file.read("versions.json"))) >= {"vm", "python", "firmware", "commit"}
        assert b"light" in file.read("run.jsonl")
    assert names >= {
        "wrong.toml", "run.jsonl", "picture.html", "console.txt", "flash.img", "replay.txt",
    }  # fmt: skip


def test_the_replay_line_fails_the_same_way(failed: tuple[Path, str, int]) -> None:
    with zipfile.ZipFile(failed[0] / "wrong.zip") as file:
        words = file.read("replay.txt").decode().split()
    assert words[:3] == ["facepay", "sim", "run"]
    again = facepay_sim_run(*words[3:], "--out", str(failed[0] / "again"))
    assert again.returncode == 1
    assert "wanted ring green within 500 ms; seen white" in again.stdout


def test_a_file_with_an_error_is_said_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('title = "x"\narea = "link"\n[[step]]\ndo = "pres"\n')
    done = facepay_sim_run(str(tmp_path / "bad.toml"), "lamps_white")
    assert done.returncode == 2
    assert "bad.toml:4: there is no step 'pres'; did you mean 'press'?" in done.stderr
    assert done.stdout == ""


def test_the_same_scenario_plays_on_a_board_behind_a_port(tmp_path: Path) -> None:
    """A board that another process serves, known by its port and its key file only."""
    (tmp_path / "cable.toml").write_text(BY_CABLE)
    files = (str(tmp_path / "cable.toml"), "lamps_white")
    with SimBoard(tmp_path / "bench") as bench:
        done = facepay_sim_run(
            *files, "--board", str(bench.path), "--key", str(bench.key_path), "--json",
            "--out", str(tmp_path / "out"),
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    by_name = {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert by_name["cable"]["verdict"] == "ok"
    assert by_name["lamps_white"]["verdict"] == "skip", "nobody looked at the lamps"
    assert "only a simulated board shows its lamps" in by_name["lamps_white"]["why"]


@pytest.mark.parametrize("arguments", [("--board", "/dev/null"), ("--jobs", "0")])
def test_options_that_make_no_sense_are_refused(arguments: tuple[str, ...]) -> None:
    done = facepay_sim_run("lamps_white", *arguments)
    assert (done.returncode, "E-SCN-05" in done.stderr) == (2, True)
