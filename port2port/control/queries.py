"""Ask: which alarms are open, what was done with one, which sound is owed, how well the desk is served.

Law of this file: a live list never holds a replay or an exercise; those are asked for by their origin.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, QuerySet, Value, When

from port2port.control import rules
from port2port.control.events import AlarmChanged
from port2port.control.models import Alarm, AlarmChange
from port2port.engine.alarms import (
    BY_PERSON,
    AlarmState,
    Priority,
    Sound,
    Stage,
    Standing,
    Step,
    in_language,
    move,
    why_not,
)
from port2port.engine.alarms import sound_owed as sound_of
from port2port.engine.events import Event
from port2port.places.queries import place_names
from port2port.rights.queries import visible_to
from port2port.rights.rules import Actor

TABS = ("open", "mine", "shelved", "log")
UNACKED_FIRST = Case(When(stage=Stage.UNACKED.value, then=Value(0)), default=Value(1))
SUPERVISED = frozenset({Step.PUT_OUT_OF_SERVICE, Step.RETURN_TO_SERVICE})


def open_alarms(
    actor: Actor, tab: str = "open", search: str = "", *, origins: Collection[str] = rules.NOTICED
) -> "QuerySet[Alarm]":
    """List the alarms of a tab: `open`, `mine`, `shelved` (soonest back first) or `log` (closed, newest first).

    Unacknowledged first, then by priority, then newest. Every word of `search` must occur.
    """
    rows = visible_to(actor, Alarm.objects.filter(origin__in=list(origins)))
    for word in rules.typed(search).lower().split():
        rows = rows.filter(words__contains=word)
    if tab == "log":
        return rows.filter(is_open=False).order_by("-closed_at", "-pk")
    rows = rows.filter(is_open=True)
    if tab == "shelved":
        return rows.exclude(standing=Standing.IN_SERVICE.value).order_by("shelved_until", "-rank", "-pk")
    rows = rows.filter(standing=Standing.IN_SERVICE.value)
    if tab == "mine":
        rows = rows.filter(taken_by=actor.id) | rows.filter(taken_by="", acked_by=actor.id)
    return rows.order_by(UNACKED_FIRST, "-rank", "-raised_at", "-pk")


def alarm(actor: Actor, alarm_id: UUID) -> Alarm | None:
    """Find one alarm this person may see, of whatever origin."""
    return visible_to(actor, Alarm.objects.filter(pk=alarm_id)).first()


def alarms_of_subject(actor: Actor, subject: str) -> "QuerySet[Alarm]":
    """List the open alarms about one track."""
    return open_alarms(actor).filter(subject=subject)


def counts(actor: Actor) -> dict[str, Any]:
    """Count the tabs, the unacknowledged, and the open by priority."""
    here = open_alarms(actor, "open").order_by()
    by_priority = dict(here.values_list("priority").annotate(Count("pk")))
    return {
        "open": sum(by_priority.values()),
        "mine": open_alarms(actor, "mine").count(),
        "shelved": open_alarms(actor, "shelved").count(),
        "unacked": here.filter(stage=Stage.UNACKED.value).count(),
        "by_priority": {priority.value: by_priority.get(priority.value, 0) for priority in Priority},
    }


def changes(row: Alarm) -> "QuerySet[AlarmChange]":
    """Give the history of an alarm somebody was already shown, oldest first."""
    return AlarmChange.objects.filter(alarm=row).order_by("pk")


def log_lines(actor: Actor, *, origins: Collection[str] = rules.NOTICED) -> "QuerySet[AlarmChange]":
    """List what was done with alarms, newest first."""
    rows = AlarmChange.objects.filter(origin__in=list(origins)).select_related("alarm")
    return visible_to(actor, rows).order_by("-pk")


# one alarm, as a person reads it -------------------------------------------------------------------


def steps(row: Alarm, actor: Actor, *, at: datetime) -> dict[str, str | None]:
    """Tell for every step a person knows whether this one may take it now: None, or the reason why not."""
    state = row.state
    answers: dict[str, str | None] = {}
    for step in BY_PERSON:
        right = "alarm.out_of_service" if step in SUPERVISED else "alarm.handle"
        refusal = why_not(state, step, at=at)
        answers[step.value] = refusal.value if refusal else None
        if not actor.may(right, area=row.area):
            answers[step.value] = "not_your_right"
    return answers


def why(row: Alarm, language: str) -> str:
    """Say in one sentence which rule was met, with its values."""
    known = {**row.facts, "place": place_name(row, language), "vessel": vessel_name(row)}
    return row.kind.why_sentence(known, language)


def fact_lines(row: Alarm, language: str) -> list[tuple[str, str]]:
    """List the facts the type knows, label and value with unit, in the type's order."""
    kind = row.kind
    return [
        (in_language(line.label, language), kind.shown(key, row.facts[key], language))
        for key, line in kind.facts.items()
        if key in row.facts
    ]


def place_name(row: Alarm, language: str) -> str:
    """Name the place of an alarm; its key where the place has no name any more."""
    return place_names_of([row], language).get(row.pk, row.place)


