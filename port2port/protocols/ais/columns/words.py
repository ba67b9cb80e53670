"""Payload characters to bits, eight characters at a time in one 64-bit word.

AIS writes six bits per character: '0'..'W' are 0..39, '`'..'w' are 40..63 (the "armour", IEC 61162-1, 8.2.3).
Eight characters fill a `uint64`, so plain arithmetic on such a word works on eight characters at once, and NumPy
does it for a whole column of words in one call. A message becomes a row of *words of 48 bits*: bit 0 of the message
is the highest of the 48 bits of word 0, bit 48 that of word 1. A field is then two shifts, wherever it lies.

>>> buffer = np.frombuffer(b"13aGua?P00PHfERNFruh0?vN289E" + bytes(8), dtype=np.uint8)
>>> words = packed(buffer, np.array([0]), count=4)
>>> [int(Span.of(start, width).read(words)[0]) for start, width in ((0, 6), (8, 30))]
[1, 244710820]
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Offsets = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

ROWS = 8192  # rows worked on at a time, so that their words stay in the processor's cache

CHARACTERS = 8  # characters in a word
WORD_BITS = 48  # bits they carry
TOP = 64 - WORD_BITS  # unused bits above them


def every(byte: int) -> np.uint64:
    """Repeat a byte in all eight places of a word."""
    return np.uint64(int.from_bytes(bytes([byte]) * 8, "big"))


def shift(bits: int) -> np.uint64:
    """A shift count of the type NumPy needs to stay in `uint64`."""
    return np.uint64(bits)


ZEROS, GUARD, ONES, EIGHTS = every(ord("0")), every(0x80), every(0x01), every(0x08)
GAP, HIGH_FOUR = every(ord("X")), every(0x78)
PAIRS = np.uint64(0x3F003F003F003F00), np.uint64(0x003F003F003F003F)
FOURS = np.uint64(0x0FFF00000FFF0000), np.uint64(0x00000FFF00000FFF)
HALVES = np.uint64(0x00FFFFFF00000000), np.uint64(0x0000000000FFFFFF)


def windows(buffer: Bytes, size: int, kind: str = "V") -> npt.NDArray[np.generic]:
    """See a buffer as overlapping records of `size` bytes, one starting at each byte.

    Indexing this view with many offsets copies many short pieces in one call, some nanoseconds each.
    """
    return np.ndarray((len(buffer) - size + 1,), dtype=f"{kind}{size}", buffer=buffer, strides=(1,))


def words_at(buffer: Bytes, offsets: Offsets) -> Words:
    """Eight bytes from each offset; the byte at the offset is the lowest of the word."""
    return windows(buffer, 8, "<u")[offsets].view(np.uint64)


def characters(buffer: Bytes, offsets: Offsets, *, count: int) -> Words:
    """`count` words of eight characters from each offset, shape (row, count), first character highest."""
    rows = windows(buffer, CHARACTERS * count)[offsets]
    return rows.view(">u8").reshape(len(offsets), count).astype(np.uint64)


def armour_flags(text: Words) -> Words:
    """Set bit 7 of each byte that lies in '0'..'W' or '`'..'w'; a word is all armour if this equals `GUARD`.

    Each test leaves its answer in bit 7 of each byte. Where a byte is not ASCII its carry may spoil the next one,
    but then the word is refused anyway.
    """
    flags = (text | GUARD) - ZEROS  # bit 7 stays set from '0' up
    in_gap = (text ^ GAP) & HIGH_FOUR  # 'X'..'_' are 01011xxx, so nought
    in_gap += HIGH_FOUR  # and bit 7 now set if it is not one of them
    flags &= in_gap
    too_high = text + EIGHTS  # bit 7 set above 'w'
    too_high |= text
    np.invert(too_high, out=too_high)
    flags &= too_high
    flags &= GUARD
    return flags


def pack(text: Words) -> Words:
    """Turn words of eight armour characters (first one highest) into words of 48 bits, in place.

    A character is its code less 48, and less 8 more from '`' on; those have bits 5 and 6 set, the lower ones never
    both. The guard bit keeps a byte that is no armour (behind the end of a payload) from borrowing from the next.
    Then neighbours are pushed together: 8 x 6 bits, 4 x 12, 2 x 24, 48.
    """
    upper = text >> shift(1)
    upper &= text
    upper >>= shift(5)
    upper &= ONES
    upper <<= shift(3)
    text |= GUARD
    text -= ZEROS
    text -= upper
    for (left, right), bits in ((PAIRS, 2), (FOURS, 4), (HALVES, 8)):
        moved = text & left
        moved >>= shift(bits)
        text &= right
        text |= moved
    return text


def packed(buffer: Bytes, offsets: Offsets, *, count: int) -> Words:
    """Read messages at these offsets as words of 48 bits, shape (count, row).

    What lies behind the end of a payload gives bits without meaning; the buffer must reach 8 * `count` bytes beyond
    every offset.
    """
    return np.ascontiguousarray(pack(characters(buffer, offsets, count=count)).T)


@dataclass(frozen=True, slots=True)
class Span:
    """Where a bit group of at most 48 bits lies: in one word, or running over into the next.

    Shifting left by `left` brings its first bit to the top; bits that stand in the next word are brought behind
    those by shifting that up, then right by `spill`; shifting right by `right` leaves the group at the bottom.
    """

    word: int
    left: np.uint64
    spill: np.uint64 | None
    right: np.uint64
    signed: bool

    @classmethod
    def of(cls, start: int, width: int, *, signed: bool = False) -> "Span":
        """Plan how to read `width` bits from bit `start` of the message."""
        word, offset = divmod(start, WORD_BITS)
        here = min(width, WORD_BITS - offset)  # bits that stand in the first word
        spill = shift(here) if here < width else None
        return cls(word, shift(TOP + offset), spill, shift(64 - width), signed)

    def read(self, words: Words) -> Words | Offsets:
        """Read the group of every row; two's complement if it is signed (the right shift then keeps the sign)."""
        value: Words = words[self.word] << self.left
        if self.spill is not None:
            rest = words[self.word + 1] << shift(TOP)
            rest >>= self.spill
            value |= rest
        if self.signed:
            numbers = value.view(np.int64)
            numbers >>= self.right.astype(np.int64)
            return numbers
        value >>= self.right
        return value
