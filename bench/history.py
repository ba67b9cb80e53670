"""History: a day of 10 M positions, read whole, by window and stepped; the peer is DuckDB with one thread.

The rows are the same for both, generated once from a fixed seed and kept in bench/cache/.
"""

import contextlib
import ctypes
import sqlite3
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np

from bench import harness
from port2port.detection.mapped import READER
from port2port.engine import history

CACHE = Path(__file__).parent / "cache"
AREA, KIND = "antwerp", "position"
DAY = datetime(2026, 11, 24, tzinfo=UTC)
MINUTES, VESSELS, ROWS = 1440, 2000, 10_000_000
SEEKS = 200
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h


BLOBS = "SELECT minute, blob FROM history WHERE area=? AND kind=? AND minute>=? AND minute<? ORDER BY minute"


class SqliteBlobs:
    """A `BlobStore` on one SQLite file, read as the product reads its own: by the mapped reader."""

    def __init__(self, path: Path) -> None:
        self._path, self._base = path, sqlite3.connect(path)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute(
            "CREATE TABLE IF NOT EXISTS history (area TEXT, kind TEXT, minute INTEGER, blob BLOB NOT NULL, "
            "PRIMARY KEY (area, kind, minute))"
        )

    def put(self, area: str, kind: str, minute: int, blob: bytes) -> None:
        """Keep a blob."""
        self._base.execute("INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?)", (area, kind, minute, blob))
        self._base.commit()

    def put_many(self, area: str, kind: str, blobs: Iterator[tuple[int, bytes]]) -> None:
        """Keep many in one transaction."""
        rows = ((area, kind, minute, blob) for minute, blob in blobs)
        self._base.executemany("INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?)", rows)
        self._base.commit()

    def blobs(self, area: str, kind: str, first: int, beyond: int) -> Iterator[tuple[int, bytes]]:
        """Give the blobs of a stretch in order."""
        return READER.ask(self._path, BLOBS, (area, kind, first, beyond))

    def close(self) -> None:
        """Close the file."""
        self._base.close()


def minutes() -> Iterator[dict[str, np.ndarray]]:
    """Make a day of traffic, minute by minute: vessels that wander about the Scheldt."""
    random = np.random.default_rng(20261124)
    lat, lon = random.uniform(51.0, 51.6, VESSELS), random.uniform(3.0, 4.6, VESSELS)
    for minute in range(MINUTES):
        rows = ROWS // MINUTES + (minute < ROWS % MINUTES)
        track = random.integers(0, VESSELS, rows)
        np.add.at(lat, track, random.normal(0, 1e-5, rows))
        np.add.at(lon, track, random.normal(0, 1e-5, rows))
        yield {
            "t_ms": np.sort(random.integers(0, 60_000, rows)).astype("<u4"),
            "track": (track + 1).astype("<u4"),
            "lat": (lat[track] * 600_000).astype("<i4"),
            "lon": (lon[track] * 600_000).astype("<i4"),
            "sog": random.integers(0, 250, rows).astype("<u2"),
            "cog": random.integers(0, 3600, rows).astype("<u2"),
            "heading": random.integers(0, 360, rows).astype("<u2"),
            "flags": random.integers(0, 4, rows).astype("<u2"),
        }


def blob_file() -> Path:
    """Give the day as blobs; made when absent."""
    path = CACHE / "history-2.sqlite3"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        store, first = SqliteBlobs(draft), history.minute_of(DAY)
        packed = ((first + i, history.pack_minute(columns)) for i, columns in enumerate(minutes()))
        store.put_many(AREA, KIND, packed)
        store._base.execute("PRAGMA journal_mode=DELETE")
        store.close()
        draft.rename(path)
    return path


def duck_file() -> Path:
    """Give the same rows as a DuckDB file; made when absent."""
    path = CACHE / "history-2.duckdb"
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        base = duckdb.connect(str(draft), config={"threads": 1})
        base.register("day", dict(_whole_day(SqliteBlobs(blob_file()))))
        base.execute(
            f"CREATE TABLE history AS SELECT '{AREA}' AS area, '{KIND}' AS kind, "
            f"make_timestamp({int(DAY.timestamp())}::BIGINT * 1000000 + t_ms::BIGINT * 1000) AS seen_at, "
            "track, lat, lon, sog, cog, heading, flags FROM day"
        )
        base.close()
        draft.rename(path)
    return path


def row_file() -> Path:
    """Give the first hour as plain rows in SQLite with an index on the time; made when absent."""
    path = CACHE / "history-2-rows.sqlite3"
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        base, hour = sqlite3.connect(draft), _read(SqliteBlobs(blob_file()), minutes=60)
        base.execute("CREATE TABLE history (t INTEGER, track, lat, lon, sog, cog, heading, flags)")
        base.executemany(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            zip(*[column.tolist() for column in hour.values()], strict=True),
        )
        base.execute("CREATE INDEX history_t ON history (t)")
        base.commit()
        base.close()
        draft.rename(path)
    return path


