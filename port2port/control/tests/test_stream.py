"""The stream: each browser hears what it may see, as it is now, and never more."""

import asyncio
import contextlib

import pytest

from port2port.control.stream import BACKLOG_BYTES, Stream
from port2port.rights.rules import Actor, Role


def operator(*areas: str, name: str = "sam") -> Actor:
    return Actor(name, name, Role.OPERATOR, frozenset(areas))


class Browser:
    """Reads a stream as uvicorn would let it; `slow` never takes what is sent."""

    def __init__(self, stream, actor, *, session="s1"):
        self.stream, self.actor, self.session = stream, actor, session
        self.heard, self.left, self.ended = b"", asyncio.Event(), False

    async def receive(self):
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.heard += message.get("body", b"")
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.ended = True

    def open(self):
        self.task = asyncio.create_task(
            self.stream.serve(self.receive, self.send, actor=self.actor, session=self.session)
        )
        return self

    async def close(self):
        self.left.set()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


def made(actors=None, alarms=lambda areas: b"{}"):
    return Stream(
        snapshot=lambda area: [b'{"area":"%s","full":true}' % area.encode()],
        alarms=alarms,
        actors=lambda sessions: {session: (actors or {}).get(session) for session in sessions},
    )


async def settle():
    for _ in range(30):
        await asyncio.sleep(0.005)


def test_a_browser_starts_with_the_state_as_it_is():
    async def story():
        browser = Browser(made(alarms=lambda areas: b'{"open":[]}'), operator("antwerp")).open()
        await settle()
        kinds = [line for line in browser.heard.split(b"\n") if line.startswith(b"event:")]
        assert kinds == [b"event: hello", b"event: tracks", b"event: alarms"]
        await browser.close()

    asyncio.run(story())


def test_a_picture_reaches_only_those_of_its_area():
    async def story():
        stream = made()
        antwerp, ghent, nobody = (Browser(stream, operator(*a)).open() for a in (["antwerp"], ["ghent"], []))
        await settle()
        stream.give_tracks("antwerp", b'{"secret":1}')
        await settle()
        assert b"secret" in antwerp.heard
        assert b"secret" not in ghent.heard + nobody.heard
        for browser in (antwerp, ghent, nobody):
            await browser.close()

    asyncio.run(story())


def test_alarms_are_asked_once_for_all_who_see_the_same():
    async def story():
        asked = []
        stream = made(alarms=lambda areas: asked.append(areas) or b"{}")
        browsers = [Browser(stream, operator(area)).open() for area in ("antwerp", "antwerp", "ghent")]
        await settle()
        asked.clear()
        await stream.give_alarms(41)
        await settle()
        assert sorted(map(sorted, asked)) == [["antwerp"], ["ghent"]]
        assert all(b"id: 41\nevent: alarms" in browser.heard for browser in browsers)
        for browser in browsers:
            await browser.close()

    asyncio.run(story())


@pytest.mark.parametrize("now", [None, operator("ghent"), operator("antwerp", name="other")])
def test_a_changed_or_ended_actor_is_cut_at_the_next_review(now):
    async def story():
        stream = made(actors={"s1": now})
        browser = Browser(stream, operator("antwerp")).open()
        await settle()
        await stream.review()
        await settle()
        assert browser.ended
        assert not stream.clients

    asyncio.run(story())


def test_an_unchanged_actor_is_left_alone():
    async def story():
        stream = made(actors={"s1": operator("antwerp")})
        browser = Browser(stream, operator("antwerp")).open()
        await settle()
        await stream.review()
        await settle()
        assert not browser.ended
        await browser.close()

    asyncio.run(story())


def test_a_slow_browser_is_cut_and_the_others_are_not():
    async def story():
        stream = made()
        stuck = asyncio.Event()
        slow, quick = Browser(stream, operator("antwerp")), Browser(stream, operator("antwerp"))
        hear = slow.send

        async def send(message):
            if b"filler" in message.get("body", b""):
                await stuck.wait()
            await hear(message)

        slow.send = send
        slow.open(), quick.open()
        await settle()
        filler = b'{"filler":"' + b"x" * 100_000 + b'"}'
        for _ in range(BACKLOG_BYTES // 100_000 + 3):
            stream.give_tracks("antwerp", filler)
            await asyncio.sleep(0.002)
        assert [client.cut for client in stream.clients].count(True) == 1
        assert quick.heard.count(b"filler") == BACKLOG_BYTES // 100_000 + 3
        stuck.set()
        await settle()
        assert slow.ended
        await quick.close()

    asyncio.run(story())
