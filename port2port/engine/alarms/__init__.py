"""The alarm engine: the vocabulary of conditions, and the one state machine every alarm of the platform lives by.

Pure: no store, no clock. The room `control` keeps alarms and shows them; any lower room only raises conditions.

>>> from datetime import UTC, datetime, timedelta
>>> noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
>>> alarm = AlarmState(Priority.WARNING, Terms(respond_within_s=600, rises_after_s=300, escalates_to="supervisor"))
>>> alarm = move(alarm, Act(Step.RAISE, noon))
>>> sound_owed([alarm], at=noon).pulses
2
>>> alarm = move(alarm, Act(Step.SILENCE, noon, by="sam"))
>>> sound_owed([alarm], at=noon) is None, alarm.stage.value
(True, 'unacked')
>>> alarm, taken = tick(alarm, noon + timedelta(minutes=11))
>>> [act.step.value for act in taken]
['silence-ends', 'rise', 'call-supervisor']
"""

from port2port.engine.alarms.conditions import ConditionCleared, ConditionRaised, Fact
from port2port.engine.alarms.sound import SOUNDS, Sound, is_sounding, sound_owed
from port2port.engine.alarms.states import (
    APPROVAL_LASTS,
    BY_PERSON,
    BY_SENSOR,
    BY_TIME,
    SHELF_MOST_S,
    SILENCE,
    Act,
    AlarmState,
    Approval,
    Priority,
    Refusal,
    Stage,
    Standing,
    Step,
    StepRefused,
    Terms,
    graver,
)
from port2port.engine.alarms.table import STAGES, STANDINGS, WHEN_OVER, move, next_state, why_not
from port2port.engine.alarms.timing import due_at, dues, respond_by, tick
from port2port.engine.alarms.types import (
    LANGUAGES,
    AlarmType,
    BadAlarmType,
    Escalation,
    FactLine,
    Words,
    in_language,
    newest,
    read_type,
    read_types,
)

__all__ = [
    "APPROVAL_LASTS",
    "BY_PERSON",
    "BY_SENSOR",
    "BY_TIME",
    "LANGUAGES",
    "SHELF_MOST_S",
    "SILENCE",
    "SOUNDS",
    "STAGES",
    "STANDINGS",
    "WHEN_OVER",
    "Act",
    "AlarmState",
    "AlarmType",
    "Approval",
    "BadAlarmType",
    "ConditionCleared",
    "ConditionRaised",
    "Escalation",
    "Fact",
    "FactLine",
    "Priority",
    "Refusal",
    "Sound",
    "Stage",
    "Standing",
    "Step",
    "StepRefused",
    "Terms",
    "Words",
    "due_at",
    "dues",
    "graver",
    "in_language",
    "is_sounding",
    "move",
    "newest",
    "next_state",
    "read_type",
    "read_types",
    "respond_by",
    "sound_owed",
    "tick",
    "why_not",
]
