"""A store in memory for tests of what stands in front of a store."""

import threading
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import msgspec

from port2port.engine.events import Event
from port2port.engine.journal import KeyReused


class Counted(msgspec.Struct, frozen=True):
    """An event that carries a number."""

    number: int


class MemoryStore:
    """Keeps the promises of engine.journal.Store for as long as the test runs."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.cursors: dict[str, int] = {}
        self._lock = threading.Lock()

    @staticmethod
    def now() -> datetime:
        """A moment; which one does not matter here."""
        return datetime(2026, 11, 25, 12, tzinfo=UTC)

    def append(self, events: Sequence[Event]) -> list[Event | KeyReused]:
        """Number and keep events."""
        with self._lock:
            numbered = [event.at(len(self.events) + i + 1) for i, event in enumerate(events)]
            self.events += numbered
        return list(numbered)

    def after(self, position: int, *, kinds: Collection[str], limit: int) -> list[Event]:
        """Read on."""
        with self._lock:
            return [event for event in self.events[position:] if not kinds or event.kind in kinds][:limit]

    def head(self) -> int:
        """Tell the last position."""
        return len(self.events)

    def cursor(self, consumer: str) -> int:
        """Tell a consumer's place."""
        return self.cursors.get(consumer, 0)

    def advance(self, consumer: str, position: int) -> None:
        """Note a consumer's place."""
        self.cursors[consumer] = position
