"""The rules of detection by tables and properties: fleet, silence, jumps, IMO numbers."""

import numpy as np
import pytest

from port2port.detection.rules import fleet as fleet_module
from port2port.detection.rules import gap, jump, silence
from port2port.detection.rules.fleet import Fleet, counting
from port2port.detection.rules.imo import holds
from port2port.detection.rules.lookout import Lookout
from port2port.detection.rules.reports import DEGREE, NO_LAT, Flag, Positions, Reports, Statics
from port2port.detection.rules.signals import metres_between

SHIP, OTHER = 205_000_001, 205_000_002
LAT, LON = round(51.2 * DEGREE), round(4.3 * DEGREE)
KM = round(DEGREE / 111.195)  # a kilometre north, in the units of the table


def at(*rows, **columns):
    """Positions as (mmsi, north in km, second of the story), other columns for all."""
    mmsi, north, seconds = zip(*rows, strict=True) if rows else ((), (), ())
    more = {name: np.full(len(rows), value) for name, value in columns.items()}
    return Positions.of(
        mmsi=list(mmsi), lat=[LAT + round(n * KM) for n in north], lon=[LON] * len(rows),
        at_ms=[1_000_000 + round(s * 1000) for s in seconds], **more,
    )  # fmt: skip


def ms(second):
    return 1_000_000 + round(second * 1000)


def a_fleet():
    return Fleet("antwerp", identify=counting())


def types(signals):
    return [(signal.began, signal.type) for signal in signals]


# the table ---------------------------------------------------------------------------------------------------


def test_a_track_keeps_its_row_and_number_however_many_come_after():
    fleet = a_fleet()
    fleet.take(at((SHIP, 0, 0)))
    first = int(fleet.rows_of(np.array([SHIP]))[0])
    for start in range(0, 3000, 500):
        fleet.take(at(*[(206_000_000 + n, 1, 1) for n in range(start, start + 500)]))
    assert int(fleet.rows_of(np.array([SHIP]))[0]) == first
    assert len(fleet) == 3001
    assert len(set(fleet["number"].tolist())) == 3001


def test_positions_of_one_track_in_a_batch_follow_each_other():
    fleet = a_fleet()
    fleet.take(at((SHIP, 0, 0)))
    moves = fleet.take(at((OTHER, 9, 1), (SHIP, 1, 1), (OTHER, 10, 2), (SHIP, 2, 2)))
    assert (moves.was_lat[moves.row == 0] - LAT).tolist() == [0, KM]
    assert moves.was_ms[moves.row == 1].tolist() == [0, ms(1)]
    assert (fleet["lat"] - LAT).tolist() == [2 * KM, 10 * KM]
    assert fleet["reports"].tolist() == [3, 2]


@pytest.mark.parametrize(("lat", "lon"), [(NO_LAT, 0), (0, 181 * DEGREE), (95 * DEGREE, 0), (-134_217_728, 0)])
def test_a_report_without_a_believable_place_says_only_that_the_ship_lives(lat, lon):
    fleet = a_fleet()
    fleet.take(at((SHIP, 0, 0)))
    moves = fleet.take(Positions.of(mmsi=[SHIP], lat=[lat], lon=[lon], at_ms=[ms(9)], sog=[55]))
    assert len(moves) == 0
    assert (int(fleet["lat"][0]), int(fleet["sog"][0]), int(fleet["seen_ms"][0])) == (LAT, 55, ms(9))
    assert int(fleet["refused"][0]) == 1


@pytest.mark.parametrize("mmsi", [0, 1_000_000_000, 1_073_741_823])
def test_an_mmsi_that_cannot_be_is_no_track(mmsi):
    fleet = a_fleet()
    assert len(fleet.take(at((mmsi, 0, 0)))) == 0
    assert len(fleet) == 0


def test_a_full_table_follows_those_it_has_and_counts_the_others(monkeypatch):
    monkeypatch.setattr(fleet_module, "MOST_TRACKS", 2)
    fleet = a_fleet()
    moves = fleet.take(at(*[(SHIP + n, 0, 0) for n in range(5)]))
    assert (len(moves), len(fleet), fleet.not_tracked) == (2, 2, 3)


