"""An account changes while its stream is open: within a second it is cut, and the next has the new rights."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.deployment import ROOT
from tests.pages import FORM, Desk, Listener, sign_in
from tests.standing import standing

CUT_WITHIN_S = 1.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with standing(tmp_path_factory.mktemp("account")) as made:
        yield made


def change(server, username, **columns):
    """Change an account's row, as an administrator in another process would; give the moment it was done."""
    code = (
        "import django, json, sys, time; django.setup()\n"
        "from port2port.people.models import Account\n"
        "changed = Account.objects.filter(username=sys.argv[1]).update(**json.loads(sys.argv[2]))\n"
        "assert changed == 1\n"
        "print(time.time())\n"
    )
    environment = {**server.env, "DJANGO_SETTINGS_MODULE": "port2port.project.settings"}
    command = [sys.executable, "-c", code, username, json.dumps(columns)]
    return float(subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout)


def cut_after(stream, act, *arguments, **more):
    """Do something while somebody listens; give the seconds until the stream was cut."""
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(stream.ends)
        done = act(*arguments, **more)
        return ended.result() - done


def listening(server, name):
    cookie = sign_in(server, name)
    stream = Listener(server, cookie)
    stream.heard("alarms", lambda body: True)
    return cookie, stream


def test_areas_that_change_cut_the_stream_and_the_next_one_shows_the_new_areas(server):
    cookie, stream = listening(server, "Noa Testens")
    assert stream.said[0] == ("hello", {"areas": ["antwerp"]})
    assert cut_after(stream, change, server, "demo-antwerp-2", areas=["ghent"]) < CUT_WITHIN_S
    again = Listener(server, cookie)
    again.heard("beat", lambda body: True)
    assert again.said[0] == ("hello", {"areas": ["ghent"]})
    assert {body["area"] for kind, body in again.said if kind == "tracks"} == {"ghent"}


def test_an_account_without_areas_sees_nothing_of_any(server):
    cookie, stream = listening(server, "Milan Proef")
    assert cut_after(stream, change, server, "demo-zeebrugge", areas=[]) < CUT_WITHIN_S
    again = Listener(server, cookie)
    beat = again.heard("beat", lambda body: True)
    assert (beat["feeds"], beat["oldest_s"]) == ([], None)
    assert [kind for kind, _ in again.said if kind == "tracks"] == []


@pytest.mark.parametrize(
    ("name", "username", "column", "content"),
    [
        ("Vera Dummy", "demo-liege", "is_active", False),
        ("Agathe Fictive", "demo-brussels", "password", "argon2$changed-elsewhere"),
        ("Robin Fictief", "demo-limburg", "role", "service"),
    ],
)
def test_who_may_no_longer_see_is_cut_and_not_let_in_again(server, name, username, column, content):
    cookie, stream = listening(server, name)
    assert cut_after(stream, change, server, username, **{column: content}) < CUT_WITHIN_S
    status, _, said = Desk(server, cookie).ask("GET", "/stream")
    assert status in (401, 403), said


def test_signing_out_cuts_the_stream(server):
    cookie, stream = listening(server, "Tine Oefening")
    token = cookie.split("__Host-p2p-csrf=")[1].split(";")[0]

    def sign_out():
        head = {"Content-Type": FORM, "X-CSRFToken": token}
        assert Desk(server, cookie).ask("POST", "/signout", "", **head)[0] == 302
        return time.time()

    assert cut_after(stream, sign_out) < CUT_WITHIN_S
    assert Desk(server, cookie).ask("GET", "/stream")[0] == 401


def test_who_did_not_change_keeps_the_stream(server):
    _, stream = listening(server, "Kobe Exempel")
    change(server, "demo-auditor", areas=["antwerp"])
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        assert stream.listen()
