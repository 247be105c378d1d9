"""The clinic's roster: one byte a number is enough, a face is known only by its own card and net, and what
ended or was let go is in no document any more.
"""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.core import events as e
from edge.core.books import roster
from edge.core.books.roster import Entry, Part, Roster, alike, key_of, small
from edge.core.effects import MeasurePhoto
from edge.core.types import Caps, Mode
from edge.errors import EdgeError
from edge.wire import policy as wire_policy
from edge.wire import roster as wire
from tests.flows import kit
from tests.wire.kit import TERMINAL, centre

DAY = 86_400_000
UNTIL = 30 * DAY
MODEL = "ab" * 32  # of kit.template
SALT = b"s" * 16


def face(seed: int) -> bytes:
    dice = random.Random(seed)
    return struct.pack("<192f", *(dice.gauss(0, 1) for _ in range(192)))


def entry(card: str, template: bytes, until_ms: int = UNTIL) -> Entry:
    return Entry((key_of(SALT, "02", card),), small(template), until_ms, "roster-consent-1")


def some_part(count: int, number: int = 0, parts: int = 1, version: int = 7) -> Part:
    entries = tuple(entry(f"C{number}x{one}", face(one + 1)) for one in range(count))
    return Part(version, number, parts, MODEL, SALT, UNTIL, b"", entries)


# -- templates -------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(0, 1 << 30), st.floats(0.0, 1.0))
def test_a_byte_a_number_keeps_the_cosine_to_a_hundredth(one: int, two: int, mix: float) -> None:
    a = struct.unpack("<192f", face(one))
    b = struct.unpack("<192f", face(two))
    mixed = struct.pack("<192f", *(x * mix + y * (1 - mix) for x, y in zip(a, b, strict=True)))
    exact = alike(face(one), mixed)
    assert abs(alike(small(face(one)), mixed) - exact) < 0.01
    assert alike(small(face(one)), face(one)) > 0.999


@pytest.mark.parametrize(
    "bad",
    [b"", bytes(768), b"x" * 767, struct.pack("<192f", *[float("nan")] * 192),
     struct.pack("<192f", *[float("inf")] * 192), bytes(192)],
)  # fmt: skip
def test_what_is_no_template_is_like_nobody(bad: bytes) -> None:
    assert small(bad) == b"" or not roster.floats_of(bad)
    assert alike(bad, face(1)) == -1.0 and alike(face(1), bad) == -1.0


# -- the document ----------------------------------------------------------------------------------
def test_a_full_part_fits_into_one_answer_and_comes_back_as_it_was() -> None:
    part = some_part(roster.ENTRIES_MAX, parts=roster.PARTS_MAX)
    document = wire.encode(part, TERMINAL, centre.signer)
    assert len(document) <= wire.DOCUMENT_BYTES_MAX
    found = wire.decode(document, centre.verifier, terminal=TERMINAL)
    assert found == replace(part, digest=found.digest)
    assert roster.decode(roster.encode(found)) == found


def test_a_part_of_a_stranger_or_for_another_terminal_is_refused() -> None:
    from tests.wire.kit import Side

    document = wire.encode(some_part(2), TERMINAL, Side("stranger").signer)
    for code, data, name in (
        ("E-ROS-01", document, TERMINAL),
        ("E-ROS-02", wire.encode(some_part(2), "other-9", centre.signer), TERMINAL),
        ("E-ROS-01", b"", TERMINAL),
    ):
        with pytest.raises(EdgeError) as caught:
            wire.decode(data, centre.verifier, terminal=name)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "change",
    [
        {"entries": (Entry((b"short",), small(face(1)), UNTIL, "c"),)},
        {"entries": (Entry((b"k" * 16,), b"t" * 191, UNTIL, "c"),)},
        {"entries": (Entry((b"k" * 16,), bytes(192), UNTIL, "c"),)},
        {"entries": (Entry((), small(face(1)), UNTIL, "c"),)},
        {"entries": (Entry((b"k" * 16,), small(face(1)), 0, "c"),)},
        {"entries": (Entry((b"k" * 16,), small(face(1)), UNTIL, ""),)},
        {"number": 1},
    ],
)
def test_a_part_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    document = wire.encode(replace(some_part(1), **change), TERMINAL, centre.signer)
    with pytest.raises(EdgeError) as caught:
        wire.decode(document, centre.verifier, terminal=TERMINAL)
    assert caught.value.code == "E-ROS-03"


