"""`python -m sim.centre activations --config FILE`: how many e-vouchers are active, by town, channel and
employer, as the campaign's board shows them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from edge.errors import EdgeError
from sim.centre import targets
from sim.centre.books import activations

EXIT_BAD: Final = 2


def main(arguments: list[str] | None = None) -> int:
    """Entry. 2 a bad configuration."""
    from sim.centre.__main__ import open_guest

    parser = argparse.ArgumentParser(prog="python -m sim.centre activations")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--towns", type=Path, help="the district's annex (as towns.csv): how far each town is")
    given = parser.parse_args(arguments)
    try:
        towns = targets.read(given.towns) if given.towns is not None else ()
        centre = open_guest(given.config)
    except EdgeError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD
    with centre.store.begin() as conn:
        for by in activations.BY:
            for name, count in activations.counts(conn, by).items():
                print(f"{by:<9} {name or '-':<24} {count}")
        if towns:
            print(targets.text(targets.report(towns, activations.counts(conn, "town"))))
    return 0
