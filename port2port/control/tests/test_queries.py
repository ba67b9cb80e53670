"""Which alarms a person sees, in which order, and how well the desk is served."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from port2port.control import actions, queries
from port2port.control.examples import ANTWERP, an_alarm, an_operator
from port2port.control.models import Alarm
from port2port.engine.alarms import ConditionCleared, Priority
from port2port.engine.events import Event, Label, Origin
from port2port.places.queries import place_names
from port2port.rights.rules import Actor, Role

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SAM = an_operator()
GHENT = Label(area="ghent", owner="port2port", purpose="isps")


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def cleared(alarm: Alarm, at: datetime) -> None:
    body = ConditionCleared(key=alarm.key, at=at, facts={})
    event = Event.of(body, label=ANTWERP, actor="service:detection", at=at)
    with transaction.atomic():
        actions.tell([actions.clear_condition(body, event=event, at=at)], at=at)


def test_unacknowledged_come_first_then_the_gravest_then_the_newest():
    old_alarm, new_alarm = an_alarm(NOON), an_alarm(later(60))
    warning, acked = an_alarm(later(120), type="ais-jump"), an_alarm(later(180))
    actions.acknowledge(alarm=acked.pk, by=SAM, at=later(200))
    assert list(queries.open_alarms(SAM)) == [new_alarm, old_alarm, warning, acked]


def test_nobody_sees_the_alarms_of_another_area_anywhere():
    here, there = an_alarm(NOON), an_alarm(NOON, label=GHENT)
    assert list(queries.open_alarms(SAM)) == [here]
    assert queries.alarm(SAM, there.pk) is None
    assert queries.counts(SAM)["open"] == 1
    assert [one["id"] for one in queries.markers({"antwerp"}, at=NOON)] == [str(here.pk)]
    assert {line.alarm_id for line in queries.log_lines(SAM)} == {here.pk}


def test_an_empty_audience_sees_and_hears_nothing():
    an_alarm(NOON)
    nobody = Actor("nobody", "Nobody", Role.OPERATOR, frozenset())
    assert not queries.open_alarms(nobody).exists()
    assert queries.message(set(), at=NOON) == {"at_ms": 1795608000000, "open": [], "unacked": 0, "sound": None}


def test_a_replay_is_never_in_a_live_list_a_sound_or_a_number():
    replayed = an_alarm(NOON, origin=Origin.REPLAY)
    assert not queries.open_alarms(SAM).exists()
    assert queries.message({"antwerp"}, at=NOON)["open"] == []
    assert queries.sound_owed({"antwerp"}, at=NOON) is None
    assert queries.kpi(SAM, at=later(1)).this_shift == 0
    assert list(queries.open_alarms(SAM, origins=["replay"])) == [replayed]
    assert queries.alarm(SAM, replayed.pk) == replayed


def test_each_tab_holds_its_own():
    alarms = [an_alarm(later(i)) for i in range(4)]
    actions.take(alarm=alarms[1].pk, by=SAM, at=later(10))
    actions.shelve(alarm=alarms[2].pk, until=later(900), reason="wind", by=SAM, at=later(10))
    actions.acknowledge(alarm=alarms[3].pk, by=SAM, at=later(10))
    cleared(alarms[3], later(20))
    assert {tab: set(queries.open_alarms(SAM, tab)) for tab in queries.TABS} == {
        "open": {alarms[0], alarms[1]}, "mine": {alarms[1]}, "shelved": {alarms[2]}, "log": {alarms[3]},
    }  # fmt: skip
    assert queries.counts(SAM) == {
        "open": 2, "mine": 1, "shelved": 1, "unacked": 2,
        "by_priority": {priority.value: 2 if priority is Priority.ALARM else 0 for priority in Priority},
    }  # fmt: skip


def test_an_alarm_is_found_by_number_title_in_any_language_name_and_mmsi():
    entry, jump = an_alarm(NOON), an_alarm(NOON, type="ais-jump")
    for search in (entry.number, "VERBODEN zone", "zone interdite", "fictiva restricted", "205999001 gesperrter"):
        assert list(queries.open_alarms(SAM, search=search)) == [entry], search
    assert list(queries.open_alarms(SAM, search="gps sprong")) == []
    assert list(queries.open_alarms(SAM, search="onmogelijke\x00")) == [jump]


def test_the_stream_says_what_is_open_how_many_wait_and_which_sound_is_owed():
    alarm, silenced = an_alarm(NOON), an_alarm(later(1), type="ais-jump")
    actions.silence(alarm=silenced.pk, by=SAM, at=later(2))
    actions.acknowledge(alarm=alarm.pk, by=SAM, at=later(2))
    body = queries.message({"antwerp"}, at=later(3))
    assert (body["unacked"], body["sound"]) == (1, None)
    assert queries.message({"antwerp"}, at=later(33))["sound"] == "warning"
    assert body["open"][0] == {
        "id": str(silenced.pk), "area": "antwerp", "priority": "warning", "state": "unacked", "lat": 51.2785,
        "lon": 4.3066, "subject": silenced.subject, "title_key": "ais-jump", "silenced": True,
        "raised_ms": int(later(1).timestamp() * 1000),
    }  # fmt: skip


def test_a_screen_knows_which_steps_make_sense_and_why_others_do_not():
    alarm = an_alarm(NOON)
    steps = queries.steps(alarm, SAM, at=later(1))
    assert steps["acknowledge"] is None and steps["shelve"] is None
    assert steps["unacknowledge"] == "not_acknowledged"
    assert steps["put-out-of-service"] == "not_your_right"
    auditor = Actor("jules", "Jules Maquette", Role.AUDITOR, frozenset({"antwerp"}))
    assert set(queries.steps(alarm, auditor, at=later(1)).values()) == {"not_your_right"}


def test_why_is_one_sentence_with_the_values():
    alarm = an_alarm(NOON)
    assert queries.why(alarm, "en").startswith("FICTIVA STAR entered")
    assert "8,1 kn" in queries.why(alarm, "nl")
    assert ("speed", "8.1 kn") in queries.fact_lines(alarm, "en")
    assert ("MMSI", "205999001") in queries.fact_lines(alarm, "en")


def test_a_vessel_without_a_name_goes_by_its_number():
    alarm = an_alarm(NOON)
    alarm.facts = {"mmsi": 2050001}
    assert queries.vessel_name(alarm) == "MMSI 002050001"


def test_a_place_without_a_name_goes_by_its_key():
    alarm = an_alarm(NOON)
    alarm.place = "a-zone-that-is-gone"
    assert place_names({"a-zone-that-is-gone"}) == {}
    assert queries.place_name(alarm, "nl") == "a-zone-that-is-gone"


def test_the_numbers_of_the_desk_count_what_was_announced():
    for minute in (-400, -60, -9, -5, -1):
        an_alarm(NOON + timedelta(minutes=minute))
    old = an_alarm(NOON - timedelta(hours=25))
    numbers = queries.kpi(SAM, at=NOON)
    assert (numbers.last_10_min, numbers.older_than_24_h) == (3, 1)
    assert numbers.shift_began_at == datetime(2026, 11, 25, 5, tzinfo=UTC)
    assert numbers.this_shift == 5, "06:00 in Brussels is seven hours ago"
    assert not numbers.flood
    actions.acknowledge(alarm=old.pk, by=SAM, at=NOON)
    cleared(old, NOON)
    assert queries.kpi(SAM, at=later(1)).older_than_24_h == 0


def test_a_flood_is_seen():
    for second in range(11):
        an_alarm(later(second))
    assert queries.kpi(SAM, at=later(20)).flood
