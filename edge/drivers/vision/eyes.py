"""The vision driver: two threads between the camera and the inbox.

One takes shots and keeps only the newest; the other looks at it and posts LookSeen, TemplateMade,
CodeSeen, CodeUnread, CameraLost and CameraBack. Whatever happens here, the agent is never kept waiting: it only
sets a mode. Errors at start: E-VIS-01 missing model, E-VIS-02 wrong model, E-VIS-05 no runtime,
E-VIS-10 none for the second net.
While running a dead camera is the event CameraLost with its code (E-CAM-02 when it stops
delivering, E-CAM-08 when it repeats itself, E-CAM-09 when it changes its format), and the camera is
started again until it is back. A shot that cannot be judged is said as the problem camera_trouble.
In mode "light" only shots of a held exposure have their light told (`_hold`).
"""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from edge.core.events import (
    CameraBack,
    CameraLost,
    CodeSeen,
    CodeUnread,
    Event,
    LookSeen,
    PhotoMeasured,
    TemplateMade,
)
from edge.drivers.vision import Picture, Source
from edge.drivers.vision.feed import Feed
from edge.drivers.vision.nets import extra, models
from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.drivers.vision import Rgb
    from edge.drivers.vision.sight import Look, Sight

LOOKS_PER_S = 15
SILENCE_S = 2.0  # no shot for this long: the camera is lost
START_SILENCE_S = 5.0  # a camera may need this long for its first shot
RETRY_S = (0.5, 1.0, 2.0, 5.0)  # pauses between attempts to start the camera; the last repeats
IDLE_SHOT_S = 0.5  # mode off: a shot now and then only shows that the camera lives
SAME_CODE_S = 1.5  # a code held into the camera is said again only after this
STOP_WAIT_S = 5.0
HOLD_LATE_S = 0.4  # two lights of twelve unseen still leave each lamp its colours; later they are too few
ON_ITS_WAY_S = 0.07  # a shot that comes so soon behind the hold was exposed before it
TROUBLE = "camera_trouble"  # the problem of a shot that cannot be judged
BROKEN_SHOTS = 30  # in a row that no network could measure: the eyes are broken, not the shot
MODES = ("off", "face", "light", "code")
FACES = ("face", "light")  # one look: what was learnt of a face in one is true in the other
RUNTIMES = ("ai_edge_litert", "tflite_runtime")

log = logging.getLogger(__name__)


