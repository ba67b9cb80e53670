"""The hot endpoints: 202 only after the commit, once per key, and every refusal says what to do."""

import asyncio
from concurrent.futures import Future

import msgspec
import pytest

from port2port.audit.models import OutboxEvent
from port2port.audit.store import STORE
from port2port.detection import hot
from port2port.detection.events import SentencesReceived
from port2port.detection.examples import a_position
from port2port.detection.feeds import Feeds
from port2port.engine.events import Label, Origin
from port2port.engine.journal import Journal
from port2port.rights.rules import Actor, Role, service

LINE = a_position(205_000_001, 51.2, 4.3)
SENSOR = service("ingest", frozenset({"antwerp", "ghent"}))


def call(routes, method, path, body=b"", *, actor=SENSOR, query="", headers=(), pieces=1):
    """Call a hot endpoint as the server does; give status and body."""
    route = next(route for route in routes if (route.method, route.path) == (method, path))
    assert actor.may(route.right)
    size = -(-len(body) // pieces) or 1
    parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    sent = []

    async def receive():
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "headers": [(name.encode(), text.encode()) for name, text in headers],
    }  # fmt: skip
    asyncio.run(asyncio.wait_for(route.handler(scope, receive, send, actor), 10))
    return sent[0]["status"], msgspec.json.decode(sent[1]["body"])


@pytest.fixture
def journal(transactional_db):
    made = Journal(STORE, announce=lambda events: None)
    yield made
    made.close()


def the_routes(journal):
    feeds = Feeds([], journal)
    feeds.intake("ais-antwerp", Label("antwerp", "port-of-antwerp", "isps"), Origin.LIVE)
    return hot.routes(feeds, journal)


def post(routes, body, **more):
    return call(routes, "POST", "/ingest/ais", body, **{"query": "feed=ais-antwerp", **more})


def test_accepted_lines_are_on_disk_under_the_label_of_the_feed(journal):
    routes = the_routes(journal)
    status, said = post(routes, LINE + b"\r\n" + LINE + b"noise\n", pieces=7)
    row = OutboxEvent.objects.get()
    assert (status, said) == (202, {"accepted": 2, "refused": {"not-a-sentence": 1}, "position": row.position})
    assert (row.area, row.label["owner"], row.count) == ("antwerp", "port-of-antwerp", 2)
    status, said = call(routes, "GET", "/ingest/accepted")
    assert said == {"accepted": {"ais-antwerp": 2}, "refused": {"ais-antwerp": {"not-a-sentence": 1}}}


def test_a_key_is_written_once_and_answers_the_same_again(journal):
    routes = the_routes(journal)
    first = post(routes, LINE, headers=[("idempotency-key", "k-1")])
    assert post(routes, LINE, headers=[("idempotency-key", "k-1")]) == first
    assert OutboxEvent.objects.get().key == "k-1"
    assert call(routes, "GET", "/ingest/accepted")[1]["accepted"] == {"ais-antwerp": 1}


def test_a_key_with_other_lines_is_a_conflict(journal):
    routes = the_routes(journal)
    post(routes, LINE, headers=[("idempotency-key", "k-1")])
    status, said = post(routes, LINE * 2, headers=[("idempotency-key", "k-1")])
    assert (status, said["title"]) == (409, "Key used before")
    assert OutboxEvent.objects.count() == 1


def test_a_replay_goes_to_its_own_feed_and_origin(journal):
    routes = the_routes(journal)
    assert post(routes, LINE, query="area=ghent&origin=replay&keep_times=1")[0] == 202
    row = OutboxEvent.objects.get()
    body = msgspec.msgpack.decode(bytes(row.payload), type=SentencesReceived)
    assert (row.area, row.origin, body.feed, body.keeps_times) == ("ghent", "replay", "replay-ghent", True)


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("feed=nobody", 400, "feed: 'nobody' is not a feed"),
        ("", 400, "feed: name the feed"),
        ("area=ghent&origin=dream", 400, "origin: 'dream' is not one of"),
        ("area=ostend", 403, "You may not write for ostend"),
    ],
)
def test_a_request_that_names_nothing_we_know_is_refused_by_field(journal, query, status, says):
    answered, said = post(the_routes(journal), LINE, query=query)
    assert (answered, said["detail"][: len(says)]) == (status, says)
    assert not OutboxEvent.objects.exists()


def test_a_key_that_is_too_long_is_refused(journal):
    status, said = post(the_routes(journal), LINE, headers=[("idempotency-key", "k" * 121)])
    assert (status, said["detail"]) == (400, "Idempotency-Key: at most 120 characters")


@pytest.mark.parametrize("headers", [[], [("content-length", "99999999")]])
def test_a_body_over_the_limit_is_refused_however_it_says_its_length(journal, headers):
    body = LINE * (hot.MOST_BODY // len(LINE) + 1)
    assert post(the_routes(journal), body, headers=headers, pieces=9)[0] == 413
    assert not OutboxEvent.objects.exists()


def test_a_body_without_a_sentence_is_answered_and_writes_nothing(journal):
    status, said = post(the_routes(journal), b"# only a comment\n")
    assert (status, said) == (202, {"accepted": 0, "refused": {"not-a-sentence": 1}, "position": 0})
    assert not OutboxEvent.objects.exists()


class Broken:
    """A journal whose disk is full."""

    def append(self, event):
        future = Future()
        future.set_exception(OSError("disk full"))
        return future


class Stuck:
    """A journal that never answers."""

    def append(self, event):
        return Future()


def test_a_journal_that_fails_means_not_received(monkeypatch):
    status, said = post(the_routes(Broken()), LINE)
    assert (status, said["title"]) == (503, "Not received")
    monkeypatch.setattr(hot, "ANSWER_S", 0.05)
    assert post(the_routes(Stuck()), LINE)[0] == 503


def test_a_caller_that_gave_up_does_not_undo_what_is_being_written(monkeypatch):
    class Slow:
        future = Future()

        def append(self, event):
            return self.future

    monkeypatch.setattr(hot, "ANSWER_S", 0.02)
    slow = Slow()
    assert post(the_routes(slow), LINE)[0] == 503
    assert not slow.future.cancelled()
    slow.future.set_result(None)


def test_requests_are_refused_while_too_much_waits(monkeypatch):
    monkeypatch.setattr(hot, "MOST_WAITING", 10)
    assert post(the_routes(Stuck()), LINE)[1]["detail"].startswith("The journal is behind")


def test_counters_are_only_told_of_the_areas_of_who_asks(journal):
    routes = the_routes(journal)
    post(routes, LINE)
    other = Actor("service:x", "x", Role.SERVICE, frozenset({"ghent"}))
    assert call(routes, "GET", "/ingest/accepted", actor=other)[1] == {"accepted": {}, "refused": {}}
