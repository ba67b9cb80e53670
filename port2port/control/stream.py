"""The one stream of a browser: pictures, alarms and the beat, filtered by area before anything is written.

Messages are server-sent events (WHATWG HTML, 9.2). A picture is serialised once an area and given to every client
of that area; alarms are asked once for each group of clients that may see the same. A client that reads too
slowly is cut: it comes back by itself and starts from the present state, so no gap remains.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from port2port.rights.hot import Receive, Send
from port2port.rights.rules import Actor

BACKLOG_BYTES = 4 * 1024 * 1024
HEAD = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
RETRY = b"retry: 1000\n\n"

Areas = frozenset[str]


def message(kind: str, body: bytes, *, position: int | None = None) -> bytes:
    r"""Frame a JSON body as one server-sent event.

    >>> message("beat", b"{}", position=7)
    b'id: 7\nevent: beat\ndata: {}\n\n'
    """
    number = b"" if position is None else b"id: %d\n" % position
    return b"%sevent: %s\ndata: %s\n\n" % (number, kind.encode(), body)


@dataclass(eq=False, slots=True)
class Client:
    """One open stream: who reads it, and what waits to be sent."""

    actor: Actor
    session: str
    waiting: list[bytes] = field(default_factory=list)
    waiting_bytes: int = 0
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    cut: bool = False

    def give(self, framed: bytes) -> None:
        """Queue a message; cut the client when too much waits already."""
        self.waiting.append(framed)
        self.waiting_bytes += len(framed)
        if self.waiting_bytes > BACKLOG_BYTES:
            self.end()
        self.bell.set()

    def end(self) -> None:
        """Close the stream at the next turn; the browser connects again by itself."""
        self.cut = True
        self.bell.set()

    def take(self) -> bytes:
        """Take all that waits, as one piece."""
        piece, self.waiting, self.waiting_bytes = b"".join(self.waiting), [], 0
        self.bell.clear()
        return piece


class Stream:
    """All open streams of this process; every method but `tracks_from_thread` runs on the event loop."""

    def __init__(
        self,
        *,
        snapshot: Callable[[str], Iterable[bytes]],
        alarms: Callable[[Areas], bytes],
        actors: Callable[[set[str]], dict[str, Actor | None]],
    ) -> None:
        self._snapshot, self._alarms, self._actors = snapshot, alarms, actors
        self.clients: set[Client] = set()
        self.position = 0

    def groups(self) -> dict[Areas, list[Client]]:
        """Gather the clients that may see the same areas."""
        groups: dict[Areas, list[Client]] = {}
        for client in self.clients:
            groups.setdefault(client.actor.areas, []).append(client)
        return groups

    def give_tracks(self, area: str, body: bytes) -> None:
        """Give a picture of one area to those who may see it."""
        framed = message("tracks", body)
        for client in self.clients:
            if area in client.actor.areas:
                client.give(framed)

    def give_beat(self, body_for: Callable[[Areas], bytes]) -> None:
        """Give the heartbeat: the age of what is shown."""
        for areas, clients in self.groups().items():
            framed = message("beat", body_for(areas))
            for client in clients:
                client.give(framed)

    async def give_alarms(self, position: int) -> None:
        """Give every group the alarms it may see, as they stand now."""
        self.position = max(self.position, position)
        for areas, clients in self.groups().items():
            body = await asyncio.to_thread(self._alarms, areas)
            framed = message("alarms", body, position=self.position)
            for client in clients:
                client.give(framed)

    async def review(self) -> None:
        """Ask again who may read: a stream whose actor changed is cut, and starts again with the new rights."""
        sessions = {client.session for client in self.clients}
        if not sessions:
            return
        now = await asyncio.to_thread(self._actors, sessions)
        for client in list(self.clients):
            if now.get(client.session) != client.actor:
                client.end()

    async def serve(self, receive: Receive, send: Send, *, actor: Actor, session: str) -> None:
        """Serve one browser until it leaves, is cut, or loses its right."""
        client = Client(actor, session)
        await send({"type": "http.response.start", "status": 200, "headers": HEAD})
        client.give(RETRY + message("hello", msgspec.json.encode({"areas": sorted(actor.areas)})))
        self.clients.add(client)
        leaving = asyncio.ensure_future(_gone(receive, client))
        try:
            await self._present(client)
            while not client.cut:
                await client.bell.wait()
                await send({"type": "http.response.body", "body": client.take(), "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.clients.discard(client)
            leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving

    async def _present(self, client: Client) -> None:
        """Start with the state as it stands: every picture, then the alarms."""
        for area in sorted(client.actor.areas):
            for body in await asyncio.to_thread(lambda area=area: list(self._snapshot(area))):
                client.give(message("tracks", body))
        body = await asyncio.to_thread(self._alarms, client.actor.areas)
        client.give(message("alarms", body, position=self.position))

    def end_all(self) -> None:
        """Close every stream, when the process stops."""
        for client in self.clients:
            client.end()


async def _gone(receive: Receive, client: Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.end()
