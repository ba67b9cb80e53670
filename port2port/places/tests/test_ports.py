"""The ports we ship: sound, recognisable in numbers, and with routes that stay on the water."""

import json
from pathlib import Path

import pytest
import shapely
from shapely.geometry import box, shape

from port2port.places.actions import PORTS, read_folders
from port2port.places.queries import WORLD
from port2port.places.rules import AREAS, SiteKind, ZoneKind
from port2port.places.rules.checks import distance_m

PACKS = {pack.folder: pack for pack in read_folders(PORTS)}
DRAWN = {folder: pack for folder, pack in PACKS.items() if pack.committee is None}
BROCHURE = {"BEANR", "BEZEE", "BEGNE", "BEOST", "BELGG", "BEBRU", "genk"}
SEA_PORTS = {"BEANR", "BEZEE", "BEGNE", "BEOST"}
ROUTE_CLEARANCE_M = 15
WORLD_LIMIT_BYTES = 400_000


def land():
    return shapely.union_all([shape(feature["geometry"]) for feature in read("coast.geojson")])


def read(name):
    return json.loads((WORLD / name).read_text())["features"]


def water_everywhere():
    return shapely.union_all([place.shape for pack in DRAWN.values() for place in pack.layers["water"]])


@pytest.fixture(scope="module")
def afloat():
    """All drawn water, and the sea where there is no land."""
    sea = box(2.0, 49.5, 6.5, 52.2).difference(land())
    return shapely.union_all([sea, water_everywhere()])


def test_every_folder_is_sound_and_the_seven_of_the_brochure_are_there():
    assert set(DRAWN) >= BROCHURE


def test_every_area_has_a_committee_and_something_drawn():
    assert {pack.area for pack in PACKS.values() if pack.committee} == set(AREAS)
    assert {pack.area for pack in DRAWN.values()} == set(AREAS)


def test_limburg_has_sites_under_a_committee_and_no_port():
    assert DRAWN["genk"].manifest.code is None
    assert DRAWN["genk"].layers["facilities"]


@pytest.mark.parametrize("folder", sorted(SEA_PORTS))
def test_a_sea_port_has_what_a_control_room_looks_at(folder):
    layers = DRAWN[folder].layers
    kinds = {place.facts.kind for place in layers["zones"]}
    assert kinds == set(ZoneKind)
    assert len(layers["facilities"]) >= 9
    assert len(layers["water"]) >= 10
    assert layers["fences"] and layers["gates"] and layers["routes"] and layers["works"]


def test_the_six_kinds_of_site_all_occur():
    kinds = {place.facts.kind for pack in DRAWN.values() for place in pack.layers["facilities"]}
    assert kinds == set(SiteKind)


@pytest.mark.parametrize("folder", sorted(DRAWN))
def test_every_site_with_a_gate_has_a_fence_and_every_port_a_restricted_zone(folder):
    layers = DRAWN[folder].layers
    fenced = {place.facts.facility for place in layers["fences"]}
    assert {place.facts.facility for place in layers["gates"]} <= fenced
    assert any(place.facts.kind == ZoneKind.RESTRICTED for place in layers["zones"])


@pytest.mark.parametrize("folder", sorted(DRAWN))
def test_routes_stay_on_the_water(folder, afloat):
    for place in DRAWN[folder].layers["routes"]:
        dry = place.shape.difference(afloat)
        assert dry.length < 1e-5, f"{place.key} runs aground at {dry.wkt[:120]}"


@pytest.mark.parametrize("folder", sorted(DRAWN))
def test_no_route_runs_through_a_restricted_zone(folder):
    layers = DRAWN[folder].layers
    closed = [zone for zone in layers["zones"] if zone.facts.kind == ZoneKind.RESTRICTED]
    for route in layers["routes"]:
        for zone in closed:
            assert distance_m(zone.shape, route.shape) > ROUTE_CLEARANCE_M, f"{route.key} meets {zone.key}"


@pytest.mark.parametrize("folder", sorted(DRAWN))
def test_restricted_zones_lie_on_the_water_and_sites_on_land(folder, afloat):
    layers = DRAWN[folder].layers
    for zone in layers["zones"]:
        if zone.facts.kind in {ZoneKind.RESTRICTED, ZoneKind.FAIRWAY, ZoneKind.DOCK, ZoneKind.ANCHORAGE}:
            assert zone.shape.intersection(afloat).area > 0.95 * zone.shape.area, zone.key
    for site in layers["facilities"]:
        assert site.shape.intersection(afloat).area < 0.02 * site.shape.area, site.key


@pytest.mark.parametrize("folder", sorted(SEA_PORTS))
def test_a_restricted_zone_lies_where_traffic_passes(folder):
    layers = DRAWN[folder].layers
    closed = [zone for zone in layers["zones"] if zone.facts.kind == ZoneKind.RESTRICTED]
    nearest = min(distance_m(zone.shape, route.shape) for zone in closed for route in layers["routes"])
    assert nearest < 300


@pytest.mark.parametrize(
    ("folder", "key", "lat", "lon"),
    [
        ("BEANR", "beanr-deurganck", 51.285, 4.259),
        ("BEANR", "beanr-zandvliet-lock", 51.346, 4.284),
        ("BEZEE", "bezee-outer-harbour", 51.355, 3.199),
        ("BEGNE", "begne-kluizen", 51.158, 3.760),
        ("BEOST", "beost-channel", 51.238, 2.920),
        ("BELGG", "belgg-albert-canal", 50.678, 5.639),
        ("BEBRU", "bebru-vergote", 50.870, 4.356),
        ("genk", "genk-albert-canal", 50.931, 5.498),
    ],
)
def test_known_waters_lie_where_they_really_are(folder, key, lat, lon):
    water = next(place for place in DRAWN[folder].layers["water"] if place.key == key)
    assert distance_m(water.shape, shapely.Point(lon, lat)) < 300


def test_the_land_fits_a_browser_and_both_halves_meet():
    for name in ("coast.geojson", "land.geojson"):
        assert (WORLD / name).stat().st_size < WORLD_LIMIT_BYTES
    rest = shapely.union_all([shapely.make_valid(shape(feature["geometry"])) for feature in read("land.geojson")])
    brussels, tokyo, atlantic = shapely.Point(4.35, 50.85), shapely.Point(139.5, 35.9), shapely.Point(-30, 40)
    assert land().contains(brussels) and not rest.contains(brussels)
    assert rest.contains(tokyo)
    assert not rest.contains(atlantic)


def test_the_source_of_the_coast_is_named_beside_it():
    said = (Path(WORLD) / "SOURCES.md").read_text()
    assert "Open Database License 1.0" in said and "OpenStreetMap" in said
