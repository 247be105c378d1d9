"""Seeded work for a ledger, and what the ledger must hold after each step, worked out without it.

`STEPS` is the list of duties: who teaches the store another one adds its name here, with what it
does to the books and how it is asked of the store."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct
from msgspec.structs import replace

from edge.core.effects import Prune, Save
from edge.core.types import Answer, Entry, Head
from edge.drivers.keys.file import AesLocker
from edge.drivers.store import NEWEST, OPENING_SPACE, Batch, Decided, Row
from edge.drivers.store.pruning import TAIL_RECORDS
from edge.drivers.store.sqlite import Driver
from edge.errors import EdgeError
from edge.process.carrying import take
from edge.wire import carry
from edge.wire.carry import Manifest
from sim.world.chain import Chain

STICK = "stick"
EPOCH = 1
TERMINAL = "sim-terminal"  # of a `Chain`
SIZES = (120, 400, 700, 3000)  # bytes of sealed body
BULK_BYTES = 60
BULK_MORE = 12  # records beyond the tail that is never pruned
LONG_EVERY = 8
FINISHED = 12  # tasks that were finished at one time
TASK = "task"  # a space whose old documents go
AGE_MAX = 255
FINISHED_KEYS = tuple(f"f{number:04d}" for number in range(4 * FINISHED))
DOCS = 5  # keys in turn, so that documents change and go
_NONCE_BYTES = 12


class SeededLocker:
    """The product's way to lock values, with nonces from the dice: a seed gives the same bytes
    again. For made-up data only."""

    def __init__(self, key: bytes, dice: random.Random) -> None:
        self._aes, self._dice, self._opener = AESGCM(key), dice, AesLocker(key)

    def lock(self, plain: bytes, aad: bytes) -> bytes:
        """As `AesLocker.lock`."""
        nonce = self._dice.randbytes(_NONCE_BYTES)
        return b"\x01" + nonce + self._aes.encrypt(nonce, plain, aad)

    def unlock(self, data: bytes, aad: bytes) -> bytes:
        """As `AesLocker.unlock`: it is that."""
        return self._opener.unlock(data, aad)


class Books(Struct, frozen=True):
    """Everything a ledger must give back."""

    head: Head
    records: Mapping[int, bytes] = {}  # by seq
    entries: tuple[Entry, ...] = ()  # of all that ever were, decided or not
    decided: Mapping[int, Decided] = {}
    docs: Mapping[tuple[str, str], bytes] = {}
    aging: Mapping[str, bytes] = {}  # finished tasks beyond the newest: key -> when
    openings: Mapping[int, bytes] = {}  # by seq; a start does not read them
    number: int = 0
    checkpoint: tuple[int, bytes] = (0, bytes(32))
    base: int = 0  # records up to here were let go, but for those in dispute

    @property
    def answered(self) -> int:
        """All up to here are decided."""
        seq = self.base
        while seq + 1 in self.decided:
            seq += 1
        return seq


class Step(Struct, frozen=True):
    """One thing to do. what: a key of `STEPS`."""

    what: str
    batch: Batch = Batch()
    prune: Prune | None = None


class Script:
    """`steps`, and `books[i]`: what the ledger holds after the first i of them."""

    def __init__(self, seed: int, plan: Sequence[str]) -> None:
        self.seed = seed
        self._dice = random.Random(f"script {seed}")
        self._chain = Chain(epoch=EPOCH, seed=seed)
        self.key = self._dice.randbytes(32)
        self.steps: list[Step] = []
        self.books = [Books(self._chain.head)]
        for what in plan:
            step, after = STEPS[what].make(self, self.books[-1])
            self.steps.append(step)
            self.books.append(after)

    @classmethod
    def drawn(cls, seed: int, steps: int) -> Script:
        """Every duty as often as its weight says; each eighth script has enough to prune,
        another has documents that age and an export."""
        dice, weights = random.Random(f"plan {seed}"), [kind.weight for kind in STEPS.values()]
        plan = dice.choices(list(STEPS), weights, k=steps)
        if seed % LONG_EVERY == 0:
            plan = ["bulk", *plan]
            plan.insert(dice.randrange(1, steps), "prune")
        if seed % LONG_EVERY == LONG_EVERY // 2:
            plan = ["finish", "finish", "crowd", "cut", "age", "commit", "export", *plan]
        return cls(seed, plan)

    def locker(self) -> SeededLocker:
        """A fresh one: the same nonces again in the same order."""
        return SeededLocker(self.key, random.Random(f"nonces {self.seed}"))

    # -- what steps are made of --------------------------------------------------------------------
    def commit(self, before: Books) -> tuple[Step, Books]:
        """Records, perhaps answers, perhaps documents: what a turn of the agent makes durable."""
        count = self._dice.choice((0, 1, 1, 2, 5))
        return self._commit(before, tuple(self._row() for _ in range(count)))

    def bulk(self, before: Books) -> tuple[Step, Books]:
        """A morning's records with all their answers, in one commit."""
        rows = tuple(self._chain.row(BULK_BYTES) for _ in range(TAIL_RECORDS + BULK_MORE))
        return self._commit(before, rows, all_answered=True)

    def prune(self, before: Books) -> tuple[Step, Books]:
        """Let go of what is answered and old enough, but for some in dispute."""
        records = sorted(before.records)
        keep = tuple(sorted(self._dice.sample(records, min(2, len(records)))))
        what = Prune(self._dice.randint(0, 2 * BULK_MORE), 0, before.head.seq, keep)
        reach = min(before.answered, before.head.seq - TAIL_RECORDS, what.until_utc_ms)
        base = max(before.base, reach)  # the n-th record of a `Chain` is of millisecond n - 1
        stays = {seq for seq in before.records if seq > base or seq in keep}
        after = replace(
            before,
            base=base,
            records={seq: data for seq, data in before.records.items() if seq in stays},
            decided={seq: one for seq, one in before.decided.items() if seq in stays},
            openings={seq: one for seq, one in before.openings.items() if seq in stays},
        )
        return Step("prune", prune=what), after

    def finish(self, before: Books) -> tuple[Step, Books]:
        """Tasks that are finished, all at one moment: the n-th time at n."""
        done = len(before.aging) // FINISHED
        return self._tasks(before, [f"f{len(before.aging) + n:04d}" for n in range(FINISHED)], done)

    def crowd(self, before: Books) -> tuple[Step, Books]:
        """As many newer ones as always stay."""
        keys = [f"n{number:05d}" for number in range(NEWEST[TASK])]
        return self._tasks(before, keys, AGE_MAX, aging=False)

    def _tasks(
        self, before: Books, keys: Sequence[str], at: int, *, aging: bool = True
    ) -> tuple[Step, Books]:
        saves = tuple(Save(TASK, key, bytes([at])) for key in keys)
        if not aging:
            docs = {**before.docs, **{(TASK, key): bytes([at]) for key in keys}}
            return Step("crowd", Batch(saves=saves)), replace(before, docs=docs)
        after = replace(before, aging={**before.aging, **{key: bytes([at]) for key in keys}})
        return Step("finish", Batch(saves=saves)), after

    def age(self, before: Books) -> tuple[Step, Books]:
        """The oldest of the finished tasks go, as `_age` has their time."""
        until = min(before.aging.values(), default=b"\0")[0] + 1
        stays = {key: value for key, value in before.aging.items() if value[0] >= until}
        what = Prune(0, until, 0)
        return Step("age", prune=what), replace(before, aging=stays)

    def upgrade(self, before: Books) -> tuple[Step, Books]:
        """The ledger becomes one of version 1 and is opened by today's store."""
        return Step("reopen" if before.base else "upgrade"), before

    def _commit(
        self, before: Books, rows: tuple[Row, ...], *, all_answered: bool = False
    ) -> tuple[Step, Books]:
        entries = tuple(
            Entry(r.seq, r.txid, r.kind, r.mode, len(r.data), r.local, hash=r.hash) for r in rows
        )
        after = replace(
            before,
            head=self._chain.head,
            records={**before.records, **{row.seq: row.data for row in rows}},
            entries=(*before.entries, *entries),
            openings={**before.openings, **{row.seq: row.opening for row in rows if row.opening}},
        )
        answers, after = self._answers(after, always=all_answered, every=all_answered)
        saves, after = self._saves(after, at_least=0 if rows or answers else 1)
        return Step("commit", Batch(rows=rows, answers=answers, saves=saves)), after

    def answer(self, before: Books) -> tuple[Step, Books]:
        """The centre's answers alone."""
        answers, after = self._answers(before, always=True)
        saves, after = self._saves(after, at_least=0 if answers else 1)
        return Step("answer", Batch(answers=answers, saves=saves)), after

    def document(self, before: Books) -> tuple[Step, Books]:
        """Documents alone: bills that change and go."""
        saves, after = self._saves(before, at_least=1)
        return Step("document", Batch(saves=saves)), after

    def _row(self) -> Row:
        """One in three without an opening, as another provider's records would be."""
        opening = self._dice.choice((b"", self._dice.randbytes(60), self._dice.randbytes(300)))
        return replace(self._chain.row(self._dice.choice(SIZES)), opening=opening)

    def _answers(
        self, books: Books, *, always: bool = False, every: bool = False
    ) -> tuple[tuple[Answer, ...], Books]:
        undecided = [
            e.seq for e in books.entries if e.seq > books.base and e.seq not in books.decided
        ]
        if not undecided or not (always or self._dice.random() < 0.4):
            return (), books
        count = len(undecided) if every else self._dice.randint(1, len(undecided))
        in_order = self._dice.random() < 0.7
        chosen = undecided[:count] if in_order else self._dice.sample(undecided, count)
        answer = self._chain.answer(books.number + 1, *chosen)
        news = {
            r.seq: Decided(seq=r.seq, outcome=r.outcome, body=r.body, receipt=r.receipt)
            for r in answer.results
        }
        return (answer,), replace(
            books,
            decided={**books.decided, **news},
            number=answer.number,
            checkpoint=(answer.tree_size, answer.root),
        )

    def _saves(self, books: Books, *, at_least: int) -> tuple[tuple[Save, ...], Books]:
        docs, saves = dict(books.docs), []
        count = max(at_least, self._dice.choice((0, 0, 1, 2)))
        for number in self._dice.sample(range(DOCS), count):
            space, key = self._dice.choice(("bill", "idem", "meta")), f"k{number}"
            gone = (space, key) in docs and self._dice.random() < 0.2
            value = None if gone else self._dice.randbytes(self._dice.choice((8, 200, 900)))
            saves.append(Save(space, key, value))
            if value is None:
                del docs[space, key]
            else:
                docs[space, key] = value
        return tuple(saves), replace(books, docs=docs)


