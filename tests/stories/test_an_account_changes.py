"""An account changes while its stream is open: within a second the stream is cut, and what comes after is the new right."""

import contextlib
import json
import sqlite3
import time

import pytest

from tests.deployment import Deployment
from tests.pages import FORM, Desk, Listener, sign_in

CUT_WITHIN_S = 1.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Deployment(tmp_path_factory.mktemp("account") / "state")
    yield made.start()
    made.stop()


def change(server, username, **columns):
    """Change an account's row, as an administrator in another process would."""
    assigned = ", ".join(f"{column} = ?" for column in columns)
    with contextlib.closing(sqlite3.connect(server.database(), timeout=10)) as link, link:
        row = (*columns.values(), username)
        assert link.execute(f"UPDATE people_account SET {assigned} WHERE username = ?", row).rowcount == 1


def listening(server, name):
    cookie = sign_in(server, name)
    stream = Listener(server, cookie)
    stream.heard("alarms", lambda body: True)
    return cookie, stream


def test_areas_that_change_cut_the_stream_and_the_next_one_shows_the_new_areas(server):
    cookie, stream = listening(server, "Noa Testens")
    assert stream.said[0] == ("hello", {"areas": ["antwerp"]})
    change(server, "demo-antwerp-2", areas=json.dumps(["ghent"]))
    assert stream.ends() < CUT_WITHIN_S
    again = Listener(server, cookie)
    again.heard("beat", lambda body: True)
    assert again.said[0] == ("hello", {"areas": ["ghent"]})
    assert {body["area"] for kind, body in again.said if kind == "tracks"} == {"ghent"}


def test_an_account_without_areas_sees_nothing_of_any(server):
    cookie, stream = listening(server, "Milan Proef")
    change(server, "demo-zeebrugge", areas="[]")
    assert stream.ends() < CUT_WITHIN_S
    again = Listener(server, cookie)
    beat = again.heard("beat", lambda body: True)
    assert (beat["feeds"], beat["oldest_s"]) == ([], None)
    assert [kind for kind, _ in again.said if kind == "tracks"] == []


@pytest.mark.parametrize(
    ("name", "username", "column", "content"),
    [
        ("Vera Dummy", "demo-liege", "is_active", 0),
        ("Agathe Fictive", "demo-brussels", "password", "argon2$changed-elsewhere"),
        ("Robin Fictief", "demo-limburg", "role", "service"),
    ],
)
def test_who_may_no_longer_see_is_cut_and_not_let_in_again(server, name, username, column, content):
    cookie, stream = listening(server, name)
    change(server, username, **{column: content})
    assert stream.ends() < CUT_WITHIN_S
    status, _, said = Desk(server, cookie).ask("GET", "/stream")
    assert status in (401, 403), said


def test_signing_out_cuts_the_stream(server):
    cookie, stream = listening(server, "Tine Oefening")
    token = cookie.split("__Host-p2p-csrf=")[1].split(";")[0]
    head = {"Content-Type": FORM, "X-CSRFToken": token}
    assert Desk(server, cookie).ask("POST", "/signout", "", **head)[0] == 302
    assert stream.ends() < CUT_WITHIN_S
    assert Desk(server, cookie).ask("GET", "/stream")[0] == 401


def test_who_did_not_change_keeps_the_stream(server):
    _, stream = listening(server, "Kobe Exempel")
    change(server, "demo-auditor", areas=json.dumps(["antwerp"]))
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        assert stream.listen()
