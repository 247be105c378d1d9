"""What happened on a board, one JSON object per line: {"t": microseconds since it was first powered,
"kind": ..., ...}. Under one seed in virtual time two runs write the same bytes."""

from __future__ import annotations

import hashlib
import json
import struct
from collections import deque
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from edge.wire import frame

FILE_MAX = 32 * 1024 * 1024
EVENTS_MAX = 20_000
NAMES = {kind: name for kind, name, _fields, _flags in frame.MESSAGES}
Json = dict[str, Any]


class Trace:
    """Appends to `path` up to FILE_MAX bytes (then one line {"kind": "full"}), keeps the newest
    EVENTS_MAX in memory, and tells `heard` each kind."""

    def __init__(self, path: Path, heard: Callable[[str], None]) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._heard = heard
        self._bytes = 0
        self._full = False
        self._digest = hashlib.sha256()
        self._events: deque[Json] = deque(maxlen=EVENTS_MAX)
        self.count = 0

    def add(self, at_us: int, kind: str, **fields: object) -> None:
        event: Json = {"n": self.count, "t": at_us, "kind": kind, **fields}
        self.count += 1
        self._events.append(event)
        line = json.dumps(event, separators=(",", ":"), ensure_ascii=True) + "\n"
        self._digest.update(line.encode())
        if not self._full:
            self._full = self._bytes + len(line) > FILE_MAX
            self._file.write('{"kind":"full"}\n' if self._full else line)
            self._bytes += len(line)
        self._heard(kind)

    def since(self, number: int, most: int) -> tuple[list[Json], int]:
        """Events from `number` on, at most so many, and the number to ask for next."""
        first = self.count - len(self._events)
        skip = max(0, number - first)
        got = list(islice(self._events, skip, skip + most))
        return got, (got[-1]["n"] + 1 if got else max(number, first))

    def digest(self) -> str:
        """SHA-256 over every line, also over those that the file had no room for."""
        return self._digest.hexdigest()

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class Frames:
    """Names the link frames in one direction of a byte stream; payloads of secret frames stay as
    they are on the cable."""

    def __init__(self) -> None:
        self._splitter = frame.Splitter()

    def feed(self, data: bytes) -> list[Json]:
        out: list[Json] = []
        for encoded in self._splitter.feed(data):
            try:
                out.append({"size": 0, "bad": frame.OVERSIZED} if encoded is None
                           else _named(encoded))  # fmt: skip
            except frame.FrameError as error:
                out.append({"size": len(encoded or b""), "bad": error.reason})
        return out


def _named(encoded: bytes) -> Json:
    frame.Packet(encoded)  # CRC and sizes
    body = frame.cobs_decode(encoded)
    kind, flags, seq, ack, counter = struct.unpack_from(frame.HEADER, body)
    payload = body[frame.HEADER_BYTES : -frame.TAG_BYTES - frame.CRC_BYTES]
    shown: Json = {"type": NAMES.get(kind, str(kind)), "seq": seq, "ack": ack, "ctr": counter}
    shown |= {"size": len(encoded) + 1, "payload": payload.hex()}
    return shown | ({"secret": True} if flags & frame.SECRET else {})