def _same(what: str) -> Callable[[Script, Books], tuple[Step, Books]]:
    """A step that changes nothing that anybody may see."""
    return lambda _script, before: (Step(what), before)


def _commit(store: Driver, step: Step) -> bool:
    store.commit(step.batch)
    return True


def _prune(store: Driver, step: Step) -> bool:
    assert step.prune is not None
    store.prune(step.prune)
    return True


def keep(_space: str, _value: bytes) -> bool:
    """No document must stay: the newest do."""
    return False


def age(space: str, value: bytes) -> int | None:
    """When a task was finished."""
    return value[0] if space == TASK else None


def _export(store: Driver, _step: Step) -> bool:
    """To a stick beside the ledger: EdgeError E-EXP-01 when it does not take it."""
    folder = stick(Path(store._db.filename).parent)  # noqa: SLF001 (where it lies is no duty)
    if not folder.is_dir():  # a call of ours, and nothing of the product's
        folder.mkdir()
    take(store, TERMINAL, unsigned, folder, 0, everything=True)
    return True


def stick(folder: Path) -> Path:
    """Where the export of a ledger in `folder` goes."""
    return folder / STICK


def unsigned(manifest: Manifest) -> bytes:
    """The same bytes for the same export: whose key it is does not matter here."""
    return carry.encode(manifest, _Repeats())


