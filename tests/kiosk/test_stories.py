"""The main screen of every story, by the real page in both languages, measured as old eyes would; and the
README's pictures and table hold to the stories that exist.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from sim.stories import __main__ as command
from sim.stories import gallery, shelf
from sim.stories.tell import Beat, Tell
from sim.stories.words import EN, ZH
from tests.kiosk.test_screens import measure

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "edge" / "docs" / "pictures" / "stories"
BYTES_MAX = 40_000
STORIES = shelf.stories()
F_STORIES = {one.number for one in STORIES if one.number.startswith("F")}


def test_the_main_screen_of_every_story_reads_well_in_both_languages() -> None:
    mains: list[tuple[str, Beat]] = []
    for story in STORIES:
        if story.number in F_STORIES and shelf.find(story.number) == story:
            # the nine join these, and stand on screens of theirs
            told = Tell()
            story.play(told)
            mains += [(story.name, beat) for beat in told.beats if beat.main]
    findings: list[str] = []
    names = iter([name for name, _ in mains] * 2)

    def look(page: Page, beat: Beat, lang: str) -> None:
        assert page.evaluate("document.documentElement.lang") == lang
        findings.extend(measure(page, f"{next(names)} {lang}"))

    pictures = gallery.take([beat for _, beat in mains], look)
    assert not findings, "\n".join(findings)
    assert [sorted(one) for one in pictures] == [[EN, ZH]] * len(mains)
    assert len({png for one in pictures for png in one.values()}) == 2 * len(mains), "all differ"


def test_the_command_leaves_a_page_and_the_main_screens(tmp_path: Path) -> None:
    assert command.main(["--story", "f14", "--directory", str(tmp_path / "home")]) == 0
    assert command.main(["--story", "f14", "--pictures-to", str(tmp_path / "main")]) == 0
    html = (tmp_path / "home/f14_pharmacy/story.html").read_text()
    assert html.count("data:image/png;base64,") == 2 * 6 and 'src="http' not in html
    for lang in (ZH, EN):
        png = (tmp_path / f"main/f14.{lang}.png").read_bytes()
        assert Image.open(io.BytesIO(png)).size == (480, 281) and len(png) <= BYTES_MAX


def test_without_a_browser_the_story_is_told_and_says_so(monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.setattr(gallery, "CHROMIUM", tmp_path / "none")
    assert command.main(["--story", "f14", "--directory", str(tmp_path / "home")]) == 0
    assert "no pictures" in capsys.readouterr().out
    assert not (tmp_path / "home").exists()


def rows() -> dict[str, list[str]]:
    """F number -> cells of the README's table."""
    lines = (ROOT / "README.md").read_text().splitlines()
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {one[0]: one for one in found if re.fullmatch(r"F\d\d", one[0])}


@pytest.mark.parametrize("number", [f"F{n:02d}" for n in range(1, 24)])
def test_the_readme_has_a_row_with_command_test_and_picture_for_each_of_the_23(number: str) -> None:
    _, what, command_, picture, test, state = rows()[number]
    assert what and re.match(r"(works(; .+)?|part: .+|not yet: .+)$", state), state
    told = number in F_STORIES
    assert (command_ == f"`sim/demo --story {number}`") is told, command_
    assert told or not state.startswith("works")
    for lang in (ZH, EN):
        name = f"{number.lower()}.{lang}.png"
        assert (f"edge/docs/pictures/stories/{name}" in picture) is told
        assert not told or (PICTURES / name).stat().st_size <= BYTES_MAX
    for file in re.findall(r"`(test_\w+\.py)`", test):
        assert list((ROOT / "tests").rglob(file)), f"{file} is not there"
    assert told <= bool(re.findall(r"`(test_\w+\.py)`", test))


def test_no_picture_is_of_a_story_that_is_gone() -> None:
    known = {f"{one.number.lower()}.{lang}.png" for one in STORIES for lang in (ZH, EN)}
    assert {path.name for path in PICTURES.glob("*.png")} <= known
