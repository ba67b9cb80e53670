"""Who acts, and what a refusal is called.

Law of this file: a right is held by role in an area. No area is no right; an empty audience is nobody.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Refused(Exception):
    """An act was not allowed or made no sense; the message is for the person who tried.

    `reason` is a stable key of the catalogue, `facts` fill its sentence.
    """

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason, self.facts = reason, facts


class NotYours(Refused):
    """The actor may not do this here."""


class Role(StrEnum):
    """The work a person does; part 2 adds the roles whose rooms do not exist yet."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    SERVICE = "service"


MAY: dict[str, frozenset[Role]] = {
    "alarm.see": frozenset(Role),
    "alarm.handle": frozenset({Role.OPERATOR, Role.SUPERVISOR}),
    "alarm.out_of_service": frozenset({Role.SUPERVISOR}),
    "picture.see": frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR}),
    "ingest.write": frozenset({Role.SERVICE}),
    "places.load": frozenset({Role.SERVICE}),
    "places.level": frozenset({Role.SUPERVISOR, Role.SERVICE}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone or something that acts: an account, or a service of the platform."""

    id: str
    name: str
    role: Role
    areas: frozenset[str] = field(default_factory=frozenset)
    language: str = "en"
    desk: str = ""

    def may(self, right: str, *, area: str | None = None) -> bool:
        """Tell whether this actor holds a right, in an area when one is named.

        >>> Actor("1", "Sam", Role.OPERATOR, frozenset({"antwerp"})).may("alarm.handle", area="ghent")
        False
        """
        return self.role in MAY.get(right, frozenset()) and (area is None or area in self.areas)


def service(name: str, areas: frozenset[str] = frozenset()) -> Actor:
    """Name a part of the platform that acts by itself, such as `detection`."""
    return Actor(id=f"service:{name}", name=name, role=Role.SERVICE, areas=areas)
