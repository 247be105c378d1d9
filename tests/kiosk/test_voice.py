"""The voice: each prompt of the core is asked to be spoken, by the real page in a real Chromium whose
speech is replaced by one that writes down (a headless browser has no voices)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from edge.core.effects import Show, Speak
from edge.core.visit import screens
from edge.drivers.vision import checks
from edge.http.kiosk import STATIC
from tests.http.scripted import SETTINGS, ScriptedPort
from tests.kiosk.conftest import SCREENS, put
from tests.kiosk.samples import CONFIRM
from tests.kiosk.test_texts import CODES, TEXTS

LOOK: dict[str, Any] = {"problem": None, "tries_left": 3}
ROOM_MS = 400  # what was to be said is said by then, and what was not is not
RECORDER = """
window.heard = { said: [], ended: [], now: null, asked: 0 };
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices() { heard.asked += 1; return window.voices ?? []; },
  speak(one) {
    heard.said.push({ text: one.text, lang: one.lang, rate: one.rate, voice: one.voice?.name,
                      waits: heard.now !== null });
    heard.now = one.text;
  },
  cancel() { if (heard.now !== null) heard.ended.push(heard.now); heard.now = null; },
} });
"""
MUTE = """
Object.defineProperty(window, "speechSynthesis", { value: undefined });
delete window.SpeechSynthesisUtterance;
"""
VOICES = """window.voices = [
  { name: "far", lang: "zh-CN", localService: false }, { name: "yue", lang: "yue", localService: true },
  { name: "near", lang: "cmn", localService: true }, { name: "uk", lang: "en-GB", localService: true }];"""


def prompt(name: str, **fields: object) -> str:
    """What the core has said to this screen."""
    (key,) = [e.key for e in screens.beside(Show(name, 1, fields)) if isinstance(e, Speak)]
    return key


def gates() -> dict[str, tuple[str, dict[str, Any]]]:
    """Every word of guidance: its prompt -> the screen that it belongs to."""
    named = {"spoof_score", *checks.says(), *CODES["problems"]}
    found = {prompt("look", problem=one): ("look", LOOK | {"problem": one}) for one in sorted(named)}
    for step in CODES["steps"]:
        field = {"step": step, "index": 0, "count": 2, "done": [], "problem": None}
        found[prompt("challenge", **field)] = ("challenge", field)
        if step.startswith("dot_"):
            found[prompt("challenge", **field, home=True)] = ("challenge", field | {"home": True})
    for key in TEXTS["en"]:
        if key.startswith("say.code."):
            field = {"problem": key.removeprefix("say.code.")}
            found[prompt("code", **field)] = ("code", field)
    return found


@pytest.fixture
def speaking(browser: Browser, base: str) -> Iterator[Page]:
    """The page in Chinese, with a browser that writes down what it would say."""
    yield from opened(browser, base, RECORDER)


def opened(browser: Browser, base: str, *scripts: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1024, "height": 600}, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    for script in scripts:
        context.add_init_script(script)
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(base)
    page.wait_for_selector("body[data-screen=idle]")
    yield page
    context.close()
    assert not broken


def said(page: Page) -> list[dict[str, Any]]:
    page.wait_for_timeout(ROOM_MS)
    heard: list[dict[str, Any]] = page.evaluate("heard.said")
    return heard


def until_said(page: Page, text: str) -> None:
    page.wait_for_function("(text) => heard.now === text", arg=text)


@pytest.mark.parametrize("lang", TEXTS)
def test_every_gate_speaks_and_writes_its_own_guidance_in_both_languages(
    speaking: Page, port: ScriptedPort, lang: str
) -> None:
    if lang != "zh-CN":
        put(speaking, port, "ways", 1, 60_000, ways=["face"])
        speaking.click("nav .lang")
    wanted = gates()
    assert len(wanted) >= len(checks.says()) + len(CODES["steps"])
    for visit, (key, (screen, fields)) in enumerate(wanted.items(), start=1):
        put(speaking, port, screen, visit, 30_000, **fields)
        port.speak(key)
        until_said(speaking, TEXTS[lang][key])
        expect(speaking.locator("#say")).to_contain_text(TEXTS[lang][key])
    heard = speaking.evaluate("heard.said")
    assert [one["text"] for one in heard] == [TEXTS[lang][key] for key in wanted]
    assert {one["lang"] for one in heard} == {lang}
    assert all(0.5 <= one["rate"] < 1 for one in heard), "old people: slowly"
    assert not any(one["waits"] for one in heard), "nothing ever waits its turn"


def test_the_newest_guidance_ends_the_one_before(speaking: Page, port: ScriptedPort) -> None:
    zh = TEXTS["zh-CN"]
    put(speaking, port, "look", 1, 30_000, **LOOK)
    port.speak("say.look")
    until_said(speaking, zh["say.look"])
    for problem in ("too_dark", "too_small"):  # the first of them is gone again at once
        port.speak(f"say.look.{problem}")
    until_said(speaking, zh["say.look.too_small"])
    assert [one["text"] for one in said(speaking)] == [zh["say.look"], zh["say.look.too_small"]]
    assert speaking.evaluate("heard.ended") == [zh["say.look"]]


def test_what_is_said_ends_with_its_screen_and_not_with_a_refresh_of_it(
    speaking: Page, port: ScriptedPort
) -> None:
    words = TEXTS["zh-CN"]["say.look"]
    put(speaking, port, "look", 1, 30_000, **LOOK)
    port.speak("say.look")
    until_said(speaking, words)
    port.show("look", 1, 30_000, **LOOK, waiting=3)
    expect(speaking.locator("#strip")).to_contain_text("3")
    assert speaking.evaluate("heard.now") == words
    put(speaking, port, "idle", 1)
    assert speaking.evaluate("heard.now") is None
    expect(speaking.locator("#say")).to_have_text(TEXTS["zh-CN"]["idle.title"])


def test_who_asks_for_the_other_language_hears_it_again_in_that(
    speaking: Page, port: ScriptedPort
) -> None:
    put(speaking, port, "code", 1, 30_000)
    port.speak("say.code")
    until_said(speaking, TEXTS["zh-CN"]["say.code"])
    speaking.click("nav .lang")
    until_said(speaking, TEXTS["en"]["say.code"])
    assert [one["lang"] for one in said(speaking)] == ["zh-CN", "en"]


def test_a_code_of_the_centre_that_nobody_knows_is_said_as_the_screen_is(
    speaking: Page, port: ScriptedPort
) -> None:
    put(speaking, port, "refused", 1, 15_000, code="rejected_2001", next_steps=[], detail={})
    port.speak("say.refused.2001")
    until_said(speaking, TEXTS["zh-CN"]["say.refused"])
    port.speak("nothing.like.this")
    assert len(said(speaking)) == 1


def test_no_amount_and_no_name_is_spoken_though_they_are_on_the_screen(
    speaking: Page, port: ScriptedPort
) -> None:
    put(speaking, port, "confirm", 1, 60_000, **CONFIRM)
    port.speak("say.confirm")
    until_said(speaking, TEXTS["zh-CN"]["say.confirm"])
    assert not re.search(r"[\d¥]", "".join(one["text"] for one in said(speaking)))
    expect(speaking.locator("#say")).to_contain_text("¥")  # for a screen reader: the patient's own ear
    SCREENS.mkdir(parents=True, exist_ok=True)
    speaking.screenshot(path=SCREENS / "voice-confirm.zh-CN.1024x600.png")


def test_a_voice_of_this_machine_and_language_is_chosen_and_a_far_one_never(
    browser: Browser, base: str, port: ScriptedPort
) -> None:
    for page in opened(browser, base, RECORDER, VOICES):
        put(page, port, "look", 1, 30_000, **LOOK)
        port.speak("say.look")
        until_said(page, TEXTS["zh-CN"]["say.look"])
        page.click("nav .lang")
        until_said(page, TEXTS["en"]["say.look"])
        assert [one["voice"] for one in said(page)] == ["near", "uk"]
        page.evaluate("window.voices = voices.filter((one) => one.lang !== 'en-GB')")
        port.speak("say.look.turned")
        assert len(said(page)) == 2, "no voice for it: no Chinese voice reads English"
        expect(page.locator("#say")).to_contain_text(TEXTS["en"]["say.look.turned"])


@pytest.mark.parametrize("how", ["setting", "address"])
def test_switched_off_nothing_is_said_and_a_screen_reader_still_has_it(
    browser: Browser, base: str, port: ScriptedPort, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "setting":
        monkeypatch.setattr(port, "settings", msgspec.structs.replace(SETTINGS, voice=False))
    for page in opened(browser, base + ("" if how == "setting" else "/?voice=off"), RECORDER):
        put(page, port, "look", 1, 30_000, **LOOK)
        port.speak("say.look")
        expect(page.locator("#say")).to_have_text(TEXTS["zh-CN"]["say.look"])
        assert said(page) == []


@pytest.mark.parametrize("script", [MUTE, ""], ids=["no API", "no voices"])
def test_a_browser_that_cannot_speak_works_as_before(
    browser: Browser, base: str, port: ScriptedPort, script: str
) -> None:
    for page in opened(browser, base, script):
        put(page, port, "look", 1, 30_000, **LOOK | {"problem": "too_dark"})
        port.speak("say.look.too_dark")
        expect(page.locator("#say")).to_have_text(TEXTS["zh-CN"]["say.look.too_dark"])
        expect(page.locator("main h1")).to_have_text(TEXTS["zh-CN"]["problem.too_dark"])
        page.click("nav .lang")
        expect(page.locator("#say")).to_have_text(TEXTS["en"]["say.look.too_dark"])
        put(page, port, "idle", 1)


# -- the words ------------------------------------------------------------------------------------
ASIDE = re.compile(  # what a neighbour in the queue need not hear: illness, debts, what somebody is entitled to
    r"病|住院|欠|余额|额度|待遇|银行没有同意|参保信息|有效的参保"
    r"|disease|hospital now|admitted|overdue|suspended|insured|on the account|your bank",
    re.IGNORECASE,
)


@pytest.mark.parametrize("lang", TEXTS)
def test_what_is_said_is_spoken_language_and_tells_nobodys_business(lang: str) -> None:
    marks = {"zh-CN": r"，。：；？“”、", "en": r" ,.:?’'-"}[lang]
    letters = {"zh-CN": r"\u4e00-\u9fff", "en": r"A-Za-z"}[lang]
    spoken = {key: text for key, text in TEXTS[lang].items() if key.startswith("say.")}
    assert len(spoken) > len(CODES["refusals"])
    for key, text in spoken.items():
        # no digit, so no amount and no number of a person; no place to put a name into; no markup
        assert re.fullmatch(f"[{letters}{marks}]+[。.?]", text), (key, text)
        assert not ASIDE.search(text), (key, text)


@pytest.mark.parametrize("name", ["en.json", "desk/en.json"])
def test_no_english_text_holds_chinese_punctuation(name: str) -> None:
    texts = json.loads((STATIC / "i18n" / name).read_text())
    wide = re.compile(r"[\u2026\u3000-\u303f\ufe30-\ufe4f\uff00-\uffef]")
    assert {key: text for key, text in texts.items() if wide.search(text)} == {}
