"""Group `chip`: the same firmware on the whole emulated RP2040 with the real runtime (tier 2); by name
only (`--only chip`), because it takes a quarter of an hour and a runtime (`facepay sim uf2`).

Heap: as in group `board`, here with the objects of 32 bits that a Pico has. Round trip: milliseconds of
the chip's own clock, which knows neither the emulator's speed nor the machine's load; floor: the same
bytes on a UART of 460,800 baud. What the chip does in one cycle is not silicon to the cycle.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edge.drivers.board import serial_port
from edge.errors import EdgeError
from firmware.boards.pico import LINK_BAUD
from sim.tier2 import uf2, venv
from sim.tier2.board import EmulatedBoard, SlowLoop
from tests.bench.cable import BITS, Talk, packets
from tests.bench.figure import Figure, Size, paired, spread
from tests.bench.hours import counted, counting_main, heap_figure

GROUP = "chip"
PATIENCE_S = 1800  # the chip is forty times slow, and others want the processor too
TRIPS_MAX = 10
LOOK_EVERY_S = 2.0


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group; E-SIM-01 without a runtime."""
    if uf2.stamp() is None:
        raise EdgeError("E-SIM-01", "no runtime for the emulated chip", "facepay sim uf2 builds it")
    venv.make()
    board = EmulatedBoard(directory, {"/main.py": counting_main()})
    with board, pytest.MonkeyPatch.context() as patch:
        patch.setattr(serial_port, "_now_ms", board.now_ms)
        began, first_s = time.monotonic(), seconds(board)
        talk = Talk(
            board.tty, board.key_path, SlowLoop(board), lambda: seconds(board), PATIENCE_S
        )  # fmt: skip
        try:
            trips = [talk.trip() for _ in range(min(size.trips, TRIPS_MAX))]
            question, answer = packets(talk, 2)
            board.control.present_card("SZ2026112500042", "03")
            board.control.press("face")
            bare, used, free = counted(
                lambda: str(board.control.ask("state")["console"]),
                lambda: time.sleep(LOOK_EVERY_S),
                PATIENCE_S,
            )
        finally:
            talk.close()
        spent, chip_s = time.monotonic() - began, seconds(board) - first_s
    wire_s = (question + answer) * BITS / LINK_BAUD
    runtime = uf2.SOURCES["micropython"].partition("+")[0]
    return [
        heap_figure(GROUP, f"heap in use, MicroPython {runtime} on an emulated RP2040", bare, used, free),
        paired(
            group=GROUP, name="a command and its acknowledgement, by the chip's clock", unit="ms",
            values=trips, floors=[wire_s] * len(trips), scale=1e3,
            floor_name=f"{question} + {answer} B on the UART", note=spread(trips, 1e3),
        ),
        paired(
            group=GROUP, name="the wall's seconds for one of the chip", unit="s",
            values=[spent / chip_s], floors=[1.0], floor_name="silicon",
            note=f"{chip_s:.1f} s of the chip in {spent:.0f} s",
        ),
    ]  # fmt: skip


def seconds(board: EmulatedBoard) -> float:
    """Of the chip, since its first power-on."""
    return board.now_ns() / 1e9
