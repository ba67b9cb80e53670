"""Bad folders are refused with the file, the field and the reason; nothing of this needs a database."""

import json

import pytest
from shapely.geometry import LineString, Point, box, shape

from port2port.places.rules import BadPlaces, check_together, label_spot, read_committees, read_pack, shorelines
from port2port.places.rules.checks import distance_m
from port2port.places.rules.kinds import AREAS, Text

NAME = {"nl": "a", "fr": "b", "de": "c", "en": "d"}
SQUARE = [[4.26, 51.29], [4.27, 51.29], [4.27, 51.30], [4.26, 51.30], [4.26, 51.29]]
BOWTIE = [[4.26, 51.29], [4.27, 51.30], [4.27, 51.29], [4.26, 51.30], [4.26, 51.29]]

PORT = """
code: BEXXX
committee: antwerp
name: {nl: a, fr: b, de: c, en: d}
owner: somebody
bounds: [51.0, 4.0, 51.5, 4.6]
view: {lat: 51.2, lon: 4.3, zoom: 11}
source: drawn for a test
"""


def feature(key="bexxx-one", geometry=None, **facts):
    shape = geometry or {"type": "Polygon", "coordinates": [SQUARE]}
    return {"type": "Feature", "id": key, "properties": facts, "geometry": shape}


def layer(*features):
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def site(key="bexxx-site", **changes):
    facts = {"kind": "port_facility", "name": NAME, "owner": "somebody", "category": 1} | changes
    return feature(key, **{name: value for name, value in facts.items() if value is not None})


def line(*points):
    return {"type": "LineString", "coordinates": list(points)}


FENCE = feature("bexxx-fence", line(*SQUARE[:3]), facility="bexxx-site", height_m=2.4)


def problems_of(**files):
    named = {f"{name}.geojson": content for name, content in files.items()}
    with pytest.raises(BadPlaces) as refused:
        read_pack("BEXXX", {"port.yaml": PORT.encode(), **named})
    return str(refused.value)


def zone(**changes):
    return feature(**({"kind": "dock", "name": NAME} | changes))


