"""The invented people of the demo world; none resembles anyone, and none exists in production."""

from django.conf import settings

from port2port.people.actions import ensure_demo_account
from port2port.project.config import AREAS
from port2port.rights.rules import Role

PEOPLE = (
    ("demo-antwerp", "Sam Voorbeeld", Role.OPERATOR, ("antwerp",), "Desk 2"),
    ("demo-antwerp-2", "Noa Testens", Role.OPERATOR, ("antwerp",), "Desk 1"),
    ("demo-zeebrugge", "Milan Proef", Role.OPERATOR, ("zeebrugge",), "Desk 1"),
    ("demo-ghent", "Kobe Exempel", Role.OPERATOR, ("ghent",), "Desk 1"),
    ("demo-ostend", "Tine Oefening", Role.OPERATOR, ("ostend",), "Desk 1"),
    ("demo-liege", "Vera Dummy", Role.OPERATOR, ("liege",), "Desk 1"),
    ("demo-brussels", "Agathe Fictive", Role.OPERATOR, ("brussels",), "Desk 1"),
    ("demo-limburg", "Robin Fictief", Role.OPERATOR, ("genk", "hasselt"), "Desk 1"),
    ("demo-supervisor", "Sara Model", Role.SUPERVISOR, ("antwerp", "ghent", "zeebrugge", "ostend"), "Desk 4"),
    ("demo-auditor", "Jules Maquette", Role.AUDITOR, AREAS, ""),
)


class NotTheDemo(RuntimeError):
    """Demo people were asked for outside the demo world."""


def fill() -> None:
    """Make the demo accounts; raises NotTheDemo outside `--demo`."""
    if not settings.P2P.demo:
        raise NotTheDemo("demo accounts exist only with --demo, in a state folder of their own")
    for username, name, role, areas, desk in PEOPLE:
        ensure_demo_account(username=username, name=name, role=role, areas=areas, desk=desk)
