"""Zones on the water: which tracks are inside which, who came in where nobody may, and who left.

A track enters with its first position inside. It leaves with its second position in succession outside, so that a
ship moored on the edge, whose position trembles, does not enter a hundred times a day.

>>> import shapely
>>> from port2port.detection.rules.fleet import counting
>>> from port2port.detection.rules.reports import Positions
>>> quay = ZoneRule("quay", shapely.box(4.3, 51.2, 4.4, 51.3), forbids_entry=True, max_speed_knots=None)
>>> fleet, watch = Fleet("antwerp", identify=counting()), ZoneWatch([quay])
>>> inside = Positions.of(mmsi=[205000001], lat=[51_250_000 * 6 // 10], lon=[4_350_000 * 6 // 10], at_ms=[1])
>>> [(s.type, s.place) for s in watch.find(fleet, fleet.take(inside))]
[('ais-zone-entry', 'quay')]
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import shapely

from port2port.detection.rules.crossings import Crossings, Speeding, Tracks, crossings, speeding
from port2port.detection.rules.fleet import Fleet, Moves
from port2port.detection.rules.reports import DEGREE, FIXED, NO_SOG, Column
from port2port.detection.rules.signals import Signal, begin, end
from port2port.engine.geofence import Grid

ENTRY, ENTRY_VERSION = "ais-zone-entry", 1
SPEED, SPEED_VERSION = "ais-zone-speed", 1

SPEED_MARGIN_KNOTS = 0.5  # half the step at which a ship's own log is trusted
CELLS = 512
RESTRICTED = "restricted"
AREAL = ("Polygon", "MultiPolygon")


class Zone(Protocol):
    """What a zone of `places` must tell."""

    @property
    def key(self) -> str:
        """Stable key."""

    @property
    def kind(self) -> str:
        """What it is for."""

    @property
    def polygon(self) -> Any:
        """Shape in lon, lat degrees."""

    @property
    def max_speed_knots(self) -> float | None:
        """Speed limit."""

    @property
    def rules(self) -> Mapping[str, Any]:
        """What else holds in it."""


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """What this room asks of a zone; `polygon` in lon, lat degrees."""

    key: str
    polygon: shapely.Polygon | shapely.MultiPolygon
    forbids_entry: bool
    max_speed_knots: float | None


def rules_of(zones: Iterable[Zone]) -> tuple[list[ZoneRule], list[str]]:
    """Keep the zones in which something is asked of ships; list the keys of those whose shape is unusable."""
    kept, broken = [], []
    for zone in zones:
        forbids = zone.kind == RESTRICTED or bool(zone.rules.get("no_entry"))
        limit = zone.max_speed_knots
        if not forbids and limit is None:
            continue
        polygon = zone.polygon
        if polygon is None or polygon.is_empty or not polygon.is_valid or polygon.geom_type not in AREAL:
            broken.append(zone.key)
            continue
        kept.append(ZoneRule(zone.key, polygon, forbids, None if limit is None else float(limit)))
    return kept, broken


def _pairs(columns: tuple[Column, Column]) -> list[tuple[int, int]]:
    return list(zip(columns[0].tolist(), columns[1].tolist(), strict=True))


class ZoneWatch:
    """Keeps for each track and zone whether it is inside, and whether it is too fast there.

    `_state` is 0 outside, 1 inside, 2 inside with the latest report outside; `_fast` is 1 when over the limit.
    """

    def __init__(self, zones: list[ZoneRule]) -> None:
        self.zones = zones
        self._grid = Grid([zone.polygon for zone in zones], cells=CELLS) if zones else None
        self._forbids = np.array([zone.forbids_entry for zone in zones], bool)
        limits = [np.inf if z.max_speed_knots is None else z.max_speed_knots for z in zones]
        self._limit = np.array(limits, float)
        self._state = np.zeros((0, len(zones)), "u1")
        self._fast = np.zeros((0, len(zones)), "u1")

    def find(self, fleet: Fleet, moves: Moves) -> list[Signal]:
        """Find entries, exits and speeding in a batch, each track's in the order they happened."""
        if self._grid is None or not len(moves):
            return []
        self._follow(fleet)
        tracks = Tracks.of(moves)
        point, zone = self._inside(fleet, moves)
        rows = moves.row[tracks.begins]
        crossed = crossings(tracks, point, zone, self._state[rows])
        sped = speeding(tracks, self._marked(moves, point, zone), crossed.left, self._fast[rows])
        self._state[rows] = crossed.state
        self._fast[moves.row[sped.rows[0]], sped.rows[1]] = sped.fast
        return self._signals(fleet, moves, crossed, sped)

    def _inside(self, fleet: Fleet, moves: Moves) -> tuple[Column, Column]:
        """Pair moves with the zones they lie in; aids and base stations do not count."""
        assert self._grid is not None  # noqa: S101 - `find` looked
        point, zone = self._grid.hits(moves.lat / DEGREE, moves.lon / DEGREE)
        sails = fleet["flags"][moves.row[point]] & FIXED == 0
        return point[sails], zone[sails]

    def _follow(self, fleet: Fleet) -> None:
        """Have a row for each row of the fleet."""
        missing = fleet.room - len(self._state)
        if missing > 0:
            more = np.zeros((missing, len(self.zones)), "u1")
            self._state, self._fast = np.concatenate([self._state, more]), np.concatenate([self._fast, more])

    def _marked(self, moves: Moves, point: Column, zone: Column) -> tuple[Column, Column, Column]:
        """Compare speeds with the limits: 1 over, -1 within; what lies between is left out."""
        limit = self._limit[zone]
        known = np.isfinite(limit) & (moves.sog[point] < NO_SOG)
        point, zone, limit = point[known], zone[known], limit[known]
        knots = moves.sog[point] / 10
        mark = np.where(knots > limit + SPEED_MARGIN_KNOTS, 1, np.where(knots <= limit, -1, 0))
        clear = mark != 0
        return point[clear], zone[clear], mark[clear]

    def _signals(self, fleet: Fleet, moves: Moves, crossed: Crossings, sped: Speeding) -> list[Signal]:
        """Turn what was found into findings, in the order of the moves; at one move ends go before beginnings."""
        found = [(at, 2, self._entered, zone) for at, zone in self._forbidden(crossed.came)]
        found += [(at, 1, self._left, zone) for at, zone in self._forbidden(crossed.left)]
        found += [(at, 3, self._speeding, zone) for at, zone in _pairs(sped.began)]
        found += [(at, 0, self._slowed, zone) for at, zone in _pairs(sped.over)]
        found.sort(key=lambda one: (one[0], one[1]))
        return [say(fleet, moves, at, zone) for at, _, say, zone in found]

    def _forbidden(self, pairs: tuple[Column, Column]) -> list[tuple[int, int]]:
        """Keep the pairs of zones where nobody may be."""
        forbidden = self._forbids[pairs[1]]
        return _pairs((pairs[0][forbidden], pairs[1][forbidden]))

    def _entered(self, fleet: Fleet, moves: Moves, i: int, zone: int) -> Signal:
        facts: dict[str, Any] = {} if moves.sog[i] >= NO_SOG else {"speed_knots": int(moves.sog[i]) / 10}
        return begin(
            ENTRY, fleet, int(moves.row[i]), at_ms=int(moves.at_ms[i]), version=ENTRY_VERSION,
            place=self.zones[zone].key, spot=(int(moves.lat[i]), int(moves.lon[i])), **facts,
        )  # fmt: skip

    def _left(self, fleet: Fleet, moves: Moves, i: int, zone: int) -> Signal:
        return end(ENTRY, fleet, int(moves.row[i]), at_ms=int(moves.at_ms[i]), place=self.zones[zone].key)

    def _speeding(self, fleet: Fleet, moves: Moves, i: int, zone: int) -> Signal:
        return begin(
            SPEED, fleet, int(moves.row[i]), at_ms=int(moves.at_ms[i]), version=SPEED_VERSION,
            place=self.zones[zone].key, spot=(int(moves.lat[i]), int(moves.lon[i])),
            speed_knots=int(moves.sog[i]) / 10, limit_knots=float(self._limit[zone]),
        )  # fmt: skip

    def _slowed(self, fleet: Fleet, moves: Moves, i: int, zone: int) -> Signal:
        return end(SPEED, fleet, int(moves.row[i]), at_ms=int(moves.at_ms[i]), place=self.zones[zone].key)

    def drop(self, rows: Column) -> None:
        """Forget tracks."""
        rows = rows[rows < len(self._state)]
        self._state[rows], self._fast[rows] = 0, 0

    def inside(self, rows: Column) -> dict[str, Column]:
        """Copy what is known of these rows, zone by zone: for a restart, or for the next edition of the zones."""
        state = np.zeros((len(rows), len(self.zones)), "u1")
        held = rows < len(self._state)
        state[held] = self._state[rows[held]] | (self._fast[rows[held]] << 4)
        return {zone.key: state[:, i] for i, zone in enumerate(self.zones)}

    def restore(self, fleet: Fleet, rows: Column, inside: Mapping[str, Column]) -> None:
        """Take over what `inside` gave, for the zones that still exist."""
        self._follow(fleet)
        for i, zone in enumerate(self.zones):
            if zone.key in inside:
                self._state[rows, i] = inside[zone.key] & 0x0F
                self._fast[rows, i] = inside[zone.key] >> 4

    def standing(self, fleet: Fleet) -> set[str]:
        """List the keys of the conditions that the state says exist."""
        keys = set()
        for rule, held in ((ENTRY, (self._state > 0) & self._forbids), (SPEED, self._fast > 0)):
            for row, zone in zip(*np.nonzero(held), strict=True):
                if row < fleet.size:
                    keys.add(f"{rule}:{fleet.track_id(int(row))}:{self.zones[int(zone)].key}")
        return keys
