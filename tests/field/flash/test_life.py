"""The life of a controller through the commands an engineer types, on the simulated board with the real
firmware: an empty chip, runtime, application, provisioning, upgrade, rollback, a cut in between."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from sim.board import SimBoard
from sim.board.chip import micropython
from tests.field.flash import cuts
from tests.field.flash.conftest import ROOT
from tests.field.flash.cuts import Cut

pytestmark = pytest.mark.skipif(not any(p.exists() for p in micropython.candidates()), reason="no VM")


def uf2(version: str) -> bytes:
    """A runtime as far as a simulated boot ROM looks."""
    data = f"MicroPython v{version} on 2026-01-01; Raspberry Pi Pico with RP2040".encode().ljust(1024, b"\0")
    return b"".join(
        struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, 0x10000000 + 256 * n, 256, n, 4, 0xE48BFF56)
        + data[256 * n : 256 * n + 256].ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)
        for n in range(4)
    )  # fmt: skip


def release(tmp_path: Path, version: str) -> Path:
    """Our own firmware under another version: a tree of links to the real one."""
    tree = tmp_path / f"tree-{version}"
    (tree / "firmware").mkdir(parents=True)
    for path in (ROOT / "firmware").iterdir():
        (tree / "firmware" / path.name).symlink_to(path)
    (tree / "edge").symlink_to(ROOT / "edge")
    manifest = tree / "firmware" / "manifest.toml"
    text = manifest.read_text()
    manifest.unlink()
    manifest.write_text("\n".join(
        f'version = "{version}"' if line.startswith("version") else line for line in text.splitlines()
    ))  # fmt: skip
    return tree


def test_from_an_empty_chip_to_an_upgrade_and_back(tmp_path, facepay, maker) -> None:
    public, file = maker.with_name("maker.pub"), tmp_path / "runtime.uf2"
    file.write_bytes(uf2("1.29.0"))
    with SimBoard(tmp_path / "b", flash="blank", runtime="none") as board:
        on = ("--port", board.directory)
        assert facepay("flash", "list", *on, "--json").json[0]["state"] == "bootsel"
        early = facepay("flash", "app", *on, "--maker-key", maker)
        assert (early.status, "E-FLS-09" in early.out) == (10, True)
        done = facepay("flash", "runtime", file, *on, "--json")
        assert done.json["boards"][0]["ok"], done.out
        assert not (board.directory / "bootsel").exists()

        (board.directory / "pair.key").rename(tmp_path / "unused.key")
        first = facepay("flash", "app", *on, "--maker-key", maker, "--tree", release(tmp_path, "0.2.0"), "--json")
        assert first.json["boards"][0]["by"] == "prompt", first.out
        made = facepay("flash", "provision", *on, "--maker-key", maker, "--to", tmp_path / "out", "--json")
        told = made.json["boards"][0]
        assert told["ok"], made.out
        rows = {row["name"]: row for row in told["tests"]}
        assert (told["by"], rows["link greeting"]["result"]) == ("link", "pass")
        assert rows["buttons stuck"]["measured"] == 0
        key = ("--pair-key", Path(told["folder"]) / "pair.key")

        seen = facepay("flash", "list", *on, *key, "--json").json[0]
        assert (seen["state"], seen["version"]) == ("running", "0.2.0")
        newer = facepay("flash", "app", *on, *key, "--maker-key", maker, "--tree", release(tmp_path, "0.3.0"), "--json")
        upgraded = newer.json["boards"][0]
        assert (upgraded.get("by"), upgraded.get("version")) == ("link", "0.3.0"), newer.out
        checked = facepay("flash", "verify", *on, *key, "--maker", public)
        assert (checked.status, "proved" in checked.out) == (0, True), checked.out
        back = facepay("flash", "app", *on, *key, "--rollback", "--json").json["boards"][0]
        assert (back["ok"], back.get("version"), back.get("by")) == (True, "0.2.0", "link"), str(back)
        again = facepay("flash", "app", *on, *key, "--rollback", "--json").json["boards"][0]
        assert (again["ok"], again.get("version")) == (True, "0.3.0"), "and forth"
        wrong = tmp_path / "wrong.key"
        wrong.touch(0o600)
        wrong.write_bytes(bytes(32))
        stranger = facepay("flash", "app", *on, "--pair-key", wrong, "--rollback")
        assert (stranger.status, "E-FLS-51" in stranger.out) == (15, True)


@pytest.mark.slow
def test_after_a_power_cut_in_an_upgrade_one_version_runs_whole_and_the_command_is_repeated(tmp_path) -> None:
    """A sample; all of them: `python -m tests.field.flash.cuts`."""
    upgrade = cuts.prepare(tmp_path)
    assert upgrade.writes > 60, "24 files are more than that"
    count = upgrade.writes
    found = cuts.sweep(upgrade, [1, count // 2, count - 2, count], 1)
    assert not cuts.broken(found), found
    assert (found[0].code, found[-1].version) == ("E-FLS-04", cuts.NEW)


def test_a_sweep_sees_a_board_that_keeps_no_promise() -> None:
    kept = [Cut(1, "E-FLS-04", cuts.OLD), Cut(2, "", cuts.NEW)]
    assert not cuts.broken(kept)
    assert cuts.broken(kept[::-1])
    assert cuts.broken(kept[:1])
    assert cuts.broken([*kept, Cut(3, "", cuts.NEW, "it said done")])
