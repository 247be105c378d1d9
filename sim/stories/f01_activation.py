"""F01 医保码激活."""

from __future__ import annotations

from edge.core.types import Bill
from edge.core.wishes import Activation
from sim.centre.books import activations, people, proving
from sim.centre.books.people import PersonSpec
from sim.stage import near, template
from sim.stage.counter import FACE_MODEL, Counter
from sim.stories.tell import Role, Tell

TITLE = (
    "医保码激活：身份证加刷脸，设密码，一人只算一次",
    "Activation of the e-voucher: ID card and face, a password, one person counts once",
)
LACKS = "the channels of a phone are a row in the centre's table, no phone app runs; the face library is invented"
ZHAO = Role(PersonSpec("SYN-Z", "赵测试", age=48, cards=(("IDZ", "02"),)), "赵女士", "Ms Zhao")
PLACES = {"window": {"fixmedins_code": "H51010000001", "admdvs": "510112"}}
PASSWORD = "135246"  # noqa: S105 - an invented person's


def play(tell: Tell) -> None:
    """The window of a town: once, and a second time."""
    with tell.town("2026-03-02 09:00", [ZHAO], PLACES) as town:
        desk = town.desks["window"]
        people.register_face(town.centre.store, "SYN-Z", template(3), FACE_MODEL)
        tell.does("赵女士在乡镇窗口激活医保码，先放身份证，再看摄像头",
                  "Ms Zhao activates her e-voucher at the town's window: ID card first, then the camera")  # fmt: skip
        _comes(desk, "A1")
        tell.sees(desk, "password", what="new", main=True)
        tell.does("她先输入123456，太简单；再设一个，输两遍",
                  "She tries 123456, too simple; then another one, twice")  # fmt: skip
        desk.types("123456")
        tell.sees(desk, "password", problem="password_weak")
        desk.types(PASSWORD, PASSWORD)
        tell.confirms(desk, outcome="settled")
        given = dict(desk.of("A1").slip)
        tell.holds(f"领到医保码 {given['slip.voucher_no']}，计入该镇",
                   f"her e-voucher is {given['slip.voucher_no']}, counted for her town",
                   desk.at_centre(activations.counts, "town") == {"510112": 1})  # fmt: skip
        good = desk.at_centre(proving.judge, "SYN-Z", PASSWORD, b"story-ask-000001", town.now)
        tell.holds("中心认得她的密码，终端和记录里都没有",
                   "the centre knows her password; no record and no document here has it",
                   not good and PASSWORD not in repr(desk.drafts) + repr(desk.docs))  # fmt: skip
        tell.does("她又来一次", "She comes a second time")
        _comes(desk, "A2")
        desk.types(PASSWORD, PASSWORD)
        tell.refused(desk, "already_active")


def _comes(desk: Counter, number: str) -> None:
    desk.desk_sends(Bill("activate", number, 0, activation=Activation("赵测试")))
    desk.press("face").lays("IDZ").shows_face(near(template(3), 5))
