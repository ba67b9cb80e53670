"""The state machine of an alarm, step by step (ISA-18.2, IMO MSC.302(87), IEC 62923-1)."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from port2port.engine.alarms import (
    BY_PERSON,
    SHELF_MOST_S,
    SOUNDS,
    STAGES,
    STANDINGS,
    Act,
    AlarmState,
    Approval,
    BadAlarmType,
    Priority,
    Refusal,
    Stage,
    Standing,
    Step,
    StepRefused,
    Terms,
    due_at,
    move,
    newest,
    next_state,
    read_type,
    read_types,
    respond_by,
    sound_owed,
    tick,
    why_not,
)

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
TERMS = Terms(respond_within_s=180, hold_off_s=60, escalates_to="supervisor")
WARNING_TERMS = Terms(respond_within_s=600, hold_off_s=60, rises_after_s=300, escalates_to="supervisor")


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def raised(priority: Priority = Priority.ALARM, terms: Terms | None = None) -> AlarmState:
    terms = terms or (WARNING_TERMS if priority is Priority.WARNING else TERMS)
    return move(AlarmState(priority, terms), Act(Step.RAISE, NOON))


def after(alarm: AlarmState, *acts: tuple[Step, float]) -> AlarmState:
    for step, seconds in acts:
        alarm = move(alarm, Act(step, later(seconds), by="sam"))
    return alarm


def shelved(alarm: AlarmState, *, at: float = 0, for_s: float = 600) -> AlarmState:
    return move(alarm, Act(Step.SHELVE, later(at), by="sam", until=later(at + for_s), reason="wind 9 Bft"))


def refusal_of(alarm: AlarmState, act: Act) -> Refusal:
    with pytest.raises(StepRefused) as refused:
        move(alarm, act)
    return refused.value.reason


# the tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", Step)
def test_every_state_has_an_answer_to_every_step(step):
    for stage, standing, priority in itertools.product(Stage, Standing, Priority):
        answer = next_state(stage, standing, step, priority)
        if not isinstance(answer, Refusal):
            assert (type(answer[0]), type(answer[1])) == (Stage, Standing)


def test_the_tables_have_a_row_for_every_step_and_a_cell_for_every_state():
    assert set(STAGES) == set(STANDINGS) == set(Step)
    assert all(len(STAGES[step]) == len(Stage) and len(STANDINGS[step]) == len(Standing) for step in Step)


def test_every_state_can_be_reached():
    reached, edge = {(Stage.NORMAL, Standing.IN_SERVICE)}, [(Stage.NORMAL, Standing.IN_SERVICE)]
    while edge:
        here = edge.pop()
        for step in Step:
            there = next_state(*here, step, Priority.ALARM)
            if not isinstance(there, Refusal) and there not in reached:
                reached.add(there)
                edge.append(there)
    assert reached == set(itertools.product(Stage, Standing))


def test_every_state_can_end():
    """From anywhere: the condition clears, what was set aside comes back, somebody acknowledges."""
    ways_back = (Step.UNSHELVE, Step.UNSUPPRESS, Step.RETURN_TO_SERVICE)
    for stage, standing, priority in itertools.product(Stage, Standing, Priority):
        here = (stage, standing)
        for step in (*ways_back, Step.CLEAR, Step.ACKNOWLEDGE):
            there = next_state(*here, step, priority)
            here = here if isinstance(there, Refusal) else there
        assert here == (Stage.NORMAL, Standing.IN_SERVICE), (stage, standing, priority)


def test_an_alarm_that_is_over_takes_nothing_but_a_new_raise_and_a_note():
    over = after(raised(), (Step.ACKNOWLEDGE, 1), (Step.CLEAR, 2))
    assert over.is_over
    for step in set(Step) - {Step.RAISE, Step.NOTE}:
        assert why_not(over, step, at=later(3)) is Refusal.OVER


# condition and person -------------------------------------------------------------------------------------------


def test_a_cleared_alarm_stays_until_somebody_saw_it():
    alarm = after(raised(), (Step.CLEAR, 5))
    assert (alarm.stage, alarm.is_over) == (Stage.RETURNED, False)
    alarm = after(alarm, (Step.ACKNOWLEDGE, 9))
    assert (alarm.is_over, alarm.acked_by, alarm.over_at) == (True, "sam", later(9))


def test_an_acknowledged_alarm_ends_when_its_condition_does():
    assert after(raised(), (Step.ACKNOWLEDGE, 1), (Step.CLEAR, 2)).is_over


def test_a_caution_clears_itself():
    assert after(raised(Priority.CAUTION), (Step.CLEAR, 5)).is_over


def test_raising_the_same_condition_again_only_counts():
    alarm = after(raised(), (Step.ACKNOWLEDGE, 1), (Step.RAISE, 2), (Step.RAISE, 3))
    assert (alarm.stage, alarm.count, alarm.raised_at) == (Stage.ACKED, 3, NOON)


def test_an_acknowledged_alarm_speaks_again_when_it_returns_after_it_cleared():
    alarm = after(raised(), (Step.ACKNOWLEDGE, 1), (Step.CLEAR, 2))
    assert alarm.answers_for(later(30))
    alarm = after(alarm, (Step.RAISE, 30))
    assert (alarm.stage, alarm.count, alarm.acked_by) == (Stage.UNACKED, 2, "")


def test_after_the_hold_off_a_condition_is_a_new_alarm():
    over = after(raised(), (Step.ACKNOWLEDGE, 1), (Step.CLEAR, 2))
    assert not over.answers_for(later(62))
    assert after(raised(), (Step.CLEAR, 2)).answers_for(later(9999)), "an open alarm answers for ever"


def test_an_acknowledged_alarm_speaks_again_when_its_priority_rises():
    warning = after(raised(Priority.WARNING), (Step.ACKNOWLEDGE, 1))
    risen = move(warning, Act(Step.RAISE, later(2), priority=Priority.ALARM))
    assert (risen.stage, risen.priority, risen.acked_by) == (Stage.UNACKED, Priority.ALARM, "")


def test_a_priority_never_falls_while_the_alarm_is_open():
    risen = move(raised(), Act(Step.RAISE, later(1), priority=Priority.CAUTION))
    assert risen.priority is Priority.ALARM


def test_an_acknowledgement_can_be_taken_back():
    alarm = after(raised(), (Step.ACKNOWLEDGE, 1), (Step.UNACKNOWLEDGE, 2))
    assert (alarm.stage, alarm.acked_by, respond_by(alarm)) == (Stage.UNACKED, "", later(182))


def test_two_persons_cannot_acknowledge_the_same_alarm():
    acked = after(raised(), (Step.ACKNOWLEDGE, 1))
    assert refusal_of(acked, Act(Step.ACKNOWLEDGE, later(2), by="noa")) is Refusal.ALREADY_ACKED


@pytest.mark.parametrize("step", sorted(BY_PERSON))
def test_nobody_acts_without_a_name(step):
    alarm = after(raised(), (Step.ACKNOWLEDGE, 1)) if step is Step.UNACKNOWLEDGE else raised()
    if why_not(alarm, step, at=later(2)) is None:
        assert refusal_of(alarm, Act(step, later(2))) is Refusal.NEEDS_PERSON


# silence and sound ----------------------------------------------------------------------------------------------


def test_silence_is_not_acknowledge():
    alarm = after(raised(), (Step.SILENCE, 10))
    assert alarm.stage is Stage.UNACKED
    assert sound_owed([alarm], at=later(39.9)) is None
    assert sound_owed([alarm], at=later(40)) is SOUNDS[Priority.ALARM]


def test_a_silence_ends_by_itself_after_thirty_seconds():
    alarm, taken = tick(after(raised(), (Step.SILENCE, 10)), later(40))
    assert [act.step for act in taken] == [Step.SILENCE_ENDS]
    assert alarm.silenced_until is None
    assert after(alarm, (Step.SILENCE, 41)).silenced_until == later(71)


def test_a_silent_alarm_cannot_be_silenced_longer():
    alarm = after(raised(), (Step.SILENCE, 10))
    assert refusal_of(alarm, Act(Step.SILENCE, later(20), by="sam")) is Refusal.ALREADY_SILENCED


@pytest.mark.parametrize(
    ("priority", "pulses", "repeats"),
    [(Priority.EMERGENCY, 0, True), (Priority.ALARM, 3, True), (Priority.WARNING, 2, False)],
)
def test_each_priority_has_its_sound(priority, pulses, repeats):
    sound = sound_owed([raised(Priority.CAUTION), raised(priority)], at=NOON)
    assert (sound.priority, sound.pulses, sound.repeats) == (priority, pulses, repeats)


def test_the_gravest_sound_wins():
    alarms = [raised(Priority.WARNING), raised(Priority.EMERGENCY), raised(Priority.ALARM)]
    assert sound_owed(alarms, at=NOON).priority is Priority.EMERGENCY


def test_what_needs_nobody_makes_no_sound():
    quiet = [
        raised(Priority.CAUTION), after(raised(), (Step.ACKNOWLEDGE, 1)), after(raised(), (Step.CLEAR, 1)),
        shelved(raised()), after(raised(), (Step.SILENCE, 1)),
    ]  # fmt: skip
    assert sound_owed(quiet, at=later(2)) is None


# set aside ------------------------------------------------------------------------------------------------------


def test_a_shelved_alarm_comes_back_by_itself_and_speaks():
    alarm = shelved(after(raised(), (Step.ACKNOWLEDGE, 1)), at=2, for_s=600)
    assert (alarm.standing, alarm.stage) == (Standing.SHELVED, Stage.ACKED)
    alarm, taken = tick(alarm, later(602))
    assert [act.step for act in taken] == [Step.SHELF_ENDS]
    assert (alarm.standing, alarm.stage, alarm.unacked_since) == (Standing.IN_SERVICE, Stage.UNACKED, later(602))
    assert (alarm.aside_until, alarm.aside_by, alarm.aside_reason) == (None, "", "")


def test_a_chattering_condition_stays_on_the_shelf():
    alarm = shelved(after(raised(), (Step.ACKNOWLEDGE, 1)), at=2)
    for seconds in (10, 20, 30):
        alarm = after(alarm, (Step.CLEAR, seconds), (Step.RAISE, seconds + 5))
        if alarm.stage is Stage.UNACKED:
            alarm = after(alarm, (Step.ACKNOWLEDGE, seconds + 6))
    assert (alarm.standing, alarm.count) == (Standing.SHELVED, 4)


def test_a_shelved_alarm_whose_condition_is_gone_ends_with_its_shelf():
    alarm = after(shelved(after(raised(), (Step.ACKNOWLEDGE, 1)), at=2), (Step.CLEAR, 5))
    assert not alarm.is_over
    alarm, _ = tick(alarm, later(602))
    assert (alarm.is_over, alarm.over_at) == (True, later(602))


@pytest.mark.parametrize(
    ("until", "reason", "refusal"),
    [
        (None, "wind", Refusal.NEEDS_UNTIL),
        (NOON, "wind", Refusal.UNTIL_PASSED),
        (NOON + timedelta(seconds=SHELF_MOST_S + 1), "wind", Refusal.TOO_LONG),
        (NOON + timedelta(seconds=60), "  ", Refusal.NEEDS_REASON),
    ],
)
def test_a_shelf_needs_an_end_and_a_reason(until, reason, refusal):
    assert refusal_of(raised(), Act(Step.SHELVE, NOON, by="sam", until=until, reason=reason)) is refusal


def test_an_emergency_is_never_shelved():
    emergency = raised(Priority.EMERGENCY)
    act = Act(Step.SHELVE, NOON, by="sam", until=later(60), reason="wind")
    assert refusal_of(emergency, act) is Refusal.EMERGENCY_STAYS


def test_a_condition_that_becomes_an_emergency_leaves_the_shelf():
    alarm = move(shelved(raised()), Act(Step.RAISE, later(5), priority=Priority.EMERGENCY))
    assert (alarm.standing, sound_owed([alarm], at=later(5)).priority) == (Standing.IN_SERVICE, Priority.EMERGENCY)


def test_a_suppressed_alarm_goes_on_following_its_condition():
    alarm = move(raised(), Act(Step.SUPPRESS, later(1), by="sam", reason="diving work 26-14"))
    alarm = after(alarm, (Step.CLEAR, 2), (Step.RAISE, 3))
    assert (alarm.standing, alarm.stage, alarm.count) == (Standing.SUPPRESSED, Stage.UNACKED, 2)
    alarm = after(alarm, (Step.UNSUPPRESS, 4))
    assert sound_owed([alarm], at=later(4)) is SOUNDS[Priority.ALARM]


def out_of_service(*approvals: Approval) -> Act:
    return Act(Step.PUT_OUT_OF_SERVICE, later(600), by="sara", reason="work order 8841", approvals=approvals)


@pytest.mark.parametrize(
    "approvals",
    [
        (),
        (Approval("sam", later(590)),),
        (Approval("sam", later(590)), Approval("sam", later(595))),
        (Approval("sam", later(590)), Approval("", later(595))),
        (Approval("sam", later(590)), Approval("noa", later(600 - 901))),
        (Approval("sam", later(590)), Approval("noa", later(601))),
    ],
)
def test_one_person_never_takes_a_source_out_of_service(approvals):
    assert refusal_of(raised(), out_of_service(*approvals)) is Refusal.NEEDS_TWO_PERSONS


def test_two_persons_take_a_source_out_of_service_and_one_brings_it_back():
    alarm = move(raised(), out_of_service(Approval("sam", later(1)), Approval("noa", later(590))))
    assert (alarm.standing, alarm.aside_by, due_at(alarm)) == (Standing.OUT_OF_SERVICE, "sara", None)
    shelf = Act(Step.SHELVE, later(601), by="sam", until=later(700), reason="wind")
    assert refusal_of(alarm, shelf) is Refusal.IS_OUT_OF_SERVICE
    assert after(alarm, (Step.RETURN_TO_SERVICE, 700)).standing is Standing.IN_SERVICE


# responsibility -------------------------------------------------------------------------------------------------


def test_taking_an_alarm_is_not_acknowledging_it():
    alarm = after(raised(), (Step.TAKE, 1))
    assert (alarm.taken_by, alarm.stage) == ("sam", Stage.UNACKED)
    assert refusal_of(alarm, Act(Step.TAKE, later(2), by="sam")) is Refusal.ALREADY_THEIRS


def test_responsibility_is_handed_over_to_a_named_person():
    alarm = after(raised(), (Step.TAKE, 1))
    assert refusal_of(alarm, Act(Step.TRANSFER, later(2), by="sam")) is Refusal.NEEDS_RECEIVER
    assert move(alarm, Act(Step.TRANSFER, later(2), by="sam", to="noa")).taken_by == "noa"


# time -----------------------------------------------------------------------------------------------------------


def test_a_warning_nobody_acknowledged_becomes_an_alarm_after_five_minutes():
    warning = raised(Priority.WARNING)
    assert tick(warning, later(299))[0].priority is Priority.WARNING
    risen, taken = tick(warning, later(300))
    assert (risen.priority, [act.step for act in taken]) == (Priority.ALARM, [Step.RISE])
    assert sound_owed([risen], at=later(300)).repeats


def test_an_acknowledged_warning_does_not_rise():
    assert tick(after(raised(Priority.WARNING), (Step.ACKNOWLEDGE, 10)), later(9999))[1] == []


def test_the_supervisor_is_called_when_nobody_answers_in_time_and_only_once():
    alarm, taken = tick(raised(), later(180))
    assert [act.step for act in taken] == [Step.CALL_SUPERVISOR]
    assert tick(alarm, later(9999))[1] == []
    assert refusal_of(alarm, Act(Step.ESCALATE, later(200), by="sam")) is Refusal.ALREADY_ESCALATED


def test_a_condition_raised_again_does_not_call_the_supervisor_again():
    called, _ = tick(raised(), later(180))
    assert tick(after(called, (Step.RAISE, 200), (Step.CLEAR, 210), (Step.RAISE, 215)), later(9999))[1] == []


def test_a_shelved_alarm_calls_nobody():
    _, taken = tick(shelved(raised(), for_s=600), later(599))
    assert taken == []


def test_an_alarm_that_flickers_within_its_hold_off_still_calls_the_supervisor():
    alarm = raised()
    for seconds in range(10, 170, 20):
        alarm = after(alarm, (Step.CLEAR, seconds), (Step.RAISE, seconds + 10))
    assert [act.step for act in tick(alarm, later(180))[1]] == [Step.CALL_SUPERVISOR]


def test_an_alarm_that_comes_back_long_after_gets_its_full_time():
    alarm = after(raised(), (Step.CLEAR, 10), (Step.RAISE, 500))
    assert respond_by(alarm) == later(680)


def test_time_takes_its_steps_in_the_order_they_were_due():
    alarm, taken = tick(after(raised(Priority.WARNING), (Step.SILENCE, 290)), later(700))
    assert [act.step for act in taken] == [Step.RISE, Step.CALL_SUPERVISOR]
    assert [act.at for act in taken] == [later(300), later(600)]
    assert alarm.silenced_until is None, "a risen priority breaks the silence"


# alarm types ----------------------------------------------------------------------------------------------------


def four(text: str) -> dict[str, str]:
    return {language: f"{text} ({language})" for language in ("nl", "fr", "de", "en")}


def raw_type(**changes: object) -> dict[str, object]:
    raw: dict[str, object] = {
        "key": "fence-forced", "version": 1, "priority": "alarm", "owner": "operator", "respond_within_s": 180,
        "hold_off_s": 60, "title": four("fence"), "consequence": four("intruder"), "response": [four("look")],
        "why": four("force {force_n} at {place}"), "escalation": {"to": "supervisor"},
        "facts": {"force_n": {"label": four("force"), "unit": "N"}},
    }  # fmt: skip
    return {key: value for key, value in (raw | changes).items() if value is not ...}


def test_a_whole_alarm_type_is_read_with_its_terms_and_says_why():
    kind = read_type(raw_type(), owners=("operator", "supervisor"))
    assert kind.terms == Terms(respond_within_s=180, hold_off_s=60, escalates_to="supervisor")
    assert kind.why_sentence({"force_n": 41.2, "place": "F-114"}, "fr") == "force 41 N at F-114 (fr)"
    assert kind.why_sentence({"place": "F-114"}, "en") == "force ? at F-114 (en)"


@pytest.mark.parametrize(
    "field",
    ["version", "priority", "owner", "respond_within_s", "title", "consequence", "response", "why", "escalation"],
)
def test_an_alarm_type_that_leaves_something_out_is_refused_by_name(field):
    with pytest.raises(BadAlarmType, match=f"fence-forced: {field}: missing"):
        read_type(raw_type(**{field: ...}), owners=("operator", "supervisor"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"priority": "information"}, "information asks nothing of anybody"),
        ({"owner": "harbour dog"}, "owner: 'harbour dog' is not one of operator, supervisor"),
        ({"respond_within_s": 0}, "respond_within_s: 0 is not between 1 and 86400"),
        ({"title": {"nl": "hek", "fr": "clôture", "de": "Zaun"}}, "title.en: missing, people read it in four"),
        ({"response": [four("look"), {**four("act"), "de": " "}]}, r"response\[1\].de: missing"),
        ({"why": four("{unknown_thing} happened")}, r"\{unknown_thing\} is not among the facts"),
        ({"why": four("{broken")}, "not a template"),
        ({"escalation": {"to": "nobody"}}, "somebody must be called when an alarm"),
        ({"escalation": {"to": "supervisor", "rises_after_s": 300}}, "only a warning does"),
        ({"priority": "warning"}, "a warning rises to an alarm"),
        ({"colour": "red"}, "unknown field `colour`"),
    ],
)
def test_an_alarm_type_with_a_fault_is_refused_with_the_reason(changes, message):
    with pytest.raises(BadAlarmType, match=message):
        read_type(raw_type(**changes), owners=("operator", "supervisor"))


def test_the_newest_version_of_a_type_holds_and_older_ones_stay_readable():
    kinds = read_types([raw_type(), raw_type(version=2)], owners=("operator", "supervisor"))
    assert newest(kinds, "fence-forced").version == 2
    assert kinds["fence-forced", 1].version == 1
    assert newest(kinds, "unheard-of") is None
    with pytest.raises(BadAlarmType, match="version: 1 stands there twice"):
        read_types([raw_type(), raw_type()], owners=("operator", "supervisor"))
