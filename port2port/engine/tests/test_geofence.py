"""The grid answers as shapely does, position by position."""

import threading
import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from port2port.engine.geofence import Grid
from port2port.engine.geofence.raster import FULL, cover, frame_over


def naive(polygons, lat, lon):
    inside = [shapely.contains_xy(polygon, lon, lat) for polygon in polygons]
    return np.nonzero(np.array(inside).reshape(len(polygons), len(lat)).T)


def same(grid, polygons, lat, lon):
    points, areas = grid.hits(lat, lon)
    wanted = naive(polygons, np.asarray(lat), np.asarray(lon))
    assert points.tolist() == wanted[0].tolist()
    assert areas.tolist() == wanted[1].tolist()
    return len(points)


def star(random, lat, lon, radius, *, corners=None):
    """A star-shaped polygon, often with a hole."""
    corners = corners or random.integers(3, 40)
    angle = np.sort(random.uniform(0, 2 * np.pi, corners))
    reach = radius * random.uniform(0.4, 1, corners)
    ring = np.c_[lon + reach * np.cos(angle), lat + reach * np.sin(angle)]
    holes = [np.c_[lon, lat] + (ring - (lon, lat)) * 0.3] if random.random() < 0.4 else []
    return shapely.Polygon(ring, holes)


def world(seed, count):
    """Stars, boxes that share sides, and collections, from a port's size to a country's."""
    random = np.random.default_rng(seed)
    size = 10.0 ** random.uniform(-3, 0.5)
    polygons = []
    for _ in range(count):
        lat, lon = 51 + random.uniform(-1, 1) * size, 4 + random.uniform(-1, 1) * size
        radius = size * 10 ** random.uniform(-2, 0)
        match random.integers(0, 4):
            case 0:
                west, south = (np.round(random.uniform(-4, 4, 2)) / 4 * size + (4, 51)).tolist()
                polygons.append(shapely.box(west, south, west + size / 4, south + size / 4))
            case 1:
                parts = [star(random, lat + i * radius, lon - i * radius, radius * 0.4) for i in range(3)]
                polygons.append(shapely.MultiPolygon(parts))
            case _:
                polygons.append(star(random, lat, lon, radius))
    return random, size, polygons


def awkward_points(random, size, polygons, grid, count=3000):
    """Anywhere, on corners, on sides, on the borders of cells, outside, not a number."""
    corners = shapely.get_coordinates(polygons)
    middles = (corners[1:] + corners[:-1]) / 2
    lon = np.r_[4 + random.uniform(-1.5, 1.5, count) * size, corners[:, 0], middles[:, 0]]
    lat = np.r_[51 + random.uniform(-1.5, 1.5, count) * size, corners[:, 1], middles[:, 1]]
    near = np.nextafter(corners, random.choice([-1e9, 1e9], corners.shape))
    frame = grid._view.frame
    lon_lines = frame.west + (random.integers(0, frame.columns, count) - 1) / frame.per_lon
    lat_lines = frame.south + (random.integers(0, frame.rows, count) - 1) / frame.per_lat
    odd = [np.nan, np.inf, -np.inf, 1e300, -1e300, 0.0]
    lat = np.r_[lat, near[:, 1], lat_lines, lat_lines, odd, [51.0] * len(odd)]
    lon = np.r_[lon, near[:, 0], lon_lines, 4 + random.uniform(-1, 1, count) * size, [4.0] * len(odd), odd]
    return lat, lon


@pytest.mark.parametrize("seed", range(24))
def test_hits_are_those_of_shapely_on_any_shape_and_at_any_awkward_point(seed):
    random, size, polygons = world(seed, count=[1, 2, 7, 40][seed % 4])
    grid = Grid(polygons, cells=[2048, 300, 17, 1][seed // 4 % 4])
    same(grid, polygons, *awkward_points(random, size, polygons, grid))


@pytest.mark.parametrize("seed", range(12))
def test_hits_stay_those_of_shapely_while_areas_are_replaced_moved_and_taken_away(seed):
    random, size, polygons = world(100 + seed, count=12)
    grid = Grid(polygons, cells=512)
    for step in range(12):
        index = int(random.integers(0, len(polygons)))
        reach = 10 ** random.uniform(-2, 1)
        polygons[index] = star(random, 51 + random.uniform(-2, 2) * size, 4, size * reach)
        if step % 5 == 4:
            polygons[index] = shapely.Polygon()
        grid.replace(index, polygons[index])
        same(grid, polygons, *awkward_points(random, size, polygons, grid, count=300))


def test_many_replacements_do_not_pile_up():
    random, size, polygons = world(7, count=30)
    grid = Grid(polygons, cells=256)
    kinds = []
    for _ in range(400):
        index = int(random.integers(0, len(polygons)))
        polygons[index] = star(random, 51 + random.uniform(-1, 1) * size, 4, size / 3)
        grid.replace(index, polygons[index])
        kinds.append(len(grid._kinds._rows))
    assert max(kinds[200:]) < 4 * max(kinds[:50]) + 2000
    same(grid, polygons, *awkward_points(random, size, polygons, grid))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-8, 8)] * 4), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(-18, 18), st.integers(-18, 18)), min_size=1, max_size=60),
    st.sampled_from([1, 2, 3, 16, 64]),
)
def test_boxes_on_whole_numbers_that_touch_and_overlap(boxes, points, cells):
    polygons = [shapely.box(min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1) for a, b, c, d in boxes]
    lat, lon = (np.array([point[i] / 2 for point in points]) for i in (0, 1))
    same(Grid(polygons, cells=cells), polygons, lat, lon)


