r"""The encoder: values in, sentences out, driven by the same tables as the decoders.

Values are given as they are printed (degrees, knots, text); what is not given is sent as "not available".

>>> encode(1, mmsi=205123456, lat=51.2345, lon=4.3, speed=12.3, course=45.0)
[b'!AIVDM,1,1,,A,133WgP?P1s0Cci0MD@o1hgwp0000,0*0C']
>>> encode(24, mmsi=205123456, partno=0, shipname="LOODS 1", frame=Frame(source="BEANR", received_s=1760000000))
[b'\\s:BEANR,c:1760000000*66\\!AIVDM,1,1,,A,H33WgP0httA>3400000000000000,0*2E']
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from port2port.protocols.ais.fields import LAYOUTS, Field, Kind, Layout
from port2port.protocols.ais.nmea import checksum
from port2port.protocols.ais.sixbit import pack, text_bits

CHARACTERS = 60  # armour characters for which a sentence of 82 has room
_ROT_FACTOR = 4.733  # see decode.degrees_per_minute
_ROT_ESCAPE = 127


class NotEncodable(ValueError):
    """A value that has no place in the message; says which message, field and why."""

    def __init__(self, number: int, field: str, why: str) -> None:
        self.number, self.field, self.why = number, field, why
        super().__init__(f"message {number}: {field} {why}")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the payload: talker, channel, sequence id, and what a tag block tells."""

    talker: str = "AI"
    channel: str = "A"
    sequence: int = 0
    own: bool = False
    source: str = ""
    received_s: int | None = None


PLAIN = Frame()


Piece = tuple[int, int]  # bits, and how many


def encode(number: int, *, frame: Frame = PLAIN, **values: object) -> list[bytes]:
    """Write a message as sentences (without line ends), from values as they are printed.

    Raises NotEncodable for a field the message does not have and for a value out of the field's range.
    """
    layout = _layout(number, values)
    raw = {field.name: _unprinted(layout, field, values[field.name]) for field in _given(layout, values)}
    return encode_integers(number, raw, frame=frame)


def encode_integers(number: int, values: Mapping[str, object], *, frame: Frame = PLAIN) -> list[bytes]:
    """Write a message as sentences, from integers exactly as in the standard: the reverse of `decode`."""
    values = {**values, "msg_type": number}
    if "mmsi" not in values:
        raise NotEncodable(number, "mmsi", "is missing")
    layout = _layout(number, values)
    pieces = {field.name: _piece(layout, field, values[field.name]) for field in _given(layout, values)}
    return sentences(*pack(*_assembled(layout, pieces)), frame=frame)


def _given(layout: Layout, values: Mapping[str, object]) -> list[Field]:
    return [field for field in layout.fields if field.name in values]


def _layout(number: int, values: Mapping[str, object]) -> Layout:
    """Choose the form of the message that these values make."""
    if number not in LAYOUTS:
        raise NotEncodable(number, "msg_type", "is none of the 27 messages of ITU-R M.1371-5")
    for layout in LAYOUTS[number]:
        if all(_holds(layout, condition, values) for condition in layout.when):
            strange = values.keys() - {field.name for field in layout.fields}
            if strange:
                raise NotEncodable(number, min(strange), "is not a field of this message")
            return layout
    raise NotEncodable(number, "partno", "is neither 0 (part A) nor 1 (part B)")


def _holds(layout: Layout, condition: tuple[int, int, range], values: Mapping[str, object]) -> bool:
    start, width, allowed = condition
    named = next(field for field in layout.fields if (field.start, field.width) == (start, width))
    return values.get(named.name, named.absent) in allowed


