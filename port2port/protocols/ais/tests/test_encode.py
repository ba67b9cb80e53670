"""The encoder: what it writes is read back the same, by us and by pyais."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyais import IterMessages

from port2port.protocols.ais.decode import Message, decode
from port2port.protocols.ais.encode import Frame, NotEncodable, encode, encode_integers
from port2port.protocols.ais.fields import LAYOUTS, Field, Kind, Layout
from port2port.protocols.ais.nmea import Assembler, Payload
from port2port.protocols.ais.sixbit import SIXBIT_ASCII

FORMS = [layout for layouts in LAYOUTS.values() for layout in layouts]
LETTERS = SIXBIT_ASCII.decode()[1:]
SHIP = {
    "mmsi": 205123456, "imo": 9123456, "callsign": "ONAB", "shipname": "SCHELDE TRADER", "ship_type": 70,
    "to_bow": 100, "to_stern": 20, "to_port": 10, "to_starboard": 8, "draught": 7.4, "destination": "BEANR",
    "month": 11, "day": 25, "hour": 4, "minute": 30,
}  # fmt: skip
POSITION = {
    "mmsi": 205123456,
    "lat": 51.3,
    "lon": 4.25,
    "speed": 12.3,
    "course": 123.4,
    "heading": 124,
    "second": 5,
}
EXAMPLES = {
    1: POSITION | {"status": 0, "turn": 4.0, "raim": True},
    2: POSITION,
    3: POSITION | {"turn": -128},
    4: {"mmsi": 2050001, "lat": 51.2, "lon": -3.2, "year": 2026, "month": 11, "day": 25, "hour": 3, "minute": 1},
    5: SHIP,
    18: POSITION | {"cs": True, "band": True},
    19: POSITION | {"shipname": "POLICE 1", "ship_type": 55, "to_bow": 8},
    21: {"mmsi": 992051234, "aid_type": 18, "name": "A1-BIS", "lat": 51.4, "lon": 3.1, "virtual_aid": True},
    27: {"mmsi": 205123456, "lat": 51.5, "lon": 3.5, "speed": 12, "course": 123, "status": 0},
}


def read(lines: list[bytes]) -> list[Payload]:
    assembler = Assembler()
    payloads = [payload for line in lines if (payload := assembler.feed(line)) is not None]
    assert not assembler.refused
    return payloads


def back(lines: list[bytes]) -> Message:
    [payload] = read(lines)
    return decode(payload)


def value_of(field: Field) -> st.SearchStrategy:
    if field.kind is Kind.TEXT:
        return st.text(LETTERS, max_size=field.width // 6).map(lambda words: words.rstrip())
    if field.kind is Kind.BITS:
        return st.binary(max_size=field.width // 8)
    if field.kind is Kind.BOOL:
        return st.booleans()
    low = -(1 << field.width - 1) if field.kind is Kind.INT else 0
    return st.integers(low, low + (1 << field.width) - 1)


def values_of(layout: Layout) -> st.SearchStrategy:
    """Integers for every field of a form, such that it is this form and no other."""
    fixed = {}
    for start, width, allowed in layout.when:
        name = next(field.name for field in layout.fields if (field.start, field.width) == (start, width))
        fixed[name] = st.sampled_from([allowed.start, allowed.stop - 1])
    if layout.part == "B":
        fixed["mmsi"] = st.integers(0, 979_999_999)
    if layout.part == "area":
        fixed["addressed"] = st.just(0)
    fields = {field.name: value_of(field) for field in layout.fields if field.name != "msg_type"}
    return st.fixed_dictionaries(fields | fixed)


@given(st.data(), st.sampled_from(FORMS))
def test_what_is_written_is_read_back_the_same(data, layout):
    values = data.draw(values_of(layout))
    message = back(encode_integers(layout.type, values))
    assert (message.type, message.part) == (layout.type, layout.part)
    for name, value in values.items():
        read_value = message.values.get(name, "" if isinstance(value, str) else b"")
        assert read_value == value, name


@pytest.mark.parametrize(("number", "values"), EXAMPLES.items())
def test_printed_values_come_back_as_they_were_given(number, values):
    printed = back(encode(number, **values)).scaled()
    assert {name: printed[name] for name in values} == pytest.approx(values)


@pytest.mark.parametrize(("number", "values"), EXAMPLES.items())
def test_pyais_reads_what_we_write(number, values):
    lines = encode(number, frame=Frame(sequence=4, channel="B"), **values)
    [sentence] = IterMessages(lines)
    decoded = sentence.decode().asdict()
    assert sentence.is_valid
    assert decoded["msg_type"] == number
    assert {name: decoded[name] for name in values} == pytest.approx(values)


def test_pyais_reads_both_parts_of_message_24():
    lines = [
        *encode(24, mmsi=205123456, partno=0, shipname="LOODS 1"),
        *encode(24, mmsi=205123456, partno=1, ship_type=50, callsign="ONAB", vendorid="ABC", to_bow=12),
    ]
    name, rest = (sentence.decode() for sentence in IterMessages(lines))
    assert name.shipname == "LOODS 1"
    assert (int(rest.ship_type), rest.callsign, rest.vendorid, rest.to_bow) == (50, "ONAB", "ABC", 12)


def test_what_is_not_given_is_not_available():
    printed = back(encode(1, mmsi=205123456)).scaled()
    assert (printed["lat"], printed["lon"], printed["speed"], printed["heading"]) == (91.0, 181.0, 102.3, 511)
    assert (printed["course"], printed["turn"], printed["status"]) == (360.0, -128.0, 15)


def test_a_long_message_goes_in_parts_none_longer_than_a_sentence_may_be():
    lines = encode(5, frame=Frame(talker="BS", sequence=13), **SHIP)
    assert [line.split(b",")[:4] for line in lines] == [
        [b"!BSVDM", b"2", b"1", b"3"],
        [b"!BSVDM", b"2", b"2", b"3"],
    ]
    assert all(len(line) + 2 <= 82 for line in lines)
    assert len(encode(8, mmsi=205123456, dac=1, fid=31, data=bytes(119))) == 3


def test_a_tag_block_carries_source_time_and_group():
    frame = Frame(source="BEZEE", received_s=1_795_575_600, sequence=7, own=True)
    lines = encode(5, frame=frame, **SHIP)
    assert lines[0].startswith(b"\\g:1-2-7,s:BEZEE,c:1795575600*")
    [payload] = read(lines)
    assert (payload.source, payload.received_s, payload.own) == ("BEZEE", 1_795_575_600, True)
    [single] = read(encode(1, mmsi=1, frame=frame))
    assert (single.source, single.received_s) == ("BEZEE", 1_795_575_600)


@pytest.mark.parametrize(
    ("number", "values", "length"),
    [
        (7, {"mmsi1": 1}, 72), (7, {"mmsi1": 1, "mmsi2": 2}, 104), (13, {"mmsi4": 1}, 168),
        (15, {"mmsi1": 1, "type1_1": 5}, 88), (15, {"mmsi1": 1, "type1_2": 5}, 110), (15, {"mmsi2": 1}, 160),
        (16, {"mmsi1": 1}, 96), (16, {"mmsi2": 1}, 144), (20, {"offset1": 1}, 72), (20, {"increment4": 1}, 160),
        (21, {}, 272), (21, {"name_ext": "ABC"}, 296), (10, {"dest_mmsi": 1}, 72), (27, {}, 96),
        (25, {"addressed": 1, "structured": 1, "data": b"ab"}, 104), (26, {"data": b"ab"}, 80),
    ],
)  # fmt: skip
def test_a_message_has_a_length_of_the_standard(number, values, length):
    [payload] = read(encode(number, mmsi=205123456, **values))
    assert 6 * len(payload.armour) - payload.fill == length


@pytest.mark.parametrize(
    ("number", "values", "field"),
    [
        (28, {"mmsi": 1}, "msg_type"),
        (1, {}, "mmsi"),
        (1, {"mmsi": 1 << 30}, "mmsi"),
        (1, {"mmsi": 1, "lat": 224.0}, "lat"),
        (1, {"mmsi": 1, "lat": float("nan")}, "lat"),
        (1, {"mmsi": 1, "speed": -0.1}, "speed"),
        (1, {"mmsi": 1, "shipname": "X"}, "shipname"),
        (1, {"mmsi": 1, "status": "under way"}, "status"),
        (5, {"mmsi": 1, "shipname": "X" * 21}, "shipname"),
        (5, {"mmsi": 1, "shipname": "CAFÉ"}, "shipname"),
        (5, {"mmsi": 1, "shipname": "A@B"}, "shipname"),
        (5, {"mmsi": 1, "shipname": 7}, "shipname"),
        (14, {"mmsi": 1, "text": "ß" * 161}, "text"),
        (8, {"mmsi": 1, "data": bytes(120)}, "data"),
        (8, {"mmsi": 1, "data": "text"}, "data"),
        (24, {"mmsi": 1, "partno": 2}, "partno"),
    ],
)
def test_a_value_without_a_place_is_refused_by_name(number, values, field):
    with pytest.raises(NotEncodable, match=f"message {number}: {field} ") as caught:
        encode(number, **values)
    assert caught.value.field == field
