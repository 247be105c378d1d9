"""Reading pictures: decode one JPEG/PNG to rgb, cut a byte stream into JPEG pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edge.drivers.camera import PIXELS_MAX
from edge.errors import EdgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

JPEG_BYTES_MAX = 8 * 1024 * 1024
TORN_MAX = 15  # a second of a camera
BLOCK, WHITE = 8, 255
START = b"\xff\xd8\xff"
MARK, STUFFED, SCAN, END = 0xFF, 0x00, 0xDA, 0xD9  # bytes of JPEG's marker syntax
ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # JPEG markers without a length


def rgb_of(data: bytes, name: str = "picture") -> NDArray[np.uint8]:
    """Decode; rgb uint8 HxWx3. E-CAM-04 when it is no picture or larger than `PIXELS_MAX`."""
    import numpy as np

    with _opened(data, name) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def plane_of(data: bytes, kind: type, name: str) -> NDArray[Any]:
    """One channel of `kind` (np.uint8, np.uint16) from a PNG. E-CAM-04, also for another depth of
    bits: a depth in a picture of eight bits is not one in millimetres.
    """
    import numpy as np

    with _opened(data, name, ("PNG",)) as picture:
        deep = picture.mode.startswith("I")
        if deep is not (kind is np.uint16) or picture.mode not in ("L", "I", "I;16"):
            raise EdgeError("E-CAM-04", f"{name} is a picture of mode {picture.mode}")
        return np.asarray(picture).astype(kind)


@contextmanager
def _opened(data: bytes, name: str, formats: tuple[str, ...] | None = None) -> Iterator[Image]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=formats) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise EdgeError("E-CAM-04", f"{name} has more than {PIXELS_MAX} pixels")
            yield picture
    except EdgeError:
        raise
    except Exception as bad:  # what a decoder raises on hostile bytes has no end
        raise EdgeError("E-CAM-04", f"{name} cannot be read as a picture: {bad}") from bad


class Reader:
    """Decodes a stream of pictures and leaves out what is torn, as cheap cables tear some."""

    def __init__(self) -> None:
        self._torn = 0

    def rgb(self, data: bytes, name: str) -> NDArray[np.uint8] | None:
        """The picture, None for a torn one. E-CAM-04 after `TORN_MAX` in a row."""
        try:
            read = rgb_of(data, name)
            if data.startswith(START) and _ends_flat(read):
                raise EdgeError("E-CAM-04", f"{name} ends in the middle")
        except EdgeError:
            self._torn += 1
            if self._torn >= TORN_MAX:
                raise
            return None
        self._torn = 0
        return read


def _ends_flat(rgb: NDArray[np.uint8]) -> bool:
    """A JPEG whose data ended early, but with its end mark, decodes without a word: what is missing
    has one colour. No sensor gives that but in black and in white; a picture that is one colour from
    its first line on shows nothing, and is not torn.
    """
    last = rgb[-BLOCK:]
    first = last[0, 0]
    if not (last == first).all() or (rgb == first).all():
        return False
    return int(first.max()) > 0 and int(first.min()) < WHITE


class JpegCutter:
    """Cuts a stream (MJPEG, AVI/MJPG) into whole JPEG pictures. Holds at most `JPEG_BYTES_MAX`
    bytes.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pictures completed by `data`. Bytes between pictures (AVI chunk headers) are
        skipped.
        """
        self._rest += data
        while True:
            start = self._rest.find(START)
            if start < 0:
                del self._rest[: max(0, len(self._rest) - len(START) + 1)]
                return
            end = _end(self._rest, start)
            if end < 0:
                del self._rest[: start if len(self._rest) - start <= JPEG_BYTES_MAX else start + 2]
                return
            picture = bytes(self._rest[start:end])
            del self._rest[:end]
            yield picture


def _end(data: bytearray, start: int) -> int:
    """Where the JPEG that starts at `start` ends, or -1 while it is incomplete. Walks the
    segments, so that a thumbnail inside one does not end the picture.
    """
    at = start + 2
    while at + 4 <= len(data):
        if data[at] != MARK:
            at = data.find(MARK, at)
            if at < 0:
                return -1
            continue
        marker = data[at + 1]
        if marker == END:
            return at + 2
        # the scan: the next marker that is neither stuffing nor a restart ends it
        if marker == SCAN:
            at = _scan_end(data, at + 2)
            if at < 0:
                return -1
        elif marker == MARK or marker in ALONE:
            at += 1 if marker == MARK else 2
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    if at + 2 <= len(data) and data[at] == MARK and data[at + 1] == END:
        return at + 2
    return -1


def _scan_end(data: bytearray, at: int) -> int:
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return -1
        if data[at + 1] != STUFFED and data[at + 1] not in ALONE and data[at + 1] != MARK:
            return at
        at += 1
