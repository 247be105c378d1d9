"""F16 线上个账购药."""

from __future__ import annotations

from edge.core import events as e
from edge.core.types import Bill, FeeLine
from sim.centre.books.people import PersonSpec
from sim.centre.deciding.case import No
from sim.centre.purchases import hub
from sim.centre.purchases.hub import Report, Wanted, Wish
from sim.stage import Counter
from sim.stories.tell import BrokenError, Role, Tell

TITLE = (
    "线上个账购药：手机下单，药店接单，只用个人账户，送到家签收；拒收就退回账户，只退一次",
    "Online purchase: ordered by phone, paid by the account alone, brought home; rejected, refunded once",
)
HE = Role(
    PersonSpec("SYN-H", "何测试", age=66, psn_type="1201", balance_fen=300_00, cards=(("CH", "03"),)),
    "66岁的何先生", "Mr He, 66,",
)  # fmt: skip
PHARMACY = "P51010000001"
PLACES = {
    "pharmacy": {"fixmedins_code": PHARMACY, "fixmedins_name": "城东药房", "level": "pharmacy"}
}
ITEMS = (Wanted("SYN-A-0001", "阿莫西林胶囊", 2, 40_00), Wanted("SYN-B-0001", "氨氯地平片", 1, 30_00))


def play(tell: Tell) -> None:
    """Brought and signed for; then one that is rejected."""
    with tell.town("2026-11-18 09:00", [HE], PLACES) as town:
        desk = town.desks["pharmacy"]
        first = ordered(tell, desk, "B1", HE, main=True)
        tell.holds("账户付了110元，基金没有付", "the account paid ¥110, the fund nothing",
                   (desk.balance("acct:SYN-H"), desk.paid("B1").get("fund_pay_sumamt", 0)) == (190_00, 0))  # fmt: skip
        tell.does("骑手取药、送到，何先生签收", "A courier picks it up and brings it; Mr He signs")
        tell.holds("已签收", "signed for", [courier(desk, first, what) for what in ("pick_up", "deliver", "sign")]
                   == ["", "", ""])  # fmt: skip

        second = ordered(tell, desk, "B2", HE)
        tell.does("第二单包装破了，何先生拒收", "The second parcel is torn: Mr He rejects it")
        courier(desk, second, "pick_up")
        courier(desk, second, "reject", "包装破损")
        waiting = orders(desk)
        tell.holds("药店看到：拒收，要退款", "the pharmacy sees: rejected, to be refunded",
                   [(one["order_no"], one["status"]) for one in waiting] == [(second, "rejected")])  # fmt: skip
        desk.undo("B2")
        desk.undo("B2")
        tell.holds("药店撤销两次，账户只退回一次", "undone twice by the pharmacy, the account has it back once",
                   desk.balance("acct:SYN-H") == 190_00)  # fmt: skip


def ordered(tell: Tell, desk: Counter, number: str, who: Role, *, main: bool = False) -> str:
    """From the telephone to the account; the order's number."""
    tell.does(f"{who.zh}在家用手机下单买药，手机上刷脸确认",
              f"{who.en} orders by phone from home, recognised by face there")  # fmt: skip
    wish = Wish(
        who.spec.psn_no, PHARMACY, "510100", "成都市测试路1号2栋301", who.spec.psn_name,
        "13000000000", "face", ITEMS,
    )  # fmt: skip
    placed = desk.at_centre(hub.place, wish, desk.now.utc_ms)
    if isinstance(placed, No):
        raise BrokenError(placed.code)
    lines = tuple(
        FeeLine(one.code, one.code, one.name, one.cnt * one.price_fen, str(one.cnt)) for one in ITEMS
    )
    tell.does("城东药房在终端上接单", "The pharmacy takes the order on at its terminal")
    total = sum(line.amount_fen for line in lines)
    desk.send(Bill("delivery", number, total, lines, order_no=placed.order_no))
    desk.serve()
    tell.sees(desk, "confirm", main=main)
    desk.press("confirm")
    tell.sees(desk, "settled")
    desk.done()
    return str(placed.order_no)


def courier(desk: Counter, order_no: str, what: str, signature: str = "何测试") -> str:
    """What the courier reports; "" or why not."""
    report = Report(order_no, what, "骑手一", signature)  # type: ignore[arg-type]
    return str(desk.at_centre(hub.courier, report, desk.now.utc_ms))


def orders(desk: Counter) -> list[dict[str, str]]:
    """GET /v1/orders."""
    desk.calls += 1
    desk.post(e.Inquired(desk.calls, "orders", {}))
    desk.serve()
    found: list[dict[str, str]] = desk.replies[desk.calls].body["orders"]
    return found
