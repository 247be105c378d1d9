"""The demo's stage: patients and attackers as clips, built from the fetched photographs, kept by
content hash.
"""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import shutil
import time
from pathlib import Path

from edge.drivers.vision.nets import models
from sim.camera import clips, plate

# takes out the green-blue cast that the window blinds of sample6 gave its outer people
DAYLIGHT = (1.07, 1.0, 0.90)
CAST = {  # the people in the photographs, by where they stand in them; they have no names here
    "p1": plate.Spot("astronaut", 224, 128, 95),
    "p2": plate.Spot("sample6", 1300, 512, 300),
    "p3": plate.Spot("sample3", 1219, 383, 287),
    "p4": plate.Spot("sample3", 710, 486, 290),
    "p5": plate.Spot("sample6", 352, 646, 261, DAYLIGHT),
    "p6": plate.Spot("sample6", 1575, 433, 272, DAYLIGHT),
}
STAIRS = (0.95, 1.0, 1.18)  # takes the warm lamp of sample5 out
MORE = {  # who play no visit of the demo: their heads are measured, and give parts to others (`folk`)
    "p7": plate.Spot("sample5", 849, 190, 160, STAIRS),
    "p8": plate.Spot("sample5", 479, 982, 193, STAIRS),
    "p9": plate.Spot("sample5", 1531, 463, 193, STAIRS),
    "p10": plate.Spot("sample5", 1198, 310, 166, STAIRS),
    "p11": plate.Spot("sample4", 752, 217, 165, leaning_deg=29.5),
    "p12": plate.Spot("sample6", 1284, 395, 190, DAYLIGHT),
}
# the same person as p3 on another day: for the tests
P3_AGAIN = plate.Spot("sample1", 1624, 296, 320)
ATTACKED = ("p1", "p2")  # printed and filmed
ODD = "p2"
CUE, MARK, LOCK = "cue", ".made", ".lock"
PROCESSES = 2
MAKERS = ("acting.py", "attacks.py", "clips.py", "head.py", "pixels.py", "plate.py")


def build(
    folder: Path, pictures: Path = models.PICTURES_DIR, people: tuple[str, ...] = tuple(CAST)
) -> dict[str, float]:
    """Make what is missing or outdated; seconds spent per part. Clips: `<person>/<clip>`,
    `<person>/print`, `<person>/replay`, and idle, two_faces, far, dark, blurred, turned_away
    for everybody.
    """
    models.fetch(models.MODELS_DIR)
    models.fetch(pictures, "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second finds it made
        spent = dict.fromkeys(people, 0.0)
        for mark in folder.glob(f"*/{MARK}"):
            if mark.parent.name not in CAST:
                shutil.rmtree(mark.parent)  # somebody of an earlier cast
        jobs = [(folder, pictures, name) for name in people if not _made(folder, pictures, name)]
        if len(jobs) == 1:
            spent.update([_make(*jobs[0])])
        elif jobs:
            with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
                spent.update(pool.starmap(_make, jobs, chunksize=1))
        if not (folder / CUE).exists():
            cue(folder, "idle")
    return spent


def _made(folder: Path, pictures: Path, name: str) -> bool:
    mark = folder / name / MARK
    return mark.is_file() and mark.read_text(encoding="ascii") == _stamp(
        photo(pictures, CAST[name]), name
    )


def photo(pictures: Path, spot: plate.Spot) -> Path:
    """The file in which somebody stands."""
    return pictures / models.members("pictures")[spot.picture].name


def cue(folder: Path, text: str) -> None:
    """Let somebody perform: `NAME` or `once:NAME`. Atomic."""
    draft = folder / f".{CUE}.draft"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / CUE)


def _make(folder: Path, pictures: Path, name: str) -> tuple[str, float]:
    """One person with everything that belongs to them."""
    began = time.monotonic()
    spot = CAST[name]
    picture = photo(pictures, spot)
    shutil.rmtree(folder / name, ignore_errors=True)
    sight = clips.sight()
    order = list(CAST).index(name)
    who = clips.actor(picture, spot, sight, phase=0.7 * order)
    clips.make_person(who, folder / name, seed=10 + order)
    if name in ATTACKED:
        clips.make_print(who, folder / name / "print", seed=20 + order)
        if name == ODD:
            clips.make_print(who, folder / name / "print_warm", seed=20 + order, lamp=clips.WARM)
        clips.make_replay(folder / name, who, folder / name / "replay", seed=30 + order)
    if name == ODD:
        clips.make_nobody(folder / "idle")
        clips.make_odd(who, folder)
        clips.make_two(picture, spot, sight, folder / "two_faces")
    (folder / name / MARK).write_text(_stamp(picture, name), encoding="ascii")
    return name, time.monotonic() - began


def _stamp(picture: Path, name: str) -> str:
    """Changes when the photograph, the place in it, or the way clips are made changes."""
    digest = hashlib.sha256(picture.read_bytes() + repr((name, CAST[name])).encode())
    for source in MAKERS:
        digest.update(Path(__file__).with_name(source).read_bytes())
    return digest.hexdigest()
