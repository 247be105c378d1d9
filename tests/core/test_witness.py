"""The ledger against those who know better: the controller's witness offline, the centre at the next
contact. An old or foreign copy takes nothing new, says so, and deletes nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from edge.core import events as e
from edge.core.effects import Ask, Witness
from edge.core.types import Head
from tests.flows.kit import Desk, bill, link_lost, link_up, on, policy, send, tell_story
from tests.flows.test_offline import offline_visit

UP = e.BoardUp({"uid": "u1"})


class Controller:
    """The witness as firmware/duties/witness.py keeps it, wired to a desk."""

    def __init__(self, desk: Desk, held: Head | None = None) -> None:
        self.desk, self.held, self.done = desk, held, 0

    def plug(self) -> None:
        """It is there, and from now on hears what it is told."""
        self.done = len(self.desk.effects)
        self.desk.post(UP)
        self.serve()

    def serve(self) -> None:
        while self.done < len(self.desk.effects):
            effect = self.desk.effects[self.done]
            self.done += 1
            if isinstance(effect, Witness):
                self._take(effect.head)

    def _take(self, head: Head | None) -> None:
        state = "held"
        if head is not None:
            ahead = self.held is None or (head.epoch, head.seq) > (self.held.epoch, self.held.seq)
            state = "held" if ahead or head == self.held else "behind"
            self.held = head if ahead else self.held
        elif self.held is None:
            state = "empty"
        held = self.held or Head(0, 0, bytes(32))
        mine = held.epoch == 1 and held.seq <= len(self.desk.ledger)
        ours = self.desk.hash_of(held.seq) if mine else b""
        self.desk.post(e.Witnessed(state, held, ours))


def offline_desk(**docs: Any) -> Desk:
    return tell_story(Desk(policy("P1")), link_up, lambda d: d.answer(), link_lost)


def served(count: int) -> tuple[Desk, Controller]:
    """A desk whose controller was introduced on the first day and saw every record."""
    d = offline_desk()
    board = Controller(d)
    board.plug()
    for number in range(count):
        offline_visit(d, f"N{number}", card=f"A{number}")
        board.serve()
    return d, board


def witness(d: Desk) -> Any:
    return d.terminal.status(d.now)["witness"]["state"]


def test_the_witness_is_at_the_head_after_every_durable_record_and_never_before() -> None:
    d, board = served(0)
    for number in range(3):
        offline_visit(d, f"N{number}", card=f"A{number}")
        board.serve()
        assert board.held == Head(1, number + 1, d.hash_of(number + 1))
    ahead = [x.head.seq for x in d.effects if isinstance(x, Witness) and x.head is not None]
    assert ahead == [0, 1, 2, 3]
    assert witness(d) == "vouches"


def test_a_restored_old_copy_is_found_offline_and_takes_nothing_new() -> None:
    d, board = served(1)
    old = copy.deepcopy((d.docs, d.ledger, d.drafts, d.decided))
    offline_visit(d, "N8", card="A8")
    board.serve()
    d.docs, d.ledger, d.drafts, d.decided = old
    d.boot()
    board.plug()
    tell_story(d, on("out_of_service", code="E-ROL-01"))
    reply = d.send(bill(number="N9"))
    assert (reply.status, reply.body["code"]) == (503, "E-HIS-10") and "E-ROL-01" in reply.body["title"]
    assert d.terminal.status(d.now)["service"] == "E-ROL-01"
    assert len(d.ledger) == 1 and d.docs["bill"], "nothing was deleted"
    d.boot()  # also without the controller: it was found once
    tell_story(d, on("out_of_service", code="E-ROL-01"))


def test_a_cloned_card_beside_another_controller_takes_nothing_offline() -> None:
    d, _board = served(2)
    clone = offline_desk()
    clone.docs, clone.ledger = copy.deepcopy((d.docs, d.ledger))
    clone.boot()
    other = Controller(clone)  # a fresh controller: it knows nothing
    tell_story(clone, send(bill(number="C1")), on("refused", detail={"cap": "witness", "limit": 0}))
    other.plug()
    clone.wait(8_000)
    tell_story(clone, send(bill(number="C2")), on("refused", detail={"cap": "witness", "limit": 0}))
    assert witness(clone) == "E-ROL-03" and other.held is None
    assert clone.screen.fields["offline"]["ended"] == "witness"


def test_a_cloned_card_in_a_second_device_with_the_first_ones_controller_is_found() -> None:
    d, board = served(2)
    clone = offline_desk()
    clone.docs, clone.ledger = copy.deepcopy((d.docs, d.ledger))
    offline_visit(d, "N7", card="A7")
    board.serve()
    clone.boot()
    Controller(clone, board.held).plug()
    tell_story(clone, on("out_of_service", code="E-ROL-01"))


def test_another_record_under_the_same_number_is_a_foreign_copy() -> None:
    d, _board = served(2)
    Controller(d, Head(1, 2, b"\x66" * 32)).plug()
    tell_story(d, on("out_of_service", code="E-ROL-02"))


def test_a_witness_that_lags_by_a_power_cut_follows_again() -> None:
    d, _board = served(3)
    lagging = Controller(d, Head(1, 2, d.hash_of(2)))
    d.boot()
    lagging.plug()
    assert witness(d) == "vouches" and lagging.held == Head(1, 3, d.hash_of(3))


def test_a_new_controller_is_accepted_by_the_centres_word_up_to_our_head_and_not_before() -> None:
    d, _board = served(2)
    d.boot()
    fresh = Controller(d)
    fresh.plug()
    tell_story(d, link_up)
    d.answer((1, "settled", {}))  # an answer, but not up to our head
    fresh.serve()
    assert fresh.held is None and witness(d) == "E-ROL-03"
    d.answer((2, "settled", {}))
    fresh.serve()
    assert fresh.held == Head(1, 2, d.hash_of(2)) and witness(d) == "vouches"
    tell_story(d, link_lost)
    offline_visit(d, "N9", card="A9")


def test_a_controller_that_is_heard_of_after_the_centres_word_is_introduced_by_it_and_not_by_an_older_one() -> None:
    d, _board = served(2)
    d.boot()
    tell_story(d, link_up)
    d.answer((1, "settled", {}), (2, "settled", {}))
    late = Controller(d)
    late.plug()
    assert late.held == Head(1, 2, d.hash_of(2)) and witness(d) == "vouches"

    offline_visit(tell_story(d, link_lost), "N9", card="A9")
    stranger = Controller(d)
    stranger.plug()  # the centre's word was about the record before
    assert stranger.held is None and witness(d) != "vouches"


def test_an_upgrade_does_not_switch_offline_off_before_the_centre_introduced_the_witness() -> None:
    d = offline_desk()
    offline_visit(d, "N1")  # a version without a witness recorded this
    d.boot()
    board = Controller(d)
    board.plug()
    assert board.held is None and witness(d) == "none"
    offline_visit(d, "N2", card="B2")


def test_a_terminal_without_a_controller_has_no_witness_and_says_so() -> None:
    d = offline_desk()
    offline_visit(d, "N1")
    assert witness(d) == "none"
    assert not [x for x in d.effects if isinstance(x, Witness)]


def test_flash_that_fails_ends_offline_acceptance_until_a_controller_that_keeps() -> None:
    d, _board = served(1)
    d.post(e.Witnessed("failed", Head(1, 1, d.hash_of(1)), d.hash_of(1)))
    tell_story(d, send(bill(number="N8")), on("refused", detail={"cap": "witness", "limit": 0}))
    assert witness(d) == "E-ROL-04"


@pytest.mark.parametrize("code", ["E-LOG-06", "E-LOG-02"])
def test_the_centres_high_water_mark_closes_an_old_copy_and_raises_an_alarm(code: str) -> None:
    d = tell_story(Desk(policy("P1")), link_up)
    d.post(e.AnswerBad(code))
    tell_story(d, on("out_of_service", code=code))
    assert d.send(bill()).status == 503
    incident = d.ask("incident")
    assert (incident.body["code"], incident.body["epoch"], incident.body["seq"]) == (code, 1, 0)
    d.post(e.Told(incident.ask, 0, {}))
    d.boot()
    tell_story(d, on("out_of_service", code=code), link_up)
    assert d.ask("incident").body["code"] == code
    d.post(e.PolicyArrived(policy("P1", version=9), b"\x06" * 32, b"doc"))
    assert d.terminal.status(d.now)["service"] == code, "a policy does not make a copy the original"


def test_found_offline_the_alarm_is_raised_as_soon_as_there_is_a_link() -> None:
    d, _board = served(1)
    Controller(d, Head(1, 9, b"\x66" * 32)).plug()
    assert not [x for x in d.asks if x.infno == "incident"]
    tell_story(d, link_up)
    assert d.ask("incident").body["code"] == "E-ROL-01"
    tell_story(d, link_lost, link_up)
    assert len([x for x in d.effects if isinstance(x, Ask) and x.infno == "incident"]) == 2


def test_a_visit_that_is_under_way_signs_nothing_once_the_ledger_is_known_as_a_copy() -> None:
    from tests.flows.kit import FACE, estimated, known_as, press

    d = tell_story(
        Desk(policy()), link_up, send(), *FACE, on("working", known_as()), on("working", estimated)
    )
    d.post(e.AnswerBad("E-LOG-06"))
    tell_story(d, on("confirm", press("confirm")), on("refused"))
    assert not d.drafts


def test_other_bad_answers_close_nothing() -> None:
    d = tell_story(Desk(policy("P1")), link_up)
    for code in ("E-LOG-01", "E-LOG-03", "E-LOG-04", "E-LOG-05", "E-WIR-05"):
        d.post(e.AnswerBad(code))
    assert d.terminal.status(d.now)["service"] == "open"
    tell_story(d, send(), on("ways"))
