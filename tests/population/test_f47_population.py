"""F47: a hundred thousand invented people in the proportions of S1, from a seed, in little memory."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from sim.centre import audit
from sim.centre.books import people, store
from sim.centre.books import store as t
from sim.centre.books.people import FACE_MARGIN, FACE_MIN, RELATIONS, Faces
from sim.centre.population import TIES, Population, count, face, fill, shares

SIZE = 100_000
PERCENT = 0.01


def near(found: float, wanted: float) -> bool:
    """±1 % of the proportion itself, not of the whole."""
    return abs(found / wanted - 1) <= PERCENT


def test_f47_a_hundred_thousand_people_have_the_proportions_of_the_seed():
    counts = count(Population(7).stream(SIZE), "510100")
    assert counts.people == SIZE
    assert near(counts.insured / SIZE, 0.96)
    assert near(counts.employees / counts.insured, 2023.7 / 8067.25)  # 25.1 %
    assert near((counts.insured - counts.employees) / counts.insured, 6043.55 / 8067.25)
    assert near(counts.migrants / SIZE, shares().migrants)
    assert near(counts.balance_fen / counts.employees, shares().account_mean_fen)
    assert counts.with_family > SIZE * 0.8
    assert 0 < counts.retired < counts.employees


@pytest.mark.parametrize("seed", [0, 1, 9_999])
def test_the_proportions_hold_for_small_places_too(seed):
    counts = count(Population(seed).stream(2_000), "510100")
    assert near(counts.insured / 2_000, 0.96)
    assert near(counts.employees / counts.insured, 2023.7 / 8067.25)


def test_the_same_seed_is_the_same_people_and_a_longer_stream_begins_with_the_shorter():
    short = list(Population(3).stream(500))
    assert list(itertools.islice(Population(3).stream(5_000), 500)) == short
    assert list(Population(4).stream(500)) != short
    assert len({one.psn_no for one in short}) == 500
    assert len({card for one in short for card in one.cards}) == 1_000


def test_memory_does_not_grow_with_the_number_of_people():
    def peak(size: int) -> int:
        found = shares()
        tracemalloc.start()
        count(Population(5, found).stream(size), "510100")
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(100)
    assert peak(10_000) < peak(500) + 64 * 1024


def test_relations_are_of_the_eight_and_each_is_answered_by_its_own():
    back = {"配偶": "配偶", "父母": "子女", "子女": "父母", "兄弟姐妹": "兄弟姐妹",
            "祖父母": "孙子女", "孙子女": "祖父母"}  # fmt: skip
    assert set(TIES.values()) <= set(RELATIONS)
    folk = {one.psn_no: one for one in Population(6).stream(3_000)}
    answered = 0
    for one in folk.values():
        for other, tie in one.relatives:
            if other in folk:  # the last family may be cut
                assert dict(folk[other].relatives)[one.psn_no] == back[tie]
                answered += 1
    assert answered > 3_000


def test_nobody_is_real_a_child_has_no_job_and_only_employees_have_an_account():
    for one in Population(8).stream(3_000):
        assert one.certno.startswith("000000")
        assert one.psn_name.startswith("测试")
        assert one.insutype != "310" or one.age >= 18
        assert one.insutype == "310" or one.balance_fen == 0
        assert one.psn_type != "1201" or one.age >= 55


def test_a_centre_is_filled_in_batches_and_its_books_balance():
    held = store.Store("sqlite://")
    assert fill(held, Population(9).stream(1_200), 0, model="m") == 1_200
    found = audit.audit(held)
    assert found.faults == ()
    with held.begin() as conn:
        assert people.find(conn, "SYN000900000000") is not None
        assert conn.execute(t.faces.select()).fetchall()[1_199][1] == "SYN000900001199"
        who = Faces()
        shaken = np.frombuffer(face("SYN000900000500"), "<f4") + np.float32(0.1)
        assert who.search(conn, shaken.astype("<f4").tobytes(), "m") == ("SYN000900000500", "")
        assert who.search(conn, face("SYN000800000500"), "m") == ("", "no_person")
    held.close()


def test_drawn_faces_are_far_from_each_other():
    drawn = np.stack([np.frombuffer(face(f"SYN0001{n:08d}"), "<f4") for n in range(1_500)])
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    alike = drawn @ drawn.T - np.eye(1_500, dtype=np.float32)
    assert float(alike.max()) < FACE_MIN - FACE_MARGIN