def test_empty_facts_never_wipe_known_ones_and_only_changes_are_told():
    fleet = a_fleet()
    fleet.take(at((SHIP, 0, 0)))

    def learn(name, bow):
        return fleet.learn(Statics(np.array([SHIP]), {"name": np.array([name]), "bow": np.array([bow])}, ms(1)))

    assert learn(b"STAR", 80).tolist() == [0]
    assert learn(b"", 0).tolist() == []
    assert learn(b"STAR", 80).tolist() == []
    assert learn(b"STAR", 81).tolist() == [0]
    assert (fleet["name"][0], int(fleet["bow"][0])) == (b"STAR", 81)


def test_law_enforcement_is_marked_official():
    fleet = a_fleet()
    fleet.learn(Statics(np.array([SHIP, OTHER]), {"ship_type": np.array([55, 70])}, 1))
    assert fleet["flags"].tolist() == [Flag.OFFICIAL, 0]


def test_a_dropped_row_is_used_again_and_knows_nothing_of_before():
    fleet = a_fleet()
    fleet.take(at((SHIP, 0, 0), (OTHER, 1, 0), status=5))
    fleet.drop(np.array([0]))
    assert fleet.living().tolist() == [1]
    fleet.take(at((205_000_003, 3, 5)))
    assert fleet.living().tolist() == [0, 1]
    assert (int(fleet["mmsi"][0]), int(fleet["number"][0]), int(fleet["reports"][0])) == (205_000_003, 3, 1)


def test_a_thawed_fleet_goes_on_as_the_frozen_one():
    fleet, other = a_fleet(), a_fleet()
    fleet.take(at((SHIP, 0, 0), (OTHER, 1, 0), (205_000_003, 2, 0)))
    fleet.drop(np.array([1]))
    other.thaw(fleet.frozen())
    for one in (fleet, other):
        moves = one.take(at((205_000_003, 3, 9), (SHIP, 1, 9)))
        assert sorted((moves.was_lat - LAT).tolist()) == [0, 2 * KM]
    assert sorted(other["number"].tolist()) == [1, 3]


# silence -----------------------------------------------------------------------------------------------------

TABLE_1 = [
    # speed in 1/10 knot, moored, class B -> seconds (ITU-R M.1371-5, annex 1, tables 1 and 2)
    (0, True, False, 180), (30, True, False, 180), (31, True, False, 10), (0, False, False, 10),
    (139, False, False, 10), (140, False, False, 6), (230, False, False, 2), (1022, False, False, 2),
    (1023, False, False, 10), (20, False, True, 180), (21, False, True, 30), (300, False, True, 30),
]  # fmt: skip


@pytest.mark.parametrize(("sog", "moored", "class_b", "seconds"), TABLE_1)
def test_reporting_intervals_are_those_of_the_standard(sog, moored, class_b, seconds):
    interval = gap.nominal_ms(np.array([sog]), moored=np.array([moored]), class_b=np.array([class_b]))
    assert interval.tolist() == [seconds * 1000]


def voyage(fleet, mmsi, start, end, every, **more):
    """A ship that reports regularly and makes no jump."""
    for second in range(start, end, every):
        fleet.hear(ms(second), ms(second), blind_ms=gap.BLIND_MS)
        fleet.take(at((mmsi, 0, second), **more))


def test_a_ship_under_way_is_lost_after_three_intervals_while_others_are_heard():
    fleet = a_fleet()
    voyage(fleet, SHIP, 0, 60, 10, sog=80)
    voyage(fleet, OTHER, 60, 81, 10, sog=0)
    assert gap.find_lost(fleet, ms(81))[0] == []
    voyage(fleet, OTHER, 81, 90, 2, sog=0)
    [signal] = gap.find_lost(fleet, ms(89))[0]
    assert (signal.type, signal.facts["mmsi"], signal.facts["silent_s"]) == ("ais-lost", SHIP, 39)
    assert gap.find_lost(fleet, ms(90))[0] == []


