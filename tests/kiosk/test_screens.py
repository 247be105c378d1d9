"""Every screen in both languages at four sizes: measured as old eyes and hands would."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.http.scripted import ScriptedPort
from tests.kiosk.conftest import SCREENS, put
from tests.kiosk.states import LANGS, SIZES, STATES
from tests.kiosk.test_texts import TEXTS

MEASURE = (Path(__file__).parent / "measure.js").read_text()
WHERE = "(all) => all.map((q) => JSON.stringify(document.querySelector(q).getBoundingClientRect()))"
DRAWN = "800x480"  # the tightest; portrait is drawn too


def measure(page: Page, what: str) -> list[str]:
    return [f"{what}: {finding}" for finding in page.evaluate(MEASURE)["found"]]


def speak(page: Page, lang: str) -> None:
    """The page goes back to the place's language when nobody is there; the patient switches again."""
    if page.evaluate("document.documentElement.lang") != lang:
        page.click("nav .lang")
    assert page.evaluate("document.documentElement.lang") == lang


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("half", [0, 1])
def test_every_screen_reads_well_at_every_size(
    page: Page, port: ScriptedPort, base: str, lang: str, half: int
):
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.goto(f"{base}/?lang={lang}")
    findings: list[str] = []
    for visit, (name, (screen, left_ms, fields)) in enumerate(
        list(STATES.items())[half::2], start=1
    ):
        put(page, port, screen, visit, left_ms, **fields)
        speak(page, lang)
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            findings += measure(page, f"{name} {lang} {size}")
            if size in (DRAWN, "800x1280"):
                page.screenshot(path=SCREENS / f"{name}.{lang}.{size}.png")
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("lang", LANGS)
def test_help_and_the_lost_link_read_well_at_every_size(
    page: Page, port: ScriptedPort, base: str, lang: str
):
    page.goto(f"{base}/?lang={lang}")
    put(
        page, port, "refused", 1, 60_000, code="liveness_failed", next_steps=["use_code"], detail={}
    )
    page.click("nav .help")
    findings: list[str] = []
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        findings += [text for text in measure(page, f"help {lang} {size}") if "covered" not in text]
        page.screenshot(path=SCREENS / f"help.{lang}.{size}.png")
    assert "liveness_failed" in page.inner_text("#help")
    assert not findings, "\n".join(findings)


def test_the_frame_stays_where_it_is_from_screen_to_screen(page: Page, port: ScriptedPort):
    frame = ["#top", "#strip", "#foot", "nav .lang", "nav .help"]
    seen = set()
    for visit, (screen, left_ms, fields) in enumerate(STATES.values(), start=1):
        if screen in ("idle", "out_of_service"):
            continue  # nothing to press: they have no foot
        put(page, port, screen, visit, left_ms, **fields)
        seen.add(tuple(page.evaluate(WHERE, frame)))
    assert len(seen) == 1


def test_guidance_that_comes_and_goes_moves_nothing(page: Page, port: ScriptedPort):
    parts = [".figure", ".dots", ".others"]
    seen = set()
    for problem in (None, "off_centre", "too_dark", None):
        put(
            page,
            port,
            "challenge",
            1,
            6_000,
            step="turn_left",
            index=0,
            count=2,
            done=[],
            problem=problem,
        )
        said = [TEXTS["zh-CN"][f"problem.{problem}"]] if problem else []
        expect(page.locator(".note.warn")).to_have_text(said)
        seen.add(tuple(page.evaluate(WHERE, parts)))
    assert len(seen) == 1


def test_reduced_motion_stops_every_movement_and_normal_motion_shows_it(
    browser, base: str, port: ScriptedPort
):
    for motion, moving in (("reduce", False), ("no-preference", True)):
        page = browser.new_page(reduced_motion=motion)
        page.goto(base)
        page.wait_for_selector("body[data-screen]")
        put(
            page,
            port,
            "challenge",
            1,
            6_000,
            step="turn_left",
            index=0,
            count=1,
            done=[],
            problem=None,
        )
        count = page.evaluate(
            "document.getAnimations().filter(a => a.playState === 'running').length"
        )
        assert (count > 0) is moving
        page.close()
