"""One minute as bytes.

Law of this file: a blob is little-endian, uncompressed, describes itself, and is never believed unchecked.

    offset  size  what
    0       4     b"P2PH"
    4       2     version (1)
    6       2     S, bytes of the schema: "name:dtype,name:dtype", padded with spaces to a multiple of 8
    8       4     rows
    12      4     CRC-32 of the schema, seeded with the rows
    16      8     sum of the 64-bit words of the body, modulo 2**64
    24      S     schema
    24 + S        body: the columns in the order of the schema, each padded with zeros to a multiple of 8

Compression would cost the speed that is the point of the form.

>>> minute = open_minute(pack_minute({"lat": np.array([30_600_000], "i4")}))
>>> minute.rows, minute.columns()["lat"].tolist()
(1, [30600000])
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Blob = bytes | bytearray | memoryview

MAGIC, VERSION = b"P2PH", 1
HEAD = struct.Struct("<4sHHIIQ")
WORD = 8
MINUTE_MS = 60_000
TIME = "t_ms"

POSITION: dict[str, str] = {
    "t_ms": "<u2",  # milliseconds within the minute of the blob, below 60,000
    "track": "<u4",
    "lat": "<i4",  # 1/600000 degree, as ITU-R M.1371-5; 91 degrees is "not available"
    "lon": "<i4",
    "sog": "<u2",  # 1/10 knot; 1023 is "not available"
    "cog": "<u2",  # 1/10 degree; 3600
    "heading": "<u2",  # degree; 511
    "flags": "<u2",
}


class DamagedBlob(ValueError):  # noqa: N818 - the damage is the name
    """A blob is not what was written; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Band:
    """Neighbouring columns of one width, or the time alone: one two-dimensional array of words in a blob."""

    word: np.dtype[Any]
    columns: tuple[tuple[str, np.dtype[Any]], ...]
    is_time: bool = False

    def lengthened(self) -> "Band":
        """Give the band as it is when minutes are joined: the time in 32 bits."""
        wide = np.dtype("<u4")
        return Band(wide, ((TIME, wide),), is_time=True) if self.is_time else self


@dataclass(frozen=True, slots=True)
class Minute:
    """A checked blob."""

    bands: tuple[Band, ...]
    rows: int
    body: memoryview

    def words(self) -> Iterator[Column]:
        """Give each band as a view of shape (columns, rows)."""
        offset = 0
        for band in self.bands:
            width, count = band.word.itemsize, len(band.columns)
            stride = _padded(self.rows * width)
            yield np.ndarray((count, self.rows), band.word, self.body, offset, (stride, width))
            offset += stride * count

    def columns(self) -> dict[str, Column]:
        """Give each column as a view."""
        return named(self.bands, self.words())


def named(bands: tuple[Band, ...], words: Iterator[Column] | list[Column]) -> dict[str, Column]:
    """Give the rows of bands their names and signs."""
    return {
        name: row.view(dtype)
        for band, rows in zip(bands, words, strict=True)
        for (name, dtype), row in zip(band.columns, rows, strict=True)
    }


def pack_minute(columns: Mapping[str, Column]) -> bytes:
    """Write columns of one length as a blob, in the order of their time (`t_ms`) where they have one.

    Columns are integers of 1, 2, 4 or 8 bytes; `t_ms` is at least 0 and below 60,000 and kept in 16 bits.
    ValueError names the column that is not.
    """
    columns = _in_time(columns)
    dtypes, rows = _dtypes(columns), len(next(iter(columns.values())))
    schema = ",".join(f"{name}:{dtype.str}" for name, dtype in dtypes.items()).encode("ascii")
    schema += b" " * (-len(schema) % WORD)
    parts = []
    for name, dtype in dtypes.items():
        part = np.ascontiguousarray(columns[name], dtype).tobytes()
        parts.append(part + bytes(-len(part) % WORD))
    body = b"".join(parts)
    return HEAD.pack(MAGIC, VERSION, len(schema), rows, zlib.crc32(schema, rows), _sum(body)) + schema + body


