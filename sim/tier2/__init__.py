"""Tier 2 of the controller's simulator: the whole RP2040 emulated, with the real MicroPython runtime
built from Debian's sources, the firmware's own files on a real littlefs and the real link.

Twenty times slower than silicon, so it is not for every push: `facepay sim uf2` builds the runtime once,
`facepay sim tier2` runs the smoke set (tests/tier2). Nothing here is needed by a terminal.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".facepay" / "tier2"
UF2 = HOME / "firmware.uf2"
STAMP = HOME / "firmware.json"  # what it was built from, its hash, how long it took
VENV = HOME / "venv"
