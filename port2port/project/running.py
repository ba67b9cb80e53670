"""The platform at work inside one process: the bus, the writer, the listeners, the feeds and the stream.

`run` does all; `detect` takes the feeds, the detection and the reactions; `web` the pages and the streams, with the
pictures that `detect` flashes over the wire. What keeps going is a `Keeper` with a name, and `/status` shows them.
Nothing here decides anything.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
from django.db import close_old_connections

from port2port.audit import store as outbox
from port2port.audit.actions import trim_outbox
from port2port.audit.sequencer import Sequencer
from port2port.control import hot as control_hot
from port2port.control import queries as control
from port2port.control import reactions
from port2port.control.events import AlarmChanged
from port2port.control.stream import Areas, Stream
from port2port.detection.actions import CONSUMER, MINUTES
from port2port.detection.events import SentencesReceived
from port2port.engine.bus import Bus, LocalWire, Wire
from port2port.engine.clock import REAL
from port2port.engine.journal import Journal
from port2port.engine.keys import Signer
from port2port.engine.nats import NatsWire
from port2port.people.queries import actors_of_sessions
from port2port.project.config import Config
from port2port.project.distant import DistantPictures
from port2port.project.hot import HotPaths
from port2port.project.keeper import Keeper
from port2port.project.sensing import Sensing
from port2port.rights.rules import Actor

BEAT_S = 1.0
REVIEW_S = 0.5  # whoever lost a right sees nothing more a second later
ALARM_REST_S = 0.5
RAW_KEPT = timedelta(minutes=30)  # raw sentences behind every reader; no sender repeats a key after this
TRIM_EVERY_S = 60.0


class Running:
    """One process of the platform, from `start` to `stop`."""

    def __init__(self, config: Config, *, role: str) -> None:
        self.config, self.role = config, role
        self.keepers: list[Keeper] = []
        self.health: dict[str, Any] = {}
        self.player: Any = None
        self.wire = _wire(config)
        self.bus = Bus(outbox.STORE, self.wire)
        self.journal = Journal(outbox.STORE, announce=outbox.announce)
        self.sensing = (
            Sensing(config, self.bus, self.journal, distant=bool(config.nats_url))
            if role in {"run", "detect"}
            else None
        )
        self.distant = DistantPictures()
        snapshot = self.sensing.snapshot if self.sensing else self.distant.snapshot
        self.stream = Stream(snapshot=snapshot, alarms=_alarms, actors=_actors)
        routes = [*control_hot.routes(self.stream), *(self.sensing.routes() if self.sensing else [])]
        self.hot = HotPaths(routes)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start everything this role does."""
        self._loop = asyncio.get_running_loop()
        outbox.listen(self.bus.announce)
        self.wire.on_flash(self._flashed)
        changes = await asyncio.to_thread(self.bus.follow, AlarmChanged.__name__)
        self._keep("alarm stream", lambda: self._follow_alarms(changes))
        if self.sensing:
            await self._start_sensing()
        self._tasks = [self._loop.create_task(self._beat()), self._loop.create_task(self._review())]

    async def _start_sensing(self) -> None:
        conditions = await asyncio.to_thread(reactions.subscribe, self.bus)
        self._keep("reactions", lambda: reactions.react(conditions))
        self._keep("alarm clock", reactions.tick_all, every_s=1.0)
        name = "port2port-demo" if self.config.demo else "port2port"
        sequencer = Sequencer(Signer.of_folder(self.config.state / "keys", "ledger", name=name))
        self._keep("ledger", lambda: sequencer.tick(REAL.now()), every_s=0.5)
        self._keep("retention", trim_raw_sentences, every_s=TRIM_EVERY_S)
        await self.sensing.start(flash=self.wire.flash)
        if self.config.demo and self.config.traffic:
            await asyncio.to_thread(self._play_demo)

    def _play_demo(self) -> None:
        from port2port.project.demo.player import Player  # nothing of the demo loads in production

        self.player = Player(self.config.feeds, began=REAL.now())
        self.player.start()

    async def stop(self) -> None:
        """Stop in the order in which data flows, so that nothing that came in is left unwritten."""
        for task in self._tasks:
            task.cancel()
        self.stream.end_all()
        if self.player:
            await asyncio.to_thread(self.player.stop)
        if self.sensing:
            await self.sensing.stop()
        for keeper in self.keepers:
            await asyncio.to_thread(keeper.stop)
        await asyncio.to_thread(self.journal.close)
        outbox.unlisten(self.bus.announce)
        await asyncio.to_thread(self.bus.close)

    def _keep(self, name: str, work: Callable[[], Any], *, every_s: float = 0.0) -> None:
        self.keepers.append(Keeper(name, work, every_s=every_s).start())

    def _follow_alarms(self, changes: Any) -> None:
        """Wait for alarms to change, then have every stream told as they now stand; in a flood, with rests."""
        events = changes.take(timeout=1.0)
        if events:
            began, position = time.monotonic(), events[-1].position
            asyncio.run_coroutine_threadsafe(self.stream.give_alarms(position), self._loop).result(10)
            time.sleep(min(ALARM_REST_S, time.monotonic() - began))

    def _flashed(self, topic: str, body: bytes) -> None:
        """Hear a picture or the feeds' health, from this process or another."""
        kind, _, area = topic.partition(".")
        if kind == "health":
            self.health = msgspec.json.decode(body)
        elif kind == "whole":
            self.distant.take(body)
        elif kind == "tracks":
            if not self.sensing:
                self.distant.take(body)
            self._loop.call_soon_threadsafe(self.stream.give_tracks, area, body)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self.stream.give_beat(self._beat_body)

    def _beat_body(self, areas: Areas) -> bytes:
        feeds = [feed for feed in self.health.get("feeds", []) if feed["area"] in areas]
        ages = [feed["age_s"] for feed in feeds if feed["age_s"] is not None]
        at_ms = int(REAL.now().timestamp() * 1000)
        return msgspec.json.encode({"at_ms": at_ms, "feeds": feeds, "oldest_s": max(ages, default=None)})

    async def _review(self) -> None:
        while True:
            await asyncio.sleep(REVIEW_S)
            with contextlib.suppress(Exception):  # a database that does not answer now is asked again soon
                await self.stream.review()


def _wire(config: Config) -> Wire:
    if config.nats_url:
        return NatsWire(config.nats_url, outbox.STORE, release=close_old_connections)
    return LocalWire()


def _alarms(areas: Areas) -> bytes:
    close_old_connections()
    return msgspec.json.encode(control.message(areas, at=REAL.now()))


def _actors(sessions: set[str]) -> dict[str, Actor | None]:
    close_old_connections()
    return actors_of_sessions(sessions)


def trim_raw_sentences() -> None:
    """Take raw sentences out of the outbox that every reader has passed; positions live on in the history."""
    at = REAL.now()
    while trim_outbox(SentencesReceived.__name__, at - RAW_KEPT, at, readers=(CONSUMER, MINUTES)):
        pass
