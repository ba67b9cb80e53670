"""The intake of one feed: gathers lines, has them written, and counts what became of them."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

from port2port.detection.events import SentencesReceived
from port2port.detection.sensors.ais.lines import NOT_STORED, OVERLOAD, Sieve
from port2port.engine.clock import Clock
from port2port.engine.events import Event, Label, Origin

GATHER_S = 0.02
GATHER_BYTES = 64 * 1024
MOST_WAITING = 8 * 1024 * 1024  # bytes handed to the journal or gathered, not yet on disk


class Writer(Protocol):
    """What the journal must do."""

    def append(self, event: Event) -> "Future[Event]":
        """Write an event; the future resolves when it is on disk."""


def sentences_event(  # noqa: PLR0913 - the parts of an envelope
    feed: str,
    raw: bytes,
    *,
    label: Label,
    at: datetime,
    origin: Origin,
    lines: int,
    key: str | None = None,
    keeps_times: bool = False,
) -> Event:
    """Put received lines in their envelope; the moment they were received stands there."""
    body = SentencesReceived(feed, raw, keeps_times)
    return Event.of(body, label=label, actor=f"feed:{feed}"[:120], at=at, origin=origin, count=lines, key=key)


class Intake:
    """Use it on the event loop only."""

    def __init__(  # noqa: PLR0913 - what it stands between
        self,
        feed: str,
        journal: Writer,
        *,
        label: Label,
        origin: Origin,
        clock: Clock,
        stored: Callable[[bytes], None] = lambda raw: None,
    ) -> None:
        self.feed, self.label, self.origin = feed, label, origin
        self._journal, self._clock, self._tell_stored = journal, clock, stored
        self.accepted = 0
        self.refused: Counter[str] = Counter()
        self.last_heard: datetime | None = None
        self._gathered: list[bytes] = []
        self._lines = 0
        self._bytes = 0
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._roomy = asyncio.Event()
        self._roomy.set()

    @property
    def has_room(self) -> bool:
        """Tell whether more may be taken in."""
        return self._waiting + self._bytes < MOST_WAITING

    async def room(self) -> None:
        """Wait until more may be taken in."""
        await self._roomy.wait()

    def datagram(self, piece: bytes) -> None:
        """Take in a datagram: one line or many; dropped and counted where the journal lags."""
        sieve = Sieve()
        lines, count = sieve.sift(piece)
        rest, more = sieve.flush()
        self.refused.update(sieve.refused)
        if self.has_room:
            self.add(lines + rest, count + more)
        else:
            self.refused[OVERLOAD] += count + more

    def add(self, lines: bytes, count: int) -> None:
        """Gather whole lines; they leave together within 20 ms."""
        if not count:
            return
        self._gathered.append(lines)
        self._lines += count
        self._bytes += len(lines)
        if self._bytes >= GATHER_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self.flush)
        self._note_room()

    def flush(self) -> None:
        """Hand what was gathered to the journal."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._lines:
            return
        raw, lines = b"".join(self._gathered), self._lines
        self._gathered, self._lines, self._bytes = [], 0, 0
        self._waiting += len(raw)
        self.last_heard = self._clock.now()
        event = sentences_event(
            self.feed, raw, label=self.label, at=self.last_heard, origin=self.origin, lines=lines
        )
        loop = asyncio.get_running_loop()
        self._journal.append(event).add_done_callback(lambda future: self._done(loop, future, raw, lines))

    def _done(self, loop: asyncio.AbstractEventLoop, future: "Future[Event]", raw: bytes, lines: int) -> None:
        """Come back to the event loop from the journal's thread; at the very end there is none to come back to."""
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._settle, future.exception(), raw, lines)

    def _settle(self, error: BaseException | None, raw: bytes, lines: int) -> None:
        self._waiting -= len(raw)
        if error is None:
            self.accepted += lines
            self._tell_stored(raw)
        else:
            self.refused[NOT_STORED] += lines
        self._note_room()

    def stored(self, event: Event) -> None:
        """Count lines that somebody else had written for this feed."""
        self.accepted += event.count
        self.last_heard = event.occurred_at
        self._tell_stored(event.body(SentencesReceived).raw)

    def _note_room(self) -> None:
        if self.has_room:
            self._roomy.set()
        else:
            self._roomy.clear()

    async def settled(self) -> None:
        """Hand over the last lines and wait until all are on disk."""
        self.flush()
        while self._waiting:
            await asyncio.sleep(0.005)
