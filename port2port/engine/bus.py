"""The bus: who wants to hear of which kinds, in order, without a gap, from where they left off.

The store is the record and gives the order. A wire only rings the doorbell: what it carries is never believed, so
it may lose, double, disorder or bring back from the dead whatever it likes. Two wires exist: `LocalWire` inside one
process, and `NatsWire` (engine/nats.py) between processes.

>>> heard = []
>>> wire = LocalWire()
>>> wire.listen(heard.extend)
>>> wire.send(["an event"])
>>> heard
['an event']
"""

import threading
import time
from collections.abc import Callable, Collection
from typing import Protocol

from port2port.engine.events import Event
from port2port.engine.journal import Store

LOOK_S = 1.0  # a silent wire is not trusted for longer than this


class Wire(Protocol):
    """Tells all who listen of committed events; may lose them."""

    def send(self, events: list[Event]) -> None:
        """Tell of events that are already committed."""

    def listen(self, heard: Callable[[list[Event]], None]) -> None:
        """Call back with whatever arrives."""

    def flash(self, topic: str, message: bytes) -> None:
        """Carry what is stale in a second, such as a picture; never stored, may be lost."""

    def on_flash(self, flashed: Callable[[str, bytes], None]) -> None:
        """Call back with the flashes of every process, this one included."""

    def close(self) -> None:
        """Hang up."""


class LocalWire:
    """The wire of a single process: a call."""

    def __init__(self) -> None:
        self._heard: list[Callable[[list[Event]], None]] = []
        self._flashed: list[Callable[[str, bytes], None]] = []

    def send(self, events: list[Event]) -> None:
        """Call every listener."""
        for heard in self._heard:
            heard(events)

    def listen(self, heard: Callable[[list[Event]], None]) -> None:
        """Remember a listener."""
        self._heard.append(heard)

    def flash(self, topic: str, message: bytes) -> None:
        """Call everyone who wants flashes."""
        for flashed in self._flashed:
            flashed(topic, message)

    def on_flash(self, flashed: Callable[[str, bytes], None]) -> None:
        """Remember who wants flashes."""
        self._flashed.append(flashed)

    def close(self) -> None:
        """Forget every listener."""
        self._heard.clear()
        self._flashed.clear()


class Bus:
    """Ordered, gap-free delivery to durable consumers over an unreliable wire."""

    def __init__(self, store: Store, wire: Wire) -> None:
        self.store, self.wire = store, wire
        self._bell = threading.Condition()
        self._rung = 0
        self.closed = False
        wire.listen(self._heard)

    def announce(self, events: list[Event]) -> None:
        """Tell all who listen that these events are committed."""
        if events:
            self.wire.send(events)

    def subscribe(self, consumer: str, *kinds: str) -> "Subscription":
        """Follow kinds from where this consumer left off (its cursor in the store)."""
        return Subscription(self, consumer, kinds, self.store.cursor(consumer))

    def follow(self, *kinds: str, after: int | None = None) -> "Subscription":
        """Follow kinds without a memory: from a position, or from now."""
        return Subscription(self, None, kinds, self.store.head() if after is None else after)

    def close(self) -> None:
        """Hang up the wire and wake whoever waits."""
        self.closed = True
        self.wire.close()
        self._heard([])

    def _heard(self, _: list[Event]) -> None:
        with self._bell:
            self._rung += 1
            self._bell.notify_all()

    def wait(self, rung: int, timeout: float) -> int:
        """Wait until the doorbell rang beyond this count, or the time is up; tell the count."""
        with self._bell:
            self._bell.wait_for(lambda: self._rung > rung, timeout=timeout)
            return self._rung


class Subscription:
    """One consumer's place in the order of the store."""

    def __init__(self, bus: Bus, consumer: str | None, kinds: Collection[str], position: int) -> None:
        self._bus, self.consumer, self._kinds = bus, consumer, tuple(kinds)
        self.position = position

    def take(self, *, timeout: float, limit: int = 256) -> list[Event]:
        """Give the next events in order; an empty list when none came in time or the bus was closed."""
        until = time.monotonic() + timeout
        while True:
            rung = self._bus.wait(0, 0)
            events = self._bus.store.after(self.position, kinds=self._kinds, limit=limit)
            if events:
                self.position = events[-1].position
                return events
            left = until - time.monotonic()
            if left <= 0 or self._bus.closed:
                return []
            self._bus.wait(rung, min(left, LOOK_S))

    def done(self) -> None:
        """Note in the store how far this consumer has come; call it inside the transaction of the work."""
        if self.consumer:
            self._bus.store.advance(self.consumer, self.position)
