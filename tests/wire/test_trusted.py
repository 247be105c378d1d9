"""TrustedCentre: each rule of its docstring, as an attack that fails. Rules 1 to 6: the answer."""

from __future__ import annotations

import pytest

from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.wire import answer, record
from edge.wire.log import receipt, trusted
from edge.wire.log.trusted import TrustedCentre
from tests.wire.kit import EPOCH, TERMINAL, ZERO, Desk, centre, door, stranger, terminal
from tests.wire.scene import RECORDS, Scene, consistency, fork


# -- what is accepted ------------------------------------------------------------------------------
def test_a_good_answer_brings_opened_results_receipts_and_the_checkpoint(scene: Scene) -> None:
    scene.desk.others(4)
    scene.desk.decide(3, Outcome.ADJUSTED, {"infcode": 0, "difference_fen": -120})
    got = scene.door.accept(scene.desk.answer([3], named=7), scene.desk.ours)
    assert got is not None
    assert (got.number, got.epoch, got.upto_seq, got.chain_hash) == (
        2,
        EPOCH,
        3,
        record.record_hash(RECORDS[2]),
    )
    assert (got.tree_size, got.root) == (scene.desk.tree.size, scene.desk.tree.root())
    (result,) = got.results
    assert (result.seq, result.outcome, result.body) == (
        3,
        Outcome.ADJUSTED,
        {"infcode": 0, "difference_fen": -120},
    )
    leaf = receipt.leaf_bytes(
        record.record_hash(RECORDS[2]),
        TERMINAL,
        EPOCH,
        3,
        Outcome.ADJUSTED,
        scene.desk.decided[3][1],
    )
    assert (
        receipt.check_inclusion(result.receipt, leaf, centre.verifier)[0] == got.tree_size
    )  # proof for later


def test_an_answer_to_a_hello_before_any_record_is_accepted() -> None:
    desk = Desk(list(RECORDS))
    got = door().accept(desk.answer([]), desk.ours)
    assert got is not None
    assert (got.upto_seq, got.chain_hash, got.tree_size) == (0, ZERO, 0)


def test_nothing_is_trusted_for_good_before_the_store_has_it(scene: Scene) -> None:
    held = (scene.door.checkpoint, scene.door.last_number)
    scene.desk.decide(3)
    got = scene.door.accept(scene.desk.answer([3], named=7), scene.desk.ours)
    assert (scene.door.checkpoint, scene.door.last_number) == held
    scene.door.confirm(got)
    assert scene.door.checkpoint == (scene.desk.tree.size, scene.desk.tree.root())
    assert scene.door.last_number == 2


def test_answers_to_several_envelopes_under_way_are_all_accepted_in_order(scene: Scene) -> None:
    """All named size 7; each answer also proves from the one before it."""
    for seq in range(3, 9):
        scene.desk.others(seq)
        scene.desk.decide(seq)
        scene.taken(scene.desk.answer([seq], named=7))
    assert scene.door.last_number == 7


def test_answers_that_arrive_before_the_first_is_stored_are_measured_against_each_other(
    scene: Scene,
) -> None:
    scene.desk.decide(3)
    first = scene.door.accept(scene.desk.answer([3], named=7), scene.desk.ours)
    scene.desk.decide(4)
    second = scene.door.accept(scene.desk.answer([4], named=7), scene.desk.ours)
    assert first is not None
    assert second is not None
    scene.door.confirm(first)
    scene.door.confirm(second)
    assert scene.door.checkpoint[0] == 9


def test_after_a_failed_commit_the_same_answer_is_accepted_again(scene: Scene) -> None:
    scene.desk.decide(3)
    data = scene.desk.answer([3], named=7)
    assert scene.door.accept(data, scene.desk.ours) is not None
    assert scene.door.accept(data, scene.desk.ours) is None
    scene.door.forget()
    assert scene.door.accept(data, scene.desk.ours) is not None


