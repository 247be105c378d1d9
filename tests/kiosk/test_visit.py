"""A whole visit before the real Terminal: pressed in the browser, decided by the core."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import msgspec
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from edge.core import events as e
from edge.core.types import Outcome
from tests.flows import kit
from tests.http.real import RealPort
from tests.http.scripted import serving
from tests.kiosk.conftest import SCREENS
from tests.kiosk.test_screens import measure


@pytest.fixture
def real() -> RealPort:
    desk = kit.Desk(kit.policy("P1"))
    desk.post(e.LinkUp())
    desk.answer()
    return RealPort(desk)


@pytest.fixture
def his(real: RealPort, context: BrowserContext) -> Iterator[httpx.Client]:
    with serving(real) as base, httpx.Client(base_url=base, timeout=20, trust_env=False) as client:
        yield client
        for page in context.pages:
            page.close()


def begin(context: BrowserContext, his: httpx.Client) -> tuple[Page, str]:
    page = context.new_page()
    page.goto(str(his.base_url))
    at(page, "idle")
    answer = his.post(
        "/v1/bills", json=msgspec.to_builtins(kit.bill()), headers={"Idempotency-Key": "k"}
    )
    return page, answer.json()["bill_id"]


def at(page: Page, screen: str) -> None:
    expect(page.locator("body")).to_have_attribute("data-screen", screen)
    assert page.locator("#main h1").count() == 1
    assert not [text for text in measure(page, screen) if "covered" not in text]


def test_a_card_pays_a_bill_from_the_first_press_to_the_settled_screen(
    context, his, real: RealPort
):
    page, bill_id = begin(context, his)
    at(page, "ways")
    page.click("[data-key=way-face]")
    at(page, "look")
    page.click("[data-key=way-card]")  # by way of the core's "other_way", one press for the patient
    at(page, "card")
    real.do(lambda desk: desk.post(e.CardRead("A1234567")))
    at(page, "working")
    real.do(lambda desk: desk.tell("1101", {"authNo": "a1", "people": [kit.PERSON, kit.CHILD]}))
    at(page, "whom")
    page.click("[data-key=person-0]")
    at(page, "working")
    real.do(lambda desk: desk.tell("2206", {"setlinfo": kit.split_of(kit.bill())}))
    at(page, "confirm")
    you = real.do(lambda desk: desk.screen.fields["split"]["psn_cash_pay_fen"])
    expect(page.locator(".you strong")).to_have_text(f"¥{you // 100}.{you % 100:02d}")
    page.click("[data-key=go]")
    at(page, "working")
    assert his.get(f"/v1/bills/{bill_id}").json()["status"] == "working"
    real.do(
        lambda desk: desk.answer(
            (
                1,
                Outcome.SETTLED,
                {"results": [{"infno": "2207", "output": {"setlinfo": kit.split_of(kit.bill())}}]},
            )
        )
    )
    page.wait_for_function(
        "() => ['settled', 'refused', 'confirming'].includes(document.body.dataset.screen)"
    )
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / "real-result.zh-CN.1024x600.png")
    at(page, "settled")
    assert his.get(f"/v1/bills/{bill_id}?wait=30").json()["status"] == "settled"
    page.click("[data-key=go]")
    at(page, "idle")


def test_stopping_says_that_nothing_was_taken(context, his):
    page, bill_id = begin(context, his)
    at(page, "ways")
    page.click("[data-key=cancel]")
    at(page, "refused")
    expect(page.locator("#main")).to_contain_text("医保没有扣款")
    assert his.get(f"/v1/bills/{bill_id}").json()["refusal"]["code"] == "cancelled"


def test_offline_the_strip_counts_and_the_confirm_says_who_decides(context, his, real: RealPort):
    real.do(lambda desk: desk.post(e.LinkLost("E-NET-01")))
    page, _ = begin(context, his)
    at(page, "ways")
    expect(page.locator("#strip.down")).to_contain_text("还可受理")
    page.click("[data-key=way-card]")
    at(page, "card")
    expect(page.locator("#main")).to_contain_text("网络中断")
    real.do(lambda desk: desk.post(e.CardRead("A1234567")))
    at(page, "look")
