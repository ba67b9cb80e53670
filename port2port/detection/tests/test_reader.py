"""The AIS sensor: which lines are taken in, and what messages report."""

import random

import pytest

from port2port.detection.rules.fleet import Fleet, counting
from port2port.detection.rules.reports import DEGREE, NO_COG, NO_HEADING, NO_LAT, NO_SOG, Flag
from port2port.detection.sensors.ais.lines import Sieve, sound_sentences
from port2port.detection.sensors.ais.reader import Reader
from port2port.protocols.ais.encode import Frame, encode

SHIP = 205_000_001


def lines(*messages):
    return b"".join(line + b"\n" for message in messages for line in message)


def read(*messages, at_ms=5000, **more):
    return Reader().read([(lines(*messages), at_ms)], **more)


def learned(report):
    fleet = Fleet("antwerp", identify=counting())
    for told in report.statics:
        fleet.learn(told)
    return fleet


def test_positions_of_all_kinds_come_in_the_order_they_arrived():
    report = read(
        encode(18, mmsi=205_000_002, lat=51.1, lon=4.1, speed=5.1, course=10.0, heading=11, second=7),
        encode(1, mmsi=SHIP, lat=51.2, lon=4.2, speed=12.3, course=45.0, heading=46, second=8, status=5),
        encode(4, mmsi=2_050_001, lat=51.3, lon=4.3),
        encode(21, mmsi=992_050_001, lat=51.4, lon=4.4),
        encode(27, mmsi=205_000_005, lat=51.5, lon=4.5, speed=17, course=90, status=0),
        encode(3, mmsi=SHIP, lat=51.6, lon=4.6, speed=12.4, course=46.0, heading=47, second=18, status=0),
    )
    positions = report.positions
    assert positions.mmsi.tolist() == [205_000_002, SHIP, 2_050_001, 992_050_001, 205_000_005, SHIP]
    assert (positions.lat / DEGREE).tolist() == pytest.approx([51.1, 51.2, 51.3, 51.4, 51.5, 51.6], abs=1e-3)
    assert positions.sog.tolist() == [51, 123, NO_SOG, NO_SOG, 170, 124]
    assert positions.cog.tolist() == [100, 450, NO_COG, NO_COG, 900, 460]
    assert positions.heading.tolist() == [11, 46, NO_HEADING, NO_HEADING, NO_HEADING, 47]
    assert positions.flags.tolist() == [Flag.CLASS_B, Flag.MOORED, Flag.BASE, Flag.AID, 0, 0]
    assert set(positions.at_ms.tolist()) == {5000}
    assert report.counts == {1: 1, 3: 1, 4: 1, 18: 1, 21: 1, 27: 1}


def test_what_is_not_available_stays_so():
    positions = read(encode(1, mmsi=SHIP), encode(27, mmsi=SHIP)).positions
    assert positions.lat.tolist() == [NO_LAT, NO_LAT]
    assert (positions.sog.tolist(), positions.cog.tolist()) == ([NO_SOG] * 2, [NO_COG] * 2)


def test_a_rescue_aircraft_is_followed():
    positions = read(encode(9, mmsi=111_232_506, lat=51.5, lon=3.5, speed=120, course=180.0)).positions
    assert (positions.mmsi.tolist(), positions.sog.tolist(), positions.cog.tolist()) == (
        [111_232_506],
        [1022],
        [1800],
    )


def test_each_line_has_the_time_of_the_piece_it_came_in():
    one = lines(encode(1, mmsi=SHIP, lat=51.2, lon=4.2))
    first, second = lines(encode(5, mmsi=SHIP, shipname="STAR")).splitlines(keepends=True)
    positions = Reader().read([(one + first, 1000), (second + one + one, 2000), (one, 3000)]).positions
    assert positions.at_ms.tolist() == [1000, 2000, 2000, 3000]


def test_a_log_may_keep_its_own_times():
    timed = encode(1, mmsi=SHIP, lat=51.2, lon=4.2, frame=Frame(source="x", received_s=1_418_172_113))
    plain = encode(1, mmsi=SHIP, lat=51.2, lon=4.2)
    assert read(timed, plain, keeps_times=True).positions.at_ms.tolist() == [1_418_172_113_000, 5000]
    assert read(timed, plain).positions.at_ms.tolist() == [5000, 5000]


