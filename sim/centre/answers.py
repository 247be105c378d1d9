"""Signed answers: results with their receipts, cut into as many answers as the limits need."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core.types import Credit, Outcome
from edge.wire import answer as wire
from edge.wire import topics
from edge.wire.cose import Sealer, Signer
from edge.wire.log import receipt
from edge.wire.log.merkle import HASH_BYTES, Tree
from sim.centre.books import registry
from sim.centre.books.registry import Terminal

BYTES_AT_ONCE: Final = wire.ANSWER_BYTES_MAX - 32 * 1024
RESULT_BYTES: Final = 64  # numbers and outcome; a path has a hash for each level of the tree

Message = tuple[str, bytes]


class Decided(Struct, frozen=True):
    """One decision as the store has it: `plain` is the first result, for ever the same bytes (the
    log's leaf holds their hash); each answer seals them anew."""

    seq: int
    outcome: str
    plain: bytes
    leaf: int
    number: int


class Standing(Struct, frozen=True):
    """Where a terminal's chain stands: everything up to `upto` is decided, `chain` is its hash."""

    upto: int
    chain: bytes


class Reply(Struct, frozen=True):
    """What the answers of one envelope are made of."""

    terminal: Terminal
    epoch: int
    standing: Standing
    decided: tuple[Decided, ...]
    tree_size: int  # that the envelope named
    now_ms: int
    credit: Credit
    shards: int


def make(
    conn: sa.Connection, reply: Reply, tree: Tree, signer: Signer, sealer: Sealer
) -> list[Message]:
    """The answers, in order; notes their numbers and the tree's size. At least one, also without
    results. All are about one root, which is signed once."""
    chunks = _chunks(reply.decided, tree.size)
    signed = receipt.SignedRoot.make(tree.root(), signer)
    number, seen = reply.terminal.answer_number, reply.terminal.answer_size
    messages: list[Message] = []
    for chunk in chunks:  # all with the same `upto`: it never goes back
        number += 1
        sizes = [size for size in (reply.tree_size, seen) if size <= tree.size]
        made = wire.WireAnswer(
            terminal=reply.terminal.name,
            epoch=reply.epoch,
            upto=reply.standing.upto,
            chain=reply.standing.chain,
            number=number,
            centre_ms=reply.now_ms,
            credit=reply.credit,
            results=tuple(_result(one, tree) for one in chunk),
            tree_size=tree.size,
            root=tree.root(),
            consistency=receipt.consistency_from(tree, sizes, tree.size, signed),
            signed_root=signed.bare if chunk else b"",
            sealed=_seal(chunk, reply, number, sealer) if chunk else b"",
        )
        topic = topics.down(reply.terminal.name, reply.shards)
        messages.append((topic, wire.encode(made, signer)))
        seen = tree.size
    registry.update(conn, reply.terminal.name, answer_number=number, answer_size=tree.size)
    return messages


def _result(one: Decided, tree: Tree) -> wire.WireResult:
    path = b"".join(tree.inclusion(one.leaf))
    return wire.WireResult(one.seq, Outcome(one.outcome), one.leaf, path)


def _seal(chunk: tuple[Decided, ...], reply: Reply, number: int, sealer: Sealer) -> bytes:
    plains = [one.plain for one in chunk]
    return wire.seal_results(
        plains, sealer, terminal=reply.terminal.name, epoch=reply.epoch, number=number
    )


def _chunks(decided: tuple[Decided, ...], tree_size: int) -> list[tuple[Decided, ...]]:
    path_bytes = HASH_BYTES * tree_size.bit_length()
    chunks: list[list[Decided]] = [[]]
    room = BYTES_AT_ONCE
    for one in decided:
        size = len(one.plain) + RESULT_BYTES + path_bytes
        if chunks[-1] and (room < size or len(chunks[-1]) == wire.RESULTS_MAX):
            chunks.append([])
            room = BYTES_AT_ONCE
        chunks[-1].append(one)
        room -= size
    return [tuple(chunk) for chunk in chunks]
