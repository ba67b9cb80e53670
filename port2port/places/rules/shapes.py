"""Geometry: GeoJSON's lon, lat becomes a sound shape, or a sentence that says what is wrong.

>>> read_shape({"type": "Point", "coordinates": [4.26, 51.29]}, ("Point",), (50.0, 3.0, 52.0, 5.0)).wkt
'POINT (4.26 51.29)'
>>> read_shape({"type": "Point", "coordinates": [51.29, 4.26]}, ("Point",), (50.0, 3.0, 52.0, 5.0))
Traceback (most recent call last):
...
ValueError: lies outside the bounds of the folder (lat and lon changed places?)
"""

from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

Bounds = tuple[float, float, float, float]
"""south, west, north, east in degrees (WGS-84)"""

BELGIAN_WATERS: Bounds = (49.4, 1.5, 52.2, 6.5)


def read_shape(geometry: Any, kinds: tuple[str, ...], bounds: Bounds) -> BaseGeometry:
    """Read a GeoJSON geometry (RFC 7946, 3.1) that must be of one of these kinds, sound and inside the bounds.

    Raises ValueError with the reason.
    """
    if not isinstance(geometry, dict) or geometry.get("type") not in kinds:
        raise ValueError(f"must be a {' or '.join(kinds)}")
    try:
        found = shape(geometry)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ValueError(f"cannot be read: {error}") from error
    fault = _fault(found, bounds)
    if fault:
        raise ValueError(fault)
    return found


def _fault(found: BaseGeometry, bounds: Bounds) -> str:
    if found.is_empty:
        return "has no coordinates"
    if shapely.has_z(found):
        return "has heights; give lon and lat only"
    if not shapely.is_valid(found):
        return f"is not a sound shape: {shapely.is_valid_reason(found)}"
    if inside(found.bounds, bounds):
        return ""
    south, west, north, east = bounds
    swapped = inside(found.bounds, (west, south, east, north))
    return "lies outside the bounds of the folder" + (" (lat and lon changed places?)" if swapped else "")


def inside(box: tuple[float, float, float, float], bounds: Bounds) -> bool:
    """Tell whether shapely bounds (west, south, east, north) lie inside ours (south, west, north, east)."""
    south, west, north, east = bounds
    return west <= box[0] <= box[2] <= east and south <= box[1] <= box[3] <= north


def check_bounds(bounds: Bounds) -> str:
    """Say what is wrong with the bounds of a folder; nothing is wrong with an empty answer."""
    south, west, north, east = bounds
    if not (south < north and west < east):
        return "must be south, west, north, east, with south below north and west below east"
    if not inside((west, south, east, north), BELGIAN_WATERS):
        return f"must lie inside {list(BELGIAN_WATERS)}"
    return ""
