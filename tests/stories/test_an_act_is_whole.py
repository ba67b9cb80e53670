"""An act is one transaction with a right, a ledger entry and an event, or it did not happen."""

from datetime import UTC, datetime

import msgspec
import pytest

from port2port.audit.models import Entry, OutboxEvent
from port2port.places.models import SecurityLevel
from port2port.rights.actions import Untold, action, told
from port2port.rights.rules import Actor, NotYours, Role

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SAM = Actor("sam", "Sam Voorbeeld", Role.OPERATOR, frozenset({"antwerp"}))


class LevelNoted(msgspec.Struct, frozen=True):
    area: str


def level(area: str) -> SecurityLevel:
    return SecurityLevel(
        place=area, area=area, owner="port2port", purpose="isps", level=1, since=NOON, reference="test"
    )


@action("alarm.handle")
def note_level(*, area: str, by: Actor, at: datetime) -> SecurityLevel:
    row = level(area)
    row.save()
    return told(row, LevelNoted(area), by=by, at=at)


@action("alarm.handle")
def forget_to_tell(*, by: Actor, at: datetime) -> None:
    level("antwerp").save()


def test_an_act_leaves_one_entry_and_one_event():
    note_level(area="antwerp", by=SAM, at=NOON)
    entry, event = Entry.objects.get(), OutboxEvent.objects.get()
    assert (entry.verb, entry.area, entry.actor) == ("note_level", "antwerp", "sam")
    assert (event.kind, event.area) == ("LevelNoted", "antwerp")


def test_an_act_that_tells_nothing_is_undone():
    with pytest.raises(Untold):
        forget_to_tell(by=SAM, at=NOON)
    assert not SecurityLevel.objects.exists()


def test_an_act_outside_the_actors_area_leaves_nothing():
    with pytest.raises(NotYours):
        note_level(area="ghent", by=SAM, at=NOON)
    assert not (SecurityLevel.objects.exists() or Entry.objects.exists() or OutboxEvent.objects.exists())


def test_an_act_without_the_right_does_not_begin():
    auditor = Actor("jules", "Jules Maquette", Role.AUDITOR, frozenset({"antwerp"}))
    with pytest.raises(NotYours):
        note_level(area="antwerp", by=auditor, at=NOON)
    assert not SecurityLevel.objects.exists()