class Duck:
    """DuckDB asked the same question: one area and kind, a stretch of time, in the order of time."""

    def __init__(self) -> None:
        self._base = duckdb.connect(str(duck_file()), config={"threads": 1}, read_only=True)

    def read(self, *, first: int, minutes: int) -> dict[str, np.ndarray]:
        """Read as NumPy columns."""
        start, end = DAY + timedelta(minutes=first), DAY + timedelta(minutes=first + minutes)
        question = (
            "SELECT seen_at, track, lat, lon, sog, cog, heading, flags FROM history WHERE area = ? AND kind = ? "
            "AND seen_at >= ?::TIMESTAMP AND seen_at < ?::TIMESTAMP ORDER BY seen_at"
        )
        plain = [str(at.replace(tzinfo=None)) for at in (start, end)]
        return self._base.execute(question, [AREA, KIND, *plain]).fetchnumpy()


def rows() -> list[harness.Row]:
    """Measure reading a day, seeking ten minutes, stepping the day."""
    with _freed_memory_kept():
        return _rows()


def _rows() -> list[harness.Row]:
    store, duck = SqliteBlobs(blob_file()), Duck()
    _check(_whole_day(store), duck.read(first=0, minutes=MINUTES))
    ours, peer = harness.interleaved(lambda: _whole_day(store), lambda: duck.read(first=0, minutes=MINUTES))
    seek, duck_seek = _seeks(store, duck)
    return [
        harness.ratio(
            "history: a day of 10 M rows read, DuckDB",
            ours_per_s=ROWS / ours,
            peer_per_s=ROWS / peer,
            unit="rows/s",
            goal=10,
            note="one thread each; one area and kind in the order of time, as NumPy columns",
        ),
        _against_rows(store),
        harness.budget(
            "history: ten minutes found and read",
            ours=seek * 1000,
            goal=1,
            unit="ms",
            at_most=True,
            note=f"median of {SEEKS}, each row checked against its sum",
        ),
        harness.ratio(
            "history: ten minutes found and read, DuckDB",
            ours_per_s=1 / seek,
            peer_per_s=1 / duck_seek,
            unit="seeks/s",
            goal=5,
        ),
        _stepped(store),
    ]


def _read(store: SqliteBlobs, *, first: int = 0, minutes: int = MINUTES) -> history.Columns:
    start = DAY + timedelta(minutes=first)
    return history.History(store).read(AREA, KIND, start, start + timedelta(minutes=minutes))


def _whole_day(store: SqliteBlobs) -> history.Columns:
    return _read(store)


@contextlib.contextmanager
def _freed_memory_kept() -> Iterator[None]:
    """Have freed memory stay with the process, for both sides alike (glibc only).

    A virtual machine gives freed pages back to its host, and fetching them anew can cost ten times the reading.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except OSError:
        yield
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    yield
    mallopt(M_MMAP_MAX, 65_536)
    mallopt(M_TRIM_THRESHOLD, 128 * 1024)


def _check(ours: history.Columns, peer: dict[str, np.ndarray]) -> None:
    """Stop where the two do not hold the same day."""
    seen_ms = (peer["seen_at"].astype("datetime64[ms]") - np.datetime64(DAY.replace(tzinfo=None), "ms")).astype(int)
    same = ours.rows == ROWS and not ours.damaged and np.array_equal(ours["t_ms"], seen_ms)
    if not same or any(int(ours[name].sum()) != int(peer[name].sum()) for name in ours if name != "t_ms"):
        raise AssertionError("history: the day read differs from DuckDB's")


def _seeks(store: SqliteBlobs, duck: Duck) -> tuple[float, float]:
    """Find ten minutes at places all over the day; the median of each side in CPU seconds."""
    places = np.random.default_rng(1).integers(0, MINUTES - 10, SEEKS).tolist()
    spent: tuple[list[float], list[float]] = ([], [])
    for first in places:
        for side, read in zip(spent, (lambda **at: _read(store, **at), duck.read), strict=True):
            start = time.process_time()
            read(first=first, minutes=10)
            side.append(time.process_time() - start)
    return statistics.median(spent[0]), statistics.median(spent[1])


def _against_rows(store: SqliteBlobs) -> harness.Row:
    """Compare with rows in SQLite, over one hour (a day of rows takes half a minute)."""
    base = sqlite3.connect(row_file())

    def read_rows() -> np.ndarray:
        return np.array(base.execute("SELECT * FROM history WHERE t >= 0 AND t < 3600000 ORDER BY t").fetchall())

    count = len(read_rows())
    ours, peer = harness.interleaved(lambda: _read(store, minutes=60), read_rows, runs=3)
    return harness.ratio(
        "history: an hour read, rows in SQLite",
        ours_per_s=count / ours,
        peer_per_s=count / peer,
        unit="rows/s",
        goal=100,
        note="both as NumPy columns, in order",
    )


def _stepped(store: SqliteBlobs) -> harness.Row:
    day = _whole_day(store)

    def step() -> None:
        count = 0
        for frame in history.frames(day, until_ms=86_400_000):
            count += len(frame.now) == VESSELS
        if count != 86_400:
            raise AssertionError(f"history: {count} frames")

    seconds = harness.interleaved(step, runs=5)[0]
    return harness.budget(
        "history: a day in 86,400 frames, 2,000 vessels",
        ours=seconds,
        goal=1,
        unit="s",
        at_most=True,
        note="each frame holds the last row of every vessel",
    )


if __name__ == "__main__":
    for row in rows():
        print(row)  # noqa: T201
