"""Join messages of two parts in bulk, exactly as `nmea.Assembler` would.

The assembler keeps, for each key, the parts it waits for, and gives up on what waited for MAX_AGE_PARTS other ones.
For two parts that is a walk over three states: nothing waits, part 1 waits, part 2 waits. Where part 2 follows
part 1 soon while nothing waited, the message is whole and nothing waits again: such pairs are joined in bulk. All
else (a part lost, doubled, late, out of order, or awaited since an earlier chunk) is left to the assembler.

How many parts the assembler counted between two rows is known from below (those found in bulk) and from above (with
the lines that might be parts); where that leaves a doubt, the rows are left to the assembler too.

>>> parts = Parts(np.array([7, 9, 7, 9, 7]), np.array([1, 2, 2, 1, 1]), np.arange(5), np.arange(5))
>>> pairs, rest = clean_pairs(parts, {})
>>> pairs.tolist(), rest.tolist()
([[0, 2]], [1, 3, 4])
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from port2port.protocols.ais.columns.framing import Pieces
from port2port.protocols.ais.columns.words import Bytes, Offsets, windows
from port2port.protocols.ais.nmea import MAX_AGE_PARTS

Pairs = npt.NDArray[np.int64]  # shape (pair, 2): the rows of part 1 and part 2
Row = tuple[int, int, int, int, bool]  # key, part, least and most number, whether it begins a pair


class Waits(Enum):
    """What the assembler has of a message when a part comes."""

    NOTHING = auto()
    FIRST = auto()
    SECOND = auto()
    UNSURE = auto()


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts in order of arrival: key, part (1 or 2), and bounds of the number that the assembler gives it."""

    key: npt.NDArray[np.integer]
    part: npt.NDArray[np.integer]
    least: Offsets
    most: Offsets

    def of(self, rows: Offsets) -> "Parts":
        """Choose or order some of them."""
        return Parts(self.key[rows], self.part[rows], self.least[rows], self.most[rows])


@dataclass(slots=True)
class State:
    """What waits under a key, and since when: for giving up at the latest, for being in time at the earliest."""

    waits: Waits = Waits.NOTHING
    latest: int = 0
    earliest: int = 0

    def take(self, part: int, least: int, most: int) -> None:
        """Follow the assembler as it takes a part."""
        here, there = (Waits.FIRST, Waits.SECOND) if part == 1 else (Waits.SECOND, Waits.FIRST)
        if self.waits is Waits.NOTHING:
            self.waits, self.earliest = here, most
        elif self.waits is there:
            in_time = most - self.earliest <= MAX_AGE_PARTS
            self.waits = Waits.NOTHING if in_time else Waits.UNSURE
        elif most - self.earliest > MAX_AGE_PARTS:
            self.waits = Waits.UNSURE
        self.latest = least

    def age(self, least: int) -> None:
        """Forget what the assembler has given up for certain."""
        if least - self.latest > MAX_AGE_PARTS:
            self.waits = Waits.NOTHING


def clean_pairs(parts: Parts, waiting: Mapping[int, State]) -> tuple[Pairs, Offsets]:
    """Pair parts that follow each other under one key; give the pairs, and in order the rows left over.

    `waiting` has the state of those keys of which a part waits already; numbers of parts begin at nought.
    """
    order = np.argsort(parts.key, kind="stable")
    sorted_ = parts.of(order)
    opens = np.flatnonzero(
        (sorted_.key[1:] == sorted_.key[:-1])
        & (sorted_.part[:-1] == 1)
        & (sorted_.part[1:] == 2)
        & (sorted_.most[1:] - sorted_.most[:-1] <= MAX_AGE_PARTS)
    )
    opens = opens[_clean(sorted_, opens, waiting)]
    left = _all_but(opens, len(order))
    return np.stack((order[opens], order[opens + 1]), axis=1), np.sort(order[left])


def _all_but(opens: Offsets, count: int) -> npt.NDArray[np.bool_]:
    left = np.ones(count, dtype=np.bool_)
    left[opens] = left[opens + 1] = False
    return left


def _clean(parts: Parts, opens: Offsets, waiting: Mapping[int, State]) -> npt.NDArray[np.bool_]:
    """Tell which pairs begin while nothing waits; only keys with a part that is in no pair can have others."""
    troubled = {*waiting, *parts.key[_all_but(opens, len(parts.key))].tolist()}
    clean = ~among(parts.key[opens], troubled)
    if not clean.all():
        opening = np.zeros(len(parts.key), dtype=np.bool_)
        opening[opens] = True
        rows = np.flatnonzero(among(parts.key, troubled))
        clean |= among(opens, set(rows[_walk(parts.of(rows), opening[rows], waiting)].tolist()))
    return clean


def among(values: npt.NDArray[np.integer], some: Collection[int]) -> npt.NDArray[np.bool_]:
    """Tell which values are among some few."""
    if not some:
        return np.zeros(len(values), dtype=np.bool_)
    ordered = np.array(sorted(some), dtype=values.dtype)
    place = np.searchsorted(ordered, values)
    place[place == len(ordered)] = 0
    found: npt.NDArray[np.bool_] = ordered[place] == values
    return found


def _walk(parts: Parts, opening: npt.NDArray[np.bool_], waiting: Mapping[int, State]) -> list[int]:
    """Follow the assembler through the parts of each key; give the rows where a clean pair begins."""
    clean: list[int] = []
    previous, state, paired = None, State(), False
    for at, (key, part, least, most, opens) in enumerate(_rows(parts, opening)):
        if key != previous:
            previous, state, paired = key, waiting.get(key) or State(), False
        state.age(least)
        if paired:
            paired = False
        elif opens and state.waits is Waits.NOTHING:
            clean.append(at)
            paired = True
        else:
            state.take(part, least, most)
    return clean


def _rows(parts: Parts, opening: npt.NDArray[np.bool_]) -> Iterator[Row]:
    columns = (parts.key, parts.part, parts.least, parts.most, opening)
    return zip(*(column.tolist() for column in columns), strict=True)


def join(buffer: Bytes, first: Pieces, second: Pieces, *, room: Bytes, stride: int) -> Offsets:
    """Write both parts of each message one behind the other into `room`; give where in it each message starts.

    Part 1 comes in few lengths, so that one copy a length does for all of them; a copy of part 2 is as long as the
    longest, and what it carries too much lies behind the message's end.
    """
    reach = int(second.length.max(initial=0))
    rows = room[: len(first.line) * stride].reshape(-1, stride)
    for length in np.flatnonzero(np.bincount(first.length)).tolist():
        alike = np.flatnonzero(first.length == length)
        rows[alike, :length] = cut(buffer, first.offset[alike], length)
        rows[alike, length : length + reach] = cut(buffer, second.offset[alike], reach)
    return np.arange(len(rows)) * stride


def stride_of(first: Pieces, second: Pieces) -> int:
    """Bytes that `join` needs for a message."""
    return int(first.length.max(initial=0) + second.length.max(initial=0))


def cut(buffer: Bytes, offsets: Offsets, length: int) -> Bytes:
    """Copy `length` bytes from each offset, shape (offset, length)."""
    return windows(buffer, length)[offsets].view(np.uint8).reshape(-1, length)
