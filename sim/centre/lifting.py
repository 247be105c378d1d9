"""`python -m sim.centre lift --config FILE [TERMINAL]`: somebody has looked into a suspicion and
believes the terminal again. Without a name it lists who waits for that, and why."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from edge.errors import EdgeError
from sim.centre.audit import suspicions
from sim.centre.desk import Centre

EXIT_BAD: Final = 2
EXIT_NOT_FROZEN: Final = 1


def main(arguments: list[str] | None = None) -> int:
    """Entry. 0 lifted or listed, 1 that terminal is under no suspicion, 2 a bad configuration."""
    from sim.centre.__main__ import open_guest

    parser = argparse.ArgumentParser(prog="python -m sim.centre lift")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("terminal", nargs="?", help="without it: list those under suspicion")
    given = parser.parse_args(arguments)
    try:
        centre = open_guest(given.config)
        return lift(centre, given.terminal) if given.terminal else show(centre)
    except EdgeError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD


def show(centre: Centre) -> int:
    """Who gets no new policy, since when, and the alarms that made it so."""
    waiting = suspicions(centre.store)
    for name, since_ms, codes in waiting:
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(since_ms / 1000))
        print(f"{name}: under suspicion since {at}: {', '.join(codes)}")
    if not waiting:
        print("no terminal is under suspicion")
    return 0


def lift(centre: Centre, terminal: str) -> int:
    """Sign it a new policy; it hears of it at its next question."""
    if not centre.lift(terminal, time.time_ns() // 1_000_000):
        print(f"{terminal} is under no suspicion", file=sys.stderr)
        return EXIT_NOT_FROZEN
    print(f"{terminal}: a new policy is signed; it takes it at its next question, within the hour")
    return 0
