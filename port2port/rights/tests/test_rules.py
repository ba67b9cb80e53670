"""Who may do what, as a table."""

import pytest

from port2port.rights.rules import MAY, Actor, Role, service


def actor(role: Role, *areas: str) -> Actor:
    return Actor("1", "Sam Voorbeeld", role, frozenset(areas))


@pytest.mark.parametrize(
    ("role", "right", "area", "may"),
    [
        (Role.OPERATOR, "alarm.handle", "antwerp", True),
        (Role.OPERATOR, "alarm.handle", "ghent", False),
        (Role.SUPERVISOR, "alarm.handle", "antwerp", True),
        (Role.AUDITOR, "alarm.handle", "antwerp", False),
        (Role.AUDITOR, "picture.see", "antwerp", True),
        (Role.OPERATOR, "ingest.write", "antwerp", False),
        (Role.OPERATOR, "no.such.right", "antwerp", False),
    ],
)
def test_a_right_is_held_by_role_in_an_area(role, right, area, may):
    assert actor(role, "antwerp").may(right, area=area) is may


@pytest.mark.parametrize("right", sorted(MAY))
def test_without_an_area_nobody_may_do_anything_anywhere(right):
    assert not any(actor(role).may(right, area="antwerp") for role in Role)


def test_a_service_says_that_it_is_one():
    assert service("detection").id == "service:detection"
