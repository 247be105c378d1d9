"""F11 社保卡一卡通."""

from __future__ import annotations

from edge.core.types import Bill
from edge.core.wishes import Service
from sim.centre.books import people
from sim.centre.books.people import PersonSpec
from sim.stage import bill, near, template
from sim.stage.counter import FACE_MODEL
from sim.stories.tell import Role, Tell

TITLE = (
    "社保卡一卡通：查卡、能用在哪里，丢了补一张，旧卡当场停用",
    "Social card: its state, what it is good for, a new one when it is lost",
)
LACKS = "the card's PIN: a real card checks it on its chip; the list of what it opens is a sample of ours (grade D)"
HU = Role(
    PersonSpec("SYN-H", "胡测试", age=52, balance_fen=80_00, cards=(("SC1234", "03"), ("IDH", "02"))),
    "胡师傅", "Master Hu",
)  # fmt: skip
PLACES = {"window": {"fixmedins_code": "H51010000001", "level": "l2"}}


def play(tell: Tell) -> None:
    """State, list, lost, stopped."""
    with tell.town("2026-03-02 09:00", [HU], PLACES) as town:
        desk = town.desks["window"]
        people.register_face(town.centre.store, "SYN-H", template(4), FACE_MODEL)
        tell.pays(desk, Bill("card_info", "C1", 0, service=Service("status")), HU)
        tell.pays(desk, Bill("card_info", "C2", 0, service=Service("entitlements")), HU, main=True)
        good = [value for key, value in desk.of("C2").slip if key == "slip.entitlement"]
        tell.holds("可以借书、乘车、入馆", "a book, a bus, a museum", len(good) >= 3)
        tell.does("他的卡丢了：放身份证、刷脸，申请补卡",
                  "His card is lost: ID card, face, and a new one is asked for")  # fmt: skip
        desk.desk_sends(Bill("card_replace", "R1", 0, service=Service(reason="lost")))
        desk.press("card").lays("IDH").shows_face(near(template(4), 6))
        tell.confirms(desk, outcome="settled")
        number = dict(desk.of("R1").slip)["slip.service_no"]
        tell.holds(f"受理号 {number}", f"request {number}", number.startswith("510100K"))
        tell.does("有人拿捡到的旧卡来付钱", "Somebody comes with the card that was found")
        tell.comes(desk, bill("settle", "B1", "SYN-A-0001 50.00"), HU)
        tell.refused(desk, "card_lost")
