"""What a set looks like: `labels.csv` (path, label real|spoof, attack, subject, split; more columns
are groups) beside pictures, folders of pictures (clips), or folders with a `look.json` (clips under
the lamps). Errors: E-PAD-01 no set, E-PAD-02 a line that is none, E-PAD-03 a clip that is none.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from edge.core.liveness.response import Lighting
from edge.core.liveness.sequence import NONCE_BYTES, draw
from edge.errors import EdgeError

LABELS: Final = "labels.csv"
LOOK: Final = "look.json"
ABOUT: Final = "about.txt"  # what the set is: told above every figure
ITEMS_MAX: Final = 100_000
SHOTS_MAX: Final = 512  # of one presentation
LOOK_BYTES_MAX: Final = 64 * 1024
PICTURE_BYTES_MAX: Final = 8 * 1024 * 1024
SHOT_MS: Final = 66  # of a clip whose times nobody wrote down
STILLS: Final = frozenset({".jpg", ".jpeg", ".png"})
NEEDED: Final = ("path", "label")
KNOWN: Final = frozenset({"path", "label", "attack", "subject", "split"})


class Item(Struct, frozen=True):
    """One line of the set. groups: the further columns, e.g. light or skin."""

    path: str
    spoof: bool
    attack: str
    subject: str
    split: str
    groups: tuple[tuple[str, str], ...]


class Look(Struct, frozen=True):
    """`look.json`: the lamps of a presentation, and when its shots were."""

    terminal: str
    nonce: str
    step_ms: int
    lit_ms: tuple[float, ...]
    end_ms: float
    shot_ms: tuple[int, ...]


def items(folder: Path, split: str = "") -> Iterator[Item]:
    """The lines of a set, of one split or all."""
    place = folder / LABELS
    if not place.is_file():
        raise EdgeError("E-PAD-01", f"{place} is not there", "labels.csv: path,label,attack,…")
    with place.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if not set(NEEDED) <= set(rows.fieldnames or ()):
            raise EdgeError("E-PAD-01", f"{place} has no columns {', '.join(NEEDED)}")
        for number, row in enumerate(rows, start=2):
            if number > ITEMS_MAX:
                raise EdgeError("E-PAD-02", f"{place} has more than {ITEMS_MAX} lines")
            one = item(row, f"{place} line {number}")
            if not split or one.split == split:
                yield one


def item(row: dict[str, str], where: str) -> Item:
    """A line of labels.csv."""
    label, path = row.get("label"), row.get("path") or ""
    if label not in ("real", "spoof") or not path or ".." in Path(path).parts or path[0] == "/":
        raise EdgeError("E-PAD-02", f"{where}: path and label real or spoof are needed")
    groups = tuple((name, value) for name, value in row.items() if name not in KNOWN and value)
    attack = row.get("attack") or ("unnamed" if label == "spoof" else "")
    return Item(
        path, label == "spoof", attack, row.get("subject") or "", row.get("split") or "", groups
    )


def about(folder: Path) -> str:
    """What the set says of itself, "" nothing."""
    place = folder / ABOUT
    return _bytes(place, LOOK_BYTES_MAX).decode("utf-8", "replace") if place.is_file() else ""


def shots(folder: Path, item: Item) -> Iterator[tuple[int, bytes]]:
    """(time in ms, encoded picture) of a presentation, one at a time."""
    place, told = folder / item.path, look_of(folder, item.path)
    if place.is_file():
        yield 0, _bytes(place)
        return
    pictures = sorted(p for p in place.glob("*") if p.suffix.lower() in STILLS)[:SHOTS_MAX]
    if not pictures:
        raise EdgeError("E-PAD-03", f"{place} holds no pictures")
    times = told.shot_ms if told else tuple(n * SHOT_MS for n in range(len(pictures)))
    if len(times) != len(pictures):
        raise EdgeError("E-PAD-03", f"{place}: {len(pictures)} pictures, {len(times)} times")
    for at_ms, picture in zip(times, pictures, strict=True):
        yield at_ms, _bytes(picture)


def lighting(told: Look | None, where: str) -> Lighting | None:
    """The lights of a presentation, or None. The steps are drawn from the nonce, as at the centre."""
    if told is None:
        return None
    try:
        nonce = bytes.fromhex(told.nonce)
    except ValueError:
        nonce = b""
    drawn = draw(nonce, told.terminal) if len(nonce) == NONCE_BYTES else None
    if drawn is None or len(drawn.steps) != len(told.lit_ms) or drawn.step_ms != told.step_ms:
        raise EdgeError("E-PAD-03", f"{where}/{LOOK} is not of a sequence that we draw")
    return Lighting(drawn, told.lit_ms, told.end_ms)


def look_of(folder: Path, path: str) -> Look | None:
    """`look.json`, where there is one."""
    place = folder / path / LOOK
    if not place.is_file():
        return None
    try:
        return msgspec.json.decode(_bytes(place, LOOK_BYTES_MAX), type=Look)
    except msgspec.DecodeError as bad:
        raise EdgeError("E-PAD-03", f"{place}: {bad}") from bad


def _bytes(path: Path, limit: int = PICTURE_BYTES_MAX) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise EdgeError("E-PAD-03", f"{path} is longer than {limit} bytes")
    return data
