"""The ledger against a counter that only rises: an old copy and a foreign device are found without a
network, a power cut is never taken for either, and the counter is spared."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from edge.core import events as e
from edge.core.effects import Count, Save
from edge.core.parts.counter import GAP_OFFLINE_MS, GAP_ONLINE_MS
from tests.core.test_witness import Controller, offline_desk, witness
from tests.flows.kit import Desk, bill, link_lost, link_up, on, send, tell_story
from tests.flows.test_offline import offline_visit

REFUSED = on("refused", detail={"cap": "witness", "limit": 0})


class Tpm:
    """A TPM with room for one counter, wired to a desk; `power` False: it takes no more steps."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.uid, self.count, self.made = desk, "", 0, 0
        self.done, self.rises, self.power = 0, 0, True

    def plug(self, desk: Desk | None = None) -> None:
        """A boot: the driver says where the counter stands, and hears what it is asked."""
        self.desk = desk or self.desk
        self.done, self.power = len(self.desk.effects), True
        self._say()
        self.serve()

    def serve(self) -> None:
        while self.done < len(self.desk.effects):
            effect = self.desk.effects[self.done]
            self.done += 1
            if isinstance(effect, Count) and self.power:
                self._do(effect)
                self._say()

    def _do(self, asked: Count) -> None:
        if asked.what == "make":
            assert not self.uid
            self.made += 1
            self.uid, self.count = f"{id(self)}-{self.made}", self.count + 1
        elif asked.to == self.count + 1:
            self.rises += 1
            self.count += 1

    def _say(self) -> None:
        said = e.Counted("held", self.uid, self.count) if self.uid else e.Counted("empty")
        self.desk.post(said)

    def visits(self, *names: str, gap_ms: int = GAP_OFFLINE_MS) -> None:
        for name in names:
            offline_visit(self.desk, f"N{name}", card=name)
            self.serve()
            self.desk.wait(gap_ms)
            self.serve()


def served(*names: str) -> tuple[Desk, Tpm]:
    desk = offline_desk()
    tpm = Tpm(desk)
    tpm.plug()
    tpm.visits(*names)
    return desk, tpm


def kept(d: Desk) -> Any:
    return copy.deepcopy((d.docs, d.ledger, d.drafts, d.decided))


def put_back(d: Desk, old: Any) -> None:
    d.docs, d.ledger, d.drafts, d.decided = copy.deepcopy(old)
    d.boot()


def state(d: Desk) -> Any:
    return d.terminal.status(d.now)["counter"]["state"]


def test_an_empty_ledger_makes_the_counter_and_every_start_finds_it_where_the_note_says() -> None:
    d, tpm = served("A1", "A2")
    assert (tpm.made, state(d)) == (1, "vouches")
    for _ in range(3):
        d.boot()
        assert state(d) == "introduced"
        tpm.plug()
        assert state(d) == "vouches"
    tpm.visits("A3")


def test_a_restored_old_copy_is_found_offline_and_takes_nothing_new() -> None:
    d, tpm = served("A1")
    old = kept(d)
    tpm.visits("A2")
    put_back(d, old)
    tpm.plug()
    tell_story(d, on("out_of_service", code="E-ROL-01"))
    assert d.send(bill(number="N9")).status == 503
    assert len(d.ledger) == 1 and d.docs["bill"], "nothing was deleted"
    d.boot()  # also without the TPM: it was found once
    tell_story(d, on("out_of_service", code="E-ROL-01"))


def test_the_note_is_durable_before_the_counter_rises() -> None:
    d, _tpm = served("A1", "A2")
    notes = 0
    for effect in d.effects:
        if isinstance(effect, Save) and effect.key == "tally":
            notes += 1
        if isinstance(effect, Count) and effect.what == "rise":
            notes -= 1
            assert notes == 0, "a rise whose note was not written in the turn before it"
    assert notes == 0


def test_power_that_goes_between_the_note_and_the_rise_is_no_rollback() -> None:
    d, tpm = served("A1")
    tpm.power, before = False, tpm.count
    offline_visit(d, "NA2", card="A2")
    tpm.serve()
    assert tpm.count == before
    d.boot()
    tpm.plug()
    assert (state(d), tpm.count) == ("vouches", before + 1), "it was raised by the next start"
    tpm.visits("A3")


def test_power_that_goes_between_the_rise_and_its_answer_is_no_rollback() -> None:
    d, tpm = served("A1")
    tpm.power = False
    offline_visit(d, "NA2", card="A2")
    tpm.count += 1  # it took the step, and nobody heard
    d.boot()
    tpm.plug()
    assert state(d) == "vouches"


def test_a_cloned_card_beside_another_tpm_takes_nothing_offline() -> None:
    d, _tpm = served("A1")
    other = offline_desk()
    second = Tpm(other)
    second.count = 40  # a TPM that was used before
    put_back(other, kept(d))
    second.plug(other)
    tell_story(other, send(bill(number="C1")), REFUSED)
    assert state(other) == "E-ROL-03" and not second.made
    third, its = served("B1")  # a device with a counter of its own
    put_back(third, kept(d))
    its.plug(third)
    tell_story(third, send(bill(number="C2")), REFUSED)


