"""What people do with alarms: one transaction, one history line, one ledger entry, one event."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from port2port.audit.models import Entry, OutboxEvent
from port2port.control import actions, queries
from port2port.control.events import AlarmChanged
from port2port.control.examples import a_supervisor, an_alarm, an_operator
from port2port.control.models import Alarm, AlarmChange
from port2port.control.rules import NoSuchAlarm, StepImpossible
from port2port.engine.alarms import Approval
from port2port.engine.events import Origin
from port2port.engine.ids import uuid7
from port2port.rights.rules import Actor, NotYours, Role

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SAM, NOA, SARA = an_operator(), an_operator("Noa Testens"), a_supervisor()


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def events() -> list[AlarmChanged]:
    from port2port.audit.store import STORE

    return [event.body(AlarmChanged) for event in STORE.after(0, kinds=["AlarmChanged"], limit=999)]


def test_acknowledging_leaves_a_name_a_line_an_entry_and_an_event():
    alarm = an_alarm(NOON)
    row = actions.acknowledge(alarm=alarm.pk, by=SAM, at=later(12))
    assert (row.stage, row.acked_by, row.acked_by_name, row.acked_at) == (
        "acked",
        "sam",
        "Sam Voorbeeld",
        later(12),
    )
    assert [change.verb for change in queries.changes(row)] == ["raise", "acknowledge"]
    entry = Entry.objects.get(verb="acknowledge")
    assert (entry.object_kind, entry.object_id, entry.area, entry.actor) == ("alarm", str(row.pk), "antwerp", "sam")
    told = events()[-1]
    assert (told.act.step, told.alarm, told.state, told.number) == ("acknowledge", str(row.pk), "acked", row.number)


def test_a_refused_step_leaves_nothing():
    alarm = an_alarm(NOON)
    actions.acknowledge(alarm=alarm.pk, by=SAM, at=later(1))
    before = (Entry.objects.count(), OutboxEvent.objects.count(), AlarmChange.objects.count())
    with pytest.raises(StepImpossible) as refused:
        actions.acknowledge(alarm=alarm.pk, by=NOA, at=later(2))
    assert refused.value.reason == "already_acknowledged"
    assert (Entry.objects.count(), OutboxEvent.objects.count(), AlarmChange.objects.count()) == before
    assert Alarm.objects.get().acked_by == "sam"


def test_an_alarm_elsewhere_does_not_exist_for_this_person():
    alarm = an_alarm(NOON)
    ghent = an_operator("Kobe Exempel", "ghent")
    for wrong in (alarm.pk, uuid7()):
        with pytest.raises(NoSuchAlarm):
            actions.acknowledge(alarm=wrong, by=ghent, at=later(1))
    assert Alarm.objects.get().stage == "unacked"


def test_an_auditor_looks_and_does_not_touch():
    auditor = Actor("jules", "Jules Maquette", Role.AUDITOR, frozenset({"antwerp"}))
    with pytest.raises(NotYours):
        actions.acknowledge(alarm=an_alarm(NOON).pk, by=auditor, at=later(1))


def test_a_mistaken_acknowledgement_is_taken_back():
    alarm = an_alarm(NOON)
    actions.acknowledge(alarm=alarm.pk, by=SAM, at=later(1))
    row = actions.unacknowledge(alarm=alarm.pk, by=NOA, at=later(2))
    assert (row.stage, row.acked_by, row.unacked_since) == ("unacked", "", later(2))


def test_silence_hushes_every_desk_for_half_a_minute_and_acknowledges_nothing():
    alarm = an_alarm(NOON)
    row = actions.silence(alarm=alarm.pk, by=SAM, at=later(5))
    assert (row.stage, row.silenced_until) == ("unacked", later(35))
    assert queries.sound_owed({"antwerp"}, at=later(34)) is None
    assert queries.sound_owed({"antwerp"}, at=later(36)).priority == "alarm"


def test_a_shelved_alarm_leaves_the_list_and_comes_back_with_time():
    alarm = an_alarm(NOON)
    actions.shelve(alarm=alarm.pk, until=later(900), reason="  wind  9 Bft ", by=SAM, at=later(5))
    shelved = queries.open_alarms(SAM, "shelved").get()
    assert (shelved.shelved_by_name, shelved.shelved_reason) == ("Sam Voorbeeld", "wind 9 Bft")
    assert not queries.open_alarms(SAM, "open").exists()
    assert actions.let_time_pass(at=later(899)) == 0
    assert actions.let_time_pass(at=later(900)) == 1
    assert queries.open_alarms(SAM, "open").get().stage == "unacked"


@pytest.mark.parametrize(
    ("until", "reason", "why"),
    [(NOON, "wind", "until_passed"), (later(9 * 3600), "wind", "too_long"), (later(60), "", "needs_reason")],
)
def test_a_shelf_without_an_end_or_a_reason_is_refused(until, reason, why):
    with pytest.raises(StepImpossible, match=why):
        actions.shelve(alarm=an_alarm(NOON).pk, until=until, reason=reason, by=SAM, at=later(1))


def test_an_alarm_can_be_taken_off_the_shelf_by_hand():
    alarm = an_alarm(NOON)
    actions.shelve(alarm=alarm.pk, until=later(900), reason="wind", by=SAM, at=later(5))
    assert actions.unshelve(alarm=alarm.pk, by=NOA, at=later(9)).standing == "in-service"


def test_suppression_by_design_is_begun_and_ended():
    alarm = an_alarm(NOON)
    row = actions.suppress(alarm=alarm.pk, reason="diving work", by=SAM, at=later(1))
    assert row.state_word == "suppressed"
    assert actions.unsuppress(alarm=alarm.pk, by=SAM, at=later(2)).state_word == "unacked"


def test_taking_and_handing_over_say_who_has_it():
    alarm = an_alarm(NOON)
    actions.take(alarm=alarm.pk, by=SAM, at=later(1))
    assert queries.open_alarms(SAM, "mine").get() == alarm
    row = actions.transfer(alarm=alarm.pk, to="noa", to_name="Noa Testens", by=SAM, at=later(2))
    assert (row.taken_by, row.taken_by_name) == ("noa", "Noa Testens")
    assert queries.open_alarms(NOA, "mine").exists() and not queries.open_alarms(SAM, "mine").exists()


def test_escalating_calls_the_supervisor_once():
    alarm = an_alarm(NOON)
    assert actions.escalate(alarm=alarm.pk, reason="no boat free", by=SAM, at=later(1)).escalated_at == later(1)
    with pytest.raises(StepImpossible, match="already_escalated"):
        actions.escalate(alarm=alarm.pk, by=NOA, at=later(2))


def test_a_note_can_still_be_written_when_the_alarm_is_over():
    alarm = an_alarm(NOON, type="ais-gap")
    actions.note(alarm=alarm.pk, text="called them on channel 12", by=SAM, at=later(1))
    with pytest.raises(StepImpossible, match="needs_reason"):
        actions.note(alarm=alarm.pk, text="   ", by=SAM, at=later(2))
    assert [change.note for change in queries.changes(alarm)] == ["", "called them on channel 12"]


def test_out_of_service_needs_two_persons_and_a_supervisor():
    alarm = an_alarm(NOON)
    two = (Approval("sam", later(1)), Approval("noa", later(2)))
    with pytest.raises(NotYours):
        actions.put_out_of_service(alarm=alarm.pk, reason="order 8841", approvals=two, by=SAM, at=later(3))
    with pytest.raises(StepImpossible, match="needs_two_persons"):
        actions.put_out_of_service(alarm=alarm.pk, reason="order 8841", approvals=two[:1], by=SARA, at=later(3))
    row = actions.put_out_of_service(alarm=alarm.pk, reason="order 8841", approvals=two, by=SARA, at=later(3))
    assert row.state_word == "out-of-service"
    assert [one.by for one in events()[-1].act.approvals] == ["sam", "noa"]
    assert actions.return_to_service(alarm=alarm.pk, by=SARA, at=later(9)).state_word == "unacked"


def test_time_raises_a_warning_to_an_alarm_and_calls_the_supervisor():
    alarm = an_alarm(NOON, type="ais-jump")
    assert actions.let_time_pass(at=later(299)) == 0
    assert actions.let_time_pass(at=later(3600)) == 2
    row = Alarm.objects.get(pk=alarm.pk)
    assert (row.priority, row.escalated_at, row.due_at) == ("alarm", later(600), None)
    assert [(change.verb, change.at, change.by) for change in queries.changes(row)][1:] == [
        ("rise", later(300), "service:control"),
        ("call-supervisor", later(600), "service:control"),
    ]
    assert [told.priority for told in events()] == ["warning", "alarm", "alarm"]
    assert set(Entry.objects.values_list("verb", flat=True)) == {"raise", "rise", "call-supervisor"}
    assert actions.let_time_pass(at=later(7200)) == 0


def test_the_database_itself_refuses_a_second_open_alarm_for_a_condition():
    alarm = an_alarm(NOON)
    twin = actions._copy(alarm)
    twin.pk, twin.number = uuid7(), "26-999999"
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


def test_numbers_follow_each_other_within_a_year():
    assert [an_alarm(NOON).number for _ in range(3)] == ["26-000001", "26-000002", "26-000003"]
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert an_alarm(new_year).number == "27-000001", "in Brussels it is 2027 already"


def test_what_is_done_in_a_replay_says_so():
    alarm = an_alarm(NOON, origin=Origin.REPLAY)
    actions.acknowledge(alarm=alarm.pk, by=SAM, at=later(1))
    assert set(OutboxEvent.objects.values_list("origin", flat=True)) == {"replay"}
