"""The bulk decoder must give exactly what the scalar one gives, however the bytes are cut and whatever they are."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from port2port.protocols.ais.columns import NO_TIME, TABLED, Block, BulkDecoder, decoder
from port2port.protocols.ais.columns.framing import MAX_RAW_LINE
from port2port.protocols.ais.columns.words import GUARD, Span, armour_flags, packed
from port2port.protocols.ais.decode import Message, decode
from port2port.protocols.ais.encode import encode
from port2port.protocols.ais.fields import LAYOUTS, Kind
from port2port.protocols.ais.nmea import Assembler
from port2port.protocols.ais.reasons import BadPayload, Reason
from port2port.protocols.ais.sixbit import ARMOUR
from port2port.protocols.ais.tests.samples import SHARED, framed, sample, tagged

LOGS = sorted([*SHARED.glob("data/ais-logs/*"), *SHARED.glob("data/vectors/ais/*")])


@dataclass
class Outcome:
    """What a stream came to, in a form that can be compared."""

    counts: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    columns: dict = field(default_factory=lambda: defaultdict(list))
    others: list = field(default_factory=list)

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other)


@dataclass
class Scalar:
    """The oracle: line by line through Assembler and decode, with nothing of the bulk decoder in it."""

    outcome: Outcome = field(default_factory=Outcome)

    def read(self, text: bytes) -> Outcome:
        assembler = Assembler()
        assembler.refused = self.outcome.refused
        for line in text.split(b"\n"):
            if len(line) > MAX_RAW_LINE:
                assembler.refused[Reason.TOO_LONG] += 1
            elif (payload := assembler.feed(line)) is not None:
                self.take(payload)
        assembler.flush()
        return self.outcome

    def take(self, payload) -> None:
        try:
            message = decode(payload)
        except BadPayload as bad:
            self.outcome.refused[bad.reason] += 1
            return
        self.outcome.counts[message.type] += 1
        if message.type not in TABLED:
            self.outcome.others.append(message)
            return
        received_s = NO_TIME if payload.received_s is None else payload.received_s
        for name, absent in columns_of(message.type).items():
            value = message.values.get(name, absent)
            self.outcome.columns[message.type, name].append(
                value.encode() if isinstance(value, str) else int(value)
            )
        self.outcome.columns[message.type, "received_s"].append(received_s)


def columns_of(number: int) -> dict[str, int | str]:
    return {
        one.name: "" if one.kind is Kind.TEXT else one.absent
        for layout in reversed(LAYOUTS[number])
        for one in layout.fields
    }


def outcome_of(blocks: Iterable[Block]) -> Outcome:
    outcome = Outcome()
    for block in blocks:
        outcome.counts.update(block.counts)
        outcome.refused.update(block.refused)
        outcome.others.extend(block.others)
        for number, table in block.tables.items():
            assert (np.diff(table["row"]) > 0).all()
            for name, column in table.items():
                if len(column) and name != "row":
                    outcome.columns[number, name].extend(column.tolist())
    return outcome


@pytest.fixture
def always_bulk(monkeypatch):
    monkeypatch.setattr(decoder, "FEW_LINES", 0)
    monkeypatch.setattr(decoder, "FEW_BYTES", 0)


def bulk(chunks: Sequence[bytes]) -> Outcome:
    reader = BulkDecoder()
    return outcome_of([*(reader.feed(chunk) for chunk in chunks), reader.flush()])


def cut(text: bytes, places: Iterable[int]) -> list[bytes]:
    places = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in zip(places, places[1:], strict=False)]


def sentence(armour: bytes, fill: int = 0, head: bytes = b"AIVDM,1,1,,A") -> bytes:
    return framed(b"%b,%b,%d" % (head, armour, fill))


def letters(chance: random.Random, count: int) -> bytes:
    return bytes(chance.choices(ARMOUR, k=count))


def any_message(chance: random.Random) -> bytes:
    """The armour of a message of any type and length, its bits at random."""
    number = chance.choice([*range(28), *TABLED, *TABLED, 24, 24, chance.randrange(64)])
    usual = [length // 6 + 1 for layout in LAYOUTS.get(number, ()) for length in (layout.shortest, *layout.lengths)]
    count = chance.choice([*usual, *usual, chance.randrange(1, 140)]) + chance.choice([0, 0, 0, -1, 1, 6])
    return ARMOUR[number : number + 1] + letters(chance, max(0, count - 1))


# the same as the scalar path


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.name)
@pytest.mark.usefixtures("always_bulk")
def test_every_log_decodes_in_bulk_as_line_by_line(log):
    text = log.read_bytes()
    expected = Scalar().read(text)
    assert bulk([text]) == expected
    chance = random.Random(log.name)
    assert bulk(cut(text, (chance.randrange(len(text)) for _ in range(7)))) == expected


def test_the_aishub_sample_has_as_many_messages_as_pyais_counts():
    block = BulkDecoder().feed(sample("ais-logs/aishub_nmea-sample.txt").read_bytes())
    assert len(block) == block.counts.total() == 82_748
    assert block.counts[1] == len(block.tables[1]["lat"]) == 61_374
    assert sum(len(block.tables[number]["mmsi"]) for number in TABLED) + len(block.others) == 82_748


@pytest.mark.usefixtures("always_bulk")
@pytest.mark.parametrize(
    ("log", "most"),
    [("aishub_nmea-sample.txt", 0.002), ("kystverket_1000.nm4", 0), ("aislib_stream_example.txt", 0.01)],
)
def test_hardly_a_line_of_a_real_log_leaves_the_fast_path(log, most, monkeypatch):
    text = sample(f"ais-logs/{log}").read_bytes()
    lines_seen = []
    feed = Assembler.feed
    monkeypatch.setattr(
        Assembler, "feed", lambda self, line, **at: (lines_seen.append(line), feed(self, line, **at))[1]
    )
    assert len(BulkDecoder().feed(text)) > 800
    assert len(lines_seen) <= most * text.count(b"\n")


@pytest.mark.usefixtures("always_bulk")
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 2**20), max_size=6))
def test_messages_of_any_type_and_length_decode_in_bulk_as_line_by_line(seed, cuts):
    chance = random.Random(seed)
    lines = [sentence(any_message(chance), chance.randrange(6)) for _ in range(60)]
    text = chance.choice([b"\n", b"\r\n"]).join(lines)
    assert bulk(cut(text, cuts)) == Scalar().read(text)


@pytest.mark.usefixtures("always_bulk")
@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 2**20), max_size=6))
def test_parts_lost_doubled_and_out_of_order_are_joined_in_bulk_as_line_by_line(seed, cuts):
    text = b"\n".join(mixed_parts(random.Random(seed)))
    assert bulk(cut(text, cuts)) == Scalar().read(text)


def mixed_parts(chance: random.Random) -> list[bytes]:
    """Messages in parts, few keys, with accidents, among other lines."""
    lines = []
    for _ in range(chance.randrange(2, 80)):
        armour, total = any_message(chance).ljust(3, b"0"), chance.choice([2, 2, 2, 2, 2, 3])
        places = sorted(chance.randrange(1, len(armour)) for _ in range(total - 1))
        key = b"%d,%s" % (chance.randrange(3), chance.choice([b"A", b"A", b"B", b""]))
        talker, place = (
            chance.choice([b"AIVDM", b"AIVDM", b"BSVDO"]),
            min(len(lines), chance.choice([0, 0, 0, 1, 9])),
        )
        for number, piece in enumerate(cut(armour, places), 1):
            line = sentence(piece, chance.choice([0, 0, 2]), b"%s,%d,%d,%s" % (talker, total, number, key))
            line = accident(chance, line)
            lines.insert(len(lines) - min(place, len(lines)) * chance.randrange(2), line)
    return lines


def accident(chance: random.Random, line: bytes) -> bytes:
    """Most lines stay as they are; some are lost, doubled, tagged, suffixed or spoilt."""
    return chance.choice(
        [
            *[line] * 12,
            b"",
            b"$GPGGA,1",
            line + b"\n" + line,
            tagged(b"s:%d,c:%d" % (chance.randrange(2), chance.randrange(10**10)), line),
            tagged(b"g:1-2-%d" % chance.randrange(3), line),
            tagged(b"s:!AIVDM,2,1,1,A", line),
            b"\\s:broken\\" + line,
            line + b",b003669794,1272412827",
            line + b" ",
            line.replace(b",A,", b",C,"),
            line[:-1],
        ]
    )


# bytes that mean no good


@pytest.mark.usefixtures("always_bulk")
@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [b"\n", b"\r\n", b"\0", b"!AIVDM,", b"!AIVDM,1,1,,A,", b",0*", b"\\", b"!", b"1", b"2,", b"*"]
            ),
            st.just(sentence(b"13aGua?P00PHfERNFruh0?vN289E")),
            st.just(b"\n" + sentence(b"13aGua?P00PHfERNFruh0?vN289E")[:-3]),
        ),
        max_size=60,
    ),
    cuts=st.lists(st.integers(0, 2**16), max_size=6),
)
def test_garbage_never_raises_and_is_refused_for_the_same_reasons(pieces, cuts):
    text = b"".join(pieces)
    assert bulk(cut(text, cuts)) == Scalar().read(text)


@pytest.mark.usefixtures("always_bulk")
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 2**20), max_size=6))
def test_sentences_with_single_bytes_spoilt_are_judged_as_line_by_line(seed, cuts):
    chance = random.Random(seed)
    text = bytearray(b"\n".join(sentence(any_message(chance)) for _ in range(60)))
    for _ in range(40):
        text[chance.randrange(len(text))] = chance.choice(b"\0\x7f\xff,*!\\0Wx_`\r\n ")
    assert bulk(cut(bytes(text), cuts)) == Scalar().read(bytes(text))


@pytest.mark.usefixtures("always_bulk")
def test_a_right_checksum_does_not_excuse_characters_outside_the_armour():
    good = b"13aGua?P00PHfERNFruh0?vN289E"
    for spoilt in (b"X", b"_", b"x", b"/", b"\x80", b",", b"*"):
        for place in range(len(good)):
            line = sentence(good[:place] + spoilt + good[place + 1 :]) + b"\n"
            assert bulk([line]).counts.total() == 0
            assert bulk([line]) == Scalar().read(line)


def test_a_line_without_end_takes_no_memory_and_is_counted_once():
    reader = BulkDecoder()
    refused = Counter()
    for _ in range(50):
        refused.update(reader.feed(b"!AIVDM,1,1,,A," + b"0" * 100_000).refused)
        assert len(reader._rest) <= MAX_RAW_LINE
    block = reader.feed(b"\n" + sentence(b"13aGua?P00PHfERNFruh0?vN289E") + b"\n")
    assert refused == {Reason.TOO_LONG: 1}
    assert (block.counts, block.refused) == ({1: 1}, {})


def test_first_parts_without_end_take_no_memory():
    reader = BulkDecoder()
    chance = random.Random(1)
    for _ in range(40):
        heads = [b"AIVDM,2,1,%d,%c" % (chance.randrange(10), chance.choice(b"ABCDEFGHIJ")) for _ in range(600)]
        reader.feed(b"".join(sentence(letters(chance, 50), 0, head) + b"\n" for head in heads))
        assert len(reader._assembler._pending) < 100


# the shape of a block


def test_few_lines_give_the_same_block_as_many(monkeypatch):
    text = b"\n".join(sentence(any_message(random.Random(seed))) for seed in range(400)) + b"\n"
    monkeypatch.setattr(decoder, "FEW_LINES", 1_000)
    monkeypatch.setattr(decoder, "FEW_BYTES", 1_000_000)
    few = BulkDecoder().feed(text)
    monkeypatch.setattr(decoder, "FEW_LINES", 0)
    monkeypatch.setattr(decoder, "FEW_BYTES", 0)
    many = BulkDecoder().feed(text)
    assert few.counts == many.counts
    assert few.refused == many.refused
    assert list(few.others) == list(many.others)
    for number in TABLED:
        assert few.tables[number].keys() == many.tables[number].keys()
        for name, column in few.tables[number].items():
            assert column.dtype == many.tables[number][name].dtype
            np.testing.assert_array_equal(column, many.tables[number][name])


@pytest.mark.usefixtures("always_bulk")
def test_a_table_has_every_field_of_every_form_and_absent_values_for_what_was_not_sent():
    parts = encode(24, mmsi=205_123_456, partno=0, shipname="LOODS 1")
    parts += encode(24, mmsi=205_123_456, partno=1, callsign="ORAB", to_bow=12)
    table = BulkDecoder().feed(b"\n".join(parts) + b"\n").tables[24]
    assert set(table) == {*columns_of(24), "row", "received_s"}
    assert table["partno"].tolist() == [0, 1]
    assert table["shipname"].tolist() == [b"LOODS 1", b""]
    assert table["callsign"].tolist() == [b"", b"ORAB"]
    assert table["to_bow"].tolist() == [0, 12]


@pytest.mark.usefixtures("always_bulk")
def test_what_was_encoded_comes_out_of_the_columns():
    sent = encode(1, mmsi=205_123_456, lat=51.2345, lon=4.3, speed=12.3, course=45.0)
    sent += encode(5, mmsi=205_123_457, shipname="PILOT 3", destination="ZEEBRUGGE", callsign=" ORAB ", draught=3.4)
    block = BulkDecoder().feed(b"".join(line + b"\r\n" for line in sent))
    position, voyage = block.tables[1], block.tables[5]
    assert [int(position[name][0]) for name in ("mmsi", "lat", "lon", "speed", "course", "heading", "row")] == [
        205_123_456, 30_740_700, 2_580_000, 123, 450, 511, 0,
    ]  # fmt: skip
    assert voyage["shipname"].tolist() == [b"PILOT 3"]
    assert voyage["callsign"].tolist() == [b" ORAB"]
    assert (int(voyage["draught"][0]), int(voyage["row"][0])) == (34, 2)


@pytest.mark.usefixtures("always_bulk")
def test_the_time_of_the_tag_block_stands_beside_the_message():
    armour = b"13aGua?P00PHfERNFruh0?vN289E"
    lines = [
        tagged(b"s:a,c:1565218798", sentence(armour)),
        sentence(armour),
        tagged(b"c:1565218799000", sentence(armour)),
    ]
    table = BulkDecoder().feed(b"\n".join(lines) + b"\n").tables[1]
    assert table["received_s"].tolist() == [1_565_218_798, NO_TIME, 1_565_218_799]


def test_other_messages_are_kept_in_order_of_arrival():
    armours = [ARMOUR[number : number + 1] + b"0" * 40 for number in (9, 8, 9, 17, 8)]
    block = BulkDecoder().feed(b"".join(sentence(armour) + b"\n" for armour in armours * 200))
    assert [message.type for message in block.others] == [9, 8, 9, 17, 8] * 200
    assert isinstance(block.others[-1], Message)
    assert block.counts == {8: 400, 9: 400, 17: 200}


@pytest.mark.usefixtures("always_bulk")
@pytest.mark.parametrize(("at_ms", "messages"), [(1_000, 1), (60_000, 0)])
def test_parts_are_joined_across_chunks_unless_they_waited_too_long(at_ms, messages):
    first, second = encode(5, mmsi=205_123_457, shipname="PILOT")
    reader = BulkDecoder()
    assert len(reader.feed(first + b"\n", at_ms=0)) == 0
    block = reader.feed(second + b"\n", at_ms=at_ms)
    assert block.counts.total() == messages
    assert block.refused == ({} if messages else {Reason.PARTS_MISSING: 1})


@pytest.mark.usefixtures("always_bulk")
def test_a_second_part_too_late_by_parts_of_uncommon_form_joins_what_comes_next():
    first, *voyages = (
        line for n in range(3) for line in encode(5, mmsi=205_123_457 + n, destination=f"QUAY {n}" * 3)
    )
    uncommon = [sentence(b"0" * 20, 0, b"AIVDM,3,1,%d,%c" % (n % 10, b"AB"[n // 10])) for n in range(17)]
    text = b"\n".join([first, *uncommon, *voyages])
    expected = Scalar().read(text)
    assert expected.refused[Reason.PARTS_MISSING] == 19
    assert expected.counts == {5: 2}
    assert bulk([text]) == expected


# the bit tricks


@pytest.mark.parametrize("byte", range(256))
def test_only_the_sixty_four_characters_of_the_armour_pass(byte):
    word = np.frombuffer(b"0Ww`%c000" % byte, dtype=np.uint64)
    assert bool(armour_flags(word)[0] == GUARD) == (byte in ARMOUR)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_span_reads_what_the_bits_say(data):
    armour = bytes(data.draw(st.lists(st.sampled_from(list(ARMOUR)), min_size=24, max_size=24)))
    bits = "".join(f"{ARMOUR.index(letter):06b}" for letter in armour)
    start = data.draw(st.integers(0, 95))
    width = data.draw(st.integers(1, 48))
    buffer = np.frombuffer(armour, dtype=np.uint8)
    words = packed(buffer, np.array([0]), count=3)
    group = bits[start : start + width]
    assert int(Span.of(start, width).read(words)[0]) == int(group, 2)
    signed = int(group, 2) - (int(group[0]) << width)
    assert int(Span.of(start, width, signed=True).read(words)[0]) == signed
