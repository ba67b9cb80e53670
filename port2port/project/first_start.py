"""What happens before the first page: the database, the ports, and in the demo its people."""

from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from port2port.engine.clock import REAL
from port2port.places.actions import load_ports
from port2port.project.config import AREAS
from port2port.rights.rules import Actor, service

PORTS = Path(__file__).resolve().parent.parent / "places" / "ports"
DEMO_MARK = "DEMO"


class WrongState(RuntimeError):
    """A production start met demo state, or the other way round."""


def prepare() -> None:
    """Bring the deployment to where it can serve; safe to repeat. Raises WrongState."""
    ready()
    load_ports(PORTS, by=loader(), at=REAL.now())
    if settings.P2P.demo:
        from port2port.project.demo import people

        people.fill()


def ready() -> None:
    """Bring the database to this version, where the state is of the kind that was asked for. Raises WrongState."""
    check_state(settings.P2P.state, demo=settings.P2P.demo)
    call_command("migrate", verbosity=0, interactive=False)


def check_state(state: Path, *, demo: bool) -> None:
    """Refuse to mix the demo world with a real one; mark a new demo as such."""
    mark = state / DEMO_MARK
    if mark.exists() and not demo:
        raise WrongState(f"{state} holds the demo world; set P2P_STATE to another folder for a real start")
    if demo and not mark.exists():
        if (state / "port2port.sqlite3").exists():
            raise WrongState(f"{state} holds a real deployment; the demo needs a folder of its own (P2P_STATE)")
        mark.touch()


def loader() -> Actor:
    """The part of the platform that loads data files."""
    return service("loader", frozenset(AREAS))
