"""The log's Merkle tree (RFC 9162 §2.1): appending, proofs, and checking proofs.

`levels[k][i]` is the root of the full subtree of 2^k leaves that starts at leaf i*2^k; only full
subtrees are kept, so an append costs two hashes on average and a proof O(log n) lookups. About 130
MB for a million leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
PATH_MAX = 64  # hashes in a path: a tree of 2^63 leaves
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """H(0x00 || leaf): leaves and nodes can never be taken for each other."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """H(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """An append-only tree in memory."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    @classmethod
    def from_leaf_hashes(cls, hashes: Iterable[bytes]) -> Tree:
        """Rebuild the tree from its stored leaf hashes, in order."""
        tree = cls()
        for one in hashes:
            tree.append_hash(one)
        return tree

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Add a leaf; its index."""
        return self.append_hash(leaf_hash(leaf))

    def append_hash(self, one: bytes) -> int:
        """Add a leaf by its leaf hash; its index."""
        levels = self._levels
        levels[0].append(one)
        level = 0
        while len(levels[level]) % 2 == 0:
            if level + 1 == len(levels):
                levels.append([])
            levels[level + 1].append(node_hash(levels[level][-2], levels[level][-1]))
            level += 1
        return self.size - 1

    def root(self, size: int | None = None) -> bytes:
        """The root now, or as it was at `size` leaves."""
        size = self.size if size is None else size
        assert 0 <= size <= self.size, "a root is of a tree we have"
        return self._subroot(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """PATH(index, D_size): proves that leaf `index` is in the tree of `size` leaves."""
        size = self.size if size is None else size
        assert 0 <= index < size <= self.size, "a proof is about a leaf we have"
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._subroot(middle, end))
                end = middle
            else:
                path.append(self._subroot(start, middle))
                start = middle
        path.reverse()
        return path

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """PROOF(old, D_size): proves that the tree of `old` leaves is the beginning of the tree of
        `size` leaves."""
        size = self.size if size is None else size
        assert 0 < old <= size <= self.size, "a proof is between two trees we have"
        path: list[bytes] = []
        start, end, whole = 0, size, True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self._subroot(middle, end))
                end = middle
            else:
                path.append(self._subroot(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(self._subroot(start, end))
        path.reverse()
        return path

    def _subroot(self, start: int, end: int) -> bytes:
        """The root over leaves start..end-1, where start is a multiple of the subtree's
        capacity."""
        count = end - start
        level = count.bit_length() - 1
        if count == 1 << level:
            return self._levels[level][start >> level]
        middle = start + _split(count)
        return node_hash(self._subroot(start, middle), self._subroot(middle, end))


def inclusion_root(one: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that this path leads to, or None when the path cannot belong to (index, size) (RFC
    9162 §2.1.3.2)."""
    if not 0 <= index < size or len(path) > PATH_MAX:
        return None
    at, last, root = index, size - 1, one
    for step in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node_hash(step, root)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            root = node_hash(root, step)
        at >>= 1
        last >>= 1
    return root if last == 0 else None


def consistency_root(old: int, size: int, path: Sequence[bytes], old_root: bytes) -> bytes | None:
    """The new root that follows from `old_root` and this path, or None when they do not fit (RFC
    9162 §2.1.4.2)."""
    if not 0 < old < size or len(path) > PATH_MAX:
        return None
    steps = list(path)
    if old & (old - 1) == 0:  # a full tree: its own root is the first node and is not sent
        steps.insert(0, old_root)
    if not steps:
        return None
    at, last = old - 1, size - 1
    while at & 1:
        at >>= 1
        last >>= 1
    was = now = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            was = node_hash(step, was)
            now = node_hash(step, now)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            now = node_hash(now, step)
        at >>= 1
        last >>= 1
    return now if was == old_root and last == 0 else None


def split_path(joined: bytes) -> list[bytes]:
    """The hashes of a path that travelled as one byte string."""
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


def verify_inclusion(one: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with leaf hash `one` is leaf `index` of the tree (size, root)."""
    return inclusion_root(one, index, size, path) == root


def verify_consistency(
    old: int, size: int, path: Sequence[bytes], old_root: bytes, root: bytes
) -> bool:
    """Whether the tree (old, old_root) is the beginning of the tree (size, root)."""
    if old == size:
        return not path and old_root == root
    return consistency_root(old, size, path, old_root) == root


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (RFC 9162 §2.1.1)."""
    return 1 << ((count - 1).bit_length() - 1)
