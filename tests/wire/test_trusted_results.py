"""TrustedCentre, rules 7 to 10: what was decided on each record, and the proof of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.wire import answer, cose, record
from edge.wire.log import receipt
from edge.wire.log.trusted import TrustedCentre
from tests.wire.kit import EPOCH, TERMINAL, Desk, Side, centre, header, stranger, terminal
from tests.wire.scene import RECORDS, Scene, fork, signed


@dataclass
class Counted:
    """A verifier that counts its work."""

    behind: cose.Verifier
    asked: int = 0

    def verify(self, kid: bytes, alg: int, message: bytes, signature: bytes) -> bool:
        self.asked += 1
        return self.behind.verify(kid, alg, message, signature)


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
