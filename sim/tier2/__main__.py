"""`facepay sim tier2 [pytest's options]`: the smoke set on the emulated RP2040. Builds nothing: the
runtime is made once by `facepay sim uf2`."""

from __future__ import annotations

import subprocess
import sys

from edge.errors import EdgeError
from sim.tier2 import ROOT, venv
from sim.tier2.uf2 import say, stamp

NOT_THERE = 3


def main(arguments: list[str]) -> int:
    """pytest's own code, or NOT_THERE."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    held = stamp()
    if held is None:
        sys.stderr.write("tier 2 has no runtime here: `facepay sim uf2` builds it\n")
        return NOT_THERE
    say(f"MicroPython {held['runtime']}, sha256 {held['sha256'][:16]}")
    say("the chip is forty times slow: the set takes ten minutes of a whole processor")
    try:
        venv.make()
    except EdgeError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_THERE
    command = [sys.executable, "-m", "pytest", "-v", "-s", "-m", "tier2", "tests/tier2"]
    return subprocess.call([*command, *arguments], cwd=ROOT)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
