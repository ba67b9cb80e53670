r"""Find the common sentences of a chunk in bulk; leave the others to the scalar path.

Common is `!ttVDM,1,1,,c,payload,f*hh` (or VDO), with or without a channel, and the same for parts 1 and 2 of 2. In
these every comma but the last stands at a fixed place, so three 64-bit words decide: the first two of the sentence
and its last eight bytes. Whatever differs in any way (more parts, characters behind the checksum, a wrong checksum,
an odd character) is left out here and read line by line by `nmea.Assembler`, which alone judges and counts.

>>> text = b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*35\r\n$GPGGA,junk\r\n"
>>> buffer = laid_out(text)
>>> lines, too_long = split(buffer, len(text))
>>> found = sentences(buffer, lines)
>>> found.whole.line.tolist(), found.whole.length.tolist(), found.others.tolist()
([0], [28], [1])
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from port2port.protocols.ais.columns.words import (
    CHARACTERS,
    GUARD,
    ROWS,
    ZEROS,
    Bytes,
    Mask,
    Offsets,
    Words,
    armour_flags,
    shift,
    windows,
    words_at,
)

FRONT = 8  # bytes before the text, so that "the eight bytes before" exist everywhere
BACK = 256  # bytes behind it, more than any window reaches
NEWLINE, RETURN = 10, 13
BLOCK = 1 << 18  # bytes searched at a time
MAX_RAW_LINE = 4096  # bytes; what is longer is dropped unread, so that memory stays bounded
LONGEST = 128  # payload characters; a longer sentence goes line by line
TAIL = len(",f*hh")
WHOLE_HEAD, PART_HEAD = len("!AIVDM,1,1,,A,"), len("!AIVDM,2,1,3,A,")


def free_from(size: int) -> int:
    """Tell where in a buffer the spare bytes begin behind a text of this size."""
    return FRONT + (size // 8 + 1) * 8 + BACK


def laid_out(*texts: bytes | memoryview, spare: int = 0) -> Bytes:
    """Copy texts into a buffer of whole words, with room before and behind them and `spare` bytes for later use."""
    size = sum(map(len, texts))
    buffer = np.empty(free_from(size) + BACK + spare // 8 * 8, dtype=np.uint8)
    buffer[:FRONT] = 0
    at = FRONT
    for text in texts:
        buffer[at : at + len(text)] = np.frombuffer(text, dtype=np.uint8)
        at += len(text)
    buffer[at : free_from(size) + BACK] = 0
    return buffer


@dataclass(frozen=True, slots=True)
class Lines:
    """Where each line starts and ends, without its newline and carriage return."""

    starts: Offsets
    ends: Offsets


def split(buffer: Bytes, size: int, *, longest: int = MAX_RAW_LINE) -> tuple[Lines, int]:
    """Find the lines of a text that ends with a newline; leave those longer than `longest` out and count them."""
    blocks = range(FRONT, FRONT + size, BLOCK)
    ends = np.concatenate(
        [np.flatnonzero(buffer[at : min(at + BLOCK, FRONT + size)] == NEWLINE) + at for at in blocks]
        or [np.empty(0, dtype=np.int64)]
    )
    starts = np.empty_like(ends)
    starts[:1] = FRONT
    starts[1:] = ends[:-1] + 1
    fit = ends - starts <= longest
    too_long = len(fit) - int(np.count_nonzero(fit))
    if too_long:
        starts, ends = starts[fit], ends[fit]
    return Lines(starts, ends - (buffer[ends - 1] == RETURN)), too_long


@dataclass(frozen=True, slots=True)
class Pieces:
    """Payloads, or parts of some, as they lie in the buffer: which line, where, how many characters, fill bits."""

    line: Offsets
    offset: Offsets
    length: Offsets
    fill: npt.NDArray[np.uint8]

    def of(self, rows: Mask | Offsets) -> "Pieces":
        """Choose some of them."""
        return Pieces(self.line[rows], self.offset[rows], self.length[rows], self.fill[rows])

    def numbered(self, first: int) -> "Pieces":
        """Count their lines from another number."""
        return replace(self, line=self.line + first)

    @classmethod
    def joined(cls, blocks: Sequence["Pieces"]) -> "Pieces":
        """Put blocks one behind the other."""
        columns = zip(*((one.line, one.offset, one.length, one.fill) for one in blocks), strict=True)
        return cls(*(np.concatenate(column) for column in columns))


@dataclass(frozen=True, slots=True)
class Sentences:
    """The lines of a chunk, sorted out: whole messages, parts 1 and 2 of 2, and lines to be read one by one.

    `part` numbers the parts; `key` packs what tells their messages apart (talker, VDM or VDO, sequence number,
    channel) into one integer.
    """

    whole: Pieces
    parts: Pieces
    part: npt.NDArray[np.uint8]
    key: Words
    others: Offsets

    @classmethod
    def joined(cls, blocks: Sequence["Sentences"]) -> "Sentences":
        """Put blocks one behind the other."""
        return cls(
            Pieces.joined([one.whole for one in blocks]),
            Pieces.joined([one.parts for one in blocks]),
            np.concatenate([one.part for one in blocks]),
            np.concatenate([one.key for one in blocks]),
            np.concatenate([one.others for one in blocks]),
        )


def pattern(text: bytes) -> tuple[np.uint64, np.uint64]:
    """Mask and value to compare a word with eight bytes; `?` stands for any byte."""
    mask = bytes(0 if byte == ord("?") else 0xFF for byte in text)
    value = bytes(0 if byte == ord("?") else byte for byte in text)
    return np.uint64(int.from_bytes(mask, "little")), np.uint64(int.from_bytes(value, "little"))


def like(words: Words, mask: np.uint64, value: np.uint64) -> Mask:
    """Tell which words match a pattern."""
    matches: Mask = (words & mask) == value
    return matches


def byte_of(words: Words, place: int) -> npt.NDArray[np.uint8]:
    """The byte that stands `place` bytes behind the start of each word."""
    return (words >> shift(8 * place)).astype(np.uint8)


def one_of(allowed: bytes) -> Mask:
    """A table that tells of each byte whether it is allowed."""
    return np.isin(np.arange(256), np.frombuffer(allowed, dtype=np.uint8))


M_OR_O = ~np.uint64((ord("M") ^ ord("O")) << 40)  # the bit in which VDM and VDO differ, taken out of a mask
ONE_PART, TWO_PARTS = ((mask & M_OR_O, value) for mask, value in map(pattern, (b"!??VDM,1", b"!??VDM,2")))
WHOLE, WHOLE_NO_CHANNEL = pattern(b",1,,?,??"), pattern(b",1,,,???")
PART, PART_NO_CHANNEL = pattern(b",?,?,?,?"), pattern(b",?,?,,??")
CLOSED = pattern(b"???,?*??")
ALNUM = one_of(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
HEX = np.full(256, 0xFFFF, dtype=np.uint16)
for _digit in b"0123456789ABCDEFabcdef":
    HEX[_digit] = int(chr(_digit), 16)
TALKER = np.zeros(65536, dtype=np.bool_)  # by its two bytes; any two that can be printed
TALKER.reshape(256, 256)[0x21:0x7F, 0x21:0x7F] = True
BELOW = np.array([(1 << 8 * count) - 1 for count in range(9)], dtype=np.uint64)  # the lowest `count` bytes
_left = np.arange(LONGEST + 1)[:, None] - np.arange(0, LONGEST, CHARACTERS)
KEPT = BELOW[np.clip(_left, 0, CHARACTERS)]  # by length of a payload: what of each of its words belongs to it


def sentences(buffer: Bytes, lines: Lines) -> Sentences:
    """Sort the lines of a chunk out, some thousands at a time, so that their words stay in the cache."""
    blocks = []
    for first in range(0, len(lines.starts), ROWS):
        rows = slice(first, first + ROWS)
        blocks.append(_sorted_out(buffer, Lines(lines.starts[rows], lines.ends[rows]), first))
    return Sentences.joined(blocks or [_sorted_out(buffer, lines, 0)])


def _sorted_out(buffer: Bytes, lines: Lines, number: int) -> Sentences:
    """Sort out lines of which the first has this number."""
    first, second = words_at(buffer, lines.starts), words_at(buffer, lines.starts + 8)
    last = words_at(buffer, lines.ends - 8)
    fill = byte_of(last, 4) ^ np.uint8(ord("0"))
    closed = like(last, *CLOSED) & (fill < 6) & _checked(buffer, lines, last)
    closed &= TALKER[(first >> shift(8)).astype(np.uint16)]
    bare = like(second, *WHOLE_NO_CHANNEL)
    known = bare | (like(second, *WHOLE) & ALNUM[byte_of(second, 4)])
    rows = np.flatnonzero(known & closed & like(first, *ONE_PART))
    whole = _sound(buffer, _pieces(lines, fill, rows, WHOLE_HEAD - bare[rows]))

    left = np.ones(len(first), dtype=np.bool_)
    left[whole.line] = False
    rows = np.flatnonzero(closed & left & like(first, *TWO_PARTS))
    rows, heads = _parts(rows, second[rows])
    parts = _sound(buffer, _pieces(lines, fill, rows, heads))
    left[parts.line] = False
    others = np.flatnonzero(left & (lines.ends > lines.starts))
    seconds = second[parts.line]
    part, key = byte_of(seconds, 1) & np.uint8(3), _keys(first[parts.line], seconds)
    return Sentences(whole.numbered(number), parts.numbered(number), part, key, others + number)


def _pieces(lines: Lines, fill: npt.NDArray[np.uint8], rows: Offsets, heads: Offsets) -> Pieces:
    """Place the payloads of some lines, given how long the head of each is."""
    offset = lines.starts[rows] + heads
    return Pieces(rows, offset, lines.ends[rows] - TAIL - offset, fill[rows])


def _parts(rows: Offsets, second: Words) -> tuple[Offsets, Offsets]:
    """Choose the lines that are part 1 or 2 of a message with a sequence number; tell how long their heads are."""
    bare = like(second, *PART_NO_CHANNEL)
    known = bare | (like(second, *PART) & ALNUM[byte_of(second, 5)])
    number, sequence = byte_of(second, 1), byte_of(second, 3) ^ np.uint8(ord("0"))
    known &= ((number == ord("1")) | (number == ord("2"))) & (sequence < 10)
    return rows[known], PART_HEAD - bare[known]


def _keys(first: Words, second: Words) -> Words:
    """Pack talker (2 bytes), M or O, sequence number and channel (nought if none) of parts into one integer."""
    channel = byte_of(second, 5).astype(np.uint64)
    channel[like(second, *PART_NO_CHANNEL)] = 0
    keys: Words = first & np.uint64(0x0000FF0000FFFF00)
    keys |= byte_of(second, 3).astype(np.uint64) << shift(48)
    keys |= channel << shift(56)
    return keys


def _checked(buffer: Bytes, lines: Lines, last: Words) -> Mask:
    """Tell whether the checksum, the XOR of all bytes between '!' and '*', is what the last two bytes say.

    The XOR of all words before each word is made once; two of these leave the XOR of the words between, and what is
    wrongly in or out at both edges is put right with part of a word. All eight bytes of a word count alike, so the
    result is folded to one.
    """
    if not len(last):
        return np.zeros(0, dtype=np.bool_)
    origin = int(lines.starts[0]) // 8 * 8
    words = buffer[origin : int(lines.ends[-1]) // 8 * 8 + 16].view(np.uint64)
    before = np.zeros(len(words), dtype=np.uint64)
    np.bitwise_xor.accumulate(words[:-1], out=before[1:])
    folded = _xor_until(words, before, lines.ends - (origin + 3))
    folded ^= _xor_until(words, before, lines.starts - (origin - 1))
    for bits in (32, 16, 8):
        folded ^= folded >> shift(bits)
    stated = HEX[byte_of(last, 6)] << np.uint16(4) | HEX[byte_of(last, 7)]
    checked: Mask = stated == folded.astype(np.uint8)
    return checked


def _xor_until(words: Words, before: Words, offsets: Offsets) -> Words:
    """XOR of all bytes of the buffer before each offset, spread over the bytes of a word."""
    place = offsets >> 3
    until: Words = before[place]
    until ^= words[place] & BELOW[offsets & 7]
    return until


def _sound(buffer: Bytes, pieces: Pieces) -> Pieces:
    """Keep the payloads that are not empty, not overlong, and wholly armour."""
    pieces = pieces.of((pieces.length > 0) & (pieces.length <= LONGEST))
    if not len(pieces.line):
        return pieces
    sound = np.empty(len(pieces.line), dtype=np.bool_)
    usual = int(np.bincount(pieces.length).argmax())
    for rows in (np.flatnonzero(pieces.length == usual), np.flatnonzero(pieces.length != usual)):
        sound[rows] = _armoured(buffer, pieces.offset[rows], pieces.length[rows])
    return pieces if sound.all() else pieces.of(sound)


def _armoured(buffer: Bytes, offset: Offsets, length: Offsets) -> Mask:
    """Tell which payloads are armour from the first to the last byte; what lies behind them is masked by zeros."""
    longest, shortest = int(length.max(initial=1)), int(length.min(initial=LONGEST))
    count = -(-longest // CHARACTERS)
    text = windows(buffer, CHARACTERS * count)[offset].view(np.uint64).reshape(-1, count)
    whole = min(longest, shortest) // CHARACTERS  # words that every payload fills
    kept = KEPT[:, whole:count][length]
    text[:, whole:] &= kept
    text[:, whole:] |= ZEROS & ~kept
    flags = armour_flags(text)
    for place in range(1, count):
        flags[:, 0] &= flags[:, place]
    sound: Mask = flags[:, 0] == GUARD
    return sound
