"""The staff's page: every state in both languages at two sizes, and a task closed by hand on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from edge.core.books import tasks
from edge.core.events import ReviewArrived, TaskCloseArrived
from edge.core.types import Bill, BillState, BillStatus, FeeLine, Outcome, TaskStatus
from edge.http.kiosk import STATIC
from tests.flows.test_offline import desk, offline_visit
from tests.flows.test_tasks import back, receipt
from tests.http.real import RealPort
from tests.http.scripted import ScriptedPort, serving
from tests.kiosk.conftest import EXPECTED, PATIENCE_MS, SCREENS
from tests.kiosk.desk_states import RX_BILL, STATES
from tests.kiosk.test_texts import texts

MEASURE = (Path(__file__).parent / "measure.js").read_text()
LIMITS = {"text": 16, "small": 16, "target": 44, "scrolls": True}
SIZES = {"1280x800": (1280, 800), "800x480": (800, 480)}
LANGS = ("zh-CN", "en")
TEXTS = {lang: texts(f"desk/{lang}") for lang in LANGS}
SOURCES = "\n".join(path.read_text() for path in (STATIC / "js" / "desk").glob("*.js"))


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab of the staff's; any complaint of the browser fails the test."""
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert not [text for text in complaints if not any(known in text for known in EXPECTED)]


def put(page: Page, port: ScriptedPort, base: str, state: str, lang: str) -> None:
    port.said, listed = STATES[state]
    port.bills[RX_BILL.bill_id] = RX_BILL
    port.work = {task.task_id: task for task in listed}
    page.goto(f"{base}/desk?lang={lang}")
    page.wait_for_selector(f"body[data-tasks='{len(listed)}']")


def measure(page: Page, what: str) -> list[str]:
    return [f"{what}: {finding}" for finding in page.evaluate(MEASURE, LIMITS)["found"]]


# -- how it looks ----------------------------------------------------------------------------------
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("state", STATES)
def test_every_state_reads_well_at_both_sizes(
    tab: Page, port: ScriptedPort, base: str, state: str, lang: str
):
    SCREENS.mkdir(parents=True, exist_ok=True)
    findings: list[str] = []
    for size, (width, height) in SIZES.items():
        tab.set_viewport_size({"width": width, "height": height})
        put(tab, port, base, state, lang)
        findings += measure(tab, f"{state} {lang} {size}")
        tab.screenshot(path=SCREENS / f"desk-{state}.{lang}.{size}.png")
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("lang", LANGS)
def test_the_closing_reads_well_at_both_sizes(tab: Page, port: ScriptedPort, base: str, lang: str):
    findings: list[str] = []
    for size, (width, height) in SIZES.items():
        tab.set_viewport_size({"width": width, "height": height})
        put(tab, port, base, "busy", lang)
        tab.click("[data-key='t7-other']")
        tab.click("[data-key='send']")  # without a name: it says so
        assert tab.inner_text("dialog .again") == TEXTS[lang]["desk.close.operator.missing"]
        findings += measure(tab, f"close {lang} {size}")
        tab.screenshot(path=SCREENS / f"desk-close.{lang}.{size}.png")
    assert not findings, "\n".join(findings)


def test_a_page_that_is_too_small_is_found(tab: Page, port: ScriptedPort, base: str):
    """The measure can fail."""
    put(tab, port, base, "busy", "en")
    tab.add_script_tag(url=f"{base}/static/js/dom.js", type="module")
    tab.evaluate("document.querySelector('.task h3').style.fontSize = '9px'")
    assert any("text too small" in finding for finding in measure(tab, "spoiled"))


# -- texts -----------------------------------------------------------------------------------------
def test_both_languages_say_the_same_and_everything_that_can_come_has_a_text():
    zh, en = TEXTS.values()
    assert set(zh) == set(en)
    for key in zh:
        assert zh[key].strip() and en[key].strip(), key
        assert set(re.findall(r"\{(\w+)\}", zh[key])) == set(re.findall(r"\{(\w+)\}", en[key])), key
    undone = {kind for kind, rule in tasks.KINDS.items() if rule.hows}
    wanted = {f"desk.kind.{kind}" for kind in undone} | {f"desk.kind.{kind}.line" for kind in undone}
    wanted |= {f"desk.how.{how}" for how in tasks.HOWS}
    wanted |= set(re.findall(r'\bt(?:Or)?\("([\w.-]+)"', SOURCES))
    assert wanted - set(en) == set()
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"//.*|/\*.*?\*/", "", SOURCES))


# -- what it does ----------------------------------------------------------------------------------
def test_amounts_are_read_as_fen_without_a_fraction_lost(tab: Page, base: str):
    tab.goto(f"{base}/desk")
    read = """async (texts) => { const { fen } = await import("/static/js/desk/close.js"); return texts.map(fen); }"""
    said = ["12.34", "0.1", "5", " 7.05 ", "1.", "", "-1", "1.234", "１２", "1e3", "12345678.99"]
    assert tab.evaluate(read, said) == [
        1234, 10, 500, 705, None, None, None, None, None, None, 1_234_567_899,
    ]  # fmt: skip