def test_a_record_that_is_answered_again_keeps_its_leaf_and_is_proven_in_the_new_tree(
    scene: Scene,
) -> None:
    scene.desk.others(5)
    got = scene.taken(scene.desk.answer([1, 2], named=7))
    assert [result.outcome for result in got.results] == [Outcome.SETTLED, Outcome.REJECTED]


def test_a_restart_goes_on_from_what_was_stored(scene: Scene) -> None:
    again = door(scene.door.checkpoint, scene.door.last_number)
    scene.desk.decide(3)
    assert again.accept(scene.desk.answer([3], named=7), scene.desk.ours) is not None


# -- rule 1, 2: who speaks, to whom ----------------------------------------------------------------
def test_a_wrong_signature_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    wire = scene.desk.wire([3], named=7)
    scene.refused(answer.encode(wire, stranger.signer), "E-LOG-01")
    scene.refused(answer.encode(wire, terminal.signer), "E-LOG-01")
    good = answer.encode(wire, centre.signer)
    for at in range(0, len(good), 7):
        scene.refused(good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1 :], "E-LOG-01")
    scene.refused(good[:-1], "E-LOG-01")
    scene.refused(b"", "E-LOG-01")
    scene.taken(good)


def test_an_answer_for_another_terminal_is_refused(scene: Scene) -> None:
    scene.refused(scene.desk.answer([], terminal="t-0002"), "E-LOG-01")


def test_an_answer_for_an_epoch_to_come_is_refused_and_one_of_the_past_is_old(scene: Scene) -> None:
    scene.refused(scene.desk.answer([], epoch=EPOCH + 1), "E-LOG-01")
    assert scene.door.accept(scene.desk.answer([], epoch=EPOCH - 1), scene.desk.ours) is None


def test_another_message_of_the_centre_is_not_an_answer(scene: Scene) -> None:
    scene.refused(scene.desk.receipt(1), "E-LOG-01")
    scene.refused(scene.desk.wire([1], named=7).signed_root, "E-LOG-01")


# -- rule 3, 4: time runs forward ------------------------------------------------------------------
def test_a_replayed_older_answer_is_ignored(scene: Scene) -> None:
    scene.desk.decide(3)
    second = scene.desk.answer([3], named=7)
    scene.desk.decide(4)
    third = scene.desk.answer([4], named=7)
    scene.taken(second)
    scene.taken(third)
    for old in (second, third):
        assert scene.door.accept(old, scene.desk.ours) is None
    assert scene.door.last_number == 3


def test_a_log_that_shrank_is_refused(scene: Scene) -> None:
    smaller = Desk(list(RECORDS), number=scene.desk.number)
    smaller.decide(1)
    smaller.decide(2)
    scene.refused(smaller.answer([1, 2]), "E-LOG-05")


def test_answers_that_go_back_behind_what_was_decided_are_refused(scene: Scene) -> None:
    scene.desk.others(1)
    scene.refused(
        scene.desk.answer([], named=7, upto=1, chain=record.record_hash(RECORDS[0])), "E-LOG-05"
    )
    again = TrustedCentre(
        TERMINAL, EPOCH, centre.verifier, terminal.opener, scene.door.checkpoint, 1, answered_seq=2
    )
    with pytest.raises(EdgeError, match="E-LOG-05"):
        again.accept(scene.desk.answer([], named=7, upto=0, chain=ZERO), scene.desk.ours)


# -- rule 5: our chain -----------------------------------------------------------------------------
def test_a_chain_hash_that_differs_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    scene.refused(scene.desk.answer([3], named=7, chain=record.record_hash(RECORDS[1])), "E-LOG-02")
    scene.refused(scene.desk.answer([3], named=7, chain=ZERO), "E-LOG-02")


def test_a_record_that_we_never_wrote_cannot_be_decided(scene: Scene) -> None:
    beyond = len(RECORDS) + 1
    scene.refused(scene.desk.answer([], named=7, upto=beyond, chain=ZERO), "E-LOG-06")
    scene.refused(
        scene.desk.answer([], named=7, upto=beyond, chain=record.record_hash(RECORDS[-1])),
        "E-LOG-06",
    )


