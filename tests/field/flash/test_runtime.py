"""facepay flash runtime: a damaged or foreign UF2 never reaches the drive, and copied is not yet done."""

from __future__ import annotations

import random
import shutil
import struct
import threading
import time
from pathlib import Path

import pytest

from edge.errors import EdgeError
from edge.field.flash import uf2
from sim.board.chip import micropython
from tests.field.flash.rig import Rig

RP2040, RP2350 = 0xE48BFF56, 0xE48BFF59
INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: {}\r\n"


def blocks(count: int = 4, family: int = RP2040) -> bytes:
    return b"".join(
        struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, 0x10000000 + 256 * n, 256, n, count, family)
        + bytes([n]) * 476 + struct.pack("<I", 0x0AB16F30)
        for n in range(count)
    )  # fmt: skip


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    folder = tmp_path / "RPI-RP2"
    folder.mkdir()
    (folder / uf2.INFO).write_text(INFO.format("RPI-RP2"))
    return folder


def test_a_whole_uf2_says_what_it_is_for() -> None:
    image = uf2.judge(blocks(), "x.uf2")
    assert (image.family, image.blocks, image.size, image.name()) == (RP2040, 4, 1024, "RP2040")


@pytest.mark.parametrize(
    "data",
    [b"", blocks()[:-1], blocks()[512:], blocks()[:512], blocks() + blocks(), b"\0" * 1024,
     blocks(2)[:512] + blocks(2, RP2350)[512:], blocks()[:-4] + b"\0\0\0\0"],
    ids=["empty", "cut", "first-missing", "rest-missing", "twice", "zeros", "two-families", "no-end"],
)  # fmt: skip
def test_a_damaged_uf2_is_refused_before_a_byte_is_written(data, drive, tmp_path, facepay) -> None:
    file = tmp_path / "bad.uf2"
    file.write_bytes(data)
    done = facepay("flash", "runtime", file, "--bootsel", drive)
    assert (done.status, "E-FLS-10" in done.err) == (11, True)
    assert [path.name for path in drive.iterdir()] == [uf2.INFO]


def test_any_changed_bit_of_a_head_is_refused_or_harmless() -> None:
    dice, good = random.Random(4), blocks()
    for _ in range(2000):
        data = bytearray(good)
        at = dice.randrange(len(data))
        data[at] ^= 1 << dice.randrange(8)
        try:
            image = uf2.judge(bytes(data), "x")
        except EdgeError as error:
            assert error.code == "E-FLS-10"
        else:
            assert image.blocks == 4


@pytest.mark.parametrize(
    ("board", "family", "code"),
    [("RP2350", RP2040, "E-FLS-11"), ("RPI-RP2", RP2350, "E-FLS-11"), ("SAMD21G18A", RP2040, "E-FLS-13")],
)
def test_the_wrong_family_is_refused(board, family, code, drive, tmp_path, facepay) -> None:
    (drive / uf2.INFO).write_text(INFO.format(board))
    file = tmp_path / "x.uf2"
    file.write_bytes(blocks(family=family))
    done = facepay("flash", "runtime", file, "--bootsel", drive)
    assert (done.status, code in done.out) == (11, True)
    assert [path.name for path in drive.iterdir()] == [uf2.INFO]


def test_no_board_in_bootsel_says_what_to_hold(tmp_path, facepay) -> None:
    file = tmp_path / "x.uf2"
    file.write_bytes(blocks())
    done = facepay("flash", "runtime", file, "--bootsel", tmp_path)
    assert (done.status, "hold BOOTSEL" in done.err) == (11, True)


def test_a_drive_that_stays_is_no_success(drive, tmp_path, monkeypatch) -> None:
    with pytest.raises(EdgeError, match="E-FLS-15"):
        uf2.copy(blocks(), "x.uf2", drive, 0.3)


@pytest.mark.skipif(not any(p.exists() for p in micropython.candidates()), reason="no VM")
@pytest.mark.parametrize("comes_back", [True, False])
def test_copied_is_done_only_when_the_prompt_answers(drive, tmp_path, facepay, comes_back) -> None:
    file = tmp_path / "x.uf2"
    file.write_bytes(blocks(64))
    stop = threading.Event()

    def board() -> None:
        """Takes the file, goes away, and (perhaps) comes back with a prompt."""
        while not stop.is_set():
            copied = drive / "x.uf2"
            if copied.exists() and copied.stat().st_size == 64 * 512:
                shutil.rmtree(drive)
                if comes_back:
                    with Rig(tmp_path / "b"):
                        stop.wait(200)
                return
            time.sleep(0.05)

    thread = threading.Thread(target=board)
    thread.start()
    (tmp_path / "b").mkdir()
    try:
        done = facepay("flash", "runtime", file, "--bootsel", drive, "--port", tmp_path / "b" / "usb",
                       "--timeout", "60" if comes_back else "4", "--json")  # fmt: skip
    finally:
        stop.set()
        thread.join()
    told = done.json["boards"][0]
    assert told["ok"] is comes_back
    assert done.status == (0 if comes_back else 11)
    assert told["runtime"].startswith("1.") if comes_back else told["code"] == "E-FLS-15"


def test_an_esp32_without_esptool_is_a_clear_error(tmp_path, facepay, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "x.bin"
    file.write_bytes(b"\xe9" * 100)
    done = facepay("flash", "runtime", file, "--port", "/dev/ttyACM9")
    assert (done.status, "E-FLS-16" in done.out) == (11, True)
