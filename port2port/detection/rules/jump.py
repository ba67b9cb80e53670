"""Impossible jumps: a track that moved faster than any ship can, and two ships under one MMSI.

A report may come late, so the time between two positions is the larger of what the receiver measured and what the
UTC seconds of the reports say (M.1371-5, table 48, "time stamp"); at least one second.

>>> from port2port.detection.rules.fleet import counting
>>> from port2port.detection.rules.reports import Positions
>>> fleet = Fleet("antwerp", identify=counting())
>>> here = dict(mmsi=[205000001], lon=[2_640_000])
>>> find_jumps(fleet, fleet.take(Positions.of(lat=[30_738_000], at_ms=[1000], **here)))
[]
>>> [s.type for s in find_jumps(fleet, fleet.take(Positions.of(lat=[30_938_000], at_ms=[3000], **here)))]
['ais-jump']
"""

import numpy as np

from port2port.detection.rules.fleet import Fleet, Moves
from port2port.detection.rules.reports import FIXED, NO_SECOND, Column, Flag
from port2port.detection.rules.signals import KNOT_MS, Signal, begin, end, ended, key_of, metres_between

RULE, VERSION = "ais-jump", 1
TWIN = "twin"

MOST_KNOTS = 100.0
LEAST_M = 1000.0
CALM_MS = 600_000  # this long without a jump ends the condition
AIRCRAFT = (111_000_000, 111_999_999)  # search and rescue aircraft may be that fast (M.585)


def find_jumps(fleet: Fleet, moves: Moves) -> list[Signal]:
    """Find the jumps in a batch and mark the tracks doubtful; tell of tracks that had none lately."""
    if not len(moves):
        return []
    distance_m = metres_between(moves.was_lat, moves.was_lon, moves.lat, moves.lon)
    knots = distance_m / _seconds(moves) / KNOT_MS
    there = (moves.was_ms > 0) & (distance_m > LEAST_M) & (knots > MOST_KNOTS) & _may_be_judged(fleet, moves.row)
    if not there.any():
        return []
    return _tell(fleet, moves, np.flatnonzero(there), distance_m, knots)


def _seconds(moves: Moves) -> Column:
    """Give the believed time between each position and the one before."""
    received = (moves.at_ms - moves.was_ms) / 1000
    stamped = (moves.second.astype("i4") - moves.was_second) % 60
    both = (moves.second < NO_SECOND) & (moves.was_second < NO_SECOND)
    longest: Column = np.maximum(received, np.where(both, stamped, 0))
    return np.maximum(longest, 1.0)


def _may_be_judged(fleet: Fleet, row: Column) -> Column:
    mmsi, flags = fleet["mmsi"][row], fleet["flags"][row]
    judged: Column = ((mmsi < AIRCRAFT[0]) | (mmsi > AIRCRAFT[1])) & (flags & FIXED == 0)
    return judged


def _tell(fleet: Fleet, moves: Moves, jumps: Column, distance_m: Column, knots: Column) -> list[Signal]:
    row = moves.row[jumps]
    active = fleet["jump_ms"][row] > 0
    twins = _twins(fleet, moves, jumps)
    _remember(fleet, moves, jumps)
    signals = []
    for which in _once(row, np.flatnonzero(~active)):
        i = jumps[which]
        signals.append(_signal(fleet, moves, int(i), float(distance_m[i]), float(knots[i]), twin=False))
    for which in _once(row, np.flatnonzero(twins)):
        i = jumps[which]
        plain = end(RULE, fleet, int(row[which]), at_ms=int(moves.at_ms[i]), reason="two ships")
        signals += [plain, _signal(fleet, moves, int(i), float(distance_m[i]), float(knots[i]), twin=True)]
    return signals


def _once(row: Column, places: Column) -> Column:
    """Keep the first of each track."""
    _, first = np.unique(row[places], return_index=True)
    kept: Column = places[first]
    return kept


def _twins(fleet: Fleet, moves: Moves, jumps: Column) -> Column:
    """Tell which jumps led back to near where the track had jumped away from: then there are two of it."""
    row, at_ms = moves.row[jumps], moves.at_ms[jumps]
    again = np.zeros(len(row), bool)
    again[1:] = row[1:] == row[:-1]
    left_lat, left_lon, left_ms = fleet["other_lat"][row], fleet["other_lon"][row], fleet["other_ms"][row]
    for left, was in ((left_lat, moves.was_lat), (left_lon, moves.was_lon), (left_ms, moves.was_ms)):
        left[again] = was[jumps][:-1][again[1:]]
    seconds = np.maximum((at_ms - left_ms) / 1000, 1.0)
    away_m = metres_between(left_lat, left_lon, moves.lat[jumps], moves.lon[jumps])
    near = (away_m < LEAST_M) | (away_m / seconds / KNOT_MS < MOST_KNOTS)
    twins: Column = (left_ms > 0) & (at_ms - left_ms < CALM_MS) & near
    return twins


def _remember(fleet: Fleet, moves: Moves, jumps: Column) -> None:
    row = moves.row[jumps]
    fleet["other_lat"][row], fleet["other_lon"][row] = moves.was_lat[jumps], moves.was_lon[jumps]
    fleet["other_ms"][row] = np.maximum(moves.was_ms[jumps], 1)
    fleet["jump_ms"][row] = moves.at_ms[jumps]
    np.add.at(fleet["jumps"], row, 1)
    fleet["flags"][row] |= np.uint16(Flag.DOUBTFUL)


def _signal(fleet: Fleet, moves: Moves, i: int, distance_m: float, knots: float, *, twin: bool) -> Signal:
    row = int(moves.row[i])
    return begin(
        RULE, fleet, row, at_ms=int(moves.at_ms[i]), version=VERSION,
        spot=(int(moves.lat[i]), int(moves.lon[i])),
        key=key_of(RULE, fleet.track_id(row), TWIN if twin else ""),
        distance_m=round(distance_m), implied_knots=round(knots, 1), limit_knots=MOST_KNOTS,
        jumps=int(fleet["jumps"][row]), twin=int(twin),
    )  # fmt: skip


def calm_down(fleet: Fleet, now_ms: int) -> list[Signal]:
    """End the condition of tracks that have not jumped for ten minutes."""
    jumped = fleet["jump_ms"]
    rows = np.flatnonzero((jumped > 0) & (now_ms - jumped > CALM_MS) & (fleet["number"] > 0))
    fleet["jump_ms"][rows] = 0
    fleet["flags"][rows] &= ~np.uint16(Flag.DOUBTFUL)
    signals = []
    for row in rows.tolist():
        signals.append(end(RULE, fleet, row, at_ms=now_ms))
        signals.append(ended(key_of(RULE, fleet.track_id(row), TWIN), RULE, at_ms=now_ms))
    return signals
