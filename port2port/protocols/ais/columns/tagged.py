r"""Tag blocks in front of many sentences: taken off in bulk, each different one read once.

>>> from port2port.protocols.ais.columns.framing import laid_out, split
>>> text = b"\\s:a,c:1565218798*57\\!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*35\n"
>>> buffer = laid_out(text)
>>> tagged = tags_off(buffer, split(buffer, len(text))[0])
>>> tagged.lines.starts.tolist(), tagged.received_s.tolist(), tagged.origin.tolist()
([29], [1565218798], [1])
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from port2port.protocols.ais.columns.block import NO_TIME
from port2port.protocols.ais.columns.framing import FRONT, Lines
from port2port.protocols.ais.columns.words import Bytes, Mask, Offsets
from port2port.protocols.ais.nmea import MAX_LINE, split_tags

BANG, BACKSLASH = ord("!"), ord("\\")
MAX_ORIGINS = 65_535  # that fit in a key; lines of more go one by one
Reading = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Lines that start at their '!', and for each what its tag block says.

    `origin` numbers the stations and groups, 0 for none: parts of different origins never mix. `spoilt` tells of
    tag blocks with a wrong checksum: they say nothing, the sentence behind them stands. A line whose tag blocks
    have no clear end still starts at its backslash, and so matches no common sentence.
    """

    lines: Lines
    received_s: Offsets
    origin: Offsets
    spoilt: Mask


def tags_off(buffer: Bytes, lines: Lines) -> Tagged:
    """Take the tag blocks off."""
    count = len(lines.starts)
    tagged = np.flatnonzero(buffer[lines.starts] == BACKSLASH)
    received_s, origin = np.full(count, NO_TIME), np.zeros(count, dtype=np.int64)
    spoilt = np.zeros(count, dtype=np.bool_)
    if not len(tagged):
        return Tagged(lines, received_s, origin, spoilt)
    starts = lines.starts.copy()
    tagged, bangs = _bangs(buffer, lines, tagged)
    readings = _readings(buffer, lines.starts[tagged], bangs)
    ended = readings[:, 0] >= 0
    tagged = tagged[ended]
    starts[tagged] = bangs[ended]
    origin[tagged], received_s[tagged], spoilt[tagged] = readings[ended].T
    return Tagged(Lines(starts, lines.ends), received_s, origin, spoilt)


def _bangs(buffer: Bytes, lines: Lines, tagged: Offsets) -> tuple[Offsets, Offsets]:
    """Find the '!' of tagged lines that have one behind a backslash and are not too long."""
    bangs = np.flatnonzero(buffer[FRONT : int(lines.ends[-1])] == BANG) + FRONT
    bangs = np.append(bangs, lines.ends[-1])
    found = bangs[np.searchsorted(bangs, lines.starts[tagged])]
    ends = lines.ends[tagged]
    usable = (found < ends) & (buffer[found - 1] == BACKSLASH) & (ends - lines.starts[tagged] <= MAX_LINE)
    return tagged[usable], found[usable]


def _readings(buffer: Bytes, starts: Offsets, ends: Offsets) -> npt.NDArray[np.int64]:
    """Read each tag block, shape (line, 3): number of the origin (-1 if it has no clear end), time, spoilt."""
    read: dict[bytes, Reading] = {}
    origins: dict[bytes, int] = {b"": 0}
    text = buffer.data
    readings = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        block = bytes(text[start:end])
        reading = read.get(block)
        if reading is None:
            reading = read[block] = _read(block, origins)
        readings.append(reading)
    return np.array(readings, dtype=np.int64).reshape(-1, 3)


def _read(block: bytes, origins: dict[bytes, int]) -> Reading:
    rest, tags, sound = split_tags(block)
    if rest or block.count(b"\\") % 2 or len(origins) > MAX_ORIGINS:
        return -1, NO_TIME, False
    origin = tags.group or tags.source.encode()
    number = origins.setdefault(origin, len(origins))
    return number, NO_TIME if tags.received_s is None else tags.received_s, not sound
