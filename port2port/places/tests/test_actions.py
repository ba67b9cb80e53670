"""Loading is one act, idempotent and versioned; what is gone is retired, never deleted."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from port2port.audit.models import Entry, OutboxEvent
from port2port.places.actions import PORTS, NoSuchLevel, NoSuchPlace, load_ports, record_security_level
from port2port.places.models import Committee, Edition, Facility, Gate, Port, SecurityLevel, Zone
from port2port.places.queries import security_level, zone, zones_for
from port2port.places.rules import AREAS, BadPlaces
from port2port.rights.rules import Actor, NotYours, Role, service

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
LOADER = service("places", frozenset(AREAS))
OPERATOR = Actor("1", "Sam", Role.OPERATOR, frozenset(AREAS))


@pytest.fixture
def folder(tmp_path):
    """One port and the committees, to change at will."""
    shutil.copy(PORTS / "committees.yaml", tmp_path)
    shutil.copytree(PORTS / "BEOST", tmp_path / "BEOST")
    return tmp_path


def change_zones(folder, change):
    file = folder / "BEOST" / "zones.geojson"
    collection = json.loads(file.read_text())
    change(collection["features"])
    file.write_text(json.dumps(collection))


def drop_first(features):
    features.pop(0)


def test_everything_we_ship_loads(tmp_path):
    editions = load_ports(by=LOADER, at=AT)
    assert {edition.version for edition in editions} == {1}
    assert Committee.objects.count() == len(AREAS)
    assert {"BEANR", "BEZEE", "BEGNE", "BEOST", "BELGG", "BEBRU"} <= set(Port.objects.values_list("key", flat=True))
    assert Facility.objects.filter(area="genk", port=None).exists()
    assert not Facility.objects.filter(committee=None).exists()
    assert Gate.objects.count() > 50


def test_loading_twice_changes_nothing(folder):
    load_ports(folder, by=LOADER, at=AT)
    before = (Edition.objects.count(), OutboxEvent.objects.count(), Entry.objects.count())
    assert load_ports(folder, by=LOADER, at=LATER) == []
    assert (Edition.objects.count(), OutboxEvent.objects.count(), Entry.objects.count()) == before


def test_a_load_tells_the_ledger_and_the_bus_once_a_folder(folder):
    editions = load_ports(folder, by=LOADER, at=AT)
    assert OutboxEvent.objects.filter(kind="PlacesChanged").count() == len(editions) == len(AREAS) + 1
    assert Entry.objects.filter(object_kind="edition", object_id="BEOST@1", area="ostend").count() == 1


def test_a_changed_file_makes_the_next_version_and_keeps_the_last(folder):
    load_ports(folder, by=LOADER, at=AT)
    before = Edition.objects.get(key="BEOST@1").texts
    change_zones(folder, drop_first)
    assert [edition.key for edition in load_ports(folder, by=LOADER, at=LATER)] == ["BEOST@2"]
    assert Edition.objects.get(key="BEOST@1").texts == before
    assert Edition.objects.get(key="BEOST@2").texts["zones.geojson"] != before["zones.geojson"]


def test_a_zone_gone_from_the_data_is_retired_and_still_found_by_an_old_alarm(folder):
    load_ports(folder, by=LOADER, at=AT)
    gone = json.loads((folder / "BEOST" / "zones.geojson").read_text())["features"][0]["id"]
    change_zones(folder, drop_first)
    load_ports(folder, by=LOADER, at=LATER)
    assert gone not in {found.key for found in zones_for(["ostend"])}
    assert Zone.objects.get(key=gone).retired_at == LATER
    assert zone(gone).name["en"]


def test_a_retired_zone_comes_back_with_the_data(folder):
    load_ports(folder, by=LOADER, at=AT)
    text = (folder / "BEOST" / "zones.geojson").read_text()
    change_zones(folder, drop_first)
    load_ports(folder, by=LOADER, at=LATER)
    (folder / "BEOST" / "zones.geojson").write_text(text)
    assert [edition.key for edition in load_ports(folder, by=LOADER, at=LATER)] == ["BEOST@3"]
    assert not Zone.objects.exclude(retired_at=None).exists()


def test_one_bad_folder_stops_the_whole_load(folder):
    (folder / "BEOST" / "gates.geojson").write_text("{")
    with pytest.raises(BadPlaces, match="BEOST/gates.geojson: file: is not JSON"):
        load_ports(folder, by=LOADER, at=AT)
    assert not Edition.objects.exists() and not Committee.objects.exists() and not OutboxEvent.objects.exists()


def test_a_path_without_committees_is_refused(tmp_path):
    with pytest.raises(BadPlaces, match=r"committees.yaml: is missing"):
        load_ports(tmp_path, by=LOADER, at=AT)


def test_an_operator_may_not_load(folder):
    with pytest.raises(NotYours):
        load_ports(folder, by=OPERATOR, at=AT)
    assert not Edition.objects.exists()


def test_a_service_of_another_area_undoes_the_whole_load(folder):
    with pytest.raises(NotYours):
        load_ports(folder, by=service("places", frozenset({"ghent"})), at=AT)
    assert not Edition.objects.exists() and not Zone.objects.exists()


def test_level_one_holds_until_another_is_set(folder):
    load_ports(folder, by=LOADER, at=AT)
    assert security_level("ostend") == 1
    facts = {"reference": "NAMB 2026/7", "by": LOADER, "at": LATER}
    record_security_level(place="ostend", level=2, **facts)
    assert security_level("ostend") == 2
    record_security_level(place="beost-zeewind", level=3, **facts)
    assert (security_level("ostend"), security_level("ostend", place="beost-zeewind")) == (2, 3)
    record_security_level(place="ostend", level=1, **facts)
    assert security_level("ostend") == 1
    assert OutboxEvent.objects.filter(kind="SecurityLevelChanged").count() == 3


def test_a_level_for_a_part_never_lowers_the_level_of_the_whole(folder):
    load_ports(folder, by=LOADER, at=AT)
    record_security_level(place="ostend", level=3, reference="a", by=LOADER, at=AT)
    record_security_level(place="BEOST", level=2, reference="b", by=LOADER, at=AT)
    assert security_level("ostend", place="BEOST") == 3


@pytest.mark.parametrize(("place", "level", "refusal"), [("ostend", 4, NoSuchLevel), ("atlantis", 2, NoSuchPlace)])
def test_a_level_that_makes_no_sense_is_refused(folder, place, level, refusal):
    load_ports(folder, by=LOADER, at=AT)
    with pytest.raises(refusal):
        record_security_level(place=place, level=level, reference="a", by=LOADER, at=AT)
    assert not SecurityLevel.objects.exists()


def test_an_operator_may_not_set_a_level(folder):
    load_ports(folder, by=LOADER, at=AT)
    with pytest.raises(NotYours):
        record_security_level(place="ostend", level=2, reference="a", by=OPERATOR, at=AT)
