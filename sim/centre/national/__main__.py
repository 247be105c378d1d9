"""`python -m sim.centre.national --config centre.toml [--port 8090] [--client FILE]`: the second
door's process; an institution of a FILE may call."""

from __future__ import annotations

import argparse
import base64
import logging
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from edge.errors import EdgeError
from edge.suites import sm2
from sim.centre.__main__ import bank_key, bank_of, open_guest, read_config
from sim.centre.mobile.door import Pmc
from sim.centre.national.door import Door
from sim.centre.national.server import Served
from sim.centre.national.tables import Client

log = logging.getLogger("facepay.centre")
WORK_S: Final = 1.0
KEY_FILE: Final = "centre-sm2.der"
PUBLIC_FILE: Final = "centre-sm2.pub"


def centre_key(directory: Path) -> bytes:
    """The centre's SM2 key, made at the first start."""
    path = directory / KEY_FILE
    if not path.exists():
        private, public = sm2.generate()
        path.touch(mode=0o600)
        path.write_bytes(private)
        (directory / PUBLIC_FILE).write_text(base64.b64encode(public).decode() + "\n")
    return path.read_bytes()


def open_door(config_path: Path) -> Door:
    """The door of the centre with this configuration, beside its own process."""
    return Door(open_guest(config_path), centre_key(Path(read_config(config_path).directory)))


def open_pmc(config_path: Path, door: Door) -> Pmc:
    """Mobile payment beside it; its bank is the [bank] of the configuration."""
    config, centre = read_config(config_path).bank, door.centre
    believed = bank_key(config) if config.url else None
    return Pmc(centre.store, centre.region, bank_of(config, centre.keys.signer), believed)


def main(arguments: list[str] | None = None) -> int:
    """Entry. 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m sim.centre.national", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--client", type=Path, action="append", default=[], metavar="TOML",
                        help="an institution that may call (fields of tables.Client; "
                             "sign_public as Base64 DER)")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        door = open_door(options.config)
        pmc = open_pmc(options.config, door)
        for path in options.client:
            door.enrol(msgspec.toml.decode(path.read_bytes(), type=Client))
    except (EdgeError, OSError, msgspec.DecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    served = Served(door, options.port, pmc=pmc).start()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    print(f"READY {served.port}", flush=True)
    while not over.wait(WORK_S):  # what the bank owes an answer to
        try:
            pmc.work(time.time_ns() // 1_000_000)
        except SQLAlchemyError:
            log.exception("the bank's work waits")
    served.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