def place_names_of(rows: Iterable[Alarm], language: str) -> dict[UUID, str]:
    """Name the places of many alarms with one question."""
    rows = list(rows)
    names = place_names({row.place for row in rows if row.place})
    return {row.pk: in_language(names[row.place], language) for row in rows if row.place in names}


def vessel_name(row: Alarm) -> str:
    """Name the vessel an alarm is about: its name, else its MMSI, else nothing."""
    mmsi = row.facts.get("mmsi")
    return str(row.facts.get("name") or (f"MMSI {mmsi:09d}" if isinstance(mmsi, int) else ""))


# the stream ----------------------------------------------------------------------------------------


def markers(areas: Collection[str], *, at: datetime) -> list[dict[str, Any]]:
    """Give the open, live alarms of areas as the stream carries them; `subject` is the track's id."""
    rows = Alarm.objects.filter(area__in=sorted(areas), is_open=True, origin__in=rules.NOTICED)
    return [_marker(row, at) for row in rows.order_by(UNACKED_FIRST, "-rank", "-raised_at", "-pk")]


def _marker(row: Alarm, at: datetime) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "area": row.area,
        "priority": row.priority,
        "state": row.state_word,
        "lat": row.lat,
        "lon": row.lon,
        "subject": row.subject,
        "title_key": row.type,
        "silenced": row.silenced_until is not None and row.silenced_until > at,
        "raised_ms": int(row.raised_at.timestamp() * 1000),
    }


def sound_owed(areas: Collection[str], *, at: datetime) -> Sound | None:
    """Tell which sound the open alarms of areas demand; no area is silent."""
    rows = Alarm.objects.filter(
        area__in=sorted(areas), is_open=True, origin__in=rules.NOTICED, stage=Stage.UNACKED.value
    )
    return sound_of(rows.only("priority", "stage", "standing", "silenced_until"), at=at)


def message(areas: Collection[str], *, at: datetime) -> dict[str, Any]:
    """Give the body of the stream's `alarms` message: what is open, how many wait, which sound is owed."""
    shown, sound = markers(areas, at=at), sound_owed(areas, at=at)
    return {
        "at_ms": int(at.timestamp() * 1000),
        "open": shown,
        "unacked": sum(1 for one in shown if one["state"] == Stage.UNACKED.value),
        "sound": sound.priority.value if sound else None,
    }


# numbers of the desk -------------------------------------------------------------------------------


def kpi(actor: Actor, *, at: datetime) -> rules.Kpi:
    """Count how well the alarms of a person's areas serve the desk (EEMUA 191, ISA-18.2)."""
    began = rules.shift_start(at)
    raised = _raised_since(actor, min(began, at - timedelta(hours=1)), at)
    announced = [moment for _, moment, anew in raised if anew]
    return rules.Kpi(
        last_10_min=sum(1 for moment in announced if moment > at - timedelta(minutes=10)),
        this_shift=sum(1 for moment in announced if moment >= began),
        older_than_24_h=_stale(actor, at),
        chattering=_chattering(raised, at),
        flood=rules.is_flood([moment for moment in announced if moment > at - timedelta(hours=1)], at=at),
        shift_began_at=began,
    )


def _raised_since(actor: Actor, since: datetime, at: datetime) -> list[tuple[str, datetime, bool]]:
    """List raisings as (area and key, moment, whether it was announced anew)."""
    rows = log_lines(actor).filter(verb=Step.RAISE.value, at__gt=since, at__lte=at)
    lines = rows.values_list("area", "alarm__key", "at", "stage_before", "standing")
    return [
        (f"{area}/{key}", moment, before in (Stage.NORMAL, Stage.RETURNED) and standing == Standing.IN_SERVICE)
        for area, key, moment, before, standing in lines
    ]


def _stale(actor: Actor, at: datetime) -> int:
    return open_alarms(actor).filter(raised_at__lt=at - timedelta(hours=24)).count()


def _chattering(raised: Iterable[tuple[str, datetime, bool]], at: datetime) -> int:
    """Count the conditions that chattered in the last ten minutes."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    for key, moment, _ in raised:
        if moment > at - timedelta(minutes=10):
            moments[key].append(moment)
    return sum(1 for times in moments.values() if rules.is_chattering(times))


# proof ---------------------------------------------------------------------------------------------


def rebuild(events: Iterable[Event]) -> dict[str, AlarmState]:
    """Build every alarm again from the outbox alone, by walking its acts through the table; by alarm id."""
    states: dict[str, AlarmState] = {}
    for event in events:
        body = event.body(AlarmChanged)
        kind = rules.type_of(body.type, body.version)
        before = states.get(body.alarm) or AlarmState(kind.priority, kind.terms)
        states[body.alarm] = move(before, body.act)
    return states


def stored() -> dict[str, AlarmState]:
    """Give every alarm of the table as the state machine knows it; by alarm id."""
    return {str(row.pk): row.state for row in Alarm.objects.all()}
