"""A minute goes in as columns and comes out the same, a day joined; damage is named and skipped."""

import struct
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from port2port.engine.history import POSITION, DamagedBlob, History, frames, minute_of, pack_minute, unpack_minute

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
WIDTHS = ["<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8"]


class Shelf:
    """A `BlobStore` in memory."""

    def __init__(self):
        self.kept = {}

    def put(self, area, kind, minute, blob):
        self.kept[area, kind, minute] = blob

    def blobs(self, area, kind, first, beyond):
        for minute in range(first, beyond):
            if (area, kind, minute) in self.kept:
                yield minute, self.kept[area, kind, minute]


def positions(random, rows, *, tracks=50):
    """One minute of positions, in no order."""
    columns = {
        "t_ms": random.integers(0, 60_000, rows),
        "track": random.integers(1, tracks + 1, rows),
        "lat": random.integers(-91 * 600_000, 91 * 600_000, rows),
        "lon": random.integers(-181 * 600_000, 181 * 600_000, rows),
        "sog": random.integers(0, 1024, rows),
        "cog": random.integers(0, 3601, rows),
        "heading": random.integers(0, 512, rows),
        "flags": random.integers(0, 65_536, rows),
    }
    return {name: columns[name].astype(dtype) for name, dtype in POSITION.items()}


def filled(minutes, *, seed=1, rows=40):
    """A shelf with minutes after noon, and all its rows joined in the plain way, time counted from noon."""
    random, shelf, tables = np.random.default_rng(seed), Shelf(), []
    for minute in minutes:
        columns = positions(random, int(random.integers(0, rows)))
        History(shelf).write("antwerp", "position", minute_of(NOON) + minute, columns)
        order = np.argsort(columns["t_ms"], kind="stable")
        table = {name: column[order].astype(np.int64) for name, column in columns.items()}
        table["t_ms"] += minute * 60_000
        tables.append(table)
    return shelf, {name: np.concatenate([table[name] for table in tables]) for name in POSITION}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_columns_of_any_width_come_back_as_they_were(data):
    rows = data.draw(st.integers(0, 20))
    names = data.draw(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), min_size=1, unique=True))
    columns = {}
    for name in [name for name in names if name != "t_ms"] or ["lat"]:
        dtype = np.dtype(data.draw(st.sampled_from(WIDTHS)))
        limits = np.iinfo(dtype)
        values = data.draw(st.lists(st.integers(limits.min, limits.max), min_size=rows, max_size=rows))
        columns[name] = np.array(values, dtype)
    back = unpack_minute(pack_minute(columns))
    assert list(back) == list(columns)
    for name, column in columns.items():
        assert back[name].dtype == column.dtype
        assert back[name].tolist() == column.tolist()


def test_the_columns_read_are_views_on_the_blob_not_copies():
    blob = pack_minute(positions(np.random.default_rng(1), 7))
    whole = np.frombuffer(blob, np.uint8)
    assert all(np.shares_memory(column, whole) for column in unpack_minute(blob).values())


def test_rows_are_kept_in_the_order_of_time_and_of_arrival_within_a_millisecond():
    blob = pack_minute({"t_ms": np.array([5, 1, 5, 1]), "track": np.array([1, 2, 3, 4], "u4")})
    assert unpack_minute(blob)["track"].tolist() == [2, 4, 1, 3]


def test_big_endian_columns_are_kept_little_endian():
    back = unpack_minute(pack_minute({"lat": np.array([1, -2], ">i4")}))["lat"]
    assert (back.tolist(), back.dtype.str) == ([1, -2], "<i4")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({}, "columns: none given"),
        ({"lat": np.zeros(2, "i4"), "lon": np.zeros(3, "i4")}, "columns: lengths differ"),
        ({"lat": np.zeros(2)}, "column lat: one dimension of integers, not 1 of float64"),
        ({"lat": np.zeros((2, 2), "i4")}, "column lat: one dimension of integers, not 2 of int32"),
        ({"a:b": np.zeros(2, "i4")}, "column 'a:b': a name is letters"),
        ({"t_ms": np.array([60_000])}, "column t_ms: 60000 to 60000 is not within the minute"),
        ({"t_ms": np.array([-1, 3])}, "column t_ms: -1 to 3 is not within the minute"),
    ],
)
def test_columns_that_cannot_be_kept_are_refused_by_name(columns, says):
    with pytest.raises(ValueError, match=says):
        pack_minute(columns)