class Eyes:
    """`mode` "off" | "face" | "light" | "code"; `post` is called from the vision thread and must only
    enqueue. second_too: ask the optional anti-spoof net as well.
    """

    def __init__(
        self,
        camera: Source,
        models_dir: Path | str,
        post: Callable[[Event], None],
        *,
        second_too: bool = False,
    ) -> None:
        self._camera = camera
        self._models_dir = Path(models_dir)
        self._post = post
        self._second_too = second_too
        self._stop = threading.Event()
        self._change = threading.Condition()
        self._newest: tuple[Picture, bool] | None = None  # and whether it may be judged
        self._mode = "off"
        self._turn = 0  # counts mode changes: a look of an earlier visit is not posted
        self._lights = (0, 0.0)  # counts changes to mode light, and when the last one was
        self._held_ms: int | None = None  # light is told of shots from then on; None: of none
        self._template_wanted = False
        self._photo = b""  # of a card, to be measured
        self._lost = ""
        self._quiet = (0.0, START_SILENCE_S)  # since when no shot came, how long that may last
        self._threads: list[threading.Thread] = []
        self.ready = threading.Event()  # warm: the first visit is not slow

    def start(self) -> None:
        """Check the models (their bytes, not more) and start. E-VIS-01, E-VIS-02, E-VIS-05,
        E-VIS-10.
        """
        assert not self._threads, "started twice"
        models.verify(self._models_dir)
        if self._second_too:
            extra.check(self._models_dir)
        if not any(importlib.util.find_spec(name) for name in RUNTIMES):
            raise EdgeError(
                "E-VIS-05", "no tflite runtime is installed", "install the project again"
            )
        for target, name in ((self._take_shots, "eyes-shots"), (self._look, "eyes-look")):
            self._threads.append(threading.Thread(target=target, name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads; waits at most `STOP_WAIT_S` for each."""
        self._stop.set()
        with self._change:
            self._change.notify_all()
        for thread in self._threads:
            thread.join(STOP_WAIT_S)
        self._threads.clear()

    def mode(self, mode: str) -> None:
        """What to look for from now on. Returns at once."""
        assert mode in MODES, mode
        with self._change:
            if mode != self._mode:
                same = mode in FACES and self._mode in FACES
                self._mode, self._newest = mode, self._newest if same else None
                self._held_ms = None
                if mode == "light":
                    self._lights = (self._lights[0] + 1, time.monotonic())
                self._turn += not same
                self._template_wanted = self._template_wanted and same
            self._change.notify_all()

    def take_template(self) -> None:
        """Make the template of the next good frontal shot. Returns at once."""
        with self._change:
            self._template_wanted = True

    def measure(self, photo: bytes) -> None:
        """Make the template of the face on a card's photo, between two shots. Returns at once."""
        with self._change:
            self._photo = photo
            self._change.notify_all()

    # -- the camera's thread
    # ----------------------------------------------------------------------------------------

    def _take_shots(self) -> None:
        attempt = 0
        while not self._stop.is_set():
            began = time.monotonic()
            held: int | None = None  # whatever held it before may be gone, or still hold
            with self._change:
                self._quiet = (began, START_SILENCE_S)
            try:
                feed = Feed()
                for shot in self._camera.shots(self._stop):
                    fit = feed.take(shot, watching=self._mode_now() != "off")
                    attempt = 0 if feed.moves else attempt
                    self._keep(shot, fit=fit, alive=feed.moves or not attempt)
                    held = self._hold(held)
                code = "E-CAM-02"
            except EdgeError as problem:
                code = problem.code
                log.warning("camera: %s", problem)
            except Exception:
                code = "E-CAM-02"
                log.exception("camera driver failed")
            if self._stop.is_set():
                return
            self._lose(code)
            pause = RETRY_S[min(attempt, len(RETRY_S) - 1)] - (time.monotonic() - began)
            attempt += 1
            self._stop.wait(max(0.1, pause))

    def _hold(self, held: int | None) -> int:
        """Which light the exposure is held for, 0 = none, as the mode wants it. Light is not told of a
        shot that was taken before it was held; where that came too late or failed, of none.
        """
        with self._change:
            lights, since = self._lights
            asked = lights if self._mode == "light" else 0
        if asked == held:
            return asked
        done = self._camera.hold(asked > 0)
        now = time.monotonic()
        if asked:
            in_time = done and now - since <= HOLD_LATE_S
            with self._change:
                if in_time and self._mode == "light" and self._lights[0] == asked:
                    self._held_ms = round(1_000 * (now + ON_ITS_WAY_S))
            if not in_time:
                log.warning("exposure is not held, or too late: no light is measured")
        return asked

    def _mode_now(self) -> str:
        with self._change:
            return self._mode

    def _keep(self, shot: Picture, *, fit: bool, alive: bool) -> None:
        with self._change:
            self._newest = (shot, fit)
            self._quiet = (time.monotonic(), SILENCE_S)
            back = bool(self._lost) and alive
            self._lost = "" if alive else self._lost
            self._change.notify_all()
        if back:
            self._post(CameraBack())
        with self._change:
            if self._mode == "off" and not self._stop.is_set():
                self._change.wait(IDLE_SHOT_S)

    def _lose(self, code: str) -> None:
        with self._change:
            known, self._lost = self._lost, self._lost or code
            self._newest = self._held_ms = None
            self._lights = (self._lights[0], 0.0)  # the rest of a light that broke is not measured
        if not known:
            self._post(CameraLost(code))

    # -- the looking thread
    # -----------------------------------------------------------------------------------------

    def _look(self) -> None:
        try:
            from edge.drivers.vision.sight import Sight

            sight = Sight(self._models_dir, second_too=self._second_too)
            sight.warm_up()
        except EdgeError as problem:
            log.exception("vision cannot start")
            self._give_up(problem.code)
            return
        except Exception:
            log.exception("vision cannot start")
            self._give_up("E-VIS-05")
            return
        self.ready.set()
        self._watch(sight)

    def _give_up(self, code: str) -> None:
        """Without the networks there are no eyes: say so once and let the camera go."""
        self._lose(code)
        self._stop.set()

    def _watch(self, sight: Sight) -> None:
        turn, codes, broken = -1, _Codes(), 0
        while not self._stop.is_set():
            began = time.monotonic()
            self._photograph(sight)
            with self._change:
                if self._newest is None and not self._photo:
                    self._change.wait(0.25)
                newest, self._newest = self._newest, None
                mode, now_turn, (since, patience) = self._mode, self._turn, self._quiet
                held_ms = self._held_ms
            if newest is None:
                if time.monotonic() - since > patience and not self._stop.is_set():
                    self._lose("E-CAM-02")
                continue
            if now_turn != turn:
                turn = now_turn
                sight.forget()
            shot, fit = newest
            lit = mode != "light" or (held_ms is not None and shot.at_mono_ms >= held_ms)
            try:
                self._examine(sight, shot, mode, turn, codes, fit=fit, lit=lit)
                broken = 0
            except Exception as problem:  # one bad shot must not end the eyes
                log.exception("shot %s", shot.number)
                broken += 1
                self._trouble(shot, mode, turn)
                if broken >= BROKEN_SHOTS:
                    self._give_up(problem.code if isinstance(problem, EdgeError) else "E-VIS-07")
            self._stop.wait(max(0.0, 0.9 / LOOKS_PER_S - (time.monotonic() - began)))

    def _photograph(self, sight: Sight) -> None:
        """A card's photo, if one waits: with the very net that makes the templates of shots."""
        with self._change:
            photo, self._photo = self._photo, b""
        if not photo:
            return
        from edge.drivers.vision import chip

        template = b""
        try:
            template = chip.template(sight, photo)
        except Exception:  # whatever a strange card carries
            log.exception("a card's photo")
        self._post(PhotoMeasured(template, sight.template_model()))

    def _examine(
        self, sight: Sight, shot: Picture, mode: str, turn: int, codes: _Codes, *, fit: bool, lit: bool
    ) -> None:
        if mode in FACES and not fit:
            self._trouble(shot, mode, turn)
        elif mode in FACES:
            look = sight.depths(sight.look(shot.rgb, lids_too=mode == "face"), shot)
            told = seen(look, shot.rgb, shot.at_mono_ms, shot.number)
            self._say(told if lit else replace(told, glow=(), eyes=b""), turn)
            good = look.problem is None and look.face is not None
            if good and self._wants_template(turn):
                assert look.face is not None
                made = sight.template(shot.rgb, look.face)
                named = TemplateMade(made.astype("<f4").tobytes(), sight.template_model())
                self._say(named, turn)
        elif mode == "code":
            texts, unread = codes.read(shot.rgb)
            for text in texts:
                if codes.new(text, time.monotonic()):
                    self._say(CodeSeen(text), turn)
            if unread and codes.new(unread, time.monotonic()):
                self._say(CodeUnread(unread), turn)

    def _trouble(self, shot: Picture, mode: str, turn: int) -> None:
        """A shot by which nobody is judged, said so that the patient hears of it."""
        if mode in FACES:
            self._say(LookSeen(shot.number, shot.at_mono_ms, TROUBLE), turn)

    def _wants_template(self, turn: int) -> bool:
        with self._change:
            wanted = self._template_wanted and turn == self._turn
            self._template_wanted = False if wanted else self._template_wanted
            return wanted

    def _say(self, event: Event, turn: int) -> None:
        """Post, unless the mode changed while we looked."""
        with self._change:
            current = turn == self._turn and not self._stop.is_set()
        if current:
            self._post(event)


class _Codes:
    """Reads codes, and knows what was said when, so that a code held still is one event every
    `SAME_CODE_S`.
    """

    def __init__(self) -> None:
        from edge.drivers.vision import qr

        self._reader = qr.Reader()
        self._text, self._at_s = "", 0.0

    def read(self, rgb: Rgb) -> tuple[list[str], str]:
        """The texts in the shot, or the problem of a code that stays unread."""
        texts, unread = self._reader.read(rgb)
        return texts, unread.problem if unread else ""

    def new(self, text: str, now_s: float) -> bool:
        if text == self._text and now_s - self._at_s < SAME_CODE_S:
            return False
        self._text, self._at_s = text, now_s
        return True


def seen(look: Look, rgb: Rgb, at_mono_ms: int, number: int) -> LookSeen:
    """The event a look becomes."""
    high, wide = rgb.shape[:2]
    box = (0.0, 0.0, 0.0, 0.0)
    if look.face is not None:
        f = look.face
        box = (f.x / wide, f.y / high, f.w / wide, f.h / high)
    return LookSeen(
        shot=number,
        at_mono_ms=at_mono_ms,
        problem=look.problem,
        yaw_deg=look.pose.yaw_deg if look.pose else 0.0,
        pitch_deg=look.pose.pitch_deg if look.pose else 0.0,
        eye_open=look.eye_open,
        live=look.live,
        live2=look.live2,
        infrared=look.infrared,
        relief_mm=look.relief_mm,
        box=box,
        glow=look.glow,
        eyes=look.eyes,
        face=b"" if look.template is None else look.template.astype("<f4").tobytes(),
    )
