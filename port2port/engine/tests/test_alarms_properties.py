"""Whatever happens in whatever order: no alarm is lost, none is double, none is immortal.

A desk of three conditions keeps its alarms exactly as the control room does, beside a book of its own that knows
only what happened. After every step the alarms are held against the book.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from port2port.engine.alarms import (
    BY_PERSON,
    SHELF_MOST_S,
    Act,
    AlarmState,
    Approval,
    Priority,
    Stage,
    Standing,
    Step,
    StepRefused,
    Terms,
    due_at,
    move,
    sound_owed,
    tick,
    why_not,
)

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
KINDS = {
    "fence": (Priority.ALARM, Terms(respond_within_s=180, hold_off_s=60, escalates_to="supervisor")),
    "speed": (Priority.WARNING, Terms(600, hold_off_s=120, rises_after_s=300, escalates_to="supervisor")),
    "gap": (Priority.CAUTION, Terms(respond_within_s=900, hold_off_s=0)),
}
KEYS = st.sampled_from(sorted(KINDS))
PERSONS = st.sampled_from(("sam", "noa", "sara"))
PLAIN = sorted(BY_PERSON - {Step.SHELVE, Step.SUPPRESS, Step.PUT_OUT_OF_SERVICE, Step.TRANSFER, Step.NOTE})


@dataclass
class Book:
    """What happened to one condition, told without the state machine."""

    lasts: bool = False
    raisings: int = 0
    seen: bool = True  # a named person has looked since it last asked
    gravest: Priority | None = None


@dataclass
class Kept:
    """The alarms of one condition, oldest first, and what the desk knows of it."""

    alarms: list[AlarmState] = field(default_factory=list)
    book: Book = field(default_factory=Book)

    @property
    def open(self) -> list[AlarmState]:
        return [alarm for alarm in self.alarms if not alarm.is_over]


class Desk(RuleBasedStateMachine):
    """Sensors, persons and time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.kept = {key: Kept() for key in KINDS}

    # sensors

    @rule(key=KEYS, wanted=st.sampled_from((None, None, None, *Priority)))
    def condition_begins(self, key, wanted):
        kept, (priority, terms) = self.kept[key], KINDS[key]
        wanted = wanted or priority
        if not (kept.alarms and kept.alarms[-1].answers_for(self.now)):
            kept.alarms.append(AlarmState(priority, terms))
        before = kept.alarms[-1]
        self._replace(key, move(before, Act(Step.RAISE, self.now, priority=wanted)))
        book = kept.book
        if not book.lasts or wanted.rank > before.priority.rank:
            book.seen = False
        book.lasts, book.raisings = True, book.raisings + 1

    @rule(key=KEYS)
    def condition_ends(self, key):
        kept = self.kept[key]
        if kept.open and kept.open[0].is_active:
            assert kept.book.lasts
            self._replace(key, move(kept.open[0], Act(Step.CLEAR, self.now)))
        kept.book.lasts = False

    # persons

    @rule(key=KEYS, step=st.sampled_from(PLAIN), by=PERSONS)
    def somebody_acts(self, key, step, by):
        self._try(key, Act(step, self.now, by=by))

    @rule(key=KEYS, step=st.sampled_from((Step.ACKNOWLEDGE, Step.SILENCE)), by=PERSONS)
    def somebody_answers(self, key, step, by):
        self._try(key, Act(step, self.now, by=by))

    @rule(key=KEYS, by=PERSONS, seconds=st.integers(-10, SHELF_MOST_S + 3600), reason=st.sampled_from(("", "wind")))
    def somebody_shelves(self, key, by, seconds, reason):
        self._try(
            key, Act(Step.SHELVE, self.now, by=by, until=self.now + timedelta(seconds=seconds), reason=reason)
        )

    @rule(key=KEYS, by=PERSONS, seconds=st.one_of(st.none(), st.integers(1, 7200)))
    def somebody_suppresses(self, key, by, seconds):
        until = None if seconds is None else self.now + timedelta(seconds=seconds)
        self._try(key, Act(Step.SUPPRESS, self.now, by=by, until=until, reason="planned work"))

    @rule(key=KEYS, by=PERSONS, agreed=st.lists(st.tuples(PERSONS, st.integers(0, 1200)), max_size=3))
    def somebody_puts_out_of_service(self, key, by, agreed):
        approvals = tuple(Approval(one, self.now - timedelta(seconds=ago)) for one, ago in agreed)
        act = Act(Step.PUT_OUT_OF_SERVICE, self.now, by=by, reason="order 8841", approvals=approvals)
        if self._try(key, act):
            assert len({one for one, ago in agreed if ago <= 900}) >= 2

    @rule(key=KEYS, by=PERSONS, to=PERSONS)
    def somebody_hands_over(self, key, by, to):
        self._try(key, Act(Step.TRANSFER, self.now, by=by, to=to))

    # time

    @rule(seconds=st.one_of(st.integers(1, 60), st.integers(60, 900), st.integers(900, SHELF_MOST_S * 2)))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)
        for key, kept in self.kept.items():
            for alarm in kept.open:
                self._replace(key, self._aged(key, alarm))

    def _aged(self, key, alarm):
        """Let time pass; one jump must give what two smaller ones give."""
        aged, taken = tick(alarm, self.now)
        halfway = tick(alarm, self.now - timedelta(seconds=1))[0]
        assert tick(halfway, self.now)[0] == aged
        assert tick(aged, self.now) == (aged, [])
        assert due_at(aged) is None or due_at(aged) > self.now
        if Step.RISE in {act.step for act in taken} or Step.SHELF_ENDS in {act.step for act in taken}:
            self.kept[key].book.seen = self.kept[key].book.seen and aged.stage is not Stage.UNACKED
        return aged

    def _try(self, key, act):
        """Take a person's step where the table lets them; tell whether it was taken."""
        kept = self.kept[key]
        if not kept.alarms:
            return False
        before = kept.alarms[-1]
        try:
            after = move(before, act)
        except StepRefused:
            return False
        assert why_not(before, act.step, at=act.at) is None
        book = kept.book
        if act.step is Step.ACKNOWLEDGE:
            book.seen = True
        if act.step is Step.UNACKNOWLEDGE or (before.stage is Stage.ACKED and after.stage is Stage.UNACKED):
            book.seen = False
        self._replace(key, after)
        return True

    def _replace(self, key, alarm):
        before = self.kept[key].alarms[-1]
        if not before.is_over:
            assert alarm.priority.rank >= before.priority.rank or before.stage is Stage.NORMAL, "a priority fell"
        self.kept[key].alarms[-1] = alarm

    # what always holds

    @invariant()
    def none_is_lost(self):
        for key, kept in self.kept.items():
            active = [alarm for alarm in kept.alarms if alarm.is_active]
            assert len(active) == (1 if kept.book.lasts else 0), key

    @invariant()
    def none_is_double(self):
        for kept in self.kept.values():
            assert len(kept.open) <= 1
            assert sum(alarm.count for alarm in kept.alarms) == kept.book.raisings

    @invariant()
    def none_ends_unseen(self):
        for kept in self.kept.values():
            over = kept.alarms and kept.alarms[-1].is_over
            if over and kept.alarms[-1].priority is not Priority.CAUTION:
                assert kept.book.seen and not kept.book.lasts

    @invariant()
    def every_shelf_and_every_silence_has_an_end(self):
        for alarm in self._all():
            if alarm.standing is Standing.SHELVED:
                assert alarm.aside_until is not None
                assert alarm.aside_until - self.now <= timedelta(seconds=SHELF_MOST_S)
                assert alarm.priority is not Priority.EMERGENCY
            if alarm.silenced_until:
                assert alarm.silenced_until - self.now <= timedelta(seconds=30)
                assert alarm.stage is Stage.UNACKED and alarm.standing is Standing.IN_SERVICE
            assert (alarm.standing is Standing.IN_SERVICE) == (alarm.aside_by == "")

    @invariant()
    def an_acknowledged_alarm_names_who(self):
        for alarm in self._all():
            if alarm.stage is Stage.ACKED:
                assert alarm.acked_by and alarm.acked_at
            if alarm.stage in (Stage.UNACKED, Stage.RETURNED):
                assert not alarm.acked_by and alarm.acked_at is None
            assert alarm.is_over == (alarm.over_at is not None)

    @invariant()
    def what_asks_for_somebody_is_heard(self):
        loud = [
            alarm.priority.rank
            for alarm in self._all()
            if alarm.stage is Stage.UNACKED and alarm.standing is Standing.IN_SERVICE
            and alarm.priority is not Priority.CAUTION
            and not (alarm.silenced_until and alarm.silenced_until > self.now)
        ]  # fmt: skip
        sound = sound_owed(self._all(), at=self.now)
        assert (sound.priority.rank if sound else None) == max(loud, default=None)

    def _all(self):
        return [alarm for kept in self.kept.values() for alarm in kept.alarms]

    # none is immortal

    @precondition(lambda self: any(kept.open for kept in self.kept.values()))
    @rule()
    def everything_can_be_ended(self):
        for kept in self.kept.values():
            for alarm in kept.open:
                assert ended(alarm, self.now).is_over


