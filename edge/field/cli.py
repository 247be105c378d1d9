"""`facepay`: what field engineers type. The agent's own start comes first and imports none of the
rest.

typer and rich cost a second of start-up on a Pi; `facepay run` therefore goes to `edge.main` before
they are imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys

from edge.errors import EdgeError

BAD_INPUT = 2
# Exit codes by cause, for scripts; everything else is BAD_INPUT.
EXITS = {
    "E-FLD": 3, "E-EXP": 4, "E-STO": 5, "E-SYS-06": 6,
    # of facepay flash: the board, its runtime, the release, writing, what runs afterwards, pairing
    "E-FLS-0": 10, "E-FLS-1": 11, "E-FLS-2": 12, "E-FLS-3": 13, "E-FLS-4": 14, "E-FLS-5": 15,
}  # fmt: skip
# Commands of the simulator and the harnesses: modules of a clone, loaded by name in a process of
# their own. The names also stand in `commands/harness.py`, for the help.
CLONE = {
    "demo": "sim.clinic",
    "fire": "sim.fire",
    "fuzz": "tests.fuzz",
    "images": "sim.crash.images",
    "mutants": "sim.mutants",
    "killpoints": "sim.crash.killpoints",
    "peers": "tests.bench.peers",
    "sim": "sim",
}


def main() -> None:
    """The entry point of the `facepay` command."""
    if sys.argv[1:2] == ["run"]:
        from edge.main import main as run

        raise SystemExit(run(sys.argv[2:]))
    if len(sys.argv) > 1 and sys.argv[1] in CLONE:
        raise SystemExit(in_clone(CLONE[sys.argv[1]], sys.argv[2:]))
    try:
        from edge.field.commands import app

        app()
    except EdgeError as error:
        if "--json" in sys.argv:  # who reads one object gets one, also when nothing was begun
            told = {"ok": False, "code": error.code, "message": error.message, "hint": error.hint}
            sys.stdout.write(json.dumps(told | {"exit": exit_of(error.code)}, ensure_ascii=False) + "\n")
        sys.stderr.write(f"{error}\n")
        raise SystemExit(exit_of(error.code)) from error


def exit_of(code: str) -> int:
    """The exit code for an error's code: of the code itself, its tens, or its area."""
    return EXITS.get(code) or EXITS.get(code[:-1]) or EXITS.get(code[:5], BAD_INPUT)


def in_clone(module: str, arguments: list[str]) -> int:
    """Run what is not part of a terminal and may be absent."""
    room = module.partition(".")[0]
    if importlib.util.find_spec(room) is None or importlib.util.find_spec(module) is None:
        raise SystemExit(
            f"{room} is not installed here: use a clone of the project (sim/demo sets it up)"
        )
    return subprocess.call([sys.executable, "-m", module, *arguments])


if __name__ == "__main__":
    main()
