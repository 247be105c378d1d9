"""TrustedCentre: each rule of its docstring, as an attack that fails."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.wire import answer, cose, record
from edge.wire.log import receipt, trusted
from edge.wire.log.trusted import TrustedCentre
from tests.wire.kit import (
    EPOCH,
    TERMINAL,
    ZERO,
    Desk,
    Side,
    centre,
    chain,
    door,
    header,
    stranger,
    terminal,
)

RECORDS = chain(12)


@dataclass
class Scene:
    """A terminal and a centre that already agree on two settled records."""

    desk: Desk
    door: TrustedCentre

    def refused(self, data: bytes, code: str) -> None:
        before = (self.door.checkpoint, self.door.last_number)
        with pytest.raises(EdgeError) as caught:
            self.door.accept(data, self.desk.ours)
        assert caught.value.code == code
        assert (self.door.checkpoint, self.door.last_number) == before

    def taken(self, data: bytes) -> answer.Answer:
        got = self.door.accept(data, self.desk.ours)
        assert got is not None
        self.door.confirm(got)
        return got


@dataclass
class Counted:
    """A verifier that counts its work."""

    behind: cose.Verifier
    asked: int = 0

    def verify(self, kid: bytes, alg: int, message: bytes, signature: bytes) -> bool:
        self.asked += 1
        return self.behind.verify(kid, alg, message, signature)


def signed(wire: answer.WireAnswer, **changes: object) -> bytes:
    """The answer with these changes, which the centre itself signed."""
    return answer.encode(replace(wire, **changes), centre.signer)


def consistency(
    desk: Desk, olds: list[int], size: int, signer: cose.Signer = centre.signer
) -> bytes:
    """The receipt that leads from these sizes to `size`."""
    made = receipt.SignedRoot.make(desk.tree.root(size), signer)
    return receipt.consistency_from(desk.tree, olds, size, made)


@pytest.fixture
def scene() -> Scene:
    desk = Desk(list(RECORDS))
    desk.others(3)
    desk.decide(1)
    desk.others(2)
    desk.decide(2, Outcome.REJECTED, {"infcode": -1, "err_msg": "no", "code": "suspended"})
    made = Scene(desk, door())
    made.taken(desk.answer([1, 2]))
    return made


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
    scene.refused(scene.desk.answer([], named=7, upto=beyond, chain=ZERO), "E-LOG-02")
    scene.refused(
        scene.desk.answer([], named=7, upto=beyond, chain=record.record_hash(RECORDS[-1])),
        "E-LOG-02",
    )


def test_zero_decided_records_have_no_hash() -> None:
    desk = Desk(list(RECORDS))
    with pytest.raises(EdgeError, match="E-LOG-02"):
        door().accept(desk.answer([], chain=record.record_hash(RECORDS[0])), desk.ours)


# -- rule 6: one log -------------------------------------------------------------------------------
def fork(scene: Scene, decided: tuple[int, ...] = (1, 2)) -> Desk:
    """A centre that tells us another history, of any length, with its own good signature."""
    other = Desk(list(RECORDS), number=scene.desk.number)
    other.others(3, salt="forged ")
    for seq in decided:
        other.decide(seq)
    other.others(20)
    return other


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


def test_an_answer_that_cannot_be_connected_is_not_believed_and_too_many_are_a_fork(
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
    scene.refused(scene.desk.answer([3], consistency=b""), "E-LOG-04")


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


# -- rule 7: results in their places ---------------------------------------------------------------
def test_results_must_rise_and_must_not_be_beyond_upto(scene: Scene) -> None:
    for seq in (3, 4, 5):
        scene.desk.decide(seq)
    for seqs in ([4, 3], [3, 3]):
        scene.refused(scene.desk.answer(seqs, named=7), "E-LOG-02")
    scene.refused(
        scene.desk.answer([3, 4, 5], named=7, upto=4, chain=record.record_hash(RECORDS[3])),
        "E-LOG-02",
    )


def test_a_result_for_a_record_we_do_not_have_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    scene.desk.decide(4)
    data = scene.desk.answer([3, 4], named=7)
    with pytest.raises(EdgeError, match="E-LOG-02"):
        scene.door.accept(data, lambda seq: None if seq == 3 else scene.desk.ours(seq))


# -- rule 8, 9, 10: what was decided, and the proof ------------------------------------------------
def test_a_swapped_result_body_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    scene.desk.decide(4)
    good = scene.desk.wire([3, 4], named=7)
    three, four = (scene.desk.decided[seq][1] for seq in (3, 4))
    scene.refused(signed(good, sealed=scene.desk.sealed([four, three])), "E-LOG-03")
    scene.taken(signed(good, sealed=scene.desk.sealed([three, four])))


def test_there_is_one_result_body_for_each_result(scene: Scene) -> None:
    scene.desk.decide(3)
    scene.desk.decide(4)
    good = scene.desk.wire([3, 4], named=7)
    three, four = (scene.desk.decided[seq][1] for seq in (3, 4))
    for plains in ([], [three], [three, four, four]):
        scene.refused(signed(good, sealed=scene.desk.sealed(plains)), "E-LOG-03")


def test_results_without_their_root_or_their_bodies_are_no_answer(scene: Scene) -> None:
    scene.desk.decide(3)
    good = scene.desk.wire([3], named=7)
    for part in ({"sealed": b""}, {"signed_root": b""}, {"results": ()}):
        scene.refused(signed(good, **part), "E-LOG-01")


def test_results_sealed_for_another_answer_are_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    earlier = scene.desk.wire([3], named=7).sealed
    good = scene.desk.wire([3], named=7)
    scene.refused(signed(good, sealed=earlier), "E-LOG-03")


def test_a_result_that_was_exchanged_for_another_one_sealed_to_us_is_refused(scene: Scene) -> None:
    """The centre's own signature does not help it to tell us something else than it logged."""
    scene.desk.decide(3, Outcome.REJECTED, {"infcode": -1})
    good = scene.desk.wire([3], named=7)
    for plain in (b"\xa1\x67infcode\x00", b"\xa0", b"\x80", b"", b"\xff"):
        scene.refused(signed(good, sealed=scene.desk.sealed([plain])), "E-LOG-03")


