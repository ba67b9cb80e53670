"""The envelope carries what is put in it, and nothing travels without a label."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from port2port.engine.events import ConditionNoted, Event, Label, Origin, Tlp, pack, unpack

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
WORDS = st.text(min_size=1, max_size=20)


class Sentences(msgspec.Struct, frozen=True):
    """A body of bytes."""

    raw: bytes


labels = st.builds(
    Label, area=WORDS, owner=WORDS, purpose=WORDS, tlp=st.sampled_from(Tlp), clearance=st.integers(0, 3)
)
events = st.builds(
    Event.of,
    st.builds(Sentences, raw=st.binary(max_size=100)),
    label=labels,
    actor=WORDS,
    at=st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    origin=st.sampled_from(Origin),
    count=st.integers(1, 10_000),
    causation_id=st.none() | st.uuids(),
    key=st.none() | WORDS,
)


@given(st.lists(events, max_size=5))
def test_events_come_out_of_a_message_as_they_were_packed(batch):
    assert unpack(pack(batch)) == batch


@given(events, st.integers(0, 2**40))
def test_a_number_changes_nothing_but_the_number(one, position):
    numbered = one.at(position)
    assert numbered.position == position
    assert numbered.at(one.position) == one


@given(events)
def test_the_body_comes_out_as_it_went_in_and_names_the_kind(one):
    assert one.kind == "Sentences"
    assert Event.of(one.body(Sentences), label=one.label, actor="x", at=NOON).payload == one.payload


def test_a_body_of_another_shape_is_refused():
    one = Event.of(ConditionNoted(name="gap"), label=Label("antwerp", "port", "isps"), actor="a", at=NOON)
    with pytest.raises(msgspec.ValidationError, match="missing required field `raw`"):
        one.body(Sentences)


@pytest.mark.parametrize("missing", ["area", "owner", "purpose"])
def test_a_label_that_leaves_something_out_cannot_be_made(missing):
    parts = {"area": "antwerp", "owner": "port", "purpose": "isps"} | {missing: ""}
    with pytest.raises(ValueError, match="a label needs area, owner and purpose"):
        Label(**parts)


def test_an_event_without_a_label_cannot_be_made():
    with pytest.raises(TypeError, match="label"):
        Event.of(ConditionNoted(name="gap"), actor="a", at=NOON)


def test_the_area_is_that_of_the_label():
    assert (
        Event.of(ConditionNoted(name="x"), label=Label("ghent", "port", "isps"), actor="a", at=NOON).area == "ghent"
    )


def test_a_message_may_say_the_moment_in_another_zone():
    local = NOON.astimezone(timezone(timedelta(hours=1)))
    one = Event.of(ConditionNoted(name="gap"), label=Label("antwerp", "port", "isps"), actor="a", at=local)
    assert unpack(pack([one]))[0].occurred_at == NOON


@given(st.binary(max_size=60))
def test_rubbish_on_the_wire_is_an_error_of_decoding(rubbish):
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        assert isinstance(unpack(rubbish), list)


@given(events, st.data())
def test_a_message_changed_on_the_wire_is_events_or_an_error_of_decoding(one, data):
    message = bytearray(pack([one]))
    message[data.draw(st.integers(0, len(message) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        assert all(isinstance(event, Event) for event in unpack(bytes(message)))


def test_each_event_has_an_identifier_of_its_own():
    made = {
        Event.of(ConditionNoted(name="x"), label=Label("a", "b", "c"), actor="a", at=NOON).id for _ in range(500)
    }
    assert len(made) == 500
    assert all(isinstance(one, UUID) and one.version == 7 for one in made)
