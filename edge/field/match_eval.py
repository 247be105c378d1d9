"""How well the matcher tells a site's own people apart: false matches and false non-matches over a
folder of pictures, by the terminal's own eyes.

`labels.csv` in the folder: `path,subject` (further columns are ignored, rows whose `label` is `spoof`
left out). Pictures that the terminal would refuse are counted and not matched. Templates are held
(768 bytes a picture), scores are not: they go into bins, so thousands of pictures cost no memory.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from edge.errors import EdgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LABELS = "labels.csv"
PICTURES_MAX = 50_000
LABELS_BYTES_MAX = 32 * 1024 * 1024
BINS = 20_000  # of the cosine's -1..1
FMR_TARGETS = (1e-2, 1e-3, 1e-4, 1e-5)
PAIRS_PER_ERROR = 3  # fewer impostor pairs than 3 / target cannot show it (rule of three)
Z = 1.959964  # 95 %


class Row(Struct, frozen=True):
    """One picture of somebody."""

    path: Path
    subject: str


class Rate(Struct, frozen=True):
    """errors of pairs, and the 95 % interval of their share (Wilson)."""

    errors: int
    pairs: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """0..1."""
        return self.errors / self.pairs if self.pairs else 0.0


class Point(Struct, frozen=True):
    """An operating point. target 0 = a threshold that was asked for. enough: the impostor pairs can
    show that rate at all.
    """

    target: float
    threshold: float
    fmr: Rate
    fnmr: Rate
    enough: bool


class Report(Struct, frozen=True):
    """refused: problem -> pictures that the terminal would not have matched."""

    model: str
    subjects: int
    pictures: int
    refused: dict[str, int]
    genuine: int
    impostor: int
    points: tuple[Point, ...]


def rows(folder: Path) -> list[Row]:
    """The pictures of labels.csv, in its order. E-VIS-09."""
    path = folder / LABELS
    try:
        if path.stat().st_size > LABELS_BYTES_MAX:
            raise EdgeError("E-VIS-09", f"{path} is larger than {LABELS_BYTES_MAX} bytes")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(_read(csv.DictReader(stream), folder.resolve()))
    except (OSError, UnicodeDecodeError, csv.Error) as bad:
        raise EdgeError("E-VIS-09", f"{path} cannot be read: {bad}", "path,subject") from bad


def _read(lines: csv.DictReader[str], folder: Path) -> Iterator[Row]:
    if not {"path", "subject"} <= set(lines.fieldnames or ()):
        raise EdgeError("E-VIS-09", "labels.csv has no columns path and subject")
    for number, line in enumerate(lines, start=2):
        if number > PICTURES_MAX + 1:
            raise EdgeError("E-VIS-09", f"labels.csv has more than {PICTURES_MAX} rows")
        if (line.get("label") or "").strip() == "spoof":
            continue
        path, subject = folder / (line["path"] or "").strip(), (line["subject"] or "").strip()
        if not subject or not path.resolve().is_relative_to(folder) or not path.is_file():
            raise EdgeError("E-VIS-09", f"labels.csv line {number}: no picture in the folder, or no subject")
        yield Row(path, subject)


def evaluate(given: Iterable[Row], models_dir: Path, thresholds: tuple[float, ...]) -> Report:
    """Look, embed, compare everybody with everybody. E-VIS-01, E-VIS-02, E-VIS-05, E-VIS-09."""
    import numpy as np

    from edge.drivers.camera.pictures import rgb_of
    from edge.drivers.vision.sight import Sight

    sight, refused = Sight(models_dir), Counter[str]()
    templates, subjects = list[Any](), list[str]()
    for row in given:
        try:
            rgb = rgb_of(row.path.read_bytes(), row.path.name)
            look = sight.look(rgb)
        except (EdgeError, OSError) as bad:
            refused[bad.code if isinstance(bad, EdgeError) else "E-CAM-04"] += 1
            continue
        if look.problem is not None or look.face is None:
            refused[look.problem or "no_face"] += 1
            continue
        templates.append(sight.template(rgb, look.face))
        subjects.append(row.subject)
    if len(set(subjects)) < 2:  # noqa: PLR2004
        raise EdgeError("E-VIS-09", f"fewer than two people can be matched; refused: {dict(refused)}")
    genuine, impostor = _scores(np.stack(templates), subjects)
    points = [_at_target(target, genuine, impostor) for target in FMR_TARGETS]
    points += [_point(0.0, _bin(at), genuine, impostor) for at in thresholds]
    return Report(
        sight.template_model(),
        len(set(subjects)),
        len(subjects),
        dict(sorted(refused.items())),
        int(genuine.sum()),
        int(impostor.sum()),
        tuple(points),
    )


def _scores(
    templates: NDArray[np.float32], subjects: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs by the bin of their cosine: of one person, and of two."""
    import numpy as np

    names = np.unique(subjects, return_inverse=True)[1]
    genuine, impostor = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    for i in range(len(templates) - 1):
        cosines = templates[i + 1 :] @ templates[i]
        bins = np.clip(((cosines + 1) / 2 * BINS).astype(int), 0, BINS - 1)
        same = names[i + 1 :] == names[i]
        genuine += np.bincount(bins[same], minlength=BINS)
        impostor += np.bincount(bins[~same], minlength=BINS)
    return genuine, impostor


def _bin(threshold: float) -> int:
    return min(BINS, max(0, math.ceil((threshold + 1) / 2 * BINS)))


def _at_target(
    target: float, genuine: NDArray[np.int64], impostor: NDArray[np.int64]
) -> Point:
    """The lowest threshold whose false match rate is at most the target."""
    import numpy as np

    above = np.concatenate([np.cumsum(impostor[::-1])[::-1], [0]])  # impostors at or above a bin
    allowed = math.floor(target * int(above[0]))
    return _point(target, int(np.argmax(above <= allowed)), genuine, impostor)


def _point(
    target: float, at: int, genuine: NDArray[np.int64], impostor: NDArray[np.int64]
) -> Point:
    pairs = int(impostor.sum())
    fmr = rate(int(impostor[at:].sum()), pairs)
    fnmr = rate(int(genuine[:at].sum()), int(genuine.sum()))
    enough = target == 0 or pairs >= PAIRS_PER_ERROR / target
    return Point(target, round(at / BINS * 2 - 1, 4), fmr, fnmr, enough)


def rate(errors: int, pairs: int) -> Rate:
    """With Wilson's interval; nothing is known of no pairs."""
    if not pairs:
        return Rate(0, 0, 0.0, 1.0)
    share, z2 = errors / pairs, Z * Z
    middle = (share + z2 / (2 * pairs)) / (1 + z2 / pairs)
    half = Z / (1 + z2 / pairs) * math.sqrt(share * (1 - share) / pairs + z2 / (4 * pairs**2))
    low = 0.0 if errors == 0 else max(0.0, middle - half)
    return Rate(errors, pairs, low, 1.0 if errors == pairs else min(1.0, middle + half))
