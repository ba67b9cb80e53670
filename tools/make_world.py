"""Make `places/world/*.geojson` from two npm packages (sources and licences: places/world/SOURCES.md).

    npm pack @geo-maps/countries-coastline-1m@0.6.0 world-atlas@2.0.2    (unpack both into FOLDER)
    python tools/make_world.py FOLDER

FOLDER must hold `countries-coastline-1m/map.geo.json` and `world-atlas/land-50m.json`.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

import shapely
from shapely.geometry import MultiPolygon, Polygon, box, mapping, shape
from shapely.geometry.base import BaseGeometry

WORLD = Path(__file__).parent.parent / "port2port" / "places" / "world"
REGION = (1.0, 49.3, 6.6, 52.3)
SEAM_DEG = 2e-4
COAST_TOLERANCE_DEG, COAST_DIGITS = 5e-5, 1e-5
WORLD_TOLERANCE_DEG, WORLD_DIGITS = 0.05, 0.01
SMALLEST_HOLE_DEG2, SMALLEST_ISLE_DEG2, SMALLEST_WORLD_ISLE_DEG2 = 2e-5, 1e-6, 0.01
LIMIT_BYTES = 400_000


def coast(countries: Path) -> BaseGeometry:
    """Clip the countries to the region and melt them into one land, without the gaps between them."""
    near = []
    for feature in json.loads(countries.read_text())["features"]:
        for part in parts(shape(feature["geometry"])):
            if part.intersects(box(*REGION)):
                clipped = shapely.clip_by_rect(shapely.make_valid(part), *REGION)
                near.append(clipped.buffer(SEAM_DEG, join_style="mitre"))
    land = shapely.union_all(near).buffer(-SEAM_DEG, join_style="mitre")
    kept = [without_slits(part) for part in parts(land) if part.area > SMALLEST_ISLE_DEG2]
    land = shapely.clip_by_rect(MultiPolygon(kept), *REGION).simplify(COAST_TOLERANCE_DEG)
    return shapely.set_precision(land, COAST_DIGITS)


def without_slits(part: Polygon) -> Polygon:
    """Drop the slits left between two countries; real lakes stay."""
    return Polygon(part.exterior, [ring for ring in part.interiors if Polygon(ring).area > SMALLEST_HOLE_DEG2])


def world(topology: Path) -> BaseGeometry:
    """Read the land of a TopoJSON file, simplify it and cut the region out, which the coast fills."""
    land = shapely.make_valid(read_land(json.loads(topology.read_text())))
    land = shapely.make_valid(land.simplify(WORLD_TOLERANCE_DEG)).difference(box(*REGION))
    kept = [part for part in parts(land) if part.area > SMALLEST_WORLD_ISLE_DEG2]
    return shapely.set_precision(MultiPolygon(kept), WORLD_DIGITS)


def read_land(topology: dict) -> BaseGeometry:
    """Decode the arcs of a quantised TopoJSON topology (specification, 2.1) and join those of `land`."""
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [decode(arc, scale, shift) for arc in topology["arcs"]]
    polygons = []
    for geometry in topology["objects"]["land"]["geometries"]:
        rings = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        polygons += [cut(join(p[0], arcs), [join(r, arcs) for r in p[1:]]) for p in rings]
    return shapely.union_all(polygons)


def cut(outer: list, holes: list[list]) -> BaseGeometry:
    """Cut a polygon that was stitched over the 180th meridian back into pieces that lie within the map."""
    whole = shapely.make_valid(Polygon(unrolled(outer), [unrolled(hole) for hole in holes]))
    pieces = [
        shapely.transform(
            shapely.clip_by_rect(whole, -180 + turn, -90, 180 + turn, 90), lambda xy, t=turn: xy - [t, 0]
        )
        for turn in (-360, 0, 360)
    ]
    return shapely.union_all([shapely.make_valid(piece) for piece in pieces if not piece.is_empty])


def unrolled(ring: list) -> list:
    """Let longitudes run on past 180 degrees; a ring round the pole is led down to it."""
    points, turn = [ring[0]], 0
    for (before, _), (lon, lat) in pairwise(ring):
        turn += -360 if lon - before > 180 else 360 if before - lon > 180 else 0
        points.append((lon + turn, lat))
    if turn:
        points += [(points[-1][0], -90.0), (points[0][0], -90.0)]
    return points


def decode(arc: list, scale: list, shift: list) -> list:
    """Undo the delta coding and quantisation of one arc."""
    x = y = 0
    points = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        points.append((x * scale[0] + shift[0], y * scale[1] + shift[1]))
    return points


def join(numbers: list, arcs: list) -> list:
    """Join arcs to a ring; a negative number is the arc read backwards."""
    ring: list = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring


def parts(geometry: BaseGeometry) -> list:
    """Give the polygons of a geometry."""
    return [part for part in getattr(geometry, "geoms", [geometry]) if part.geom_type == "Polygon" and part.area]


def rounded(geometry: dict) -> dict:
    """Print no more digits than the grid has."""
    rings = [[[round(x, 5), round(y, 5)] for x, y in ring] for ring in geometry["coordinates"]]
    return {"type": geometry["type"], "coordinates": rings}


def write(name: str, scale: str, land: BaseGeometry) -> None:
    """Write one feature a polygon; refuse a file the browser would wait for."""
    features = [
        {
            "type": "Feature",
            "properties": {"scale": scale},
            "geometry": rounded(mapping(shapely.orient_polygons(part))),
        }
        for part in parts(land)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))
    if len(text) > LIMIT_BYTES:
        raise SystemExit(f"{name}: {len(text)} bytes is more than {LIMIT_BYTES}")
    (WORLD / name).write_text(text + "\n")
    sys.stdout.write(f"{name}: {len(features)} polygons, {len(text)} bytes\n")


def main(folder: Path) -> None:
    """Make both files."""
    write("coast.geojson", "coast", coast(folder / "countries-coastline-1m" / "map.geo.json"))
    write("land.geojson", "world", world(folder / "world-atlas" / "land-50m.json"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
