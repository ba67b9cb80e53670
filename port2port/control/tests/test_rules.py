"""What the control room holds true, without a database."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from port2port.control import rules
from port2port.engine.alarms import BadAlarmType, Priority, Refusal, Stage, Standing, Step

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
FOLDER = Path(rules.__file__).parent / "alarm_types"
GRAVITY = {
    "ais-zone-entry": Priority.ALARM, "ais-zone-speed": Priority.WARNING, "ais-jump": Priority.WARNING,
    "feed-silent": Priority.WARNING, "ais-gap": Priority.CAUTION, "ais-lost": Priority.CAUTION,
}  # fmt: skip


def test_every_alarm_type_is_whole():
    kinds = rules.alarm_types()
    assert {key: kind.priority for (key, _), kind in kinds.items()} == GRAVITY
    for kind in kinds.values():
        assert kind.owner in rules.OWNERS
        assert len(kind.response) >= 3


def test_every_why_sentence_reads_without_a_gap():
    facts = {
        "vessel": "FICTIVA STAR", "place": "RZ-07", "feed": "ais-antwerp", "speed_knots": 8.1, "limit_knots": 6.5,
        "silent_s": 900, "moved_m": 4200, "distance_m": 51_000, "implied_knots": 230.4,
    }  # fmt: skip
    for kind in rules.alarm_types().values():
        for language in ("nl", "fr", "de", "en"):
            sentence = kind.why_sentence(facts, language)
            assert "?" not in sentence and "{" not in sentence
    assert "8,1 kn" in rules.type_now("ais-zone-speed").why_sentence(facts, "nl")
    assert "15 min" in rules.type_now("ais-gap").why_sentence(facts, "en")


def test_a_published_version_never_changes():
    """Each published file is listed with its digest; a change is a new file with the next version."""
    published = dict(reversed(line.split()) for line in (FOLDER / "published.txt").read_text().splitlines())
    assert set(published) == {path.name for path in FOLDER.glob("*.yaml")}
    for name, digest in published.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, (
            f"{name}: publish the next version"
        )


def test_a_file_that_is_named_after_something_else_is_refused(tmp_path):
    text = (FOLDER / "ais-gap.1.yaml").read_text()
    (tmp_path / "ais-gap.2.yaml").write_text(text)
    with pytest.raises(BadAlarmType, match="ais-gap.2.yaml: key: the file must be named"):
        rules.load_types(tmp_path)


def test_a_file_that_is_not_an_alarm_type_is_refused_by_name(tmp_path):
    (tmp_path / "broken.1.yaml").write_text("key: [")
    with pytest.raises(BadAlarmType, match=r"broken.1.yaml: not YAML"):
        rules.load_types(tmp_path)
    (tmp_path / "broken.1.yaml").write_text("- a list")
    with pytest.raises(BadAlarmType, match=r"broken.1.yaml: an alarm type is a mapping"):
        rules.load_types(tmp_path)


def test_a_type_without_a_response_does_not_get_in(tmp_path):
    row = yaml.safe_load((FOLDER / "ais-gap.1.yaml").read_text())
    del row["response"]
    (tmp_path / "ais-gap.1.yaml").write_text(yaml.safe_dump(row))
    with pytest.raises(BadAlarmType, match="ais-gap: response: missing"):
        rules.load_types(tmp_path)


def test_every_state_step_priority_and_refusal_has_its_words_in_four_languages():
    table = rules.words()
    assert set(table["priorities"]) == {priority.value for priority in Priority}
    assert set(table["steps"]) == {step.value for step in Step}
    assert {refusal.value for refusal in Refusal} <= set(table["refusals"])
    states = {rules.state_word(stage, standing) for stage in Stage for standing in Standing}
    assert states == set(table["states"])
    for group in table.values():
        for texts in group.values():
            assert set(texts) == {"nl", "fr", "de", "en"} and all(texts.values())


@pytest.mark.parametrize(
    ("at", "began"),
    [("2026-11-25T05:00+00:00", "2026-11-25T06:00+01:00"), ("2026-11-25T04:59+00:00", "2026-11-24T18:00+01:00"),
     ("2026-11-25T17:00+00:00", "2026-11-25T18:00+01:00"), ("2026-07-01T04:00+00:00", "2026-07-01T06:00+02:00")],
)  # fmt: skip
def test_a_shift_begins_at_six_in_the_morning_and_the_evening(at, began):
    assert rules.shift_start(datetime.fromisoformat(at)) == datetime.fromisoformat(began)


def test_a_flood_begins_over_ten_in_ten_minutes_and_ends_under_five():
    burst = [NOON + timedelta(seconds=20 * i) for i in range(11)]
    assert not rules.is_flood(burst[:10], at=burst[9])
    assert rules.is_flood(burst, at=burst[10])
    assert rules.is_flood(burst, at=NOON + timedelta(minutes=11)), "six left of eleven: the flood goes on"
    assert not rules.is_flood(burst, at=NOON + timedelta(minutes=13)), "two left: it is over"


def test_a_flood_that_ended_does_not_go_on_by_itself():
    burst = [NOON + timedelta(seconds=i) for i in range(11)]
    slow = [NOON + timedelta(minutes=9, seconds=10 * i) for i in range(6)]
    assert rules.is_flood([*burst, *slow], at=NOON + timedelta(minutes=10, seconds=30))
    late = NOON + timedelta(minutes=25)
    again = [late + timedelta(seconds=i) for i in range(6)]
    assert not rules.is_flood([*burst, *again], at=late + timedelta(seconds=10)), "six are no flood of their own"


def test_three_times_in_a_minute_is_chattering():
    moments = [NOON, NOON + timedelta(seconds=30), NOON + timedelta(seconds=61)]
    assert not rules.is_chattering(moments)
    assert rules.is_chattering([*moments, NOON + timedelta(seconds=75)])
