"""The shots of one presentation, read by the files camera's own readers: a picture, a folder of
pictures with what more eyes saw beside them, a film, a flash pair. Errors: E-PAD-03 what nobody can
read, E-CAM-06 a film that needs ffmpeg.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from edge.drivers.camera import files
from edge.errors import EdgeError
from edge.field.pad import sets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHOTS_MAX: Final = 512  # of one presentation
PICTURE_BYTES_MAX: Final = 8 * 1024 * 1024
SHOT_MS: Final = 66  # of a clip whose times nobody wrote down: the files camera's fifteen a second
CONVERTED: Final = frozenset(
    {".3gp", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".ts", ".webm", ".wmv"}
)  # ffmpeg reads them
READABLE: Final = frozenset(files.STILLS) | files.ANIMATIONS | files.MJPEG | CONVERTED
HINT: Final = "write it as a folder of .jpg, or as motion JPEG: ffmpeg -i FILM -c:v mjpeg -q:v 3 FILM.avi"


class Raw(Struct, frozen=True, eq=False):
    """One shot, not decoded yet; ir, depth: as `edge.drivers.camera.Shot` has them."""

    at_ms: int
    data: bytes
    ir: NDArray[np.uint8] | None = None
    depth: NDArray[np.uint16] | None = None


def raws(folder: Path, path: str) -> Iterator[Raw]:
    """The shots of a presentation, one at a time."""
    told, clip = sets.look_of(folder, path), clip_of(folder, path)
    count = min(len(clip), SHOTS_MAX)
    times = told.shot_ms if told else tuple(n * SHOT_MS for n in range(count))
    if len(times) != count:
        raise EdgeError("E-PAD-03", f"{folder / path}: {count} pictures, {len(times)} times")
    for number, at_ms in enumerate(times):
        try:
            yield Raw(at_ms, clip.picture(number), *clip.planes(number))
        except (EdgeError, OSError) as bad:  # a plane that is none is no eye that saw nothing
            raise EdgeError("E-PAD-03", f"{folder / path}: {bad}") from bad


def clip_of(folder: Path, path: str) -> files.Clip:
    """A presentation's pictures, as a camera would play them."""
    place = folder / path
    if not place.exists():
        raise EdgeError("E-PAD-03", f"{place} is not there")
    pair = sets.pair_of(folder, path)
    if pair is not None:
        return files.Clip(place.name, place, [_still(place / name) for name in (pair.dark, pair.flash)])
    if place.is_dir():
        for one in place.iterdir():
            _small(one)
    elif place.suffix.lower() not in READABLE:
        raise EdgeError("E-PAD-03", f"{place} is of no kind that can be read", HINT)
    elif place.suffix.lower() in files.STILLS:
        _still(place)
    try:
        return files.folder_clip(place) if place.is_dir() else files.video_clip(place)
    except EdgeError as bad:
        if bad.code == "E-CAM-06":
            raise
        raise EdgeError("E-PAD-03", f"{place}: {bad.message}", HINT) from bad


def _still(place: Path) -> Path:
    if not place.is_file() or place.suffix.lower() not in files.STILLS or place.name.endswith(files.PLANES):
        raise EdgeError("E-PAD-03", f"{place} is no .jpg or .png of a shot")
    _small(place)
    return place


def _small(place: Path) -> None:
    if place.suffix.lower() in files.STILLS and place.stat().st_size > PICTURE_BYTES_MAX:
        raise EdgeError("E-PAD-03", f"{place} is longer than {PICTURE_BYTES_MAX} bytes")
