"""What the page does: presses, language, help, time left, a lost link."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from edge.core.events import Pressed
from tests.http.scripted import ScriptedPort, serving
from tests.kiosk.conftest import put
from tests.kiosk.samples import CONFIRM, PEOPLE
from tests.kiosk.states import STATES


def presses(port: ScriptedPort) -> list[Pressed]:
    return [event for event in port.events if isinstance(event, Pressed)]


def wait_presses(page: Page, port: ScriptedPort, *wanted: Pressed) -> None:
    for _ in range(200):
        if len(presses(port)) >= len(wanted):
            break
        page.wait_for_timeout(20)
    assert presses(port) == list(wanted)


@pytest.mark.parametrize(
    ("state", "key", "button", "value"),
    [
        ("ways", "way-face", "face", "zh-CN"),
        ("ways", "way-qr", "qr", ""),
        ("ways", "way-card", "card", ""),
        ("ways", "cancel", "cancel", ""),
        ("look", "cancel", "cancel", ""),
        ("challenge-left", "cancel", "cancel", ""),
        ("code", "back", "other_way", ""),
        ("card", "back", "other_way", ""),
        ("whom", "person-1", "choose", "1"),
        ("whom", "cancel", "cancel", ""),
        ("confirm", "go", "confirm", "online.1"),
        ("confirm", "cancel", "cancel", ""),
        ("settled", "go", "done", ""),
        ("provisional", "go", "done", ""),
        ("confirming", "go", "done", ""),
        ("refused-liveness", "go", "done", ""),
    ],
)
def test_a_button_posts_its_event_with_the_visit(
    page: Page, port: ScriptedPort, state, key, button, value
):
    screen, left_ms, fields = STATES[state]
    put(page, port, screen, 7, left_ms, **fields)
    page.click(f"[data-key={key}]")
    wait_presses(page, port, Pressed(button, value, 7))


def test_a_password_is_masked_and_leaves_the_page_once_when_it_is_whole(
    page: Page, port: ScriptedPort
):
    screen, left_ms, fields = STATES["password"]
    put(page, port, screen, 7, left_ms, **fields)
    for key in "13":
        page.click(f"[data-key=pin-{key}]")
    page.click("[data-key=pin-delete]")
    for key in "35246":
        page.click(f"[data-key=pin-{key}]")
    text = page.locator("main .dots").inner_text() + page.locator("#say").inner_text()
    assert not any(digit in text for digit in "1352"), "nobody behind them reads it"
    page.click("[data-key=pin-go]")
    wait_presses(page, port, Pressed("password", "135246", 7))
    assert "135246" not in page.content()


def test_a_hasty_double_press_posts_once(page: Page, port: ScriptedPort):
    put(page, port, "confirm", 3, 60_000, **CONFIRM)
    page.evaluate(
        "const b = document.querySelector('[data-key=go]'); b.click(); b.click(); b.click()"
    )
    page.wait_for_timeout(200)
    wait_presses(page, port, Pressed("confirm", "online.1", 3))


@pytest.mark.parametrize(
    ("state", "way"),
    [("look", "qr"), ("look", "card"), ("challenge-left", "qr"), ("code", "card"), ("card", "qr")],
)
def test_code_and_card_are_one_press_away_while_identifying(
    page: Page, port: ScriptedPort, state, way
):
    screen, left_ms, fields = STATES[state]
    put(page, port, screen, 5, left_ms, **fields)
    page.click(f"[data-key=way-{way}]")
    wait_presses(page, port, Pressed("other_way", "", 5))
    put(page, port, "ways", 5, 60_000, kind="settle", amount_fen=1, ways=["face", "qr", "card"])
    wait_presses(page, port, Pressed("other_way", "", 5), Pressed(way, "", 5))


def test_a_wish_for_another_way_does_not_outlive_its_visit(page: Page, port: ScriptedPort):
    put(page, port, "look", 5, 30_000, problem=None, tries_left=3)
    page.click("[data-key=way-qr]")
    wait_presses(page, port, Pressed("other_way", "", 5))
    put(page, port, "ways", 6, 60_000, kind="settle", amount_fen=1, ways=["face", "qr", "card"])
    page.wait_for_timeout(200)
    wait_presses(page, port, Pressed("other_way", "", 5))


def test_nine_people_are_reached_by_pages(page: Page, port: ScriptedPort):
    people = [{"value": str(i), "name": f"王*{i}", "relation": "本人"} for i in range(9)]
    put(page, port, "whom", 2, 30_000, people=people)
    reached = set()
    for _ in range(3):
        reached |= {b.get_attribute("data-key") for b in page.query_selector_all(".people button")}
        page.click("[data-key=more]")
    assert reached == {f"person-{i}" for i in range(9)}


def test_the_language_switches_on_every_screen_and_returns_for_the_next_patient(
    page: Page, port: ScriptedPort
):
    put(page, port, "look", 1, 30_000, problem=None, tries_left=3)
    page.click("nav .lang")
    expect(page.locator("main h1")).to_have_text("Look at the camera")
    assert page.get_attribute("html", "lang") == "en"
    put(
        page,
        port,
        "settled",
        1,
        8_000,
        outcome="settled",
        split=CONFIRM["split"],
        slip=[],
        difference_fen=0,
    )
    expect(page.locator("main h1")).to_have_text("Settled")
    put(page, port, "idle", 1)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


def test_help_opens_closes_and_posts_nothing(page: Page, port: ScriptedPort):
    put(page, port, "confirm", 1, 60_000, **CONFIRM)
    page.click("nav .help")
    expect(page.locator("#help")).to_be_visible()
    assert "t-0001" in page.inner_text("#help")
    page.click("#help [data-key=close]")
    expect(page.locator("#help")).to_be_hidden()
    assert not presses(port)


def test_tab_goes_through_the_page_as_it_is_read(page: Page, port: ScriptedPort):
    put(page, port, "ways", 1, 60_000, kind="settle", amount_fen=1, ways=["face", "qr", "card"])
    page.evaluate("document.activeElement.blur()")
    order = []
    for _ in range(6):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.dataset.key"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert order == ["lang", "help", "way-face", "way-qr", "way-card", "cancel"]


def test_the_focus_survives_a_change_of_guidance(page: Page, port: ScriptedPort):
    put(page, port, "look", 1, 30_000, problem=None, tries_left=3)
    page.focus("[data-key=way-card]")
    port.show("look", 1, 30_000, problem="too_dark", tries_left=3)
    expect(page.locator("main h1")).to_have_text("光线太暗，请面向亮处")
    assert page.evaluate("document.activeElement.dataset.key") == "way-card"


def test_the_time_left_is_seen_and_heard(page: Page, port: ScriptedPort):
    put(page, port, "confirm", 1, 12_000, **CONFIRM)
    expect(page.locator(".countdown b")).to_have_text(re.compile(r"^(1[0-2]|[1-9]) 秒$"))
    expect(page.locator("#left")).to_have_text(re.compile(r"^还剩 (10|5) 秒$"))
    assert page.get_attribute("#left", "aria-live") == "polite"
    put(page, port, "idle", 1)
    expect(page.locator(".countdown")).to_have_css("visibility", "hidden")


def test_a_screen_is_announced(page: Page, port: ScriptedPort):
    put(page, port, "look", 1, 30_000, problem="too_dark", tries_left=3)
    expect(page.locator("#say")).to_have_text("光线太暗，请面向亮处")
    assert page.get_attribute("#say", "aria-live") == "polite"


def test_names_are_text_and_never_markup(page: Page, port: ScriptedPort):
    evil = "<img src=x onerror=\"document.title='owned'\">"
    put(page, port, "whom", 1, 30_000, people=[{"value": "0", "name": evil, "relation": evil}])
    assert evil in page.inner_text(".people")
    assert page.query_selector("main img") is None


def test_an_unknown_screen_says_out_of_service(page: Page, port: ScriptedPort):
    put(page, port, "hologram", 1)
    expect(page.locator("main h1")).to_have_text("暂停服务")


def test_money_is_exact_for_any_amount_of_fen(page: Page):
    wanted = {
        "0": "¥0.00",
        "5": "¥0.05",
        "100": "¥1.00",
        "123456": "¥1,234.56",
        "-5": "-¥0.05",
        "-100000": "-¥1,000.00",
        "900719925474099312": "¥9,007,199,254,740,993.12",
    }
    got = page.evaluate(
        "async (k) => k.map((await import('/static/js/money.js')).yuan)",
        list(wanted),
    )
    assert got == list(wanted.values())


def test_a_lost_link_covers_the_screen_and_comes_back(page: Page):
    port = ScriptedPort()
    with serving(port) as base:
        page.goto(base)
        page.wait_for_selector("body[data-screen=idle]")
        put(page, port, "confirm", 4, 60_000, **CONFIRM)
        number = int(base.rpartition(":")[2])
    expect(page.locator("#cover h1")).to_have_text("屏幕正在重新连接")
    assert page.evaluate(
        "document.getElementById('main').inert && document.getElementById('foot').inert"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_request("**/kiosk/events"):  # it looks for its server again, and there is none
        page.locator("[data-key=go]").dispatch_event("click")
    assert not [url for url in asked if url.endswith("/kiosk/press")]
    again = ScriptedPort()
    with serving(again, number):
        expect(page.locator("#cover")).to_be_hidden()
        expect(page.locator("body")).to_have_attribute("data-screen", "idle")
        assert not presses(again)
        page.goto("about:blank")


def test_the_page_asks_nobody_but_the_terminal(context, base: str, port: ScriptedPort):
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(base)
    page.wait_for_selector("body[data-screen]")
    put(page, port, "whom", 1, 30_000, people=PEOPLE)
    assert asked
    assert all(url.startswith((base, "data:")) for url in asked)
    page.close()
