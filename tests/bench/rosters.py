"""Group `roster`: taking in the roster of a clinic with 5,000 patients, keeping it, comparing one card with
one face; and at the centre one face with everybody's: against numpy's and AES-GCM's bare work."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.core.books.roster import (
    ENTRIES_MAX,
    PARTS_MAX,
    PEOPLE_MAX,
    Entry,
    Part,
    Roster,
    decode,
    encode,
    key_of,
    small,
)
from edge.drivers.keys.file import AesLocker
from edge.wire import roster as wire
from sim.centre.books import people, store
from sim.centre.keys import CentreKeys
from tests.bench import apart
from tests.bench.figure import Figure, Size, in_turns, paired, timed

TERMINAL = "bench"
MODEL = "ab" * 32
SALT = b"s" * 16
UNTIL = 1 << 50
LOOKS = 200  # comparisons of one round
KEY, AAD, NONCE = b"k" * 32, b"doc", b"n" * 12
HELD = """
import json, sys, psutil
from edge.core.books.roster import Roster, decode
rss = psutil.Process().memory_info
before = rss().rss
parts = [decode(open(name, "rb").read()) for name in sys.argv[1:]]
roster = Roster(parts)
print(json.dumps([before, rss().rss, roster.people]))
"""


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
        *_kept(directory, parts, rounds),
        *(_known(count, size) for count in size.known),
    ]  # fmt: skip


def _kept(directory: Path, parts: list[Part], rounds: int) -> list[Figure]:
    """On the terminal: every part under its own seal, opened again at each start; and in memory."""
    locker, bare = AesLocker(KEY), AESGCM(KEY)
    plain = [encode(part) for part in parts]
    locked = [locker.lock(one, AAD) for one in plain]
    sealed = [bare.encrypt(NONCE, one, AAD) for one in plain]
    samples = in_turns(
        rounds,
        [
            timed(lambda: [locker.lock(encode(part), AAD) for part in parts]),
            timed(lambda: [bare.encrypt(NONCE, one, AAD) for one in plain]),
            timed(lambda: Roster(part for one in locked if (part := decode(locker.unlock(one, AAD))))),
            timed(lambda: [bare.decrypt(NONCE, one, AAD) for one in sealed]),
        ],
    )
    files = []
    for number, one in enumerate(plain):
        files.append(directory / f"{number}.part")
        files[-1].write_bytes(one)
    before, after, held = apart.numbers(HELD, *map(str, files))
    assert held == PEOPLE_MAX
    raw = float(sum(len(entry.template) for part in parts for entry in part.entries))
    return [
        paired(
            group="roster", name=f"{PEOPLE_MAX:,} patients sealed to be kept", unit="ms", values=samples[0],
            floors=samples[1], floor_name="AES-GCM of the same bytes", scale=1e3, note=f"{sum(map(len, plain)):,} B",
        ),
        paired(
            group="roster", name=f"{PEOPLE_MAX:,} patients opened at a start (unlock, decode, index)", unit="ms",
            values=samples[2], floors=samples[3], floor_name="AES-GCM of the same bytes", scale=1e3,
        ),
        paired(
            group="roster", name=f"RSS of {PEOPLE_MAX:,} patients held", unit="MB", values=[after - before],
            floors=[raw], floor_name="their templates", scale=1 / apart.MB,
        ),
    ]  # fmt: skip


def _known(count: int, size: Size) -> Figure:
    """1:N at the reference centre, every face of one net."""
    vectors = np.random.default_rng(2).standard_normal((count, 192)).astype("<f4")
    opened, faces = store.Store("sqlite://"), people.Faces()
    rows = [
        {"psn_no": f"P{number}", "model": MODEL, "template": vector.tobytes()}
        for number, vector in enumerate(vectors)
    ]
    try:
        with opened.begin() as conn:
            conn.execute(store.faces.insert(), rows)
        with opened.begin() as conn:
            began = time.perf_counter()
            faces.search(conn, rows[0]["template"], MODEL)
            first = time.perf_counter() - began
            matrix = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            at = [0]

            def search() -> None:
                at[0] += 1
                wanted = at[0] * 7 % count
                assert faces.search(conn, rows[wanted]["template"], MODEL) == (f"P{wanted}", "")

            def floor() -> None:
                int((matrix @ matrix[at[0] * 7 % count]).argmax())

            values, floors = in_turns(max(3, size.crypto // 4), [timed(search), timed(floor)])
    finally:
        opened.close()
    return paired(
        group="roster", name=f"1:N at the centre, {count:,} faces", unit="ms", values=values, floors=floors,
        scale=1e3, floor_name="numpy: matrix x vector, argmax", note=f"the first one reads them in: {first:.2f} s",
    )  # fmt: skip


def _part(number: int, faces: np.ndarray) -> Part:
    entries = tuple(
        Entry((key_of(SALT, "02", f"C{who}"),), small(faces[who].tobytes()), UNTIL, "c")
        for who in range(number * ENTRIES_MAX, (number + 1) * ENTRIES_MAX)
    )
    return Part(1, number, PARTS_MAX, MODEL, SALT, UNTIL, b"", entries)
