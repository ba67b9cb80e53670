"""The report of `port2port decode ais`: JSON-ready, complete, and strict when asked."""

import io
import json
from base64 import b64decode

import pytest

from port2port.protocols.ais.encode import encode
from port2port.protocols.ais.nmea import MAX_LINE
from port2port.protocols.ais.reasons import Reason
from port2port.protocols.ais.report import BadInput, Report, decode_file, lines_of
from port2port.protocols.ais.tests.samples import framed, sample, tagged

ONE = b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*35"


def test_a_report_tells_message_and_envelope():
    [message] = Report().read([tagged(b"s:BEANR,c:1418172113", ONE)])
    assert message["mmsi"] == 244710820
    assert (message["talker"], message["channel"], message["own"]) == ("AI", "B", False)
    assert (message["source"], message["received_s"]) == ("BEANR", 1418172113)


def test_raw_bits_are_base_64():
    [message] = Report().read(encode(8, mmsi=205123456, dac=200, fid=10, data=b"inland"))
    assert (message["dac"], message["fid"], b64decode(message["data"])) == (200, 10, b"inland")


@pytest.mark.parametrize("log", ["gpsd_sample.aivdm", "libais_test.aivdm", "libais_typeexamples.nmea"])
def test_every_message_of_every_type_can_be_written_as_json(log):
    report = Report()
    messages = list(report.read(sample(f"ais-logs/{log}").read_bytes().splitlines()))
    for message in messages:
        assert json.loads(json.dumps(message, allow_nan=False)) == message
    assert report.counts.total() == len(messages) > 25


def test_a_file_is_read_by_name(tmp_path):
    path = tmp_path / "one.nmea"
    path.write_bytes(b"# comment\r\n" + ONE + b"\r\nrubbish\r\n" + ONE)
    assert [message["mmsi"] for message in decode_file(path)] == [244710820, 244710820]


def test_strict_reading_stops_at_the_first_bad_line_and_says_where_and_why(tmp_path):
    path = tmp_path / "bad.nmea"
    path.write_bytes(b"# comment\n\n" + ONE + b"\n" + ONE[:-1] + b"6\n" + ONE)
    messages = decode_file(path, strict=True)
    assert next(messages)["msg_type"] == 1
    with pytest.raises(BadInput, match=r"line 4: checksum does not match the sentence \(bad-checksum\)") as caught:
        next(messages)
    assert (caught.value.line, caught.value.field, caught.value.reason) == (4, "checksum", Reason.BAD_CHECKSUM)


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (b"rubbish", "sentence", Reason.NOT_NMEA),
        (framed(b"AIVDM,1,1,,A,13aGua,0"), "payload", Reason.TOO_SHORT),
        (framed(b"AIVDM,1,1,,A,w3aGua?P00PHfERNFruh0?vN289E,0"), "msg_type", Reason.UNKNOWN_TYPE),
        (framed(b"AIVDM,2,1,3,A,13aGua,0"), "part number", Reason.PARTS_MISSING),
    ],
)
def test_strict_reading_names_the_field(line, field, reason):
    with pytest.raises(BadInput) as caught:
        list(Report(strict=True).read([line]))
    assert (caught.value.line, caught.value.field, caught.value.reason) == (1, field, reason)


def test_a_lenient_report_counts_what_it_refuses():
    report = Report()
    assert len(list(report.read([ONE, b"rubbish", framed(b"AIVDM,1,1,,A,13aGua,0"), b"$GPGGA,*00"]))) == 1
    assert report.counts == {1: 1}
    assert report.refused == {Reason.NOT_NMEA: 1, Reason.TOO_SHORT: 1, Reason.NOT_AIS: 1}


def test_an_endless_line_takes_bounded_room_and_hides_nothing_behind_it():
    lines = list(lines_of(io.BytesIO(b"!" * 1_000_000 + b"\n" + ONE + b"\r\n")))
    assert max(map(len, lines)) <= MAX_LINE + 3
    report = Report()
    assert len(list(report.read(lines))) == 1
    assert report.refused == {Reason.TOO_LONG: 1}
