"""The life of a controller through the commands an engineer types, on the simulated board with the real
firmware: an empty chip, runtime, application, provisioning, upgrade, rollback, a cut in between."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from sim.board import SimBoard, micropython
from tests.field.flash.conftest import ROOT

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
        wrong = tmp_path / "wrong.key"
        wrong.touch(0o600)
        wrong.write_bytes(bytes(32))
        stranger = facepay("flash", "app", *on, "--pair-key", wrong, "--rollback")
        assert (stranger.status, "E-FLS-51" in stranger.out) == (15, True)


@pytest.mark.parametrize("writes", [3, 60, 200])
def test_after_a_power_cut_in_an_upgrade_the_old_version_runs_and_the_command_is_repeated(
    tmp_path, facepay, maker, writes
) -> None:
    newer = release(tmp_path, "0.3.0")
    with SimBoard(tmp_path / "b") as board:
        on = ("--port", board.directory, "--pair-key", board.key_path)
        old = facepay("flash", "list", *on, "--json").json[0]["build"]
        board.control.ask("cut_at_write", n=writes)
        cut = facepay("flash", "app", *on, "--maker-key", maker, "--tree", newer)
        assert (cut.status != 0, "done  " in cut.out) == (True, False), cut.out
        board.control.ask("replug")
        seen = facepay("flash", "list", *on, "--json").json[0]
        assert (seen["state"], seen["build"]) == ("running", old)
        again = facepay("flash", "app", *on, "--maker-key", maker, "--tree", newer, "--json").json["boards"][0]
        assert (again["ok"], again["version"]) == (True, "0.3.0"), again
