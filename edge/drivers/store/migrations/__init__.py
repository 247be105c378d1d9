"""Steps from one version of the ledger file to the next: one file each, `to_N.py` with `apply(db)`.

Each step is one transaction together with the version's number, so that a power cut leaves the old
version or the new one, and nothing between. There is no way back: an older program refuses the file.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import apsw

from edge.drivers.store import schema


def migrate(db: apsw.Connection, transaction: Callable[[], AbstractContextManager[None]]) -> int:
    """Bring the file to this program's version; gives the number of steps taken. apsw's errors
    pass: then the file is what it was before the step that failed."""
    steps = 0
    while (version := schema.check(db)) < schema.SCHEMA:
        assert steps < schema.SCHEMA, "a step that does not move the version"
        step = importlib.import_module(f"{__name__}.to_{version + 1}")
        with transaction():
            step.apply(db)
            db.pragma("user_version", version + 1)
        steps += 1
    return steps
