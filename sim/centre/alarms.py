"""`python -m sim.centre alarms --config FILE`: what a person here must look at, the newest first: forged
prescriptions, forks, copies of ledgers, what was quarantined."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from edge.errors import EdgeError
from sim.centre.books import store as t
from sim.centre.desk import Centre

EXIT_BAD: Final = 2
SHOWN_MAX: Final = 200
TEXT_MAX: Final = 64  # `data` that is longer was quarantined as bytes


def main(arguments: list[str] | None = None) -> int:
    """Entry. 0 listed, 2 a bad configuration."""
    from sim.centre.__main__ import open_guest

    parser = argparse.ArgumentParser(prog="python -m sim.centre alarms")
    parser.add_argument("--config", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        return show(open_guest(given.config))
    except EdgeError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD


def show(centre: Centre) -> int:
    """One line each: when, what, which terminal, which record or prescription."""
    c = t.incidents.c
    wanted = sa.select(c.at_ms, c.code, c.terminal, c.epoch, c.seq, c.data).where(c.alarm == 1)
    with centre.store.begin() as conn:
        rows = conn.execute(wanted.order_by(c.id.desc()).limit(SHOWN_MAX)).all()
    for at_ms, code, terminal, epoch, seq, data in rows:
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(at_ms / 1000))
        print(f"{at}  {code}  {terminal}  {_about(epoch, seq, bytes(data))}".rstrip())
    print(f"{len(rows)} alarms")
    return 0


def _about(epoch: int, seq: int, data: bytes) -> str:
    if epoch:
        return f"record {epoch}/{seq}"
    text = data.decode("ascii", errors="replace") if len(data) <= TEXT_MAX else ""
    return text if text.isalnum() else f"{len(data)} bytes" if data else ""
