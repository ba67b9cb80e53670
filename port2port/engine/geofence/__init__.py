"""Geofence: which of many positions lie in which of many areas, exactly as shapely says.

A grid lies over the areas. Most cells are wholly inside or outside each area, so most positions are answered by
looking up their cell; only where a border crosses the cell is shapely asked. A border belongs to neither side.

>>> import numpy as np, shapely
>>> quay = shapely.box(4.0, 51.0, 4.5, 51.5)
>>> grid = Grid([quay, shapely.Point(4.5, 51.5).buffer(0.25)])
>>> points, areas = grid.hits(np.array([51.45, 51.6, 51.0, np.nan]), np.array([4.45, 4.6, 4.0, 4.0]))
>>> list(zip(points.tolist(), areas.tolist()))
[(0, 0), (0, 1), (1, 1)]
>>> grid.replace(1, shapely.Polygon())
>>> grid.hits(np.array([51.6]), np.array([4.6]))[0].tolist()
[]
"""

from port2port.engine.geofence.grid import Grid
from port2port.engine.geofence.raster import Area

__all__ = ["Area", "Grid"]
