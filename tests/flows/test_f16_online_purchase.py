"""F16 线上个账购药: ordered by telephone, taken on by a pharmacy of the pilot, paid by the personal account
alone, brought home and signed for; or rejected at the door, and the account is as it was, once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from edge.core import events as e
from edge.core.types import Bill, BillStatus, FeeLine
from edge.errors import EdgeError
from edge.suites import sm2
from sim.centre.books import people
from sim.centre.books.people import PersonSpec
from sim.centre.deciding.case import No
from sim.centre.national.door import Door
from sim.centre.national.server import Served
from sim.centre.purchases import books, hub, pilot
from sim.centre.purchases.hub import Report, Wanted, Wish
from sim.centre.purchases.status import COURIER, NO, TABLE, On, Status
from sim.stage import Counter, Town, link_lost, no

HE = PersonSpec("SYN-H", "测试何", age=66, psn_type="1201", balance_fen=300_00, cards=(("CH", "03"),))
POOR = PersonSpec("SYN-P", "测试苏", balance_fen=10_00, cards=(("CP", "03"),))
CHILD = PersonSpec("SYN-K", "测试童", age=12, cards=(("CK", "03"),))
EAST, WEST = "P51010000001", "P51010000002"
PLACES = {
    "east": {"fixmedins_code": EAST, "fixmedins_name": "城东药房", "level": "pharmacy"},
    "west": {"fixmedins_code": WEST, "fixmedins_name": "城西药房", "level": "pharmacy"},
}
ITEMS = (Wanted("SYN-A-0001", "阿莫西林胶囊", 2, 40_00), Wanted("SYN-B-0001", "氨氯地平片", 1, 30_00))
SIGN = {"pick_up": "", "deliver": "", "sign": "何测试", "reject": "包装破损"}


class Day:
    """Two pharmacies of the pilot and a telephone."""

    def __init__(self, town: Town) -> None:
        self.town, self.east, self.west = town, town.desks["east"], town.desks["west"]

    def wish(self, **changes: Any) -> Wish:
        base = Wish(
            "SYN-H", EAST, "510100", "成都市测试路1号2栋301", "何测试", "13000000000", "face", ITEMS
        )
        return msgspec.structs.replace(base, **changes)

    def orders(self, **changes: Any) -> str:
        """The phone orders; the number it is shown."""
        found = self.east.at_centre(hub.place, self.wish(**changes), self.east.now.utc_ms)
        assert not isinstance(found, No), found
        return str(found.order_no)

    def refused(self, **changes: Any) -> str:
        found = self.east.at_centre(hub.place, self.wish(**changes), self.east.now.utc_ms)
        assert isinstance(found, No)
        return found.code

    def courier(self, order_no: str, what: str, who: str = "骑手一", signature: str | None = None) -> str:
        said = SIGN[what] if signature is None else signature
        report = Report(order_no, what, who, said)  # type: ignore[arg-type]
        return str(self.east.at_centre(hub.courier, report, self.east.now.utc_ms))

    def status(self, order_no: str) -> Status:
        return self.east.at_centre(books.find, order_no, self.east.now.utc_ms).status  # type: ignore[no-any-return]

    @property
    def money(self) -> int:
        return self.east.balance("acct:SYN-H")


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with Town(tmp_path, "2026-11-18 09:00", [HE, POOR, CHILD], PLACES) as town:
        yield Day(town)


def bill(number: str, order_no: str, items: tuple[Wanted, ...] = ITEMS, **more: Any) -> Bill:
    """What the pharmacy rings up for an order."""
    lines = tuple(
        FeeLine(str(at), one.code, one.name, one.cnt * one.price_fen, str(one.cnt))
        for at, one in enumerate(items)
    )
    total = sum(line.amount_fen for line in lines)
    return Bill("delivery", number, total, lines, order_no=order_no, **more)


def takes_on(desk: Counter, bill_: Bill) -> Counter:
    assert desk.send(bill_, f"key-{bill_.bill_no}-{desk.calls}").status == 202
    return desk.serve()


def paid(day: Day, number: str = "B1", **changes: Any) -> str:
    order_no = day.orders(**changes)
    takes_on(day.east, bill(number, order_no)).sees("confirm").press("confirm").sees("settled")
    return order_no


def asks(desk: Counter, what: str, **body: Any) -> Any:
    """GET /v1/orders and its like."""
    desk.calls += 1
    call = desk.calls
    desk.post(e.Inquired(call, what, body))
    desk.serve()
    return desk.replies[call]


# -- as it should be -------------------------------------------------------------------------------
def test_every_status_and_event_is_a_row_or_has_its_reason() -> None:
    every = {(status, on) for status in Status for on in On}
    assert TABLE.keys() | NO.keys() == every and not TABLE.keys() & NO.keys()
    assert set(TABLE.values()) | {Status.PLACED} == set(Status)
    paid_states = {Status.PAID, Status.PICKED_UP, Status.DELIVERED, Status.SIGNED, Status.REJECTED}
    for (status, on), to in TABLE.items():  # money owed to nobody: only a refund ends what was paid
        if status in paid_states and to not in paid_states:
            assert (on, to) == (On.REFUND, Status.REFUNDED)
        assert on not in COURIER or status in paid_states | {Status.REJECTED}


def test_f16_ordered_taken_on_paid_by_the_account_brought_and_signed(day: Day) -> None:
    order_no = day.orders()
    (waiting,) = asks(day.east, "orders").body["orders"]
    assert (waiting["order_no"], waiting["status"], waiting["medfee_sumamt"]) == (order_no, "placed", "110.00")
    assert waiting["psn_name"] == "测**"
    assert asks(day.west, "orders").body["orders"] == []

    east = takes_on(day.east, bill("B1", order_no))
    assert day.status(order_no) is Status.ACCEPTED
    split = east.sees("confirm", choice=False).screen.fields["split"]
    assert (split["fund_pay_sumamt_fen"], split["acct_pay_fen"], split["psn_cash_pay_fen"]) == (0, 110_00, 0)
    east.press("confirm").sees("settled")
    assert day.money == 190_00 and dict(east.of("B1").slip)["slip.order_no"] == order_no

    for what, status in (("pick_up", "picked_up"), ("deliver", "delivered"), ("sign", "signed")):
        assert day.courier(order_no, what) == ""
        assert day.status(order_no) == status
        assert day.courier(order_no, what) == "", "said twice it stays as it is"
    assert day.courier(order_no, "reject") == "order_signed"
    assert asks(day.east, "orders").body["orders"] == []


def test_f16_rejected_at_the_door_the_account_is_restored_exactly_once(day: Day) -> None:
    order_no = paid(day)
    day.east.done()
    assert day.courier(order_no, "pick_up") == "" and day.courier(order_no, "reject") == ""
    (waiting,) = asks(day.east, "orders").body["orders"]
    assert (waiting["status"], waiting["signature"]) == ("rejected", "包装破损")
    assert day.east.undo("B1").of("B1").status is BillStatus.CANCELLED
    assert day.money == 300_00 and day.status(order_no) is Status.REFUNDED
    day.east.undo("B1")
    assert day.money == 300_00, "once"
    assert day.courier(order_no, "reject") == "order_refunded"


def test_f16_what_is_with_a_courier_is_not_taken_back(day: Day) -> None:
    order_no = paid(day)
    day.east.done()
    assert day.courier(order_no, "pick_up") == ""
    assert day.east.undo("B1").of("B1").status is BillStatus.SETTLED
    assert day.money == 190_00
    assert day.courier(order_no, "deliver") == "" and day.courier(order_no, "sign") == ""
    assert day.east.undo("B1").of("B1").status is BillStatus.SETTLED


# -- who may ---------------------------------------------------------------------------------------
def test_f16_the_pilot_is_eight_cities_and_twenty_five_pharmacies() -> None:
    found = pilot.pharmacies().values()
    assert len(found) == 25 and len({one.city for one in found}) == 8
    assert {"成都市", "德阳市", "广元市"} <= {one.city_name for one in found}


def test_f16_pharmacy_address_age_and_person_are_looked_at_before_anything_else(day: Day) -> None:
    assert day.refused(fixmedins_code="P51010009999") == "order_pharmacy"
    assert day.refused(city="510600") == "order_city"
    assert day.refused(address="  ") == "order_address"
    assert day.refused(psn_no="SYN-K") == "order_age"
    assert day.refused(psn_no="nobody") == "no_person"
    assert day.refused(items=(ITEMS[0], ITEMS[0])) == "order_malformed"


def test_f16_only_the_account_pays_and_only_what_it_may(day: Day) -> None:
    order_no = day.orders(psn_no="SYN-P")
    assert no(takes_on(day.east, bill("B1", order_no)).screen) == "balance_short"
    day.east.done()
    own = (Wanted("SYN-C-0001", "维生素片", 1, 20_00),)
    order_no = day.orders(items=own)
    assert no(takes_on(day.east, bill("B2", order_no, own)).screen) == "account_scope"
    reply = day.east.send(bill("B3", order_no, own, acct_used_flag="0"), "k3")
    assert (reply.status, reply.body["code"]) == (422, "E-TX-04")
    assert day.money == 300_00


def test_f16_the_fund_and_the_year_know_nothing_of_it(day: Day) -> None:
    before = day.east.balance(f"org:{EAST}")
    paid(day)
    assert day.east.of("B1").split is not None
    assert day.east.of("B1").split.fund_pay_sumamt_fen == 0
    assert day.east.balance(f"org:{EAST}") - before in (0, 110_00)


# -- bad input -------------------------------------------------------------------------------------
def test_f16_callbacks_before_the_order_and_before_it_is_paid(day: Day) -> None:
    assert day.courier("PH0000000009", "pick_up") == "order_none"
    assert day.courier("nonsense", "pick_up") == "order_none"
    order_no = day.orders()
    for what in SIGN:
        assert day.courier(order_no, what) == "order_not_accepted"
    takes_on(day.east, bill("B1", order_no))
    assert day.courier(order_no, "pick_up") == "order_not_paid"
    day.east.press("confirm").sees("settled")
    assert day.courier(order_no, "sign") == "order_paid"
    assert day.courier(order_no, "pick_up") == ""
    assert day.courier(order_no, "deliver", who="骑手二") == "order_courier"
    assert day.courier(order_no, "deliver") == ""
    assert day.courier(order_no, "sign", signature=" ") == "order_signature"


def test_f16_another_pharmacy_another_bill_and_an_order_that_is_paid(day: Day) -> None:
    order_no = day.orders()
    assert no(takes_on(day.west, bill("B1", order_no)).screen) == "order_none"
    less = (ITEMS[0],)
    assert no(takes_on(day.east, bill("B2", order_no, less)).screen) == "order_differs"
    day.east.done()
    takes_on(day.east, bill("B3", order_no)).press("confirm").sees("settled").done()
    assert no(takes_on(day.east, bill("B4", order_no)).screen) == "order_paid"
    assert day.money == 190_00


def test_f16_withdrawn_declined_and_forgotten_orders_cost_nothing(day: Day) -> None:
    now = day.east.now.utc_ms
    order_no = day.orders()
    assert day.east.at_centre(hub.withdraw, order_no, "SYN-P", now) == "order_none"
    assert day.east.at_centre(hub.withdraw, order_no, "SYN-H", now) == ""
    assert no(takes_on(day.east, bill("B1", order_no)).screen) == "order_withdrawn"
    day.east.done()
    order_no = day.orders()
    assert asks(day.east, "order.decline", order_no=order_no).status == 200
    assert asks(day.west, "order.decline", order_no=order_no).body["code"] == "E-HIS-62"
    assert no(takes_on(day.east, bill("B2", order_no)).screen) == "order_declined"
    day.east.done()
    order_no = day.orders()
    day.east.wait(31 * 60_000)
    assert no(takes_on(day.east, bill("B3", order_no)).screen) == "order_lapsed"
    assert day.money == 300_00


def test_f16_withdrawn_while_the_pharmacy_confirms(day: Day) -> None:
    order_no = day.orders()
    takes_on(day.east, bill("B1", order_no)).sees("confirm")
    assert day.east.at_centre(hub.withdraw, order_no, "SYN-H", day.east.now.utc_ms) == ""
    assert no(day.east.press("confirm").screen) == "rejected_order_withdrawn"
    assert day.money == 300_00


def test_f16_the_answer_is_lost_and_the_account_pays_once(day: Day) -> None:
    order_no = day.orders()
    takes_on(day.east, bill("B1", order_no)).sees("confirm")
    day.east.lost = "after"
    day.east.press("confirm")
    day.east.wait(9_000)
    assert day.east.of("B1").status is BillStatus.CONFIRMING and day.money == 190_00
    day.east.catch_up()
    assert day.east.of("B1").status is BillStatus.SETTLED and day.money == 190_00
    assert day.status(order_no) is Status.PAID


def test_f16_without_the_network_no_order_is_taken_on(day: Day) -> None:
    order_no = day.orders()
    link_lost(day.east)
    takes_on(day.east, bill("B1", order_no))
    assert no(day.east.screen) == "offline_order"
    assert asks(day.east, "orders").status == 503


@pytest.mark.parametrize("data", [b"", b"{}", b'{"psn_no": 5}', b"[" * 3000, b'"' + b"x" * 20_000 + b'"'])
def test_f16_what_is_no_order_and_no_report_is_refused_with_a_code(data: bytes) -> None:
    for read in (hub.read_wish, hub.read_report):
        with pytest.raises(EdgeError) as caught:
            read(data)
        assert caught.value.code == "E-WIR-20"


# -- over the wire ---------------------------------------------------------------------------------
def phoned(day: Day, code: str, **changes: Any) -> bytes:
    said = {
        "code": code, "fixmedins_code": EAST, "city": "510100", "address": "成都市测试路1号2栋301",
        "receiver": "何测试", "tel": "13000000000",
        "items": [msgspec.to_builtins(item) for item in ITEMS],
    }  # fmt: skip
    return msgspec.json.encode(said | changes)


def test_f16_the_phone_over_http_proves_its_owner_and_is_one_order_however_often_it_calls(
    day: Day,
) -> None:
    served = Served(Door(day.town.centre, sm2.generate()[0])).start()
    now = time.time_ns() // 1_000_000  # this door has the machine's own clock
    people_ = day.town.centre.store
    code = people.issue_code(people_, "SYN-H", now)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", trust_env=False) as phone:
            body = phoned(day, code)
            first, again = (phone.post("/hub/order", content=body) for _ in range(2))
            assert first.status_code == again.status_code == 200 and first.json() == again.json()
            assert first.json()["medfee_sumamt"] == "110.00"
            number = first.json()["order_no"]
            other = phone.post("/hub/order", content=phoned(day, code, tel="1"))
            assert (other.status_code, other.json()["code"]) == (422, "code_used")
            said = msgspec.json.encode({"order_no": number, "what": "sign", "courier": "c", "signature": "x"})
            early = phone.post("/hub/courier", content=said)
            assert (early.status_code, early.json()["code"]) == (422, "order_not_accepted")
            theirs = people.issue_code(people_, "SYN-P", now)
            take = msgspec.json.encode({"order_no": number, "code": theirs})
            assert phone.post("/hub/withdraw", content=take).json()["code"] == "order_none"
            mine = msgspec.json.encode({"order_no": number, "code": people.issue_code(people_, "SYN-H", now)})
            assert phone.post("/hub/withdraw", content=mine).status_code == 200
            assert phone.post("/hub/order", content=b"[" * 2000).json()["code"] == "E-WIR-20"
            assert phone.post("/hub/nothing", content=b"{}").status_code == 404
    finally:
        served.stop()