BAD_LAYERS = [
    ({"zones": b"{"}, "BEXXX/zones.geojson: file: is not JSON"),
    ({"zones": b"\xff\xfe"}, "BEXXX/zones.geojson: file: is not JSON"),
    ({"zones": b"[]"}, "BEXXX/zones.geojson: file: must be a FeatureCollection"),
    ({"zones": b'{"type": "FeatureCollection"}'}, "must be a FeatureCollection with a list of features"),
    ({"zones": b'{"type": "FeatureCollection", "features": [7]}'}, "features[0]: must be a Feature"),
    ({"spaceships": layer()}, "BEXXX/spaceships.geojson: file: is not one the platform knows"),
    ({"zones": layer(zone(key="Bexxx One"))}, "features[0].id: must be a short key"),
    ({"zones": layer(zone(key=7))}, "features[0].id: must be a short key"),
    ({"zones": layer(zone(key="begne-one"))}, "features[0].id: 'begne-one' must start with 'bexxx-'"),
    ({"zones": layer(zone(), zone())}, "features[1].id: 'bexxx-one' is there twice"),
    ({"zones": layer(zone(kind="moat"))}, "features[0] (bexxx-one).properties.kind: Invalid enum value 'moat'"),
    ({"zones": layer(zone(name={"nl": "a"}))}, "properties.name: Object missing required field `fr`"),
    ({"zones": layer(zone(name=NAME | {"de": " "}))}, "properties.name.de: Expected `str` matching regex"),
    ({"zones": layer(zone(colour="red"))}, "Object contains unknown field `colour`"),
    ({"zones": layer(zone(max_speed_knots=0))}, "properties.max_speed_knots: Expected `float` > 0"),
    ({"zones": layer(zone(max_speed_knots="fast"))}, "properties.max_speed_knots: Expected `float | null`"),
    ({"zones": layer(zone(rules={"no_entry": "yes"}))}, "properties.rules.no_entry: Expected `bool`"),
    ({"zones": layer(zone(kind="restricted"))}, "bexxx-one.rules.no_entry: a restricted zone must set it"),
    ({"zones": layer(zone(kind="fairway"))}, "bexxx-one.max_speed_knots: a fairway must have it"),
    ({"zones": layer(zone(geometry=line(*SQUARE)))}, "geometry: must be a Polygon or MultiPolygon"),
    ({"zones": layer(zone(geometry={"type": "Polygon", "coordinates": [BOWTIE]}))}, "Self-intersection"),
    ({"zones": layer(zone(geometry={"type": "Polygon", "coordinates": []}))}, "geometry: has no coordinates"),
    ({"zones": layer(zone(geometry={"type": "Polygon", "coordinates": [[[4, 51]]]}))}, "geometry: cannot be read"),
    ({"zones": layer(zone(geometry={"type": "Polygon", "coordinates": "x"}))}, "geometry: cannot be read"),
    ({"zones": layer(zone(geometry={"type": "Polygon"}))}, "geometry: cannot be read"),
    (
        {"zones": layer(zone(geometry={"type": "Polygon", "coordinates": [[[y, x] for x, y in SQUARE]]}))},
        "geometry: lies outside the bounds of the folder (lat and lon changed places?)",
    ),
    (
        {"zones": layer(zone(geometry={"type": "Polygon", "coordinates": [[[x, y - 5] for x, y in SQUARE]]}))},
        "geometry: lies outside the bounds of the folder",
    ),
    (
        {"zones": layer(zone(geometry={"type": "Polygon", "coordinates": [[[x, y, 3] for x, y in SQUARE]]}))},
        "geometry: has heights",
    ),
    ({"facilities": layer(site(kind="castle"))}, "properties.kind: Invalid enum value 'castle'"),
    ({"facilities": layer(site(category=None))}, "bexxx-site.category: a port facility is of category 1"),
    ({"facilities": layer(site(kind="inland_terminal"))}, "bexxx-site.category: a port facility is of category 1"),
    ({"fences": layer(FENCE)}, "bexxx-fence.facility: 'bexxx-site' is not in facilities.geojson"),
    (
        {
            "facilities": layer(site()),
            "fences": layer(
                feature("bexxx-far", line([4.4, 51.2], [4.41, 51.2]), facility="bexxx-site", height_m=2)
            ),
        },
        "bexxx-far.facility: the fence stands further than 250 m from its facility",
    ),
    (
        {
            "facilities": layer(site()),
            "fences": layer(FENCE),
            "gates": layer(
                feature(
                    "bexxx-gate",
                    {"type": "Point", "coordinates": [4.265, 51.295]},
                    facility="bexxx-site",
                    kind="vehicle",
                    name=NAME,
                )
            ),
        },
        "bexxx-gate.facility: the gate stands in no fence of its facility",
    ),
    (
        {"zones": layer(zone()), "water": layer(feature(kind="dock", name=NAME))},
        "bexxx-one: this key is also in",
    ),
]


@pytest.mark.parametrize(("files", "said"), BAD_LAYERS, ids=[said[:60] for _, said in BAD_LAYERS])
def test_a_bad_layer_is_refused_with_its_place_and_reason(files, said):
    assert said in problems_of(**files)


BAD_MANIFESTS = [
    (PORT.replace("committee: antwerp", ""), "BEXXX/port.yaml: : Object missing required field `committee`"),
    (PORT.replace("code: BEXXX", "code: NLRTM"), "BEXXX/port.yaml: code: Expected `str` matching regex"),
    (PORT.replace("code: BEXXX", "code: BEANR"), "BEXXX/port.yaml: code: must be BEXXX"),
    (PORT.replace("[51.0, 4.0, 51.5, 4.6]", "[51.5, 4.0, 51.0, 4.6]"), "BEXXX/port.yaml: bounds: must be south"),
    (PORT.replace("[51.0, 4.0, 51.5, 4.6]", "[1.0, 4.0, 51.0, 4.6]"), "BEXXX/port.yaml: bounds: must lie inside"),
    (PORT.replace("zoom: 11", "zoom: 99"), "BEXXX/port.yaml: view.zoom: Expected `float` <= 20"),
    (PORT + "night: {start: '25:00', end: '06:00'}", "BEXXX/port.yaml: night.start: Expected `str` matching regex"),
    (PORT + "moon: full", "Object contains unknown field `moon`"),
    ("a: [", "BEXXX/port.yaml: "),
]


@pytest.mark.parametrize(("text", "said"), BAD_MANIFESTS, ids=[said[:60] for _, said in BAD_MANIFESTS])
def test_a_bad_manifest_is_refused_with_its_field_and_reason(text, said):
    with pytest.raises(BadPlaces) as refused:
        read_pack("BEXXX", {"port.yaml": text.encode()})
    assert said in str(refused.value)


