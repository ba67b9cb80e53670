"""What sensors report, as columns: positions and static facts, whatever message carried them.

>>> report = Positions.of(mmsi=[205123456], lat=[30_738_000], lon=[2_640_000], at_ms=[0])
>>> len(report), int(report.sog[0]) == NO_SOG
(1, True)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]

DEGREE = 600_000  # a degree in the units of ITU-R M.1371: 1/10000 minute
NO_LAT, NO_LON = 91 * DEGREE, 181 * DEGREE
NO_SOG, NO_COG, NO_HEADING, NO_STATUS, NO_SECOND = 1023, 3600, 511, 15, 60


class Flag(IntFlag):
    """What a track is, and what is wrong with it; the bits of the stream and of history."""

    CLASS_B = 1
    LOST = 2
    MOORED = 4
    DOUBTFUL = 8
    AID = 16
    BASE = 32
    OFFICIAL = 64


WHAT_IT_IS = np.uint16(Flag.CLASS_B | Flag.AID | Flag.BASE)
FIXED = np.uint16(Flag.AID | Flag.BASE)

POSITION: dict[str, tuple[str, int]] = {
    "mmsi": ("u4", 0),
    "lat": ("i4", NO_LAT),
    "lon": ("i4", NO_LON),
    "sog": ("u2", NO_SOG),
    "cog": ("u2", NO_COG),
    "heading": ("u2", NO_HEADING),
    "status": ("u1", NO_STATUS),
    "second": ("u1", NO_SECOND),
    "flags": ("u2", 0),
    "at_ms": ("i8", 0),
}


@dataclass(frozen=True, slots=True)
class Positions:
    """Position reports in the order they arrived; units as in ITU-R M.1371-5, time in ms since 1970."""

    mmsi: Column
    lat: Column
    lon: Column
    sog: Column
    cog: Column
    heading: Column
    status: Column
    second: Column
    flags: Column
    at_ms: Column

    def __len__(self) -> int:
        return len(self.mmsi)

    @classmethod
    def of(cls, **columns: Any) -> "Positions":
        """Make a table from some columns; the others get the standard's "not available"."""
        size = len(columns["mmsi"])
        return cls(
            **{
                name: np.asarray(columns[name], dtype) if name in columns else np.full(size, absent, dtype)
                for name, (dtype, absent) in POSITION.items()
            }
        )

    @classmethod
    def join(cls, tables: Sequence["Positions"]) -> "Positions":
        """Put tables behind each other."""
        if len(tables) == 1:
            return tables[0]
        if not tables:
            return cls.of(mmsi=[])
        return cls(**{name: np.concatenate([getattr(t, name) for t in tables]) for name in POSITION})

    def where(self, rows: Column) -> "Positions":
        """Choose rows by mask or number."""
        return Positions(**{name: getattr(self, name)[rows] for name in POSITION})


@dataclass(frozen=True, slots=True)
class Statics:
    """Static and voyage facts from one type of message: some of the columns of STATIC, beside `mmsi`."""

    mmsi: Column
    facts: dict[str, Column]
    at_ms: int


@dataclass(slots=True)
class Reports:
    """All that one stretch of bytes said."""

    positions: Positions
    statics: list[Statics] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
