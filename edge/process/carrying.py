"""Taking records away by hand: written in parts, synced, read back from the medium and checked, and
only then is there a manifest. A part that is already there and right is not written again.

Also the other direction: reading such an export, with every check that needs no key of the centre."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from edge.core.types import Head
from edge.drivers.store import Store
from edge.durable import sync_folder
from edge.errors import EdgeError
from edge.wire import carry
from edge.wire import record as wire_record
from edge.wire.carry import Manifest, Part

MANIFEST_SUFFIX: Final = ".fpm"
PART_SUFFIX: Final = ".fpx"
ANSWERS_SUFFIX: Final = ".fpa"
READ_AT_ONCE: Final = 64  # records: the ledger is held only so long
CANNOT_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS})
CHECK: Final = "check the stick: is it mounted, writable, and large enough?"


class Taken(Struct, frozen=True):
    """An export that is complete: read back and right."""

    manifest: Manifest
    path: Path
    size: int


def take(
    ledger: Store,
    terminal: str,
    sign: Callable[[Manifest], bytes],
    folder: Path,
    at_ms: int,
    *,
    everything: bool,
) -> Taken | None:
    """Write what has no receipt (or everything that is here) to `folder`; None when there is
    nothing. E-EXP-01 the folder, E-EXP-03 it does not read back as it was written."""
    head = ledger.head
    first = ledger.base.seq + 1 if everything else ledger.answered_seq + 1
    if first > head.seq:
        return None
    prev = ledger.record_hash(first - 1) if first > 1 else bytes(32)
    assert prev is not None, "the record before is at least the base"
    stem = f"facepay-{terminal}-{head.epoch}"
    parts, size = [], 0
    for name, data, part_first, part_last in _parts(ledger, stem, first, head.seq):
        _write(folder / name, data)
        digest = hashlib.sha256(data).digest()
        parts.append(Part(name, part_first, part_last, len(data), digest))
        size += len(data)
    number, tree_size = ledger.last_number, ledger.checkpoint[0]
    manifest = Manifest(
        terminal, head.epoch, first, head.seq, prev, head.hash, at_ms, number, tree_size, tuple(parts)
    )
    path = folder / f"{stem}-{first:08d}-{head.seq:08d}{MANIFEST_SUFFIX}"
    _write(path, sign(manifest))
    return Taken(manifest, path, size)


def _parts(
    ledger: Store, stem: str, first: int, last: int
) -> Iterator[tuple[str, bytes, int, int]]:
    """Always cut at the same places, so that an export that was cut short goes on where it was."""
    held: list[bytes] = []
    start, at = first, first
    while start <= last:
        while at <= last and carry.cut([len(one) for one in held]) == len(held):
            to = min(at + READ_AT_ONCE - 1, last)
            held += ledger.records(at, to)
            at = to + 1
        count = carry.cut([len(one) for one in held])
        end = start + count - 1
        name = f"{stem}-{start:08d}-{end:08d}{PART_SUFFIX}"
        yield name, carry.pack(carry.PART_MAGIC, held[:count]), start, end
        held, start = held[count:], end + 1


def _write(path: Path, data: bytes) -> None:
    """Whole, synced, named, and read back from the medium. E-EXP-01, E-EXP-03."""
    beside = path.with_name(f".{path.name}.part")
    try:
        if _is_there(path, data):
            return
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
        _sync(path.parent)
        right = _is_there(path, data)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        why = "there is no room" if full else str(error.strerror)
        raise EdgeError("E-EXP-01", f"{path} cannot be written: {why}", CHECK) from error
    if not right:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise EdgeError(
            "E-EXP-03", f"{path.name} does not read back as it was written", "take another stick"
        )


def _is_there(path: Path, data: bytes) -> bool:
    """Does the medium hold exactly this? Not the page cache: what we wrote is dropped from it."""
    try:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return file.read(len(data) + 1) == data
    except FileNotFoundError:
        return False


def _sync(folder: Path) -> None:
    try:
        sync_folder(folder)
    except OSError as error:
        if error.errno not in CANNOT_SYNC:  # some sticks' file systems cannot sync a folder
            raise


# -- reading --------------------------------------------------------------------------------------
def small(path: Path, limit: int) -> bytes:
    """A file's bytes. E-EXP-03 when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise EdgeError("E-EXP-03", f"{path} cannot be read: {error.strerror}", CHECK) from error
    if len(data) > limit:
        raise EdgeError("E-EXP-03", f"{path} is larger than {limit} bytes", "is it the right file?")
    return data


def parts_of(path: Path, manifest: Manifest) -> Iterator[tuple[Part, list[bytes]]]:
    """The records of an export, part by part: each part has its digest, each record follows the one
    before it, and the last is the head. E-EXP-03."""
    head = Head(manifest.epoch, manifest.first - 1, manifest.prev)
    for part in manifest.parts:
        data = small(path.parent / part.name, carry.PART_BYTES_MAX)
        if hashlib.sha256(data).digest() != part.digest:
            raise EdgeError("E-EXP-03", f"{part.name} was changed", "export again")
        try:
            records = carry.unpack_part(data)
            for one in records:
                said = wire_record.peek(one)
                whose = (said.terminal, said.epoch, said.seq, said.prev)
                if whose != (manifest.terminal, head.epoch, head.seq + 1, head.hash):
                    raise EdgeError("E-EXP-03", f"record {head.seq + 1} is not in its place")
                head = Head(head.epoch, said.seq, wire_record.record_hash(one))
        except EdgeError as error:
            if error.code == "E-EXP-03":
                raise
            raise EdgeError("E-EXP-03", f"{part.name}: {error.message}", "export again") from error
        if head.seq != part.last:
            raise EdgeError("E-EXP-03", f"{part.name} ends at {head.seq}", "export again")
        yield part, records
    if head.hash != manifest.head:
        raise EdgeError("E-EXP-03", "the export does not end with its own head", "export again")
