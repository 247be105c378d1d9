"""Who is found among all registered faces: what looking at each face in turn would find."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim.centre.books import people, store

NETS = ("a" * 64, "b" * 64)
FACES = 60


@pytest.fixture
def books() -> Iterator[store.Store]:
    opened = store.Store("sqlite://")
    yield opened
    opened.close()


def one_by_one(rows: list[dict[str, object]], face: bytes, model: str) -> tuple[str, str]:
    wanted, best = people.unit(face), dict[str, float]()
    assert wanted is not None
    for row in rows:
        own = people.unit(row["template"])  # type: ignore[arg-type]
        if row["model"] == model and own is not None:
            who = str(row["psn_no"])
            best[who] = max(best.get(who, -1.0), float(own @ wanted))
    ranked = sorted(best.items(), key=lambda pair: -pair[1])[:2]
    if not ranked or ranked[0][1] < people.FACE_MIN:
        return "", "no_person"
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < people.FACE_MARGIN:
        return "", "ambiguous"
    return ranked[0][0], ""


@pytest.mark.parametrize("seed", range(6))
def test_a_search_finds_what_looking_at_each_face_would_find(books: store.Store, seed: int) -> None:
    """People with several faces, of two nets, mixed; some are alike, some are nobody."""
    rng = np.random.default_rng(seed)
    basis = rng.standard_normal((FACES // 4, 192))
    rows = [
        {
            "psn_no": f"P{rng.integers(FACES // 3)}",
            "model": NETS[int(rng.integers(2))],
            "template": (basis[rng.integers(len(basis))] + 0.5 * rng.standard_normal(192)).astype("<f4").tobytes(),
        }
        for _ in range(FACES)
    ]
    with books.begin() as conn:
        conn.execute(store.faces.insert(), rows)
        faces, told = people.Faces(), set()
        for row in [*rows, {"template": rng.standard_normal(192).astype("<f4").tobytes()}]:
            for model in (*NETS, "c" * 64):
                face = row["template"]
                assert isinstance(face, bytes)
                found = faces.search(conn, face, model)
                assert found == one_by_one(rows, face, model)
                told.add(found[1])
    assert told == {"", "no_person", "ambiguous"}, "all three happened"


def test_who_registers_after_a_search_is_found_by_the_next(books: store.Store) -> None:
    faces, rng = people.Faces(), np.random.default_rng(1)
    first, second = (rng.standard_normal(192).astype("<f4").tobytes() for _ in range(2))
    with books.begin() as conn:
        assert faces.search(conn, first, NETS[0]) == ("", "no_person"), "nobody is there"
    people.register_face(books, "P1", first, NETS[0])
    with books.begin() as conn:
        assert faces.search(conn, first, NETS[0]) == ("P1", "") and faces.search(conn, second, NETS[0])[1]
    people.register_face(books, "P2", second, NETS[0])
    with books.begin() as conn:
        assert faces.search(conn, second, NETS[0]) == ("P2", "")
