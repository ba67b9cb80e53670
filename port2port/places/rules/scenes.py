"""What a map needs beyond the shapes: where a name stands, where the water ends.

>>> label_spot({"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 2], [0, 2], [0, 0]]]})
(1.0, 2.0)
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

LABEL_TOLERANCE_DEG = 0.0002
NEAR_DEG = 0.05
CLIP_DEG = 0.001


def label_spot(geometry: dict[str, Any], *, near: tuple[float, float] | None = None) -> tuple[float, float]:
    """Give the lat, lon where a name stands best: the middle where that is inside, else the widest spot.

    `near` (lat, lon) asks for a spot in sight of there, where the shape reaches so far: a river is long.
    """
    found = shape(geometry)
    if near is not None:
        seen = found.intersection(shapely.Point(near[1], near[0]).buffer(NEAR_DEG, quad_segs=4))
        found = found if seen.area == 0 else seen
    largest = max(getattr(found, "geoms", [found]), key=lambda part: part.area)
    spot = largest.centroid
    if not largest.contains(spot):
        spot = shapely.maximum_inscribed_circle(largest, tolerance=LABEL_TOLERANCE_DEG).interpolate(0)
    return round(spot.y, 5), round(spot.x, 5)


def shorelines(land: Iterable[BaseGeometry], water: Iterable[BaseGeometry]) -> list[dict[str, Any]]:
    """Give the edge of the land where the sea or a drawn water begins.

    No seam is drawn where a dock meets its river, none across a harbour mouth, none where the land was clipped.
    """
    whole = shapely.union_all(list(land))
    clip = shapely.box(*whole.bounds).boundary.buffer(CLIP_DEG)
    edge = whole.difference(shapely.union_all(list(water))).boundary.difference(clip)
    lines = shapely.line_merge(edge)
    return [mapping(line) for line in getattr(lines, "geoms", [lines]) if not line.is_empty]


def leg_speeds(
    points: Sequence[tuple[float, float]], *, speed_knots: float, limits: Sequence[tuple[BaseGeometry, float]]
) -> list[float]:
    """Say how fast each leg of a route (lat, lon) may be sailed: its own speed, or the least limit it meets.

    >>> zone = shape({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]})
    >>> leg_speeds([(0.5, -2), (0.5, -1), (0.5, 0.5)], speed_knots=12.0, limits=[(zone, 7.0)])
    [12.0, 7.0]
    """
    legs = shapely.linestrings([[(a[1], a[0]), (b[1], b[0])] for a, b in itertools.pairwise(points)])
    slowest = np.full(len(legs), speed_knots)
    for polygon, knots in limits:
        shapely.prepare(polygon)
        slowest[shapely.intersects(polygon, legs) & (slowest > knots)] = knots
    return [float(knots) for knots in slowest]
