"""The grid that answers: a table of kinds of cell, and for each kind its areas.

>>> len(Grid([shapely.box(4.0, 51.0, 4.5, 51.5)], cells=64))
1
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from port2port.engine.geofence.raster import (
    EDGE,
    FULL,
    Area,
    Covered,
    Floats,
    Frame,
    Indices,
    Window,
    cover,
    frame_over,
    under,
)

Kind = tuple[tuple[int, ...], tuple[int, ...]]  # the areas a cell lies wholly in; those whose border touches it
Table = NDArray[np.unsignedinteger[Any]]

NOWHERE: Kind = ((), ())
CHUNK = 1 << 15  # positions looked up at a time: their intermediate columns stay in the cache
MOST_LISTED = 4_000_000  # areas in the lists of all kinds; beyond it a coarser grid is laid
NO_AREA = shapely.Polygon()


@dataclass(frozen=True, slots=True)
class _Lists:
    """For each kind of cell its areas, as compressed rows: those of kind k are items[starts[k]:starts[k + 1]]."""

    starts: Indices
    items: Indices

    def of(self, points: Indices, kinds: Table) -> tuple[Indices, Indices]:
        """Pair each position with every area of its cell."""
        first = self.starts[kinds]
        counts = self.starts[kinds + np.uint32(1)] - first
        point = np.repeat(points, counts)
        place = np.arange(len(point)) + np.repeat(first - (counts.cumsum() - counts), counts)
        return point, self.items[place]

    @classmethod
    def made(cls, rows: Sequence[tuple[int, ...]]) -> "_Lists":
        """Compress rows."""
        starts = np.zeros(len(rows) + 1, np.intp)
        np.cumsum([len(row) for row in rows], out=starts[1:])
        items = np.fromiter((item for row in rows for item in row), np.intp, int(starts[-1]))
        return cls(starts, items)


@dataclass(frozen=True, slots=True)
class _View:
    """All that a look-up reads; replaced whole, so that a look-up in another thread sees one state."""

    frame: Frame
    table: Table  # rows x columns: the kind of each cell
    full: _Lists
    edge: _Lists
    areas: NDArray[np.object_]

    @property
    def bits(self) -> int:
        """Tell how many bits the number of an area takes."""
        return max(1, (len(self.areas) - 1).bit_length())


class Grid:
    """Areas ready to be asked; may be asked in one thread while another replaces an area."""

    def __init__(self, polygons: Sequence[Area], *, cells: int = 2048) -> None:
        """Lay a grid of at most `cells` by `cells` over the areas, as fine as their sizes ask for."""
        if cells < 1:
            raise ValueError(f"cells: at least 1, not {cells}")
        areas = np.full(len(polygons), NO_AREA, object)
        for index, polygon in enumerate(polygons):
            areas[index] = _ready(polygon, index)
        self._cells, self._changing = cells, threading.Lock()
        self._view = self._laid(areas)

    def __len__(self) -> int:
        return len(self._view.areas)

    def hits(self, lat: ArrayLike, lon: ArrayLike) -> tuple[Indices, Indices]:
        """Tell which positions (degrees, WGS 84) lie inside which areas, borders excluded.

        Gives the numbers of the positions and of the areas, shape (hits,), sorted by position, then area:
        the pairs for which `shapely.contains_xy(area, lon, lat)` holds. A position that is NaN is nowhere.
        """
        lats, lons = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
        if lats.ndim != 1 or lats.shape != lons.shape:
            raise ValueError(f"lat, lon: one dimension of one length, not {lats.shape} and {lons.shape}")
        view = self._view
        chunks = [slice(start, start + CHUNK) for start in range(0, len(lats), CHUNK)]
        keys = [_keys(view, lats[chunk], lons[chunk], chunk.start) for chunk in chunks]
        joined = np.concatenate(keys) if keys else np.empty(0, np.intp)
        return joined >> view.bits, joined & ((1 << view.bits) - 1)

    def replace(self, index: int, polygon: Area) -> None:
        """Change an area; only the cells under its old and new shape are worked out again.

        An empty polygon takes the area away. Where one reaches beyond the grid, shapely is asked out there.
        """
        with self._changing:
            if not 0 <= index < len(self):
                raise IndexError(f"area {index}: there are {len(self)}")
            areas = self._view.areas.copy()
            areas[index] = _ready(polygon, index)
            self._view = self._changed(self._view.areas[index], index, areas)

    def add(self, polygon: Area) -> int:
        """Add an area; gives its number."""
        with self._changing:
            index = len(self)
            areas = np.full(index + 1, NO_AREA, object)
            areas[:index] = self._view.areas
            areas[index] = _ready(polygon, index)
            self._view = self._changed(NO_AREA, index, areas)
            return index

    @property
    def memory_bytes(self) -> int:
        """Tell how much the grid holds, the areas themselves left out."""
        view = self._view
        arrays = (view.table, view.full.starts, view.full.items, view.edge.starts, view.edge.items)
        return sum(array.nbytes for array in arrays)

    def _laid(self, areas: NDArray[np.object_]) -> _View:
        """Lay the grid anew; coarser where the lists of its cells would grow out of hand."""
        cells = self._cells
        while True:
            frame, kinds = _frame(areas, cells), _Kinds()
            table: Table = np.zeros((frame.rows, frame.columns), np.uint16)
            for index, area in enumerate(areas):
                table = kinds.paint(table, cover(frame, area), index)
                if kinds.listed > MOST_LISTED:
                    kinds.sweep(table)
                    if kinds.listed > MOST_LISTED // 2 and cells > 1:
                        break
            else:
                kinds.sweep(table)
                self._kinds = kinds
                return kinds.view(frame, table, areas)
            cells //= 2

    def _changed(self, before: Area, index: int, areas: NDArray[np.object_]) -> _View:
        view = self._view
        if all(area.is_empty for area in view.areas) or self._kinds.listed > MOST_LISTED:
            return self._laid(areas)
        table = self._kinds.wipe(view.table.copy(), under(view.frame, before), index)
        table = self._kinds.paint(table, cover(view.frame, areas[index]), index)
        if self._kinds.grown:
            self._kinds.sweep(table)
        return self._kinds.view(view.frame, table, areas)


class _Kinds:
    """The kinds of cell that occur, numbered."""

    def __init__(self) -> None:
        self._rows: list[Kind] = [NOWHERE]
        self._numbers: dict[Kind, int] = {NOWHERE: 0}
        self._swept = 1
        self.listed = 0

    @property
    def grown(self) -> bool:
        """Tell whether so many were numbered since the last sweep that another pays."""
        return len(self._rows) > 2 * self._swept + 1000

    def view(self, frame: Frame, table: Table, areas: NDArray[np.object_]) -> _View:
        """Make what a look-up reads."""
        full, edge = (_Lists.made([row[part] for row in self._rows]) for part in (0, 1))
        return _View(frame, table, full, edge, areas)

    def paint(self, table: Table, covered: Covered, index: int) -> Table:
        """Lay an area over the table; gives the table, a wider one where the numbers ask for it."""
        for flag in (FULL, EDGE):
            mask = covered.flags == flag
            below = table[covered.window][mask]
            kinds = self._with(_occurring(below, len(self._rows)), index, flag)
            table = self._wide_enough(table)
            table[covered.window][mask] = kinds.astype(table.dtype)[below]
        return table

    def wipe(self, table: Table, window: Window, index: int) -> Table:
        """Take an area off the table."""
        part = table[window]
        kinds = np.arange(len(self._rows))
        for number in _occurring(part, len(self._rows)).tolist():
            full, edge = self._rows[number]
            if index in full or index in edge:
                kinds[number] = self._number((_without(full, index), _without(edge, index)))
        table = self._wide_enough(table)
        table[window] = kinds.astype(table.dtype)[part]
        return table

    def _wide_enough(self, table: Table) -> Table:
        return table.astype(np.uint32) if len(self._rows) > np.iinfo(table.dtype).max else table

    def sweep(self, table: Table) -> None:
        """Forget the kinds that no cell has, and number the rest anew."""
        used = np.union1d([0], _occurring(table, len(self._rows)))
        numbers = np.zeros(len(self._rows), table.dtype)
        numbers[used] = np.arange(len(used))
        table[:] = numbers[table]
        self._rows = [self._rows[number] for number in used]
        self._numbers = {kind: number for number, kind in enumerate(self._rows)}
        self._swept = len(self._rows)
        self.listed = sum(len(full) + len(edge) for full, edge in self._rows)

    def _with(self, occurring: Indices, index: int, flag: int) -> Indices:
        """Number the kinds that arise where an area covers existing ones."""
        kinds = np.zeros(len(self._rows), np.intp)
        for number in occurring.tolist():
            full, edge = self._rows[number]
            kinds[number] = self._number(((*full, index), edge) if flag == FULL else (full, (*edge, index)))
        return kinds

    def _number(self, kind: Kind) -> int:
        number = self._numbers.setdefault(kind, len(self._rows))
        if number == len(self._rows):
            self._rows.append(kind)
            self.listed += len(kind[0]) + len(kind[1])
        return number


def _occurring(kinds: Table, count: int) -> Indices:
    """Tell which kinds occur; marking is faster than sorting."""
    seen = np.zeros(count, bool)
    seen[kinds] = True
    return np.flatnonzero(seen)


def _without(areas: tuple[int, ...], index: int) -> tuple[int, ...]:
    return tuple(area for area in areas if area != index)


def _frame(areas: NDArray[np.object_], cells: int) -> Frame:
    bounds = shapely.bounds(areas).reshape(-1, 4)
    bounds = bounds[~np.isnan(bounds).any(axis=1)]
    return frame_over(bounds if len(bounds) else np.zeros((1, 4)), most_cells=cells)


def _ready(polygon: Area, index: int) -> Area:
    """Check an area and have shapely index its border now, not in the middle of a look-up."""
    if not isinstance(polygon, shapely.Polygon | shapely.MultiPolygon):
        raise TypeError(f"area {index}: a Polygon or MultiPolygon, not {type(polygon).__name__}")
    if not np.isfinite(shapely.get_coordinates(polygon)).all():
        raise ValueError(f"area {index}: a coordinate is not a finite number")
    shapely.prepare(polygon)
    shapely.contains_xy(polygon, 0.0, 0.0)
    return polygon


def _keys(view: _View, lat: Floats, lon: Floats, start: int) -> Indices:
    """Look up one chunk; a key is the position's number above the area's, so sorting sorts by both."""
    kinds = view.table.ravel().take(view.frame.cells(lat, lon))
    somewhere = np.flatnonzero(kinds)
    kinds = kinds[somewhere]
    point, area = view.full.of(somewhere, kinds)
    sure = ((point + start) << view.bits) | area
    point, area = view.edge.of(somewhere, kinds)
    inside = shapely.contains_xy(view.areas[area], lon[point], lat[point])
    asked = ((point[inside] + start) << view.bits) | area[inside]
    keys: Indices = np.concatenate([sure, asked])
    keys.sort()
    return keys
