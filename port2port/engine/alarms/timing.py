"""What time alone changes: a silence ends, a shelf ends, a warning rises, a supervisor is called.

Law of this file: a jump through an hour gives the same alarm as 3,600 single seconds, because each step is taken
at the moment it was due.

>>> from datetime import UTC, datetime
>>> from port2port.engine.alarms.states import Act, AlarmState, Priority, Step, Terms
>>> from port2port.engine.alarms.table import move
>>> noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
>>> warning = AlarmState(Priority.WARNING, Terms(respond_within_s=600, rises_after_s=300))
>>> warning = move(warning, Act(Step.RAISE, noon))
>>> later, taken = tick(warning, noon + timedelta(minutes=6))
>>> later.priority.value, [act.step.value for act in taken]
('alarm', ['rise'])
"""

from datetime import datetime, timedelta

from port2port.engine.alarms.states import Act, AlarmState, Priority, Stage, Standing, Step
from port2port.engine.alarms.table import move


def respond_by(alarm: AlarmState) -> datetime | None:
    """Tell when somebody should have acknowledged; None when nothing waits for it."""
    if alarm.stage is not Stage.UNACKED or alarm.unacked_since is None:
        return None
    return alarm.unacked_since + timedelta(seconds=alarm.terms.respond_within_s)


def dues(alarm: AlarmState) -> list[Act]:
    """List the steps that time will take if nobody acts, soonest first."""
    moments = {
        Step.SILENCE_ENDS: alarm.silenced_until,
        Step.SHELF_ENDS: alarm.aside_until,
        Step.RISE: _rises_at(alarm),
        Step.CALL_SUPERVISOR: _calls_at(alarm),
    }
    return sorted((Act(step, at) for step, at in moments.items() if at is not None), key=lambda act: act.at)


def due_at(alarm: AlarmState) -> datetime | None:
    """Tell when time next changes this alarm; None is never."""
    coming = dues(alarm)
    return coming[0].at if coming else None


def tick(alarm: AlarmState, at: datetime) -> tuple[AlarmState, list[Act]]:
    """Let time pass up to a moment: the alarm then, and the steps time took, in order."""
    taken: list[Act] = []
    while (coming := dues(alarm)) and coming[0].at <= at:
        alarm = move(alarm, coming[0])
        taken.append(coming[0])
    return alarm, taken


def _rises_at(alarm: AlarmState) -> datetime | None:
    after_s = alarm.terms.rises_after_s
    if after_s is None or alarm.priority is not Priority.WARNING or not _waits(alarm):
        return None
    assert alarm.unacked_since is not None  # noqa: S101 - _waits has looked
    return alarm.unacked_since + timedelta(seconds=after_s)


def _calls_at(alarm: AlarmState) -> datetime | None:
    if not alarm.terms.escalates_to or alarm.escalated_at is not None or not _waits(alarm):
        return None
    return respond_by(alarm)


def _waits(alarm: AlarmState) -> bool:
    """Tell whether the alarm stands there, active, and nobody has acknowledged it."""
    in_service = alarm.standing is Standing.IN_SERVICE
    return alarm.stage is Stage.UNACKED and in_service and alarm.unacked_since is not None
