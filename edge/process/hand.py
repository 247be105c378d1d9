"""What the agent does when records and answers travel by hand. Beside the owner: it reads the ledger
a few records at a time and never holds a turn up."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from edge.core.effects import Save
from edge.core.types import Json
from edge.drivers.broker import Message
from edge.drivers.store import Batch, Store
from edge.errors import EdgeError
from edge.process import carrying
from edge.scribe import Scribe
from edge.wire import answer as wire_answer
from edge.wire import topics

MARK_SPACE: Final = "meta"
MARK_KEY: Final = "export"
TAKE_WAIT_S: Final = 5.0
LOOK_S: Final = 0.02

OnWorker = Callable[[Callable[[], int]], Awaitable[int]]


def inside(directory: str, to: str) -> Path:
    """The folder `to` when it lies in the configured one. E-EXP-02."""
    if not directory:
        raise EdgeError(
            "E-EXP-02", "no folder is configured", "set [export] directory, or stop the agent first"
        )
    base = Path(directory).resolve()
    folder = (base / to).resolve()
    if not folder.is_relative_to(base):
        raise EdgeError("E-EXP-02", f"{to} is not inside {directory}", "use [export] directory")
    return folder


def mark(taken: carrying.Taken) -> Save:
    """The ledger's own note of what was taken away last: head and digest of the manifest."""
    said = taken.manifest
    note = {
        "first": said.first,
        "last": said.last,
        "head": said.head.hex(),
        "at_utc_ms": said.at_ms,
        "manifest": hashlib.sha256(taken.path.read_bytes()).hexdigest(),
    }
    return Save(MARK_SPACE, MARK_KEY, msgspec.json.encode(note))


def told(taken: carrying.Taken | None) -> Json:
    """An export in words for the API and the command line."""
    if taken is None:
        return {"count": 0, "first": 0, "last": 0, "head": "", "manifest": "", "bytes": 0}
    said = taken.manifest
    return {
        "count": said.last - said.first + 1,
        "first": said.first,
        "last": said.last,
        "head": said.head.hex(),
        "manifest": taken.path.name,
        "bytes": taken.size,
    }


async def export(
    store: Store,
    scribe: Scribe,
    on_worker: OnWorker,
    folder: Path,
    at_ms: int,
    *,
    everything: bool,
) -> Json:
    """Take records away and note it in the ledger. E-EXP-01, E-EXP-03."""
    taken = await asyncio.to_thread(
        carrying.take, store, scribe.terminal, scribe.manifest, folder, at_ms, everything=everything
    )
    if taken is not None:
        note = mark(taken)
        await on_worker(lambda: store.commit(Batch(saves=(note,))))
    return told(taken)


async def take_answer(store: Store, put: Callable[[Any], None], terminal: str, data: bytes) -> Json:
    """Give an answer to the owner on the way that the broker's take, and see whether it was taken.
    E-EXP-04 when it is no answer at all."""
    try:
        number = wire_answer.peek_number(data)
    except EdgeError as error:
        raise EdgeError("E-EXP-04", f"not an answer: {error.message}", "is it the right file?") from error
    if number > store.last_number:
        put(Message(topics.down(terminal), data))
        give_up = asyncio.get_running_loop().time() + TAKE_WAIT_S
        while store.last_number < number and asyncio.get_running_loop().time() < give_up:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)  # the owner takes it in its own time
        return {"taken": store.last_number >= number, "answered_seq": store.answered_seq}
    return {"taken": False, "answered_seq": store.answered_seq}
