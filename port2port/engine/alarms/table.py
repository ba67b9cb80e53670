"""The state machine of an alarm as two tables, and the one function that takes a step.

Law of this file: every state and every step has an answer, a next state or a named refusal. `STAGES` says what
the step does to condition and person, `STANDINGS` what it does to the alarm's right to speak; a step is taken
only where both agree. The stage follows the condition even while the alarm is shelved, suppressed or out of
service, so that nothing is lost there; whatever comes back is presented as unacknowledged (ISA-18.2, 6.2).

>>> from datetime import UTC, datetime
>>> from port2port.engine.alarms.states import Act, AlarmState, Priority, Step, Terms
>>> noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
>>> alarm = AlarmState(Priority.ALARM, Terms(respond_within_s=180))
>>> for step in (Step.RAISE, Step.CLEAR, Step.ACKNOWLEDGE):
...     alarm = move(alarm, Act(step, noon, by="sam"))
...     print(alarm.stage, alarm.is_over)
unacked False
returned False
normal True
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from port2port.engine.alarms.states import (
    APPROVAL_LASTS,
    BY_PERSON,
    SILENCE,
    Act,
    AlarmState,
    Priority,
    Refusal,
    Stage,
    Standing,
    Step,
    StepRefused,
    graver,
)

_N, _U, _A, _R = Stage.NORMAL, Stage.UNACKED, Stage.ACKED, Stage.RETURNED
_IN, _SH, _SU, _OUT = Standing.IN_SERVICE, Standing.SHELVED, Standing.SUPPRESSED, Standing.OUT_OF_SERVICE
_X = Refusal

StageRow = tuple[Stage | Refusal, Stage | Refusal, Stage | Refusal, Stage | Refusal]
StandingRow = tuple[Standing | Refusal, Standing | Refusal, Standing | Refusal, Standing | Refusal]

_STAYS: StageRow = (_N, _U, _A, _R)
_COMES_BACK: StageRow = (_N, _U, _U, _R)
_UNACKED_ONLY: StageRow = (_X.NOT_WAITING, _U, _X.NOT_WAITING, _X.NOT_WAITING)

# fmt: off
STAGES: dict[Step, StageRow] = {
    #                         normal               unacked              acked              returned
    Step.RAISE:              (_U,                  _U,                  _A,                _U),
    Step.CLEAR:              (_X.NOT_ACTIVE,       _R,                  _N,                _X.NOT_ACTIVE),
    Step.ACKNOWLEDGE:        (_X.NOTHING_TO_ACK,   _A,                  _X.ALREADY_ACKED,  _N),
    Step.UNACKNOWLEDGE:      (_X.NOT_ACKNOWLEDGED, _X.NOT_ACKNOWLEDGED, _U,                _X.NOT_ACKNOWLEDGED),
    Step.SILENCE:            (_X.NOT_SOUNDING,     _U,                  _X.NOT_SOUNDING,   _X.NOT_SOUNDING),
    Step.SHELVE:             _STAYS,
    Step.UNSHELVE:           _COMES_BACK,
    Step.SUPPRESS:           _STAYS,
    Step.UNSUPPRESS:         _COMES_BACK,
    Step.PUT_OUT_OF_SERVICE: _STAYS,
    Step.RETURN_TO_SERVICE:  _COMES_BACK,
    Step.TAKE:               _STAYS,
    Step.TRANSFER:           _STAYS,
    Step.ESCALATE:           (_X.NOT_ACTIVE,       _U,                  _A,                _R),
    Step.NOTE:               _STAYS,
    Step.SILENCE_ENDS:       (_X.NOT_SILENCED,     _U,                  _X.NOT_SILENCED,   _X.NOT_SILENCED),
    Step.SHELF_ENDS:         _COMES_BACK,
    Step.RISE:               _UNACKED_ONLY,
    Step.CALL_SUPERVISOR:    _UNACKED_ONLY,
}
STANDINGS: dict[Step, StandingRow] = {
    #                         in service             shelved            suppressed          out of service
    Step.RAISE:              (_IN,                   _SH,               _SU,                _OUT),
    Step.CLEAR:              (_IN,                   _SH,               _SU,                _OUT),
    Step.ACKNOWLEDGE:        (_IN,                   _SH,               _SU,                _OUT),
    Step.UNACKNOWLEDGE:      (_IN,                   _SH,               _SU,                _OUT),
    Step.SILENCE:            (_IN,                   _X.IS_SHELVED,     _X.IS_SUPPRESSED,   _X.IS_OUT_OF_SERVICE),
    Step.SHELVE:             (_SH,                   _X.IS_SHELVED,     _X.IS_SUPPRESSED,   _X.IS_OUT_OF_SERVICE),
    Step.UNSHELVE:           (_X.NOT_SHELVED,        _IN,               _X.NOT_SHELVED,     _X.NOT_SHELVED),
    Step.SUPPRESS:           (_SU,                   _SU,               _X.IS_SUPPRESSED,   _X.IS_OUT_OF_SERVICE),
    Step.UNSUPPRESS:         (_X.NOT_SUPPRESSED,     _X.NOT_SUPPRESSED, _IN,                _X.NOT_SUPPRESSED),
    Step.PUT_OUT_OF_SERVICE: (_OUT,                  _OUT,              _OUT,               _X.IS_OUT_OF_SERVICE),
    Step.RETURN_TO_SERVICE:  (_X.NOT_OUT_OF_SERVICE, _X.NOT_OUT_OF_SERVICE, _X.NOT_OUT_OF_SERVICE, _IN),
    Step.TAKE:               (_IN,                   _SH,               _SU,                _OUT),
    Step.TRANSFER:           (_IN,                   _SH,               _SU,                _OUT),
    Step.ESCALATE:           (_IN,                   _X.IS_SHELVED,     _X.IS_SUPPRESSED,   _X.IS_OUT_OF_SERVICE),
    Step.NOTE:               (_IN,                   _SH,               _SU,                _OUT),
    Step.SILENCE_ENDS:       (_IN,                   _X.IS_SHELVED,     _X.IS_SUPPRESSED,   _X.IS_OUT_OF_SERVICE),
    Step.SHELF_ENDS:         (_X.NOTHING_RETURNS,    _IN,               _IN,                _IN),
    Step.RISE:               (_IN,                   _X.IS_SHELVED,     _X.IS_SUPPRESSED,   _X.IS_OUT_OF_SERVICE),
    Step.CALL_SUPERVISOR:    (_IN,                   _X.IS_SHELVED,     _X.IS_SUPPRESSED,   _X.IS_OUT_OF_SERVICE),
}
# fmt: on

WHEN_OVER = frozenset({Step.RAISE, Step.NOTE})  # all that still makes sense once an alarm is over
_STAGE_COLUMN = {stage: column for column, stage in enumerate((_N, _U, _A, _R))}
_STANDING_COLUMN = {standing: column for column, standing in enumerate((_IN, _SH, _SU, _OUT))}
_REASON_GIVEN = frozenset({Step.SHELVE, Step.SUPPRESS, Step.PUT_OUT_OF_SERVICE, Step.NOTE})


def next_state(
    stage: Stage, standing: Standing, step: Step, priority: Priority
) -> tuple[Stage, Standing] | Refusal:
    """Look a step up in the tables: the next state, or why not.

    >>> next_state(Stage.UNACKED, Standing.IN_SERVICE, Step.CLEAR, Priority.CAUTION)[0].value
    'normal'
    """
    if stage is _N and standing is _IN and step not in WHEN_OVER:
        return Refusal.OVER
    to_stage = STAGES[step][_STAGE_COLUMN[stage]]
    to_standing = STANDINGS[step][_STANDING_COLUMN[standing]]
    if isinstance(to_standing, Refusal):
        return to_standing
    if isinstance(to_stage, Refusal):
        return to_stage
    if step is Step.CLEAR and priority is Priority.CAUTION:
        return _N, to_standing  # a caution clears itself (IEC 62923-1): nobody needs to have seen it
    return to_stage, to_standing


def why_not(alarm: AlarmState, step: Step, *, at: datetime) -> Refusal | None:
    """Tell why a step makes no sense for this alarm now, whatever its inputs; None means it may."""
    looked_up = next_state(alarm.stage, alarm.standing, step, alarm.priority)
    if isinstance(looked_up, Refusal):
        return looked_up
    for refused_step, refusal, stands in (
        (Step.SILENCE, Refusal.NOT_SOUNDING, alarm.priority is Priority.CAUTION),
        (Step.SILENCE, Refusal.ALREADY_SILENCED, alarm.silenced_until is not None and at < alarm.silenced_until),
        (Step.SILENCE_ENDS, Refusal.NOT_SILENCED, alarm.silenced_until is None),
        (Step.SILENCE_ENDS, Refusal.NOT_YET, alarm.silenced_until is not None and at < alarm.silenced_until),
        (Step.SHELF_ENDS, Refusal.NOTHING_RETURNS, alarm.aside_until is None),
        (Step.SHELF_ENDS, Refusal.NOT_YET, alarm.aside_until is not None and at < alarm.aside_until),
        (Step.SHELVE, Refusal.EMERGENCY_STAYS, alarm.priority is Priority.EMERGENCY),
        (Step.RISE, Refusal.NOTHING_RISES, alarm.priority is not Priority.WARNING),
        (Step.ESCALATE, Refusal.ALREADY_ESCALATED, alarm.escalated_at is not None),
        (Step.CALL_SUPERVISOR, Refusal.ALREADY_ESCALATED, alarm.escalated_at is not None),
    ):
        if step is refused_step and stands:
            return refusal
    return None


def move(alarm: AlarmState, act: Act) -> AlarmState:
    """Take a step.

    Raises StepRefused where the tables or the inputs of the act forbid it.
    """
    refusal = why_not(alarm, act.step, at=act.at) or _inputs_lack(alarm, act)
    if refusal:
        raise StepRefused(refusal)
    looked_up = next_state(alarm.stage, alarm.standing, act.step, alarm.priority)
    assert not isinstance(looked_up, Refusal)  # noqa: S101 - why_not has asked the same table
    stage, standing = looked_up
    if act.step is Step.RAISE:
        return _tidy(alarm, _raised(alarm, act), act.at)
    return _tidy(alarm, replace(_changed(alarm, act, stage), stage=stage, standing=standing), act.at)


def _inputs_lack(alarm: AlarmState, act: Act) -> Refusal | None:
    """Find what the act itself lacks: a person, a reason, a term, a second person."""
    if act.step in BY_PERSON and not act.by:
        return Refusal.NEEDS_PERSON
    if act.step in _REASON_GIVEN and not act.reason.strip():
        return Refusal.NEEDS_REASON
    if act.step is Step.TRANSFER and not act.to:
        return Refusal.NEEDS_RECEIVER
    if alarm.taken_by and alarm.taken_by == {Step.TAKE: act.by, Step.TRANSFER: act.to}.get(act.step):
        return Refusal.ALREADY_THEIRS
    return _term_lacks(alarm, act) or _approvals_lack(act)


def _term_lacks(alarm: AlarmState, act: Act) -> Refusal | None:
    """A shelf needs an end not too far off; suppression and out of service may name one."""
    if act.until is None:
        return Refusal.NEEDS_UNTIL if act.step is Step.SHELVE else None
    if act.until <= act.at:
        return Refusal.UNTIL_PASSED
    too_long = act.until - act.at > timedelta(seconds=alarm.terms.shelf_most_s)
    return Refusal.TOO_LONG if too_long and act.step is Step.SHELVE else None


def _approvals_lack(act: Act) -> Refusal | None:
    """Out of service needs two different persons, both within fifteen minutes (four eyes)."""
    if act.step is not Step.PUT_OUT_OF_SERVICE:
        return None
    fresh = {one.by for one in act.approvals if one.by and timedelta(0) <= act.at - one.at <= APPROVAL_LASTS}
    return None if len(fresh) >= 2 else Refusal.NEEDS_TWO_PERSONS  # noqa: PLR2004 - two persons are two


def _raised(alarm: AlarmState, act: Act) -> AlarmState:
    """Raise anew, or once more: the counter goes up; a graver priority speaks again whoever had acknowledged."""
    wanted = act.priority or alarm.priority
    anew = alarm.stage is Stage.NORMAL
    priority = wanted if anew else graver(alarm.priority, wanted)
    rises = not anew and priority.rank > alarm.priority.rank
    speaks = rises or alarm.stage in (Stage.NORMAL, Stage.RETURNED)
    leaves_shelf = priority is Priority.EMERGENCY and alarm.standing is Standing.SHELVED
    return replace(
        alarm,
        priority=priority,
        count=alarm.count + 1,
        stage=Stage.UNACKED if speaks else alarm.stage,
        standing=Standing.IN_SERVICE if leaves_shelf else alarm.standing,  # an emergency never hides
        raised_at=alarm.raised_at or act.at,
        unacked_since=act.at if _clock_starts(alarm, act, rises=rises) else alarm.unacked_since,
        escalated_at=None if anew else alarm.escalated_at,
        silenced_until=None if speaks else alarm.silenced_until,
        taken_by="" if anew and alarm.is_over else alarm.taken_by,
        cleared_at=None,
    )


def _clock_starts(alarm: AlarmState, act: Act, *, rises: bool) -> bool:
    """The time to respond starts anew, but not for a condition that only flickered: else it never escalates."""
    if alarm.stage is Stage.RETURNED and alarm.cleared_at is not None:
        return act.at - alarm.cleared_at >= timedelta(seconds=alarm.terms.hold_off_s)
    return alarm.stage is Stage.NORMAL or (rises and alarm.stage is Stage.ACKED)


def _changed(alarm: AlarmState, act: Act, stage: Stage) -> AlarmState:
    """Write what a step leaves behind besides the new state."""
    if STAGES[act.step] is _COMES_BACK and stage is Stage.UNACKED:
        return replace(alarm, unacked_since=act.at, escalated_at=None)
    return _LEAVES.get(act.step, _nothing)(alarm, act)


def _nothing(alarm: AlarmState, _: Act) -> AlarmState:
    return alarm


def _set_aside(alarm: AlarmState, act: Act) -> AlarmState:
    return replace(alarm, aside_until=act.until, aside_by=act.by, aside_reason=act.reason)


def _escalated(alarm: AlarmState, act: Act) -> AlarmState:
    return replace(alarm, escalated_at=act.at)


_LEAVES: dict[Step, Callable[[AlarmState, Act], AlarmState]] = {
    Step.CLEAR: lambda alarm, act: replace(alarm, cleared_at=act.at),
    Step.ACKNOWLEDGE: lambda alarm, act: replace(alarm, acked_at=act.at, acked_by=act.by),
    Step.UNACKNOWLEDGE: lambda alarm, act: replace(alarm, unacked_since=act.at, escalated_at=None),
    Step.SILENCE: lambda alarm, act: replace(alarm, silenced_until=act.at + SILENCE),
    Step.SILENCE_ENDS: lambda alarm, _: replace(alarm, silenced_until=None),
    Step.SHELVE: _set_aside,
    Step.SUPPRESS: _set_aside,
    Step.PUT_OUT_OF_SERVICE: _set_aside,
    Step.TAKE: lambda alarm, act: replace(alarm, taken_by=act.by),
    Step.TRANSFER: lambda alarm, act: replace(alarm, taken_by=act.to),
    Step.ESCALATE: _escalated,
    Step.CALL_SUPERVISOR: _escalated,
    Step.RISE: lambda alarm, _: replace(alarm, priority=Priority.ALARM, silenced_until=None),
}


def _tidy(before: AlarmState, after: AlarmState, at: datetime) -> AlarmState:
    """Forget what no longer holds: a silence with no sound, a term with no shelf, a name with no act."""
    loud = after.stage is Stage.UNACKED and after.standing is Standing.IN_SERVICE
    aside = after.standing is not Standing.IN_SERVICE
    acked = after.stage in (Stage.ACKED, Stage.NORMAL)
    return replace(
        after,
        silenced_until=after.silenced_until if loud else None,
        aside_until=after.aside_until if aside else None,
        aside_by=after.aside_by if aside else "",
        aside_reason=after.aside_reason if aside else "",
        acked_at=after.acked_at if acked else None,
        acked_by=after.acked_by if acked else "",
        over_at=(before.over_at or at) if after.is_over else None,
    )
