"""The words of an alarm: how grave it is, where it stands, what can be done with it, and why not.

Standards: ISA-18.2 / IEC 62682 (states, shelving, suppression, out of service), IMO MSC.302(87) and IEC 62923-1
(priorities, silence apart from acknowledge, responsibility).

>>> graver(Priority.CAUTION, Priority.ALARM).value
'alarm'
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SILENCE = timedelta(seconds=30)
SHELF_MOST_S = 8 * 3600
APPROVAL_LASTS = timedelta(minutes=15)


class Priority(StrEnum):
    """How grave; information is not among them, because it asks nothing of anybody and goes to the log."""

    EMERGENCY = "emergency"
    ALARM = "alarm"
    WARNING = "warning"
    CAUTION = "caution"

    @property
    def rank(self) -> int:
        """Order by gravity: 4 is an emergency, 1 a caution."""
        return _RANK[self]

    @property
    def shape(self) -> str:
        """Name the mark's shape (design language, 5)."""
        return _LOOK[self][0]

    @property
    def letter(self) -> str:
        """Give the mark's letter, the same in all languages."""
        return _LOOK[self][1]

    @property
    def palette(self) -> str:
        """Name the colour token of the mark."""
        return _LOOK[self][2]


_RANK = {Priority.EMERGENCY: 4, Priority.ALARM: 3, Priority.WARNING: 2, Priority.CAUTION: 1}
_LOOK = {
    Priority.EMERGENCY: ("octagon", "E", "p1"),
    Priority.ALARM: ("triangle", "A", "p1"),
    Priority.WARNING: ("circle", "W", "p2"),
    Priority.CAUTION: ("square", "C", "p3"),
}


def graver(one: Priority, other: Priority) -> Priority:
    """Give the graver of two priorities."""
    return max(one, other, key=lambda priority: priority.rank)


class Stage(StrEnum):
    """Where the condition and the person stand."""

    NORMAL = "normal"
    UNACKED = "unacked"
    ACKED = "acked"
    RETURNED = "returned"  # cleared, and nobody has seen it


class Standing(StrEnum):
    """Whether the alarm may speak at all; beside the stage, which goes on following the condition."""

    IN_SERVICE = "in-service"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out-of-service"


class Step(StrEnum):
    """All that can happen to an alarm."""

    RAISE = "raise"
    CLEAR = "clear"
    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    SILENCE = "silence"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    PUT_OUT_OF_SERVICE = "put-out-of-service"
    RETURN_TO_SERVICE = "return-to-service"
    TAKE = "take"
    TRANSFER = "transfer"
    ESCALATE = "escalate"
    NOTE = "note"
    SILENCE_ENDS = "silence-ends"
    SHELF_ENDS = "shelf-ends"
    RISE = "rise"
    CALL_SUPERVISOR = "call-supervisor"


BY_TIME = frozenset({Step.SILENCE_ENDS, Step.SHELF_ENDS, Step.RISE, Step.CALL_SUPERVISOR})
BY_SENSOR = frozenset({Step.RAISE, Step.CLEAR})
BY_PERSON = frozenset(Step) - BY_TIME - BY_SENSOR


class Refusal(StrEnum):
    """Why a step makes no sense now."""

    OVER = "over"
    NOT_ACTIVE = "not_active"
    NOTHING_TO_ACK = "nothing_to_acknowledge"
    ALREADY_ACKED = "already_acknowledged"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    NOT_WAITING = "not_waiting"
    NOT_SOUNDING = "not_sounding"
    ALREADY_SILENCED = "already_silenced"
    NOT_SILENCED = "not_silenced"
    NOT_YET = "not_yet"
    IS_SHELVED = "is_shelved"
    IS_SUPPRESSED = "is_suppressed"
    IS_OUT_OF_SERVICE = "is_out_of_service"
    NOT_SHELVED = "not_shelved"
    NOT_SUPPRESSED = "not_suppressed"
    NOT_OUT_OF_SERVICE = "not_out_of_service"
    NOTHING_RETURNS = "nothing_returns"
    NOTHING_RISES = "nothing_rises"
    EMERGENCY_STAYS = "emergency_stays"
    ALREADY_ESCALATED = "already_escalated"
    ALREADY_THEIRS = "already_theirs"
    NEEDS_PERSON = "needs_person"
    NEEDS_REASON = "needs_reason"
    NEEDS_UNTIL = "needs_until"
    UNTIL_PASSED = "until_passed"
    TOO_LONG = "too_long"
    NEEDS_TWO_PERSONS = "needs_two_persons"
    NEEDS_RECEIVER = "needs_receiver"


class StepRefused(Exception):  # noqa: N818 - a refusal is not a fault
    """A step was refused; `reason` says why in one word of the catalogue."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Approval:
    """One person agreed to take something out of service; it lasts fifteen minutes."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What the alarm type says about time (seconds); the alarm keeps those of its version."""

    respond_within_s: int
    hold_off_s: int = 0
    rises_after_s: int | None = None  # a warning nobody acknowledged is raised again as an alarm
    escalates_to: str = ""  # the role that is called when nobody acknowledged in time; empty calls nobody
    shelf_most_s: int = SHELF_MOST_S


@dataclass(frozen=True, slots=True)
class Act:
    """One step with its inputs; time and person are arguments, always."""

    step: Step
    at: datetime
    by: str = ""
    until: datetime | None = None
    reason: str = ""
    to: str = ""
    priority: Priority | None = None
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmState:
    """One alarm at one moment; frozen, so a step gives a new one.

    `aside_*` belong to whatever standing holds it: shelf, suppression or out of service.
    """

    priority: Priority
    terms: Terms
    stage: Stage = Stage.NORMAL
    standing: Standing = Standing.IN_SERVICE
    count: int = 0
    raised_at: datetime | None = None
    unacked_since: datetime | None = None
    cleared_at: datetime | None = None
    acked_at: datetime | None = None
    acked_by: str = ""
    silenced_until: datetime | None = None
    aside_until: datetime | None = None
    aside_by: str = ""
    aside_reason: str = ""
    taken_by: str = ""
    escalated_at: datetime | None = None
    over_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether nothing is left to do: condition gone, seen, and nothing holds the alarm aside."""
        return self.stage is Stage.NORMAL and self.standing is Standing.IN_SERVICE

    @property
    def is_active(self) -> bool:
        """Tell whether the condition lasts."""
        return self.stage in (Stage.UNACKED, Stage.ACKED)

    def answers_for(self, at: datetime) -> bool:
        """Tell whether a condition raised now is this alarm again: open, or cleared within its hold-off."""
        if not self.is_over:
            return True
        return self.cleared_at is not None and at - self.cleared_at < timedelta(seconds=self.terms.hold_off_s)
