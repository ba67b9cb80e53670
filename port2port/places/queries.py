"""Ask: committees, ports, sites, zones, routes, the level that holds, and the scene of a map."""

import hashlib
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import shapely
from django.db.models import Max, QuerySet
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from port2port.places.models import (
    Committee,
    Edition,
    Facility,
    Fence,
    Gate,
    Landmark,
    Place,
    Port,
    Route,
    SecurityLevel,
    Water,
    Work,
    Zone,
)
from port2port.places.rules import label_spot, leg_speeds, shorelines
from port2port.rights.queries import visible_to
from port2port.rights.rules import Actor, NotYours

WORLD = Path(__file__).parent / "world"
ATTRIBUTION = "Coast © OpenStreetMap contributors (ODbL 1.0) · World: Natural Earth · Ports: port2port"
KEPT_SCENES = 32
RANKS = {"city": 1, "sea": 1, "town": 2, "water": 2, "facility": 3, "dock": 4}
"""Which names go first where there is no room for all."""


@dataclass(frozen=True, slots=True)
class ZoneShape:
    """A zone as detection needs it; `polygon` is in lon, lat degrees."""

    key: str
    area: str
    kind: str
    name: dict[str, str]
    polygon: BaseGeometry
    max_speed_knots: float | None
    rules: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route; `points` are lat, lon degrees in the direction it is sailed first.

    `leg_knots` has one speed a leg: that of the route, or less where a zone sets a limit.
    """

    key: str
    area: str
    name: dict[str, str]
    traffic: list[str]
    speed_knots: float
    points: list[tuple[float, float]]
    leg_knots: list[float]


@dataclass(frozen=True, slots=True)
class SceneBytes:
    """A scene ready to send: JSON bytes and the etag under which a browser may keep them."""

    body: bytes
    etag: str


def committees() -> list[Committee]:
    """Give the nine committees, by slug."""
    return list(Committee.objects.order_by("key"))


def committee(area: str) -> Committee | None:
    """Give the committee of an area."""
    return Committee.objects.filter(key=area).first()


def ports(area: str) -> list[Port]:
    """Give the ports under a committee."""
    return list(Port.objects.filter(area=area, retired_at=None).order_by("key"))


def facilities(area: str) -> list[Facility]:
    """Give the sites under a committee, by key."""
    return list(Facility.objects.filter(area=area, retired_at=None).order_by("key"))


def facilities_seen_by(actor: Actor) -> "QuerySet[Any]":
    """Give the sites an actor may see; no area sees nothing."""
    return visible_to(actor, Facility.objects.filter(retired_at=None).order_by("key"))


def zones_for(areas: Iterable[str]) -> list[ZoneShape]:
    """Give the zones of some areas with their polygons, by key."""
    rows = Zone.objects.filter(area__in=list(areas), retired_at=None).order_by("key")
    return [_zone_shape(row) for row in rows]


def zone(key: str) -> ZoneShape | None:
    """Give one zone, also a retired one: an old alarm still speaks of it."""
    row = Zone.objects.filter(key=key).first()
    return _zone_shape(row) if row else None


def place_names(keys: Collection[str]) -> dict[str, dict[str, str]]:
    """Give the names (nl, fr, de, en) of zones, sites, gates, fences, ports and areas by their keys."""
    names: dict[str, dict[str, str]] = {}
    for model in (Zone, Facility, Gate, Port, Committee, Water):
        names |= dict(model.objects.filter(key__in=keys).values_list("key", "name"))
    return names


def routes(area: str) -> list[RouteLine]:
    """Give the lines that ships of an area sail, with the speed that every zone on the way allows."""
    rows = Zone.objects.filter(retired_at=None, max_speed_knots__isnull=False)
    limits = [(shape(row.shape), float(row.max_speed_knots or 0)) for row in rows]
    found = Route.objects.filter(area=area, retired_at=None).order_by("key")
    return [_route_line(row, limits) for row in found]


def _route_line(row: Route, limits: list[tuple[BaseGeometry, float]]) -> RouteLine:
    points = [(lat, lon) for lon, lat in row.shape["coordinates"]]
    legs = leg_speeds(points, speed_knots=row.speed_knots, limits=limits)
    return RouteLine(row.key, row.area, row.name, row.traffic, row.speed_knots, points, legs)


def area_of_place(place: str) -> str | None:
    """Tell under which committee an area, port or site lies."""
    for model in (Committee, Port, Facility):
        area = model.objects.filter(key=place).values_list("area", flat=True).first()
        if area:
            return str(area)
    return None


def security_level(area: str, *, place: str | None = None) -> int:
    """Tell the level that holds: the higher of the area's and the place's own; 1 by default (CN 2.5.2.25)."""
    keys = {area, place or area}
    set_levels = SecurityLevel.objects.filter(area=area, place__in=keys).aggregate(top=Max("level"))
    return int(set_levels["top"] or 1)


def security_levels(area: str) -> list[SecurityLevel]:
    """Give every level that was set in an area, the area's own first."""
    rows = SecurityLevel.objects.filter(area=area)
    return sorted(rows, key=lambda row: (row.place != area, row.place))


def latest_editions() -> dict[str, tuple[int, str]]:
    """Give version and digest of the newest edition of every folder."""
    rows = Edition.objects.order_by("folder", "version").values_list("folder", "version", "digest")
    return {folder: (version, digest) for folder, version, digest in rows}


def edition_mark(area: str) -> str:
    """Give a mark that changes whenever anything on the map of this area would."""
    editions = sorted(latest_editions().items())
    return hashlib.sha256(msgspec.json.encode([area, editions, world_mark()])).hexdigest()[:20]


