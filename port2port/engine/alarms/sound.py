"""Which sound a list of alarms demands (IMO MSC.302(87); design language, 5).

Silence is not acknowledge: it hushes one alarm for half a minute on all stations and comes back by itself.

>>> [SOUNDS[priority].pulses for priority in (Priority.ALARM, Priority.WARNING)]
[3, 2]
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from port2port.engine.alarms.states import Priority, Stage, Standing


class Sounding(Protocol):
    """What is asked of an alarm to know whether it sounds; a state or a stored row."""

    @property
    def priority(self) -> str:
        """How grave."""

    @property
    def stage(self) -> str:
        """Where condition and person stand."""

    @property
    def standing(self) -> str:
        """Whether it may speak."""

    @property
    def silenced_until(self) -> datetime | None:
        """Until when it is hushed."""


@dataclass(frozen=True, slots=True)
class Sound:
    """How it sounds: pulses in a group (0 is a steady tone), and whether groups repeat until somebody acts."""

    priority: Priority
    pulses: int
    repeats: bool


SOUNDS: dict[Priority, Sound] = {
    Priority.EMERGENCY: Sound(Priority.EMERGENCY, pulses=0, repeats=True),
    Priority.ALARM: Sound(Priority.ALARM, pulses=3, repeats=True),
    Priority.WARNING: Sound(Priority.WARNING, pulses=2, repeats=False),
}


def is_sounding(alarm: Sounding, *, at: datetime) -> bool:
    """Tell whether this alarm asks for a sound now."""
    return (
        Priority(alarm.priority) in SOUNDS
        and alarm.stage == Stage.UNACKED
        and alarm.standing == Standing.IN_SERVICE
        and (alarm.silenced_until is None or alarm.silenced_until <= at)
    )


def sound_owed(alarms: Iterable[Sounding], *, at: datetime) -> Sound | None:
    """Tell the one sound these alarms demand: that of the gravest; None is quiet."""
    loud = [Priority(alarm.priority) for alarm in alarms if is_sounding(alarm, at=at)]
    return SOUNDS[max(loud, key=lambda priority: priority.rank)] if loud else None