def test_every_fault_is_named_not_only_the_first():
    said = problems_of(zones=layer(zone(kind="moat"), zone(key="bexxx-two", name=7)), spaceships=layer())
    assert len(said.splitlines()) == 3


def test_a_sound_folder_is_read_whole():
    files = {"zones.geojson": layer(zone()), "facilities.geojson": layer(site()), "fences.geojson": layer(FENCE)}
    pack = read_pack("BEXXX", {"port.yaml": PORT.encode(), **files})
    assert pack.area == "antwerp"
    assert [place.key for place in pack.layers["zones"]] == ["bexxx-one"]
    assert pack.layers["facilities"][0].facts.name.in_language("de") == "c"


def test_any_changed_byte_changes_the_digest():
    one = read_pack("BEXXX", {"port.yaml": PORT.encode()})
    other = read_pack("BEXXX", {"port.yaml": PORT.encode() + b"\n"})
    assert one.digest != other.digest


def test_a_folder_under_an_unknown_committee_is_refused():
    pack = read_pack("BEXXX", {"port.yaml": PORT.replace("antwerp", "atlantis").encode()})
    with pytest.raises(BadPlaces, match="BEXXX: committee: 'atlantis' is not one of"):
        check_together({}, [pack])


def test_two_folders_may_not_share_their_keys():
    pack = read_pack("BEXXX", {"port.yaml": PORT.encode()})
    with pytest.raises(BadPlaces, match="its keys would meet those of another folder"):
        check_together({"antwerp": None}, [pack, pack])


def committees_text(slugs):
    where = "bounds: [51, 4, 51.5, 4.6], view: {lat: 51, lon: 4, zoom: 9}"
    facts = f"{{name: {{nl: a, fr: b, de: c, en: d}}, languages: [nl], {where}}}"
    return "\n".join(f"{slug}: {facts}" for slug in slugs).encode()


def test_there_are_exactly_the_nine_committees():
    assert set(read_committees(committees_text(AREAS))) == set(AREAS)
    with pytest.raises(BadPlaces, match=r"committees.yaml: hasselt: is missing"):
        read_committees(committees_text(slug for slug in AREAS if slug != "hasselt"))
    with pytest.raises(BadPlaces, match=r"committees.yaml: atlantis: is not one of"):
        read_committees(committees_text([*AREAS, "atlantis"]))


def test_an_unknown_language_reads_english():
    assert Text(nl="Dok", fr="Bassin", de="Becken", en="Dock").in_language("pl") == "Dock"


def test_the_name_of_a_bent_dock_stands_in_the_water():
    bent = box(0, 0, 4, 1).union(box(0, 0, 1, 4))
    lat, lon = label_spot({"type": "Polygon", "coordinates": [list(bent.exterior.coords)]})
    assert bent.contains(Point(lon, lat))


def test_a_long_river_is_named_where_the_map_opens():
    river = {"type": "Polygon", "coordinates": [list(box(4.0, 51.0, 4.9, 51.001).exterior.coords)]}
    lat, lon = label_spot(river, near=(51.0, 4.2))
    assert abs(lon - 4.2) < 0.06
    assert label_spot(river, near=(52.0, 4.2)) == label_spot(river)


def test_a_shore_has_no_seams_between_waters_nor_across_a_mouth_nor_at_the_clip():
    island, river, dock = box(0, 0, 10, 10), box(4, 4, 6, 11), box(6, 5, 8, 6)
    lines = [shape(line) for line in shorelines([island, box(20, 0, 21, 12)], [river, dock])]
    seam, mouth = LineString([(6, 5.1), (6, 5.9)]), LineString([(4.1, 10), (5.9, 10)])
    clipped = LineString([(0, 1), (0, 9)])
    for line in lines:
        assert not any(line.intersects(part) for part in (seam, mouth, clipped))
    assert any(line.intersects(Point(8, 5.5)) for line in lines)


def test_distance_is_measured_in_metres_on_the_ground():
    assert distance_m(Point(4.0, 51.0), Point(4.0, 51.01)) == pytest.approx(1112, abs=2)
    assert distance_m(Point(4.0, 51.0), Point(4.01, 51.0)) == pytest.approx(700, abs=2)
