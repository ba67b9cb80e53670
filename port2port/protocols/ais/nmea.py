r"""Framing of AIS sentences: NMEA 0183 / IEC 61162-1 `VDM` and `VDO`, with tag blocks of IEC 61162-450.

A line may carry tag blocks in front (`\g:1-2-1604,s:station,c:1418169601*37\`) and the station and time that the
US Coast Guard writes behind the checksum; anything else there is not read. Parts of a message may come in any order
and mixed with those of others, yet close together: an orphan must not marry a part of the next message that has its
sequence id. Whatever the bytes are, nothing is raised: a refusal is counted by its reason.

>>> assembler = Assembler()
>>> assembler.feed(b"!AIVDM,1,1,,A,13aGua?P00PHfERNFruh0?vN289E,0*37\r\n")
>>> assembler.refused
Counter({<Reason.BAD_CHECKSUM: 'bad-checksum'>: 1})
>>> payload = assembler.feed(b"\\s:rORBCOMM104,c:1418172113*23\\!BSVDM,1,1,,B,13F?Vv700<DJuLEtvep`iToV0<00,0*61")
>>> payload.source, payload.received_s, payload.talker, payload.channel
('rORBCOMM104', 1418172113, 'BS', 'B')
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from port2port.protocols.ais.reasons import Reason
from port2port.protocols.ais.sixbit import is_armour

__all__ = [
    "MAX_AGE_MS",
    "MAX_AGE_PARTS",
    "MAX_LINE",
    "Assembler",
    "Payload",
    "Reason",
    "Tags",
    "checksum",
    "split_tags",
]

MAX_LINE = 1024  # bytes; a sentence has at most 82, a tag block 80, and both may be doubled by careless relays
MAX_AGE_MS = 10_000  # how long the parts of a message are awaited
MAX_AGE_PARTS = 16  # and how many part sentences long: sequence ids come round after ten messages of two parts
MAX_TAG_BLOCKS = 4
_MILLISECONDS_FROM = 100_000_000_000  # a tag block time above this is in milliseconds

_SENTENCE = re.compile(
    rb"!([!-~]{2})(VDM|VDO),([1-9]),([1-9]),([0-9]{0,2}),([0-9A-Za-z]{0,2}),([0-W`-w]*),([0-5])\*"
    rb"([0-9A-Fa-f]{2})([^0-9A-Fa-f].*)?",
    re.DOTALL,
)
_CHECKED = re.compile(rb"!([^*]*)\*([0-9A-Fa-f]{2})(?:[^0-9A-Fa-f].*)?", re.DOTALL)
_ANY_AIS = re.compile(rb"![^,*]{2}VD[MO],", re.DOTALL)
_GROUP = re.compile(rb"([0-9]{1,2})-([0-9]{1,2})-([0-9]{1,9})")
_COAST_GUARD = re.compile(rb"(?:,([rRbB][0-9A-Z]{1,15}))?,([0-9]{9,13})(?:,|$)")


@dataclass(slots=True)
class Payload:
    """A whole message as it came off the air, still in its armour.

    `fill` is the number of bits at the end that do not count; `own` is true for the station's own report (VDO);
    `source` and `received_s` (Unix time) are what the tag block or the US Coast Guard's suffix says, if anything.
    """

    armour: bytes
    fill: int
    channel: str = ""
    own: bool = False
    source: str = ""
    received_s: int | None = None
    talker: str = "AI"


@dataclass(slots=True)
class Tags:
    """What the tag blocks in front of a sentence say."""

    source: str = ""
    received_s: int | None = None
    group: bytes = b""


@dataclass(slots=True)
class _Pending:
    """A message of which some parts are there."""

    since_ms: int
    since_part: int
    source: str
    received_s: int | None
    parts: dict[int, tuple[bytes, int]] = field(default_factory=dict)


_NO_TAGS = Tags()


def checksum(body: bytes) -> int:
    """XOR all bytes together (IEC 61162-1, clause 7.2.3.4): the checksum of what stands between '!' and '*'."""
    word, width = int.from_bytes(body, "big"), 8
    while width < 8 * len(body):
        width *= 2
    while width > 8:
        width //= 2
        word = (word >> width) ^ (word & ((1 << width) - 1))
    return word


def _seconds(digits: bytes) -> int | None:
    """Read a Unix time in seconds or milliseconds; None if it is neither."""
    if not digits.isdigit() or len(digits) > 15:
        return None
    number = int(digits)
    return number // 1000 if number >= _MILLISECONDS_FROM else number


def _read_tag(tags: Tags, entry: bytes) -> None:
    code, _, value = entry.partition(b":")
    if code == b"c":
        tags.received_s = _seconds(value)
    elif code == b"s":
        tags.source = value[:32].decode("ascii", "replace")
    elif code == b"g" and (group := _GROUP.fullmatch(value)):
        tags.group = group[3]


def split_tags(line: bytes) -> tuple[bytes, Tags, bool]:
    """Take the tag blocks off a line: the sentence, what they say, and whether all of them were sound."""
    tags, sound = Tags(), True
    for _ in range(MAX_TAG_BLOCKS):
        if not line.startswith(b"\\"):
            return line, tags, sound
        block, closed, line = line[1:].partition(b"\\")
        body, star, digits = block.rpartition(b"*")
        if closed and star and _hex_is(digits, checksum(body)):
            for entry in body.split(b","):
                _read_tag(tags, entry)
        else:
            sound = False
    return line, tags, sound


def _hex_is(digits: bytes, number: int) -> bool:
    return digits.upper() == b"%02X" % number


def _coast_guard(suffix: bytes, tags: Tags) -> Tags:
    """Read station and time from what the US Coast Guard writes behind the checksum; a tag block goes before it."""
    found = _COAST_GUARD.search(suffix)
    if found is None or tags.source or tags.received_s is not None:
        return tags
    return Tags((found[1] or b"").decode("ascii"), _seconds(found[2]), tags.group)


def _why_not(line: bytes) -> Reason:
    """Name what is wrong with a line that is no sound VDM or VDO sentence."""
    if not line.startswith(b"!"):
        return Reason.NOT_AIS if line.startswith((b"$", b"#")) else Reason.NOT_NMEA
    if not _ANY_AIS.match(line):
        return Reason.NOT_AIS if b"," in line else Reason.NOT_NMEA
    if not (checked := _CHECKED.fullmatch(line)):
        return Reason.NO_CHECKSUM
    if not _hex_is(checked[2], checksum(checked[1])):
        return Reason.BAD_CHECKSUM
    return _bad_field(checked[1].split(b","))


def _bad_field(fields: list[bytes]) -> Reason:
    if len(fields) != 7:
        return Reason.BAD_FIELDS
    _, parts, part, sequence, channel, armour, fill = fields
    if not (parts.isdigit() and part.isdigit() and 1 <= int(part[:3]) <= int(parts[:3]) <= 9):
        return Reason.BAD_PARTS
    if fill not in (b"0", b"1", b"2", b"3", b"4", b"5"):
        return Reason.BAD_FILL
    return Reason.BAD_FIELDS if is_armour(armour) else Reason.BAD_ARMOUR


class Assembler:
    """Turns lines into payloads; keeps the parts of unfinished messages, within bounds.

    `refused` counts refusals. `on_refusal`, if given, is called with each reason as it is counted.
    """

    def __init__(self, on_refusal: Callable[[Reason], None] | None = None) -> None:
        self.refused: Counter[Reason] = Counter()
        self._on_refusal = on_refusal
        self._pending: OrderedDict[tuple[bytes, ...], _Pending] = OrderedDict()
        self._parts_seen = 0

    def feed(self, line: bytes, *, at_ms: int = 0) -> Payload | None:
        """Read one line received at a time; give a payload when a message is whole."""
        line = line.strip()
        if not line:
            return None
        if len(line) > MAX_LINE:
            return self._refuse(Reason.TOO_LONG)
        tags = _NO_TAGS
        if line[0] == 0x5C:
            line, tags, sound = split_tags(line)
            if not sound:
                self._refuse(Reason.BAD_TAG_BLOCK)
            if not line:
                return None
        return self._sentence(line, tags, at_ms)

    def flush(self) -> None:
        """Give up on every message of which parts are missing."""
        while self._pending:
            self._pending.popitem()
            self._refuse(Reason.PARTS_MISSING)

    def _refuse(self, reason: Reason) -> Payload | None:
        """Count a refusal: there is no payload."""
        self.refused[reason] += 1
        if self._on_refusal is not None:
            self._on_refusal(reason)
        return None

    def _sentence(self, line: bytes, tags: Tags, at_ms: int) -> Payload | None:
        found = _SENTENCE.fullmatch(line)
        if found is None or found[4] > found[3]:
            return self._refuse(_why_not(line))
        if checksum(line[1 : found.end(8)]) != int(found[9], 16):
            return self._refuse(Reason.BAD_CHECKSUM)
        if found[10]:
            tags = _coast_guard(found[10], tags)
        if found[3] != b"1":
            return self._part(found, tags, at_ms)
        return self._whole(found, found[7], int(found[8]), tags.source, tags.received_s)

    def _whole(
        self, found: re.Match[bytes], armour: bytes, fill: int, source: str, received_s: int | None
    ) -> Payload | None:
        if not armour:
            return self._refuse(Reason.EMPTY_PAYLOAD)
        channel, talker = found[6].decode("ascii"), found[1].decode("ascii")
        return Payload(armour, fill, channel, found[2] == b"VDO", source, received_s, talker)

    def _part(self, found: re.Match[bytes], tags: Tags, at_ms: int) -> Payload | None:
        """Lay a part with the others of its message; parts of different stations or groups never mix."""
        self._parts_seen += 1
        self._forget(at_ms)
        origin = tags.group or tags.source.encode()
        key = (found[1], found[2], found[3], found[5], found[6], origin)
        pending = self._awaiting(key, tags, at_ms)
        number, piece = int(found[4]), (found[7], int(found[8]))
        if number in pending.parts:
            if pending.parts[number] == piece:
                return self._refuse(Reason.PART_REPEATED)
            del self._pending[key]
            self._refuse(Reason.PARTS_MISSING)
            pending = self._awaiting(key, tags, at_ms)
        pending.parts[number] = piece
        total = int(found[3])
        if len(pending.parts) < total:
            return None
        del self._pending[key]
        armour = b"".join(pending.parts[n][0] for n in range(1, total + 1))
        return self._whole(found, armour, pending.parts[total][1], pending.source, pending.received_s)

    def _awaiting(self, key: tuple[bytes, ...], tags: Tags, at_ms: int) -> _Pending:
        """Find or begin the message that a part belongs to."""
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending[key] = _Pending(at_ms, self._parts_seen, tags.source, tags.received_s)
        pending.source = pending.source or tags.source
        if pending.received_s is None:
            pending.received_s = tags.received_s
        return pending

    def _forget(self, at_ms: int) -> None:
        """Give up on messages that waited too long; they stand in the order in which they began."""
        while self._pending:
            oldest = next(iter(self._pending.values()))
            if at_ms - oldest.since_ms <= MAX_AGE_MS and self._parts_seen - oldest.since_part <= MAX_AGE_PARTS:
                return
            self._pending.popitem(last=False)
            self._refuse(Reason.PARTS_MISSING)
