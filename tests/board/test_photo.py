"""A card with a photo on its chip: the simulated reader, the real firmware on the real VM, the production
link machine, and the core's own visit in an outage."""

from __future__ import annotations

import pytest

from edge.core.effects import MeasurePhoto
from edge.core.events import BoardLost, CardRead, PhotoMeasured, Pressed, TemplateMade
from edge.core.link_photo import PHOTO_WAIT_MS
from edge.wire import frame
from sim.board.pytest_plugin import Bench
from tests.core.test_roster import MODEL, desk, face
from tests.flows import kit

PHOTO = bytes(n * 11 & 255 for n in range(3_000))


def cards(board: Bench) -> list[CardRead]:
    return [one for one in board.terminal.events if isinstance(one, CardRead)]


def test_the_controller_brings_the_photo_behind_its_card_and_nobody_reads_it_on_the_cable(
    board: Bench,
) -> None:
    board.link_up()
    board.present_card("A1234567", "02", PHOTO)
    assert board.expect_frame("pictured")["secret"]
    assert board.expect_frame("photo")["secret"]
    board.press("cancel")
    board.run(1_500)
    assert cards(board) == [CardRead("A1234567", "02", PHOTO)]
    kinds = [type(one) for one in board.terminal.events if isinstance(one, CardRead | Pressed)]
    assert kinds == [Pressed, CardRead], "a press is not held up by a photo"


def test_the_largest_photo_passes_and_leaves_the_memory_as_it_was(board: Bench) -> None:
    board.link_up()
    largest = PHOTO[:256] * (frame.PHOTO_MAX // 256)
    for n in range(3):
        board.present_card(f"A{n}", "02", largest)
        board.run(2_500)
    assert [one.photo == largest for one in cards(board)] == [True] * 3
    assert board.control.state()["causes"] == [1]


@pytest.mark.parametrize("fault", ["reset", "mute"])
def test_power_or_cable_that_fail_in_the_middle_leave_the_card_without_a_photo(
    board: Bench, fault: str
) -> None:
    board.link_up()
    board.present_card("A1234567", "02", PHOTO)
    board.expect_frame("photo")
    board.run(30)
    if fault == "reset":
        board.control.reset()
    else:
        board.control.mute("up")
    board.run(PHOTO_WAIT_MS + 1_000)
    assert cards(board) == [CardRead("A1234567", "02")]
    assert any(isinstance(one, BoardLost) for one in board.terminal.events)
    board.control.quiet()
    assert board.terminal.run(8_000, lambda: board.terminal.state == "up")
    board.run(50)
    board.present_card("B7654321", "02", PHOTO)
    board.run(2_000)
    assert cards(board)[1:] == [CardRead("B7654321", "02", PHOTO)]


def test_the_chip_of_a_card_on_the_board_is_compared_with_the_living_face_in_an_outage(
    board: Bench,
) -> None:
    """The template stands for the photo: what the net makes of one is tests/contract/test_vision.py."""
    board.link_up()
    board.present_card("C9", "02", face(2))
    board.run(1_500)
    d = desk(offline_match_min=0.64)
    kit.link_lost(d)
    kit.tell_story(d, kit.send(), kit.on("ways", kit.press("card")))
    d.post(cards(board)[0])
    assert MeasurePhoto(face(2)) in d.effects
    d.post(PhotoMeasured(face(2), MODEL))
    kit.tell_story(d, kit.on("look", kit.good_face), kit.on("challenge", kit.follow))
    d.post(TemplateMade(face(2), MODEL))
    kit.tell_story(d, kit.on("confirm", kit.press("confirm")), kit.on("provisional"))
    assert d.drafts[-1].body["identity"]["match"]["by"] == "chip"
