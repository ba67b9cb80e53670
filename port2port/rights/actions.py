"""What makes a function an act: one transaction, a right, a ledger entry, an event.

    @action("alarm.handle")
    def acknowledge(*, alarm: UUID, by: Actor, at: datetime) -> Alarm:
        ...
        return told(alarm, AlarmChanged(...), by=by, at=at)

An act that ends without having told anything is a fault: the transaction is undone and `Untold` raised.
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

import msgspec
from django.db import transaction

from port2port.audit.actions import enter, publish
from port2port.audit.rules import evidence_of
from port2port.engine.events import Event, Label, Origin
from port2port.rights.models import Labelled
from port2port.rights.rules import Actor, NotYours

P = ParamSpec("P")
R = TypeVar("R")
Row = TypeVar("Row", bound=Labelled)

_act: ContextVar["_Act | None"] = ContextVar("act", default=None)


class Untold(RuntimeError):
    """An action ended without a ledger entry."""


class _Act:
    """The act that is going on: its verb, and whether it was told."""

    def __init__(self, verb: str, right: str) -> None:
        self.verb, self.right, self.told = verb, right, False


def action(right: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a keyword-only function an act that needs a right; the area is checked when it is told."""

    def wrap(do: Callable[P, R]) -> Callable[P, R]:
        @wraps(do)
        def act(*args: P.args, **kwargs: P.kwargs) -> R:
            by: Actor = kwargs["by"]
            if not by.may(right):
                raise NotYours("not_your_right", right=right)
            going = _Act(do.__name__, right)
            token = _act.set(going)
            try:
                with transaction.atomic():
                    result = do(*args, **kwargs)
                    if not going.told:
                        raise Untold(do.__name__)
                    return result
            finally:
                _act.reset(token)

        return act

    return wrap


def told(  # noqa: PLR0913 - what an entry says has this many parts
    row: Row,
    body: msgspec.Struct,
    *,
    by: Actor,
    at: datetime,
    origin: Origin = Origin.LIVE,
    result: str = "done",
    causation_id: UUID | None = None,
) -> Row:
    """Write the ledger entry and the outbox event of the act that is going on, in its transaction.

    Raises NotYours where the row lies outside the actor's areas.
    """
    act = _act.get()
    if act is None:
        raise Untold("told() outside an @action")
    if not by.may(act.right, area=row.area):
        raise NotYours("not_your_area", area=row.area)
    label = Label(area=row.area, owner=row.owner, purpose=row.purpose, tlp=row.tlp, clearance=row.clearance)
    event = Event.of(body, label=label, actor=by.id, at=at, origin=origin, causation_id=causation_id)
    enter(
        verb=act.verb,
        object_kind=row._meta.model_name,
        object_id=str(row.pk),
        area=row.area,
        actor=by.id,
        at=at,
        purpose=row.purpose,
        result=result,
        evidence=evidence_of(event.id, event.payload),
    )
    publish(event)  # last: on PostgreSQL it holds the numbering lock until the commit
    act.told = True
    return row
