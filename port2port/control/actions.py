"""Do: everything that can be done with an alarm, by a person, by a sensor or by time.

Law of this file: whoever acts, the table of `engine.alarms` decides; row, history line, ledger entry and event
share one transaction. Rows are locked before the outbox is, always in that order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from port2port.audit.actions import enter, publish
from port2port.control import rules
from port2port.control.events import AlarmChanged
from port2port.control.models import Alarm, AlarmChange, NumberSeries, columns_of
from port2port.engine.alarms import (
    Act,
    AlarmState,
    AlarmType,
    Approval,
    ConditionCleared,
    ConditionRaised,
    Fact,
    Stage,
    Standing,
    Step,
    StepRefused,
    due_at,
    dues,
    move,
)
from port2port.engine.events import Event, Label, Origin
from port2port.rights.actions import action, told
from port2port.rights.queries import visible_to
from port2port.rights.rules import Actor, service

CLOCKWORK = service("control")


# by a person ---------------------------------------------------------------------------------------


@action("alarm.handle")
def acknowledge(*, alarm: UUID, by: Actor, at: datetime) -> Alarm:
    """Say: I have seen it, I am at it."""
    return _act(alarm, Act(Step.ACKNOWLEDGE, at, by=by.id), by=by)


@action("alarm.handle")
def unacknowledge(*, alarm: UUID, by: Actor, at: datetime) -> Alarm:
    """Take an acknowledgement back; the alarm speaks again."""
    return _act(alarm, Act(Step.UNACKNOWLEDGE, at, by=by.id), by=by)


@action("alarm.handle")
def silence(*, alarm: UUID, by: Actor, at: datetime) -> Alarm:
    """Hush an alarm for 30 s on all stations; it stays unacknowledged."""
    return _act(alarm, Act(Step.SILENCE, at, by=by.id), by=by)


@action("alarm.handle")
def shelve(*, alarm: UUID, until: datetime, reason: str, by: Actor, at: datetime) -> Alarm:
    """Put an alarm on the shelf until a moment; it comes back by itself."""
    return _act(alarm, Act(Step.SHELVE, at, by=by.id, until=until, reason=rules.typed(reason)), by=by)


@action("alarm.handle")
def unshelve(*, alarm: UUID, by: Actor, at: datetime) -> Alarm:
    """Take an alarm off the shelf before its time."""
    return _act(alarm, Act(Step.UNSHELVE, at, by=by.id), by=by)


@action("alarm.handle")
def suppress(*, alarm: UUID, reason: str, by: Actor, at: datetime, until: datetime | None = None) -> Alarm:
    """Suppress an alarm by design, for instance while the work it would report is planned."""
    return _act(alarm, Act(Step.SUPPRESS, at, by=by.id, until=until, reason=rules.typed(reason)), by=by)


@action("alarm.handle")
def unsuppress(*, alarm: UUID, by: Actor, at: datetime) -> Alarm:
    """End a suppression."""
    return _act(alarm, Act(Step.UNSUPPRESS, at, by=by.id), by=by)


@action("alarm.handle")
def take(*, alarm: UUID, by: Actor, at: datetime) -> Alarm:
    """Take responsibility for an alarm."""
    return _act(alarm, Act(Step.TAKE, at, by=by.id), by=by, taken_by_name=by.name)


@action("alarm.handle")
def transfer(*, alarm: UUID, to: str, to_name: str, by: Actor, at: datetime) -> Alarm:
    """Hand responsibility to somebody else; `to` is an opaque person id."""
    return _act(alarm, Act(Step.TRANSFER, at, by=by.id, to=to), by=by, taken_by_name=to_name)


@action("alarm.handle")
def escalate(*, alarm: UUID, by: Actor, at: datetime, reason: str = "") -> Alarm:
    """Call the supervisor before time does."""
    return _act(alarm, Act(Step.ESCALATE, at, by=by.id, reason=rules.typed(reason)), by=by)


@action("alarm.handle")
def note(*, alarm: UUID, text: str, by: Actor, at: datetime) -> Alarm:
    """Write a line in the history of an alarm; a closed one may still be written to."""
    return _act(alarm, Act(Step.NOTE, at, by=by.id, reason=rules.typed(text)), by=by)


@action("alarm.out_of_service")
def put_out_of_service(
    *,
    alarm: UUID,
    reason: str,
    approvals: tuple[Approval, ...],
    by: Actor,
    at: datetime,
    until: datetime | None = None,
) -> Alarm:
    """Take the source of an alarm out of service; two different persons must have approved within 15 minutes.

    Approvals come from the four-eyes desk, never from a form of the person who asks.
    """
    act = Act(Step.PUT_OUT_OF_SERVICE, at, by=by.id, until=until, reason=rules.typed(reason), approvals=approvals)
    return _act(alarm, act, by=by)


@action("alarm.out_of_service")
def return_to_service(*, alarm: UUID, by: Actor, at: datetime) -> Alarm:
    """Bring the source of an alarm back into service."""
    return _act(alarm, Act(Step.RETURN_TO_SERVICE, at, by=by.id), by=by)


def _act(alarm: UUID, act: Act, *, by: Actor, **also: str) -> Alarm:
    """Take a person's step on an alarm they may see.

    Raises NoSuchAlarm, NotYours, or StepImpossible with the table's reason.
    """
    row = visible_to(by, Alarm.objects.select_for_update()).filter(pk=alarm).first()
    if row is None:
        raise rules.NoSuchAlarm("no_such_alarm")
    before = row.stage
    try:
        row.hold(move(row.state, act))
    except StepRefused as refused:
        raise rules.StepImpossible(refused.reason.value) from refused
    for column, content in {**_names(row, act, by), **also}.items():
        setattr(row, column, content)
    row.save()
    _line(row, act, before=before, by=act.by, by_name=by.name)
    return told(row, _changed(row, act), by=by, at=act.at, origin=Origin(row.origin))


def _names(row: Alarm, act: Act, by: Actor) -> dict[str, str]:
    """Keep the names beside the ids of who acknowledged and who set aside."""
    names = {}
    if act.step is Step.ACKNOWLEDGE:
        names["acked_by_name"] = by.name
    if row.shelved_by == by.id and act.step in (Step.SHELVE, Step.SUPPRESS, Step.PUT_OUT_OF_SERVICE):
        names["shelved_by_name"] = by.name
    return names


# by a sensor ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Telling:
    """What a machine did, to be told once every row of the batch is written."""

    row: Alarm
    act: Act
    actor: str
    causation_id: UUID | None


def raise_condition(body: ConditionRaised, *, event: Event, at: datetime) -> Telling | None:
    """Raise the alarm of a condition, or the same one again; None where its type is refused.

    Call it inside a transaction, and `tell` its outcome there.
    """
    kind, unfit = rules.type_now(body.type), rules.unfit(body)
    if kind is None or unfit:
        _refuse(event, unfit or "type: no such alarm type", at=at)
        return None
    act = Act(Step.RAISE, event.recorded_at, by=event.actor, priority=kind.priority)
    row = _answering(event, body.key, act.at) or _new(body, event, kind, act)
    before = row.stage
    _seen_at(row, body)
    row.hold(move(row.state, act))
    row.save(force_insert=row._state.adding)
    _line(row, act, before=before, by=event.actor)
    return Telling(row, act, event.actor, event.id)


def clear_condition(body: ConditionCleared, *, event: Event, at: datetime) -> Telling | None:
    """Clear the condition of an open alarm; None where none is open, or it had cleared already."""
    unfit = rules.unfit(body)
    if unfit:
        _refuse(event, unfit, at=at)
        return None
    row = _same_condition(event, body.key).filter(is_open=True).first()
    if row is None:
        return None
    act = Act(Step.CLEAR, event.recorded_at, by=event.actor)
    before = row.stage
    try:
        row.hold(move(row.state, act))
    except StepRefused:
        return None
    row.facts = {**body.facts, **row.facts}
    row.save()
    _line(row, act, before=before, by=event.actor)
    return Telling(row, act, event.actor, event.id)


def refuse_condition(event: Event, *, at: datetime) -> None:
    """Note in the ledger that a condition could not be read; the next ones must not wait for it."""
    _refuse(event, "payload: unreadable", at=at)


def _refuse(event: Event, reason: str, *, at: datetime) -> None:
    """Write that a condition was refused; the event itself stays in the outbox for whoever wants to look."""
    enter(
        verb="raise", object_kind="condition", object_id=str(event.id), area=event.area, actor=event.actor,
        at=at, purpose=event.label.purpose, case=_case(event.origin), result=f"refused: {reason}",
    )  # fmt: skip


def _same_condition(event: Event, key: str) -> "QuerySet[Alarm]":
    return Alarm.objects.select_for_update().filter(area=event.area, origin=str(event.origin), key=key)


def _answering(event: Event, key: str, at: datetime) -> Alarm | None:
    """Find the alarm that a condition belongs to: the open one, or one that cleared within its hold-off."""
    rows = _same_condition(event, key)
    open_row = rows.filter(is_open=True).first()
    if open_row is not None:
        return open_row
    latest = rows.filter(cleared_at__gt=at - timedelta(days=1)).order_by("-cleared_at").first()
    return latest if latest is not None and latest.state.answers_for(at) else None


def _new(body: ConditionRaised, event: Event, kind: AlarmType, act: Act) -> Alarm:
    label = event.label
    row = Alarm(
        number=_next_number(act.at), key=body.key, type=kind.key, version=kind.version, origin=str(event.origin),
        subject=body.subject, place=body.place, area=label.area, owner=label.owner, purpose=label.purpose,
        tlp=label.tlp, clearance=label.clearance,
    )  # fmt: skip
    return row.hold(AlarmState(kind.priority, kind.terms))


def _seen_at(row: Alarm, body: ConditionRaised) -> None:
    """Write where and with which facts the condition was last seen."""
    facts: dict[str, Fact] = {**row.facts, **body.facts}
    row.lat, row.lon, row.occurred_at = body.lat, body.lon, body.at
    row.subject, row.place, row.facts = body.subject, body.place, facts
    row.words = rules.search_words(row.number, row.kind, place=body.place, facts=facts)


def _next_number(at: datetime) -> str:
    year = at.astimezone(rules.BRUSSELS).year
    NumberSeries.objects.get_or_create(pk=year)
    NumberSeries.objects.filter(pk=year).update(last=F("last") + 1)
    return str(NumberSeries.objects.get(pk=year))


# by time -------------------------------------------------------------------------------------------


def let_time_pass(*, at: datetime, limit: int = 500) -> int:
    """Take every step that time owes up to a moment; tell how many were taken."""
    if not _due(at).exists():  # a look that takes no write lock, for this is asked each second
        return 0
    with transaction.atomic():
        rows = list(_due(at).select_for_update(skip_locked=True).order_by("due_at", "pk")[:limit])
        tellings = [telling for row in rows for telling in _age(row, at)]
        tell(tellings, at=at)
    return len(tellings)


def _due(at: datetime) -> "QuerySet[Alarm]":
    return Alarm.objects.filter(is_open=True, due_at__lte=at)


def _age(row: Alarm, at: datetime) -> Iterable[Telling]:
    """Take the due steps of one alarm in order; each is told as the alarm stood after it."""
    while (coming := dues(row.state)) and coming[0].at <= at:
        act, before = coming[0], row.stage
        row.hold(move(row.state, act))
        _line(row, act, before=before, by=CLOCKWORK.id)
        yield Telling(_copy(row), act, CLOCKWORK.id, None)
    row.due_at = due_at(row.state)
    row.save()


def _copy(row: Alarm) -> Alarm:
    """Give the row as it stands now, apart from what later steps make of it."""
    return Alarm(**{field.attname: getattr(row, field.attname) for field in Alarm._meta.concrete_fields})


# telling -------------------------------------------------------------------------------------------


def tell(tellings: Iterable[Telling], *, at: datetime) -> None:
    """Write ledger entries, then events, of what a machine did; all its rows must be written before."""
    tellings = list(tellings)
    for one in tellings:
        enter(
            verb=one.act.step.value, object_kind="alarm", object_id=str(one.row.pk), area=one.row.area,
            actor=one.actor, at=at, purpose=one.row.purpose, case=_case(Origin(one.row.origin)),
        )  # fmt: skip
    for one in tellings:
        label, origin = Label(**columns_of(one.row)), Origin(one.row.origin)
        body = _changed(one.row, one.act)
        publish(Event.of(body, label=label, actor=one.actor, at=at, origin=origin, causation_id=one.causation_id))


def _case(origin: Origin) -> str:
    """A ledger entry of a replay or an exercise says so."""
    return "" if str(origin) in rules.NOTICED else str(origin)


def _line(row: Alarm, act: Act, *, before: str, by: str, by_name: str = "") -> None:
    AlarmChange.objects.create(
        alarm=row, at=act.at, by=by, by_name=by_name, verb=act.step.value, note=act.reason, stage_before=before,
        stage=row.stage, standing=row.standing, priority=row.priority, origin=row.origin, **columns_of(row),
    )  # fmt: skip


def _changed(row: Alarm, act: Act) -> AlarmChanged:
    return AlarmChanged(
        alarm=str(row.pk), number=row.number, key=row.key, type=row.type, version=row.version, act=act,
        state=rules.state_word(Stage(row.stage), Standing(row.standing)), stage=row.stage, standing=row.standing,
        priority=row.priority, count=row.count, subject=row.subject, place=row.place, lat=row.lat, lon=row.lon,
        raised_at=row.raised_at, silenced_until=row.silenced_until,
    )  # fmt: skip