def scene_for(actor: Actor, area: str) -> SceneBytes:
    """Give the scene of an area to someone who works there; raises NotYours to anyone else."""
    if not actor.may("picture.see", area=area):
        raise NotYours("not_your_area", area=area)
    return scene_bytes(area)


_scenes: dict[str, SceneBytes] = {}
_guard = threading.Lock()


def scene_bytes(area: str) -> SceneBytes:
    """Give the scene of an area as JSON, made once for every edition."""
    mark = edition_mark(area)
    with _guard:
        kept = _scenes.get(mark)
    if kept:
        return kept
    made = SceneBytes(msgspec.json.encode(scene(area)), f'"{mark}"')
    with _guard:
        while len(_scenes) >= KEPT_SCENES:
            _scenes.pop(next(iter(_scenes)))
        _scenes[mark] = made
    return made


def scene(area: str) -> dict[str, Any]:
    """Give all a map draws for an area, as GeoJSON feature collections (lon, lat) by layer.

    Water, works and town names are those of all ports, for a map is panned; sites, zones, fences, gates and
    routes are the area's own.
    """
    own = {"area": area, "retired_at": None}
    water = list(Water.objects.filter(retired_at=None).order_by("key"))
    sites = list(Facility.objects.filter(**own).order_by("key"))
    body = committee(area)
    views = {row.key: (row.view["lat"], row.view["lon"]) for row in committees()}
    return {
        "area": area,
        "bounds": body.bounds if body else None,
        "view": body.view if body else None,
        "name": body.name if body else {},
        "attribution": ATTRIBUTION,
        "land": msgspec.json.decode(_land()),
        "water": _collection(_feature(row, row.shape, kind=row.kind) for row in water),
        "shores": _shores(water),
        "works": _collection(_feature(r, r.shape, kind=r.kind) for r in _standing(Work)),
        "facilities": _collection(_facility(row) for row in sites),
        "zones": _collection(_zone(row) for row in Zone.objects.filter(**own).order_by("key")),
        "fences": _collection(_fence(row) for row in Fence.objects.filter(**own).order_by("key")),
        "gates": _collection(_gate(row) for row in Gate.objects.filter(**own).order_by("key")),
        "routes": _collection(_feature(row, row.shape) for row in Route.objects.filter(**own).order_by("key")),
        "labels": _collection([*_landmarks(), *_water_labels(water, views), *_site_labels(sites)]),
    }


def backdrop() -> SceneBytes:
    """Give land and coast alone, for a page that shows no area."""
    return SceneBytes(_land(), f'"{world_mark()}"')


@lru_cache(maxsize=1)
def _land() -> bytes:
    """Join the coast of the region and the land of the rest of the world."""
    rest = msgspec.json.decode((WORLD / "land.geojson").read_bytes())["features"]
    return msgspec.json.encode({"type": "FeatureCollection", "features": [*rest, *_coast()]})


def _coast() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode((WORLD / "coast.geojson").read_bytes())["features"]
    return found


@lru_cache(maxsize=1)
def world_mark() -> str:
    """Give a mark of the land as it is shipped."""
    return hashlib.sha256(_land()).hexdigest()[:20]


def _standing(model: type[Place]) -> "QuerySet[Any]":
    return model.objects.filter(retired_at=None).order_by("key")


def _zone_shape(row: Zone) -> ZoneShape:
    polygon = shape(row.shape)
    shapely.prepare(polygon)
    return ZoneShape(row.key, row.area, row.kind, row.name, polygon, row.max_speed_knots, row.rules)


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _feature(row: Place, geometry: dict[str, Any], **facts: Any) -> dict[str, Any]:
    properties = {"key": row.key, "area": row.area, "name": row.name, **facts}
    return {"type": "Feature", "id": row.key, "geometry": geometry, "properties": properties}


def _facility(row: Facility) -> dict[str, Any]:
    return _feature(row, row.shape, kind=row.kind, category=row.category, owner=row.owner, port=row.port_id)


def _zone(row: Zone) -> dict[str, Any]:
    return _feature(row, row.shape, kind=row.kind, max_speed_knots=row.max_speed_knots, rules=row.rules)


def _fence(row: Fence) -> dict[str, Any]:
    return _feature(row, row.shape, facility=row.facility_id, height_m=row.height_m, detects=row.detects)


def _gate(row: Gate) -> dict[str, Any]:
    return _feature(row, _point(row.lat, row.lon), facility=row.facility_id, kind=row.kind)


def _point(lat: float, lon: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def _shores(water: list[Water]) -> dict[str, Any]:
    coast = [shape(feature["geometry"]) for feature in _coast()]
    lines = shorelines(coast, [shape(row.shape) for row in water])
    return _collection({"type": "Feature", "geometry": line, "properties": {}} for line in lines)


def _water_labels(water: list[Water], views: dict[str, tuple[float, float]]) -> Iterable[dict[str, Any]]:
    """Name every water but the locks; a river or canal where the map of its area opens."""
    for row in water:
        if row.kind == "lock":
            continue
        long = row.kind in {"river", "canal"}
        spot = _point(*label_spot(row.shape, near=views.get(row.area) if long else None))
        yield _feature(row, spot, kind="water", water=row.kind, rank=RANKS["water" if long else "dock"])


def _site_labels(sites: list[Facility]) -> Iterable[dict[str, Any]]:
    for row in sites:
        yield _feature(row, _point(*label_spot(row.shape)), kind="facility", rank=RANKS["facility"])


def _landmarks() -> Iterable[dict[str, Any]]:
    for row in _standing(Landmark):
        yield _feature(row, _point(row.lat, row.lon), kind=row.kind, rank=RANKS[row.kind])
