"""F03 刷脸支付."""

from __future__ import annotations

from edge.core.types import LivenessRules
from sim.centre.books import people
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, bill, good_face, template
from sim.stories.tell import Role, Tell

TITLE = (
    "刷脸支付：活人结算，照片和录像被拒，陌生人查不到",
    "Face: a living person is settled; a print, a replay and a stranger are not",
)
LACKS = (
    "the camera: looks are simulated as the vision thread reports them, no net runs here; "
    "`sim/demo --auto` shows photographs to the real nets, `facepay pad-eval` measures attacks"
)
LIU = Role(PersonSpec("SYN-L", "刘测试", balance_fen=120_00, cards=(("CL", "03"),)), "刘先生", "Mr Liu")
PLACES = {"hospital": {"fixmedins_code": "H51010000003", "level": "l3"}}
MODEL = "ab" * 32
FEE = "SYN-A-0001 90.00"
TRIES_MAX, SHOTS_MAX = 5, 400
REST_MS = LivenessRules().lockout_ms


def play(tell: Tell) -> None:
    """Mr Liu, then a print of him, a recording of him, and somebody else."""
    with tell.town("2026-11-18 09:00", [LIU], PLACES) as town:
        desk = town.desks["hospital"]
        face = template(7)
        people.register_face(town.centre.store, "SYN-L", face, MODEL)
        tell.does("刘先生按“刷脸”", "Mr Liu presses “Face”")
        begin(desk, "A1")
        tell.sees(desk, "look")
        good_face(desk)
        tell.sees(desk, "challenge", main=True)
        tell.does("他按提示转头、眨眼", "He turns and blinks as he is asked")
        tell.shows_face(desk, face, MODEL)
        tell.confirms(desk, outcome="settled")
        record = desk.drafts[-1].body
        tell.holds("记录里有活体结论，没有照片", "the record has the verdict and no picture",
                   record["verdict"]["live"] and record["identity"]["means"] == "face")  # fmt: skip

        tell.does("有人举着刘先生的照片：活体分很低", "Somebody holds up a print of him: the score is low")
        begin(desk, "A2")
        for _ in range(TRIES_MAX):
            if desk.screen.name == "look":
                tell.shows_face(desk, face, MODEL, live=0.02)
        tell.refused(desk, "spoof_suspected")
        tell.does("下一笔只能用码或卡：刷脸先停五分钟", "The next bill is for code or card: faces rest for five minutes")
        desk.send(bill("settle", "A2b", FEE))
        tell.sees(desk, "ways", ways=["qr", "card"], no_face="face_locked")
        rested(desk)

        tell.does("有人播放他的录像：不按提示动作", "Somebody plays a recording: it follows no request")
        begin(desk, "A3")
        good_face(desk)
        for _ in range(SHOTS_MAX):
            if desk.screen.name in ("look", "challenge"):
                desk.look()
        tell.refused(desk, "liveness_failed")
        desk.passes(REST_MS)

        tell.does("一位没有登记的人来刷脸", "Somebody who is not registered shows their face")
        begin(desk, "A4")
        tell.shows_face(desk, template(99), MODEL)
        tell.refused(desk, "no_person")
        tell.holds("只有一笔记录", "there is one record and no other", len(desk.ledger) == 1)


def rested(desk: Counter) -> None:
    """Whoever came with that bill goes, and the face is back after its time."""
    desk.press("cancel").done()
    desk.passes(REST_MS)


def begin(desk: Counter, number: str) -> None:
    """A bill, and the press for the face."""
    desk.send(bill("settle", number, FEE))
    desk.press("face")
