"""Conditions become alarms, exactly once, whatever happens to the process."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pytest
from django.db import connection

from port2port.audit.models import Entry, OutboxEvent
from port2port.audit.store import STORE, listen, unlisten
from port2port.control import actions, queries, reactions
from port2port.control.examples import ANTWERP, a_condition, a_supervisor, an_alarm, an_operator, sent
from port2port.control.models import Alarm, AlarmChange
from port2port.engine.alarms import Approval, ConditionCleared
from port2port.engine.bus import Bus, LocalWire
from port2port.engine.events import Event, Label, Origin
from port2port.engine.ids import uuid7
from port2port.rights.rules import Refused

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SAM, SARA = an_operator(), a_supervisor()


class Watch:
    """A clock the test sets."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def bus():
    made = Bus(STORE, LocalWire())
    listen(made.announce)
    yield made
    unlisten(made.announce)
    made.close()


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def react(bus: Bus, at: datetime = NOON) -> int:
    return reactions.react(reactions.subscribe(bus), timeout=0, clock=Watch(at))


def clear(key: str, at: datetime, **labels: object) -> None:
    sent(ConditionCleared(key=key, at=at, facts={"reason": "left the zone"}), at, **labels)


def test_a_condition_becomes_an_alarm_with_line_entry_and_event(bus):
    condition = sent(a_condition(NOON), NOON)
    assert react(bus) == 1
    alarm = Alarm.objects.get()
    assert (alarm.stage, alarm.priority, alarm.area, alarm.raised_at) == ("unacked", "alarm", "antwerp", NOON)
    assert (alarm.subject, alarm.lat, alarm.number) == (a_condition(NOON).subject, 51.2785, "26-000001")
    assert AlarmChange.objects.get().by == "service:detection"
    assert Entry.objects.get().verb == "raise"
    told = OutboxEvent.objects.get(kind="AlarmChanged")
    assert (told.causation_id, told.area) == (condition.id, "antwerp")


def test_a_condition_is_taken_once_by_whoever_comes_first(bus):
    sent(a_condition(NOON), NOON)
    first, second = reactions.subscribe(bus), reactions.subscribe(bus)
    assert reactions.react(first, timeout=0, clock=Watch()) == 1
    assert reactions.react(second, timeout=0, clock=Watch()) == 0
    sent(a_condition(NOON, subject=uuid7()), NOON)
    assert reactions.react(second, timeout=0, clock=Watch()) == 1, "the second goes on from where the first was"
    assert (Alarm.objects.count(), AlarmChange.objects.count()) == (2, 2)


