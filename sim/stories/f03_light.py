"""F03 刷脸支付, under the terminal's own lamps: rendered people and attacks, the real networks."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Iterator
from typing import Final

from PIL import Image

from edge.core import events as e
from edge.core.liveness import WITH_LAMPS
from edge.core.liveness.checks import checks
from edge.core.liveness.evidence import FAIL, PASS, UNKNOWN, Evidence, lit
from edge.core.liveness.response import Lighting
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.nets import models
from edge.drivers.vision.nets.blazeface import Face
from edge.drivers.vision.sight import Sight
from sim.camera import clips, visit
from sim.camera.padset import Row, Studio
from sim.camera.pixels import Rgb
from sim.centre.books import people
from sim.centre.books.people import PersonSpec
from sim.centre.lights import honest
from sim.stage import Counter, bill
from sim.stage.lamps import LAMPS, SHOT_MS, plays_lights
from sim.stories.tell import Role, Tell

TITLE = (
    "补光灯下的活体检测：真人、照片、纸面具、模仿灯光的屏幕",
    "Under the terminal's lights: a person, a photograph, a paper mask, a screen that imitates them",
)
LACKS = (
    "people and attacks are rendered (sim/camera) and what the controller's lamps do is played; networks, "
    "checks and centre are the real ones. How often each attack passes: edge/docs/LIVENESS.md"
)
CHEN = Role(PersonSpec("SYN-C", "陈测试", balance_fen=120_00, cards=(("CC", "03"),)), "陈女士", "Ms Chen")
PLACES = {"hospital": {"fixmedins_code": "H51010000003", "level": "l3"}}
FEE = "SYN-A-0001 90.00"
WHO: Final = "p2"  # whose photograph Ms Chen is
RATE: Final = 12.0  # shots a second
BEFORE: Final = 3  # shots of a good face, then the lights begin
ROOM: Final = (300.0, (1.0, 1.0, 1.0), 45.0)  # lux, colour, cm
MARKS: Final = {PASS: "✓", FAIL: "✗", UNKNOWN: "?"}
MEASURED: Final = (
    ("follows", "跟随灯光", "follows"), ("form", "头部形状", "form of a head"),
    ("glint", "眼中光点", "points in the eyes"), ("passive", "防伪网络", "anti-spoof net"),
)  # fmt: skip
STRIP: Final = 8  # pictures of a try that are shown
STRIP_PX: Final = 150
ATTACKS: Final = (
    # species, problem on the screen, what somebody does
    ("print_bent", "light_flat", "有人把陈女士的照片弯成脸的弧度举着", "Somebody holds a photograph of her, bent like a face"),
    ("mask_paper", "light_flat", "有人戴着印有她脸的折纸面具", "Somebody wears a mask of folded paper with her face"),
    ("replay_imitating", "light_late", "一块屏幕播放她的录像，并跟着灯光变色",
     "A screen plays a film of her and changes its colours with the lamps"),
)  # fmt: skip


class Camera:
    """What stands before the lens, seen by the terminal's networks."""

    def __init__(self, sight: Sight, species: str, seed: int) -> None:
        self._sight, self._species, self._seed = sight, species, seed
        row = Row("story", species, WHO, seed, tone=1.0, glasses=False)
        self._person = Studio(sight).person(row)
        self.pictures: list[bytes] = []
        self.looks: list[e.LookSeen] = []
        self.last: tuple[Rgb, Face] | None = None
        self._lamps: Lighting | None = None

    def answers(self, lamps: Lighting) -> Iterator[e.LookSeen]:
        """The shots of a try under these lights."""
        at, self._lamps = visit.Setting(*ROOM, self._seed), lamps
        self._sight.forget()
        played = visit.play(self._species, self._person, at, lamps, self._seed, rate=RATE)
        for number, (stamp, jpeg) in enumerate(played):
            rgb = rgb_of(jpeg)
            look = self._sight.look(rgb, lids_too=False)
            self.pictures.append(jpeg)
            self.looks.append(seen(look, rgb, stamp, number))
            if look.problem is None and look.face is not None:
                self.last = rgb, look.face
            yield self.looks[-1]

    def evidence(self) -> Evidence:
        """As the checks get it."""
        assert self._lamps is not None
        return lit(tuple(self.looks), self._lamps, 0.5)

    def still(self, desk: Counter) -> None:
        """Shots in the room's own light, as long as the terminal looks for a face."""
        dark = visit.lighting(random.Random(self._seed))  # these lamps are not lit before its third shot
        at = visit.Setting(*ROOM, self._seed)
        played = visit.play(self._species, self._person, at, dark, self._seed, rate=RATE)
        for number, (_, jpeg) in enumerate(itertools.islice(played, BEFORE)):
            rgb = rgb_of(jpeg)
            desk.passes_to(desk.now.mono_ms + SHOT_MS)
            desk.post(seen(self._sight.look(rgb), rgb, desk.now.mono_ms, number))

    def template(self) -> bytes:
        """Of the last good shot."""
        assert self.last is not None
        return bytes(self._sight.template(*self.last).astype("<f4").tobytes())

    def strip(self) -> bytes:
        """Some of the shots side by side, cut to the face: a JPEG."""
        every = max(1, len(self.pictures) // STRIP)
        x, y, w, h = self._person.box
        cut = (round(x - w * 0.5), round(y - h * 0.6), round(x + w * 1.5), round(y + h * 1.4))
        sheet = Image.new("RGB", (STRIP * STRIP_PX, STRIP_PX))
        for number, jpeg in enumerate(self.pictures[every // 2 :: every][:STRIP]):
            with Image.open(io.BytesIO(jpeg)) as shot:
                sheet.paste(shot.crop(cut).resize((STRIP_PX, STRIP_PX)), (number * STRIP_PX, 0))
        out = io.BytesIO()
        sheet.save(out, "JPEG", quality=80)
        return out.getvalue()


def play(tell: Tell) -> None:
    """Ms Chen, then what others hold up in her name."""
    sight = clips.sight()
    models.fetch(models.PICTURES_DIR, "pictures")
    with tell.town("2026-11-18 09:00", [CHEN], PLACES, liveness=WITH_LAMPS) as town:
        desk = town.desks["hospital"]
        desk.post(LAMPS)
        camera = Camera(sight, "live", 5)
        tell.does("陈女士按“刷脸”。屏幕先说明：灯会闪，也可以不闪", "Ms Chen presses “Face”. First it says that lights will flash, and how to go without")
        begin(desk, "A1")
        tell.sees(desk, "look")
        camera.still(desk)
        tell.sees(desk, "light", main=True)
        plays_lights(desk, camera.answers)
        tell.saw("两侧的灯按随机顺序亮十二次；脸上的光跟着变", "The lamps at both sides shine twelve times in a drawn order; her face follows",
                 camera.strip())  # fmt: skip
        model = sight.template_model()
        people.register_face(town.centre.store, "SYN-C", camera.template(), model)
        desk.post(e.TemplateMade(camera.template(), model))
        desk.serve()
        measured(tell, camera)
        tell.confirms(desk, outcome="settled")
        verdict = desk.drafts[-1].body["verdict"]
        tell.holds("中心由记录里的随机数重画灯序，与终端的一致，脸的回答也跟着它",
                   "the centre draws the lights again from the number in the record: the same, and the face followed",
                   honest(verdict["light"], desk.settings.terminal))  # fmt: skip
        tell.holds("换一个随机数，就不成立", "with another number it does not hold",
                   not honest(verdict["light"] | {"nonce": bytes(16)}, desk.settings.terminal))  # fmt: skip
        for number, (species, problem, zh, en) in enumerate(ATTACKS, start=2):
            attacked(tell, desk, Camera(sight, species, 20 + number), number, (problem, zh, en))
        tell.does("三次都被识破，换账单也不再有新的机会：刷脸休息五分钟，扫码和刷卡照常",
                  "Three were seen through, and another bill brings no new tries: faces rest five minutes, code and card go on")  # fmt: skip
        desk.send(bill("settle", f"A{len(ATTACKS) + 2}", FEE))
        tell.sees(desk, "ways", no_face="face_locked")
        desk.press("cancel").done()
        tell.holds("只有陈女士自己的一笔记录", "there is one record, Ms Chen's own", len(desk.ledger) == 1)


def attacked(tell: Tell, desk: Counter, camera: Camera, number: int, said: tuple[str, str, str]) -> None:
    """One try with something that is not her, and then they give up."""
    problem, zh, en = said
    tell.does(zh, en)
    begin(desk, f"A{number}")
    camera.still(desk)
    plays_lights(desk, camera.answers)
    tell.saw("终端看见的", "What the terminal sees", camera.strip())
    measured(tell, camera)
    if number <= len(ATTACKS):
        tell.sees(desk, "look", problem=problem)
        desk.press("cancel").done()
    else:  # the last of them: as many as one bill has tries
        tell.sees(desk, "refused", code="spoof_suspected")
        desk.done()
    tell.holds("没有记录，没有扣款", "no record, nothing paid", len(desk.ledger) == 1)


def measured(tell: Tell, camera: Camera) -> None:
    """The numbers that decide."""
    seen = camera.evidence()
    found, late = seen.response, checks()["delay"].LIMIT
    assert found is not None, "a face was seen"
    zh, en = [f"迟到 {found.lag_ms} 毫秒（≤{-late:.0f}）"], [f"late {found.lag_ms} ms (at most {-late:.0f})"]
    for name, zh_name, en_name in MEASURED:
        least = WITH_LAMPS.limits.get(name, checks()[name].LIMIT)
        told = checks()[name].judge(seen, least)
        zh.append(f"{zh_name} {told.value:.2f}（≥{least}）{MARKS[told.state]}")
        en.append(f"{en_name} {told.value:.2f} (at least {least}) {MARKS[told.state]}")
    tell.reads(" · ".join(zh), " · ".join(en))


def begin(desk: Counter, number: str) -> None:
    """A bill, and the press for the face."""
    desk.send(bill("settle", number, FEE))
    desk.press("face")


