"""Group `roster`: taking in the roster of a clinic with 5,000 patients, and comparing one card with one face,
against numpy's bare dot products."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from edge.core.books.roster import (
    ENTRIES_MAX,
    PARTS_MAX,
    PEOPLE_MAX,
    Entry,
    Part,
    Roster,
    encode,
    key_of,
    small,
)
from edge.wire import roster as wire
from sim.centre.keys import CentreKeys
from tests.bench.figure import Figure, Size, in_turns, paired

TERMINAL = "bench"
MODEL = "ab" * 32
SALT = b"s" * 16
UNTIL = 1 << 50
LOOKS = 200  # comparisons of one round


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    keys = CentreKeys.create(directory / "centre")
    faces = np.random.default_rng(1).standard_normal((PEOPLE_MAX, 192)).astype("<f4")
    parts = [_part(number, faces) for number in range(PARTS_MAX)]
    documents = [wire.encode(part, TERMINAL, keys.signer) for part in parts]
    rounds = max(3, size.crypto // 10)

    def enrol() -> float:
        began = time.perf_counter()
        taken = [wire.decode(one, keys.verifier, terminal=TERMINAL) for one in documents]
        _ = Roster(taken), [encode(part) for part in taken]
        return time.perf_counter() - began

    def enrol_floor() -> float:
        """The same bytes as one array, normalised: what any matcher has to do."""
        began = time.perf_counter()
        joined = b"".join(entry.template for part in parts for entry in part.entries)
        matrix = np.frombuffer(joined, dtype="i1").reshape(PEOPLE_MAX, 192).astype("f4")
        _ = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        return time.perf_counter() - began

    held = Roster(parts)
    looks = [faces[number * 7 % PEOPLE_MAX].tobytes() for number in range(LOOKS)]
    cards = [("02", f"C{number * 7 % PEOPLE_MAX}") for number in range(LOOKS)]

    def one() -> float:
        began = time.perf_counter()
        found = [held.match(card, face, MODEL, 0) for card, face in zip(cards, looks, strict=True)]
        seconds = time.perf_counter() - began
        assert all(match is not None and match.score > 0.99 for match in found)
        return seconds

    def one_floor() -> float:
        began = time.perf_counter()
        for face in looks:
            vector = np.frombuffer(face, dtype="<f4")
            _ = float(vector @ vector) / float(np.linalg.norm(vector)) ** 2
        return time.perf_counter() - began

    taken, floors = in_turns(rounds, [enrol, enrol_floor])
    compared, dots = in_turns(rounds, [one, one_floor])
    total = sum(map(len, documents))
    return [
        paired(
            group="roster", name=f"{PEOPLE_MAX:,} patients taken in (verify, decode, index, encode)",
            unit="ms", values=taken, floors=floors, scale=1e3,
            floor_name="numpy: one array, normalised", note=f"{total:,} B in {PARTS_MAX} parts",
        ),
        paired(
            group="roster", name="card against face, 1:1", unit="µs", scale=1e6 / LOOKS,
            values=compared, floors=dots, floor_name="numpy: one dot product",
        ),
    ]  # fmt: skip


def _part(number: int, faces: np.ndarray) -> Part:
    entries = tuple(
        Entry((key_of(SALT, "02", f"C{who}"),), small(faces[who].tobytes()), UNTIL, "c")
        for who in range(number * ENTRIES_MAX, (number + 1) * ENTRIES_MAX)
    )
    return Part(1, number, PARTS_MAX, MODEL, SALT, UNTIL, b"", entries)
