"""`facepay`: what field engineers type. The agent's own start comes first and imports none of the
rest.

typer and rich cost a second of start-up on a Pi; `facepay run` therefore goes to `edge.main` before
they are imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys

from edge.errors import EdgeError

BAD_INPUT = 2
# Exit codes by cause, for scripts; everything else is BAD_INPUT.
EXITS = {"E-FLD": 3, "E-EXP": 4, "E-STO": 5, "E-SYS-06": 6}
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
        sys.stderr.write(f"{error}\n")
        cause = EXITS.get(error.code) or EXITS.get(error.code[:5], BAD_INPUT)
        raise SystemExit(cause) from error


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
