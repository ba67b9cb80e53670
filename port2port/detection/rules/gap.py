"""Silence of a track: lost after three reporting intervals, and a gap when it speaks again elsewhere.

Reporting intervals are those of ITU-R M.1371-5, annex 1, tables 1 and 2; where this receiver hears a track less
often than the standard says, what it learned counts. Silence is only counted while the area as a whole is heard.

>>> nominal_ms(np.array([0, 100, 200, 300]), moored=np.zeros(4, bool), class_b=np.zeros(4, bool)).tolist()
[10000, 10000, 6000, 2000]
>>> nominal_ms(np.array([0, 100]), moored=np.array([True, False]), class_b=np.array([False, True])).tolist()
[180000, 30000]
"""

import numpy as np

from port2port.detection.rules.fleet import Fleet, Moves
from port2port.detection.rules.reports import FIXED, NO_SOG, Column, Flag
from port2port.detection.rules.signals import Signal, begin, end, metres_between

LOST, LOST_VERSION = "ais-lost", 1
GAP, GAP_VERSION = "ais-gap", 1

INTERVALS = 3
LEAST_SILENCE_MS = 30_000
BLIND_MS = 60_000  # the whole area silent for this long: then each ship's silence is counted anew
UNDER_WAY = 30  # 1/10 knot: a ship that stops talking at less than 3 knots has often just moored
GAP_MS = 600_000
STEADY_MS = 300_000  # this long after it came back, a gap is history
FORGET_MS = 3_600_000


def nominal_ms(sog: Column, *, moored: Column, class_b: Column) -> Column:
    """Give the nominal reporting interval in ms; `sog` in 1/10 knot, unknown counts as slow."""
    speed = np.where(sog >= NO_SOG, 0, sog)
    class_a = np.array([10_000, 6_000, 2_000])[np.searchsorted([140, 230], speed, side="right")]
    class_a = np.where(moored & (speed <= 30), 180_000, class_a)
    interval: Column = np.where(class_b, np.where(speed <= 20, 180_000, 30_000), class_a)
    return interval


def patience_ms(fleet: Fleet, rows: Column) -> Column:
    """Tell for how long each track may be silent before it is lost."""
    flags = fleet["flags"][rows]
    nominal = nominal_ms(fleet["sog"][rows], moored=flags & Flag.MOORED != 0, class_b=flags & Flag.CLASS_B != 0)
    nominal = np.where(flags & FIXED != 0, 180_000, nominal)
    patience: Column = np.maximum(INTERVALS * np.maximum(nominal, fleet["interval_ms"][rows]), LEAST_SILENCE_MS)
    return patience


def find_lost(fleet: Fleet, now_ms: int) -> tuple[list[Signal], Column]:
    """Find tracks that fell silent; give the findings, and the rows silent for so long that they are forgotten.

    Silence lasts until the area was last heard: when a receiver dies, its ships are not lost, the feed is silent.
    """
    rows = np.flatnonzero(fleet["number"] > 0)
    silent_ms = fleet.last_heard_ms - np.maximum(fleet["seen_ms"][rows], fleet.listening_ms)
    flags = fleet["flags"][rows]
    newly = (silent_ms > patience_ms(fleet, rows)) & (flags & Flag.LOST == 0)
    fleet["flags"][rows[newly]] |= np.uint16(Flag.LOST)
    sog = fleet["sog"][rows]
    matters = newly & (flags & (FIXED | Flag.MOORED) == 0) & (sog >= UNDER_WAY) & (sog < NO_SOG)
    signals = [
        begin(LOST, fleet, int(row), at_ms=now_ms, version=LOST_VERSION, silent_s=int(ms) // 1000)
        for row, ms in zip(rows[matters], silent_ms[matters], strict=True)
    ]
    unheard_ms = np.minimum(silent_ms, fleet.last_heard_ms - fleet["static_ms"][rows])
    return signals, rows[unheard_ms > FORGET_MS]


def find_gaps(fleet: Fleet, moves: Moves) -> list[Signal]:
    """Welcome back what was lost, and tell of those that were dark for long."""
    back = moves.first & (moves.seen_before_ms > 0)
    rows = moves.row[back]
    silent_ms = moves.at_ms[back] - np.maximum(moves.seen_before_ms[back], fleet.listening_ms)
    was_lost = fleet["flags"][rows] & Flag.LOST != 0
    long = (silent_ms > GAP_MS) & (silent_ms > patience_ms(fleet, rows))
    if not (was_lost.any() or long.any()):
        return []
    fleet["flags"][rows] &= ~np.uint16(Flag.LOST)
    places = np.flatnonzero(back)
    signals = [
        end(LOST, fleet, int(moves.row[i]), at_ms=int(moves.at_ms[i]), silent_s=int(ms) // 1000)
        for i, ms in zip(places[was_lost], silent_ms[was_lost], strict=True)
    ]
    fixed = fleet["flags"][rows] & FIXED != 0
    dark = long & ~fixed
    fleet["gap_ms"][rows[dark]] = moves.at_ms[back][dark]
    return signals + [
        _gap(fleet, moves, int(i), int(ms)) for i, ms in zip(places[dark], silent_ms[dark], strict=True)
    ]


def _gap(fleet: Fleet, moves: Moves, i: int, silent_ms: int) -> Signal:
    one = slice(i, i + 1)
    distance_m = metres_between(moves.was_lat[one], moves.was_lon[one], moves.lat[one], moves.lon[one])[0]
    return begin(
        GAP, fleet, int(moves.row[i]), at_ms=int(moves.at_ms[i]), version=GAP_VERSION,
        spot=(int(moves.lat[i]), int(moves.lon[i])), silent_s=silent_ms // 1000, moved_m=round(float(distance_m)),
    )  # fmt: skip


def settle_gaps(fleet: Fleet, now_ms: int) -> list[Signal]:
    """End the gap of tracks that have spoken for five minutes since."""
    since = fleet["gap_ms"]
    rows = np.flatnonzero((since > 0) & (now_ms - since > STEADY_MS) & (fleet["number"] > 0))
    fleet["gap_ms"][rows] = 0
    return [end(GAP, fleet, row, at_ms=now_ms) for row in rows.tolist()]
