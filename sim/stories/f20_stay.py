"""F20 住院全场景."""

from __future__ import annotations

from msgspec.structs import replace

from edge.core.types import Admission, Bill
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "住院：登记、预交金，产科床旁结算，预交金多退少补",
    "A stay: admission, deposit, settled at the bedside in obstetrics, the deposit set off",
)
MEI = Role(
    PersonSpec("SYN-M", "梅测试", age=31, gend="2", cards=(("CM", "03"),)), "产妇梅女士", "Ms Mei, who expects a child,"
)
PLACES = {"ward": {"fixmedins_code": "H51010000003", "level": "l3"}}


def play(tell: Tell) -> None:
    """In, two deposits, a girl, out."""
    with tell.town("2026-11-18 09:00", [MEI], PLACES) as town:
        desk = town.desks["ward"]
        stay = Admission("ZY001", "12床", "孕39周 待产", "测试方", "13000000000")
        tell.pays(desk, bill("admit", "A1", admission=stay, med_type="21", dept_name="产科"), MEI, by="code")
        mdtrt_id = desk.of("A1").mdtrt_id
        for number, fen in (("D1", 2_000_00), ("D2", 1_000_00)):
            tell.pays(desk, deposit(number, mdtrt_id, fen), MEI)
        held = f"deposit:H51010000003:{mdtrt_id}"
        tell.holds("预交金共3000元", "¥3,000 are paid in", desk.balance(held) == 3_000_00)

        tell.day(town, "2026-11-22 15:00")
        tell.does("女儿出生，母女平安；护士把终端推到床边", "A girl is born; the nurse brings the terminal to the bed")
        tell.comes(desk, bedside("S1", mdtrt_id), MEI)
        tell.sees(desk, "confirm", main=True, kind="inpatient")
        desk.press("confirm")
        tell.sees(desk, "settled")
        desk.done()
        paid = desk.paid("S1")
        tell.holds("(10000-800)×85%=7820由统筹付，自己2180", "(10,000 - 800) x 85 % = 7,820 by the fund, 2,180 her own",
                   (paid["hifp_pay"], paid["psn_cash_pay"]) == (7_820_00, 2_180_00))  # fmt: skip
        tell.holds("预交金退820元，预交金账户清零", "¥820 of the deposit come back, nothing is held any more",
                   dict(desk.of("S1").slip)["slip.deposit_refund"] == "820.00"
                   and desk.balance(held) == 0)  # fmt: skip


def deposit(number: str, mdtrt_id: str, fen: int) -> Bill:
    """Money paid in for a stay."""
    return replace(bill("deposit", number, mdtrt_id=mdtrt_id), amount_fen=fen)


def bedside(number: str, mdtrt_id: str) -> Bill:
    """The bill of the stay."""
    more = {"mdtrt_id": mdtrt_id, "dept_name": "产科", "acct_used_flag": "0"}
    return bill("inpatient", number, "SYN-A-0001 10000.00", **more)
