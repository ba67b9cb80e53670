"""What a rule finds: that a condition on a track began, or that it ended.

A key names a condition for ever: rule, track, and the zone where there is one. Whoever publishes keeps the set of
those that stand, so that a finding made twice is told once.

>>> from uuid import UUID
>>> key_of("ais-zone-entry", UUID(int=7), "petroleum-zone")
'ais-zone-entry:00000000-0000-0000-0000-000000000007:petroleum-zone'
"""

from dataclasses import dataclass, field

import numpy as np

from port2port.detection.rules.fleet import Fleet
from port2port.detection.rules.reports import DEGREE, NO_COG, NO_LAT, NO_SOG, Column, Flag

Fact = str | int | float

EARTH_M = 6_371_008.8
KNOT_MS = 1852 / 3600


@dataclass(frozen=True, slots=True)
class Signal:
    """One finding of one rule; `began` false means that the condition ended. `at_ms` is since 1970."""

    key: str
    type: str
    began: bool
    at_ms: int
    subject: str = ""
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    facts: dict[str, Fact] = field(default_factory=dict)


def key_of(rule: str, subject: object, place: str = "") -> str:
    """Name a condition."""
    return f"{rule}:{subject}:{place}" if place else f"{rule}:{subject}"


def degrees(value: int) -> float:
    """Turn 1/600000 degree into degrees, to the last digit that means something."""
    return round(value / DEGREE, 6)


def metres_between(lat: Column, lon: Column, other_lat: Column, other_lon: Column) -> Column:
    """Measure great-circle distances in metres (haversine); arguments in 1/600000 degree."""
    scale = np.pi / 180 / DEGREE
    north, other_north = lat * scale, other_lat * scale
    half_lat = np.sin((other_north - north) / 2)
    half_lon = np.sin((other_lon.astype("i8") - lon.astype("i8")) * scale / 2)
    chord = half_lat**2 + np.cos(north) * np.cos(other_north) * half_lon**2
    distance: Column = 2 * EARTH_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return distance


def track_facts(fleet: Fleet, row: int, at_ms: int) -> dict[str, Fact]:
    """Say what an operator wants to know of a track at a glance; unknown facts are left out."""
    facts: dict[str, Fact] = {
        "track": int(fleet["number"][row]),
        "mmsi": int(fleet["mmsi"][row]),
        "data_age_s": max(0, round((at_ms - int(fleet["seen_ms"][row])) / 1000)),
    }
    for name in ("name", "callsign"):
        text = fleet[name][row].decode("ascii", "replace")
        if text:
            facts[name] = text
    sog, cog = int(fleet["sog"][row]), int(fleet["cog"][row])
    if sog < NO_SOG:
        facts["speed_knots"] = sog / 10
    if cog < NO_COG:
        facts["course_deg"] = cog / 10
    if fleet["flags"][row] & Flag.DOUBTFUL:
        facts["doubtful_position"] = 1
    return facts


def begin(  # noqa: PLR0913 - a finding has this many parts
    rule: str,
    fleet: Fleet,
    row: int,
    *,
    at_ms: int,
    version: int,
    place: str = "",
    spot: tuple[int, int] | None = None,
    key: str = "",
    **facts: Fact,
) -> Signal:
    """Say that a condition on a track began; `spot` (1/600000 degree) is where, if not where the track is now."""
    lat, lon = spot or (int(fleet["lat"][row]), int(fleet["lon"][row]))
    track = fleet.track_id(row)
    known = abs(lat) < NO_LAT
    return Signal(
        key=key or key_of(rule, track, place), type=rule, began=True, at_ms=at_ms, subject=str(track), place=place,
        lat=degrees(lat) if known else None, lon=degrees(lon) if known else None,
        facts={"rule": rule, "rule_version": version, **track_facts(fleet, row, at_ms), **facts},
    )  # fmt: skip


def end(rule: str, fleet: Fleet, row: int, *, at_ms: int, place: str = "", **facts: Fact) -> Signal:
    """Say that a condition on a track ended."""
    return ended(key_of(rule, fleet.track_id(row), place), rule, at_ms=at_ms, **facts)


def ended(key: str, rule: str, *, at_ms: int, **facts: Fact) -> Signal:
    """Say that a condition ended, by its key."""
    return Signal(key=key, type=rule, began=False, at_ms=at_ms, facts=facts)
