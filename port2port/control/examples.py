"""Plausible alarms and the people who handle them, for tests, demo and documents."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from port2port.audit.actions import publish
from port2port.control import actions
from port2port.control.models import Alarm
from port2port.engine.alarms import ConditionCleared, ConditionRaised
from port2port.engine.events import Event, Label, Origin
from port2port.engine.ids import uuid7
from port2port.rights.rules import Actor, Role

ANTWERP = Label(area="antwerp", owner="port2port", purpose="isps")
DETECTION = "service:detection"
SHIP = UUID("01935f3e-5a00-7000-8000-000000000007")


def an_operator(name: str = "Sam Voorbeeld", *areas: str) -> Actor:
    """Give an operator of these areas, Antwerp when none is named."""
    known_as = name.split()[0].lower()
    return Actor(known_as, name, Role.OPERATOR, frozenset(areas or ("antwerp",)), desk="Desk 2")


def a_supervisor(name: str = "Sara Model", *areas: str) -> Actor:
    """Give a supervisor of these areas, Antwerp when none is named."""
    return Actor(name.split()[0].lower(), name, Role.SUPERVISOR, frozenset(areas or ("antwerp",)), desk="Desk 4")


def a_condition(
    at: datetime, *, type: str = "ais-zone-entry", subject: UUID = SHIP, place: str = "", name: str = "FICTIVA STAR"
) -> ConditionRaised:
    """Give a condition on an invented vessel."""
    facts: dict[str, str | int | float] = {
        "name": name, "mmsi": 205999001, "speed_knots": 8.1, "limit_knots": 6.5, "silent_s": 900, "moved_m": 4200,
    }  # fmt: skip
    key = f"{type}:{subject}:{place}" if place else f"{type}:{subject}"
    return ConditionRaised(
        key=key, type=type, subject=str(subject), place=place, lat=51.2785, lon=4.3066, at=at, facts=facts
    )


def sent(
    body: ConditionRaised | ConditionCleared, at: datetime, *, label: Label = ANTWERP, origin: Origin = Origin.LIVE
) -> Event:
    """Publish a condition to the outbox as detection does."""
    with transaction.atomic():
        return publish(Event.of(body, label=label, actor=DETECTION, at=at, origin=origin))


def an_alarm(
    at: datetime, *, type: str = "ais-zone-entry", label: Label = ANTWERP, origin: Origin = Origin.LIVE
) -> Alarm:
    """Raise an alarm about a new vessel, with its history line, ledger entry and event."""
    event = Event.of(
        a_condition(at, type=type, subject=uuid7()), label=label, actor=DETECTION, at=at, origin=origin
    )
    with transaction.atomic():
        telling = actions.raise_condition(event.body(ConditionRaised), event=event, at=at)
        if telling is None:
            raise ValueError(f"type: {type!r} is not a known alarm type")
        actions.tell([telling], at=at)
    return telling.row
