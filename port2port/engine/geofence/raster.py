"""Laying an area over cells: which lie wholly inside it, and which its border touches.

Law of this file: a cell is called FULL or NONE only where no border comes within MARGIN of it; doubt is EDGE.

>>> frame = frame_over(np.array([[0.0, 0.0, 4.0, 4.0]]), most_cells=4)
>>> covered = cover(frame, shapely.box(0.1, 0.1, 3.9, 2.1))
>>> print(covered.flags)
[[2 2 2 2]
 [2 1 1 2]
 [2 2 2 2]]
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Area = shapely.Polygon | shapely.MultiPolygon
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Flags = NDArray[np.uint8]
Window = tuple[slice, slice]

NONE, FULL, EDGE = 0, 1, 2
MARGIN = 1e-6  # of a cell: above the rounding of any position on Earth (1e-7), below what costs speed
CELLS_PER_AREA = 96  # across an area of middle size; finer only costs memory
LEAST_CELL_DEG = 1e-6  # about 0.1 m: finer than any position, and rounding stays below MARGIN


@dataclass(frozen=True, slots=True)
class Frame:
    """Degrees to cells. The first and last row and column are the rim: all that lies outside falls there."""

    west: float
    south: float
    per_lon: float
    per_lat: float
    columns: int
    rows: int

    def across(self, lon: Floats) -> Floats:
        """Turn longitudes into columns, whole and part."""
        across: Floats = (lon - self.west) * self.per_lon + 1.0
        return across

    def up(self, lat: Floats) -> Floats:
        """Turn latitudes into rows, whole and part."""
        up: Floats = (lat - self.south) * self.per_lat + 1.0
        return up

    def cells(self, lat: Floats, lon: Floats) -> Indices:
        """Tell each position's cell; NaN falls on the rim, where FULL is never said."""
        cell = np.fmax(np.fmin(self.up(lat), self.rows - 1), 0.0).astype(np.intp)
        cell *= self.columns
        cell += np.fmax(np.fmin(self.across(lon), self.columns - 1), 0.0).astype(np.intp)
        return cell

    def middles(self, row: Indices, column: Indices) -> tuple[Floats, Floats]:
        """Give latitude and longitude of the middles of cells."""
        lat, lon = (row - 0.5) / self.per_lat, (column - 0.5) / self.per_lon
        return (self.south + lat).astype(np.float64), (self.west + lon).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Covered:
    """The part of the grid under an area: first row, first column, and a flag for each cell from there."""

    row: int
    column: int
    flags: Flags

    @property
    def window(self) -> Window:
        """Give the part as an index of the grid."""
        rows, columns = self.flags.shape
        return slice(self.row, self.row + rows), slice(self.column, self.column + columns)


def frame_over(bounds: Floats, *, most_cells: int) -> Frame:
    """Lay a frame over areas, given their bounds (west, south, east, north), one row each."""
    west, south = bounds[:, 0].min(), bounds[:, 1].min()
    spans = bounds[:, 2].max() - west, bounds[:, 3].max() - south
    sizes = np.median(bounds[:, 2:] - bounds[:, :2], axis=0)
    cells = [
        max(span / most_cells, size / CELLS_PER_AREA, LEAST_CELL_DEG)
        for span, size in zip(spans, sizes, strict=True)
    ]
    columns, rows = (int(span / cell) + 2 for span, cell in zip(spans, cells, strict=True))
    # half a cell or more of room around the areas, so that no rounding puts one on the rim
    west -= (columns * cells[0] - spans[0]) / 2
    south -= (rows * cells[1] - spans[1]) / 2
    return Frame(float(west), float(south), 1 / cells[0], 1 / cells[1], columns + 2, rows + 2)


def cover(frame: Frame, area: Area) -> Covered:
    """Flag the cells under an area; an empty area covers none."""
    rows, columns = under(frame, area)
    flags = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    covered = Covered(rows.start, columns.start, flags)
    if area.is_empty:
        return covered
    row, column = _touched(frame, *_segments(frame, area))
    flags[row - rows.start, column - columns.start] = EDGE
    _mark_rim(frame, covered)
    _fill(frame, area, covered)
    return covered


