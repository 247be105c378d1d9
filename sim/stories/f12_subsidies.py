"""F12 惠农惠民补贴、社保待遇查询."""

from __future__ import annotations

from edge.core.types import Bill
from sim.centre.books import cards, people
from sim.centre.books.people import PersonSpec
from sim.stage import near, template
from sim.stage.counter import FACE_MODEL, Counter
from sim.stories.tell import Role, Tell

TITLE = (
    "惠农惠民补贴查询：放卡刷脸，只看自己的，打印清单",
    "Subsidies: card and face, only one's own, as a list to print",
)
LACKS = "no printer runs here: the slip on the screen is what it would print"
YAO = Role(PersonSpec("SYN-Y", "姚测试", age=67, cards=(("SCY", "03"),)), "姚大爷", "Grandfather Yao")
PLACES = {"village": {"fixmedins_code": "H51010000001", "level": "community"}}


def play(tell: Tell) -> None:
    """He sees his list; somebody else with his card does not."""
    with tell.town("2026-03-02 09:00", [YAO], PLACES) as town:
        desk = town.desks["village"]
        people.register_face(town.centre.store, "SYN-Y", template(5), FACE_MODEL)
        desk.at_centre(cards.pay, "SYN-Y", "耕地地力保护补贴", "2026-01-15", 1_260_00)
        desk.at_centre(cards.pay, "SYN-Y", "城乡居民养老金", "2026-02-10", 158_00)
        tell.does("姚大爷放卡、看摄像头", "Grandfather Yao lays down his card and looks")
        _comes(desk, "U1", 5)
        tell.confirms(desk, main=True, outcome="settled")
        rows = [value for key, value in desk.of("U1").slip if key == "slip.subsidy"]
        tell.holds("两笔，最近的在前", "two payments, the newest first",
                   rows[0].endswith("158.00") and len(rows) == 2)  # fmt: skip
        tell.does("别人拿他的卡来查", "Somebody else comes with his card")
        _comes(desk, "U2", 8)
        desk.press("confirm")
        tell.refused(desk, "rejected_face_mismatch")
        refused = not any(key == "slip.subsidy" for key, _ in desk.of("U2").slip)
        tell.holds("什么也看不到", "and sees nothing", refused)


def _comes(desk: Counter, number: str, face: int) -> None:
    desk.desk_sends(Bill("subsidies", number, 0))
    desk.press("card").lays("SCY", "03").shows_face(near(template(face), 6))
