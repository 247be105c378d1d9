"""The process that *is* the emulated board: a whole RP2040 (rp2040py) with an unmodified MicroPython
UF2 and the flash image of a board. `sim.tier2.EmulatedBoard` starts it with the Python of tier 2's
venv; it imports nothing of facepay but the wiring of the Pico and its neighbours in this folder.

In its directory it serves what a simulated board of tier 1 serves: `tty` (UART 0), `usb` (the REPL),
`control.sock` (JSON lines: press, card, lamps, reset, state, stop), and `clock`: eight bytes with the
chip's own nanoseconds, by which the host has to live, because the chip is some twenty times slower than
silicon.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import mmap
import os
import sys
from pathlib import Path
from typing import Any

from rp2040py.boards import BOARDS, FlashLayout
from rp2040py.device.base_device import BaseDevice, ResetCause
from rp2040py.device.load_flash import dump_micropython_flash_image, load_micropython_flash_image
from rp2040py.external.ws2812 import Ws2812
from rp2040py.peripherals import watchdog

from firmware.boards import pico as wiring
from sim.tier2 import uart_fix
from sim.tier2.wires import Feed, Pty, byte_ns

# What the rp2 port leaves for files on a Pico: the last 1408 KiB of 2 MiB.
FILES = FlashLayout(fs_start=0xA0000, fs_blockcount=352, fs_blocksize=4096)
USB_GAP_NS = 10_000.0  # 100 kB/s: within what full-speed CDC carries
START_TIMEOUT_S = 1800  # of ours, and others want the processor too
HISTORY_MAX = 4096
CONSOLE_MAX = 64 * 1024
LINE_MAX = 4096
SOCKET = "control.sock"
PRESS_MS = 100
ADC_PIN = 26  # of channel 0
ADC_MV, ADC_MOST = 3300, 4095
SUPPLY_MV = 5000
Json = dict[str, Any]


class Emulator:
    """One board, from power-on to `stop`."""

    def __init__(self, uf2: Path, directory: Path) -> None:
        uart_fix.mend()
        self._image = directory / "flash.img"
        spec = dataclasses.replace(BOARDS["pico"], image=uf2, layout=FILES)
        self._device = BaseDevice(board=spec)
        mcu = self._mcu = self._device.mcu
        load_micropython_flash_image(self._image, mcu, FILES)
        self._clock = mcu.clock
        self._resets: list[str] = []
        self._trigger = mcu.watchdog.on_watchdog_trigger
        mcu.watchdog.on_watchdog_trigger = self._on_watchdog
        self._tty, self._usb = Pty(directory / "tty"), Pty(directory / "usb")
        cable, reader = mcu.uart[wiring.LINK_UART], mcu.uart[wiring.READER_UART]
        cable.on_byte = lambda byte: self._tty.write(bytes((byte,)))
        self._cable = Feed(
            self._clock, cable.feed_byte, lambda: not cable.rx_fifo.full, byte_ns(wiring.LINK_BAUD)
        )
        self._reader = Feed(
            self._clock,
            reader.feed_byte,
            lambda: not reader.rx_fifo.full,
            byte_ns(wiring.READER_BAUD),
        )
        usb = self._device.cdc
        usb.on_serial_data = self._from_usb
        self._repl = Feed(
            self._clock, usb.send_serial_byte, lambda: not usb.tx_fifo.full, USB_GAP_NS
        )
        self._console = bytearray()
        self._lamps: list[tuple[int, list[tuple[int, ...]]]] = []
        self._ring = Ws2812(gpio=wiring.RING_PIN, on_pixels=self._shine)
        self._ring.attach(mcu)
        self._buttons = dict(wiring.BUTTONS)
        for pin in wiring.TAMPER_PINS:  # the case is closed
            mcu.gpio[pin].set_input_value(False)
        mcu.adc.channel_values[wiring.SUPPLY_PIN - ADC_PIN] = adc(SUPPLY_MV / wiring.SUPPLY_DIVIDER)
        mcu.adc.channel_values[wiring.TEMPERATURE_CHANNEL] = adc(wiring.TEMPERATURE_MV)  # 27 degrees
        (directory / "clock").write_bytes(bytes(8))
        with (directory / "clock").open("r+b") as file:
            self._shown = mmap.mmap(file.fileno(), 8)
        self.stopping = asyncio.Event()

    # -- life --------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Boot, say so, serve until stopped; the flash is written back at the end."""
        turning = asyncio.ensure_future(self._turns())
        try:
            await self._device.astart(START_TIMEOUT_S)
            print("ready", flush=True)
            await asyncio.wait(
                (asyncio.ensure_future(self.stopping.wait()), turning),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if turning.done():
                turning.result()
        finally:
            self._device.stop()
            turning.cancel()
            dump_micropython_flash_image(self._image, self._mcu, FILES)
            self._tty.close()
            self._usb.close()

    async def _turns(self) -> None:
        while True:
            self.turn()
            if self._device.simulator.engine_room_error is not None:
                raise RuntimeError("the emulator broke") from (
                    self._device.simulator.engine_room_error
                )
            await asyncio.sleep(0)  # one batch of instructions, about 5 ms of ours

    def turn(self) -> None:
        """What passes between the host and the chip between two batches."""
        self._shown[:] = int(self._clock.nanos).to_bytes(8, "little")
        for wire, feed in ((self._tty, self._cable), (self._usb, self._repl)):
            wire.flush()
            if not feed.full():
                feed.add(wire.read())

    def _on_watchdog(self) -> None:
        """The chip resets itself: the time ran out, or machine.reset()."""
        ran_out = self._mcu.watchdog.read_uint32(watchdog.REASON) & watchdog.TIMER
        self._resets.append("timer" if ran_out else "asked")
        self._quiet()
        self._trigger()

    def _quiet(self) -> None:
        for feed in (self._cable, self._reader, self._repl):
            feed.clear()

    def _from_usb(self, data: bytes | bytearray) -> None:
        self._console += data
        del self._console[:-CONSOLE_MAX]
        self._usb.write(bytes(data))

    def _shine(self, pixels: list[tuple[int, ...]]) -> None:
        self._lamps.append((int(self._clock.nanos) // 1000, list(pixels)))
        del self._lamps[:-HISTORY_MAX]

    # -- the outside world -------------------------------------------------------------------------
    async def serve(self, source: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        """One JSON object per line: {"do": name, ...} -> {"ok": true, ...} or {"ok": false,
        "why": text}."""
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await source.readline():
                try:
                    answer = {"ok": True, **self._do(json.loads(line))}
                except (ValueError, TypeError, KeyError) as error:
                    answer = {"ok": False, "why": f"{type(error).__name__}: {error}"}
                out.write(json.dumps(answer).encode() + b"\n")
                await out.drain()
        out.close()

    def _do(self, ask: Json) -> Json:
        match ask["do"]:
            case "card":
                self._reader.add(f"{ask.get('cert_type', '03')},{ask['card_no']}\r\n".encode())
            case "press":
                pin = self._mcu.gpio[self._buttons[ask["button"]]]
                pin.set_input_value(False)
                up = self._clock.create_alarm(pin.release_input)
                up.schedule(float(ask.get("ms", PRESS_MS)) * 1e6)
            case "lamps":
                dark = [(0, 0, 0)] * wiring.RING_LEDS
                now = self._lamps[-1][1] if self._lamps else dark
                return {"now": now, "history": self._lamps, "tones": []}
            case "reset":
                self._resets.append("run pin")
                self._quiet()
                self._device.hard_reset(cause=ResetCause.RUN_PIN)
            case "state":
                console = self._console.decode("utf-8", "replace")
                nanos = int(self._clock.nanos)
                return {"resets": self._resets, "console": console, "nanos": nanos}
            case "stop":
                self.stopping.set()
            case other:
                raise ValueError(f"do what? {other!r}")
        return {}


def adc(millivolts: float) -> int:
    """What the converter makes of it."""
    return round(millivolts * ADC_MOST / ADC_MV)


async def until_parent_ends(done: asyncio.Event) -> None:
    """Stdin is a pipe of whoever started this; its end is our end."""
    loop = asyncio.get_running_loop()
    source = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(source), sys.stdin)
    await source.read()
    done.set()


async def served(emulator: Emulator) -> None:
    """Run it with its control socket in the working directory."""
    server = await asyncio.start_unix_server(emulator.serve, SOCKET, limit=LINE_MAX)
    parent = asyncio.ensure_future(until_parent_ends(emulator.stopping))
    try:
        await emulator.run()
    finally:
        parent.cancel()
        server.close()


def main() -> None:
    """UF2 DIRECTORY; "ready" on stdout when the runtime has answered on USB."""
    parser = argparse.ArgumentParser(prog="python -m sim.tier2.emulator", description=__doc__)
    parser.add_argument("uf2", type=Path)
    parser.add_argument("directory", type=Path)
    args = parser.parse_args()
    uf2 = args.uf2.resolve()
    os.chdir(args.directory)  # a socket's path may have 107 bytes at most
    Path(SOCKET).unlink(missing_ok=True)
    try:
        asyncio.run(served(Emulator(uf2, Path.cwd())))
    finally:
        Path(SOCKET).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
