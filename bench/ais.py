"""AIS decoding against its peers, one core, CPU time, interleaved.

Ours makes columns of ten types, checks and counts all 27; each peer makes an object or dict of every message. What
is compared is the work until a program can use what arrived, not the same work: the notes say so, and one row has
ours make an object of every other message as well.
"""

import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from bench import harness
from port2port.protocols.ais.columns import BulkDecoder
from port2port.protocols.ais.encode import Frame, encode

SHARED = Path(os.environ.get("P2P_SHARED", Path(__file__).resolve().parents[1].parent / "shared"))
LOG = SHARED / "data" / "ais-logs" / "aishub_nmea-sample.txt"
MEGABYTE = 1 << 20
MARLIN_BYTES = 1 << 15  # a larger feed overflows its buffer, and it drops what does not fit
LIVE_SENTENCES, LIVE_RUNS = 20, 50
CAVEAT = "the peer makes an object of every message, ours columns of 10 types; the others are checked and counted"
GOALS = {1: {"aiscat": 2.5, "marlin": 1.7}, 4: {"aiscat": 3.0, "marlin": 2.0}}
PYAIS_GOAL = 15.0
Chunks = Sequence[bytes]
Decoder = Callable[[Chunks], int]  # gives the number of messages


def made_up() -> bytes:
    """Traffic of our own for where the shared log is missing: positions, voyages, base stations, class B."""
    lines: list[bytes] = []
    for ship in range(2_000):
        mmsi, frame = 205_000_000 + ship, Frame(sequence=ship % 10, channel="AB"[ship % 2])
        lat, lon = 51.2 + ship % 97 / 500, 3.1 + ship % 89 / 100
        for step in range(35):
            place = {"lat": lat + step / 5_000, "lon": lon, "speed": 8.5, "course": 15.0}
            lines += encode(3 if ship % 8 == 0 else 1, frame=frame, mmsi=mmsi, **place)
        lines += encode(18, frame=frame, mmsi=mmsi, lat=lat, lon=lon, speed=5.0)
        lines += encode(4, frame=frame, mmsi=2_050_000 + ship, lat=lat, lon=lon)
        lines += encode(5, frame=frame, mmsi=mmsi, shipname=f"SHIP {ship}", destination="BEANR")
        lines += encode(24, frame=frame, mmsi=mmsi, partno=0, shipname=f"SHIP {ship}")
    return b"".join(line + b"\r\n" for line in lines)


def text_and_note() -> tuple[bytes, str]:
    """The log to decode, and what it is."""
    if LOG.exists():
        return LOG.read_bytes(), f"AISHub log; {CAVEAT}"
    return made_up(), f"made-up traffic, the shared AISHub log is missing; {CAVEAT}"


def in_chunks(text: bytes, size: int) -> Chunks:
    """Cut a text into chunks of a size."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def ours(chunks: Chunks) -> int:
    """Decode into columns."""
    decoder = BulkDecoder()
    return sum(len(decoder.feed(chunk)) for chunk in chunks) + len(decoder.flush())


def ours_all_read(chunks: Chunks) -> int:
    """Decode into columns, and make the objects of all other messages too."""
    decoder = BulkDecoder()
    return sum(len(block) for block in map(decoder.feed, chunks) if list(block.others) is not None)


def aiscat(chunks: Chunks) -> int:
    """AIS-catcher's C++ decoder: a dict of every message."""
    from aiscat import iter_decode

    return sum(1 for _ in iter_decode(chunks))


def marlin(chunks: Chunks) -> int:
    """Rust: an object of every message, of positions four fields read."""
    from marlin.ais import AisParser

    parser = AisParser.streaming()
    count = 0
    for chunk in chunks:
        for piece in in_chunks(chunk, MARLIN_BYTES):
            parser.feed(piece)
            count += sum(1 for _ in _four_fields_read(parser))
    return count


def _four_fields_read(parser: object) -> Iterator[None]:
    from marlin import MarlinError

    while True:
        try:
            message = parser.next_message()  # type: ignore[attr-defined]
        except MarlinError:
            continue
        if message is None:
            return
        body = message.body
        for name in ("mmsi", "latitude_deg", "longitude_deg", "speed_over_ground"):
            getattr(body, name, None)
        yield