def unpack_minute(blob: Blob) -> dict[str, Column]:
    """Read a blob as views on its bytes; raises DamagedBlob saying what is wrong."""
    return open_minute(blob).columns()


def open_minute(blob: Blob) -> Minute:
    """Check a blob whole; raises DamagedBlob saying what is wrong."""
    if len(blob) < HEAD.size:
        raise DamagedBlob(f"{len(blob)} bytes, but the head alone needs {HEAD.size}")
    magic, version, size, rows, crc, total = HEAD.unpack_from(blob)
    if magic != MAGIC or version != VERSION:
        raise DamagedBlob(f"starts with {magic!r} {version}, but this program reads {MAGIC!r} {VERSION}")
    view, start = memoryview(blob), HEAD.size + size
    schema = bytes(view[HEAD.size : start])
    if zlib.crc32(schema, rows) != crc:
        raise DamagedBlob("the schema or the number of rows was changed (CRC-32)")
    bands = _bands(schema)
    needed = start + sum([_padded(rows * band.word.itemsize) * len(band.columns) for band in bands])
    if len(blob) != needed:
        raise DamagedBlob(f"{len(blob)} bytes, but {rows} rows of these columns need {needed}")
    body = view[start:]
    if _sum(body) != total:
        raise DamagedBlob("the body was changed (sum of words)")
    return Minute(bands, rows, body)


def _in_time(columns: Mapping[str, Column]) -> Mapping[str, Column]:
    """Put rows in the order of their time, so that a window can be cut by halving."""
    if TIME not in columns or not len(columns[TIME]):
        return columns
    times = np.asarray(columns[TIME])
    if times.min() < 0 or times.max() >= MINUTE_MS:
        raise ValueError(f"column {TIME}: {times.min()} to {times.max()} is not within the minute")
    if bool((times[1:] >= times[:-1]).all()):
        return columns
    order = np.argsort(times, kind="stable")
    return {name: np.asarray(column)[order] for name, column in columns.items()}


def _dtypes(columns: Mapping[str, Column]) -> dict[str, np.dtype[Any]]:
    """Tell how each column is kept; ValueError where it cannot be."""
    if not columns:
        raise ValueError("columns: none given")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns: lengths differ: {lengths}")
    return {name: _dtype(name, np.asarray(column)) for name, column in columns.items()}


def _dtype(name: str, column: Column) -> np.dtype[Any]:
    if not (name.isidentifier() and name.isascii()):
        raise ValueError(f"column {name!r}: a name is letters, digits and underscores")
    if column.dtype.kind not in "iu" or column.ndim != 1:
        raise ValueError(f"column {name}: one dimension of integers, not {column.ndim} of {column.dtype}")
    return np.dtype("<u2") if name == TIME else column.dtype.newbyteorder("<")


def _padded(size: int) -> int:
    return size + -size % WORD


def _sum(body: bytes | memoryview) -> int:
    """Add the words of the body: torn, zeroed and flipped bytes are found at 40 times the speed of CRC-32."""
    return int(np.add.reduce(np.frombuffer(body, "<u8"), dtype=np.uint64)) if len(body) else 0


@lru_cache(maxsize=256)
def _bands(schema: bytes) -> tuple[Band, ...]:
    """Read a schema; minutes share theirs, so it is read once."""
    try:
        pairs = [pair.split(":") for pair in schema.decode("ascii").rstrip(" ").split(",")]
        columns = [(name, np.dtype(dtype)) for name, dtype in pairs]
    except (UnicodeDecodeError, ValueError, TypeError) as error:
        raise DamagedBlob(f"the schema {schema!r} cannot be read") from error
    if any(dtype.kind not in "iu" for _, dtype in columns):
        raise DamagedBlob(f"the schema {schema!r} has a column that is not of integers")
    runs = groupby(columns, key=lambda column: (column[0] == TIME, column[1].itemsize))
    return tuple(Band(np.dtype(f"<u{size}"), tuple(run), is_time) for (is_time, size), run in runs)
