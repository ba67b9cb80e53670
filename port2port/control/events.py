"""What happened in the control room.

>>> from datetime import UTC
>>> act = Act(Step.ACKNOWLEDGE, datetime(2026, 11, 25, tzinfo=UTC), by="sam")
>>> act.step.value
'acknowledge'
"""

from datetime import datetime

import msgspec

from port2port.engine.alarms import Act, Step

__all__ = ["Act", "AlarmChanged", "Step"]


class AlarmChanged(msgspec.Struct, frozen=True):
    """A step was taken on an alarm: the step with its inputs, and how the alarm stands after it.

    `alarm` and `key` identify it, `type` and `version` say which data it follows. From the acts alone every alarm
    can be built again (`queries.rebuild`).
    """

    alarm: str
    number: str
    key: str
    type: str
    version: int
    act: Act
    state: str
    stage: str
    standing: str
    priority: str
    count: int
    subject: str
    place: str
    lat: float | None
    lon: float | None
    raised_at: datetime | None
    silenced_until: datetime | None
