"""The rights as a table, acts that do not begin, and the answers of hot endpoints."""

import asyncio
import json

import msgspec
import pytest

from port2port.rights.actions import Untold, action, told
from port2port.rights.hot import answer, header, problem
from port2port.rights.rules import MAY, Actor, NotYours, Refused, Role, service

ROLES = ("operator", "supervisor", "auditor", "service")
TABLE = {
    "alarm.see": ROLES,
    "alarm.handle": ("operator", "supervisor"),
    "alarm.out_of_service": ("supervisor",),
    "picture.see": ("operator", "supervisor", "auditor"),
    "ingest.write": ("service",),
    "places.load": ("service",),
    "places.level": ("supervisor", "service"),
}


def test_the_rights_are_those_of_the_table_and_no_others():
    assert {right: {role.value for role in roles} for right, roles in MAY.items()} == {
        right: set(roles) for right, roles in TABLE.items()
    }


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("right", sorted(TABLE))
def test_a_right_held_in_one_area_is_not_held_in_another(right, role):
    actor = Actor("1", "Sam", role, frozenset({"antwerp"}))
    assert actor.may(right) is actor.may(right, area="antwerp") is (role.value in TABLE[right])
    assert not actor.may(right, area="ghent")
    assert not actor.may(right, area="")


def test_a_service_holds_its_rights_only_where_it_was_given_areas():
    assert not service("feed").may("ingest.write", area="antwerp")
    assert service("feed", frozenset({"antwerp"})).may("ingest.write", area="antwerp")


def test_a_refusal_keeps_what_its_sentence_needs():
    refusal = NotYours("not_your_area", area="ghent")
    assert isinstance(refusal, Refused)
    assert (refusal.reason, refusal.facts, str(refusal)) == ("not_your_area", {"area": "ghent"}, "not_your_area")


class Said(msgspec.Struct, frozen=True):
    area: str


def test_nothing_is_told_outside_an_act():
    with pytest.raises(Untold):
        told(None, Said("antwerp"), by=service("test"), at=None)


def test_an_act_keeps_its_name_and_says_nothing_to_who_may_not():
    @action("places.level")
    def raise_level(*, by):
        """Raise the level."""
        raise AssertionError("the act began")

    assert (raise_level.__name__, raise_level.__doc__) == ("raise_level", "Raise the level.")
    with pytest.raises(NotYours) as refusal:
        raise_level(by=Actor("1", "Sam", Role.AUDITOR, frozenset({"antwerp"})))
    assert refusal.value.facts == {"right": "places.level"}


def said_by(replying, *arguments, **more):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(replying(send, *arguments, **more))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_an_answer_is_json_of_known_length_that_no_cache_keeps():
    status, head, body = said_by(answer, 202, {"accepted": 3}, headers=[(b"x-more", b"1")])
    assert (status, body) == (202, b'{"accepted":3}')
    assert head == {
        b"content-type": b"application/json", b"content-length": b"14", b"cache-control": b"no-store",
        b"x-more": b"1",
    }  # fmt: skip


def test_a_problem_says_what_is_wrong_as_rfc_9457_has_it():
    status, head, body = said_by(problem, 409, "Key used before", "It came earlier")
    assert (status, head[b"content-type"]) == (409, b"application/problem+json")
    assert json.loads(body) == {
        "type": "about:blank", "status": 409, "title": "Key used before", "detail": "It came earlier",
    }  # fmt: skip


def test_a_header_that_was_not_sent_is_empty():
    scope = {"headers": [(b"idempotency-key", b"one"), (b"idempotency-key", b"two"), (b"x", b"\xff")]}
    assert [header(scope, name) for name in (b"idempotency-key", b"x", b"y")] == ["one", "\xff", ""]
