"""What `/status` says: everything that runs, what does not and what to do, and nothing a stranger could use."""

from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client

from port2port.engine.bus import LocalWire
from port2port.project import status

pytestmark = pytest.mark.django_db


class Wire:
    """A connection to another process, as far as the page asks."""

    def __init__(self, *, connected, version=(2, 14, 3)):
        self.connected, self.version = SimpleNamespace(is_set=lambda: connected), version


@pytest.fixture
def running(monkeypatch):
    """A process that runs, to spoil."""
    kept = [SimpleNamespace(name=name, failing=False, last_fault="") for name in ("reactions", "ledger")]
    process = SimpleNamespace(wire=LocalWire(), keepers=kept)
    monkeypatch.setattr(status, "_running", lambda: process)
    monkeypatch.setattr(status, "NatsWire", Wire)
    return process


def asked():
    reply = Client(headers={"accept": "application/json", "accept-language": "en"}).get("/status")
    return reply.status_code, reply.json()


def line(name):
    return next(one for one in asked()[1]["lines"] if one["name"] == name)


def test_when_everything_runs_it_says_so_to_people_and_to_programs(running):
    code, said = asked()
    assert (code, said["fine"]) == (200, True)
    assert {"Record", "Ledger", "reactions", "ledger"} <= {one["name"] for one in said["lines"]}
    page = Client(headers={"accept-language": "en"}).get("/status")
    assert (page.status_code, "Everything runs." in page.content.decode()) == (200, True)


@pytest.mark.parametrize(
    ("language", "words"),
    [("nl", "Alles werkt."), ("fr", "Tout fonctionne."), ("de", "Alles läuft."), ("en", "Everything runs.")],
)
def test_it_speaks_the_language_of_who_asks(running, language, words):
    assert words in Client(headers={"accept-language": language}).get("/status").content.decode()


def test_a_part_that_fails_makes_the_answer_503_and_tells_strangers_no_details(running):
    running.keepers[0].failing, running.keepers[0].last_fault = True, "OperationalError: secret path"
    code, said = asked()
    assert (code, said["fine"]) == (503, False)
    assert line("reactions") == {"name": "reactions", "fact": "Fault", "fine": False, "advice": ""}
    page = Client(headers={"accept-language": "en"}).get("/status")
    assert page.status_code == 503
    assert "Not everything runs." in page.content.decode()
    assert "secret path" not in page.content.decode()


def test_a_lost_connection_between_processes_is_told_with_what_it_means(running):
    running.wire = Wire(connected=False)
    assert line("NATS") == {
        "name": "NATS", "fact": "not connected", "fine": False,
        "advice": "Nothing is lost; it is sent when NATS is back.",
    }  # fmt: skip
    running.wire = Wire(connected=True)
    assert (line("NATS")["fact"], line("NATS")["advice"]) == ("2.14.3", "")
    running.wire = Wire(connected=True, version=(2, 9, 0))
    assert "may lose messages" in line("NATS")["advice"]


def test_it_tells_programs_what_detection_counted(running, monkeypatch):
    monkeypatch.setattr(status, "detection_report", lambda: {"messages": {1: 7}, "refused": {"bad-checksum": 2}})
    assert asked()[1]["detection"] == {"messages": {"1": 7}, "refused": {"bad-checksum": 2}}


def test_it_holds_nothing_a_stranger_could_use(running):
    page = Client().get("/status").content.decode() + str(asked()[1])
    secrets = [
        settings.SECRET_KEY,
        settings.INGEST_TOKEN,
        str(settings.P2P.state),
        settings.DATABASES["default"].get("PASSWORD"),
    ]
    assert not [secret for secret in secrets if secret and secret in page]