def test_every_flipped_bit_is_noticed():
    blob = bytearray(pack_minute(positions(np.random.default_rng(2), 3)))
    for bit in range(len(blob) * 8):
        blob[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedBlob):
            unpack_minute(bytes(blob))
        blob[bit // 8] ^= 1 << bit % 8
    assert len(unpack_minute(blob)["lat"]) == 3


def test_a_blob_cut_anywhere_or_followed_by_rubbish_is_noticed():
    blob = pack_minute(positions(np.random.default_rng(3), 5))
    for size in range(len(blob)):
        with pytest.raises(DamagedBlob):
            unpack_minute(blob[:size])
    with pytest.raises(DamagedBlob, match="bytes, but 5 rows of these columns need"):
        unpack_minute(blob + bytes(8))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_rubbish_is_damage_and_never_another_error(rubbish, starts_well):
    with pytest.raises(DamagedBlob):
        unpack_minute((struct.pack("<4sH", b"P2PH", 1) if starts_well else b"") + rubbish)


def test_a_number_of_rows_that_was_changed_is_noticed_even_where_the_padding_hides_it():
    blob = bytearray(pack_minute({"sog": np.array([7, 9], "u2")}))
    blob[8] = 3
    with pytest.raises(DamagedBlob, match="the number of rows was changed"):
        unpack_minute(blob)


def test_a_torn_page_of_zeros_is_noticed():
    blob = bytearray(pack_minute(positions(np.random.default_rng(4), 2000)))
    blob[8192:12288] = bytes(4096)
    with pytest.raises(DamagedBlob, match="the body was changed"):
        unpack_minute(blob)


def test_a_later_version_is_refused_by_its_number():
    blob = bytearray(pack_minute({"lat": np.zeros(1, "i4")}))
    blob[4] = 9
    with pytest.raises(DamagedBlob, match="starts with b'P2PH' 9, but this program reads b'P2PH' 1"):
        unpack_minute(blob)


@pytest.mark.parametrize("seed", range(6))
def test_a_stretch_holds_just_the_rows_of_its_time(seed):
    random = np.random.default_rng(seed)
    shelf, whole = filled(sorted(random.choice(90, 60, replace=False).tolist()), seed=seed)
    for _ in range(40):
        start_ms, end_ms = np.sort(random.integers(-60_000, 95 * 60_000, 2)).tolist()
        start, end = (NOON + timedelta(milliseconds=ms) for ms in (start_ms, end_ms))
        found = History(shelf).read("antwerp", "position", start, end)
        wanted = (whole["t_ms"] >= start_ms) & (whole["t_ms"] < end_ms)
        assert (found["t_ms"].astype(np.int64) + start_ms).tolist() == whole["t_ms"][wanted].tolist()
        for name in POSITION:
            assert found[name].dtype == ("<u4" if name == "t_ms" else POSITION[name])
            assert name == "t_ms" or found[name].tolist() == whole[name][wanted].tolist()


def test_another_area_or_kind_is_not_read():
    shelf, _ = filled(range(3))
    assert History(shelf).read("ghent", "position", NOON, NOON + timedelta(hours=1)).rows == 0
    assert History(shelf).read("antwerp", "radar", NOON, NOON + timedelta(hours=1)).rows == 0


def test_a_stretch_without_blobs_has_the_columns_of_a_position_and_no_rows():
    empty = History(Shelf()).read("antwerp", "position", NOON, NOON + timedelta(hours=1))
    assert {name: column.dtype.str for name, column in empty.items()} == {**POSITION, "t_ms": "<u4"}
    assert empty.rows == 0


def test_a_damaged_minute_is_skipped_and_reported_the_others_are_read():
    shelf, whole = filled(range(5))
    spoiled = minute_of(NOON) + 2
    blob = bytearray(shelf.kept["antwerp", "position", spoiled])
    blob[-1] ^= 1
    shelf.kept["antwerp", "position", spoiled] = bytes(blob)
    found = History(shelf).read("antwerp", "position", NOON, NOON + timedelta(minutes=5))
    intact = whole["t_ms"] // 60_000 != 2
    assert found["lat"].tolist() == whole["lat"][intact].tolist()
    assert [(damage.area, damage.kind, damage.minute) for damage in found.damaged] == [
        ("antwerp", "position", spoiled)
    ]
    assert "sum of words" in found.damaged[0].reason


def test_minutes_that_gained_a_column_are_read_with_the_columns_they_share():
    shelf, history = Shelf(), History(Shelf())
    history = History(shelf)
    random = np.random.default_rng(5)
    history.write("antwerp", "position", minute_of(NOON), positions(random, 5))
    later = positions(random, 6) | {"draught": np.arange(6, dtype="u1")}
    history.write("antwerp", "position", minute_of(NOON) + 1, later)
    history.write("antwerp", "position", minute_of(NOON) + 2, positions(random, 7))
    found = history.read("antwerp", "position", NOON, NOON + timedelta(minutes=3))
    assert (found.rows, list(found)) == (18, list(POSITION))


def test_a_minute_far_fuller_than_the_first_finds_room():
    shelf, random = Shelf(), np.random.default_rng(6)
    for minute, rows in enumerate([1, 2, 5000, 3, 9000]):
        History(shelf).write("antwerp", "position", minute_of(NOON) + minute, positions(random, rows))
    found = History(shelf).read("antwerp", "position", NOON, NOON + timedelta(minutes=5))
    assert found.rows == 14_006
    assert (np.diff(found["t_ms"].astype(np.int64)) >= 0).all()


def test_a_first_minute_without_rows_does_no_harm():
    shelf, random = Shelf(), np.random.default_rng(7)
    History(shelf).write("antwerp", "position", minute_of(NOON), positions(random, 0))
    assert History(shelf).read("antwerp", "position", NOON, NOON + timedelta(minutes=1)).rows == 0
    History(shelf).write("antwerp", "position", minute_of(NOON) + 1, positions(random, 4))
    assert History(shelf).read("antwerp", "position", NOON, NOON + timedelta(minutes=2)).rows == 4


def test_a_minute_written_again_takes_the_place_of_the_first():
    shelf, random = Shelf(), np.random.default_rng(8)
    for rows in (5, 9):
        History(shelf).write("antwerp", "position", minute_of(NOON), positions(random, rows))
    assert History(shelf).read("antwerp", "position", NOON, NOON + timedelta(minutes=1)).rows == 9


def test_a_window_gives_the_past_of_one_track():
    shelf, whole = filled(range(10), rows=200)
    found = History(shelf).window(
        "antwerp", "position", end=NOON + timedelta(minutes=8), lasting=timedelta(minutes=3), track=7
    )
    wanted = (whole["track"] == 7) & (whole["t_ms"] >= 5 * 60_000) & (whole["t_ms"] < 8 * 60_000)
    assert found["lat"].tolist() == whole["lat"][wanted].tolist()
    assert (found["t_ms"] + 5 * 60_000).tolist() == whole["t_ms"][wanted].tolist()
    assert found.rows > 3


def test_a_stretch_longer_than_its_clock_counts_or_turned_round_is_refused():
    history = History(Shelf())
    for end in (NOON + timedelta(days=50), NOON - timedelta(seconds=1)):
        with pytest.raises(ValueError, match="end: .* is not within 49 days after"):
            history.read("antwerp", "position", NOON, end)


@pytest.mark.parametrize(("seed", "step_ms"), [(1, 1000), (2, 700), (3, 60_000), (4, 10_000_000)])
def test_a_frame_holds_the_last_row_of_every_track_up_to_its_moment(seed, step_ms):
    shelf, whole = filled(range(8), seed=seed, rows=60)
    columns = History(shelf).read("antwerp", "position", NOON, NOON + timedelta(minutes=8))
    count = 0
    for frame in frames(columns, step_ms=step_ms):
        count += 1
        last = {int(track): row for row, track in enumerate(whole["track"]) if whole["t_ms"][row] <= frame.at_ms}
        shown = frame.now[frame.seen]
        assert shown["track"].tolist() == sorted(last)
        for name in POSITION:
            assert shown[name].tolist() == [int(whole[name][last[track]]) for track in sorted(last)]
        if count > 60:
            break
    assert count == min(61, -(-int(whole["t_ms"][-1]) // step_ms))


def test_frames_end_where_they_are_told_and_say_what_moved():
    columns = {"t_ms": np.array([100, 2500], "u4"), "track": np.array([9, 4], "u4")}
    moved = [frame.now["track"][frame.moved].tolist() for frame in frames(columns, until_ms=5000)]
    assert moved == [[9], [], [4], [], []]


def test_track_numbers_of_any_size_are_stepped(monkeypatch):
    columns = {"t_ms": np.array([1, 2, 3], "u4"), "track": np.array([2**32 - 1, 5, 2**32 - 1], "u4")}
    (frame,) = frames(columns)
    assert frame.now["track"].tolist() == [5, 2**32 - 1]
    assert frame.now["t_ms"].tolist() == [2, 3]


def test_stretches_of_records_may_be_shorter_than_a_step_or_longer(monkeypatch):
    shelf, _ = filled(range(4), rows=300)
    columns = History(shelf).read("antwerp", "position", NOON, NOON + timedelta(minutes=4))
    wanted = [frame.now.tobytes() for frame in frames(columns)]
    for rows in (1, 7, 50):
        monkeypatch.setattr("port2port.engine.history.stepping.STRETCH_ROWS", rows)
        assert [frame.now.tobytes() for frame in frames(columns)] == wanted


def test_nothing_is_stepped_without_rows():
    empty = History(Shelf()).read("antwerp", "position", NOON, NOON + timedelta(hours=1))
    assert list(frames(empty)) == []


def test_a_row_at_the_very_start_is_in_the_first_frame():
    columns = {"t_ms": np.array([0], "u4"), "track": np.array([3], "u4")}
    assert [frame.now["track"].tolist() for frame in frames(columns)] == [[3]]
