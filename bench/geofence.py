"""Geofence: a million positions against 500 areas; the peer is shapely's STRtree, vectorised.

Both give the same hits, position by position: the run stops where they do not.
"""

import statistics
import time

import numpy as np
import shapely

from bench import harness
from port2port.engine.geofence import Grid

POSITIONS, AREAS, EDITS = 1_000_000, 500, 25
WEST, SOUTH, EAST, NORTH = 2.5, 49.5, 6.4, 51.9


def area(random: np.random.Generator) -> shapely.Polygon:
    """Make an area of 8 to 40 corners somewhere in the country."""
    angle = np.sort(random.uniform(0, 2 * np.pi, random.integers(8, 41)))
    reach = random.uniform(0.05, 0.085) * random.uniform(0.7, 1, len(angle))
    lon, lat = random.uniform(WEST, EAST), random.uniform(SOUTH, NORTH)
    return shapely.Polygon(np.c_[lon + reach * np.cos(angle), lat + reach * np.sin(angle)])


def rows() -> list[harness.Row]:
    """Measure the look-up and the edit."""
    random = np.random.default_rng(20261124)
    areas = [area(random) for _ in range(AREAS)]
    lat, lon = random.uniform(SOUTH, NORTH, POSITIONS), random.uniform(WEST, EAST, POSITIONS)
    grid, tree = Grid(areas), shapely.STRtree(areas)
    inside = _checked(grid, tree, lat, lon)
    ours, peer = harness.interleaved(lambda: grid.hits(lat, lon), lambda: _tree_hits(tree, lat, lon))
    note = f"identical hits, {inside:.0%} of the positions inside something; grid {grid.memory_bytes / 1e6:.0f} MB"
    return [
        harness.ratio(
            "geofence: positions x 500 areas, shapely STRtree",
            ours_per_s=POSITIONS / ours,
            peer_per_s=POSITIONS / peer,
            unit="positions/s",
            goal=10,
            note=note,
        ),
        harness.budget(
            "geofence: a changed area is in force",
            ours=_edit_ms(grid, random),
            goal=50,
            unit="ms",
            at_most=True,
            note=f"median of {EDITS}, among {AREAS} areas",
        ),
    ]


def _tree_hits(tree: shapely.STRtree, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    return tree.query(shapely.points(lon, lat), predicate="within")


def _checked(grid: Grid, tree: shapely.STRtree, lat: np.ndarray, lon: np.ndarray) -> float:
    """Compare the hits of both; tell which part of the positions is inside something."""
    points, hit = grid.hits(lat, lon)
    wanted = _tree_hits(tree, lat, lon)
    order = np.lexsort((wanted[1], wanted[0]))
    if not (np.array_equal(points, wanted[0][order]) and np.array_equal(hit, wanted[1][order])):
        raise AssertionError("geofence: the hits differ from those of shapely")
    return len(np.unique(points)) / len(lat)


def _edit_ms(grid: Grid, random: np.random.Generator) -> float:
    spent = []
    for index in range(EDITS):
        changed = area(random)
        start = time.process_time()
        grid.replace(index, changed)
        spent.append(time.process_time() - start)
    return statistics.median(spent) * 1000


if __name__ == "__main__":
    for row in rows():
        print(row)  # noqa: T201
