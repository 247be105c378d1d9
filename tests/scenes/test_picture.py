"""The picture of a run: one file, nothing from outside, no label on another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from sim.scenes import form
from sim.scenes.form import HOME
from sim.scenes.run import Options, play

NAMES = ("line_everything_at_once", "buzzer_ok", "reset_five_times")
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('svg text.label, svg text.lane')]
    .map(e => [e.textContent, e.getBoundingClientRect()]).filter(([t]) => t);
  const out = [];
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [s, a] = boxes[i], [t, b] = boxes[j];
    if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
      out.push([s, t]);
  }
  for (const [t, b] of boxes) if (b.right > innerWidth || b.left < 0) out.push([t, 'edge']);
  return out;
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("pictures")
    for name in NAMES:
        play(form.load(HOME / f"{name}.toml"), Options(out=str(place)))
    return {name: place / name / "picture.html" for name in NAMES}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as driver:
        one = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield one
        one.close()


def test_it_is_one_file_without_scripts_and_without_the_world(pages: dict[str, Path]) -> None:
    for page in pages.values():
        text = page.read_text()
        assert "<script" not in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", NAMES)
def test_no_label_lies_on_another(name: str, pages: dict[str, Path], browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    page.goto(f"file://{pages[name]}")
    assert page.evaluate(OVERLAPS) == []
    page.close()


def test_what_was_done_shown_and_sounded_is_in_it(pages: dict[str, Path]) -> None:
    text = pages["buzzer_ok"].read_text()
    assert "2000 Hz" in text
    assert "Buzzer" in text
    assert "expect-tone hz=[2000, 0, 3000, 0]" in text
    faults = pages["line_everything_at_once"].read_text()
    assert "drop 0.05" in faults
    assert "#ffffff" in faults, "the white ring in its own colour"
