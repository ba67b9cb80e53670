"""The door of the hot endpoints: who calls is known or refused; every right of every route stands in a table."""

import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from port2port.control import hot as control_hot
from port2port.control.stream import Stream
from port2port.detection import hot as detection_hot
from port2port.detection.feeds import Feeds
from port2port.people.actions import create_account
from port2port.people.models import Account
from port2port.project.hot import HotPaths
from port2port.rights.hot import answer
from port2port.rights.rules import Role

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough password"
PEOPLE = {role: role.value for role in Role if role is not Role.SERVICE}
PASS, SIGN_IN, NOT_YOURS = 200, 401, 403

TABLE = {
    ("GET", "/stream"): {
        "operator": PASS, "supervisor": PASS, "auditor": PASS, "service": NOT_YOURS, "nobody": SIGN_IN,
    },
    ("POST", "/ingest/ais"): {
        "operator": NOT_YOURS, "supervisor": NOT_YOURS, "auditor": NOT_YOURS, "service": PASS, "nobody": SIGN_IN,
    },
    ("GET", "/ingest/accepted"): {
        "operator": NOT_YOURS, "supervisor": NOT_YOURS, "auditor": NOT_YOURS, "service": PASS, "nobody": SIGN_IN,
    },
}  # fmt: skip


async def reached(scope, receive, send, actor):
    """Stand in for a handler: say who came through the door."""
    await answer(send, 200, {"actor": actor.name, "session": scope["p2p.session"]})


@pytest.fixture(scope="module")
def hot():
    """The door with every route that the rooms declare."""
    stream = Stream(snapshot=lambda area: [], alarms=lambda areas: b"{}", actors=lambda sessions: {})
    routes = [*control_hot.routes(stream), *detection_hot.routes(Feeds([], journal=None), journal=None)]
    return HotPaths([dataclasses.replace(route, handler=reached) for route in routes])


@pytest.fixture
def session():
    """Sign an account in; give its session key."""

    def enter(role=Role.OPERATOR):
        account = create_account(
            username=role.value, name=role.value, role=role, areas=["antwerp"], password=PASSWORD
        )
        client = Client()
        client.force_login(account)
        return client.session.session_key

    return enter


def ask(hot, method="GET", path="/stream", **headers):
    """Knock once; give status and body."""
    sent = []

    async def send(message):
        sent.append(message)

    head = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": head, "query_string": b""}
    asyncio.run(hot(scope, None, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def with_session(key):
    return {"cookie": f"other=1; {settings.SESSION_COOKIE_NAME}={key}; p2p-language=nl"}


def with_token(token):
    return {"authorization": f"Bearer {token}"}


def test_the_table_names_every_route_and_nothing_else(hot):
    assert set(hot.routes) == set(TABLE)


@pytest.mark.parametrize("who", ["operator", "supervisor", "auditor", "service", "nobody"])
@pytest.mark.parametrize(("method", "path"), TABLE)
def test_a_route_opens_for_whom_the_table_says(hot, session, method, path, who):
    head = with_token(settings.INGEST_TOKEN) if who == "service" else {}
    if who not in ("service", "nobody"):
        head = with_session(session(Role(who)))
    status, said = ask(hot, method, path, **head)
    assert status == TABLE[method, path][who]
    assert said.get("actor", who) in (who, "ingest")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "get"])
@pytest.mark.parametrize("path", sorted({path for _, path in TABLE}))
def test_a_method_a_path_does_not_take_is_told_so(hot, method, path):
    status, said = ask(hot, method, path, **with_token(settings.INGEST_TOKEN))
    assert (status, said["title"], said["detail"]) == (405, "Method not allowed", f"{path} does not take {method}")


def test_other_paths_and_protocols_are_left_to_django(hot):
    owned = [
        hot.owns({"type": kind, "path": path})
        for kind, path in (("http", "/stream"), ("http", "/stream/"), ("http", "/now"), ("websocket", "/stream"))
    ]
    assert owned == [True, False, False, False]


@pytest.mark.parametrize(
    "given",
    ["wrong", "", " ", "Bearer", "\xff\xfe\xe9", "x" * 10_000, lambda token: token[:-1], lambda token: token + "x"],
)
def test_a_token_that_is_not_ours_opens_nothing(hot, given):
    token = given(settings.INGEST_TOKEN) if callable(given) else given
    status, said = ask(hot, "POST", "/ingest/ais", **with_token(token))
    assert (status, said["title"]) == (401, "Not signed in")


def test_a_wrong_token_is_not_saved_by_a_good_session(hot, session):
    assert ask(hot, **with_token("wrong"), **with_session(session()))[0] == 401


def test_the_scheme_is_read_as_the_standard_says_and_others_are_not_ours(hot, session):
    assert ask(hot, "POST", "/ingest/ais", authorization=f"bearer {settings.INGEST_TOKEN}")[0] == 200
    assert ask(hot, "POST", "/ingest/ais", authorization=settings.INGEST_TOKEN)[0] == 401
    assert ask(hot, authorization="Basic c2FtOnNhbQ==", **with_session(session()))[0] == 200


def test_a_session_that_is_over_opens_nothing(hot, session):
    key = session()
    assert ask(hot, **with_session(key)) == (200, {"actor": "operator", "session": key})
    Session.objects.filter(session_key=key).update(expire_date=datetime.now(UTC) - timedelta(seconds=1))
    assert ask(hot, **with_session(key))[0] == 401


def test_a_closed_account_and_a_changed_password_end_its_sessions(hot, session):
    key = session()
    Account.objects.update(is_active=False)
    assert ask(hot, **with_session(key))[0] == 401
    Account.objects.update(is_active=True)
    assert ask(hot, **with_session(key))[0] == 200
    account = Account.objects.get()
    account.set_password("another long password")
    account.save()
    assert ask(hot, **with_session(key))[0] == 401


@pytest.mark.parametrize("key", ["", "unknown", "a" * 5_000, "'; DROP TABLE django_session; --", "\xff\xfe"])
def test_a_session_nobody_gave_opens_nothing(hot, key):
    assert ask(hot, **with_session(key))[0] == 401


def test_cookies_that_make_no_sense_are_no_session(hot):
    for cookie in ("", ";;;", "=", "__Host-p2p", f"x{settings.SESSION_COOKIE_NAME}=1", "a=b=c; =;"):
        assert ask(hot, cookie=cookie)[0] == 401