class _Repeats:
    """A signer of nothing, so that a seed gives the same bytes."""

    kid, alg = bytes(8), -7

    def sign(self, message: bytes) -> bytes:
        return hashlib.sha512(message).digest()


def _checkpoint(store: Driver, _step: Step) -> bool:
    return store.checkpoint_wal()


class Kind(Struct, frozen=True):
    """One duty of the store. `make` writes the step and the books after it; `do` asks it of the
    store and says whether it was done (False: not now). `do` None: whoever plays the script does it
    (it ends the store)."""

    weight: int  # how often among the others
    make: Callable[[Any, Books], tuple[Step, Books]]
    do: Callable[[Driver, Step], bool] | None


STEPS: Mapping[str, Kind] = {
    "commit": Kind(12, Script.commit, _commit),
    "answer": Kind(3, Script.answer, _commit),
    "document": Kind(3, Script.document, _commit),
    "checkpoint": Kind(3, _same("checkpoint"), _checkpoint),
    "reopen": Kind(1, _same("reopen"), None),
    "bulk": Kind(0, Script.bulk, _commit),
    "prune": Kind(1, Script.prune, _prune),
    "finish": Kind(0, Script.finish, _commit),
    "crowd": Kind(0, Script.crowd, _commit),
    "age": Kind(0, Script.age, _prune),
    "export": Kind(0, _same("export"), _export),
    "upgrade": Kind(1, Script.upgrade, None),
    "cut": Kind(1, _same("cut"), None),  # the power goes somewhere in the step after this one
}


