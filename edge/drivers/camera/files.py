"""Pictures instead of a device: a folder of JPEG/PNG, a video file, or a stage of clips on which
people perform.

A stage is a folder with clip sub-folders and a text file `cue` that names the clip to play: `NAME`
loops it, `once:NAME` plays it once and then loops the `idle` beside it (or the stage's own).
Writing `cue` again (any change of its time or text) starts anew. Playing follows the clock, as a
camera does: a slow reader misses pictures, it does not slow the world down. `0001.ir.png` (8 bit)
and `0001.depth.png` (16 bit, mm) beside `0001.jpg` are what a camera with more eyes saw with it.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from edge.drivers.camera import Shot, options_of
from edge.drivers.camera.pictures import JpegCutter, Reader, plane_of
from edge.errors import EdgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PICTURES_MAX = 20_000  # in one clip
FPS_MAX = 60
VIDEO_BYTES_MAX = 256 * 1024 * 1024
VIDEO_PICTURES_MAX = 2_000  # held in memory as JPEG
CUE_BYTES_MAX = 256
IDLE = "idle"
STILLS = {".jpg", ".jpeg", ".png"}
PLANES = (".ir.png", ".depth.png")  # of a still, by its name without the suffix
ANIMATIONS = {".gif", ".webp"}
MJPEG = {".avi", ".mjpeg", ".mjpg"}
CONVERT_TIMEOUT_S = 120


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """path: folder, stage or video file. fps: pictures per second, 1..60."""

    path: str
    fps: float = 15.0


class Cue(Struct, frozen=True):
    """What to play: clip ("" = the only one), and whether only once."""

    clip: str
    once: bool


class Driver:
    """The files camera. Errors: E-CAM-01 no such path, E-CAM-03 nothing to show there or unknown
    clip, E-CAM-04 unreadable picture, E-CAM-05 options, E-CAM-06 a video that needs ffmpeg.
    """

    def __init__(self, options: Options | Mapping[str, Any]) -> None:
        self._options = options_of(options, Options)
        self._path = Path(self._options.path).expanduser()
        if not 1 <= self._options.fps <= FPS_MAX:
            raise EdgeError("E-CAM-05", f"fps {self._options.fps} is not within 1..{FPS_MAX}")
        self._clips: dict[str, Clip] = {}
        self._number = 0

    def shots(self, stop: Event) -> Iterator[Shot]:
        if not self._path.exists():
            raise EdgeError("E-CAM-01", f"camera path {self._path} does not exist")
        self._clips.clear()
        stage = self._path.is_dir() and (self._path / "cue").is_file()
        cue, stamp, began = Cue("", once=False), (0, ""), time.monotonic()
        last: tuple[float, int] = (0.0, -1)
        read = Reader()
        while not stop.is_set():
            if stage:
                seen = _cue_stamp(self._path / "cue")
                if seen != stamp:
                    stamp, began, cue = seen, time.monotonic(), _cue(seen[1])
            clip, start, index = self._now_playing(cue, began)
            if (start, index) == last:
                next_at = start + (index + 1) / self._options.fps
                stop.wait(max(0.001, next_at - time.monotonic()))
                continue
            last = (start, index)
            self._number += 1
            rgb = read.rgb(clip.picture(index % len(clip)), f"{clip.name}[{index % len(clip)}]")
            if rgb is not None:
                ir, depth = clip.planes(index % len(clip))
                yield Shot(rgb, time.monotonic_ns() // 1_000_000, self._number, ir, depth)

    def hold(self, still: bool) -> bool:
        """Pictures are as they were taken."""
        return True

    def _now_playing(self, cue: Cue, began: float) -> tuple[Clip, float, int]:
        """The clip, when it started and the number of its picture that is due now."""
        clip = self._clip(cue.clip)
        index = int((time.monotonic() - began) * self._options.fps)
        if not cue.once or index < len(clip):
            return clip, began, index
        start = began + len(clip) / self._options.fps
        return (
            self._clip(self._resting(cue.clip)),
            start,
            int((time.monotonic() - start) * self._options.fps),
        )

    def _resting(self, clip: str) -> str:
        """Where `once` leads to: the idle clip beside it (the person stands there), else the
        stage's (nobody).
        """
        beside = f"{clip.rpartition('/')[0]}/{IDLE}" if "/" in clip else IDLE
        return beside if (self._path / beside).is_dir() else IDLE

    def _clip(self, name: str) -> Clip:
        path = self._path / name if name else self._path
        if name not in self._clips or self._clips[name].changed():
            if not path.exists():
                raise EdgeError("E-CAM-03", f"there is no clip {name!r} in {self._path}")
            self._clips[name] = folder_clip(path) if path.is_dir() else video_clip(path)
        return self._clips[name]


class Clip:
    """A sequence of still pictures, as files or as bytes in memory."""

    def __init__(self, name: str, path: Path, pictures: list[Path] | list[bytes]) -> None:
        self.name = name
        self._path = path
        self._stamp = path.stat().st_mtime_ns
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures)

    def changed(self) -> bool:
        """Whether the folder or file was replaced since it was listed."""
        try:
            return self._path.stat().st_mtime_ns != self._stamp
        except OSError:
            return True

    def planes(self, index: int) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint16] | None]:
        """Infrared and depth beside the picture, None where there are none. E-CAM-04."""
        import numpy as np

        picture = self._pictures[index]
        if isinstance(picture, bytes):
            return None, None
        beside = [(picture.with_suffix(end), kind) for end, kind in zip(PLANES, (np.uint8, np.uint16), strict=True)]
        ir, depth = (
            plane_of(path.read_bytes(), kind, path.name) if path.is_file() else None
            for path, kind in beside
        )
        return ir, depth

    def picture(self, index: int) -> bytes:
        """The encoded picture. E-CAM-04."""
        picture = self._pictures[index]
        if isinstance(picture, bytes):
            return picture
        try:
            return picture.read_bytes()
        except OSError as gone:
            raise EdgeError("E-CAM-04", f"{picture} cannot be read: {gone}") from gone


def folder_clip(path: Path) -> Clip:
    """The stills of a folder in the order of their names. E-CAM-03."""
    stills = sorted(
        p for p in path.iterdir() if p.suffix.lower() in STILLS and not p.name.endswith(PLANES)
    )[:PICTURES_MAX]
    if not stills:
        raise EdgeError(
            "E-CAM-03", f"{path} holds no .jpg or .png", "or a stage lacks its cue file"
        )
    return Clip(path.name, path, stills)


def video_clip(path: Path) -> Clip:
    """The pictures of a video file. E-CAM-03 empty, E-CAM-04 unreadable, E-CAM-06 needs ffmpeg."""
    if path.stat().st_size > VIDEO_BYTES_MAX:
        raise EdgeError("E-CAM-04", f"{path} is larger than {VIDEO_BYTES_MAX} bytes")
    suffix = path.suffix.lower()
    if suffix in STILLS:
        pictures = [path.read_bytes()]
    elif suffix in ANIMATIONS:
        pictures = _animation(path)
    elif suffix in MJPEG:
        pictures = _jpegs(path.read_bytes())
    else:
        pictures = _converted(path)
    if not pictures:
        raise EdgeError("E-CAM-03", f"{path} holds no pictures")
    return Clip(path.name, path, pictures)


def _jpegs(data: bytes) -> list[bytes]:
    pictures = []
    for picture in JpegCutter().feed(data):
        pictures.append(picture)
        if len(pictures) >= VIDEO_PICTURES_MAX:
            break
    return pictures


def _animation(path: Path) -> list[bytes]:
    import io

    from PIL import Image, ImageSequence

    pictures = []
    try:
        with Image.open(path) as animation:
            for picture in ImageSequence.Iterator(animation):
                out = io.BytesIO()
                picture.convert("RGB").save(out, "JPEG", quality=95)
                pictures.append(out.getvalue())
                if len(pictures) >= VIDEO_PICTURES_MAX:
                    break
    except (OSError, ValueError, SyntaxError) as bad:
        raise EdgeError("E-CAM-04", f"{path} cannot be read: {bad}") from bad
    return pictures


def _converted(path: Path) -> list[bytes]:
    """Other video formats through ffmpeg, where there is one."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise EdgeError(
            "E-CAM-06", f"{path.suffix} needs ffmpeg, which is not here", "use .mjpeg, .avi, .gif"
        )
    command = [ffmpeg, "-nostdin", "-v", "error", "-i", str(path)]
    command += [
        "-frames:v",
        str(VIDEO_PICTURES_MAX),
        "-c:v",
        "mjpeg",
        "-q:v",
        "3",
        "-f",
        "mjpeg",
        "-",
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=CONVERT_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as failed:
        raise EdgeError("E-CAM-04", f"ffmpeg could not read {path}: {failed}") from failed
    if done.returncode != 0:
        tail = done.stderr.decode(errors="replace")[-300:]
        raise EdgeError("E-CAM-04", f"ffmpeg could not read {path}: {tail}")
    return _jpegs(done.stdout)


def _cue_stamp(path: Path) -> tuple[int, str]:
    try:
        with path.open("rb") as stream:
            text = stream.read(CUE_BYTES_MAX).decode("utf-8", errors="replace").strip()
        return path.stat().st_mtime_ns, text
    except OSError:
        return 0, IDLE  # between unlink and rename of a cue writer: nobody is there


def _cue(text: str) -> Cue:
    once = text.startswith("once:")
    name = text.removeprefix("once:").strip() or IDLE
    if "/" in name and ".." in Path(name).parts:
        raise EdgeError("E-CAM-03", f"cue {name!r} leaves the stage")
    return Cue(name, once)
