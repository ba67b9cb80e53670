"""The scalar decoder: known messages, odd lengths, and that only BadPayload is ever raised."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from port2port.protocols.ais.decode import Message, decode, decode_bits, degrees_per_minute
from port2port.protocols.ais.fields import LAYOUTS, Kind, field_of
from port2port.protocols.ais.nmea import Assembler, Payload
from port2port.protocols.ais.reasons import BadPayload, Reason
from port2port.protocols.ais.sixbit import ARMOUR, pack, text, text_bits, unpack
from port2port.protocols.ais.tests.samples import sample


def message(armour: bytes, fill: int = 0) -> Message:
    return decode(Payload(armour, fill))


def refusal(armour: bytes, fill: int = 0) -> BadPayload:
    with pytest.raises(BadPayload) as caught:
        message(armour, fill)
    return caught.value


def test_a_position_report_is_read_to_the_last_field():
    known = {
        "msg_type": 1, "repeat": 0, "mmsi": 244710820, "status": 15, "turn": -128, "speed": 0, "accuracy": True,
        "lon": 3240625, "lat": 31832823, "course": 0, "heading": 511, "second": 15, "maneuver": 0, "raim": True,
        "radio": 33365,
    }  # fmt: skip
    decoded = message(b"13aGua?P00PHfERNFruh0?vN289E")
    assert decoded.values == known


def test_not_available_stays_the_value_of_the_standard():
    printed = message(b"13aJG1wP?w<tSF0l4Q@>4?wv0`9F").scaled()
    assert (printed["lat"], printed["lon"], printed["speed"]) == (91.0, 181.0, 102.3)
    assert (printed["course"], printed["heading"]) == (360.0, 511)


def test_a_text_ends_at_the_first_at_sign():
    assert text(text_bits("HAN KANG NO3", 12) << 24 | text_bits("B-", 4), 96) == "HAN KANG NO3B-"
    assert text(text_bits("HAN KANG NO3", 13) << 18 | text_bits("B-", 3), 96) == "HAN KANG NO3"
    assert text(text_bits("OOSTENDE  ", 12), 72) == "OOSTENDE"


def test_a_field_that_was_not_sent_is_absent_and_printed_as_none():
    one = message(*pack(7 << 66 | 205_000_001 << 34 | 205_000_002 << 2 | 1, 72))
    assert one.values["mmsi1"] == 205_000_002
    assert "mmsi2" not in one.values
    assert one.scaled()["mmsi2"] is None


def test_a_truncated_voyage_report_has_the_characters_that_came():
    """Many stations send 420 bits of the 424."""
    bits = 5 << 414 | 205_000_001 << 382 | text_bits("ZEEBRUGGE ANTWERPEN", 19) << 4 | 0b0001
    assert decode_bits(bits, 420).values["destination"] == "ZEEBRUGGE ANTWERPEN"
    assert "dte" not in decode_bits(bits, 420).values


def test_the_parts_of_message_24_are_told_apart():
    head = 24 << 162 | 205_000_001 << 130
    assert decode_bits(head | 0 << 128, 168).part == "A"
    assert decode_bits(head | 1 << 128, 168).part == "B"
    craft = 24 << 162 | 982_051_234 << 130 | 1 << 128 | 205_000_001 << 6
    assert decode_bits(craft, 168).part == "B auxiliary"
    assert decode_bits(craft, 168).values["mothership_mmsi"] == 205_000_001
    with pytest.raises(BadPayload) as caught:
        decode_bits(head | 2 << 128, 168)
    assert (caught.value.reason, caught.value.field) == (Reason.UNKNOWN_PART, "partno")


def test_the_radio_of_message_26_is_found_at_its_end():
    bits = (26 << 34 | 205_000_001 << 2) << 64 | 0xABCDEFABCD << 24 | 0xF_12345
    decoded = decode_bits(bits, 104)
    assert decoded.values["data"] == bytes.fromhex("ABCDEFABCD")
    assert decoded.values["radio"] == 0x12345


def test_what_lies_behind_the_fields_is_not_read():
    known = message(b"13aGua?P00PHfERNFruh0?vN289E").values
    assert message(b"13aGua?P00PHfERNFruh0?vN289E" + b"w" * 6).values == known


@pytest.mark.parametrize(
    ("armour", "fill", "reason", "field"),
    [
        (b"", 0, Reason.TOO_SHORT, "payload"),
        (b"1", 0, Reason.TOO_SHORT, "payload"),
        (b"13aGua?P00PHfERN", 0, Reason.TOO_SHORT, "payload"),
        (b"03aGua?P00PHfERNFruh0?vN289E", 0, Reason.UNKNOWN_TYPE, "msg_type"),
        (b"w3aGua?P00PHfERNFruh0?vN289E", 0, Reason.UNKNOWN_TYPE, "msg_type"),
        (b"13aGua?P00PHfERNFruh0?vN289X", 0, Reason.BAD_ARMOUR, "payload"),
        (b"13aGua?P00PHfERNFruh0?vN289E", 6, Reason.BAD_FILL, "fill bits"),
        (b"13aGua?P00PHfERNFruh0?vN289E", -1, Reason.BAD_FILL, "fill bits"),
    ],
)
def test_a_bad_payload_says_why(armour, fill, reason, field):
    refused = refusal(armour, fill)
    assert (refused.reason, refused.field) == (reason, field)
    assert field in str(refused)


TURNS = {0: 0.0, 1: 0.0, 10: 4.0, -20: -18.0, 126: 709.0, 127: 127.0, -127: -127.0, -128: -128.0}


@pytest.mark.parametrize(("turn", "printed"), TURNS.items())
def test_the_rate_of_turn_is_printed_in_degrees_a_minute(turn, printed):
    assert degrees_per_minute(turn) == printed


@given(st.binary(max_size=120), st.integers(-2, 8))
def test_no_bytes_raise_anything_but_bad_payload(armour, fill):
    try:
        decode(Payload(armour, fill))
    except BadPayload as bad:
        assert bad.reason in Reason


@given(st.lists(st.sampled_from(list(ARMOUR)), max_size=220).map(bytes), st.integers(0, 5), st.integers(0, 27))
def test_any_armour_makes_a_message_or_a_bad_payload(armour, fill, number):
    armour = ARMOUR[number : number + 1] + armour
    try:
        decoded = decode(Payload(armour, fill))
    except BadPayload:
        return
    layout = next(each for each in LAYOUTS[number] if each.part == decoded.part)
    assert list(decoded.scaled()) == [field.name for field in layout.fields]
    assert 6 * len(armour) - fill >= layout.shortest


@given(st.binary(max_size=100), st.integers(0, 7))
def test_armour_packs_and_unpacks(octets, drop):
    length = max(0, 8 * len(octets) - drop)
    bits = int.from_bytes(octets, "big") >> (8 * len(octets) - length)
    armour, fill = pack(bits, length)
    assert unpack(armour, fill) == (bits, length)


def test_all_27_messages_have_tables_whose_fields_do_not_overlap():
    assert set(LAYOUTS) == set(range(1, 28))
    for layouts in LAYOUTS.values():
        for layout in layouts:
            taken: set[int] = set()
            for field in layout.fields:
                start = field.start if field.start >= 0 else layout.longest + field.start
                bits = set(range(start, start + field.width))
                assert not bits & taken, (layout.type, field.name)
                taken |= bits
            assert max(taken) < layout.longest, layout.type
            assert layout.shortest <= layout.lengths[0]
            assert [field.name for field in layout.fields][:3] == ["msg_type", "repeat", "mmsi"]


def test_a_field_can_be_looked_up_by_name():
    assert field_of(24, "callsign", "B").kind is Kind.TEXT
    with pytest.raises(KeyError, match="message 5 .* 'tonnage'"):
        field_of(5, "tonnage")


def test_positions_agree_with_gpsd():
    names = {"type": "msg_type", "mmsi": "mmsi", "lat": "lat", "lon": "lon", "speed": "speed", "course": "course"}
    log = sample("vectors/ais/gpsd_ais-18-27.log")
    known = [json.loads(line) for line in log.with_suffix(".log.chk").read_text().splitlines() if line[:1] == "{"]
    known = [each for each in known if each["class"] == "AIS"]
    assembler = Assembler()
    payloads = [payload for line in log.read_bytes().splitlines() if (payload := assembler.feed(line)) is not None]
    reports = [decode(payload) for payload in payloads if payload.armour[:1] in (b"B", b"K")]
    assert len(reports) == len(known) == 138
    for report, expected in zip(reports, known, strict=True):
        shared = {name: report.values[ours] for name, ours in names.items()}
        assert shared == {name: expected[name] for name in names}
        for name in {"status", "heading", "second", "accuracy", "raim", "radio", "gnss", "cs"} & expected.keys():
            assert report.values[name] == expected[name]


def test_a_live_batch_of_20_sentences_takes_less_than_a_millisecond():
    lines = sample("ais-logs/aishub_nmea-sample.txt").read_bytes().splitlines()[:20]
    took = []
    for _ in range(50):
        assembler, began = Assembler(), time.perf_counter()
        for line in lines:
            if (payload := assembler.feed(line)) is not None:
                decode(payload).scaled()
        took.append(time.perf_counter() - began)
    assert sorted(took)[10] < 0.001
