"""The bank's process: `python -m sim.bank --directory DIR [--port N]`. Says READY and its port."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import Final

from edge.errors import EdgeError
from sim.bank import setup, telling
from sim.bank.server import Served

TELL_S: Final = 0.2  # between two rounds of telling


def main(arguments: list[str] | None = None) -> int:
    """Entry. 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m sim.bank", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="made by sim.bank.setup")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tell", default="", help="http://host:port that hears of paid orders")
    options = parser.parse_args(arguments)
    try:
        keys = setup.keys(options.directory)
        bank = setup.open_(options.directory)
        served = Served(bank, keys, options.port)
    except (EdgeError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    served.start()
    print(f"READY {served.port}", flush=True)
    while not ended.wait(TELL_S):
        if options.tell:
            telling.deliver(bank, keys.signer, options.tell, served.switches)
    served.stop()
    bank.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
