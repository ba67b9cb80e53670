"""The single writer: callers hand in events, one thread commits them in groups, a future tells when they are safe.

`append` returns at once; its future resolves after the commit, so "received" is never said before. Many callers
share one commit (at least `group_ms` apart), which is what makes durable writing cheap.

>>> link(link(bytes(32), [b"a"]), [b"b"]) == link(bytes(32), [b"a", b"b"]) != link(bytes(32), [b"ab"])
True
>>> [len(fact) for fact in facts(b"head!AIVDM,1\\n!AIVDM,2\\n", 2)]
[12, 8, 0]
"""

import hashlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol

from port2port.engine.events import Event

GROUP_MS = 5
GROUP_MOST = 512
MOST_WAITING = 50_000  # events; a disk that hangs must not take the memory with it

LOG = logging.getLogger(__name__)
Waiting = tuple[Event, "Future[Event]"]


class KeyReused(Exception):
    """The same idempotency key came with another content."""


class JournalClosed(Exception):  # noqa: N818 - a refusal has a name of the trade
    """The journal was closed; the event was not written."""


class JournalFull(Exception):  # noqa: N818 - a refusal has a name of the trade
    """Too many events wait for the disk; this one was not written."""


class Store(Protocol):
    """The record: what is in it survives; everything else may be rebuilt from it."""

    def append(self, events: Sequence[Event]) -> list[Event | KeyReused]:
        """Write events in one durable transaction; give them back numbered, a repeated key as first written."""

    def after(self, position: int, *, kinds: Collection[str], limit: int) -> list[Event]:
        """Read events of these kinds (none named: of every kind) beyond a position, in order."""

    def head(self) -> int:
        """Tell the last position written."""

    def cursor(self, consumer: str) -> int:
        """Tell how far a consumer has come."""

    def advance(self, consumer: str, position: int) -> None:
        """Note how far a consumer has come, in the transaction of the caller."""


def link(previous: bytes, payloads: Iterable[bytes]) -> bytes:
    """Chain payloads onto a digest: each is hashed with all that came before it (SHA-256)."""
    sha256 = hashlib.sha256
    for payload in payloads:
        previous = sha256(previous + payload).digest()
    return previous


def facts(payload: bytes, count: int) -> list[bytes]:
    """Take a packed payload apart, a line each; the pieces with line feeds between them are the payload."""
    return payload.split(b"\n") if count > 1 else [payload]


def fact_digest(payload: bytes, count: int) -> bytes:
    """Digest a payload fact by fact: each has its own link, so no fact is covered only as part of a heap."""
    return link(bytes(32), facts(payload, count))


class Journal:
    """Group commit in front of a store; safe to call from any thread."""

    def __init__(
        self, store: Store, *, announce: Callable[[list[Event]], None], group_ms: float = GROUP_MS
    ) -> None:
        self._store, self._announce, self._group_s = store, announce, group_ms / 1000
        self._waiting: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._door, self._open = threading.Lock(), True
        self._committed = 0.0
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._thread.start()

    def append(self, event: Event) -> "Future[Event]":
        """Hand in an event; the future gives it back numbered once it is on disk.

        The future fails with KeyReused, JournalFull, JournalClosed or what the store raised: then nothing was
        written. Cancelling it works until its group is being written; a cancelled event is not written.
        """
        future: Future[Event] = Future()
        with self._door:
            if not self._open:
                future.set_exception(JournalClosed("the journal is closed"))
            elif self._waiting.qsize() >= MOST_WAITING:
                future.set_exception(JournalFull(f"{MOST_WAITING} events wait for the disk"))
            else:
                self._waiting.put((event, future))
        return future

    def close(self) -> None:
        """Write what is waiting, then stop; what is handed in later is refused."""
        with self._door:
            if self._open:
                self._open = False
                self._waiting.put(None)
        self._thread.join(timeout=30)

    def _write_all(self) -> None:
        running = True
        while running:
            group, running = self._next_group()
            wanted = [(event, future) for event, future in group if future.set_running_or_notify_cancel()]
            if wanted:
                self._commit(wanted)
                self._committed = time.monotonic()

    def _next_group(self) -> tuple[list[Waiting], bool]:
        """Wait for the first event, then take all that come within the group's time since the last commit.

        So a lone event is written at once, and under load commits stay that far apart.
        """
        first = self._waiting.get()
        if first is None:
            return [], False
        group, until = [first], self._committed + self._group_s
        while len(group) < GROUP_MOST:
            try:
                item = self._waiting.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if item is None:
                return group, False
            group.append(item)
        return group, True

    def _commit(self, group: list[Waiting]) -> None:
        """Write a group; whatever goes wrong, each caller hears of it and the next group is written."""
        try:
            written = list(zip(group, self._store.append([event for event, _ in group]), strict=True))
        except Exception as error:  # noqa: BLE001 - told to each caller, who answers "not received"
            for _, future in group:
                future.set_exception(error)
            return
        self._tell(
            [
                outcome
                for (event, _), outcome in written
                if isinstance(outcome, Event) and outcome.id == event.id  # a repeat was announced before
            ]
        )
        for (_, future), outcome in written:
            if isinstance(outcome, KeyReused):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _tell(self, events: list[Event]) -> None:
        """Announce what is on disk; a listener's fault changes nothing about that."""
        try:
            self._announce(events)
        except Exception:
            LOG.exception("a listener failed; %d events are on disk and will be read from there", len(events))