@pytest.mark.parametrize("side", [stranger, centre], ids=lambda side: side.name)
def test_a_result_sealed_to_somebody_else_is_refused(scene: Scene, side: Side) -> None:
    scene.desk.decide(3)
    good = scene.desk.wire([3], named=7)
    other = scene.desk.sealed([scene.desk.decided[3][1]], side.sealer)
    scene.refused(signed(good, sealed=other), "E-LOG-03")


def test_another_outcome_than_the_one_in_the_log_is_refused(scene: Scene) -> None:
    scene.desk.decide(3, Outcome.REJECTED)
    good = scene.desk.wire([3], named=7)
    told = replace(good, results=(replace(good.results[0], outcome=Outcome.SETTLED),))
    scene.refused(answer.encode(told, centre.signer), "E-LOG-03")


def test_a_receipt_for_another_leaf_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    scene.desk.decide(4)
    good = scene.desk.wire([3, 4], named=7)
    three, four = good.results
    told = replace(good, results=(replace(three, path=four.path, index=four.index), four))
    scene.refused(answer.encode(told, centre.signer), "E-LOG-03")


def test_a_decision_on_another_record_in_our_place_is_refused(scene: Scene) -> None:
    """The log proves a decision, but on a record that has another hash than the one we wrote as
    number 3."""
    foreign = [*RECORDS]
    foreign[2] = record.encode(
        header(seq=3, prev=record.record_hash(RECORDS[1]), txid=b"f" * 16), terminal.signer
    )
    scene.desk.records = foreign
    scene.desk.decide(3)
    scene.desk.records = list(RECORDS)
    scene.refused(scene.desk.answer([3], named=7), "E-LOG-03")


def test_an_index_that_differs_from_the_path_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    good = scene.desk.wire([3], named=7)
    told = replace(good, results=(replace(good.results[0], index=0),))
    scene.refused(answer.encode(told, centre.signer), "E-LOG-03")


def test_a_path_that_does_not_lead_to_the_checkpoint_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    earlier = scene.desk.result(3)
    scene.desk.others(1)
    good = scene.desk.wire([3], named=7)
    scene.refused(answer.encode(replace(good, results=(earlier,)), centre.signer), "E-LOG-03")
    aside = fork(scene, (1, 2, 3)).result(3)
    scene.refused(answer.encode(replace(good, results=(aside,)), centre.signer), "E-LOG-03")


def test_a_path_from_a_fork_of_the_same_size_and_index_is_refused(scene: Scene) -> None:
    """Really decided, in the right place - of another log."""
    scene.desk.decide(3)
    other = Desk(list(RECORDS))
    other.others(7, salt="forged ")
    other.decide(3)
    assert other.decided[3] == scene.desk.decided[3]
    assert other.tree.size == scene.desk.tree.size
    good = scene.desk.wire([3], named=7)
    told = replace(good, results=(other.result(3),))
    scene.refused(answer.encode(told, centre.signer), "E-LOG-03")


