"""The clock of the day, and the one that plays another day."""

from datetime import UTC, datetime, timedelta

import pytest

from port2port.engine.clock import REAL, ReplayClock

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Ticks:
    """A tick counter that a test turns."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def test_the_real_clock_tells_aware_utc_close_to_the_present():
    assert REAL.now().utcoffset() == timedelta(0)
    assert abs(REAL.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("speed", "after", "wanted_s"), [(1, 10, 10), (60, 2, 120), (0.5, 4, 2), (3600, 24, 86_400)]
)
def test_a_replay_starts_at_its_moment_and_runs_at_its_speed(speed, after, wanted_s):
    ticks = Ticks()
    clock = ReplayClock(NOON, speed=speed, ticks=ticks)
    assert clock.now() == NOON
    ticks.seconds += after
    assert clock.now() == NOON + timedelta(seconds=wanted_s)


def test_two_replays_do_not_disturb_each_other():
    ticks = Ticks()
    slow = ReplayClock(NOON, ticks=ticks)
    ticks.seconds += 5
    fast = ReplayClock(NOON, speed=10, ticks=ticks)
    ticks.seconds += 5
    assert slow.now() == NOON + timedelta(seconds=10)
    assert fast.now() == NOON + timedelta(seconds=50)


def test_a_replay_runs_by_itself_and_never_backwards():
    clock = ReplayClock(NOON, speed=1000)
    seen = [clock.now() for _ in range(100)]
    assert seen == sorted(seen)
    assert seen[0] >= NOON