def _unprinted(layout: Layout, field: Field, value: object) -> object:
    """Turn a printed value into the field's integer; text and bits stand as they are."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if not math.isfinite(value):
        raise NotEncodable(layout.type, field.name, "is not a number")
    return _indicated_turn(value) if field.name == "turn" else round(value / field.scale)


def _indicated_turn(degrees_per_minute: float) -> int:
    if abs(degrees_per_minute) in (_ROT_ESCAPE, _ROT_ESCAPE + 1):
        return int(degrees_per_minute)
    indicated = round(_ROT_FACTOR * math.sqrt(abs(degrees_per_minute)))
    return int(math.copysign(min(indicated, _ROT_ESCAPE - 1), degrees_per_minute))


def _piece(layout: Layout, field: Field, value: object) -> Piece:
    """Check a value against its field and write it as bits."""
    if field.kind is Kind.TEXT and isinstance(value, str):
        return _text_piece(layout, field, value)
    if field.kind is Kind.BITS and isinstance(value, bytes):
        if 8 * len(value) > field.width:
            raise NotEncodable(layout.type, field.name, f"is longer than {field.width} bits")
        return int.from_bytes(value, "big"), 8 * len(value)
    if not isinstance(value, int) or field.kind in (Kind.TEXT, Kind.BITS):
        raise NotEncodable(layout.type, field.name, f"cannot be {type(value).__name__}")
    span = 1 << field.width
    low = -span // 2 if field.kind is Kind.INT else 0
    if not low <= value < low + span:
        raise NotEncodable(layout.type, field.name, f"is not between {low} and {low + span - 1}")
    return value & (span - 1), field.width


def _text_piece(layout: Layout, field: Field, value: str) -> Piece:
    room = field.width // 6
    try:
        if len(value) > room:
            raise ValueError(f"is longer than {room} characters")
        count = len(value) if field.tail else room
        return text_bits(value, count), 6 * count
    except ValueError as error:
        raise NotEncodable(layout.type, field.name, str(error)) from error


def _length(layout: Layout, ends: int) -> int:
    """Tell how long a message is whose last given field ends at this bit."""
    tails = [field.start for field in layout.fields if field.tail]
    if not tails:
        return next(length for length in layout.lengths if length >= ends)
    length = max(ends, tails[0]) + layout.trailer
    return length + -length % 8  # a slot holds whole bytes


def _assembled(layout: Layout, pieces: Mapping[str, Piece]) -> Piece:
    """Put the pieces in their places; what is not given is "not available", or left off at the end."""
    placed = [(field, *pieces[field.name]) for field in layout.fields if field.name in pieces]
    length = _length(layout, max(field.start + width for field, _, width in placed))
    bits = 0
    for field in layout.fields:
        default = field.absent & ((1 << field.width) - 1), field.width
        piece, width = pieces.get(field.name, (0, 0) if field.tail else default)
        start = field.start if field.start >= 0 else length + field.start
        if start + width <= length:
            bits |= piece << (length - start - width)
    return bits, length


def _tag_block(frame: Frame, part: int, parts: int) -> bytes:
    entries = [f"g:{part}-{parts}-{frame.sequence}"] if parts > 1 else []
    entries += [f"s:{frame.source}"] if frame.source else []
    entries += [f"c:{frame.received_s}"] if frame.received_s is not None else []
    body = ",".join(entries).encode("ascii")
    return b"\\%b*%02X\\" % (body, checksum(body))


def sentences(armour: bytes, fill: int, *, frame: Frame = PLAIN) -> list[bytes]:
    """Write a payload as one VDM or VDO sentence, or as many as it needs; with a tag block if the frame has any."""
    chunks = [armour[at : at + CHARACTERS] for at in range(0, len(armour), CHARACTERS)]
    return list(_framed(chunks, fill, frame))


def _framed(chunks: list[bytes], fill: int, frame: Frame) -> Iterator[bytes]:
    parts = len(chunks)
    tagged = bool(frame.source) or frame.received_s is not None
    formatter = "VDO" if frame.own else "VDM"
    for part, chunk in enumerate(chunks, 1):
        sequence = f"{frame.sequence % 10}" if parts > 1 else ""
        head = f"{frame.talker}{formatter},{parts},{part},{sequence},{frame.channel},".encode("ascii")
        body = b"%b%b,%d" % (head, chunk, fill if part == parts else 0)
        block = _tag_block(frame, part, parts) if tagged else b""
        yield b"%b!%b*%02X" % (block, body, checksum(body))