def test_a_fault_undoes_the_batch_and_the_next_turn_takes_it_again(bus, monkeypatch):
    sent(a_condition(NOON), NOON)
    sent(a_condition(NOON, subject=uuid7()), NOON)
    subscription = reactions.subscribe(bus)
    with monkeypatch.context() as broken:
        broken.setattr(actions, "tell", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reactions.react(subscription, timeout=0, clock=Watch())
    assert not Alarm.objects.exists() and STORE.cursor("control") == 0
    assert reactions.react(subscription, timeout=0, clock=Watch()) == 2
    assert Alarm.objects.count() == 2


def test_raising_again_counts_on_the_same_alarm(bus):
    for seconds in (0, 5, 9):
        sent(a_condition(later(seconds)), later(seconds))
    react(bus)
    assert [(alarm.count, alarm.occurred_at) for alarm in Alarm.objects.all()] == [(3, later(9))]


def test_a_condition_that_clears_unseen_stays_until_somebody_saw_it(bus):
    sent(a_condition(NOON), NOON)
    clear(a_condition(NOON).key, later(30))
    react(bus)
    alarm = Alarm.objects.get()
    assert (alarm.stage, alarm.is_open, alarm.cleared_at) == ("returned", True, later(30))
    assert alarm.facts["reason"] == "left the zone"
    assert not actions.acknowledge(alarm=alarm.pk, by=SAM, at=later(40)).is_open


def test_within_the_hold_off_it_is_the_same_alarm_and_after_it_a_new_one(bus):
    sent(a_condition(NOON), NOON)
    react(bus)
    actions.acknowledge(alarm=Alarm.objects.get().pk, by=SAM, at=later(5))
    clear(a_condition(NOON).key, later(10))
    sent(a_condition(later(100)), later(100))
    react(bus)
    again = Alarm.objects.get()
    assert (again.count, again.stage, again.is_open) == (2, "unacked", True)
    actions.acknowledge(alarm=again.pk, by=SAM, at=later(105))
    clear(a_condition(NOON).key, later(110))
    sent(a_condition(later(500)), later(500))
    react(bus)
    assert [alarm.count for alarm in Alarm.objects.order_by("number")] == [2, 1]
    assert Alarm.objects.filter(is_open=True).count() == 1


def test_clearing_what_is_not_raised_does_nothing(bus):
    clear("ais-gap:nobody", NOON)
    clear("ais-gap:nobody", NOON)
    assert react(bus) == 2
    assert not (Alarm.objects.exists() or Entry.objects.exists())


def test_the_same_key_in_two_areas_is_two_alarms(bus):
    ghent = Label(area="ghent", owner="port2port", purpose="isps")
    sent(a_condition(NOON), NOON)
    sent(a_condition(NOON), NOON, label=ghent)
    clear(a_condition(NOON).key, NOON, label=ghent)
    react(bus)
    assert {alarm.area: alarm.stage for alarm in Alarm.objects.all()} == {"antwerp": "unacked", "ghent": "returned"}


def test_a_replay_raises_beside_the_live_picture_and_never_in_it(bus):
    sent(a_condition(NOON), NOON)
    sent(a_condition(NOON), NOON, origin=Origin.REPLAY)
    clear(a_condition(NOON).key, later(1), origin=Origin.REPLAY)
    react(bus)
    assert {alarm.origin: alarm.stage for alarm in Alarm.objects.all()} == {"live": "unacked", "replay": "returned"}
    assert [alarm.origin for alarm in queries.open_alarms(SAM)] == ["live"]


def test_a_type_nobody_defined_is_refused_in_the_ledger_and_stops_nothing(bus):
    monster = sent(a_condition(NOON, type="sea-monster"), NOON)
    sent(a_condition(NOON), NOON)
    assert react(bus) == 2
    assert Alarm.objects.get().type == "ais-zone-entry"
    refused = Entry.objects.get(object_kind="condition")
    assert (refused.object_id, refused.actor) == (str(monster.id), "service:detection")
    assert b"refused: type: no such alarm type" in bytes(refused.leaf)


def test_a_condition_that_cannot_be_read_stops_nothing(bus):
    body = ConditionCleared(key="x", at=NOON, facts={})
    broken = Event.of(body, label=ANTWERP, actor="service:detection", at=NOON)
    STORE.append(
        [Event(**{**{name: getattr(broken, name) for name in Event.__slots__}, "payload": b"\xc1garbage"})]
    )
    sent(a_condition(NOON), NOON)
    assert react(bus) == 2
    assert Alarm.objects.count() == 1
    assert b"refused: payload: unreadable" in bytes(Entry.objects.get(object_kind="condition").leaf)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": "k" * 201}, b"key: too long"),
        ({"key": ""}, b"key, facts or at"),
        ({"place": "p" * 121}, b"place: too long"),
        ({"facts": {"name": "DROP\x00TABLE"}}, b"facts.name: unprintable"),
        ({"facts": {"speed_knots": float("nan")}}, b"not a number"),
        ({"lat": float("inf")}, b"not a number"),
        ({"at": datetime(2026, 11, 25, 12)}, b"without a zone"),  # noqa: DTZ001 - that is the fault
    ],
)
def test_a_hostile_condition_is_refused_by_field_and_stops_nothing(bus, change, reason):
    body = msgspec.structs.replace(a_condition(NOON), **change)
    sent(body, NOON)
    sent(a_condition(NOON), NOON)
    assert react(bus) == 2
    assert Alarm.objects.count() == 1
    assert b"refused: " in bytes(Entry.objects.get(object_kind="condition").leaf)
    assert reason in bytes(Entry.objects.get(object_kind="condition").leaf)


def test_a_hostile_clearing_is_refused_and_stops_nothing(bus):
    sent(ConditionCleared(key="nul\x00key", at=NOON, facts={}), NOON)
    sent(a_condition(NOON), NOON)
    assert react(bus) == 2
    assert b"refused: key: unprintable" in bytes(Entry.objects.get(object_kind="condition").leaf)


def test_time_is_asked_each_second_and_writes_only_when_it_owes_something(bus, django_assert_num_queries):
    sent(a_condition(NOON), NOON)
    react(bus)
    with django_assert_num_queries(1):
        assert reactions.tick_all(Watch(later(10))) == 0
    assert reactions.tick_all(Watch(later(180))) == 1
    assert Alarm.objects.get().escalated_at == later(180)


def wild_day(bus: Bus, dice: random.Random, turns: int) -> None:
    """Let sensors, people and time act at random on a handful of conditions, many of them in vain."""
    ships, now = [uuid7() for _ in range(3)], NOON
    types = ("ais-zone-entry", "ais-jump", "ais-gap")
    for _ in range(turns):
        now += timedelta(seconds=dice.choice((1, 20, 90, 700)))
        condition = a_condition(now, type=dice.choice(types), subject=dice.choice(ships))
        match dice.randrange(4):
            case 0:
                sent(condition, now)
            case 1:
                clear(condition.key, now)
            case 2:
                reactions.tick_all(Watch(now))
            case 3:
                somebody_acts(dice, now)
        if dice.random() < 0.5:
            react(bus, now)
    react(bus, now)


