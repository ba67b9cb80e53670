"""A day stepped in frames: where everything was at each moment.

>>> columns = {"t_ms": np.array([0, 1500], "u4"), "track": np.array([7, 7], "u4"), "lat": np.array([1, 2], "i4")}
>>> [frame.now["lat"].tolist() for frame in frames(columns)]
[[1], [2]]
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from port2port.engine.history.blobs import TIME, Column

MOST_TRACKS_LISTED = 1 << 26  # beyond this track number a lookup table would cost more than sorting
STRETCH_ROWS = 1 << 17  # rows turned into records at a time while stepping: they stay in the cache


@dataclass(frozen=True, slots=True)
class Frame:
    """The last known row of every track at a moment.

    `now` is a structured array in the order of the track numbers, one record a track, with a field for each
    column; `seen` tells which tracks have spoken yet. Both are overwritten by the next step: copy to keep.
    `moved` are the places of `now` that this step wrote (a track may be named twice).
    """

    at_ms: int
    now: Column
    seen: NDArray[np.bool_]
    moved: NDArray[np.intp]


def frames(columns: Mapping[str, Column], *, step_ms: int = 1000, until_ms: int | None = None) -> Iterator[Frame]:
    """Step through columns in the order of time: at each step the last position of each track.

    The first frame is at `step_ms`, the last at or just beyond `until_ms` (default: the last row). A frame
    holds the rows with `t_ms <= at_ms`.
    """
    times, last = columns[TIME], 0
    until = until_ms if until_ms is not None else (max(int(times[-1]), 1) if len(times) else 0)
    place, tracks = _places(columns["track"])
    dtype = np.dtype([(name, column.dtype) for name, column in columns.items()])
    now, seen = np.zeros(len(tracks), dtype), np.zeros(len(tracks), bool)
    now["track"] = tracks
    steps = np.arange(step_ms, until + step_ms, step_ms)
    ends = np.searchsorted(times, steps, side="right").tolist()
    records, base, beyond = np.empty(0, dtype), 0, 0
    for at_ms, end in zip(steps.tolist(), ends, strict=True):
        if end > beyond:
            base, beyond = last, max(end, min(last + STRETCH_ROWS, len(times)))
            records = _records(columns, dtype, slice(base, beyond))
        moved = place[last:end]
        now[moved] = records[last - base : end - base]
        seen[moved] = True
        yield Frame(at_ms, now, seen, moved)
        last = end


def _records(columns: Mapping[str, Column], dtype: np.dtype[Any], rows: slice) -> Column:
    """Turn a stretch of columns into records, so that one step is one copy."""
    records = np.empty(rows.stop - rows.start, dtype)
    for name, column in columns.items():
        records[name] = column[rows]
    return records


def _places(track: Column) -> tuple[NDArray[np.intp], Column]:
    """Give each row the place of its track among the tracks that occur, and those tracks in order."""
    if not len(track) or int(track.max()) >= MOST_TRACKS_LISTED:
        tracks, place = np.unique(track, return_inverse=True)
        return place.astype(np.intp), tracks
    occurs = np.zeros(int(track.max()) + 1, bool)
    occurs[track] = True
    return (np.cumsum(occurs) - 1)[track], np.flatnonzero(occurs).astype(track.dtype)
