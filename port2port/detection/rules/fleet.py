"""The fleet: every track of one area and picture as columns, so that one report costs the same among 50,000.

Law of this file: a track has a number and an identifier of its own; the MMSI finds it and is never its key.
Units are those of ITU-R M.1371-5 (1/600000 degree, 1/10 knot, 1/10 degree), times are ms since 1970.

>>> fleet = Fleet("antwerp", identify=counting())
>>> moves = fleet.take(Positions.of(mmsi=[205000001], lat=[30_738_000], lon=[2_640_000], at_ms=[5]))
>>> int(fleet["number"][0]), moves.row.tolist(), int(moves.was_ms[0])
(1, [0], 0)
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from port2port.detection.rules.reports import DEGREE, NO_LAT, NO_LON, WHAT_IT_IS, Column, Flag, Positions, Statics

COLUMNS: dict[str, str] = {
    "mmsi": "u4", "number": "u4", "id": "V16",
    "lat": "i4", "lon": "i4", "sog": "u2", "cog": "u2", "heading": "u2", "status": "u1", "second": "u1",
    "flags": "u2", "fix_ms": "i8", "seen_ms": "i8", "first_ms": "i8", "reports": "u4", "interval_ms": "u4",
    "refused": "u4",
    "other_lat": "i4", "other_lon": "i4", "other_ms": "i8", "jump_ms": "i8", "jumps": "u4", "gap_ms": "i8",
}  # fmt: skip
STATIC: dict[str, str] = {
    "name": "S34", "callsign": "S7", "destination": "S20", "imo": "u4", "ship_type": "u1", "bow": "u2",
    "stern": "u2", "port": "u1", "starboard": "u1", "draught": "u1", "eta": "u4",
}  # fmt: skip
EVERY = COLUMNS | STATIC | {"static_ms": "i8"}
ABSENT = {"lat": NO_LAT, "lon": NO_LON, "sog": 1023, "cog": 3600, "heading": 511, "status": 15, "second": 60}

FIRST_ROOM = 256
MOST_TRACKS = 200_000
MOST_MMSI = 999_999_999
LAW_ENFORCEMENT = 55  # ITU-R M.1371-5, table 53
AT_REST = (1, 5, 6)  # at anchor, moored, aground

Identify = Callable[[Column], tuple[Column, list[UUID]]]


def counting() -> Identify:
    """Number tracks from 1: for tests, benchmarks and whoever keeps no records."""
    numbers = itertools.count(1)

    def identify(mmsi: Column) -> tuple[Column, list[UUID]]:
        given = np.array([next(numbers) for _ in mmsi], "u4")
        return given, [UUID(int=int(number)) for number in given]

    return identify


@dataclass(frozen=True, slots=True)
class Moves:
    """Believable positions, track by track and each track's in order; `was_*` is the position before each.

    `was_ms` is 0 where there was none. `seen_before_ms` is when the track was last heard before this batch.
    """

    row: Column
    lat: Column
    lon: Column
    sog: Column
    second: Column
    at_ms: Column
    was_lat: Column
    was_lon: Column
    was_ms: Column
    was_second: Column
    first: Column
    last: Column
    seen_before_ms: Column

    def __len__(self) -> int:
        return len(self.row)


class Fleet:
    """The table; `fleet["lat"]` is the filled part of a column, and writing to it writes the table."""

    def __init__(self, area: str, *, identify: Identify, picture: str = "live") -> None:
        self.area, self.picture, self._identify = area, picture, identify
        self._room, self.size = 0, 0
        self._columns: dict[str, Column] = {name: np.zeros(0, dtype) for name, dtype in EVERY.items()}
        self._mmsi, self._rows = np.zeros(0, "u4"), np.zeros(0, "i8")
        self._free: list[int] = []
        self.last_heard_ms = 0
        self.listening_ms = 0
        self.not_tracked = 0
        self._grow(FIRST_ROOM)

    def __getitem__(self, name: str) -> Column:
        return self._columns[name][: self.size]

    def __len__(self) -> int:
        return len(self._mmsi)

    @property
    def room(self) -> int:
        """Tell for how many rows there is room, which tables beside this one follow."""
        return self._room

    def bytes(self) -> int:
        """Tell how much memory the columns take."""
        return sum(column.nbytes for column in self._columns.values())

    def track_id(self, row: int) -> UUID:
        """Give the identifier of the track in a row."""
        return UUID(bytes=self._columns["id"][row].tobytes())

    def row_of(self, track: UUID) -> int | None:
        """Find the row of a track."""
        found = np.flatnonzero((self["id"] == np.void(track.bytes)) & (self["number"] > 0))
        return int(found[0]) if len(found) else None

    def facts(self, row: int) -> dict[str, Any]:
        """Copy one row."""
        return {name: column[row] for name, column in self._columns.items()}

    def living(self) -> Column:
        """Give the rows that hold a track."""
        return np.sort(self._rows)

    def rows_of(self, mmsi: Column) -> Column:
        """Find the row of each MMSI, taking in new ones; -1 for one that cannot be and where the table is full."""
        self._take_in(mmsi)
        if not len(self._mmsi):
            return np.full(len(mmsi), -1, "i8")
        place = np.minimum(np.searchsorted(self._mmsi, mmsi), len(self._mmsi) - 1)
        return np.where(self._mmsi[place] == mmsi, self._rows[place], -1)

    def _unknown(self, mmsi: Column) -> Column:
        """List the MMSIs that are new, each once; none that cannot be."""
        if len(self._mmsi):
            place = np.minimum(np.searchsorted(self._mmsi, mmsi), len(self._mmsi) - 1)
            mmsi = mmsi[self._mmsi[place] != mmsi]
        if not len(mmsi):
            return mmsi
        unique: Column = np.unique(mmsi)
        return unique[(unique > 0) & (unique <= MOST_MMSI)]

    def _take_in(self, mmsi: Column) -> None:
        new = self._unknown(mmsi)
        beyond = len(new) - max(0, MOST_TRACKS - len(self))
        if beyond > 0:
            self.not_tracked += beyond
            new = new[: len(new) - beyond]
        if not len(new):
            return
        numbers, ids = self._identify(new)
        rows = self._new_rows(len(new))
        for name, column in self._columns.items():
            column[rows] = ABSENT[name] if name in ABSENT else np.zeros(1, column.dtype)[0]
        self._columns["mmsi"][rows], self._columns["number"][rows] = new, numbers
        self._columns["id"][rows] = np.frombuffer(b"".join(track.bytes for track in ids), "V16")
        self._index(np.concatenate([self._mmsi, new]), np.concatenate([self._rows, rows]))

    def _index(self, mmsi: Column, rows: Column) -> None:
        order = np.argsort(mmsi)
        self._mmsi, self._rows = mmsi[order], rows[order]

    def _new_rows(self, count: int) -> Column:
        again = [self._free.pop() for _ in range(min(count, len(self._free)))]
        fresh = count - len(again)
        if self.size + fresh > self._room:
            self._grow(max(2 * self._room, self.size + fresh))
        rows = np.array([*again, *range(self.size, self.size + fresh)], "i8")
        self.size += fresh
        return rows

    def _grow(self, room: int) -> None:
        for name, column in self._columns.items():
            larger = np.zeros(room, column.dtype)
            larger[: self.size] = column[: self.size]
            self._columns[name] = larger
        self._room = room

    def take(self, heard: Positions) -> Moves:
        """Note position reports; give the believable ones with what each track did before.

        A report without a believable place still tells that its track is alive.
        """
        rows = self.rows_of(heard.mmsi)
        known = rows >= 0
        if not known.all():
            rows, heard = rows[known], heard.where(known)
        seen_before = self._columns["seen_ms"][rows]
        self._alive(rows, heard)
        placed = (np.abs(heard.lat) <= 90 * DEGREE) & (np.abs(heard.lon) <= 180 * DEGREE)
        if not placed.all():
            np.add.at(self._columns["refused"], rows[~placed], 1)
            rows, heard, seen_before = rows[placed], heard.where(placed), seen_before[placed]
        return self._move(rows, heard, seen_before)

    def _alive(self, rows: Column, heard: Positions) -> None:
        """Note when each track was heard, how often, and what it says it is."""
        table = self._columns
        before = table["seen_ms"][rows]
        table["first_ms"][rows] = np.where(table["first_ms"][rows] == 0, heard.at_ms, table["first_ms"][rows])
        np.maximum.at(table["seen_ms"], rows, heard.at_ms)
        np.add.at(table["reports"], rows, 1)
        self._pace(rows, before)
        for name in ("status", "sog", "cog", "heading"):
            table[name][rows] = getattr(heard, name)
        kept = table["flags"][rows] & np.uint16(Flag.LOST | Flag.DOUBTFUL | Flag.OFFICIAL)
        table["flags"][rows] = kept | (heard.flags & (WHAT_IT_IS | np.uint16(Flag.MOORED)))

    def _pace(self, rows: Column, before_ms: Column) -> None:
        """Learn the interval at which this receiver hears each track (a moving mean over about four reports)."""
        table = self._columns
        lone, index, count = np.unique(rows, return_index=True, return_counts=True)
        again = before_ms[index] > 0
        lone, index, count = lone[again], index[again], count[again]
        each = (table["seen_ms"][lone] - before_ms[index]) // count
        known = table["interval_ms"][lone].astype("i8")
        mean = np.where(known > 0, (3 * known + each) // 4, each)
        table["interval_ms"][lone] = np.clip(mean, 0, 1_800_000)

    def _move(self, rows: Column, heard: Positions, seen_before: Column) -> Moves:
        table = self._columns
        order = np.argsort(rows, kind="stable")
        row, at_ms = rows[order], heard.at_ms[order]
        lat, lon, second = heard.lat[order], heard.lon[order], heard.second[order]
        first = np.ones(len(row), bool)
        np.not_equal(row[1:], row[:-1], out=first[1:])
        last = np.ones(len(row), bool)
        last[:-1] = first[1:]
        moves = Moves(
            row=row, lat=lat, lon=lon, sog=heard.sog[order], second=second, at_ms=at_ms,
            was_lat=_before(lat, first, table["lat"][row]),
            was_lon=_before(lon, first, table["lon"][row]),
            was_ms=_before(at_ms, first, table["fix_ms"][row]),
            was_second=_before(second, first, table["second"][row]),
            first=first, last=last, seen_before_ms=seen_before[order],
        )  # fmt: skip
        final = row[last]
        table["lat"][final], table["lon"][final] = lat[last], lon[last]
        table["fix_ms"][final], table["second"][final] = at_ms[last], second[last]
        return moves

    def learn(self, told: Statics) -> Column:
        """Note static and voyage facts; empty ones never wipe what is known. Give the rows that changed."""
        rows = self.rows_of(told.mmsi)
        changed = np.zeros(len(rows), bool)
        known = rows >= 0
        for name, column in told.facts.items():
            target = self._columns[name]
            new = column.astype(target.dtype)
            fresh = known & (new != np.zeros(1, target.dtype)[0])
            fresh[fresh] = target[rows[fresh]] != new[fresh]
            target[rows[fresh]] = new[fresh]
            changed |= fresh
        rows = rows[known]
        self._columns["static_ms"][rows] = told.at_ms
        official = self._columns["ship_type"][rows] == LAW_ENFORCEMENT
        flags = self._columns["flags"][rows] & ~np.uint16(Flag.OFFICIAL)
        self._columns["flags"][rows] = flags | np.where(official, np.uint16(Flag.OFFICIAL), np.uint16(0))
        unique: Column = np.unique(rows[changed[known]])
        return unique

    def hear(self, from_ms: int, to_ms: int, *, blind_ms: int) -> None:
        """Note that the area was heard; after a silence of all, silence of one is counted from there."""
        if from_ms - self.last_heard_ms > blind_ms:
            self.listening_ms = from_ms
        self.last_heard_ms = max(self.last_heard_ms, to_ms)

    def drop(self, rows: Column) -> None:
        """Forget tracks; their rows are used again."""
        keep = ~np.isin(self._rows, rows)
        self._index(self._mmsi[keep], self._rows[keep])
        self._free.extend(int(row) for row in rows)
        self._columns["number"][rows] = 0
        self._columns["seen_ms"][rows] = 0

    def frozen(self) -> dict[str, Column]:
        """Copy the living rows, to be kept over a restart."""
        rows = self.living()
        return {name: column[rows] for name, column in self._columns.items()}

    def thaw(self, columns: dict[str, Column]) -> None:
        """Fill an empty fleet from what `frozen` gave; the rows come in the same order from 0."""
        count = len(columns["mmsi"])
        rows = self._new_rows(count)
        for name, column in columns.items():
            if name in self._columns:
                self._columns[name][rows] = column
        self._index(columns["mmsi"].astype("u4"), rows)


def _before(column: Column, first: Column, known: Column) -> Column:
    """Shift a sorted column by one within each track; the first of a track gets what was known."""
    shifted = np.empty_like(known)
    shifted[1:] = column[:-1]
    shifted[first] = known[first]
    return shifted