def somebody_acts(dice: random.Random, now: datetime) -> None:
    rows = list(Alarm.objects.all())
    if not rows:
        return
    target = {"alarm": dice.choice(rows).pk, "at": now, "by": dice.choice((SAM, SARA))}
    two = (Approval("sam", now), Approval("noa", now))
    act, also = dice.choice((
        (actions.acknowledge, {}), (actions.acknowledge, {}), (actions.unacknowledge, {}), (actions.silence, {}),
        (actions.shelve, {"until": now + timedelta(seconds=300), "reason": "wind"}), (actions.unshelve, {}),
        (actions.suppress, {"reason": "work"}), (actions.unsuppress, {}), (actions.take, {}),
        (actions.escalate, {}), (actions.transfer, {"to": "noa", "to_name": "Noa Testens"}),
        (actions.note, {"text": "seen"}),
        (actions.put_out_of_service, {"reason": "order", "approvals": two}), (actions.return_to_service, {}),
    ))  # fmt: skip
    try:
        act(**target, **also)
    except Refused as refused:
        assert refused.reason


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Run jobs in threads of their own with connections of their own; give what each returned or raised."""

    def alone(job: Callable[[], object]) -> object:
        try:
            return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(alone, jobs))


def test_of_two_desks_that_acknowledge_at_once_one_does():
    alarm = an_alarm(NOON)
    outcomes = at_once(*(partial(actions.acknowledge, alarm=alarm.pk, by=by, at=later(1)) for by in (SAM, SARA)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Alarm", "StepImpossible"]
    assert Entry.objects.filter(verb="acknowledge").count() == 1


def test_desks_sensors_and_the_clock_work_at_once_without_a_fault(bus):
    """No deadlock, no lost step: what comes out is what the outbox says."""
    ships = [uuid7() for _ in range(6)]

    def sensors() -> None:
        dice = random.Random(1)
        for turn in range(30):
            body = a_condition(later(turn * 20), type="ais-jump", subject=dice.choice(ships))
            sent(body, body.at) if dice.random() < 0.6 else clear(body.key, body.at)
            react(bus, body.at)

    def desk(seed: int) -> None:
        dice = random.Random(seed)
        for turn in range(30):
            somebody_acts(dice, later(turn * 20))

    def clockwork() -> None:
        for turn in range(30):
            reactions.tick_all(Watch(later(turn * 20)))

    assert at_once(sensors, partial(desk, 2), partial(desk, 3), clockwork) == [None] * 4
    while react(bus):
        pass
    events = STORE.after(0, kinds=["AlarmChanged"], limit=9_999)
    assert queries.rebuild(events) == queries.stored()
    assert AlarmChange.objects.count() == len(events) == Entry.objects.count()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_alarm_equals_a_rebuild_from_the_outbox(bus, seed):
    wild_day(bus, random.Random(seed), turns=120)
    events = STORE.after(0, kinds=["AlarmChanged"], limit=99_999)
    assert Alarm.objects.count() > 3
    assert queries.rebuild(events) == queries.stored()
    assert AlarmChange.objects.count() == len(events) == Entry.objects.count()


@pytest.mark.night
def test_every_alarm_equals_a_rebuild_from_the_outbox_after_a_long_night(bus):
    wild_day(bus, random.Random(20261125), turns=4_000)
    assert queries.rebuild(STORE.after(0, kinds=["AlarmChanged"], limit=99_999)) == queries.stored()


KILLED = """
import os, sys
from datetime import UTC, datetime
import django
django.setup()
from django.conf import settings
from django.db import connection, connections
settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = sys.argv[1]
from port2port.audit.store import STORE
from port2port.control import actions, reactions
from port2port.engine.bus import Bus, LocalWire

left, told = int(sys.argv[2]), actions.enter
def enter(**facts):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    return told(**facts)
actions.enter = enter
reactions.react(reactions.subscribe(Bus(STORE, LocalWire())), timeout=0, limit=4)
"""


def test_a_process_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(bus):
    """A child takes conditions four at a time and is killed (SIGKILL) inside the transaction, again and again."""
    for number in range(12):
        sent(a_condition(later(number), subject=uuid7()), later(number))
    killed = 0
    for left in (0, 2, 5, 3, 1):
        child = subprocess.run(
            [sys.executable, "-c", KILLED, str(connection.settings_dict["NAME"]), str(left)],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "port2port.project.settings"},
            capture_output=True, check=False,
        )  # fmt: skip
        assert child.returncode in (0, -9), child.stderr.decode()
        killed += child.returncode == -9
        assert Alarm.objects.count() == AlarmChange.objects.count() == Entry.objects.count()
        assert Alarm.objects.count() % 4 == 0, "a batch is whole or absent"
    assert killed == 4
    while react(bus):
        pass
    assert (Alarm.objects.count(), AlarmChange.objects.count(), Entry.objects.count()) == (12, 12, 12)
    assert queries.rebuild(STORE.after(0, kinds=["AlarmChanged"], limit=99)) == queries.stored()