def test_zero_decided_records_have_no_hash() -> None:
    desk = Desk(list(RECORDS))
    with pytest.raises(EdgeError, match="E-LOG-02"):
        door().accept(desk.answer([], chain=record.record_hash(RECORDS[0])), desk.ours)


# -- rule 6: one log -------------------------------------------------------------------------------
def test_a_forked_log_is_refused_though_everything_in_it_is_proven(scene: Scene) -> None:
    other = fork(scene, (1, 2, 3))
    scene.refused(other.answer([1, 2, 3], named=7), "E-LOG-04")


def test_another_root_at_the_same_size_is_refused(scene: Scene) -> None:
    other = Desk(list(RECORDS), number=scene.desk.number)
    other.others(5, salt="forged ")
    other.decide(1)
    other.decide(2)
    assert other.tree.size == scene.door.checkpoint[0]
    scene.refused(other.answer([1, 2]), "E-LOG-04")


def test_a_consistency_proof_of_the_true_log_does_not_cover_a_forked_answer(scene: Scene) -> None:
    other = fork(scene, (1, 2, 3))
    scene.desk.others(other.tree.size - scene.desk.tree.size)
    true = consistency(scene.desk, [7], other.tree.size)
    scene.refused(other.answer([3], consistency=true), "E-LOG-04")


def test_a_consistency_proof_that_another_signed_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    forged = consistency(scene.desk, [7], 8, stranger.signer)
    scene.refused(scene.desk.answer([3], consistency=forged), "E-LOG-04")


def test_a_consistency_proof_to_another_size_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    scene.desk.others(1)
    shorter = consistency(scene.desk, [7], 8)
    scene.refused(scene.desk.answer([3], consistency=shorter), "E-LOG-04")


def test_rubbish_instead_of_a_consistency_proof_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    scene.refused(scene.desk.answer([3], consistency=b"rubbish"), "E-LOG-04")
    scene.refused(scene.desk.answer([3], consistency=scene.desk.receipt(3)), "E-LOG-04")


def test_an_answer_that_cannot_be_connected_is_not_believed_and_too_many_are_said_aloud(
    scene: Scene,
) -> None:
    scene.desk.decide(3)
    elsewhere = consistency(scene.desk, [4], 8)
    for count in range(1, trusted.UNPROVEN_MAX):
        proof = b"" if count % 2 else elsewhere
        assert (
            scene.door.accept(scene.desk.answer([3], consistency=proof), scene.desk.ours)
            is None
        )
    scene.refused(scene.desk.answer([3], consistency=b""), "E-LOG-07")


def test_a_connected_answer_ends_the_count_of_those_that_were_not(scene: Scene) -> None:
    scene.desk.decide(3)
    for _ in range(trusted.UNPROVEN_MAX - 1):
        assert scene.door.accept(scene.desk.answer([3], consistency=b""), scene.desk.ours) is None
    scene.taken(scene.desk.answer([3], named=7))
    scene.desk.decide(4)
    assert scene.door.accept(scene.desk.answer([4], consistency=b""), scene.desk.ours) is None


def test_two_answers_at_once_cannot_open_a_fork_between_them(scene: Scene) -> None:
    """Both lead from the stored checkpoint, but not to one log: the second is measured against
    the first."""
    mine, yours = scene.desk, Desk(list(RECORDS), number=scene.desk.number + 1, last_size=7)
    yours.tree = mine.tree.from_leaf_hashes(mine.tree._levels[0])
    mine.others(2)
    mine.decide(3)
    yours.others(2, salt="another ")
    yours.decide(3, Outcome.REJECTED)
    yours.others(1)
    first = scene.door.accept(mine.answer([3], named=7), mine.ours)
    assert first is not None
    assert scene.door.accept(yours.answer([3], named=7), yours.ours) is None
    equal = Desk(list(RECORDS), number=mine.number + 1, last_size=7)
    equal.tree = mine.tree.from_leaf_hashes(yours.tree._levels[0][: mine.tree.size])
    scene.refused(
        equal.answer([], named=7, upto=3, chain=record.record_hash(RECORDS[2])), "E-LOG-04"
    )


