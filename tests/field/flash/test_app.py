"""facepay flash app, verify, run and list, typed as on a bench, against the real MicroPython VM with a
real littlefs: done is only said when the restarted board runs the new build."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.field.flash.port import Port
from edge.field.flash.repl import AT_PROMPT, Repl
from edge.wire import release
from firmware import slots
from sim.board.chip import micropython
from tests.field.flash.rig import Rig

pytestmark = pytest.mark.skipif(not any(p.exists() for p in micropython.candidates()), reason="no VM")


def mpremote(rig: Rig, *words: str) -> str:
    """It sends one Ctrl-C and waits for ever when that one met boot.py: then it is asked again."""
    tool = Path(sys.executable).parent / "mpremote"
    rig.until_up()
    for last in (False, False, False, True):
        try:
            return subprocess.run(
                [str(tool), "connect", str(rig.link.resolve()), *words],
                capture_output=True, text=True, timeout=15 if not last else 100, check=True,
            ).stdout  # fmt: skip
        except subprocess.TimeoutExpired:
            if last:
                raise
    raise AssertionError("the last try returns or raises")


def test_what_flash_wrote_mpremote_reads_and_the_board_runs(tmp_path, facepay, maker, tree) -> None:
    sources = tree("0.2.0")
    with Rig(tmp_path / "b") as rig:
        done = facepay("flash", "app", "--port", rig.link, "--maker-key", maker, "--tree", sources, "--json")
        assert done.status == 0, done.out + done.err
        told = done.json["boards"][0]
        assert told["ok"]
        assert told["by"] == "prompt"
        assert told["slot"] == "/a"
        assert mpremote(rig, "fs", "cat", ":/a/firmware/app.py") == "WORD = '0.2.0'\n"
        seen = facepay("flash", "list", "--port", rig.link, "--wake", "--json").json[0]
        assert seen["build"] == told["build"]


def test_an_upgrade_writes_the_other_slot_skips_equal_files_and_rolls_back(
    tmp_path, facepay, maker, tree
) -> None:
    with Rig(tmp_path / "b") as rig:
        on = ("--port", rig.link, "--json")
        first = facepay("flash", "app", *on, "--maker-key", maker, "--tree", tree("0.2.0")).json["boards"][0]
        second = facepay("flash", "app", *on, "--maker-key", maker, "--tree", tree("0.3.0")).json["boards"][0]
        assert (first.get("slot"), second.get("slot")) == ("/a", "/b"), (first, second)
        third = facepay("flash", "app", *on, "--maker-key", maker, "--tree", tree("0.4.0")).json["boards"][0]
        assert third["ok"]
        assert third["slot"] == "/a"
        assert third["written"] == ["firmware/app.py"]  # the others are there since 0.2.0
        assert third["kept"] == 3
        again = facepay("flash", "app", *on, "--maker-key", maker, "--tree", tree("0.4.0")).json["boards"][0]
        assert (again["ok"], again["bytes"], again["slot"]) == (True, 0, "")
        older = facepay("flash", "app", *on, "--maker-key", maker, "--tree", tree("0.3.5"))
        assert (older.status, older.json["boards"][0]["code"]) == (12, "E-FLS-22")
        back = facepay("flash", "app", *on, "--rollback").json["boards"][0]
        assert (back["ok"], back["version"], back["build"]) == (True, "0.3.0", second["build"])
        public = maker.with_name("maker.pub")
        checked = facepay("flash", "verify", *on, "--maker", public).json["boards"][0]
        assert (checked["ok"], checked["build"]) == (True, second["build"])


def test_a_program_that_dies_at_start_is_never_done(tmp_path, facepay, maker, tree) -> None:
    broken = tree("0.2.0", start="def main(slot):\n    raise ValueError('no lamps')\n")
    with Rig(tmp_path / "b") as rig:
        done = facepay("flash", "app", "--port", rig.link, "--maker-key", maker, "--tree", broken, "--json")
        assert done.status == 14
        told = done.json["boards"][0]
        assert (told["ok"], told["code"]) == (False, "E-FLS-41")
        assert "no lamps" in told["message"]


def test_a_death_that_nobody_heard_is_heard_at_the_next_start(tmp_path) -> None:
    with Rig(tmp_path / "b") as rig:
        rig.until_up()
        port = Port(rig.link)
        repl = Repl(port)
        repl.enter()
        repl.run("with open('/main.py', 'w') as f: f.write(\"raise ValueError('no lamps')\")")
        repl.leave()
        repl.crash = AT_PROMPT
        repl.hear_again(60.0)  # ends when it is heard
        port.close()
    assert "no lamps" in repl.crash


def test_a_slot_that_never_confirms_falls_back_and_the_board_says_why(
    tmp_path, facepay, maker, tree
) -> None:
    with Rig(tmp_path / "b") as rig:
        on = ("--port", rig.link, "--json")
        good = facepay("flash", "app", *on, "--maker-key", maker, "--tree", tree("0.2.0")).json["boards"][0]
        shy = facepay("flash", "app", *on, "--maker-key", maker, "--tree", tree("0.3.0", confirm=False))
        told = shy.json["boards"][0]
        assert (told["ok"], told.get("trial")) == (True, True), told  # it runs, and says that it is on trial
        for _ in range(5):  # who looks uses no try up
            seen = facepay("flash", "list", *on, "--wake").json[0]
        assert (seen["build"], seen["note"]) == (told["build"], "slot trial")
    for start in range(4):
        with Rig(tmp_path / "b") as rig:
            rig.until(lambda: b"at work" in rig.said, f"start {start} without power in between")
    with Rig(tmp_path / "b") as rig:
        rig.until(lambda: b"at work" in rig.said, "it runs")
        seen = facepay("flash", "list", *on, "--wake").json[0]
        assert seen["build"] == good["build"]
        assert "unconfirmed" in seen["note"]


def test_a_changed_byte_on_the_board_is_found(tmp_path, facepay, maker, tree) -> None:
    with Rig(tmp_path / "b") as rig:
        facepay("flash", "app", "--port", rig.link, "--maker-key", maker, "--tree", tree("0.2.0"))
        mpremote(rig, "exec", "f=open('/a/firmware/app.py','a'); f.write('#'); f.close()")
        public = maker.with_name("maker.pub")
        found = facepay("flash", "verify", "--port", rig.link, "--maker", public)
        assert found.status == 14
        assert "E-FLS-43" in found.out
        assert "firmware/app.py" in found.out


def test_dry_run_writes_nothing(tmp_path, facepay, maker, tree) -> None:
    with Rig(tmp_path / "b") as rig:
        done = facepay(
            "flash", "app", "--port", rig.link, "--maker-key", maker, "--tree", tree("0.2.0"), "--dry-run", "--json"
        )
        assert done.json["boards"][0].get("written"), done.out
        assert mpremote(rig, "exec", "import os; print(os.listdir('/'))").strip() == "[]"


def test_a_packed_release_needs_no_private_key_on_the_bench_and_mpy_runs(
    tmp_path, facepay, maker, tree
) -> None:
    folder = tmp_path / "release"
    packed = facepay("flash", "pack", folder, "--maker-key", maker, "--tree", tree("0.2.0"), "--mpy")
    assert packed.status == 0, packed.err
    public = maker.with_name("maker.pub")
    with Rig(tmp_path / "b") as rig:
        done = facepay("flash", "app", "--port", rig.link, "--release", folder, "--maker", public, "--json")
        assert done.status == 0, done.out + done.err
        assert "firmware/app.mpy" in done.json["boards"][0]["written"]


@pytest.mark.parametrize("change", ["file", "manifest", "stranger"])
def test_a_release_that_is_not_as_the_maker_signed_it_reaches_no_board(
    tmp_path, facepay, maker, tree, change
) -> None:
    folder = tmp_path / "release"
    facepay("flash", "pack", folder, "--maker-key", maker, "--tree", tree("0.2.0"))
    public = maker.with_name("maker.pub")
    if change == "file":
        (folder / "slot/firmware/app.py").write_bytes(b"WORD = 'mine'\n")
    elif change == "manifest":
        place = folder / "slot/manifest.json"
        place.write_bytes(place.read_bytes().replace(b"0.2.0", b"0.9.0"))
    else:
        facepay("keys", "maker", tmp_path / "stranger")
        public = tmp_path / "stranger" / "maker.pub"
    with Rig(tmp_path / "b") as rig:
        done = facepay("flash", "app", "--port", rig.link, "--release", folder, "--maker", public)
        assert done.status == 12
        assert ("E-FLS-20" if change == "file" else "E-FLS-21") in done.err
        assert rig.heard == b""  # not one byte was sent to the board


def test_the_code_under_the_pairing_key_is_the_one_the_board_checks() -> None:
    assert release.mac(b"{}", bytes(range(32))) == slots.mac_of(bytes(range(32)), b"{}")


def test_a_script_runs_its_output_is_shown_and_an_endless_one_is_ended(tmp_path, facepay) -> None:
    good, endless, bad = tmp_path / "good.py", tmp_path / "endless.py", tmp_path / "bad.py"
    good.write_text("print('hello', 6 * 7)\nprint('\\x1b[2Jdone')\n")
    endless.write_text("print('begin')\nwhile True:\n    pass\n")
    bad.write_text("1/0\n")
    with Rig(tmp_path / "b") as rig:
        told = facepay("flash", "run", good, "--port", rig.link)
        assert (told.status, "| hello 42" in told.out) == (0, True)
        assert "\x1b" not in told.out
        late = facepay("flash", "run", endless, "--port", rig.link, "--timeout", "1")
        assert (late.status, "E-FLS-07" in late.out, "begin" in late.out) == (10, True, True)
        failed = facepay("flash", "run", bad, "--port", rig.link)
        assert (failed.status, "ZeroDivisionError" in failed.out) == (10, True)