def test_when_the_receiver_dies_no_ship_is_lost():
    fleet = a_fleet()
    voyage(fleet, SHIP, 0, 60, 10, sog=80)
    voyage(fleet, OTHER, 0, 60, 10, sog=80)
    assert gap.find_lost(fleet, ms(4000))[0] == []
    voyage(fleet, OTHER, 4000, 4021, 10, sog=80)
    assert gap.find_lost(fleet, ms(4020))[0] == []
    voyage(fleet, OTHER, 4021, 4050, 10, sog=80)
    assert len(gap.find_lost(fleet, ms(4050))[0]) == 1


def test_a_moored_ship_that_goes_silent_is_marked_but_nobody_is_called():
    fleet = a_fleet()
    voyage(fleet, SHIP, 0, 10, 10, sog=0, status=5, flags=Flag.MOORED)
    voyage(fleet, OTHER, 0, 700, 10, sog=0)
    assert gap.find_lost(fleet, ms(700))[0] == []
    assert fleet["flags"][0] & Flag.LOST


def test_a_receiver_that_hears_a_ship_rarely_is_more_patient():
    fleet = a_fleet()
    voyage(fleet, SHIP, 0, 600, 60, sog=80)
    voyage(fleet, OTHER, 541, 660, 10, sog=0)
    assert gap.find_lost(fleet, ms(660))[0] == []


def test_a_ship_that_comes_back_from_the_dark_tells_for_how_long_and_how_far():
    fleet = a_fleet()
    voyage(fleet, SHIP, 0, 60, 10, sog=80)
    voyage(fleet, OTHER, 60, 900, 10, sog=0)
    gap.find_lost(fleet, ms(890))
    fleet.hear(ms(900), ms(900), blind_ms=gap.BLIND_MS)
    signals = gap.find_gaps(fleet, fleet.take(at((SHIP, 3, 900), sog=80)))
    assert types(signals) == [(False, "ais-lost"), (True, "ais-gap")]
    assert (signals[1].facts["silent_s"], signals[1].facts["moved_m"]) == (850, pytest.approx(3000, abs=2))
    assert gap.settle_gaps(fleet, ms(1100)) == []
    assert types(gap.settle_gaps(fleet, ms(1201))) == [(False, "ais-gap")]


def test_a_moored_ship_with_its_three_minute_pause_has_no_gap():
    fleet = a_fleet()
    signals = []
    for second in range(0, 3600, 180):
        fleet.hear(ms(second), ms(second), blind_ms=200_000)
        signals += gap.find_gaps(fleet, fleet.take(at((SHIP, 0, second), sog=0, flags=Flag.MOORED)))
    assert signals == []


def test_a_track_nobody_hears_is_forgotten_with_all_that_stood_on_it():
    lookout = Lookout("antwerp", "live", identify=counting())
    lookout.observe([Reports(at((SHIP, 0, 0)))])
    for second in range(0, 3700, 20):
        lookout.observe([Reports(at((OTHER, 5, second)))])
    signals = lookout.tick(ms(3700))
    assert not any(signal.began for signal in signals)
    assert {signal.key.split(":")[0] for signal in signals} == {"ais-lost", "ais-gap", "ais-jump"}
    assert lookout.fleet["mmsi"][lookout.fleet.living()].tolist() == [OTHER]
    assert lookout.changes.gone == [1]


def test_a_feed_is_silent_after_ten_of_its_own_pauses():
    pace = silence.Pace("f", "antwerp", since_ms=0)
    for second in range(0, 300, 10):
        pace.heard(second * 1000)
    assert not pace.is_silent(290_000 + 80_000)
    assert pace.is_silent(290_000 + 101_000)
    [signal] = silence.find_silence(pace, 400_000)
    assert (signal.began, signal.key, signal.place) == (True, "feed-silent:f", "antwerp")
    assert silence.find_silence(pace, 401_000) == []
    pace.heard(402_000)
    assert types(silence.find_silence(pace, 402_000)) == [(False, "feed-silent")]