def test_two_copies_beside_one_tpm_cannot_both_go_on() -> None:
    d, tpm = served("A1")
    twin = offline_desk()
    put_back(twin, kept(d))
    tpm.visits("A2")
    tpm.plug(twin)
    tell_story(twin, on("out_of_service", code="E-ROL-01"))


def test_a_ledger_from_before_the_counter_cannot_go_on_beside_it() -> None:
    d = offline_desk()
    old = kept(d)
    tpm = Tpm(d)
    tpm.plug()
    tpm.visits("A1")
    put_back(d, old)
    tpm.plug()
    tell_story(d, send(bill(number="C1")), REFUSED)
    assert state(d) == "E-ROL-03"


def test_a_counter_that_was_undefined_and_made_anew_does_not_vouch_by_itself() -> None:
    d, tpm = served("A1")
    tpm.uid = ""
    d.boot()
    tpm.plug()
    tell_story(d, send(bill(number="C1")), REFUSED)
    assert tpm.made == 1 and state(d) == "E-ROL-03"


def test_another_counter_is_accepted_by_the_centres_word_up_to_our_head_and_not_before() -> None:
    d, tpm = served("A1", "A2")
    tpm.uid = ""
    d.boot()
    tpm.plug()
    tell_story(d, link_up)
    d.answer((1, "settled", {}))  # an answer, but not up to our head
    tpm.serve()
    assert tpm.made == 1
    d.answer((2, "settled", {}))
    tpm.serve()
    assert (tpm.made, state(d)) == (2, "vouches")
    tell_story(d, link_lost)
    tpm.visits("A3")


def test_an_upgrade_does_not_switch_offline_off_before_the_centre_introduced_the_counter() -> None:
    d = offline_desk()
    offline_visit(d, "N1")
    d.boot()
    tpm = Tpm(d)
    tpm.plug()
    assert not tpm.made and state(d) == "none"
    offline_visit(d, "N2", card="B2")


@pytest.mark.parametrize("code", ["E-ROL-07", "E-ROL-08"])
def test_a_tpm_that_fails_ends_offline_acceptance_says_so_and_may_come_back(code: str) -> None:
    d, tpm = served("A1")
    d.post(e.Counted("failed", code=code))
    tell_story(d, send(bill(number="C1")), REFUSED)
    assert state(d) == witness(d) == code
    assert d.screen.fields["offline"]["ended"] == "witness"
    tpm.plug()
    assert state(d) == "vouches"


def test_a_counter_that_does_not_rise_when_asked_is_a_failure_and_not_an_endless_wish() -> None:
    d, tpm = served("A1")
    tpm.power = False
    offline_visit(d, "NA2", card="A2")
    asked = sum(isinstance(x, Count) for x in d.effects)
    d.post(e.Counted("held", tpm.uid, tpm.count))
    assert state(d) == "E-ROL-08"
    assert sum(isinstance(x, Count) for x in d.effects) == asked


def test_the_counter_is_spared_at_most_one_step_in_each_gap_and_none_without_a_record() -> None:
    d, tpm = served()
    began = d.now.mono_ms
    assert tpm.rises == 1, "once when it was made"
    tpm.visits("A1", "A2", "A3", "A4", "A5", gap_ms=1)
    assert tpm.rises <= 1 + (d.now.mono_ms - began) // GAP_OFFLINE_MS < 5
    d.wait(GAP_OFFLINE_MS)
    tpm.serve()
    steps = tpm.rises
    d.wait(20 * GAP_OFFLINE_MS)
    tpm.serve()
    assert tpm.rises == steps


def test_a_record_that_waits_for_its_step_gets_it_at_once_when_the_network_goes() -> None:
    d, tpm = served()
    tpm.power = False  # a slow one: its answer to the first record comes after the second
    tpm.visits("A1", "A2")
    tell_story(d, link_up)
    tpm.count, tpm.power = tpm.count + 1, True
    tpm._say()
    d.wait(2 * GAP_OFFLINE_MS)
    tpm.serve()
    assert tpm.rises == 1 and d.terminal.deadline() is not None
    assert GAP_ONLINE_MS > 2 * GAP_OFFLINE_MS
    tell_story(d, link_lost)
    tpm.serve()
    assert tpm.rises == 2


def test_one_witness_at_a_time_a_controller_that_was_accepted_ends_the_wait_for_the_tpm() -> None:
    d, _tpm = served("A1")
    d.boot()
    tell_story(d, link_up)
    board = Controller(d)
    board.plug()
    d.answer((1, "settled", {}))
    board.serve()
    assert witness(d) == "vouches"
    d.boot()
    board.plug()
    tell_story(d, link_lost)
    offline_visit(d, "N2", card="A2")
    assert "tally" not in d.docs["meta"]
