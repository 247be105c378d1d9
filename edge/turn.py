"""The middle of a turn: what must be durable becomes durable in one commit, and only then may the
rest go out."""

from __future__ import annotations

from typing import Protocol

from edge.core.effects import Append, Effect, Prune, Save, Settle
from edge.core.events import Appended, Event, Pruned, Saved
from edge.core.types import Answer, Draft, Head
from edge.drivers.store import Batch, Row, Store


class Confirms(Protocol):
    """Keeps the centre's log checkpoint (wire.trusted)."""

    def confirm(self, answer: Answer) -> None: ...


class Writes(Protocol):
    """Makes record bytes (edge.scribe)."""

    @property
    def trusted(self) -> Confirms: ...

    def write(self, draft: Draft, head: Head) -> tuple[bytes, Head, bytes]: ...


def commit_turn(
    effects: list[Effect], scribe: Writes, store: Store
) -> tuple[list[Event], list[Effect]]:
    """Sign the drafts in order, make everything durable with one commit, and give (events to feed
    back, outward effects). Nothing durable: no commit, no events. E-STO-02 and E-STO-03 pass
    through: then nothing happened."""
    head = store.head
    rows: list[Row] = []
    answers: list[Answer] = []
    saves: list[Save] = []
    prunes: list[Prune] = []
    outward: list[Effect] = []
    for effect in effects:
        if isinstance(effect, Append):
            row, head = _sign(effect.draft, head, scribe)
            rows.append(row)
        elif isinstance(effect, Settle):
            answers.append(effect.answer)
        elif isinstance(effect, Save):
            saves.append(effect)
        elif isinstance(effect, Prune):
            prunes.append(effect)
        else:
            outward.append(effect)
    if not (rows or answers or saves):
        return _prune(prunes, store), outward
    room = store.commit(Batch(tuple(rows), tuple(answers), tuple(saves)))
    for (
        answer
    ) in answers:  # the next answer may build on it only now that a power cut cannot take it back
        scribe.trusted.confirm(answer)
    appended = [Appended(row.seq, row.txid, row.hash, len(row.data)) for row in rows]
    return [*appended, Saved(room), *_prune(prunes, store)], outward


def _prune(prunes: list[Prune], store: Store) -> list[Event]:
    """After the commit, in a transaction of its own: what goes away was safe long ago."""
    done = [store.prune(what) for what in prunes]
    return [Pruned(one.base.seq, one.records, one.docs, one.more) for one in done]


def _sign(draft: Draft, head: Head, scribe: Writes) -> tuple[Row, Head]:
    data, new_head, opening = scribe.write(draft, head)
    assert new_head.seq == head.seq + 1, "the scribe skipped a number"
    assert new_head.epoch == head.epoch, "the scribe changed the epoch"
    row = Row(
        seq=new_head.seq,
        txid=draft.txid,
        kind=draft.kind,
        mode=draft.mode,
        prev=head.hash,
        hash=new_head.hash,
        data=data,
        local=draft.local,
        opening=opening,
    )
    return row, new_head
