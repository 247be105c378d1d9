from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.http.scripted import ScriptedPort, serving

CHROMIUM = "/usr/bin/chromium"  # from apt, see sim/setup
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXPECTED = ("ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE_CHUNKED", "Failed to load")
PATIENCE_MS = 60_000  # a hang guard, not a measurement
expect.set_options(timeout=PATIENCE_MS)
SCREENS = Path(__file__).parents[2] / ".facepay" / "screens"


# Playwright's event loop runs as long as the browser does: longer than the file, it would stand in the way of every other test
# of this worker that wants a loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS, timeout=2 * PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[ScriptedPort, str]]:
    """One server for all: starting and stopping one per test would be most of the time."""
    port = ScriptedPort()
    with serving(port) as address:
        yield port, address


@pytest.fixture
def port(served: tuple[ScriptedPort, str]) -> ScriptedPort:
    served[0].events.clear()
    served[0].show("idle", 0)
    return served[0]


@pytest.fixture
def base(served: tuple[ScriptedPort, str], port: ScriptedPort) -> str:
    return served[1]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1024, "height": 600}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """One tab and its complaints, used by one test after the other."""
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield page, complaints
    context.close()


@pytest.fixture
def page(tab: tuple[Page, list[str]], base: str) -> Iterator[Page]:
    """The page in Chinese, connected; any complaint of the browser fails the test."""
    page, complaints = tab
    complaints.clear()
    page.set_viewport_size({"width": 1024, "height": 600})
    page.goto(base)
    page.wait_for_selector("body[data-screen=idle]")
    yield page
    page.goto("about:blank")
    assert not [text for text in complaints if not any(known in text for known in EXPECTED)]


def put(
    page: Page, port: ScriptedPort, name: str, visit: int = 1, left_ms: int = 0, **fields: object
) -> None:
    """Show a screen and wait until the page has it."""
    port.show(name, visit, left_ms, **fields)
    page.wait_for_function(
        "([s, v]) => document.body.dataset.screen === s && document.body.dataset.visit === v",
        arg=[name, str(visit)],
    )
