"""Clips on disk: folders of JPEG shots. `make_person`, `make_print`, `make_replay`,
`make_qr_clip` and the odd cases.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import segno
from msgspec import Struct
from PIL import Image, ImageFilter

from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Sight
from sim.camera import acting, attacks, plate
from sim.camera.head import Gesture, Head
from sim.camera.pixels import (
    HEIGHT,
    JPEG_QUALITY,
    WIDTH,
    Floats,
    Rgb,
    Sensor,
    backdrop,
    project,
    tilted,
)

FPS = acting.FPS
TURN_TARGET_DEG = 23.0  # as the terminal measures it
TURN_LEAST_DEG = 24.0
TURN_MOST_DEG = 44.0  # of the head on top of the photographed pose
TURN_STEP_DEG = 4.0
PRINT_S = 3.0
WARM = (1.10, 1.0, 0.85)  # a warm white lamp under a daylight white balance


class Actor(Struct, frozen=True, eq=False):
    """A person ready to perform."""

    plate: plate.Plate
    head: Head
    habits: acting.Habits

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The face at rest: x y w h in shot pixels."""
        f = self.plate.face
        return f.x, f.y, f.w, f.h


def actor(photo: Path, spot: plate.Spot, sight: Sight, phase: float = 0.0) -> Actor:
    """Prepare a person: measure the photograph, then let them learn how far a turn is seen as a
    turn.
    """
    made = plate.make(photo, spot, sight)
    head = Head(made)
    rest = -made.pose.yaw_deg
    sides = (_far_enough(head, sight, rest, 1), _far_enough(head, sight, rest, -1))
    return Actor(made, head, acting.Habits(rest, sides[0], sides[1], phase))


def _far_enough(head: Head, sight: Sight, rest: float, side: int) -> float:
    """The turn of the head at which the terminal measures `TURN_TARGET_DEG`, or the most a neck
    is asked for.
    """
    degrees = TURN_LEAST_DEG
    while degrees < TURN_MOST_DEG:
        shot = np.clip(head.render(Gesture(rest + side * degrees)), 0, 255).astype(np.uint8)
        pose = sight.look(shot).pose
        if pose is not None and pose.yaw_deg * side >= TURN_TARGET_DEG:
            break
        degrees += TURN_STEP_DEG
    return rest + side * degrees


def write(shots: Iterable[Rgb], folder: Path) -> Path:
    """A clip as a folder of JPEG files; the folder appears complete or not at all."""
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for number, shot in enumerate(shots):
        out = io.BytesIO()
        Image.fromarray(shot).save(out, "JPEG", quality=JPEG_QUALITY)
        (draft / f"{number:04d}.jpg").write_bytes(out.getvalue())
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return folder


def play(who: Actor, motion: acting.Motion, seconds: float) -> Iterator[Floats]:
    """The light of a motion, shot by shot."""
    for number in range(round(seconds * FPS)):
        yield who.head.render(motion(number / FPS))


def make_person(who: Actor, folder: Path, seed: int = 1) -> list[Path]:
    """front turn_left turn_right blink, and idle: standing there, the same shots as front in
    reverse.
    """
    sensor = Sensor(seed)
    made = []
    for name, motion in acting.motions(who.habits).items():
        light = play(who, motion, acting.LENGTH_S[name])
        made.append(write((sensor.expose(one) for one in light), folder / name))
    return [*made, _reversed(folder / "front", folder / "idle")]


def _reversed(clip: Path, folder: Path) -> Path:
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    for number, shot in enumerate(sorted(clip.glob("*.jpg"), reverse=True)):
        (draft / f"{number:04d}.jpg").hardlink_to(shot)
    shutil.rmtree(folder, ignore_errors=True)
    return draft.rename(folder)