def test_a_receipt_of_another_size_with_the_same_root_is_refused(scene: Scene) -> None:
    """The root alone does not bind the size (RFC 9162 §2.1.3.2): leaf 5 of 20 is leaf 5 of 21."""
    scene.desk.others(12)
    scene.desk.decide(3)
    index, tree = scene.desk.decided[1][0], scene.desk.tree
    good = scene.desk.wire([1], named=7)
    path = tree.inclusion(index)
    lying = receipt.inclusion_receipt(index, tree.size + 1, path, tree.root(), centre.signer)
    leaf = receipt.leaf_bytes(
        scene.desk.ours(1), TERMINAL, EPOCH, 1, Outcome.SETTLED, scene.desk.decided[1][1]
    )
    assert receipt.check_inclusion(lying, leaf, centre.verifier)[0] == tree.size + 1
    scene.refused(signed(good, tree_size=tree.size + 1), "E-LOG-04")
    (result,) = scene.taken(signed(good)).results
    assert receipt.check_inclusion(result.receipt, leaf, centre.verifier)[0] == tree.size


def test_a_consistency_proof_of_another_size_with_the_same_root_is_refused(scene: Scene) -> None:
    scene.desk.others(12)
    scene.desk.decide(3)
    tree = scene.desk.tree
    path = tree.consistency(7)
    old = scene.door.checkpoint
    made = receipt.SignedRoot.make(tree.root(), centre.signer)
    lying = made.consistency([(7, path)], tree.size + 1)
    assert receipt.check_consistency(lying, *old, centre.verifier)[0] == tree.size + 1
    scene.refused(scene.desk.answer([3], consistency=lying), "E-LOG-04")


def test_a_root_that_another_signed_is_refused(scene: Scene) -> None:
    scene.desk.decide(3)
    good = scene.desk.wire([3], named=7)
    for side in (stranger, terminal):
        forged = receipt.SignedRoot.make(scene.desk.tree.root(), side.signer)
        scene.refused(signed(good, signed_root=forged.bare), "E-LOG-03")


def test_a_signature_over_another_root_gives_no_receipts(scene: Scene) -> None:
    """Also when the root is one of this very log, and the consistency proof carries the right
    signature."""
    scene.desk.decide(3)
    good = scene.desk.wire([3], named=7)
    older = receipt.SignedRoot.make(scene.desk.tree.root(7), centre.signer)
    scene.refused(signed(good, signed_root=older.bare), "E-LOG-03")


def test_only_a_bare_signature_over_a_root_of_a_log_is_taken_for_one(scene: Scene) -> None:
    """What the centre signs for another purpose is no root, and no headers ride along unsigned."""
    scene.desk.decide(3)
    good = scene.desk.wire([3], named=7)
    root = scene.desk.tree.root()
    for bad in (
        b"rubbish",
        cose.sign1(root, centre.signer, domain="", detached=True),
        cose.sign1(root, centre.signer, domain="", protected={395: 2}, detached=True),
        cose.sign1(root, centre.signer, domain="", protected={395: 1}),
        cose.sign1(root, centre.signer, domain=answer.DOMAIN, protected={395: 1}, detached=True),
        scene.desk.receipt(3),
    ):
        scene.refused(signed(good, signed_root=bad), "E-LOG-03")
    scene.taken(signed(good))


def test_each_receipt_that_is_kept_proves_its_record_with_the_centres_key_alone(
    scene: Scene,
) -> None:
    """One signature travels for all of an answer; what is stored stands for itself."""
    for seq in range(3, 9):
        scene.desk.decide(seq)
        scene.desk.others(seq)
    got = scene.taken(scene.desk.answer(list(range(3, 9)), named=7))
    for result in got.results:
        index, plain, outcome = scene.desk.decided[result.seq]
        ours = scene.desk.ours(result.seq)
        leaf = receipt.leaf_bytes(ours, TERMINAL, EPOCH, result.seq, outcome, plain)
        proven = receipt.check_inclusion(result.receipt, leaf, centre.verifier)
        assert proven == (got.tree_size, index, got.root)
        assert result.receipt == scene.desk.receipt(result.seq)


def test_a_signature_is_worked_out_once_for_an_answer_and_again_for_the_next(
    scene: Scene,
) -> None:
    """The answer's own and its root's, whatever the number of receipts; nothing is remembered from
    one answer to the next."""
    counted = Counted(centre.verifier)
    counting = TrustedCentre(
        TERMINAL, EPOCH, counted, terminal.opener, scene.door.checkpoint, scene.door.last_number
    )
    for seq in range(3, 9):
        scene.desk.decide(seq)
    for _ in range(2):
        data = scene.desk.answer(list(range(3, 9)), named=7)
        counted.asked = 0
        assert counting.accept(data, scene.desk.ours) is not None
        assert counted.asked == 2
        counting.forget()


def test_one_bad_result_refuses_the_whole_answer(scene: Scene) -> None:
    scene.desk.decide(3)
    scene.desk.decide(4)
    good = scene.desk.wire([3, 4], named=7)
    told = replace(
        good, results=(good.results[0], replace(good.results[1], outcome=Outcome.DUPLICATE))
    )
    scene.refused(answer.encode(told, centre.signer), "E-LOG-03")
    scene.taken(answer.encode(good, centre.signer))  # nothing of the refused one was kept
