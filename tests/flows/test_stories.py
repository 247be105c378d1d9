"""Every story of `sim/demo --story` holds, without pictures (they are in tests/kiosk/test_stories.py)."""

from __future__ import annotations

import pytest

from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories import __main__ as command
from sim.stories import shelf
from sim.stories.shelf import Story
from sim.stories.tell import Role, Tell
from sim.stories.words import EN, ZH

WANG = Role(PersonSpec("SYN-W", "测试王", balance_fen=80_00, cards=(("CW", "03"),)), "王女士", "Ms Wang")
PLACES = {"clinic": {"fixmedins_code": "H51010000001", "level": "community"}}
STORIES = shelf.stories()
TEXT = ["--no-pictures"]


@pytest.mark.parametrize("story", STORIES, ids=lambda one: one.name)
def test_every_story_holds_and_its_books_are_even(story: Story) -> None:
    told = Tell()
    story.play(told)
    kinds = [beat.kind for beat in told.beats]
    assert kinds.count("holds") >= 2 and "books" in kinds, "a story promises something"
    assert sum(beat.main for beat in told.beats) == 1, "one screen stands for it"
    assert all(beat.zh and beat.en for beat in told.beats if beat.show is None), "in both languages"
    assert all(story.title)


def test_a_number_a_name_and_a_part_of_it_find_the_same_story() -> None:
    found = [shelf.find(name) for name in ("F10", "f10", "f10_wallet", "wallet", "wall")]
    assert all(isinstance(one, Story) and one.number == "F10" for one in found)


@pytest.mark.parametrize(
    ("asked", "said"),
    [("F99", "there is no story"), ("walet", "did you mean wallet"), ("9", "it needs F40"),
     ("face", "F03")],
)  # fmt: skip
def test_a_story_that_is_not_there_is_an_error_that_says_what_is_near(capsys, asked, said) -> None:
    code = command.main(["--story", asked, *TEXT])
    shown = capsys.readouterr().out.replace("\n", " ")
    assert said in shown
    assert code == (0 if asked == "face" else 2)


@pytest.mark.parametrize("lang", [ZH, EN])
def test_the_list_has_every_story_in_a_line_and_what_is_not_told(capsys, lang) -> None:
    assert command.main(["--story", "list", "--lang", lang]) == 0
    shown = capsys.readouterr().out
    assert all(one.title[lang == EN] in shown for one in STORIES)
    assert "sim/demo --auto" in shown, "what it is and what it is not"
    assert all(title in shown for title, _ in shelf.LATER.values())


@pytest.mark.parametrize("lang", [ZH, EN])
def test_a_broken_promise_ends_the_story_and_the_command_with_1(monkeypatch, capsys, lang) -> None:
    def play(tell: Tell) -> None:
        with tell.town("2026-11-18 09:00", [WANG], PLACES) as town:
            desk = town.desks["clinic"]
            tell.pays(desk, bill("settle", "B1", "SYN-A-0001 60.00"), WANG)
            tell.holds("账户没有动", "the account is untouched", desk.balance("acct:SYN-W") == 80_00)
            tell.does("后来", "never reached")

    wrong = Story("F98", "f98_wrong", ("错的", "wrong"), play)
    monkeypatch.setattr(shelf, "stories", lambda: [wrong])
    assert command.main(["--story", "f98", *TEXT, "--lang", lang]) == 1
    shown = capsys.readouterr().out
    assert "✘" in shown and "never reached" not in shown


def test_books_that_are_not_even_break_a_story(monkeypatch) -> None:
    def play(tell: Tell) -> None:
        with tell.town("2026-11-18 09:00", [WANG], PLACES) as town:
            desk = town.desks["clinic"]
            tell.pays(desk, bill("settle", "B1", "SYN-A-0001 60.00"), WANG)
            desk.at_centre(lambda conn: conn.exec_driver_sql(
                "UPDATE accounts SET balance_fen = balance_fen + 1 WHERE name = 'acct:SYN-W'"))  # fmt: skip

    monkeypatch.setattr(shelf, "stories", lambda: [Story("F97", "f97_odd", ("差一分", "odd"), play)])
    assert command.main(["--story", "f97", *TEXT]) == 1


def test_a_screen_that_should_not_be_up_breaks_a_story() -> None:
    from sim.stories.tell import BrokenError

    tell = Tell()
    with (
        pytest.raises(BrokenError, match="the screen is idle"),
        tell.town("2026-11-18 09:00", [WANG], PLACES) as town,
    ):
        tell.sees(town.desks["clinic"], "settled")
