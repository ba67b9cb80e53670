"""Asking: the card of a vessel, where it has been, finding it again; only in one's own areas."""

from datetime import timedelta
from uuid import uuid4

import pytest

from port2port.detection import queries
from port2port.detection.examples import GHENT, ExampleFeed, a_position, a_voyage, received, recorded
from port2port.detection.models import TrackIdentity
from port2port.detection.picture import Hub
from port2port.detection.tests.test_worker import NOON, OTHER, SHIP, Desk, later
from port2port.rights.rules import Actor, Role

pytestmark = pytest.mark.django_db(transaction=True)
SAM = Actor("1", "Sam", Role.OPERATOR, frozenset({"antwerp"}))
GINA = Actor("2", "Gina", Role.OPERATOR, frozenset({"ghent"}))
ELSEWHERE = Hub()


@pytest.fixture
def desk():
    recorded(received([a_voyage(SHIP, "FICTIVA STAR"), a_voyage(OTHER, "BONNE MINE", imo=9_074_728)], NOON))
    for second in range(0, 150, 10):
        lines = [a_position(SHIP, 51.3 + second / 1e5, 4.2, knots=9.5), a_position(OTHER, 51.4, 4.1, knots=0)]
        recorded(received(lines, later(second)))
    return Desk(feeds=[ExampleFeed()], at=later(140)).at(later(140))


def track(mmsi=SHIP):
    return TrackIdentity.objects.get(mmsi=mmsi).id


def test_a_card_says_what_is_known(desk):
    found = queries.vessel(SAM, track(), now=later(145), pictures=desk.hub)
    assert (found.name, found.mmsi, found.callsign, found.imo, found.imo_holds) == (
        "FICTIVA STAR", SHIP, "ONAB", 9_074_729, True,
    )  # fmt: skip
    assert (found.length_m, found.beam_m, found.draught_m, found.destination, found.eta) == (
        100, 16, 6.5, "BE ANR", "11-26 06:30",
    )  # fmt: skip
    assert (found.lat, found.lon, found.speed_knots, found.course_deg, found.heading_deg) == (
        51.3014, 4.2, 9.5, 90.0, 90,
    )  # fmt: skip
    assert (found.age_s, found.interval_s, found.kind, found.is_lost) == (5, 10, "class-a", False)


def test_a_wrong_imo_number_is_shown_and_flagged(desk):
    found = queries.vessel(SAM, track(OTHER), now=later(145), pictures=desk.hub)
    assert (found.imo, found.imo_holds) == (9_074_728, False)


def test_another_process_reads_the_last_closed_minute(desk):
    found = queries.vessel(SAM, track(), now=later(145), pictures=ELSEWHERE)
    assert (found.name, found.speed_knots, found.age_s) == ("FICTIVA STAR", 9.5, 35)


def test_nobody_sees_a_vessel_of_another_area_or_without_the_right(desk):
    nobody = Actor("3", "Service", Role.SERVICE, frozenset({"antwerp"}))
    for actor in (GINA, nobody, Actor("4", "No area", Role.OPERATOR)):
        assert queries.vessel(actor, track(), now=later(145), pictures=desk.hub) is None
        assert queries.past_track(actor, track(), minutes=60, now=later(145), pictures=desk.hub) == []
        assert queries.vessels_named(actor, "STAR") == []
    assert queries.vessel(SAM, uuid4(), now=NOON, pictures=desk.hub) is None


def test_a_past_track_joins_closed_minutes_and_the_open_one(desk):
    points = queries.past_track(SAM, track(), minutes=60, now=later(145), pictures=desk.hub)
    start = round(NOON.timestamp() * 1000)
    assert [at_ms - start for at_ms, _, _, _ in points] == [second * 1000 for second in range(0, 150, 10)]
    assert points[-1][1:] == (51.3014, 4.2, 95)
    short = queries.past_track(SAM, track(), minutes=1, now=later(145), pictures=desk.hub)
    assert [at_ms - start for at_ms, _, _, _ in short] == [90_000 + n * 10_000 for n in range(6)]


def test_a_past_track_can_be_read_after_a_restart(desk):
    again = Desk(at=later(150)).at(later(150))
    points = queries.past_track(SAM, track(), minutes=60, now=later(150), pictures=again.hub)
    assert len(points) == 15
    elsewhere = queries.past_track(SAM, track(), minutes=60, now=later(150), pictures=ELSEWHERE)
    assert len(elsewhere) == 12


def test_a_long_past_is_thinned_and_ends_with_the_present(desk, monkeypatch):
    monkeypatch.setattr(queries, "MOST_POINTS", 4)
    points = queries.past_track(SAM, track(), minutes=60, now=later(145), pictures=desk.hub)
    assert len(points) == 4
    assert points[-1][0] == round(later(140).timestamp() * 1000)


@pytest.mark.parametrize("text", ["star", "FICTIVA", "ONA", "205000001", "20500000", "9074729", " 9074 ".strip()])
def test_a_vessel_is_found_by_name_call_sign_mmsi_or_imo(desk, text):
    assert SHIP in [found.mmsi for found in queries.vessels_named(SAM, text)]


@pytest.mark.parametrize("text", ["", "  ", "nothing", "999999999", "12345678901", "%"])
def test_what_matches_nothing_finds_nothing(desk, text):
    assert queries.vessels_named(SAM, text) == []


def test_feeds_tell_their_age(desk):
    assert queries.feed_ages(now=later(150), pictures=desk.hub) == [
        {"name": "ais-antwerp", "area": "antwerp", "age_s": 10}
    ]
    assert queries.feed_ages(now=NOON, pictures=ELSEWHERE) == []


def test_the_report_counts_messages_and_refusals(desk):
    recorded(received([b"!AIVDM,nonsense\n"], later(141), label=GHENT, feed="ais-ghent"))
    desk.at(later(142))
    report = queries.detection_report(pictures=desk.hub)
    assert report["messages"] == {1: 30, 5: 2}
    assert sum(report["refused"].values()) == 1
    assert report["tracks"] == 2
    assert queries.detection_report(pictures=ELSEWHERE) == {}


def test_a_day_is_the_most_that_is_read(desk):
    long = queries.past_track(SAM, track(), minutes=10**9, now=NOON + timedelta(seconds=145), pictures=desk.hub)
    assert len(long) == 15
