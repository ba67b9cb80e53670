"""The Merkle tree of a log (RFC 6962, section 2.1): append, root, and the two proofs, from a handful of hashes.

Only a frontier is carried along: the roots of the perfect subtrees that stand side by side, at most one per bit
of the size. A proof asks for perfect subtrees by (level, index): level 0 are the leaf hashes.

>>> tree = Frontier()
>>> for leaf in (b"a", b"b", b"c"):
...     tree.append(leaf_hash(leaf))
>>> tree.size, tree.root() == node_hash(node_hash(leaf_hash(b"a"), leaf_hash(b"b")), leaf_hash(b"c"))
(3, True)
>>> path = inclusion_path(2, 3, leaves(map(leaf_hash, (b"a", b"b", b"c"))))
>>> is_included(leaf_hash(b"c"), 2, 3, path, tree.root())
True
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Node = Callable[[int, int], bytes]
"""Gives the root of the perfect subtree at (level, index)."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf (RFC 6962, 2.1: a leading 0x00 keeps leaves and nodes apart)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into their parent (RFC 6962, 2.1: a leading 0x01)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The compact range [0, size): what must be kept to go on appending; the largest subtree comes first."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, hashed: bytes) -> None:
        """Add a leaf by its hash."""
        peaks, rest = self.peaks, self.size
        peaks.append(hashed)
        while rest & 1:
            right = peaks.pop()
            peaks[-1] = node_hash(peaks[-1], right)
            rest >>= 1
        self.size += 1

    def root(self) -> bytes:
        """Give the root of the tree as it stands."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def pack(self) -> bytes:
        """Write the peaks one after the other; the size is kept beside them."""
        return b"".join(self.peaks)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> "Frontier":
        """Read a frontier back; raises ValueError where the peaks do not belong to the size."""
        if len(packed) != HASH_BYTES * size.bit_count():
            raise ValueError(f"frontier: {len(packed)} bytes cannot stand for a tree of {size} leaves")
        return cls(size, [packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)])


def leaves(hashes: Iterable[bytes]) -> Node:
    """Make a `Node` out of all leaf hashes in memory; for small trees and tests."""
    row = list(hashes)

    def node(level: int, index: int) -> bytes:
        return perfect_root(row[index << level : (index + 1) << level])

    return node


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Fold 2**n hashes into the root of their perfect subtree."""
    row = list(hashes)
    if not row or len(row) & (len(row) - 1):
        raise ValueError(f"a perfect subtree has 1, 2, 4 ... hashes, not {len(row)}")
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def range_root(start: int, stop: int, node: Node) -> bytes:
    """Give the root over leaves [start, stop), where start is a multiple of the largest power of 2 below the span.

    This is MTH(D[start:stop]) of RFC 6962, taken from perfect subtrees.
    """
    span = stop - start
    if span & (span - 1) == 0:
        level = span.bit_length() - 1
        return node(level, start >> level)
    left = _split(span)
    return node_hash(range_root(start, start + left, node), range_root(start + left, stop, node))


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """Give PATH(index, D[size]) of RFC 6962, 2.1.1; raises ValueError for a leaf outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(range_root(middle, stop, node))
            stop = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int, node: Node) -> list[bytes]:
    """Give PROOF(old, D[new]) of RFC 6962, 2.1.2; empty where there is nothing to prove (old 0, or old = new)."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot follow one of {old}")
    if old in {0, new}:
        return []
    path, start, stop, whole = [], 0, new, True
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(range_root(middle, stop, node))
            stop = middle
        else:
            path.append(range_root(start, middle, node))
            start, whole = middle, False
    return ([] if whole else [range_root(start, stop, node)]) + path[::-1]


def is_included(hashed: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the path proves a leaf at this index (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last = index, size - 1
    for step in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            hashed = node_hash(step, hashed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        place, last = place >> 1, last >> 1
    return last == 0 and hashed == root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether the path proves that the new tree only appends to the old one (RFC 9162, 2.1.4.2).

    Nothing can be proven from an empty tree, so old = 0 holds only with an empty path and the empty root.
    """
    if old == new:
        return not path and old_root == new_root and old >= 0
    if old == 0:
        return not path and old_root == EMPTY_ROOT and new > 0
    if not 0 < old < new or not path:
        return False
    steps = list(path) if old & (old - 1) else [old_root, *path]
    return _both_roots(old, new, steps) == (old_root, new_root)


def _both_roots(old: int, new: int, steps: list[bytes]) -> tuple[bytes, bytes] | None:
    """Rebuild the old and the new root from the steps of a consistency proof."""
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        place, last = place >> 1, last >> 1
    return (older, newer) if last == 0 else None


def _split(span: int) -> int:
    """Give the largest power of two smaller than the span (RFC 6962: k)."""
    return 1 << (span - 1).bit_length() - 1
