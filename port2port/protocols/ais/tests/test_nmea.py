"""Framing: what is read, what is refused and why, and that nothing is ever raised."""

import json
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from port2port.protocols.ais.decode import decode
from port2port.protocols.ais.nmea import MAX_AGE_MS, MAX_AGE_PARTS, MAX_LINE, Assembler, Payload, checksum
from port2port.protocols.ais.reasons import PLACE, SAYS, Reason
from port2port.protocols.ais.tests.samples import framed, sample, tagged

ONE = b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*35"
FIRST, SECOND = b"53nPnh800000ha@J2218UH60U@4hT6000000000t2PD33t?P008000000000", b"00000000000"


def part(number: int, armour: bytes, *, sequence: int = 3, of: int = 2, channel: bytes = b"A") -> bytes:
    fill = 2 if number == of else 0
    return framed(b"AIVDM,%d,%d,%d,%b,%b,%d" % (of, number, sequence, channel, armour, fill))


def fed(*lines: bytes) -> tuple[list[Payload], dict[Reason, int]]:
    assembler = Assembler()
    payloads = [payload for line in lines if (payload := assembler.feed(line)) is not None]
    return payloads, dict(assembler.refused)


def test_a_sentence_gives_its_payload():
    assert fed(ONE) == ([Payload(b"13aGua?P00PHfERNFruh0?vN289E", 0, "B", talker="AI")], {})


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"  \r\n", b"\\x0d\\x0a"])
def test_any_line_end_will_do(end):
    assert len(fed(ONE + end)[0]) == 1


@pytest.mark.parametrize("talker", ["AI", "AB", "AD", "AN", "AR", "AS", "AT", "AX", "BS", "BY", "SA", "SS", "--"])
@pytest.mark.parametrize("formatter", ["VDM", "VDO"])
def test_every_talker_is_heard_and_own_reports_are_marked(talker, formatter):
    line = framed(f"{talker}{formatter},1,1,,,13aGua?P00PHfERNFruh0?vN289E,0".encode())
    [payload], refused = fed(line)
    assert (payload.talker, payload.own, payload.channel, refused) == (talker, formatter == "VDO", "", {})


