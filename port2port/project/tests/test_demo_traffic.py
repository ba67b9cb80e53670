"""The invented day: the same at every start, well-formed, and where it should be."""

import pytest
from pyais.stream import IterMessages

from port2port.project.demo.path import Path
from port2port.project.demo.traffic import Route, fleet, intruder

ROUTES = [
    Route("Scheldt", [(51.35, 4.25), (51.30, 4.29), (51.26, 4.33)], ["sea_ship", "barge", "pleasure"], 10),
    Route("Dock", [(51.29, 4.26), (51.27, 4.25)], ["tug"], 8),
]


def test_the_same_area_plays_the_same_ships():
    assert fleet("antwerp", ROUTES, most=20) == fleet("antwerp", ROUTES, most=20)
    assert fleet("antwerp", ROUTES, most=20) != fleet("ghent", ROUTES, most=20)


def test_every_sentence_of_an_hour_is_read_by_an_independent_decoder():
    sentences = [
        s for ship in fleet("antwerp", ROUTES, most=30) for second in range(0, 3600, 7) for s in ship.says(second)
    ]
    types = {message.decode().msg_type for message in IterMessages(sentences)}
    assert types >= {1, 5, 18, 24}


def test_a_ship_is_never_further_from_its_route_than_its_side_of_the_water():
    ship = fleet("antwerp", ROUTES, most=1)[0]
    lats = [ship.spot(second)[0].lat for second in range(0, 86_400, 60)]
    assert min(lats) > 51.25
    assert max(lats) < 51.36


def test_a_ship_lies_still_at_the_end_of_its_route():
    ship = fleet("antwerp", ROUTES, most=1)[0]
    speeds = {speed for second in range(0, 86_400, 60) for _, speed in [ship.spot(second)]}
    assert speeds == {0.0, *ship.out.knots}


def test_ships_keep_the_speed_that_is_allowed_but_for_a_few():
    slow = [Route("Dock", [(51.29, 4.26), (51.27, 4.25), (51.26, 4.25)], ["barge"], 8, [12, 4])]
    ships = fleet("antwerp", slow, most=200)
    assert 0 < sum(ship.out.knots[1] > 4 for ship in ships) < 20
    assert all(ship.out.knots[0] > 4 for ship in ships)


def test_the_intruder_goes_in_and_comes_out():
    craft = intruder("antwerp", start=(51.30, 4.20), inside=(51.30, 4.21), number=0, phase_s=0)
    lons = [craft.spot(second)[0].lon for second in range(0, 1200, 10)]
    assert max(lons) == pytest.approx(4.21, abs=1e-6)
    assert min(lons) == pytest.approx(4.20, abs=1e-4)


def test_an_area_without_routes_has_no_ships():
    assert fleet("charleroi", [], most=5) == []


def test_a_path_gives_back_its_own_points():
    path = Path.through([(51.0, 4.0), (51.01, 4.0), (51.01, 4.02)])
    for point, reached in zip(path.points, path.reached_m, strict=True):
        spot = path.at(reached)
        assert (spot.lat, spot.lon) == pytest.approx(point)
