"""Signed answers: results with their receipts, cut into as many answers as the limits need."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core.types import Credit, Outcome
from edge.wire import answer as wire
from edge.wire import topics
from edge.wire.log import receipt
from edge.wire.log.merkle import Tree
from sim.centre.books import registry
from sim.centre.books.registry import Terminal
from sim.centre.keys import CentreKeys

BYTES_AT_ONCE: Final = wire.ANSWER_BYTES_MAX - 32 * 1024
RECEIPT_BYTES: Final = 256  # headers and signature; a path has a hash for each level of the tree
HASH_BYTES: Final = 34

Message = tuple[str, bytes]


class Decided(Struct, frozen=True):
    """One decision as the store has it: `sealed` is the first result, for ever the same bytes."""

    seq: int
    outcome: str
    sealed: bytes
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


def make(conn: sa.Connection, reply: Reply, tree: Tree, keys: CentreKeys) -> list[Message]:
    """The answers, in order; notes their numbers and the tree's size. At least one, also without
    results."""
    chunks = _chunks(reply.decided, tree.size)
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
            results=tuple(_result(one, tree, keys) for one in chunk),
            tree_size=tree.size,
            root=tree.root(),
            consistency=receipt.consistency_from(tree, sizes, tree.size, keys.signer),
        )
        topic = topics.down(reply.terminal.name, reply.shards)
        messages.append((topic, wire.encode(made, keys.signer)))
        seen = tree.size
    registry.update(conn, reply.terminal.name, answer_number=number, answer_size=tree.size)
    return messages


def _result(one: Decided, tree: Tree, keys: CentreKeys) -> wire.WireResult:
    proof = receipt.inclusion_receipt(
        one.leaf, tree.size, tree.inclusion(one.leaf), tree.root(), keys.signer
    )
    return wire.WireResult(one.seq, Outcome(one.outcome), one.sealed, proof, one.leaf)


def _chunks(decided: tuple[Decided, ...], tree_size: int) -> list[tuple[Decided, ...]]:
    receipt_bytes = RECEIPT_BYTES + HASH_BYTES * tree_size.bit_length()
    chunks: list[list[Decided]] = [[]]
    room = BYTES_AT_ONCE
    for one in decided:
        size = len(one.sealed) + receipt_bytes
        if chunks[-1] and (room < size or len(chunks[-1]) == wire.RESULTS_MAX):
            chunks.append([])
            room = BYTES_AT_ONCE
        chunks[-1].append(one)
        room -= size
    return [tuple(chunk) for chunk in chunks]
