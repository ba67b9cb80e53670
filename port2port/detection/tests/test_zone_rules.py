"""Zones: entry, exit and speed, the same however the positions are cut into batches."""

from dataclasses import dataclass

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from port2port.detection.rules.fleet import Fleet, counting
from port2port.detection.rules.reports import DEGREE, Flag, Positions
from port2port.detection.rules.zones import ZoneRule, ZoneWatch, rules_of

SQUARE = shapely.box(4.30, 51.20, 4.32, 51.22)
NEXT = shapely.box(4.31, 51.20, 4.33, 51.22)
RESTRICTED = ZoneRule("petroleum", SQUARE, forbids_entry=True, max_speed_knots=None)
SLOW = ZoneRule("dock", NEXT, forbids_entry=False, max_speed_knots=6.0)
BOTH = ZoneRule("lock", shapely.box(4.32, 51.20, 4.34, 51.22), forbids_entry=True, max_speed_knots=4.0)


def positions(steps, *, start=0, flags=0):
    """Steps as (ship 0.., lon, speed in knots), one a second."""
    ships, lons, knots = zip(*steps, strict=True)
    return Positions.of(
        mmsi=[205_000_001 + ship for ship in ships], lat=[round(51.21 * DEGREE)] * len(steps),
        lon=[round(lon * DEGREE) for lon in lons], sog=[round(k * 10) for k in knots],
        at_ms=[1000 * (start + n) for n in range(len(steps))], flags=[flags] * len(steps),
    )  # fmt: skip


def told(steps, zones, cuts=(), flags=0):
    """What is found when the steps come in batches cut at these places: (at, ship, type, place, began)."""
    fleet, watch = Fleet("antwerp", identify=counting()), ZoneWatch(list(zones))
    found, edges = [], [0, *sorted(cuts), len(steps)]
    for first, beyond in zip(edges, edges[1:], strict=False):
        if first < beyond:
            batch = positions(steps[first:beyond], start=first, flags=flags)
            found += watch.find(fleet, fleet.take(batch))
    names = {str(fleet.track_id(row)): int(fleet["mmsi"][row]) - 205_000_001 for row in fleet.living()}
    return sorted((s.at_ms, names[s.key.split(":")[1]], s.type, s.key.split(":")[2], s.began) for s in found), (
        fleet,
        watch,
    )


def expected(steps, zones):
    """The same, told by the plainest of programs."""
    found, outside, fast = [], {}, set()
    for n, (ship, lon, knots) in enumerate(steps):
        spot = shapely.Point(round(lon * DEGREE) / DEGREE, round(51.21 * DEGREE) / DEGREE)
        for zone in zones:
            pair = (ship, zone.key)
            inside = zone.polygon.contains(spot)
            if inside and pair not in outside and zone.forbids_entry:
                found.append((n * 1000, ship, "ais-zone-entry", zone.key, True))
            if inside:
                outside[pair] = 0
            elif pair in outside:
                outside[pair] += 1
            left = outside.get(pair) == 2
            limit = zone.max_speed_knots
            speeds = limit is not None and inside and round(knots * 10) / 10 > limit + 0.5
            slow = limit is not None and inside and round(knots * 10) / 10 <= limit
            if speeds and pair not in fast:
                fast.add(pair)
                found.append((n * 1000, ship, "ais-zone-speed", zone.key, True))
            elif (slow or left) and pair in fast:
                fast.discard(pair)
                found.append((n * 1000, ship, "ais-zone-speed", zone.key, False))
            if left:
                del outside[pair]
                if zone.forbids_entry:
                    found.append((n * 1000, ship, "ais-zone-entry", zone.key, False))
    return sorted(found)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([4.29, 4.295, 4.305, 4.315, 4.325, 4.335, 4.35]),
        st.sampled_from([0.0, 3.9, 4.0, 4.3, 4.6, 6.0, 6.3, 6.5, 6.6, 12.0]),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, cuts=st.lists(st.integers(0, 60), max_size=8))