def under(frame: Frame, area: Area) -> Window:
    """Tell which part of the grid lies under the corners of an area; nothing of it under an empty one."""
    if area.is_empty:
        return slice(0, 0), slice(0, 0)
    # not the bounds: in a shape that is not valid a hole may reach beyond them
    corners = shapely.get_coordinates(area)
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    return _span(frame.up(np.array([south, north])), frame.rows), _span(
        frame.across(np.array([west, east])), frame.columns
    )


def _span(ends: Floats, size: int) -> slice:
    first, last = np.floor(ends + (-MARGIN, MARGIN)).clip(0, size - 1).astype(int).tolist()
    return slice(first, last + 1)


def _segments(frame: Frame, area: Area) -> tuple[Floats, Floats, Floats, Floats]:
    """Give the ends of all pieces of border, in cells."""
    rings = shapely.get_rings(shapely.get_parts(area))
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    x, y = frame.across(coordinates[:, 0]), frame.up(coordinates[:, 1])
    same = ring[1:] == ring[:-1]
    return x[:-1][same], y[:-1][same], x[1:][same], y[1:][same]


def _touched(frame: Frame, x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> tuple[Indices, Indices]:
    """Give row and column of the cells (rim left out) that a piece of border touches or nearly touches."""
    low = np.floor(np.minimum(y0, y1) - MARGIN).clip(1, frame.rows - 1).astype(np.intp)
    high = np.floor(np.maximum(y0, y1) + MARGIN).clip(0, frame.rows - 2).astype(np.intp)
    piece, row = _ranges(low, high)
    x0, y0, x1, y1 = x0[piece], y0[piece], x1[piece], y1[piece]
    level = y0 == y1
    rise = np.where(level, 1.0, y1 - y0)
    at_foot = np.where(level, 0.0, ((row - MARGIN - y0) / rise).clip(0, 1))
    at_head = np.where(level, 1.0, ((row + 1 + MARGIN - y0) / rise).clip(0, 1))
    foot, head = x0 + at_foot * (x1 - x0), x0 + at_head * (x1 - x0)
    left = np.floor(np.minimum(foot, head) - MARGIN).clip(1, frame.columns - 1).astype(np.intp)
    right = np.floor(np.maximum(foot, head) + MARGIN).clip(0, frame.columns - 2).astype(np.intp)
    strip, column = _ranges(left, right)
    return row[strip], column


def _ranges(first: Indices, last: Indices) -> tuple[Indices, Indices]:
    """Write out whole ranges: for each number, the range it is of and the number itself."""
    counts = np.maximum(last - first + 1, 0)
    origin = np.repeat(np.arange(len(first)), counts)
    return origin, np.arange(len(origin)) + np.repeat(first - (counts.cumsum() - counts), counts)


def _mark_rim(frame: Frame, covered: Covered) -> None:
    """On the rim nothing is sure: it stands for all that is outside."""
    rows, columns = covered.window
    for edge, window, lines in (
        (0, rows, covered.flags),
        (frame.rows - 1, rows, covered.flags),
        (0, columns, covered.flags.T),
        (frame.columns - 1, columns, covered.flags.T),
    ):
        if window.start <= edge < window.stop:
            lines[edge - window.start] = EDGE


def _fill(frame: Frame, area: Area, covered: Covered) -> None:
    """Ask shapely once for each run of cells between borders, and fill the runs that are inside."""
    flags = covered.flags
    free = flags == NONE
    begins, ends = free.copy(), free.copy()
    begins[:, 1:] &= ~free[:, :-1]
    ends[:, :-1] &= ~free[:, 1:]
    row, first = begins.nonzero()
    last = ends.nonzero()[1]
    lat, lon = frame.middles(row + covered.row, first + covered.column)
    inside = shapely.contains_xy(area, lon, lat)
    step = np.zeros((flags.shape[0], flags.shape[1] + 1), np.int8)
    step[row[inside], first[inside]] = 1
    step[row[inside], last[inside] + 1] = -1
    flags += step.cumsum(axis=1, dtype=np.int8)[:, :-1].view(np.uint8)  # FULL is 1, and EDGE is never in a run
