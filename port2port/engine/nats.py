"""The wire between processes: NATS JetStream, where NATS is a fan-out and never the record.

Each kind has its stream `P2P_<kind>` with the subjects `p2p.<area>.<kind>`; events that were committed together
travel packed in one message, and `Nats-Msg-Id` lets the server drop a repeat. A relay follows the outbox with a
cursor of its own, so an event whose process died before it was sent is sent by the next. A server that lost its
store is filled again from the outbox. What still goes missing is mended by the bus, which asks the store.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as FutureTimeout
from itertools import groupby
from typing import Any

import nats
from nats.errors import Error as NatsError
from nats.js.api import StreamConfig
from nats.js.errors import NoStreamResponseError, NotFoundError

from port2port.engine.events import Event, pack, unpack
from port2port.engine.journal import Store

SAFE_SERVER = (
    2,
    10,
    23,
)  # below this a server may lose what it acknowledged (reference: Jepsen, December 2025)
PACK_MOST = 64
KEEP_BYTES = 256 * 1024 * 1024
DUPLICATES_S = 120
LOOK_S = 1.0
REFILL_EVENTS = 100_000
RELAY = "nats-relay"
UNREAD = -1


class NatsWire:
    """Sends what the outbox holds to every process that listens; all of it in a thread of its own."""

    def __init__(self, url: str, store: Store, *, release: Callable[[], None] = lambda: None) -> None:
        self._url, self._store, self._release = url, store, release
        self._heard: list[Callable[[list[Event]], None]] = []
        self._flashed: list[Callable[[str, bytes], None]] = []
        self._loop = asyncio.new_event_loop()
        self._ring = asyncio.Event()
        self._streams: set[str] = set()
        self._sent = self._noted = UNREAD
        self._open = True
        self.version: tuple[int, ...] = ()
        self.connected = threading.Event()
        self._client: Any = None
        self._thread = threading.Thread(target=self._run, name="nats", daemon=True)
        self._thread.start()

    def send(self, events: list[Event]) -> None:  # noqa: ARG002 - the relay reads them from the outbox, in order
        """Ring the relay; this process hears of its own events at once, NATS or no NATS."""
        for heard in self._heard:
            heard(events)
        self._loop.call_soon_threadsafe(self._ring.set)

    def listen(self, heard: Callable[[list[Event]], None]) -> None:
        """Remember a listener."""
        self._heard.append(heard)

    def flash(self, topic: str, message: bytes) -> None:
        """Send what may be lost and is stale in a second, such as a picture."""
        for flashed in self._flashed:
            flashed(topic, message)
        if self.connected.is_set():
            asyncio.run_coroutine_threadsafe(self._client.publish(f"flash.{topic}", message), self._loop)

    def on_flash(self, flashed: Callable[[str, bytes], None]) -> None:
        """Remember who wants flashes."""
        self._flashed.append(flashed)

    def close(self) -> None:
        """Stop relaying and hang up."""
        self._open = False
        self._loop.call_soon_threadsafe(self._ring.set)
        with contextlib.suppress(FutureTimeout):
            self._thread.join(timeout=10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._live())
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    async def _live(self) -> None:
        while self._open:
            try:
                await self._connect()
                await self._relay()
            except (NatsError, OSError, TimeoutError):
                self.connected.clear()
                await asyncio.sleep(LOOK_S)
        if self._client is not None:
            with contextlib.suppress(NatsError, OSError):
                await self._client.close()

    async def _connect(self) -> None:
        """Connect anew; the streams may be gone with the server's store, so nothing is remembered of them."""
        if self._client is not None and not self._client.is_closed:
            await self._client.close()
        self._client = await nats.connect(
            self._url, connect_timeout=2, allow_reconnect=False, error_cb=_quiet, disconnected_cb=self._lost
        )
        seen = self._client.connected_server_version
        self.version = (seen.major, seen.minor, seen.patch)
        await self._client.subscribe("p2p.>", cb=self._arrived)
        await self._client.subscribe("flash.>", cb=self._flash_arrived)
        self._streams.clear()
        self.connected.set()

    async def _lost(self) -> None:
        self.connected.clear()
        self._ring.set()

    async def _relay(self) -> None:
        """Send everything the outbox holds beyond what was sent, then wait for the bell."""
        stream = self._client.jetstream(timeout=5)
        while self._open and self.connected.is_set():
            events = await asyncio.to_thread(self._next)
            for batch in _packed(events):
                if not await self._publish(stream, batch):
                    break
            if not events:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._ring.wait(), LOOK_S)
                self._ring.clear()

    def _next(self) -> list[Event]:
        """Read on in the outbox; what was read before is sent by now, so the cursor follows."""
        try:
            if self._sent == UNREAD:
                self._sent = self._noted = self._store.cursor(RELAY)
            elif self._sent > self._noted:
                self._store.advance(RELAY, self._sent)
                self._noted = self._sent
            return self._store.after(self._sent, kinds=(), limit=PACK_MOST * 4)
        finally:
            self._release()

    async def _publish(self, stream: Any, batch: list[Event]) -> bool:
        """Send one packed message; tell False where the store was wiped and sending starts again earlier."""
        first, last = batch[0], batch[-1]
        if await self._made(stream, first.kind):
            return False
        try:
            await stream.publish(
                f"p2p.{first.area}.{first.kind}",
                pack(batch),
                headers={"Nats-Msg-Id": f"{first.id}-{last.id}"},
            )
        except (NoStreamResponseError, NotFoundError):
            self._streams.discard(first.kind)
            return False
        self._sent = last.position
        return True

    async def _made(self, stream: Any, kind: str) -> bool:
        """Make the stream of a kind where it is missing, and go back so that it is filled from the outbox."""
        if kind in self._streams:
            return False
        self._streams.add(kind)
        try:
            await stream.stream_info(f"P2P_{kind}")
        except NotFoundError:
            await stream.add_stream(
                StreamConfig(
                    name=f"P2P_{kind}",
                    subjects=[f"p2p.*.{kind}"],
                    max_bytes=KEEP_BYTES,
                    duplicate_window=DUPLICATES_S,
                )
            )
            self._sent = max(0, self._sent - REFILL_EVENTS)
            return True
        return False

    async def _arrived(self, message: Any) -> None:
        events = unpack(message.data)
        for heard in self._heard:
            heard(events)

    async def _flash_arrived(self, message: Any) -> None:
        for flashed in self._flashed:
            flashed(message.subject.removeprefix("flash."), message.data)


def _packed(events: list[Event]) -> Iterable[list[Event]]:
    """Group neighbours of one area and kind, at most PACK_MOST to a message."""
    for _, run in groupby(events, key=lambda event: (event.area, event.kind)):
        together = list(run)
        for start in range(0, len(together), PACK_MOST):
            yield together[start : start + PACK_MOST]


async def _quiet(_: Exception) -> None:
    """Connection trouble is met by `_live`, which connects again."""