def test_a_policy_without_a_roster_is_the_one_that_older_terminals_take() -> None:
    plain = kit.policy("P1")
    named = replace(plain, roster=7, offline_match_min=0.64)
    documents = [wire_policy.encode(one, TERMINAL, centre.signer) for one in (plain, named)]
    assert b"roster" not in documents[0] and b"offline_match_min" not in documents[0]
    found = wire_policy.decode(documents[1], centre.verifier, terminal=TERMINAL)
    assert (found.roster, found.offline_match_min) == (named.roster, named.offline_match_min)


# -- matching --------------------------------------------------------------------------------------
def test_a_face_is_known_by_its_own_card_and_net_only() -> None:
    held = Roster([some_part(3)])
    card = ("02", "C0x1")
    found = held.match(card, face(2), MODEL, 0)
    assert found is not None and found.score > 0.99 and found.version == 7
    other = held.match(card, face(3), MODEL, 0)
    assert other is not None and other.score < 0.3
    assert held.match(("03", "C0x1"), face(2), MODEL, 0) is None, "another kind of card"
    assert held.match(("02", "C9"), face(2), MODEL, 0) is None, "nobody's card"
    assert held.match(card, face(2), "cd" * 32, 0) is None, "two nets are never compared"
    assert held.match(card, face(2), MODEL, UNTIL) is None, "the consent is over"


# -- the terminal ----------------------------------------------------------------------------------
def desk(**changes: Any) -> kit.Desk:
    d = kit.Desk(replace(kit.policy("P1", caps=Caps()), roster=7, **changes))
    kit.link_up(d)
    d.answer()
    return d


def arrive(d: kit.Desk, *parts: Part) -> kit.Desk:
    for part in parts:
        assert d.ask("roster").body == {"version": 7, "part": part.number}
        d.post(e.RosterArrived(part))
        d.tell("roster", {})
    return d


def held(d: kit.Desk) -> dict[str, Any]:
    return d.terminal.status(d.now)["roster"]


def test_a_roster_is_in_place_when_its_last_part_came_and_stands_after_a_power_cut() -> None:
    d = arrive(desk(), some_part(3, 0, 2))
    assert held(d)["people"] == 0 and "roster" not in d.docs, "half of it is none"
    arrive(d, some_part(2, 1, 2))
    assert held(d) == {
        "version": 7, "wanted": 7, "people": 5, "model": MODEL, "first_end_ms": UNTIL,
    }  # fmt: skip
    d.boot()
    assert held(d)["people"] == 5
    kit.link_up(d)
    assert not [one for one in d.asks if one.infno == "roster"], "it is the one that is named"


def test_parts_that_do_not_belong_together_are_dropped() -> None:
    d = arrive(desk(), some_part(3, 0, 2))
    d.post(e.RosterArrived(replace(some_part(2, 1, 2), salt=b"t" * 16)))
    d.tell("roster", {})
    assert held(d)["people"] == 0 and not d.docs.get("roster")


def test_an_opened_case_ends_it_at_once() -> None:
    d = arrive(desk(), some_part(3))
    d.post(e.Tampered(("case",), ("case",)))
    assert held(d)["people"] == 0 and not d.docs["roster"]


def test_a_policy_that_names_none_ends_it() -> None:
    d = arrive(desk(), some_part(3))
    newer = replace(kit.policy("P1"), version=9)
    d.post(e.PolicyArrived(newer, b"n" * 32, b"document"))
    assert held(d)["version"] == 0 and not d.docs["roster"]


def test_whose_consent_is_over_is_in_no_document_any_more() -> None:
    part = some_part(2)
    soon = entry("SOON", face(9), 10 * DAY + 3_600_000)
    d = arrive(desk(), replace(part, entries=(*part.entries, soon)))
    assert soon.template in b"".join(d.docs["roster"].values())
    d.wait(3_600_001)
    assert held(d)["people"] == 2
    assert soon.template not in b"".join(d.docs["roster"].values())


