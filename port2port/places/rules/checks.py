"""What the layers of one folder must agree on.

>>> together("BEXXX", {"facilities": [], "fences": [], "gates": [], "zones": []})
[]
"""

from collections.abc import Iterator, Mapping, Sequence
from math import cos, radians
from typing import TYPE_CHECKING

import shapely
from shapely.geometry.base import BaseGeometry

from port2port.places.rules.kinds import SiteKind, ZoneKind
from port2port.places.rules.problems import Problem

if TYPE_CHECKING:
    from port2port.places.rules.packs import Place

METRES_PER_DEGREE = 111_195.0
GATE_REACH_M = 30.0
FENCE_REACH_M = 250.0

Layers = Mapping[str, Sequence["Place"]]


def together(folder: str, layers: Layers) -> list[Problem]:
    """Find what the layers of a folder do not agree on."""
    return [
        *_keys_once(folder, layers),
        *_categories(folder, layers["facilities"]),
        *_zones(folder, layers["zones"]),
        *_fences(folder, layers),
        *_gates(folder, layers),
    ]


def distance_m(one: BaseGeometry, other: BaseGeometry) -> float:
    """Measure the distance of two small shapes (lon, lat) on a local plane: good to 1 % over 10 km."""
    lat = radians(one.centroid.y)
    flat = [
        shapely.transform(g, lambda c: c * [cos(lat) * METRES_PER_DEGREE, METRES_PER_DEGREE]) for g in (one, other)
    ]
    return float(flat[0].distance(flat[1]))


def _keys_once(folder: str, layers: Layers) -> Iterator[Problem]:
    home: dict[str, str] = {}
    for name, places in layers.items():
        for place in places:
            first = home.setdefault(place.key, name)
            if first != name:
                yield Problem(f"{folder}/{name}.geojson", place.key, f"this key is also in {first}.geojson")


def _categories(folder: str, facilities: Sequence["Place"]) -> Iterator[Problem]:
    for place in facilities:
        wanted = (1, 2) if place.facts.kind == SiteKind.PORT_FACILITY else (None,)
        if place.facts.category not in wanted:
            yield Problem(
                f"{folder}/facilities.geojson", f"{place.key}.category",
                "a port facility is of category 1 (goods) or 2 (passengers), another site has none",
            )  # fmt: skip


def _zones(folder: str, zones: Sequence["Place"]) -> Iterator[Problem]:
    for place in zones:
        if place.facts.kind == ZoneKind.RESTRICTED and not place.facts.rules.no_entry:
            yield Problem(f"{folder}/zones.geojson", f"{place.key}.rules.no_entry", "a restricted zone must set it")
        if place.facts.kind == ZoneKind.FAIRWAY and place.facts.max_speed_knots is None:
            yield Problem(f"{folder}/zones.geojson", f"{place.key}.max_speed_knots", "a fairway must have it")


def _fences(folder: str, layers: Layers) -> Iterator[Problem]:
    sites = {place.key: place for place in layers["facilities"]}
    for fence in layers["fences"]:
        site = sites.get(fence.facts.facility)
        where = (f"{folder}/fences.geojson", f"{fence.key}.facility")
        if site is None:
            yield Problem(*where, f"{fence.facts.facility!r} is not in facilities.geojson")
        elif distance_m(fence.shape, site.shape) > FENCE_REACH_M:
            yield Problem(*where, f"the fence stands further than {FENCE_REACH_M:g} m from its facility")


def _gates(folder: str, layers: Layers) -> Iterator[Problem]:
    sites = {place.key for place in layers["facilities"]}
    for gate in layers["gates"]:
        where = (f"{folder}/gates.geojson", f"{gate.key}.facility")
        fences = [fence for fence in layers["fences"] if fence.facts.facility == gate.facts.facility]
        if gate.facts.facility not in sites:
            yield Problem(*where, f"{gate.facts.facility!r} is not in facilities.geojson")
        elif not fences or min(distance_m(gate.shape, fence.shape) for fence in fences) > GATE_REACH_M:
            yield Problem(*where, f"the gate stands in no fence of its facility (within {GATE_REACH_M:g} m)")