def read(store: Driver) -> Books:
    """Everything a ledger gives back, and the whole of it verified. EdgeError as the store has
    it."""
    restored = store.restore()  # walks the chain, but for what was answered long ago
    count = restored.head.seq
    if restored.answered_seq > TAIL_RECORDS:
        store.verify_chain()
    base = store.base.seq
    records = dict(zip(range(base + 1, count + 1), store.records(base + 1, count), strict=True))
    records |= {seq: data for seq in range(1, base + 1) for data in _kept(store, seq)}
    decided = {
        seq: found for seq in range(1, count + 1) if (found := store.result(seq)) is not None
    }
    openings = {
        seq: opening
        for seq in range(1, count + 1)
        if (opening := store.doc(OPENING_SPACE, f"{seq:012d}")) is not None
    }
    aging = {key: value for key in FINISHED_KEYS if (value := store.doc(TASK, key)) is not None}
    return Books(
        head=restored.head,
        records=records,
        entries=restored.pending,
        decided=decided,
        docs={
            (s, k): v
            for s, values in restored.docs.items()
            for k, v in values.items()
            if (s, k[:1]) != (TASK, "f")
        },
        aging=aging,
        openings=openings,
        number=store.last_number,
        checkpoint=store.checkpoint,
        base=base,
    )


def _kept(store: Driver, seq: int) -> list[bytes]:
    """A record below the base, if it is still there."""
    try:
        return store.records(seq, seq)
    except EdgeError as error:
        if error.code != "E-STO-08":
            raise
        return []


def difference(found: Books, wanted: Books) -> str:
    """The first thing that is not as it must be; "" when all is."""
    for name in ("head", "base", "records", "decided", "docs", "aging", "openings", "number", "checkpoint"):
        if getattr(found, name) != getattr(wanted, name):
            return name
    outcomes = {seq: decided.outcome for seq, decided in wanted.decided.items()}
    pending = tuple(
        replace(entry, outcome=outcomes.get(entry.seq))
        for entry in wanted.entries[wanted.answered :]
    )
    return "" if found.entries == pending else "pending"
