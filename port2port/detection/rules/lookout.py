"""The lookout over one area: takes reports in, keeps the fleet, and says what it found.

Everything it knows follows from the reports and the moments it was given, so that a second lookout which is given
the same from the same start knows the same: this is how the open minute survives a kill.

>>> from port2port.detection.rules.fleet import counting
>>> lookout = Lookout("antwerp", "live", identify=counting())
>>> seen = lookout.observe([Reports(Positions.of(mmsi=[205000001], lat=[30_738_000], lon=[2_640_000], at_ms=[5]))])
>>> seen.signals, seen.history["track"].tolist()
([], [1])
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from port2port.detection.rules import gap, jump
from port2port.detection.rules.fleet import Fleet, Identify
from port2port.detection.rules.reports import DEGREE, Column, Flag, Positions, Reports
from port2port.detection.rules.signals import Signal, ended
from port2port.detection.rules.zones import ENTRY, SPEED, ZoneRule, ZoneWatch

REPLAY = "replay"
REPLAY_OVER_MS = 600_000
KEPT = ("lat", "lon", "sog", "cog", "heading", "flags")
ZONE_RULES = (ENTRY, SPEED)
TRACK_RULES = (*ZONE_RULES, gap.LOST, gap.GAP, jump.RULE)


@dataclass(slots=True)
class Seen:
    """What a batch brought: findings, and the positions for history (`at_ms` since 1970)."""

    signals: list[Signal]
    history: dict[str, Column]


@dataclass(slots=True)
class Changes:
    """What changed since the picture was last drawn."""

    touched: Column = field(default_factory=lambda: np.zeros(0, bool))
    named: Column = field(default_factory=lambda: np.zeros(0, bool))
    renamed: Column = field(default_factory=lambda: np.zeros(0, bool))
    gone: list[int] = field(default_factory=list)


class Lookout:
    """One area and picture."""

    def __init__(self, area: str, picture: str, *, identify: Identify, zones: Iterable[ZoneRule] = ()) -> None:
        self.area, self.picture = area, picture
        self.fleet = Fleet(area, identify=identify, picture=picture)
        self.watch = ZoneWatch(list(zones))
        self.counts: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()
        self.changes = Changes()

    def observe(self, reports: list[Reports]) -> Seen:
        """Take in what was reported, in the order it came."""
        for report in reports:
            self.counts.update(report.counts)
            self.refused.update(report.refused)
        heard = Positions.join([report.positions for report in reports if len(report.positions)])
        if len(heard):
            self.fleet.hear(int(heard.at_ms.min()), int(heard.at_ms.max()), blind_ms=gap.BLIND_MS)
        moves = self.fleet.take(heard)
        learned = [self.fleet.learn(told) for report in reports for told in report.statics]
        signals = gap.find_gaps(self.fleet, moves) + jump.find_jumps(self.fleet, moves)
        signals += self.watch.find(self.fleet, moves)
        self._note(moves.row[moves.first], moves.row[moves.first & (moves.was_ms == 0)], learned)
        return Seen(signals, self._history(heard))

    def history_of(self, heard: Positions) -> dict[str, Column]:
        """Give positions as history keeps them, without having seen them happen."""
        return self._history(heard)

    def _history(self, heard: Positions) -> dict[str, Column]:
        rows = self.fleet.rows_of(heard.mmsi)
        placed = (rows >= 0) & (np.abs(heard.lat) <= 90 * DEGREE) & (np.abs(heard.lon) <= 180 * DEGREE)
        columns = {name: getattr(heard, name)[placed] for name in KEPT}
        track = self.fleet["number"][rows[placed]]
        return {"at_ms": heard.at_ms[placed], "track": track.astype("u4"), **columns}

    def _note(self, rows: Column, fresh: Column, learned: list[Column]) -> None:
        """Mark what the picture must show anew; a track is named with its first position and when facts change."""
        self._follow()
        self.changes.touched[rows] = True
        for changed in (fresh, *learned):
            self.changes.named[changed] = True
            self.changes.touched[changed] = True
            self.changes.renamed[changed] = True

    def _follow(self) -> None:
        missing = self.fleet.room - len(self.changes.touched)
        if missing > 0:
            more = np.zeros(missing, bool)
            for name in ("touched", "named", "renamed"):
                setattr(self.changes, name, np.concatenate([getattr(self.changes, name), more]))

    def tick(self, now_ms: int) -> list[Signal]:
        """Look at what time alone changes: silence, calm, forgetting."""
        flags = self.fleet["flags"].copy()
        signals, forgotten = gap.find_lost(self.fleet, now_ms)
        signals += gap.settle_gaps(self.fleet, now_ms) + jump.calm_down(self.fleet, now_ms)
        self._follow()
        self.changes.touched[: len(flags)] |= flags != self.fleet["flags"]
        if self.picture == REPLAY and now_ms - self.fleet.last_heard_ms > REPLAY_OVER_MS:
            forgotten = self.fleet.living()
        return signals + (self._forget(forgotten, now_ms) if len(forgotten) else [])

    def _forget(self, rows: Column, now_ms: int) -> list[Signal]:
        """Drop tracks, and end whatever may still stand on them."""
        signals = []
        for row in rows.tolist():
            track = str(self.fleet.track_id(row))
            keys = [(rule, f"{rule}:{track}") for rule in (gap.LOST, gap.GAP, jump.RULE)]
            keys += [(jump.RULE, f"{jump.RULE}:{track}:{jump.TWIN}")]
            keys += [(rule, f"{rule}:{track}:{zone.key}") for rule in ZONE_RULES for zone in self.watch.zones]
            signals += [ended(key, rule, at_ms=now_ms, reason="not heard any more") for rule, key in keys]
        self.changes.gone += self.fleet["number"][rows].tolist()
        self.changes.touched[rows] = self.changes.named[rows] = False
        self.watch.drop(rows)
        self.fleet.drop(rows)
        return signals

    def set_zones(self, zones: list[ZoneRule]) -> None:
        """Go on with another edition of the zones; who is inside a zone that stayed is still inside."""
        rows = self.fleet.living()
        inside = self.watch.inside(rows)
        self.watch = ZoneWatch(zones)
        self.watch.restore(self.fleet, rows, inside)

    def unfounded(self, standing: Iterable[str], now_ms: int) -> list[Signal]:
        """End standing conditions whose track is forgotten, and of zones that are gone or were left unseen."""
        true = self.watch.standing(self.fleet)
        tracks = {str(self.fleet.track_id(row)) for row in self.fleet.living().tolist()}
        signals = []
        for key in standing:
            rule, track = key.split(":")[:2]
            if rule in TRACK_RULES and track not in tracks:
                signals.append(ended(key, rule, at_ms=now_ms, reason="not heard any more"))
            elif rule in ZONE_RULES and key not in true:
                signals.append(ended(key, rule, at_ms=now_ms, reason="the zone changed"))
        return signals

    def renamed(self) -> list[tuple[int, int, str, str]]:
        """Give (track number, IMO, name, call sign) of the tracks whose facts changed since this was last asked."""
        rows = np.flatnonzero(self.changes.renamed)
        self.changes.renamed[rows] = False
        columns = [self.fleet[name][rows].tolist() for name in ("number", "imo", "name", "callsign")]
        return [
            (number, imo, name.decode("ascii", "replace"), sign.decode("ascii", "replace"))
            for number, imo, name, sign in zip(*columns, strict=True)
            if number
        ]

    def frozen(self) -> dict[str, dict[str, Column]]:
        """Copy all that must outlive a restart."""
        rows = self.fleet.living()
        moments = np.array([self.fleet.last_heard_ms, self.fleet.listening_ms], "i8")
        return {"fleet": self.fleet.frozen(), "inside": self.watch.inside(rows), "moments": {"ms": moments}}

    def thaw(self, kept: Mapping[str, dict[str, Column]]) -> None:
        """Take up what `frozen` gave, in an empty lookout."""
        self.fleet.thaw(kept["fleet"])
        self.watch.restore(self.fleet, self.fleet.living(), kept["inside"])
        self.fleet.last_heard_ms, self.fleet.listening_ms = (int(ms) for ms in kept["moments"]["ms"])
        self._follow()

    def recall(self, standing: Iterable[str]) -> None:
        """Set the marks of conditions that time raised after the last minute was closed."""
        rows = {str(self.fleet.track_id(int(row))): int(row) for row in self.fleet.living()}
        for key in standing:
            rule, _, track = key.partition(":")
            row = rows.get(track)
            if row is not None and rule == gap.LOST:
                self.fleet["flags"][row] |= np.uint16(Flag.LOST)