# jumps -------------------------------------------------------------------------------------------------------


def jumps(fleet, *rows, **more):
    found = []
    for row in rows:
        found += jump.find_jumps(fleet, fleet.take(at(row, **more)))
    return found


@pytest.mark.parametrize(
    ("km", "seconds", "is_jump"),
    [
        (0.9, 1, False),
        (1.1, 1, True),
        (5, 100, False),
        (5.2, 100, True),
        (500, 36_000, False),
        (2000, 36_000, True),
    ],
)
def test_a_jump_is_more_than_a_kilometre_at_more_than_a_hundred_knots(km, seconds, is_jump):
    found = jumps(a_fleet(), (SHIP, 0, 0), (SHIP, km, seconds))
    assert bool(found) == is_jump


def test_a_jump_says_what_it_would_have_taken():
    [signal] = jumps(a_fleet(), (SHIP, 0, 0), (SHIP, 10, 10))
    assert signal.facts["distance_m"] == pytest.approx(10_000, abs=5)
    assert signal.facts["implied_knots"] == pytest.approx(1943.8, abs=1)
    assert (signal.facts["rule"], signal.facts["rule_version"]) == ("ais-jump", 1)


def test_reports_that_came_late_together_are_judged_by_their_own_seconds():
    fleet = a_fleet()
    fleet.take(Positions.of(mmsi=[SHIP], lat=[LAT], lon=[LON], second=[50], at_ms=[ms(0)]))
    late = Positions.of(mmsi=[SHIP], lat=[LAT + 2 * KM], lon=[LON], second=[45], at_ms=[ms(1)])
    assert jump.find_jumps(fleet, fleet.take(late)) == []


@pytest.mark.parametrize("more", [{"flags": Flag.AID}, {"flags": Flag.BASE}])
def test_what_is_fixed_is_not_judged(more):
    assert jumps(a_fleet(), (SHIP, 0, 0), (SHIP, 50, 1), **more) == []


def test_a_rescue_aircraft_may_be_fast():
    assert jumps(a_fleet(), (111_232_506, 0, 0), (111_232_506, 5, 60)) == []


def test_two_ships_under_one_number_are_told_as_twins_once():
    rows = [(SHIP, 30 * (n % 2) + n * 0.01, 10 * n) for n in range(8)]
    found = jumps(a_fleet(), *rows)
    assert [(s.began, s.key.endswith(":twin"), s.facts.get("twin")) for s in found[:3]] == [
        (True, False, 0), (False, False, None), (True, True, 1),
    ]  # fmt: skip
    one_batch = a_fleet()
    together = jump.find_jumps(one_batch, one_batch.take(at(*rows)))
    assert {s.key for s in together if s.began} == {s.key for s in found if s.began}
    assert one_batch["jumps"].tolist() == [7]


def test_after_ten_calm_minutes_a_jump_is_over():
    fleet = a_fleet()
    jumps(fleet, (SHIP, 0, 0), (SHIP, 20, 1))
    assert fleet["flags"][0] & Flag.DOUBTFUL
    assert jump.calm_down(fleet, ms(600)) == []
    assert set(types(jump.calm_down(fleet, ms(602)))) == {(False, "ais-jump")}
    assert fleet["flags"][0] == 0


def test_distances_are_right_over_the_date_line_and_at_the_pole():
    lat, lon = np.array([0, 90 * DEGREE]), np.array([179 * DEGREE, 0])
    other_lat, other_lon = np.array([0, 89 * DEGREE]), np.array([-179 * DEGREE, 90 * DEGREE])
    degree_m = 111_195
    assert metres_between(lat, lon, other_lat, other_lon) == pytest.approx([2 * degree_m, degree_m], rel=1e-4)


@pytest.mark.parametrize(("number", "is_one"), [(9074729, True), (9074728, False), (1234567, True), (123, False)])
def test_imo_numbers_hold_by_their_check_digit(number, is_one):
    assert holds(number) == is_one
