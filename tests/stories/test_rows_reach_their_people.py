"""The one door through which rows reach a person: those of the person's areas, and no others."""

from datetime import UTC, datetime

import pytest

from port2port.places.models import SecurityLevel
from port2port.rights.queries import visible_to
from port2port.rights.rules import Actor, Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def levels():
    """One row in each of three areas."""
    for area in ("antwerp", "ghent", "genk"):
        SecurityLevel.objects.create(
            place=area, area=area, owner="port2port", purpose="isps", level=1, reference="test",
            since=datetime(2026, 11, 25, tzinfo=UTC),
        )  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("areas", "seen"),
    [
        ((), []),
        (("antwerp",), ["antwerp"]),
        (("antwerp", "genk", "atlantis"), ["antwerp", "genk"]),
        (("",), []),
    ],
)
def test_rows_reach_only_those_who_work_in_their_area(role, areas, seen):
    rows = visible_to(Actor("1", "Sam", role, frozenset(areas)), SecurityLevel.objects.all())
    assert sorted(row.area for row in rows) == seen


def test_what_was_already_narrowed_stays_so():
    sam = Actor("1", "Sam", Role.SUPERVISOR, frozenset({"antwerp", "ghent"}))
    assert [row.area for row in visible_to(sam, SecurityLevel.objects.exclude(area="ghent"))] == ["antwerp"]
