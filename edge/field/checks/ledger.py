"""The ledger: opens, its chain holds, how much waits, how long its write-ahead log is."""

from __future__ import annotations

from pathlib import Path

from edge.field import guard
from edge.field.checks import OK, WARN, Ask, Finding

NAME, AT = "ledger", 30
WAL_BYTES_WARN = 64 * 1024 * 1024


def check(ask: Ask) -> list[Finding]:
    """While the agent runs, the ledger is its own, and what it tells counts."""
    assert ask.config is not None
    path = Path(ask.config.store.path)
    if ask.told is not None:
        waiting = int(ask.told["waiting"])
        text = f"the agent has it open: record {ask.told['head_seq']}, {waiting} wait"
        found = [Finding(NAME, OK, text)]
        if ask.told.get("stop_code"):
            code = str(ask.told["stop_code"])
            found.append(Finding(NAME, WARN, "the centre's log is not what it was", code, f"facepay explain {code}"))
    else:
        with guard.ledger(ask.config) as store:
            if store is None:
                return [Finding(NAME, OK, f"{path} is not there yet: the first start makes it")]
            store.verify_chain()
            waiting = store.head.seq - store.answered_seq
            found = [Finding(NAME, OK, f"chain right up to record {store.head.seq}, {waiting} without a receipt")]
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size > WAL_BYTES_WARN:
        text = f"the write-ahead log has {wal.stat().st_size // 1_048_576} MiB"
        found.append(Finding(NAME, WARN, text, "", "who holds a reader open? Restart the agent"))
    return found
