"""Silence of a feed: a source that used to speak and does not any more.

How long is too long is learned from the feed itself: ten times its mean pause, at least one minute, at most half
an hour; a feed that has never spoken gets five minutes.

>>> pace = Pace("ais-antwerp", "antwerp", since_ms=0)
>>> pace.heard(1_000); pace.heard(2_000)
>>> pace.is_silent(50_000), pace.is_silent(63_000)
(False, True)
"""

from dataclasses import dataclass

from port2port.detection.rules.signals import Fact, Signal, ended, key_of

RULE, VERSION = "feed-silent", 1
LEAST_MS, MOST_MS, NEVER_MS = 60_000, 1_800_000, 300_000
PAUSES = 10


@dataclass(slots=True)
class Pace:
    """How often a feed speaks; times in ms since 1970."""

    feed: str
    area: str
    since_ms: int
    last_ms: int = 0
    pause_ms: float = 0.0
    told: bool = False

    def heard(self, at_ms: int) -> None:
        """Note that the feed spoke (a moving mean over about ten pauses)."""
        if self.last_ms:
            self.pause_ms += (max(0, at_ms - self.last_ms) - self.pause_ms) / 10
        self.last_ms = max(self.last_ms, at_ms)

    def patience_ms(self) -> float:
        """Tell how long a pause is believed."""
        if not self.last_ms:
            return NEVER_MS
        return min(max(PAUSES * self.pause_ms, LEAST_MS), MOST_MS)

    def is_silent(self, now_ms: int) -> bool:
        """Tell whether the feed has been silent for too long, counted from our own start at the earliest."""
        return now_ms - max(self.last_ms, self.since_ms) > self.patience_ms()


def find_silence(pace: Pace, now_ms: int) -> list[Signal]:
    """Tell of a feed that fell silent, or that speaks again."""
    silent = pace.is_silent(now_ms)
    if silent == pace.told:
        return []
    pace.told = silent
    key = key_of(RULE, pace.feed)
    if not silent:
        return [ended(key, RULE, at_ms=now_ms)]
    since_s = (now_ms - (pace.last_ms or pace.since_ms)) // 1000
    facts: dict[str, Fact] = {
        "rule": RULE,
        "rule_version": VERSION,
        "feed": pace.feed,
        "silent_s": since_s,
        "data_age_s": since_s,
    }
    return [Signal(key, RULE, began=True, at_ms=now_ms, subject=pace.feed, place=pace.area, facts=facts)]
