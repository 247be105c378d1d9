"""`python -m sim.centre unlock --config FILE PSN_NO`: somebody at the window has looked at the person and
their card, and ends the lock of their e-voucher password before the day does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from edge.errors import EdgeError
from sim.centre.books import proving

EXIT_BAD: Final = 2
EXIT_NOT_LOCKED: Final = 1


def main(arguments: list[str] | None = None) -> int:
    """Entry. 0 unlocked, 1 there was no lock, 2 a bad configuration."""
    from sim.centre.__main__ import open_guest

    parser = argparse.ArgumentParser(prog="python -m sim.centre unlock")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("psn_no")
    given = parser.parse_args(arguments)
    try:
        centre = open_guest(given.config)
    except EdgeError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD
    with centre.store.begin() as conn:
        was_locked = proving.unlock(conn, given.psn_no)
    print(f"{given.psn_no}: {'the lock is over' if was_locked else 'there is no lock'}")
    return 0 if was_locked else EXIT_NOT_LOCKED
