"""Walking the chain of a ledger file: from the base (or any record) to the head."""

from __future__ import annotations

import hashlib
from typing import Final

import apsw

from edge.core.sync.ledger import extend
from edge.core.types import Head
from edge.drivers.store.schema import KEEP_HINT
from edge.errors import EdgeError
from edge.wire import record as wire_record

KEPT_MAX: Final = 100_000  # records below the base that are still here, kept for a dispute


def walk(db: apsw.Connection, start: Head, end: Head) -> int:
    """Follow the chain from behind `start`; it must end at `end`. Gives the number of records.
    E-STO-05."""
    head, count = start, 0
    query = "SELECT seq, txid, prev, hash, data FROM ledger WHERE seq > ? ORDER BY seq"
    for seq, txid, prev, stored_hash, data in db.execute(query, (start.seq,)):
        head = extend(head, seq, prev, data)
        said = wire_record.peek(data)  # what was signed counts, the columns only repeat it
        same = (said.epoch, said.seq, said.prev, said.txid) == (head.epoch, seq, prev, txid)
        if head.hash != stored_hash or not same:
            raise EdgeError("E-STO-05", f"record {seq} was changed", KEEP_HINT)
        count += 1
    if head != end:
        raise EdgeError("E-STO-05", f"the chain ends at {head.seq}", KEEP_HINT)
    return count


def check_kept(db: apsw.Connection, base_seq: int) -> int:
    """The records below the base that were kept: each is still what its hash says. E-STO-05."""
    count = 0
    query = "SELECT seq, hash, data FROM ledger WHERE seq <= ? ORDER BY seq LIMIT ?"
    for seq, stored_hash, data in db.execute(query, (base_seq, KEPT_MAX)):
        if hashlib.sha256(data).digest() != stored_hash:
            raise EdgeError("E-STO-05", f"record {seq} was changed", KEEP_HINT)
        count += 1
    return count
