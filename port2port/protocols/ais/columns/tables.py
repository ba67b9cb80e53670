"""From the field tables of `fields.LAYOUTS` to columns: each layout is compiled once into shifts.

A whole column of messages is read as if each had every field; what a shorter message lacks is blanked afterwards
with the field's `absent` value, so one plan serves all lengths.

>>> buffer = np.frombuffer(b"13aGua?P00PHfERNFruh0?vN289E" + bytes(GRACE), dtype=np.uint8)
>>> payloads = Payloads(buffer, np.array([0]), np.array([168]))
>>> columns = table(1, payloads, chosen(1, payloads))
>>> int(columns["mmsi"][0]), int(columns["lat"][0]), columns["speed"].dtype
(244710820, 31832823, dtype('int32'))
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from port2port.protocols.ais.columns.words import (
    ROWS,
    WORD_BITS,
    Bytes,
    Mask,
    Offsets,
    Span,
    Words,
    every,
    packed,
    shift,
)
from port2port.protocols.ais.fields import LAYOUTS, Field, Kind, Layout

TABLED = (1, 2, 3, 4, 5, 18, 19, 21, 24, 27)
LETTER_BITS = 6
BLANK, AT = ord(" "), ord("@")
Columns = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Payloads:
    """Where messages lie: the offset of each one's first character in the buffer, and its length in bits."""

    buffer: Bytes
    offsets: Offsets
    bits: Offsets

    def __len__(self) -> int:
        return len(self.offsets)

    def of(self, rows: Mask | Offsets | slice) -> "Payloads":
        """Choose some of them."""
        return Payloads(self.buffer, self.offsets[rows], self.bits[rows])

    def words(self, bits: int) -> Words:
        """The first bits of each as words of 48."""
        return packed(self.buffer, self.offsets, count=-(-bits // WORD_BITS))


@dataclass(frozen=True, slots=True)
class Number:
    """A field that becomes a column of integers."""

    name: str
    span: Span
    end: int
    absent: int

    @classmethod
    def of(cls, field: Field) -> "Number":
        """Compile a number field."""
        span = Span.of(field.start, field.width, signed=field.kind is Kind.INT)
        return cls(field.name, span, field.start + field.width, field.absent)

    def blank(self, column: npt.NDArray[np.generic], bits: Offsets) -> None:
        """Put the absent value where the message ends before the field does."""
        column[bits < self.end] = self.absent


@dataclass(frozen=True, slots=True)
class Text:
    """A field of six-bit letters that becomes a column of fixed bytes, cut at the first '@' and stripped."""

    name: str
    start: int
    letters: int
    spans: tuple[Span, ...]
    lift: int  # what brings the last, shorter group of letters to the top of its word

    @classmethod
    def of(cls, field: Field) -> "Text":
        """Compile a text field into groups of eight letters, the last one shorter."""
        starts = range(field.start, field.start + field.width, WORD_BITS)
        widths = [min(WORD_BITS, field.start + field.width - start) for start in starts]
        spans = tuple(Span.of(start, width) for start, width in zip(starts, widths, strict=True))
        return cls(field.name, field.start, field.width // LETTER_BITS, spans, WORD_BITS - widths[-1])

    def read(self, words: Words, bits: Offsets) -> npt.NDArray[np.bytes_]:
        """Read the text of every row."""
        groups = np.empty((words.shape[1], len(self.spans)), dtype=np.uint64)
        for place, span in enumerate(self.spans):
            groups[:, place] = span.read(words)
        groups[:, -1] <<= shift(self.lift)
        letters = spelled(groups).view(np.uint8)[:, : self.letters]
        return stripped(letters, self._room(bits))

    def _room(self, bits: Offsets) -> Offsets:
        """How many letters each message has room for."""
        return np.clip((bits - self.start) // LETTER_BITS, 0, self.letters)


ASCII_UPPER, LOW_SIX = every(0x20), every(0x3F)
SPREADS = (
    (np.uint64(0x0000FFFFFF000000), 8, np.uint64(0x0000000000FFFFFF)),
    (np.uint64(0x00FFF00000FFF000), 4, np.uint64(0x00000FFF00000FFF)),
    (np.uint64(0x0FC00FC00FC00FC0), 2, np.uint64(0x003F003F003F003F)),
)


def spelled(groups: Words) -> npt.NDArray[np.generic]:
    """Spread 48 bits into eight letters a word, first letter first in memory; the inverse of `words.pack`.

    Six-bit 0..31 are '@'..'_' and 32..63 are ' '..'?': bit 6 of the ASCII code is the opposite of bit 5.
    """
    for left, bits, right in SPREADS:
        groups = (groups & left) << shift(bits) | (groups & right)
    return (groups | (~groups & ASCII_UPPER) << shift(1)).astype(">u8")


def stripped(letters: Bytes, room: Offsets) -> npt.NDArray[np.bytes_]:
    """Cut each row of letters at its room and at the first '@', then drop blanks at the right."""
    count = letters.shape[1]
    place = np.arange(count)
    at = letters == AT
    cut = np.minimum(np.where(at.any(axis=1), at.argmax(axis=1), count), room)
    seen = (letters != BLANK) & (place < cut[:, None])
    length = np.where(seen.any(axis=1), count - seen[:, ::-1].argmax(axis=1), 0)
    kept = np.where(place < length[:, None], letters, np.uint8(0))
    return kept.view(f"S{count}").reshape(len(letters))


@dataclass(frozen=True, slots=True)
class Form:
    """One layout, compiled."""

    layout: Layout
    numbers: tuple[Number, ...]
    texts: tuple[Text, ...]
    bits: int  # up to the end of its last field

    @classmethod
    def of(cls, layout: Layout) -> "Form":
        """Compile a layout; bits as they stand (kind BITS) have no place in a column."""
        texts = tuple(Text.of(field) for field in layout.fields if field.kind is Kind.TEXT)
        plain = (field for field in layout.fields if field.kind not in (Kind.TEXT, Kind.BITS))
        numbers = tuple(Number.of(field) for field in plain)
        return cls(layout, numbers, texts, max(field.start + field.width for field in layout.fields))

    def table(self, payloads: Payloads) -> Columns:
        """Read every field of every message, some thousand rows at a time."""
        columns: Columns = {number.name: np.empty(len(payloads), dtype=np.int32) for number in self.numbers}
        columns |= {text.name: np.empty(len(payloads), dtype=f"S{text.letters}") for text in self.texts}
        for first in range(0, len(payloads), ROWS):
            rows = slice(first, first + ROWS)
            some = payloads.of(rows)
            words = some.words(self.bits)
            for number in self.numbers:
                columns[number.name][rows] = number.span.read(words)
            for text in self.texts:
                columns[text.name][rows] = text.read(words, some.bits)
        self._blank(columns, payloads.bits)
        return columns

    def _blank(self, columns: Columns, bits: Offsets) -> None:
        """Blank what short messages lack; most logs have none."""
        shortest = int(bits.min(initial=self.bits))
        for number in self.numbers:
            if number.end > shortest:
                number.blank(columns[number.name], bits)


@cache
def forms(number: int) -> tuple[Form, ...]:
    """The layouts of a message type, compiled; none if there is no such type."""
    return tuple(Form.of(layout) for layout in LAYOUTS.get(number, ()))


def chosen(number: int, payloads: Payloads) -> npt.NDArray[np.int8]:
    """Which form each message has, -1 where it has none or is shorter than is believed.

    The first form that applies counts. A form's conditions lie within its shortest length, so what is read behind
    the end of a payload never decides.
    """
    choice = np.full(len(payloads), -1, dtype=np.int8)
    open_ = np.ones(len(payloads), dtype=np.bool_)
    for place, form in enumerate(forms(number)):
        applies = open_ & _applies(form.layout, payloads)
        choice[applies & (payloads.bits >= form.layout.shortest)] = place
        open_ &= ~applies
    return choice


def _applies(layout: Layout, payloads: Payloads) -> Mask:
    applies = np.ones(len(payloads), dtype=np.bool_)
    if layout.when:
        words = payloads.words(max(start + width for start, width, _ in layout.when))
    for start, width, values in layout.when:
        value = Span.of(start, width).read(words)
        applies &= (value >= values.start) & (value < values.stop)
    return applies


@cache
def _columns(number: int) -> dict[str, tuple[str, int | bytes]]:
    """Type and absent value of the column for every field that any form of a message type has."""
    columns: dict[str, tuple[str, int | bytes]] = {}
    for form in forms(number):
        for text in form.texts:
            columns.setdefault(text.name, (f"S{text.letters}", b""))
        for field in form.numbers:
            columns.setdefault(field.name, ("i4", field.absent))
    return columns


def empty_table(number: int, rows: int) -> Columns:
    """Columns for every field, all absent."""
    return {name: np.full(rows, absent, kind) for name, (kind, absent) in _columns(number).items()}


def table(number: int, payloads: Payloads, choice: npt.NDArray[np.int8]) -> Columns:
    """Read messages of one type into columns, given which form each one has (see `chosen`)."""
    if len(forms(number)) == 1:
        return forms(number)[0].table(payloads)
    columns = empty_table(number, len(payloads))
    for place, form in enumerate(forms(number)):
        rows = np.flatnonzero(choice == place)
        for name, column in form.table(payloads.of(rows)).items():
            columns[name][rows] = column
    return columns


GRACE = 8 * max(-(-form.bits // WORD_BITS) for number in TABLED for form in forms(number))