@pytest.mark.parametrize(
    "invalid",
    [
        shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)]),
        shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)]),
        shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)]),
        shapely.Polygon([(0, 0), (4, 0), (4, 0), (2, 0), (2, 3)]),
    ],
)
def test_even_a_shape_that_is_not_valid_gets_the_answer_of_shapely(invalid):
    steps = np.arange(-1, 5, 0.25)
    lat, lon = (axis.ravel() for axis in np.meshgrid(steps, steps))
    same(Grid([invalid], cells=64), [invalid], lat, lon)


def test_a_point_on_the_border_is_in_neither_of_two_areas_that_touch():
    grid = Grid([shapely.box(4, 51, 4.5, 51.5), shapely.box(4.5, 51, 5, 51.5)])
    assert grid.hits([51.2, 51.2, 51.2], [4.4, 4.5, 4.6])[1].tolist() == [0, 1]


def test_without_areas_nothing_is_hit_and_the_first_one_may_come_later():
    grid = Grid([])
    assert grid.hits([51.2], [4.4])[0].tolist() == []
    assert grid.add(shapely.box(4, 51, 5, 52)) == 0
    assert grid.hits([51.2, 50.0], [4.4, 4.4])[0].tolist() == [0]
    assert grid._view.table.size > 1000, "the grid was not laid anew over its first area"
    assert len(grid) == 1


def test_no_positions_give_no_hits():
    points, areas = Grid([shapely.box(4, 51, 5, 52)]).hits(np.empty(0), np.empty(0))
    assert points.shape == areas.shape == (0,)


def test_an_area_added_beyond_the_grid_is_answered_out_there_too():
    polygons = [shapely.box(4, 51, 4.1, 51.1)]
    grid = Grid(polygons)
    polygons.append(star(np.random.default_rng(3), 51.5, 5, 2.0))
    grid.add(polygons[1])
    random = np.random.default_rng(4)
    assert same(grid, polygons, random.uniform(49, 54, 5000), random.uniform(2, 8, 5000)) > 100


def test_a_change_is_in_force_within_50_ms_among_500_areas():
    random = np.random.default_rng(5)
    polygons = [
        star(random, random.uniform(50.5, 51.9), random.uniform(2.5, 6), 0.05, corners=40) for _ in range(500)
    ]
    grid, spent = Grid(polygons), []
    for index in range(20):
        start = time.thread_time()
        grid.replace(index, star(random, random.uniform(50.5, 51.9), random.uniform(2.5, 6), 0.05))
        spent.append(time.thread_time() - start)
    assert np.median(spent) < 0.050


def test_500_areas_of_a_country_take_little_memory_and_one_dock_next_to_nothing():
    random = np.random.default_rng(6)
    polygons = [star(random, random.uniform(50.5, 51.9), random.uniform(2.5, 6), 0.05) for _ in range(500)]
    assert Grid(polygons).memory_bytes < 40e6
    assert Grid([shapely.box(4.28, 51.28, 4.3, 51.3)]).memory_bytes < 200e3


def test_cells_are_as_fine_as_the_areas_ask_for():
    metres_per_degree = 111_000
    port, country = Grid([shapely.box(4.28, 51.28, 4.3, 51.3)]), Grid([shapely.box(2.5, 49.5, 6.4, 51.9)])
    assert metres_per_degree / port._view.frame.per_lat < 30
    assert metres_per_degree / country._view.frame.per_lat < 3000
    assert country._view.table.size < 20_000


