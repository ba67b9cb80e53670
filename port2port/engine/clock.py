"""Clocks: the real one, and one that replays another day at any speed.

>>> clock = ReplayClock(datetime(2026, 11, 25, 12, tzinfo=UTC), speed=60, ticks=iter([0.0, 2.0]).__next__)
>>> clock.now().isoformat()
'2026-11-25T12:02:00+00:00'
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whatever tells the time as an aware UTC moment."""

    def now(self) -> datetime:
        """Tell the present moment of this clock."""


class RealClock:
    """The time of day; ledger and deadlines never run on another."""

    def now(self) -> datetime:
        """Tell the present moment."""
        return datetime.now(UTC)


class ReplayClock:
    """A clock that starts at another moment and runs `speed` times as fast."""

    def __init__(self, start: datetime, *, speed: float = 1.0, ticks: Callable[[], float] = time.monotonic) -> None:
        self._start, self._speed, self._ticks = start, speed, ticks
        self._origin = ticks()

    def now(self) -> datetime:
        """Tell the moment this clock has reached."""
        return self._start + timedelta(seconds=(self._ticks() - self._origin) * self._speed)


REAL = RealClock()
