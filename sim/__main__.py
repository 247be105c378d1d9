"""`facepay sim NAME ...`: the simulator of the controller, one module for each name."""

from __future__ import annotations

import importlib.util
import runpy
import sys

# name: (module, what it does); a module that is not in this clone is left out of the help.
NAMES = {
    "board": ("sim.board", "one simulated controller until it is stopped"),
    "trace": ("sim.board.vcd", "what happened on a board, in words or as waveforms (VCD)"),
    "run": ("sim.scenes", "play scenario files against a simulated or a real controller"),
    "uf2": ("sim.tier2.uf2", "build the Pico's runtime from Debian's sources, for tier 2"),
    "tier2": ("sim.tier2", "the smoke set on an emulated RP2040 with the real runtime"),
}


def main(arguments: list[str]) -> int:
    """Hand over to the module of the first word; without one, say which there are (code 2)."""
    there = {name: row for name, row in NAMES.items() if _there(row[0])}
    if not arguments or arguments[0] not in there:
        print("facepay sim NAME ...")
        for name, (_module, text) in there.items():
            print(f"  {name:<6} {text}")
        return 0 if arguments in (["--help"], ["-h"]) else 2
    module = there[arguments[0]][0]
    sys.argv[:] = [f"facepay sim {arguments[0]}", *arguments[1:]]
    runpy.run_module(module, run_name="__main__", alter_sys=False)
    return 0


def _there(module: str) -> bool:
    """Whether it can be found, without running it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
