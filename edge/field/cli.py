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
SIM = "sim.clinic"


def main() -> None:
    """The entry point of the `facepay` command."""
    if sys.argv[1:2] == ["run"]:
        from edge.main import main as run

        raise SystemExit(run(sys.argv[2:]))
    if sys.argv[1:2] == ["demo"]:
        raise SystemExit(demo(sys.argv[2:]))
    try:
        from edge.field.commands import app

        app()
    except EdgeError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(BAD_INPUT) from error


def demo(arguments: list[str]) -> int:
    """Run the clinic in simulation; it is not part of a terminal and may be absent."""
    if importlib.util.find_spec("sim") is None or importlib.util.find_spec(SIM) is None:
        raise SystemExit(
            "the simulator is not installed here: use a clone of the project, sim/demo"
        )
    return subprocess.call([sys.executable, "-m", SIM, *arguments])


if __name__ == "__main__":
    main()
