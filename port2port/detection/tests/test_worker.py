"""The worker: what sensors sent becomes conditions and history, once, whatever happens to the process."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from port2port.audit.models import OutboxEvent
from port2port.audit.store import STORE
from port2port.detection import actions, reading
from port2port.detection.actions import CONSUMER, MINUTES
from port2port.detection.examples import ANTWERP, GHENT, ExampleFeed, a_position, a_voyage, received, recorded
from port2port.detection.models import FleetSnapshot, HistoryBlob, StandingCondition, TrackIdentity
from port2port.detection.picture import Hub
from port2port.detection.rules.zones import ZoneRule
from port2port.detection.worker import Worker
from port2port.engine.alarms import ConditionCleared, ConditionRaised
from port2port.engine.bus import Bus, LocalWire
from port2port.engine.events import Event, Label, Origin
from port2port.engine.history import unpack_minute

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
RESTRICTED = ZoneRule("petroleum", shapely.box(4.30, 51.20, 4.32, 51.22), forbids_entry=True, max_speed_knots=None)
SLOW = ZoneRule("dock", shapely.box(4.40, 51.20, 4.50, 51.30), forbids_entry=False, max_speed_knots=6.0)
SHIP, OTHER = 205_000_001, 205_000_002
INSIDE, OUTSIDE = (51.21, 4.315), (51.21, 4.324)


class Watch:
    """A clock the test sets."""

    def __init__(self, at=NOON):
        self.at = at

    def now(self):
        return self.at


class Desk:
    """A worker with its own hub and clock, turned by hand."""

    def __init__(self, *, feeds=(), zones=(RESTRICTED, SLOW), at=NOON, load=None):
        self.watch, self.hub = Watch(at), Hub()
        self.worker = Worker(
            Bus(STORE, LocalWire()),
            feeds=feeds,
            clock=self.watch,
            hub=self.hub,
            zones=load or (lambda area: list(zones)),
        )
        self.worker.wake()

    def at(self, moment):
        """Let everything up to a moment happen, its tick included."""
        self.watch.at = moment
        self.worker._tick_due = float("inf")
        while self.worker.turn():
            pass
        self.worker._tick_due = 0.0
        self.worker.turn()
        return self


def later(seconds):
    return NOON + timedelta(seconds=seconds)


def told():
    """Conditions in the order they were published: (began, type or key)."""
    events = STORE.after(0, kinds=[ConditionRaised.__name__, ConditionCleared.__name__], limit=10_000)
    return [
        (True, body.type, body) if event.kind == "ConditionRaised" else (False, body.key.split(":")[0], body)
        for event in events
        for body in [event.body(ConditionRaised if event.kind == "ConditionRaised" else ConditionCleared)]
    ]


def words():
    return [(began, kind) for began, kind, _ in told()]


def seen(place, at, mmsi=SHIP, **more):
    return received([a_position(mmsi, *place, **more)], at)


def test_a_ship_entering_a_restricted_zone_is_told_once_with_its_facts():
    recorded(received([a_voyage(SHIP, "FICTIVA STAR")], NOON), seen(OUTSIDE, NOON), seen(INSIDE, later(10)))
    recorded(seen(INSIDE, later(20)))
    Desk().at(later(20))
    [(began, kind, body)] = told()
    assert (began, kind, body.place, body.at) == (True, "ais-zone-entry", "petroleum", later(10))
    assert (body.lat, body.lon) == INSIDE
    assert body.facts["name"] == "FICTIVA STAR"
    assert body.facts["speed_knots"] == 8.0
    assert body.facts["mmsi"] == SHIP
    assert TrackIdentity.objects.get().id.hex == body.subject.replace("-", "")
    assert StandingCondition.objects.get().key == body.key
    event = OutboxEvent.objects.get(kind="ConditionRaised")
    assert (event.area, event.label["owner"]) == ("antwerp", "port-of-antwerp")


def test_leaving_takes_two_reports_outside_and_ends_the_condition():
    desk = Desk()
    recorded(seen(INSIDE, NOON), seen(OUTSIDE, later(10)))
    desk.at(later(10))
    assert words() == [(True, "ais-zone-entry")]
    recorded(seen(OUTSIDE, later(20)))
    desk.at(later(20))
    assert words() == [(True, "ais-zone-entry"), (False, "ais-zone-entry")]
    assert not StandingCondition.objects.exists()


def test_a_worker_that_starts_anew_says_nothing_twice_and_forgets_nothing():
    recorded(seen(OUTSIDE, NOON), seen(INSIDE, later(10)))
    Desk().at(later(10))
    Desk().at(later(11))
    recorded(seen(OUTSIDE, later(20)), seen(OUTSIDE, later(30)))
    Desk().at(later(30))
    Desk().at(later(31))
    assert words() == [(True, "ais-zone-entry"), (False, "ais-zone-entry")]


def story(dice, minutes=4):
    """A few ships wandering in and out of zones, with names, garbage and two areas."""
    events, places = [], {}
    for second in range(0, minutes * 60, 3):
        for mmsi in range(SHIP, SHIP + 5):
            lat, lon = places.get(mmsi, (51.21, 4.321))
            places[mmsi] = lat, lon = lat + dice.uniform(-0.0006, 0.0006), lon + dice.uniform(-0.0012, 0.0012)
            lines = [a_position(mmsi, lat, lon, knots=dice.uniform(0, 12))]
            if dice.random() < 0.1:
                lines += [a_voyage(mmsi, f"SHIP {mmsi}"), b"!AIVDM,garbage\n"]
            label, feed = (GHENT, "ais-ghent") if mmsi % 2 else (ANTWERP, "ais-antwerp")
            at = later(second + dice.random())
            events.append(received(lines, at, label=label, feed=feed))
    return events


def columns_of(blobs):
    return {
        (b.area, b.kind, b.minute): {name: c.tolist() for name, c in unpack_minute(bytes(b.blob)).items()}
        for b in blobs
    }


def numbers_by_mmsi():
    return dict(TrackIdentity.objects.values_list("number", "mmsi"))


def outcome():
    """What a whole run left: history and conditions, with tracks named by MMSI, for numbers are drawn anew."""
    mmsi = numbers_by_mmsi()
    ids = {str(row.id): row.mmsi for row in TrackIdentity.objects.all()}
    history = columns_of(HistoryBlob.objects.all())
    for columns in history.values():
        columns["track"] = [mmsi[number] for number in columns["track"]]
    keys = [(began, body.key.split(":")[0], ids[body.key.split(":")[1]], body.at) for began, _, body in told()]
    return history, sorted(keys, key=str)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_with_many_restarts_ends_as_one_without(seed):
    events = story(random.Random(seed))
    for event in events:
        recorded(event)
    Desk().at(later(5 * 60))
    whole = outcome()
    for model in (OutboxEvent, HistoryBlob, FleetSnapshot, StandingCondition, TrackIdentity):
        model.objects.all().delete()
    STORE.advance(CONSUMER, 0)
    STORE.advance(MINUTES, 0)
    dice = random.Random(seed + 100)
    desk = Desk()
    for event in events:
        recorded(event)
        if dice.random() < 0.2:
            desk.at(event.occurred_at)
        if dice.random() < 0.05:
            desk = Desk(at=event.occurred_at)
    desk.at(later(5 * 60))
    assert outcome() == whole
    assert sum(len(columns["track"]) for columns in whole[0].values()) == len(events)
    assert whole[1]


def test_a_restart_reads_only_from_the_last_closed_minute():
    recorded(*[seen(OUTSIDE, later(second)) for second in range(0, 180, 10)])
    Desk().at(later(185))
    assert STORE.cursor(MINUTES) > 0
    assert HistoryBlob.objects.count() == 3
    OutboxEvent.objects.filter(position__lte=STORE.cursor(MINUTES)).delete()
    desk = Desk().at(later(186))
    lookout = desk.hub.lookout("antwerp", "live")
    assert lookout.fleet["mmsi"].tolist() == [SHIP]


def test_a_message_whose_parts_lie_on_both_sides_of_a_restart_is_read():
    first, second = a_voyage(SHIP, "FICTIVA STAR").splitlines(keepends=True)
    recorded(seen(OUTSIDE, later(58)), received([first], later(59)))
    Desk().at(later(64))
    assert FleetSnapshot.objects.exists()
    recorded(received([second], later(65)))
    desk = Desk().at(later(66))
    fleet = desk.hub.lookout("antwerp", "live").fleet
    assert fleet["name"].tolist() == [b"FICTIVA STAR"]


def test_a_replay_has_its_own_picture_and_origin():
    live = seen(OUTSIDE, NOON)
    played = received([a_position(SHIP, *INSIDE)], NOON, feed="replay-antwerp", origin=Origin.REPLAY)
    recorded(live, played)
    desk = Desk().at(later(1))
    assert OutboxEvent.objects.get(kind="ConditionRaised").origin == "replay"
    assert [lookout.picture for lookout in desk.hub.lookouts()] == ["live", "replay"]
    assert TrackIdentity.objects.count() == 2


def test_a_log_that_keeps_its_times_is_written_to_the_history_of_its_day_and_nowhere_else():
    from port2port.protocols.ais.encode import Frame, encode

    then = datetime(2014, 12, 10, 8, tzinfo=UTC)
    lines = [
        encode(1, mmsi=SHIP, lat=INSIDE[0], lon=INSIDE[1], speed=8.0, frame=Frame(source="x", received_s=int(at)))[
            0
        ]
        + b"\n"
        for at in (then.timestamp(), then.timestamp() + 61)
    ]
    recorded(received(lines, NOON, feed="r", origin=Origin.REPLAY, keeps_times=True))
    recorded(seen(OUTSIDE, later(61), mmsi=OTHER))
    desk = Desk().at(later(62))
    assert [b.minute for b in HistoryBlob.objects.filter(kind="position-replay").order_by("minute")] == [
        int(then.timestamp()) // 60, int(then.timestamp()) // 60 + 1,
    ]  # fmt: skip
    assert told() == []
    assert len(desk.hub.lookout("antwerp", "live").fleet) == 1


def test_a_silent_feed_is_told_and_its_return_too():
    desk = Desk(feeds=[ExampleFeed()])
    recorded(*[seen(OUTSIDE, later(second)) for second in range(0, 20, 2)])
    desk.at(later(20)).at(later(70)).at(later(90))
    [(began, kind, body)] = told()
    assert (began, kind, body.subject, body.place) == (True, "feed-silent", "ais-antwerp", "antwerp")
    again = Desk(feeds=[ExampleFeed()], at=later(95)).at(later(200))
    assert words() == [(True, "feed-silent")]
    recorded(seen(OUTSIDE, later(300)))
    again.at(later(300))
    assert words() == [(True, "feed-silent"), (False, "feed-silent")]


def test_a_lost_ship_stays_told_over_a_restart_and_comes_back_once():
    desk = Desk()
    recorded(*[seen(OUTSIDE, later(second)) for second in range(0, 30, 5)])
    desk.at(later(30))
    recorded(*[seen((51.4, 4.6), later(second), mmsi=OTHER) for second in range(30, 75, 5)])
    desk.at(later(75))
    assert words() == [(True, "ais-lost")]
    recorded(seen((51.4, 4.6), later(80), mmsi=OTHER))
    Desk(at=later(80)).at(later(80))
    recorded(seen(OUTSIDE, later(85)))
    Desk(at=later(85)).at(later(85))
    assert words() == [(True, "ais-lost"), (False, "ais-lost")]


def test_broken_zones_do_not_stop_detection(caplog):
    def broken(area):
        raise ValueError("zones.geojson: not readable")

    recorded(seen(INSIDE, NOON))
    desk = Desk(load=broken).at(later(1))
    assert desk.hub.lookout("antwerp", "live").fleet["mmsi"].tolist() == [SHIP]
    assert "cannot be read" in caplog.text
    desk.worker._posts._load_zones = lambda area: [RESTRICTED]
    desk.worker._zones_due = 0.0
    desk.at(later(2))
    recorded(seen(INSIDE, later(3)))
    desk.at(later(3))
    assert words() == [(True, "ais-zone-entry")]


def test_a_zone_that_is_taken_away_ends_its_conditions():
    from port2port.places.events import PlacesChanged

    recorded(seen(INSIDE, NOON))
    desk = Desk().at(NOON)
    desk.worker._posts._load_zones = lambda area: []
    change = PlacesChanged(area="antwerp", folder="BEANR", version=2, counts={})
    recorded(Event.of(change, label=ANTWERP, actor="service:places", at=later(1)))
    desk.at(later(1))
    assert words() == [(True, "ais-zone-entry"), (False, "ais-zone-entry")]


def test_an_event_that_cannot_be_read_is_passed_over_and_the_next_is_seen(monkeypatch):
    desk = Desk()
    recorded(seen(OUTSIDE, NOON), seen(OUTSIDE, later(1), mmsi=OTHER), seen(INSIDE, later(2)))
    poison = a_position(OTHER, *OUTSIDE)
    read = reading.Reader.read

    def breaks(self, pieces, **more):
        if any(poison in raw for raw, _ in pieces):
            raise RuntimeError("a fault in the decoder")
        return read(self, pieces, **more)

    monkeypatch.setattr(reading.Reader, "read", breaks)
    for _ in range(12):
        try:
            desk.at(later(3))
            break
        except RuntimeError:
            desk.worker._faults[desk.worker._position] += 1
            desk.worker.wake()
    assert words() == [(True, "ais-zone-entry")]
    assert desk.worker.skipped == 1


def test_hostile_sentences_are_counted_by_reason_and_the_next_ship_is_seen():
    dice, good = random.Random(3), a_position(SHIP, *OUTSIDE)
    hostile = [
        b"!AIVDM,9,9,9,A," + b"w" * 900 + b",0*00\n", b"!AIVDM,1,1,,A,,0*26\n", b"!" * 1000 + b"\n",
        good[:25] + b"\n",
        b"\\g:1-2-3*00\\!AIVDM\n", b"!AIVDM,2,1,0,A,wwww,0*1A\n", good.replace(b"*", b"*Z"), b"!\x00\xff,*\n",
    ]  # fmt: skip
    for second in range(30):
        noise = bytes(dice.choice(b"!AIVDM,123*w\\\x00\xff") for _ in range(400)).replace(b"\n", b"") + b"\n"
        recorded(received([dice.choice(hostile), noise, dice.choice(hostile)], later(second)))
    recorded(seen(INSIDE, later(31)))
    desk = Desk().at(later(31))
    assert words() == [(True, "ais-zone-entry")]
    report = desk.worker.report()
    assert report["messages"] == {1: 1}
    assert sum(report["refused"].values()) >= 60
    assert {"bad-checksum", "empty-payload", "no-checksum"} <= report["refused"].keys()


def test_a_kept_fleet_that_cannot_be_read_is_built_anew(caplog):
    recorded(seen(INSIDE, NOON), seen(INSIDE, later(61)))
    Desk().at(later(62))
    FleetSnapshot.objects.update(blob=b"damaged")
    recorded(seen(INSIDE, later(70)))
    desk = Desk(at=later(70)).at(later(70))
    assert desk.hub.lookout("antwerp", "live").fleet["mmsi"].tolist() == [SHIP]
    assert words() == [(True, "ais-zone-entry")]
    assert "cannot be read" in caplog.text


def test_a_database_that_fails_at_publishing_loses_no_condition(monkeypatch):
    desk = Desk()
    recorded(seen(INSIDE, NOON))
    publish = actions.publish_findings
    monkeypatch.setattr(actions, "publish_findings", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        desk.at(NOON)
    monkeypatch.setattr(actions, "publish_findings", publish)
    desk.worker.wake()
    desk.at(later(1))
    assert words() == [(True, "ais-zone-entry")]


def test_the_thread_turns_sentences_into_conditions_and_pictures():
    hub, pictures = Hub(), []
    hub.listen(lambda area, body: pictures.append((area, body)))
    worker = Worker(Bus(STORE, LocalWire()), hub=hub, zones=lambda area: [RESTRICTED])
    worker.start()
    now = datetime.now(UTC)
    recorded(seen(INSIDE, now))
    for _ in range(100):
        if told() and pictures:
            break
        worker._stopping.wait(0.05)
    worker.stop()
    assert words() == [(True, "ais-zone-entry")]
    assert pictures[0][0] == "antwerp"


def test_labels_keep_their_owner_in_everything_that_is_kept():
    mine = Label("antwerp", "quay-1700", "isps")
    recorded(received([a_position(SHIP, *INSIDE)], NOON, label=mine), seen(OUTSIDE, later(61)))
    Desk().at(later(62))
    assert TrackIdentity.objects.get().owner == "quay-1700"
    assert StandingCondition.objects.get().owner == "quay-1700"
    assert np.all([row.purpose == "isps" for row in FleetSnapshot.objects.all()])
