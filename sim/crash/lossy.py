"""A file system that forgets on command what nobody synced: a power cut for a whole process,
whatever it uses to write. FUSE, in memory, with the disk model of `sim.crash.cut`.

    python -m sim.crash.lossy MOUNT [--seed S]

Writing into MOUNT/.power is the power cut (the processes that wrote are dead by then): what was
synced stays, of the rest the dice keep some, lose some, tear some. It holds the files of one
folder."""

from __future__ import annotations

import argparse
import errno
import os
import random
import stat
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import mfusepy

from sim.crash.cut import Platter
from sim.world.disk import Op

POWER: Final = "/.power"
SIZE_BYTES: Final = 256 * 1024 * 1024  # of the disk that statfs tells of
BLOCK_BYTES: Final = 4096
# The kernel keeps nothing of its own.
_FRESH: Final = {"attr_timeout": 0, "entry_timeout": 0, "negative_timeout": 0}


class Lossy(mfusepy.Operations):  # type: ignore[misc]
    """One folder. Calls come one at a time. Beside the model it holds what the processes see now."""

    use_ns = True

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._disk = Platter()
        self._now: dict[str, bytearray] = {}
        self._changed: dict[str, int] = {}  # ns

    def _file(self, path: str) -> bytearray:
        if path not in self._now:
            raise mfusepy.FuseOSError(errno.ENOENT)
        return self._now[path]

    def _cut(self) -> None:
        left = self._disk.mixed(self._dice)
        self._disk = Platter(left)
        self._now = {name: bytearray(content) for name, content in left.items()}

    # -- what a process asks -----------------------------------------------------------------------
    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """Size and kind."""
        at = self._changed.get(path, 0)
        common = {
            "st_atime": at,
            "st_mtime": at,
            "st_ctime": at,
            "st_uid": os.getuid(),
            "st_gid": os.getgid(),
        }
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2, **common}
        size = 0 if path == POWER else len(self._file(path))
        of_file = {"st_size": size, "st_blocks": (size + 511) // 512}
        return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, **of_file, **common}

    def readdir(self, path: str, fh: int) -> list[str]:
        """Names."""
        return [".", "..", *(name[1:] for name in self._now)]

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        """A new file: gone again when nothing is synced."""
        self._now[path] = bytearray()
        self._disk.feed(Op("open", path))
        return 0

    def open(self, path: str, flags: int) -> int:
        """O_TRUNC comes as a truncation of its own."""
        if path != POWER:
            self._file(path)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """What was written, synced or not."""
        return bytes(self._file(path)[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Into memory; the model remembers that it is not safe."""
        if path == POWER:
            self._cut()
            return len(data)
        content, end = self._file(path), offset + len(data)
        content.extend(bytes(max(0, end - len(content))))
        content[offset:end] = data
        self._changed[path] = time.time_ns()
        self._disk.feed(Op("write", path, offset, bytes(data)))
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        """Shorter, or longer with zeros."""
        if path == POWER:
            return
        content = self._file(path)
        del content[length:]
        content.extend(bytes(length - len(content)))
        self._disk.feed(Op("truncate", path, length))

    def fallocate(self, path: str, mode: int, offset: int, length: int, fh: int) -> int:
        """Real blocks: here only a length."""
        content = self._file(path)
        if offset + length > len(content):
            self.truncate(path, offset + length)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        """From here on no cut takes it back."""
        self._disk.feed(Op("sync", path))
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        """The names as well."""
        self._disk.feed(Op("sync", path))
        return 0

    def flush(self, path: str, fh: int) -> int:
        """Closing makes nothing safe."""
        return 0

    def release(self, path: str, fh: int) -> int:
        """Likewise."""
        return 0

    def unlink(self, path: str) -> None:
        """Comes undone when nothing is synced afterwards."""
        self._file(path)
        del self._now[path]
        self._disk.feed(Op("delete", path))

    def rename(self, old: str, new: str, flags: int = 0) -> None:
        """Nobody renames a ledger; as a deletion and a copy it would not be honest."""
        raise mfusepy.FuseOSError(errno.EROFS)

    def chmod(self, path: str, mode: int) -> int:
        """Everything is private here."""
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        """Likewise."""
        return 0

    def utimens(self, path: str, times: Any = None) -> int:
        """Nobody asks the time of a ledger."""
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        """So much is left."""
        used = sum(len(content) for content in self._now.values())
        free = max(0, SIZE_BYTES - used) // BLOCK_BYTES
        return {
            "f_bsize": BLOCK_BYTES,
            "f_frsize": BLOCK_BYTES,
            "f_blocks": SIZE_BYTES // BLOCK_BYTES,
            "f_bfree": free,
            "f_bavail": free,
            "f_namemax": 255,
        }


def main(arguments: Sequence[str]) -> int:
    """Serve until unmounted."""
    parser = argparse.ArgumentParser(prog="sim.crash.lossy", description=__doc__)
    parser.add_argument("mount", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    mfusepy.FUSE(
        Lossy(given.seed),
        str(given.mount),
        foreground=True,
        nothreads=True,
        direct_io=True,
        **_FRESH,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