def test_hundreds_of_areas_upon_each_other_lay_a_coarser_grid_instead_of_filling_memory(monkeypatch):
    monkeypatch.setattr("port2port.engine.geofence.grid.MOST_LISTED", 20_000)
    random = np.random.default_rng(8)
    polygons = [star(random, 51 + random.uniform(-0.05, 0.05), 4, 1.0) for _ in range(40)]
    grid = Grid(polygons, cells=2048)
    assert grid._kinds.listed <= 40_000
    same(grid, polygons, random.uniform(49.9, 52.1, 3000), random.uniform(2.9, 5.1, 3000))


def test_more_kinds_of_cell_than_sixteen_bits_count_are_kept_apart():
    random = np.random.default_rng(9)
    polygons = [
        star(random, 51 + random.uniform(-0.6, 0.6), 4 + random.uniform(-0.6, 0.6), 0.5) for _ in range(200)
    ]
    grid = Grid(polygons, cells=1200)
    assert grid._view.table.dtype == np.uint32
    same(grid, polygons, random.uniform(49.9, 52.1, 3000), random.uniform(2.9, 5.1, 3000))


def test_a_look_up_beside_a_change_sees_the_old_or_the_new_state_never_a_mixture():
    left, right = shapely.box(4, 51, 4.4, 51.4), shapely.box(4.5, 51, 4.9, 51.4)
    grid = Grid([left, shapely.box(3.9, 50.9, 5, 51.5)])
    lat, lon = np.array([51.2, 51.2]), np.array([4.2, 4.7])
    stop, seen = threading.Event(), set()

    def look():
        while not stop.is_set():
            points, areas = grid.hits(lat, lon)
            seen.add(tuple(points[areas == 0].tolist()))

    looker = threading.Thread(target=look)
    looker.start()
    for turn in range(150):
        grid.replace(0, right if turn % 2 == 0 else left)
    stop.set()
    looker.join()
    assert seen <= {(0,), (1,)}
    assert seen


def test_a_sliver_thinner_than_a_cell_is_never_lost():
    sliver = shapely.Polygon([(4, 51), (5, 51.3), (5, 51.3000001)])
    random = np.random.default_rng(10)
    along = random.uniform(0, 1, 2000)
    lon, lat = 4 + along, 51 + along * 0.3 + random.uniform(-1e-8, 1.1e-7, 2000)
    polygons = [sliver, shapely.box(3, 50, 6, 52)]
    assert same(Grid(polygons, cells=64), polygons, lat, lon) > 2100


def test_what_is_called_full_has_no_border_within_it():
    area = star(np.random.default_rng(11), 51, 4, 0.3)
    frame = frame_over(shapely.bounds(area).reshape(1, 4), most_cells=200)
    covered = cover(frame, area)
    row, column = np.nonzero(covered.flags == FULL)
    lat, lon = frame.middles(row + covered.row, column + covered.column)
    cells = shapely.box(
        lon - 0.5 / frame.per_lon, lat - 0.5 / frame.per_lat, lon + 0.5 / frame.per_lon, lat + 0.5 / frame.per_lat
    )
    assert len(cells) > 1000
    assert shapely.contains_properly(area, cells).all()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Grid([shapely.Point(4, 51)]), "area 0: a Polygon or MultiPolygon, not Point"),
        (lambda: Grid([None]), "area 0: a Polygon or MultiPolygon, not NoneType"),
        (lambda: Grid([shapely.Polygon([(0, 0), (1, 0), (np.inf, 1)])]), "area 0: a coordinate is not a finite"),
        (lambda: Grid([], cells=0), "cells: at least 1, not 0"),
        (lambda: Grid([shapely.box(0, 0, 1, 1)]).hits([1.0], [1.0, 2.0]), "lat, lon: one dimension of one length"),
        (lambda: Grid([shapely.box(0, 0, 1, 1)]).replace(1, shapely.box(0, 0, 1, 1)), "area 1: there are 1"),
        (lambda: Grid([shapely.box(0, 0, 1, 1)]).replace(0, "x"), "area 0: a Polygon or MultiPolygon, not str"),
    ],
)
def test_bad_input_is_refused_by_name(make, says):
    with pytest.raises((TypeError, ValueError, IndexError), match=says.replace("(", r"\(")):
        make()


def test_a_refused_change_leaves_the_grid_as_it_was():
    grid = Grid([shapely.box(4, 51, 5, 52)])
    with pytest.raises(TypeError):
        grid.replace(0, shapely.Point(4, 51))
    assert grid.hits([51.5], [4.5])[0].tolist() == [0]