def test_however_batches_are_cut_the_findings_are_those_of_one_position_after_the_other(steps, cuts):
    zones = (RESTRICTED, SLOW, BOTH)
    found, (fleet, watch) = told(steps, zones, [min(cut, len(steps)) for cut in cuts])
    assert found == expected(steps, zones)
    open_now = {
        (ship, kind, place)
        for _, ship, kind, place, began in found
        if began and not any(f[1:4] == (ship, kind, place) and not f[4] and f[0] > _ for f in found)
    }
    assert len(watch.standing(fleet)) == len(open_now)


def test_a_ship_trembling_on_the_edge_enters_once():
    steps = [(0, 4.3001 if n % 2 else 4.2999, 0.0) for n in range(100)]
    found, _ = told(steps, [RESTRICTED])
    assert [f[2:] for f in found] == [("ais-zone-entry", "petroleum", True)]


def test_a_ship_first_heard_inside_has_entered():
    found, _ = told([(0, 4.31, 2.0)], [RESTRICTED])
    assert found == [(0, 0, "ais-zone-entry", "petroleum", True)]


@pytest.mark.parametrize("flag", [Flag.AID, Flag.BASE])
def test_buoys_and_base_stations_enter_nothing(flag):
    assert told([(0, 4.31, 9.0)], [RESTRICTED, SLOW], flags=flag)[0] == []


def test_half_a_knot_over_the_limit_is_borne_and_the_limit_itself_ends_it():
    steps = [(0, 4.315, knots) for knots in (6.0, 6.5, 6.6, 6.3, 6.5, 6.0, 6.6)]
    found, _ = told(steps, [SLOW])
    assert [(f[0] // 1000, f[4]) for f in found] == [(2, True), (5, False), (6, True)]


def test_an_unknown_speed_is_not_speeding():
    assert told([(0, 4.315, 102.3)], [SLOW])[0] == []


def test_another_edition_of_the_zones_keeps_who_is_inside_the_zones_that_stayed():
    fleet, watch = Fleet("antwerp", identify=counting()), ZoneWatch([RESTRICTED, SLOW])
    watch.find(fleet, fleet.take(positions([(0, 4.315, 9.0), (1, 4.305, 9.0)])))
    rows = fleet.living()
    later = ZoneWatch([BOTH, RESTRICTED])
    later.restore(fleet, rows, watch.inside(rows))
    assert {key.split(":")[2] for key in later.standing(fleet)} == {"petroleum"}
    assert later.find(fleet, fleet.take(positions([(0, 4.315, 9.0), (1, 4.305, 9.0)], start=5))) == []


@dataclass
class Place:
    key: str
    polygon: object
    kind: str = "fairway"
    max_speed_knots: float | None = None
    rules: dict | None = None


def test_zones_without_a_demand_are_left_out_and_unusable_shapes_are_named():
    bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    zones = [
        Place("anchorage", SQUARE, rules={}),
        Place("petroleum", SQUARE, kind="restricted", rules={}),
        Place("pier", SQUARE, rules={"no_entry": True}),
        Place("dock", SQUARE, max_speed_knots=6, rules={}),
        Place("broken", bow_tie, kind="restricted", rules={}),
        Place("empty", shapely.Polygon(), kind="restricted", rules={}),
        Place("line", shapely.LineString([(0, 0), (1, 1)]), kind="restricted", rules={}),
    ]
    kept, broken = rules_of(zones)
    assert [(rule.key, rule.forbids_entry, rule.max_speed_knots) for rule in kept] == [
        ("petroleum", True, None), ("pier", True, None), ("dock", False, 6.0),
    ]  # fmt: skip
    assert broken == ["broken", "empty", "line"]


def test_a_thousand_ships_in_many_zones_are_all_found():
    zones = [
        ZoneRule(
            f"z{n}", shapely.box(4 + n / 100, 51, 4.01 + n / 100, 52), forbids_entry=True, max_speed_knots=None
        )
        for n in range(50)
    ]
    rng = np.random.default_rng(7)
    lons = rng.uniform(4.0001, 4.4999, 1000)
    found, _ = told([(n, float(lon), 1.0) for n, lon in enumerate(lons)], zones)
    assert len(found) == 1000
    assert all(place == f"z{int((lons[ship] - 4) * 100)}" for _, ship, _, place, _ in found)
