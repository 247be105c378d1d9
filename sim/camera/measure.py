"""What the terminal's eyes see in the clips: the numbers behind every claim about them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.nets.embed import NUMBERS
from edge.drivers.vision.sight import Sight
from sim.camera.head import Gesture, Head
from sim.camera.pixels import Floats
from sim.camera.plate import Plate

ALIKE: Final = 0.45
AGAIN: Final = ((9.0, 4.0), (-9.0, -4.0))  # degrees of yaw and pitch, to know somebody again


class Person(Struct, frozen=True, eq=False):
    """What the networks make of somebody who is asked to look straight. again: the least cosine of their
    template with that of a turned head.
    """

    problem: str | None
    live: float
    template: Floats
    again: float


def folk(plates: Mapping[str, Plate], sight: Sight) -> dict[str, Person]:
    """Everybody, by name. A face that is not found has a template of zeros."""
    out = {}
    for name, plate in plates.items():
        head, rest = Head(plate), -plate.pose.yaw_deg
        views = []
        for yaw, pitch in ((0.0, 0.0), *AGAIN):
            shot = np.clip(head.render(Gesture(rest + yaw, pitch)), 0, 255).astype(np.uint8)
            sight.forget()
            look = sight.look(shot)
            found = np.zeros(NUMBERS, np.float32) if look.face is None else sight.template(shot, look.face)
            views.append((look, found))
        (look, own), *turned = views
        out[name] = Person(look.problem, look.live, own, min(float(own @ other) for _, other in turned))
    return out


def likeness(told: Mapping[str, Person]) -> str:
    """Everybody beside the one they are most like, and all pairs counted."""
    names, all_of = list(told), np.array([one.template for one in told.values()])
    alike = all_of @ all_of.T - 2 * np.eye(len(names))
    rows = [f"{'who':6} {'p(live)':>8} {'turned':>7}  most like"]
    for number, (name, one) in enumerate(told.items()):
        other = int(alike[number].argmax())
        rows.append(
            f"{name:6} {one.live:8.2f} {one.again:7.2f}  {names[other]} {alike[number, other]:.2f}  {one.problem or ''}"
        )
    pairs = alike[np.triu_indices(len(names), 1)]
    rows.append(
        f"{len(pairs)} pairs of different people: mean {pairs.mean():.2f}, 95 % below {np.percentile(pairs, 95):.2f},"
        f" most {pairs.max():.2f}, {np.mean(pairs < ALIKE):.1%} below {ALIKE}"
    )
    return "\n".join(rows)


class Seen(Struct, frozen=True):
    """One clip. problems: name -> share of the shots; live over the frontal shots (-1: none)."""

    clip: str
    yaw_deg: tuple[float, float]
    depth_yaw_deg: tuple[float, float]
    eye_open: tuple[float, float]
    live: float
    live_shots: int
    problems: dict[str, float]


def clip(folder: Path, name: str, sight: Sight, every: int = 1) -> Seen:
    """Look at every (or every n-th) shot of a clip, in order, as one visit."""
    sight.forget()
    shots = sorted((folder / name).glob("*.jpg"))[::every]
    looks = [sight.look(rgb_of(path.read_bytes())) for path in shots]
    poses = [look.pose for look in looks if look.pose is not None]
    live = [look.live for look in looks if look.live >= 0]
    problems = [look.problem for look in looks if look.problem is not None]
    return Seen(
        name,
        _range([p.yaw_deg for p in poses]),
        _range([p.depth_yaw_deg for p in poses]),
        _range([look.eye_open for look in looks if look.pose is not None]),
        float(np.mean(live)) if live else -1.0,
        len(live),
        {one: problems.count(one) / len(looks) for one in sorted(set(problems))},
    )


def names(folder: Path) -> list[str]:
    """All clips of a stage."""
    return sorted(
        str(p.relative_to(folder))
        for p in folder.rglob("*")
        if p.is_dir() and not p.name.startswith(".") and any(p.glob("*.jpg"))
    )


def template(folder: Path, name: str, sight: Sight, number: int = 0) -> Floats | None:
    """The template of the `number`-th good shot of a clip."""
    good = 0
    for path in sorted((folder / name).glob("*.jpg")):
        shot = rgb_of(path.read_bytes())
        look = sight.look(shot)
        if look.problem is None and look.face is not None:
            if good == number:
                return sight.template(shot, look.face)
            good += 1
    return None


def table(folder: Path, sight: Sight) -> str:
    """Person x clip: yaw, eye, p(live), problems."""
    rows = [f"{'clip':16} {'yaw':>14} {'by depth':>14} {'eye open':>11} {'p(live)':>8}  problems"]
    for name in names(folder):
        seen = clip(folder, name, sight)
        odd = " ".join(f"{k}:{v:.0%}" for k, v in seen.problems.items())
        rows.append(
            f"{name:16} {seen.yaw_deg[0]:6.1f} {seen.yaw_deg[1]:6.1f}  {seen.depth_yaw_deg[0]:6.1f}"
            f" {seen.depth_yaw_deg[1]:6.1f}  {seen.eye_open[0]:5.2f} {seen.eye_open[1]:4.2f}"
            f" {seen.live:8.2f}  {odd}"
        )
    return "\n".join(rows)


def matrix(folder: Path, sight: Sight) -> str:
    """Cosines: rows the `front` clips, columns the `idle` clips of every person, then `blink`."""
    people = sorted({name.split("/")[0] for name in names(folder) if name.endswith("/front")})
    rows = ["front x idle     " + " ".join(f"{p:>5}" for p in people) + "   own blink"]
    for one in people:
        own = template(folder, f"{one}/front", sight)
        cells = [_cosine(own, template(folder, f"{two}/idle", sight)) for two in people]
        blink = _cosine(own, template(folder, f"{one}/blink", sight, 3))
        rows.append(f"{one:16} " + " ".join(f"{c:5.2f}" for c in cells) + f"   {blink:5.2f}")
    return "\n".join(rows)


def _cosine(one: Floats | None, two: Floats | None) -> float:
    return float("nan") if one is None or two is None else float(one @ two)


def _range(values: list[float]) -> tuple[float, float]:
    return (min(values), max(values)) if values else (0.0, 0.0)