def make_print(
    who: Actor, folder: Path, seed: int = 2, lamp: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> Path:
    """A photograph of the person on paper, life-size, swung from side to side as if it turned
    its head. lamp: colour of the light in the room; a warm one makes the anti-spoof network
    believe in paper.
    """
    still = who.head.render(Gesture(who.habits.rest_yaw_deg))
    picture = Image.fromarray(np.clip(still, 0, 255).astype(np.uint8))
    sheet = attacks.bent(attacks.printed(attacks.cut(picture, who.box, 0.75, fine=2)), 0.5)
    sensor, room = Sensor(seed), backdrop(seed)

    def shots() -> Iterator[Rgb]:
        for number in range(round(PRINT_S * FPS)):
            hand = attacks.hand(number / FPS, 32.0, PRINT_S)
            light = attacks.paper_shot(sheet, hand, room) * np.array(lamp, np.float32)
            yield sensor.expose(light)

    return write(shots(), folder)


def make_replay(person: Path, who: Actor, folder: Path, seed: int = 3) -> Path:
    """A recording of a whole challenge (the clips under `person`, in `acting.ORDER`) played on a
    tablet.
    """
    sensor, room, screen = Sensor(seed), backdrop(seed), attacks.Screen()
    recorded = [path for name in acting.ORDER for path in sorted((person / name).glob("*.jpg"))]

    def shots() -> Iterator[Rgb]:
        for number, path in enumerate(recorded):
            with Image.open(path) as opened:
                picture = attacks.cut(opened.convert("RGB"), who.box, 0.75)
            t = number / FPS
            hand = attacks.hand(t, 2.0, 3.0)
            yield sensor.expose(screen.shot(picture, hand, room, t))

    return write(shots(), folder)


def make_qr_clip(text: str, folder: Path, seed: int = 4, seconds: float = 2.0) -> Path:
    """A code on a phone held into the camera: perspective, tremble, soft focus, noise."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=8, border=4)
    code = Image.open(out).convert("RGB")
    wide = code.width
    phone = Image.new("RGB", (round(wide * 1.12), round(wide * 1.9)), (16, 16, 18))
    shown = Image.new("RGB", (round(wide * 1.04), round(wide * 1.78)), (236, 238, 242))
    shown.paste(code, (round(wide * 0.02), round(wide * 0.35)))
    phone.paste(shown, (round(wide * 0.04), round(wide * 0.06)))
    sensor, room = Sensor(seed), backdrop(seed)

    def shots() -> Iterator[Rgb]:
        for number in range(round(seconds * FPS)):
            hand = attacks.hand(number / FPS, 9.0, 2.5)
            size = (230.0, 230.0 * phone.height / phone.width)
            centre = (WIDTH / 2 + hand.shift[0], HEIGHT / 2 + hand.shift[1])
            corners = tilted(centre, size, (hand.yaw_deg, hand.pitch_deg + 8, hand.roll_deg))
            light, _ = project(phone, corners, room)
            yield sensor.expose(_defocus(light, 0.7))

    return write(shots(), folder)


def make_nobody(folder: Path, seed: int = 5) -> Path:
    """The room without people."""
    sensor, room = Sensor(seed), backdrop(seed)
    return write((sensor.expose(room) for _ in range(8)), folder)


def make_odd(who: Actor, folder: Path, seed: int = 6) -> list[Path]:
    """far, dark, blurred, turned_away: a person who does it wrong."""
    room = backdrop(seed)
    turned = acting.Habits(who.habits.left_deg, 0.0, 0.0, who.habits.phase)
    kinds: dict[str, tuple[acting.Motion, Callable[[Floats], Floats], float]] = {
        "far": (acting.front(who.habits), lambda light: _far(light, who.box, room), 1.0),
        "dark": (acting.front(who.habits), lambda light: light * 0.10, 2.0),
        "blurred": (acting.front(who.habits), lambda light: _defocus(light, 4.5), 1.0),
        "turned_away": (acting.front(turned), lambda light: light, 1.0),
    }
    made = []
    for name, (motion, change, gain) in kinds.items():
        sensor = Sensor(seed)
        shots = (sensor.expose(change(light), gain) for light in play(who, motion, 1.0))
        made.append(write(shots, folder / name))
    return made


def make_two(photo: Path, spot: plate.Spot, sight: Sight, folder: Path, seed: int = 7) -> Path:
    """Two people side by side, as the photograph has them."""
    head = Head(plate.make(photo, spot, sight, screened=False))
    sensor = Sensor(seed)
    motion = acting.front(acting.Habits(0, 0, 0, 0.5))
    shots = (sensor.expose(head.render(motion(n / FPS))) for n in range(FPS))
    return write(shots, folder)


def _far(light: Floats, box: tuple[float, float, float, float], room: Floats) -> Floats:
    """The same person two metres behind: small, with a soft outline against the room."""
    scale = 0.42
    x, y, w, h = box
    small = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8)).resize(
        (round(WIDTH * scale), round(HEIGHT * scale)), Image.Resampling.LANCZOS
    )
    cx, cy = (x + w / 2) * scale, (y + h / 2) * scale
    gy, gx = np.mgrid[0 : small.height, 0 : small.width].astype(np.float32)
    head = np.hypot((gx - cx) / (0.95 * w * scale), (gy - cy) / (1.05 * h * scale))
    body = np.hypot((gx - cx) / (1.6 * w * scale), (gy - small.height) / (1.35 * h * scale))
    mask = np.clip((1.15 - np.minimum(head, body)) / 0.2, 0, 1)[..., None]
    out = room.copy()
    left, top = round(WIDTH / 2 - cx), HEIGHT - small.height
    part = out[top : top + small.height, left : left + small.width]
    out[top : top + small.height, left : left + small.width] = (
        part * (1 - mask) + np.asarray(small, np.float32) * mask
    )
    return out


def _defocus(light: Floats, radius: float) -> Floats:
    picture = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32)


def sight() -> Sight:
    """The terminal's own networks; fetched first if they are not here."""
    models.fetch(models.MODELS_DIR)
    return Sight(models.MODELS_DIR)
