"""Listen: a condition raised or cleared becomes a step of an alarm, exactly once; time takes its own steps.

Law of this file: rows, history, ledger, events and the consumer's place in the outbox commit together. Whatever
kills the process, the next one finds either all of a batch or nothing of it.
"""

import msgspec
from django.db import transaction

from port2port.audit.models import Cursor
from port2port.control import actions
from port2port.engine.alarms import ConditionCleared, ConditionRaised
from port2port.engine.bus import Bus, Subscription
from port2port.engine.clock import REAL, Clock
from port2port.engine.events import Event

CONSUMER = "control"
KINDS = (ConditionRaised.__name__, ConditionCleared.__name__)


def subscribe(bus: Bus) -> Subscription:
    """Follow the conditions from where the control room left off."""
    return bus.subscribe(CONSUMER, *KINDS)


def react(subscription: Subscription, *, timeout: float = 1.0, limit: int = 256, clock: Clock = REAL) -> int:
    """Take the next conditions and act on them in one transaction; tell how many there were.

    A fault undoes the batch, and the next call takes it again.
    """
    place = subscription.position
    events = subscription.take(timeout=timeout, limit=limit)
    if not events:
        return 0
    try:
        with transaction.atomic():
            if not _is_next(subscription, place):
                return 0
            answered = [_answer(event, clock) for event in events]
            actions.tell([telling for telling in answered if telling], at=clock.now())
            subscription.done()
    except BaseException:
        subscription.position = place
        raise
    return len(events)


def tick_all(clock: Clock = REAL) -> int:
    """Let time take its steps; called each second. Tell how many it took."""
    return actions.let_time_pass(at=clock.now())


def _is_next(subscription: Subscription, place: int) -> bool:
    """Make sure nobody else has taken this batch: the cursor is locked, and stands where we think it does."""
    cursor, _ = Cursor.objects.select_for_update().get_or_create(pk=subscription.consumer)
    if cursor.position == place:
        return True
    subscription.position = cursor.position
    return False


def _answer(event: Event, clock: Clock) -> actions.Telling | None:
    try:
        if event.kind == ConditionRaised.__name__:
            return actions.raise_condition(event.body(ConditionRaised), event=event, at=clock.now())
        return actions.clear_condition(event.body(ConditionCleared), event=event, at=clock.now())
    except msgspec.DecodeError:
        actions.refuse_condition(event, at=clock.now())
        return None