def test_static_facts_come_from_all_messages_that_carry_them():
    voyage = encode(
        5, mmsi=SHIP, shipname="FICTIVA STAR", callsign="ONAB", imo=9_074_729, ship_type=70, to_bow=80, to_stern=20,
        to_port=8, to_starboard=9, draught=6.5, destination="BE ANR", month=11, day=26, hour=6, minute=30,
    )  # fmt: skip
    fleet = learned(
        read(
            voyage,
            encode(24, mmsi=205_000_002, partno=0, shipname="LITTLE ONE"),
            encode(24, mmsi=205_000_002, partno=1, callsign="OT1", ship_type=37, to_bow=6, to_stern=4),
            encode(19, mmsi=205_000_003, lat=51.0, lon=4.0, shipname="LARGE B", ship_type=36),
            encode(21, mmsi=992_050_001, lat=51.0, lon=4.0, name="BUOY 7"),
        )
    )
    facts = {int(fleet["mmsi"][row]): fleet.facts(row) for row in fleet.living()}
    ship = facts[SHIP]
    assert (ship["name"], ship["callsign"], ship["destination"]) == (b"FICTIVA STAR", b"ONAB", b"BE ANR")
    assert [int(ship[n]) for n in ("imo", "ship_type", "bow", "stern", "port", "starboard", "draught", "eta")] == [
        9_074_729, 70, 80, 20, 8, 9, 65, 11_260_630,
    ]  # fmt: skip
    small = facts[205_000_002]
    assert (small["name"], small["callsign"], int(small["ship_type"]), int(small["bow"])) == (
        b"LITTLE ONE", b"OT1", 37, 6,
    )  # fmt: skip
    assert (facts[205_000_003]["name"], facts[992_050_001]["name"]) == (b"LARGE B", b"BUOY 7")


def test_garbage_is_counted_and_never_raises():
    dice = random.Random(5)
    good = lines(encode(1, mmsi=SHIP, lat=51.2, lon=4.2))
    reader, messages, refused = Reader(), 0, 0
    for n in range(300):
        noise = bytes(dice.randrange(256) for _ in range(dice.randrange(200)))
        broken = bytearray(good)
        broken[dice.randrange(len(broken) - 1)] ^= 1 << dice.randrange(7)
        report = reader.read([(noise + b"\n" + bytes(broken) + good, n * 1000)])
        messages += report.counts.get(1, 0)
        refused += sum(report.refused.values())
    assert messages >= 300
    assert refused >= 300


@pytest.mark.parametrize("size", [1, 2, 7, 40, 1000])
def test_the_sieve_gives_the_same_lines_however_a_stream_is_cut(size):
    good = lines(encode(1, mmsi=SHIP, lat=51.2, lon=4.2))
    stream = (
        good + b"noise\r\n" + good.replace(b"\n", b"\r\n") + b"!" * 4000 + b"\n" + good + b"\n\n" + good.strip()
    )
    sieve, taken, count = Sieve(), b"", 0
    for at in range(0, len(stream), size):
        some, number = sieve.sift(stream[at : at + size])
        taken, count = taken + some, count + number
    some, number = sieve.flush()
    assert (taken + some, count + number) == (good * 4, 4)
    assert sieve.refused == {"not-a-sentence": 1, "line-too-long": 1}


def test_only_sentences_whose_checksum_holds_go_out_again():
    good = lines(encode(1, mmsi=SHIP, lat=51.2, lon=4.2), encode(5, mmsi=SHIP, shipname="STAR"))
    tagged = lines(encode(1, mmsi=SHIP, frame=Frame(source="x", received_s=5)))
    bad = good.replace(b"*", b"*1").replace(b"!AIVDM,1", b"!AIVDM,9")
    out = sound_sentences(good + bad + tagged + b"!AIVDM,1,1,,A,,0*26\n!\n")
    assert out == [*good.split(), tagged.split(b"\\")[2].strip()]
