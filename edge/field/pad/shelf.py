"""What the eyes saw of each presentation, kept in one file: a run that was broken off goes on, and
limits may be weighed again without looking again. Records of other models or other places of
measurement are passed over. Nothing is held in memory but where each record begins.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.liveness.regions import REGIONS
from edge.drivers.vision.light import glow, irises, skin
from edge.drivers.vision.nets import models
from edge.drivers.vision.nets.tflite import identity
from edge.field.pad.sets import Look

ROLES: Final = ("detector", "detector_back", "mesh", "iris", "spoof", "embed")
LENGTH: Final = struct.Struct("<I")
RECORD_BYTES_MAX: Final = 16 * 1024 * 1024
READ: Final = "2"  # how pictures and films without lamps are read: 1 took a film for one picture


class Seen(Struct, frozen=True):
    """One presentation as the checks get it. look: of the lamps, None without. pair: the second shot
    is by a flash.
    """

    path: str
    shots: tuple[LookSeen, ...]
    look: Look | None = None
    pair: bool = False


class _Record(Struct, frozen=True, array_like=True):
    stamp: str
    path: str
    look: Look | None
    glows: tuple[bytes, ...]  # float32, as they were measured: nothing is lost
    shots: tuple[LookSeen, ...]  # without their glow
    pair: bool = False


def stamp(*, second_too: bool = False) -> str:
    """Changes with every model that looked and with every place at which light is measured."""
    places = repr((*(region.point for region in REGIONS), glow.PATCH, glow.REACH_MAX, *skin.PLACES, *irises.PLACES))
    text = "".join(identity(role) for role in ROLES) + places
    if second_too:
        text += "".join(one.sha256 for one in models.members("second").values())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Shelf:
    """The file. A record that was cut off by a crash is written over. second_too: what the optional
    net said is in it.
    """

    def __init__(self, file: Path, *, second_too: bool = False) -> None:
        self._file = file
        self._lit = stamp(second_too=second_too)
        self._plain = f"{self._lit}/{READ}"
        self._at: dict[str, int] = {}
        self._end = 0
        if file.is_file():
            self._find()

    def __contains__(self, path: str) -> bool:
        return path in self._at

    def add(self, seen: Seen) -> None:
        """Keep one more, on disk before it returns."""
        glows = tuple(array("f", shot.glow).tobytes() for shot in seen.shots)
        bare = tuple(replace(shot, glow=()) for shot in seen.shots)
        data = msgspec.msgpack.encode(_Record(self._stamp(seen.look), seen.path, seen.look, glows, bare, seen.pair))
        with self._file.open("r+b" if self._file.is_file() else "w+b") as file:
            file.seek(self._end)
            file.truncate()
            file.write(LENGTH.pack(len(data)) + data)
        self._at[seen.path] = self._end
        self._end += LENGTH.size + len(data)

    def get(self, path: str) -> Seen:
        """What was kept of a path that is in it."""
        with self._file.open("rb") as file:
            file.seek(self._at[path])
            record = self._next(file)
        assert record is not None, "was read when its place was found"
        shots = (
            replace(shot, glow=tuple(array("f", light)))
            for shot, light in zip(record.shots, record.glows, strict=True)
        )
        return Seen(record.path, tuple(shots), record.look, record.pair)

    def _stamp(self, look: Look | None) -> str:
        return self._plain if look is None else self._lit

    def _find(self) -> None:
        with self._file.open("rb") as file:
            while (record := self._next(file)) is not None:
                if record.stamp == self._stamp(record.look):
                    self._at[record.path] = self._end
                self._end = file.tell()

    def _next(self, file: BinaryIO) -> _Record | None:
        head = file.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack(head)
        data = file.read(length) if length <= RECORD_BYTES_MAX else b""
        try:
            return msgspec.msgpack.decode(data, type=_Record) if len(data) == length else None
        except msgspec.DecodeError:
            return None