def ended(alarm: AlarmState, now: datetime) -> AlarmState:
    """End an alarm as people would: the condition clears, what is aside returns, somebody acknowledges."""
    for step in (Step.CLEAR, Step.UNSHELVE, Step.UNSUPPRESS, Step.RETURN_TO_SERVICE, Step.ACKNOWLEDGE):
        if why_not(alarm, step, at=now) is None:
            alarm = move(alarm, Act(step, now, by="sam"))
    return alarm


QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def test_no_alarm_is_lost_doubled_or_immortal():
    run_state_machine_as_test(
        Desk, settings=settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=QUIET)
    )


@pytest.mark.night
def test_no_alarm_is_lost_doubled_or_immortal_in_a_long_night():
    run_state_machine_as_test(
        Desk,
        settings=settings(max_examples=2_000, stateful_step_count=120, deadline=None, suppress_health_check=QUIET),
    )


def test_a_random_year_ends_with_an_empty_desk():
    """Two thousand random steps on one alarm; every answer is a state or a named refusal, and it can always end."""
    dice = random.Random(20261125)
    alarm, now = AlarmState(*KINDS["speed"]), START
    for _ in range(2_000):
        now += timedelta(seconds=dice.choice((1, 5, 31, 301, 3_601)))
        alarm, _ = tick(alarm, now)
        act = Act(
            dice.choice(list(Step)), now, by="sam", reason="why", to=dice.choice(("noa", "sara")),
            until=now + timedelta(seconds=dice.randint(1, SHELF_MOST_S)),
            approvals=(Approval("sam", now), Approval("noa", now)),
        )  # fmt: skip
        try:
            alarm = move(alarm, act)
        except StepRefused as refused:
            assert refused.reason
    assert ended(alarm, now).is_over
