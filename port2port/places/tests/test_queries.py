"""What the other rooms ask: zones to watch, the scene of a map, and only to whom it belongs."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from shapely.geometry import Point, box, shape

from port2port.places import queries
from port2port.places.actions import PORTS, load_ports
from port2port.places.examples import a_zone, ports_loaded
from port2port.places.models import Facility, Zone
from port2port.places.rules import AREAS
from port2port.rights.queries import visible_to
from port2port.rights.rules import Actor, NotYours, Role, service

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
LOADER = service("places", frozenset(AREAS))
LAYERS = {"land", "water", "shores", "works", "facilities", "zones", "fences", "gates", "routes", "labels"}


def actor(*areas, role=Role.OPERATOR):
    return Actor("1", "Sam", role, frozenset(areas))


@pytest.fixture
def loaded():
    ports_loaded(at=AT)


def test_there_are_nine_committees_with_their_names(loaded):
    assert [row.key for row in queries.committees()] == sorted(AREAS)
    assert queries.committee("liege").name == {"nl": "Luik", "fr": "Liège", "de": "Lüttich", "en": "Liège"}
    assert queries.committee("atlantis") is None


def test_zones_come_as_shapes_of_the_areas_asked_for(loaded):
    found = {zone.key: zone for zone in queries.zones_for(["antwerp", "ghent"])}
    assert {zone.area for zone in found.values()} == {"antwerp", "ghent"}
    mouth = found["beanr-rz-deurganck-mouth"]
    assert mouth.kind == "restricted" and mouth.rules["no_entry"]
    assert mouth.polygon.contains(Point(mouth.polygon.representative_point()))
    assert found["beanr-fw-scheldt-sea"].max_speed_knots == 16
    assert queries.zones_for([]) == []


def test_routes_are_lat_lon_in_code(loaded):
    for route in queries.routes("zeebrugge"):
        assert all(50 < lat < 52 and 2 < lon < 6 for lat, lon in route.points)
    assert {route.key for route in queries.routes("zeebrugge")} >= {"bezee-route-sea-albert"}


def test_a_ship_that_keeps_to_its_leg_speeds_breaks_no_limit(loaded):
    zones = [zone for zone in queries.zones_for(AREAS) if zone.max_speed_knots]
    slowed = 0
    for area in AREAS:
        for route in queries.routes(area):
            assert len(route.leg_knots) == len(route.points) - 1
            slowed += any(knots < route.speed_knots for knots in route.leg_knots)
            for (lat, lon), knots in zip(route.points, route.leg_knots, strict=False):
                limits = [zone.max_speed_knots for zone in zones if zone.polygon.contains(Point(lon, lat))]
                assert knots <= min(limits, default=99), route.key
    assert slowed > 10


def test_a_scene_has_every_layer_of_the_map(loaded):
    scene = queries.scene("antwerp")
    assert {name for name, value in scene.items() if isinstance(value, dict) and "features" in value} == LAYERS
    assert "OpenStreetMap" in scene["attribution"]
    for name in LAYERS:
        for feature in scene[name]["features"]:
            assert shape(feature["geometry"]).is_valid or name == "land"


def test_a_scene_shows_the_waters_of_all_and_the_sites_of_its_own(loaded):
    scene = queries.scene("ghent")
    areas = {
        name: {feature["properties"]["area"] for feature in scene[name]["features"]} for name in ("water", "zones")
    }
    assert areas["zones"] == {"ghent"}
    assert areas["water"] == set(AREAS)
    for name in ("facilities", "fences", "gates", "routes"):
        assert {feature["properties"]["area"] for feature in scene[name]["features"]} == {"ghent"}, name
    sites = [f for f in scene["labels"]["features"] if f["properties"]["kind"] == "facility"]
    assert {site["properties"]["area"] for site in sites} == {"ghent"}


def test_a_scene_is_made_once_until_the_places_change(loaded, tmp_path):
    first, again = queries.scene_bytes("ostend"), queries.scene_bytes("ostend")
    assert first is again
    assert json.loads(first.body)["area"] == "ostend"
    shutil.copytree(PORTS, tmp_path / "ports")
    manifest = tmp_path / "ports" / "BEOST" / "port.yaml"
    manifest.write_text(manifest.read_text() + "\n# drawn again\n")
    load_ports(tmp_path / "ports", by=LOADER, at=AT + timedelta(hours=1))
    assert queries.scene_bytes("ostend").etag != first.etag


def test_an_etag_is_that_of_one_area(loaded):
    assert len({queries.scene_bytes(area).etag for area in AREAS}) == len(AREAS)


def test_a_scene_is_given_only_to_someone_who_works_there(loaded):
    assert queries.scene_for(actor("antwerp"), "antwerp").body
    for stranger in (actor("ghent"), actor(), actor("antwerp", role=Role.SERVICE)):
        with pytest.raises(NotYours):
            queries.scene_for(stranger, "antwerp")


def test_lists_hold_only_the_areas_of_the_actor(loaded):
    assert set(queries.facilities_seen_by(actor("genk")).values_list("area", flat=True)) == {"genk"}
    assert not queries.facilities_seen_by(actor()).exists()
    assert set(visible_to(actor("ostend"), Zone.objects.all()).values_list("area", flat=True)) == {"ostend"}


def test_every_place_carries_a_whole_label(loaded):
    for row in Facility.objects.all():
        assert row.area in AREAS and row.owner and row.purpose == "isps" and row.tlp == "amber"


def test_names_of_places_are_found_by_key(loaded):
    names = queries.place_names(["antwerp", "BEANR", "beanr-testa-east", "beanr-rz-oria", "nowhere"])
    assert set(names) == {"antwerp", "BEANR", "beanr-testa-east", "beanr-rz-oria"}
    assert names["beanr-testa-east"]["fr"] == "Testa Terminal Est"


def test_a_place_knows_its_area(loaded):
    assert [queries.area_of_place(key) for key in ("liege", "BELGG", "belgg-trilogi")] == ["liege"] * 3
    assert queries.area_of_place("nowhere") is None


def test_the_backdrop_is_land_alone():
    backdrop = json.loads(queries.backdrop().body)
    assert {feature["properties"]["scale"] for feature in backdrop["features"]} == {"coast", "world"}


def test_an_example_zone_is_watched_like_any_other():
    square = box(4.0, 51.38, 4.01, 51.39)
    a_zone(square, at=AT, key="trial", area="ghent", max_speed_knots=5)
    watched = queries.zones_for(["ghent"])
    assert [(zone.key, zone.kind, zone.max_speed_knots) for zone in watched] == [("trial", "restricted", 5)]
    assert watched[0].polygon.equals(square)