def test_a_free_amount_is_typed_and_sent_once(tab: Page, port: ScriptedPort, base: str):
    put(tab, port, base, "busy", "en")
    tab.click("[data-key='t7-other']")
    tab.select_option("#how", "collected")
    tab.fill("#operator", "Nurse Zhang")
    tab.fill("#amount", "abc")
    tab.click("[data-key='send']")
    assert tab.inner_text("dialog .again") == TEXTS["en"]["desk.close.amount.wrong"]
    tab.fill("#amount", "12.3")
    tab.click("[data-key='send']")
    tab.wait_for_selector("[data-task='t7'].closing")
    (said,) = [event for event in port.events if isinstance(event, TaskCloseArrived)]
    assert (said.how, said.amount_fen, said.operator) == ("collected", 12_30, "Nurse Zhang")


def test_a_pharmacist_says_no_with_a_name_and_a_reason(tab: Page, port: ScriptedPort, base: str):
    put(tab, port, base, "review", "en")
    assert "阿莫西林胶囊" in tab.inner_text("[data-panel=review]")
    tab.click("[data-key='review-no']")
    tab.fill("#operator", "Zhao")
    tab.click("[data-key='send']")
    assert tab.inner_text("dialog .again") == TEXTS["en"]["desk.review.reason.missing"]
    tab.fill("#reason", "dose too high")
    tab.click("[data-key='send']")
    tab.wait_for_selector("dialog:not([open])", state="attached")
    (said,) = [event for event in port.events if isinstance(event, ReviewArrived)]
    assert (said.bill_id, said.passed, said.operator, said.reason) == (
        RX_BILL.bill_id, False, "Zhao", "dose too high",
    )  # fmt: skip


def test_a_frozen_terminal_offers_no_closing(tab: Page, port: ScriptedPort, base: str):
    put(tab, port, base, "frozen", "en")
    assert tab.locator(".task .acts .go:enabled").count() == 0
    assert "E-TSK-22" in tab.inner_text("[data-panel=stops]")


def test_the_claim_is_printed_from_the_page(tab: Page, port: ScriptedPort, base: str):
    put(tab, port, base, "busy", "zh-CN")
    bill = Bill("settle", "B-4", 100_00, (FeeLine("1", "A1", "阿莫西林", 100_00),))
    port.bills["b1"] = BillState("b1", bill, BillStatus.REJECTED, 1, 0, 0)
    tab.evaluate(  # () => {...}: an expression whose value is a function is called at once
        "() => { window.print = () => { window.printed = document.getElementById('paper').innerText;"
        " document.body.dataset.printed = '1'; }; }"
    )
    assert not tab.evaluate("window.printed")
    tab.click("[data-key='t4-claim']")
    tab.wait_for_selector("body[data-printed]", state="attached")  # the page's CSP lets nobody eval
    assert "手工报销" in tab.evaluate("window.printed") and "阿莫西林" in tab.evaluate("window.printed")
    assert not tab.is_visible("#paper")


def test_the_page_says_that_it_is_old_when_the_terminal_is_gone(tab: Page):
    port = ScriptedPort()
    with serving(port) as base:
        put(tab, port, base, "calm", "en")
    tab.wait_for_selector("#bar:not([hidden])")
    assert tab.inner_text("#bar") == TEXTS["en"]["desk.lost"]


def test_with_a_token_the_page_asks_for_it_and_keeps_it_in_this_tab(tab: Page):
    port = ScriptedPort("secret")
    with serving(port) as base:
        port.said, _ = STATES["calm"]
        tab.goto(f"{base}/desk?lang=en")
        tab.fill("#token", "wrong")
        tab.click("[data-key='token-go']")
        tab.wait_for_selector("#token")
        tab.fill("#token", "secret")
        tab.click("[data-key='token-go']")
        tab.wait_for_selector("body[data-tasks='0']")
        assert httpx.get(f"{base}/v1/tasks", trust_env=False).status_code == 401


def test_a_rejected_bill_is_worked_off_by_hand_at_the_real_terminal(tab: Page):
    port = RealPort(back(offline_visit(desk(), "N1"), Outcome.REJECTED, code="suspended"))
    with serving(port) as base:
        tab.goto(f"{base}/desk?lang=en")
        tab.wait_for_selector("[data-panel=blocked]")
        assert "¥60.00" in tab.inner_text(".task .amount")
        tab.click(".task .go")
        tab.fill("#operator", "Nurse Zhang")
        tab.click("[data-key='send']")
        tab.wait_for_selector(".task.closing")
        port.do(receipt)
        tab.wait_for_selector("body[data-tasks='0']")
        assert tab.locator("[data-panel=blocked]").count() == 0
        (task,) = port.do(lambda d: d.tasks())
        assert (task.status, task.closing.operator) == (TaskStatus.CLOSED, "Nurse Zhang")