def test_the_checksum_is_the_xor_of_all_bytes():
    assert checksum(b"") == 0
    assert checksum(b"A") == 0x41
    for line in sample("ais-logs/signalk_nais400.log").read_bytes().splitlines():
        body, star, digits = line[1:].rpartition(b"*")
        if star and line.startswith(b"!"):
            assert checksum(body) == int(digits, 16)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"# a comment", Reason.NOT_AIS),
        (b"$PGHP,1,2008,5,9,0,0,0,10,338,2,,1,09*17", Reason.NOT_AIS),
        (b"$GPGGA,184353.07,1929.045,S,02410.506,E,1,04,2.6,100.00,M,-33.9,M,,0000*6D", Reason.NOT_AIS),
        (b"!AIABM,1,1,0,,0,7,00,0*00", Reason.NOT_AIS),
        (b"foobar", Reason.NOT_NMEA),
        (b"!", Reason.NOT_NMEA),
        (b"\xff\x00\xfe", Reason.NOT_NMEA),
        (b"!AIVDM,1,1,,B," + b"0" * MAX_LINE + b",0*00", Reason.TOO_LONG),
        (b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0", Reason.NO_CHECKSUM),
        (b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,035", Reason.NO_CHECKSUM),
        (b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*3", Reason.NO_CHECKSUM),
        (b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*355", Reason.NO_CHECKSUM),
        (b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289F,0*35", Reason.BAD_CHECKSUM),
        (framed(b"AIVDM,1,1,,B"), Reason.BAD_FIELDS),
        (framed(b"AIVDM,1,1,x,B,13aGua?P00PHfERNFruh0?vN289E,0"), Reason.BAD_FIELDS),
        (framed(b"AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0,1"), Reason.BAD_FIELDS),
        (framed(b"AIVDM,0,1,,B,13aGua?P00PHfERNFruh0?vN289E,0"), Reason.BAD_PARTS),
        (framed(b"AIVDM,10,1,,B,13aGua?P00PHfERNFruh0?vN289E,0"), Reason.BAD_PARTS),
        (framed(b"AIVDM,2,3,,B,13aGua?P00PHfERNFruh0?vN289E,0"), Reason.BAD_PARTS),
        (framed(b"AIVDM,,,,B,13aGua?P00PHfERNFruh0?vN289E,0"), Reason.BAD_PARTS),
        (framed(b"AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,6"), Reason.BAD_FILL),
        (framed(b"AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,"), Reason.BAD_FILL),
        (framed(b"AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN28XE,0"), Reason.BAD_ARMOUR),
        (framed(b"AIVDM,1,1,,B,13aGua?P00\xc3\xa9fERNFruh0?vN289E,0"), Reason.BAD_ARMOUR),
        (b"!AIVDM,1,1,,B,,0*25", Reason.EMPTY_PAYLOAD),
        (b"\\c:1565218798*53!BSVDM,1,1,,A,13mb9U0P00PRk8fT5nw>4?wj2006,0*5D", Reason.BAD_TAG_BLOCK),
    ],
)
def test_a_refusal_has_a_name(line, reason):
    assert fed(line) == ([], {reason: 1})


def test_blank_lines_are_nothing():
    assert fed(b"", b"\r\n", b"   ") == ([], {})


def test_every_reason_has_a_place_and_a_text():
    assert set(PLACE) == set(SAYS) == set(Reason)


@pytest.mark.parametrize(
    ("entries", "source", "received_s"),
    [
        (b"s:rORBCOMM104,q:u,c:1418172113,T:2014-12-10 00.41.53", "rORBCOMM104", 1418172113),
        (b"c:1418172113", "", 1418172113),
        (b"c:1418172113456", "", 1418172113),
        (b"g:1-1-12,n:3,d:SHORE,x:", "", None),
        (b"c:yesterday,s:", "", None),
        (b"c:99999999999999999999", "", None),
    ],
)
def test_a_tag_block_tells_source_and_time(entries, source, received_s):
    [payload], refused = fed(tagged(entries, ONE))
    assert (payload.source, payload.received_s, refused) == (source, received_s, {})


def test_a_tag_block_with_a_wrong_checksum_is_set_aside_but_its_sentence_is_read():
    [payload], refused = fed(b"\\s:liar,c:1418172113*00\\" + ONE)
    assert (payload.source, payload.received_s, refused) == ("", None, {Reason.BAD_TAG_BLOCK: 1})


def test_two_tag_blocks_on_a_line_are_both_read():
    [payload], refused = fed(tagged(b"s:BEZEE", tagged(b"c:1418172113", ONE)))
    assert (payload.source, payload.received_s, refused) == ("BEZEE", 1418172113, {})


@pytest.mark.parametrize(
    ("suffix", "source", "received_s"),
    [
        (b",b003669794,1272412827", "b003669794", 1272412827),
        (b",d-109,S2105,t050056.00,T56.13718694,r003669946,1325394060,1325394001", "r003669946", 1325394060),
        (b",s28089,d-103,T39.44353985,x147521,r08TPHI1,1242958962", "r08TPHI1", 1242958962),
        (b",1276256770", "", 1276256770),
        (b",anything,else", "", None),
    ],
)
def test_the_coast_guards_suffix_tells_station_and_time(suffix, source, received_s):
    [payload], refused = fed(ONE + suffix)
    assert (payload.source, payload.received_s, refused) == (source, received_s, {})


def test_a_tag_block_goes_before_the_suffix():
    [payload], _ = fed(tagged(b"s:BEANR", ONE) + b",b003669794,1272412827")
    assert (payload.source, payload.received_s) == ("BEANR", None)


def test_parts_join_in_order_and_out_of_order():
    for lines in ([part(1, FIRST), part(2, SECOND)], [part(2, SECOND), part(1, FIRST)]):
        [payload], refused = fed(*lines)
        assert (payload.armour, payload.fill, refused) == (FIRST + SECOND, 2, {})


def test_messages_whose_parts_are_mixed_come_apart_again():
    a, b = b"5" + b"0" * 55, b"5" + b"8" * 55
    lines = [part(1, a, sequence=1), part(1, b, sequence=2), part(2, b"1", sequence=2), part(2, b"2", sequence=1)]
    payloads, refused = fed(*lines)
    assert ([payload.armour for payload in payloads], refused) == ([b + b"1", a + b"2"], {})


def test_the_same_sequence_id_on_two_channels_or_from_two_stations_is_two_messages():
    a, b = b"5" + b"0" * 55, b"5" + b"8" * 55
    for first, second in [
        (lambda line: line, lambda line: line.replace(b",A,", b",B,")),
        (lambda line: tagged(b"s:BEANR", line), lambda line: tagged(b"s:BEZEE", line)),
        (lambda line: tagged(b"g:1-2-7", line), lambda line: tagged(b"g:1-2-8", line)),
    ]:
        lines = [first(part(1, a)), second(part(1, b)), first(part(2, b"1")), second(part(2, b"2"))]
        lines = [repaired(line) for line in lines]
        payloads, refused = fed(*lines)
        assert ([payload.armour for payload in payloads], refused) == ([a + b"1", b + b"2"], {})


def repaired(line: bytes) -> bytes:
    """The line with the checksum that its sentence now has."""
    block, bang, rest = line.rpartition(b"!")
    return block + framed(rest.rpartition(b"*")[0]) if bang else line


def test_the_group_of_a_tag_block_gives_later_parts_the_source_of_the_first():
    [payload], _ = fed(
        tagged(b"g:1-2-1604,s:rORBCOMM008,c:1418169601", part(1, FIRST)), tagged(b"g:2-2-1604", part(2, SECOND))
    )
    assert (payload.source, payload.received_s) == ("rORBCOMM008", 1418169601)


def test_a_part_that_comes_twice_is_counted_and_does_no_harm():
    [payload], refused = fed(part(1, FIRST), part(1, FIRST), part(2, SECOND))
    assert (payload.armour, refused) == (FIRST + SECOND, {Reason.PART_REPEATED: 1})


def test_a_new_message_with_the_same_sequence_id_replaces_an_unfinished_one():
    other = b"5" + b"8" * 55
    [payload], refused = fed(part(1, other), part(1, FIRST), part(2, SECOND))
    assert (payload.armour, refused) == (FIRST + SECOND, {Reason.PARTS_MISSING: 1})


def test_an_orphan_does_not_marry_into_a_later_message():
    """The flaw this keeps out: one lost first part, and every message with that sequence id is wrong for ever."""
    between = [part(n, armour, sequence=s) for s in range(5) for n, armour in ((1, FIRST), (2, SECOND))] * 2
    payloads, refused = fed(part(2, b"wwwwwww", sequence=7), *between, part(1, FIRST, sequence=7))
    assert all(payload.armour == FIRST + SECOND for payload in payloads)
    assert refused == {Reason.PARTS_MISSING: 1}
    assert len(between) > MAX_AGE_PARTS


def test_parts_are_not_awaited_for_ever():
    assembler = Assembler()
    assert assembler.feed(part(1, FIRST), at_ms=1_000) is None
    assert assembler.feed(part(2, SECOND), at_ms=1_001 + MAX_AGE_MS) is None
    assembler.flush()
    assert assembler.refused == {Reason.PARTS_MISSING: 2}


def test_unfinished_messages_take_bounded_room():
    assembler = Assembler()
    for sequence in range(10_000):
        assembler.feed(tagged(b"s:%d" % sequence, part(1, FIRST, of=9)))
        assert len(assembler._pending) <= MAX_AGE_PARTS + 1
    assembler.flush()
    assert assembler.refused == {Reason.PARTS_MISSING: 10_000}


def test_a_message_of_nine_parts_is_whole_when_the_ninth_is_there():
    lines = [part(n, b"%d" % n * 50, of=9) for n in range(1, 10)]
    [payload], refused = fed(*reversed(lines))
    assert (payload.armour, refused) == (b"".join(b"%d" % n * 50 for n in range(1, 10)), {})


def test_refusals_are_told_as_they_happen():
    told: list[Reason] = []
    Assembler(told.append).feed(b"foobar")
    assert told == [Reason.NOT_NMEA]


def test_tag_blocks_agree_with_libais():
    expected = [json.loads(line) for line in sample("vectors/ais/tagblock.json").read_text().splitlines()]
    payloads, refused = fed(*sample("vectors/ais/tagblock.nmea").read_bytes().splitlines())
    assert refused == {}
    assert len(payloads) == len(expected) == 4
    for payload, known in zip(payloads, expected, strict=True):
        assert payload.source == known["tagblock_station"]
        assert payload.received_s == datetime.fromisoformat(known["tagblock_timestamp"]).timestamp()
        message = decode(payload).scaled()
        assert (message["msg_type"], message["mmsi"]) == (known["type"], known["mmsi"])
        for name in {"lat", "lon", "speed", "course", "heading"} & known.keys():
            assert message[name] == pytest.approx(known[name], abs=2e-5)  # libais has 32-bit floats
        if known["type"] == 5:
            assert (message["shipname"], message["callsign"]) == (known["shipname"], known["callsign"])


NOISE = st.one_of(
    st.binary(max_size=200),
    st.builds(framed, st.binary(max_size=80)),
    st.builds(lambda body: framed(b"AIVDM," + body), st.binary(max_size=80)),
    st.builds(
        lambda fields: framed(b"AIVDM," + b",".join(fields)),
        st.lists(st.sampled_from([b"", b"0", b"1", b"2", b"9", b"10", b"-1", b"A", b"00wwP", b"\xb2", b"5*"])),
    ),
    st.builds(tagged, st.binary(max_size=40), st.just(ONE)),
    st.builds(lambda at, byte: ONE[:at] + bytes([byte]) + ONE[at + 1 :], st.integers(0, 47), st.integers(0, 255)),
)


@given(st.lists(NOISE, max_size=8))
@example([b"!AIVDM,\xb2,1,,A,0,0*00"])
def test_no_bytes_whatever_raise(lines):
    assembler = Assembler()
    for line in lines:
        before = assembler.refused.total()
        payload = assembler.feed(line)
        assert payload is None or 0 <= payload.fill <= 5
        if payload is None and line.strip() and not assembler._pending:
            assert assembler.refused.total() > before
    assembler.flush()