def pyais(chunks: Chunks) -> int:
    """Pure Python: an object of every message."""
    from pyais import IterMessages
    from pyais.exceptions import AISBaseException

    count = 0
    for sentence in IterMessages(b"".join(chunks).splitlines()):
        try:
            sentence.decode()
        except AISBaseException:
            continue
        count += 1
    return count


PEERS: dict[str, Decoder] = {"aiscat": aiscat, "marlin": marlin, "pyais": pyais}


def missing(name: str) -> harness.Row:
    """A row that says that a peer is not installed; it does not count as met."""
    nothing = dict.fromkeys(("ours", "peer", "ratio", "goal"), 0.0)
    note = "peer not installed"
    return harness.Row(f"AIS decode vs {name}", "ratio", unit="msg/s", met=False, note=note, **nothing)


def against(
    peers: Sequence[str], chunks: Chunks, goals: dict[str, float], label: str, note: str
) -> list[harness.Row]:
    """Rows against the peers that are installed, all measured in turn."""
    here = [name for name in peers if find_spec(name)]
    works: list[Decoder] = [ours, *(PEERS[name] for name in here)]
    counts = [work(chunks) for work in works]
    seconds = harness.interleaved(*(lambda work=work: work(chunks) for work in works))
    ours_per_s, *rates = (count / spent for count, spent in zip(counts, seconds, strict=True))
    rows = [
        harness.ratio(
            f"AIS decode, {label}, vs {name}",
            ours_per_s=ours_per_s,
            peer_per_s=rate,
            unit="msg/s",
            goal=goals[name],
            note=note,
        )
        for name, rate in zip(here, rates, strict=True)
    ]
    return rows + [missing(name) for name in peers if name not in here]


def all_read(chunks: Chunks, note: str) -> harness.Row:
    """The row in which ours makes the other objects too."""
    if not find_spec("aiscat"):
        return missing("aiscat")
    count, theirs = ours_all_read(chunks), aiscat(chunks)
    seconds, peer_seconds = harness.interleaved(lambda: ours_all_read(chunks), lambda: aiscat(chunks))
    return harness.ratio(
        "AIS decode, 4 MB chunks, objects of all other types too, vs aiscat",
        ours_per_s=count / seconds,
        peer_per_s=theirs / peer_seconds,
        unit="msg/s",
        goal=GOALS[4]["aiscat"],
        note=note,
    )


def live_batch(text: bytes) -> harness.Row:
    """How long a batch of a live feed takes: 20 sentences, decoder warm, from bytes to block."""
    lines = text.splitlines(keepends=True)
    batches = [
        b"".join(lines[at : at + LIVE_SENTENCES]) for at in range(0, LIVE_SENTENCES * LIVE_RUNS, LIVE_SENTENCES)
    ]
    decoder = BulkDecoder()
    decoder.feed(batches[0])
    took_ms = [1_000 * harness.cpu_seconds(lambda batch=batch: decoder.feed(batch)) for batch in batches]
    return harness.budget(
        f"AIS live batch of {LIVE_SENTENCES} sentences",
        ours=statistics.median(took_ms),
        goal=1.0,
        unit="ms",
        at_most=True,
        note=f"median of {LIVE_RUNS} batches, worst {max(took_ms):.2f} ms",
    )


def rows() -> list[harness.Row]:
    """Every row about AIS decoding."""
    text, note = text_and_note()
    found = []
    for size, goals in GOALS.items():
        chunks = in_chunks(text, size * MEGABYTE)
        found += against(["aiscat", "marlin"], chunks, goals, f"{size} MB chunks", note)
    found.append(all_read(in_chunks(text, 4 * MEGABYTE), note))
    found += against(["pyais"], [text[:MEGABYTE]], {"pyais": PYAIS_GOAL}, "1 MB chunks", f"first megabyte; {note}")
    return [*found, live_batch(text)]
