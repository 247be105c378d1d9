"""The append-only log over the store: the tree in memory follows the table of leaf hashes,
transaction by transaction.

`catch_up` is the first thing a transaction does: it locks the head's row, so that one message at a
time, of all workers on this database, gets the next leaf. A transaction that fails leaves the tree
too long; the next `catch_up` rebuilds it.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from edge.errors import EdgeError
from edge.wire.log.merkle import Tree, leaf_hash
from sim.centre.books import store as t

HEAD: Final = 1
READ_AT_ONCE: Final = 10_000
_LOCK: Final = t.get(t.log_head, "id", only=("size", "root")).with_for_update()
_MOVE: Final = t.change(t.log_head, "id")
_LEAF: Final = t.leaves.insert()


class Log:
    """The tree and what the running transaction has added to it."""

    def __init__(self) -> None:
        self.tree = Tree()
        self._added: list[tuple[int, bytes]] = []

    def catch_up(self, conn: sa.Connection) -> None:
        """Lock the head and make the tree what the store says. EdgeError E-LOG-20 when the store
        was altered."""
        self._added = []
        row = conn.execute(_LOCK, t.at(id=HEAD)).first()
        if row is None:
            conn.execute(t.log_head.insert(), {"id": HEAD, "size": 0, "root": Tree().root()})
            self.tree = Tree()
            return
        size, root = int(row[0]), bytes(row[1])
        if self.tree.size > size:  # a transaction of ours was rolled back
            self.tree = Tree()
        self._read(conn, size)
        if self.tree.root() != root:  # so was one, and another worker went on
            self.tree = Tree()
            self._read(conn, size)
        if self.tree.size != size or self.tree.root() != root:
            raise EdgeError("E-LOG-20", "the stored log does not have its own root", "restore it")

    def append(self, leaf: bytes) -> int:
        """Add a leaf to the running transaction; its index."""
        digest = leaf_hash(leaf)
        index = self.tree.append_hash(digest)
        self._added.append((index, digest))
        return index

    def save(self, conn: sa.Connection) -> None:
        """Write what was added, and the new head."""
        if not self._added:
            return
        rows = [{"idx": index, "hash": digest} for index, digest in self._added]
        conn.execute(_LEAF, rows)
        head = {"size": self.tree.size, "root": self.tree.root()}
        conn.execute(_MOVE, t.at(id=HEAD) | head)
        self._added = []

    def _read(self, conn: sa.Connection, size: int) -> None:
        c = t.leaves.c
        while self.tree.size < size:
            query = sa.select(c.idx, c.hash).where(c.idx >= self.tree.size).order_by(c.idx)
            rows = conn.execute(query.limit(READ_AT_ONCE)).all()
            if not rows or rows[0][0] != self.tree.size:
                return
            for _, digest in rows:
                self.tree.append_hash(bytes(digest))
