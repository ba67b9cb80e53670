"""Stretches of time, read from a store of blobs; what is damaged is skipped and reported.

>>> Columns({"t_ms": np.array([1, 2])}).where(slice(1, 2)).rows
1
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np

from port2port.engine.history.blobs import (
    MINUTE_MS,
    POSITION,
    TIME,
    Band,
    Blob,
    Column,
    DamagedBlob,
    Minute,
    named,
    open_minute,
    pack_minute,
)


class BlobStore(Protocol):
    """Where the blobs are; a minute is counted from 1970 in UTC."""

    def put(self, area: str, kind: str, minute: int, blob: bytes) -> None:
        """Keep a blob, in place of an earlier one of the same minute."""

    def blobs(self, area: str, kind: str, first: int, beyond: int) -> Iterable[tuple[int, Blob]]:
        """Give minute and blob of `first <= minute < beyond`, in the order of time."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A blob that was skipped: whose it is, its minute (since 1970, UTC) and why."""

    area: str
    kind: str
    minute: int
    reason: str


class Columns(dict[str, Column]):
    """Columns of one length, and the damage met while reading them."""

    def __init__(self, columns: Mapping[str, Column], damaged: Iterable[Damage] = ()) -> None:
        super().__init__(columns)
        self.damaged = tuple(damaged)

    @property
    def rows(self) -> int:
        """Tell how many rows the columns have."""
        return len(next(iter(self.values()))) if self else 0

    def where(self, rows: slice | Column) -> "Columns":
        """Choose rows: a slice gives views, a mask or row numbers give copies."""
        return Columns({name: column[rows] for name, column in self.items()}, self.damaged)


def minute_of(at: datetime) -> int:
    """Tell in which minute since 1970 a moment falls."""
    return _ms(at) // MINUTE_MS


class History:
    """Reads and writes stretches of time over a store of blobs."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def write(self, area: str, kind: str, minute: int, columns: Mapping[str, Column]) -> None:
        """Keep the columns of one minute, in place of what was there."""
        self._store.put(area, kind, minute, pack_minute(columns))

    def read(self, area: str, kind: str, start: datetime, end: datetime) -> Columns:
        """Read `start <= time < end` in the order of time; `t_ms` counts from `start`.

        At most 49 days (`t_ms` is 32 bits wide). Only columns that every blob has are given; blobs that are
        damaged are skipped and listed in `.damaged`. No blob at all: the columns of a position, empty.
        """
        start_ms, end_ms = _ms(start), _ms(end)
        if not 0 <= end_ms - start_ms < 1 << 32:
            raise ValueError(f"end: {end} is not within 49 days after {start}")
        first, beyond = start_ms // MINUTE_MS, -(-end_ms // MINUTE_MS)
        join, damaged = _Join(first), []
        for number, blob in self._store.blobs(area, kind, first, beyond):
            try:
                minute = open_minute(blob)
            except DamagedBlob as error:
                damaged.append(Damage(area, kind, number, str(error)))
            else:
                join.add(number, minute, left=beyond - number)
        early_ms = start_ms - first * MINUTE_MS
        return _cut(Columns(join.columns(), damaged), early_ms, early_ms + end_ms - start_ms)

    def window(
        self, area: str, kind: str, *, end: datetime, lasting: timedelta, track: int | None = None
    ) -> Columns:
        """Read the time before `end`, of one track or of all; `t_ms` counts from the window's start."""
        columns = self.read(area, kind, end - lasting, end)
        return columns if track is None else columns.where(columns["track"] == track)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _cut(columns: Columns, start_ms: int, end_ms: int) -> Columns:
    """Keep the rows of a stretch of time, and count their time from its start."""
    if TIME not in columns:
        return columns
    first, beyond = np.searchsorted(columns[TIME], np.array([start_ms, end_ms]))
    columns = columns.where(slice(int(first), int(beyond)))
    if start_ms:
        columns[TIME] -= np.uint32(start_ms)
    return columns


class _Join:
    """Joins minutes; those with the same columns share arrays that grow."""

    def __init__(self, first: int) -> None:
        self._first, self._runs = first, list[_Run]()

    def add(self, number: int, minute: Minute, *, left: int) -> None:
        """Append a minute; `left` minutes, this one included, may come, which tells how much room to make."""
        if not self._runs or self._runs[-1].bands != minute.bands:
            self._runs.append(_Run(minute.bands))
        self._runs[-1].add(minute, (number - self._first) * MINUTE_MS, left)

    def columns(self) -> dict[str, Column]:
        """Give the columns that all minutes have."""
        if not self._runs:
            return {name: np.empty(0, dtype) for name, dtype in {**POSITION, TIME: "<u4"}.items()}
        tables = [run.columns() for run in self._runs]
        if len(tables) == 1:
            return tables[0]
        shared = [name for name in tables[0] if all(name in table for table in tables)]
        return {name: np.concatenate([table[name] for table in tables]) for name in shared}


class _Run:
    """Arrays that take minute after minute, a band in one copy; untouched room costs no memory."""

    def __init__(self, bands: tuple[Band, ...]) -> None:
        self.bands = bands
        self._joined = tuple(band.lengthened() for band in bands)
        self._rows = self._room = 0
        self._arrays = [np.empty((len(band.columns), 0), band.word) for band in self._joined]

    def add(self, minute: Minute, offset_ms: int, left: int) -> None:
        """Copy a minute to the end, its time moved on."""
        beyond = self._rows + minute.rows
        if beyond > self._room:
            self._grow(beyond + self._rows // 2 + minute.rows * left)
        for band, array, words in zip(self.bands, self._arrays, minute.words(), strict=True):
            if band.is_time:
                np.add(words, np.uint32(offset_ms), out=array[:, self._rows : beyond], dtype=np.uint32)
            else:
                array[:, self._rows : beyond] = words
        self._rows = beyond

    def _grow(self, room: int) -> None:
        for i, array in enumerate(self._arrays):
            self._arrays[i] = np.empty((len(array), room), array.dtype)
            self._arrays[i][:, : self._rows] = array[:, : self._rows]
        self._room = room

    def columns(self) -> dict[str, Column]:
        """Give the filled part."""
        return named(self._joined, [array[:, : self._rows] for array in self._arrays])
