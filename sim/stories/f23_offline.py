"""F23 离线受理: a day without a network, and all six results."""

from __future__ import annotations

from contextlib import AbstractContextManager

from msgspec.structs import replace

from edge.core import events as e
from sim.centre.books import people
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, Town, bill, link_lost, link_up, template
from sim.stories.tell import HAND_MS, Role, Tell

TITLE = (
    "离线受理：断网24小时，六种结果一次看全",
    "Offline: 24 hours without a network, and all six results",
)
LACKS = "the camera: looks are simulated (see F03)"
HOUR_MS = 3_600_000
MODEL = "ab" * 32
RESIDENT = {"insutype": "390", "psn_type": "1401"}


def person(number: int, zh: str, en: str, **more: object) -> Role:
    """An insured resident with a card."""
    spec = PersonSpec(f"SYN-{number}", f"{zh[0]}测试", cards=((f"C{number}", "03"),), **RESIDENT | more)  # type: ignore[arg-type]
    return Role(spec, zh, en)


AN = person(1, "安女士", "Ms An")
BAI = person(2, "白先生", "Mr Bai", insutype="310", psn_type="1101")
CAO = person(3, "曹先生", "Mr Cao", stas="2")
DENG = person(4, "邓女士", "Ms Deng")
FANG = person(5, "方先生", "Mr Fang")
GE = person(6, "葛女士", "Ms Ge")
CAST = [AN, BAI, CAO, DENG, FANG, GE]
CLINIC = {"fixmedins_code": "H51010000001", "level": "community"}
PLACES = {
    "desk": CLINIC,
    "second": CLINIC,  # the same institution, with a line of its own
    "village": {"fixmedins_code": "H51010000002", "level": "community"},
    "mobile": {"fixmedins_code": "H51010000003", "level": "community"},
}
FEE = "SYN-A-0001 100.00"


def play(tell: Tell) -> None:
    """Cut, served, back; what became of each, and the work that it makes."""
    with town(tell) as opened:
        told(tell, opened)


def town(tell: Tell) -> AbstractContextManager[Town]:
    """Four terminals of three institutions."""
    return tell.town("2026-11-18 09:00", CAST, PLACES)


def told(tell: Tell, town: Town) -> None:
    """In this town."""
    desk, second, village, mobile = town.desks.values()
    for number, who in enumerate(CAST):
        people.register_face(town.centre.store, who.spec.psn_no, template(number), MODEL)
    tell.does("9点，三台终端断网", "At nine the network of three terminals goes")
    for one in (desk, village, mobile):
        link_lost(one)
    tell.sees(desk, "idle", net="down")

    served(tell, desk, AN, "N1", main=True)
    fast_clock(tell, mobile)
    desk.wait(5 * HOUR_MS)
    tell.clock(desk)
    served(tell, desk, BAI, "N2")
    served(tell, desk, CAO, "N3")
    served(tell, desk, DENG, "N4")
    tell.does("邓女士不放心，到有网的第二窗口又付了同一张单子",
              "Ms Deng is uneasy and pays the same bill at the second desk, which has a network")  # fmt: skip
    second.passes(6 * HOUR_MS)
    tell.pays(second, bill("settle", "N4", FEE), DENG)
    tell.does("村里的终端同样离线受理了方先生", "The terminal in the village serves Mr Fang in the same way")
    served(tell, village, FANG, "V1")
    tell.holds("断网时什么都没有入账", "nothing was booked at the centre meanwhile",
               desk.balance("fund:390100") == second.paid("N4").get("hifp_pay", 0) * -1)  # fmt: skip

    desk.wait(19 * HOUR_MS + 10 * 60_000)
    tell.clock(desk)
    tell.does("24小时到了，不能再受理", "The 24 hours are over: nobody more is taken")
    desk.send(bill("settle", "N9", FEE))
    tell.refused(desk, "offline_caps")
    tell.does("网络恢复，记录按顺序上传", "The network is back; the records go up in their order")
    link_up(desk)
    desk.serve()
    results(tell, desk)
    village.wait(80 * HOUR_MS)
    tell.clock(village)
    link_up(village)
    village.serve()
    tell.holds("村里的终端80小时后才有网：过期，转手工报销", "the village had no network for 80 hours: "
               "expired, to be claimed by hand", str(village.decided[1]) == "expired")  # fmt: skip


def served(tell: Tell, desk: Counter, who: Role, number: str, *, main: bool = False) -> None:
    """A card, a living face, a signature: recorded, not settled."""
    tell.does(f"{who.zh}来看病，放上卡，对着镜头转头眨眼",
              f"{who.en} lays down a card and shows a living face")  # fmt: skip
    desk.send(bill("settle", number, FEE))
    desk.press("card")
    card_no, cert_type = who.spec.cards[0]
    desk.post(e.CardRead(card_no, cert_type))
    tell.shows_face(desk, template(CAST.index(who)), MODEL)
    if main:
        tell.sees(desk, "confirm", main=True, mode="provisional")
    desk.wait(HAND_MS)
    desk.press("confirm")
    tell.sees(desk, "provisional")
    desk.done()


def fast_clock(tell: Tell, mobile: Counter) -> None:
    """A record of a time that has not come yet is not believed."""
    tell.does("流动终端的时钟快了两小时", "The clock of the mobile terminal is two hours fast")
    mobile.now = replace(mobile.now, utc_ms=mobile.now.utc_ms + 2 * HOUR_MS)
    served(tell, mobile, GE, "M1")
    mobile.now = replace(mobile.now, utc_ms=mobile.now.utc_ms - 2 * HOUR_MS)
    mobile.wait(HOUR_MS)
    tell.does("一小时后它的网络恢复", "An hour later its network is back")
    link_up(mobile)
    mobile.serve()
    tell.sees(mobile, "out_of_service")
    tell.holds("可疑，没有入账；终端停用，等人来查", "suspect, nothing is booked; the terminal stops until somebody looks",
               str(mobile.decided[1]) == "suspect")  # fmt: skip


def results(tell: Tell, desk: Counter) -> None:
    """What the centre decided of the first terminal's four, and the work it makes."""
    states = {number: str(desk.of(number).status) for number in ("N1", "N2", "N3", "N4")}
    tell.holds("安女士：按估算结算", "Ms An: settled as estimated", states["N1"] == "settled")
    tell.holds("白先生是职工，起付线没到：调整，要补60元",
               "Mr Bai is an employee below his deductible: adjusted, ¥60 to collect",
               states["N2"] == "adjusted")  # fmt: skip
    tell.holds("曹先生停保：被拒，转自费", "Mr Cao is suspended: rejected, he owes it himself",
               states["N3"] == "rejected")  # fmt: skip
    tell.holds("邓女士已经付过：重复，不再收", "Ms Deng has paid: duplicate, nothing more is taken",
               str(desk.decided[4]) == "duplicate")  # fmt: skip
    work = [f"{task.kind} {task.bill_no} {task.due_fen / 100:.2f}" for task in desk.tasks()]
    tell.holds(f"工作人员的任务：{'，'.join(work)}", f"work for the staff: {', '.join(work)}",
               {"N2", "N3"} <= {task.bill_no for task in desk.tasks()})  # fmt: skip