def offline(d: kit.Desk, card: str, template: bytes, photo: bytes = b"") -> kit.Desk:
    kit.link_lost(d)
    kit.tell_story(d, kit.send(), kit.on("ways", kit.press("card")),
                   lambda d: d.post(e.CardRead(card, "02", photo)) and None)  # fmt: skip
    if photo:
        assert MeasurePhoto(photo) in d.effects
        d.post(e.PhotoMeasured(photo, MODEL))  # the "photo" of these tests is the template itself
    kit.tell_story(d, kit.on("look", kit.good_face), kit.on("challenge", kit.follow))
    d.post(e.TemplateMade(template, MODEL))
    return d


def test_in_an_outage_a_contracted_patient_is_known_by_card_and_face() -> None:
    d = offline(arrive(desk(offline_match_min=0.64), some_part(3)), "C0x1", face(2))
    kit.tell_story(d, kit.on("confirm", kit.press("confirm")), kit.on("provisional"))
    match = d.drafts[-1].body["identity"]["match"]
    assert d.drafts[-1].mode is Mode.PROVISIONAL
    assert match["by"] == "roster" and match["score"] > 0.99 and match["version"] == 7


@pytest.mark.parametrize(
    ("card", "seed", "code"), [("C0x1", 3, "face_mismatch"), ("C9", 2, "offline_unmatched")]
)
def test_where_the_policy_wants_it_nobody_else_is_served_in_an_outage(
    card: str, seed: int, code: str
) -> None:
    d = offline(arrive(desk(offline_match_min=0.64), some_part(3)), card, face(seed))
    assert (d.screen.name, d.screen.fields["code"]) == ("refused", code)
    assert d.ledger == []


def test_where_the_policy_does_not_what_was_found_is_only_written_down() -> None:
    d = offline(arrive(desk(), some_part(3)), "C9", face(2))
    kit.tell_story(d, kit.on("confirm", kit.press("confirm")), kit.on("provisional"))
    assert "match" not in d.drafts[-1].body["identity"]


# -- the photo on the card's chip ------------------------------------------------------------------
def test_the_photo_on_the_chip_is_compared_first_and_needs_no_roster() -> None:
    d = offline(desk(offline_match_min=0.64), "C9", face(2), photo=face(2))
    kit.tell_story(d, kit.on("confirm", kit.press("confirm")), kit.on("provisional"))
    match = d.drafts[-1].body["identity"]["match"]
    assert match == {"by": "chip", "score": pytest.approx(1.0), "version": 0}


def test_somebody_elses_chip_is_refused_even_where_the_roster_knows_the_card() -> None:
    d = offline(arrive(desk(offline_match_min=0.64), some_part(3)), "C0x1", face(2), photo=face(5))
    assert (d.screen.name, d.screen.fields["code"]) == ("refused", "face_mismatch")


def test_a_photo_without_a_face_leaves_the_roster() -> None:
    d = desk(offline_match_min=0.64)
    arrive(d, some_part(3))
    kit.link_lost(d)
    kit.tell_story(d, kit.send(), kit.on("ways", kit.press("card")),
                   lambda d: d.post(e.CardRead("C0x1", "02", b"a landscape")) and None,
                   lambda d: d.post(e.PhotoMeasured(b"", MODEL)) and None,
                   kit.on("look", kit.good_face), kit.on("challenge", kit.follow))  # fmt: skip
    d.post(e.TemplateMade(face(2), MODEL))
    kit.tell_story(d, kit.on("confirm", kit.press("confirm")))
    assert d.drafts[-1].body["identity"]["match"]["by"] == "roster"


def test_the_photo_of_another_net_or_of_the_visit_before_is_compared_with_nobody() -> None:
    d = desk(offline_match_min=0.64)
    d.post(e.PhotoMeasured(face(2), MODEL))  # nobody laid a card down
    d = offline(d, "C9", face(2))
    assert d.screen.fields["code"] == "offline_unmatched"


def test_a_photo_that_is_too_large_is_not_looked_at() -> None:
    d = desk()
    kit.link_lost(d)
    kit.tell_story(d, kit.send(), kit.on("ways", kit.press("card")))
    d.post(e.CardRead("C9", "02", bytes(1 << 20)))
    assert not [one for one in d.effects if isinstance(one, MeasurePhoto)]
