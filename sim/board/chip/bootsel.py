"""BOOTSEL as a directory: what a Pico shows as a drive. A whole UF2 of the right family makes it go
away and the board restart with the runtime in it; anything else stays and does nothing."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from sim.board.chip import uf2

INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n"
INFO_RP2350 = "UF2 Bootloader v1.0\r\nModel: Raspberry Pi RP2350\r\nBoard-ID: RP2350\r\n"
INDEX = (
    '<html><head><meta http-equiv="refresh" content="0;URL=\'https://raspberrypi.com/device/RP2\'"/>'
    "</head><body>Redirecting</body></html>\n"
)
ENTRIES_MAX = 64


class Bootsel:
    """`place` is there only while the board is in BOOTSEL."""

    def __init__(self, place: Path, family: str) -> None:
        self._place = place
        self._family = family
        self._seen: dict[str, tuple[int, int]] = {}
        shutil.rmtree(place, ignore_errors=True)

    def appear(self) -> None:
        self.vanish()
        self._place.mkdir(mode=0o700)
        info = INFO if self._family == "rp2040" else INFO_RP2350
        (self._place / "INFO_UF2.TXT").write_text(info, newline="")
        (self._place / "INDEX.HTM").write_text(INDEX)

    def vanish(self) -> None:
        self._seen.clear()
        shutil.rmtree(self._place, ignore_errors=True)

    def look(self) -> tuple[str, uf2.Flashed] | None:
        """What the ROM made of a file that is new or changed since the last look; None: nothing."""
        with contextlib.suppress(OSError):
            for path in sorted(self._place.iterdir())[:ENTRIES_MAX]:
                about = path.stat()
                mark = (about.st_size, about.st_mtime_ns)
                if path.suffix.lower() != ".uf2" or self._seen.get(path.name) == mark:
                    continue
                self._seen[path.name] = mark
                if 0 < about.st_size <= uf2.FILE_MAX:
                    return path.name, uf2.take(path.read_bytes(), self._family)
        return None
