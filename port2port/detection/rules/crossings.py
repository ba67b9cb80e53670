"""Crossings of borders and limits, for all tracks and zones of a batch at once, as if one came after the other.

Law of this file: how positions are cut into batches changes nothing. What one batch leaves behind (`before`,
`fast`) is all the next one needs.

`point` and `zone` pair the moves of a batch with the zones they lie in, in the order of the moves. The moves of one
track stand together, so the number of a move is also its place within its track.
"""

from dataclasses import dataclass

import numpy as np

from port2port.detection.rules.fleet import Moves
from port2port.detection.rules.reports import Column

EXIT_REPORTS = 2
NEVER = -(1 << 40)


@dataclass(frozen=True, slots=True)
class Tracks:
    """The tracks of a batch: the slot of each move, and where each track begins and ends."""

    slot: Column
    begins: Column
    ends: Column

    @classmethod
    def of(cls, moves: Moves) -> "Tracks":
        """Number the tracks of a batch."""
        return cls(np.cumsum(moves.first) - 1, np.flatnonzero(moves.first), np.flatnonzero(moves.last))


@dataclass(frozen=True, slots=True)
class Crossings:
    """Who came in and who left, as (number of the move, zone), and what to remember for each track and zone.

    `state` is 0 outside, 1 inside, 2 inside with the latest report outside.
    """

    came: tuple[Column, Column]
    left: tuple[Column, Column]
    state: Column


def crossings(tracks: Tracks, point: Column, zone: Column, before: Column) -> Crossings:
    """Find entries and exits; `before` is the state (track of the batch x zone) that the last batch left."""
    zones = before.shape[1]
    inside_at = np.where(before > 0, tracks.begins[:, None] - before.astype("i8"), NEVER)
    pair = tracks.slot[point] * zones + zone
    order = np.argsort(pair, kind="stable")
    point, zone, pair = point[order], zone[order], pair[order]
    previous = np.empty_like(point)
    previous[1:] = point[:-1]
    first = np.ones(len(pair), bool)
    np.not_equal(pair[1:], pair[:-1], out=first[1:])
    previous[first] = inside_at[tracks.slot[point[first]], zone[first]]
    came = point - previous > EXIT_REPORTS
    back = came & (previous > NEVER)
    np.maximum.at(inside_at, (tracks.slot[point], zone), point)
    outside = tracks.ends[:, None] - inside_at
    known = inside_at > NEVER
    gone = known & (outside >= EXIT_REPORTS)
    slots, zones_left = np.nonzero(gone)
    left_at = np.concatenate([previous[back], inside_at[slots, zones_left]]) + EXIT_REPORTS
    return Crossings(
        came=(point[came], zone[came]),
        left=(left_at, np.concatenate([zone[back], zones_left])),
        state=np.where(known & ~gone, outside + 1, 0).astype("u1"),
    )


@dataclass(frozen=True, slots=True)
class Speeding:
    """Who became too fast and who no longer is, as (number of the move, zone); `fast` is what to remember."""

    began: tuple[Column, Column]
    over: tuple[Column, Column]
    rows: tuple[Column, Column]
    fast: Column


def speeding(
    tracks: Tracks, marked: tuple[Column, Column, Column], left: tuple[Column, Column], fast: Column
) -> Speeding:
    """Find changes; `marked` is (move, zone, mark) with mark 1 over the limit and -1 within, leaving counts as -1.

    `fast` is what the last batch left, by (track of the batch x zone). Speeds between the limit and the margin have
    no mark: they change nothing.
    """
    at = np.concatenate([marked[0], left[0]])
    zone = np.concatenate([marked[1], left[1]])
    mark = np.concatenate([marked[2], np.full(len(left[0]), -1)])
    pair = tracks.slot[at] * fast.shape[1] + zone
    order = np.lexsort((at, pair))
    at, zone, mark, pair = at[order], zone[order], mark[order], pair[order]
    first = np.ones(len(pair), bool)
    np.not_equal(pair[1:], pair[:-1], out=first[1:])
    was = np.empty_like(mark)
    was[1:] = mark[:-1]
    slot = tracks.slot[at]
    was[first] = np.where(fast[slot[first], zone[first]] > 0, 1, -1)
    last = np.ones(len(pair), bool)
    last[:-1] = first[1:]
    began, over = (mark > 0) & (was < 0), (mark < 0) & (was > 0)
    return Speeding(
        began=(at[began], zone[began]), over=(at[over], zone[over]), rows=(at[last], zone[last]),
        fast=(mark[last] > 0).astype("u1"),
    )  # fmt: skip
