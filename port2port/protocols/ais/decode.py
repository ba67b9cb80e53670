"""The scalar decoder: one payload in, one message out, driven by the tables of `fields`.

>>> from port2port.protocols.ais.nmea import Payload
>>> message = decode(Payload(b"13aGua?P00PHfERNFruh0?vN289E", 0))
>>> message.type, message.mmsi, message.values["lat"]
(1, 244710820, 31832823)
>>> printed = message.scaled()
>>> printed["lat"], printed["lon"], printed["speed"], printed["heading"]
(53.054705, 5.401042, 0.0, 511)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from port2port.protocols.ais.fields import LAYOUTS, Field, Kind, Layout
from port2port.protocols.ais.nmea import Payload
from port2port.protocols.ais.reasons import BadPayload, Reason
from port2port.protocols.ais.sixbit import is_armour, text, unpack

__all__ = ["BadPayload", "Message", "decode", "decode_bits"]

Value = int | str | bytes | bool
MAX_PLANS = 512
_HEAD_BITS = 38  # message number, repeat indicator, MMSI
_ROT_FACTOR = 4.733  # ITU-R M.1371-5, Annex 8, table 48: indicated turn = 4.733 * sqrt(degrees a minute)
_ROT_ONLY_KNOWN_TO_TURN = 127  # and -128: no turn information


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message: integers exactly as in the standard, text, raw bits as bytes.

    A field the sender left off is not among the values. `part` names the form of a message that has several.
    """

    type: int
    mmsi: int
    values: dict[str, Value]
    part: str = ""

    def scaled(self) -> dict[str, object]:
        """Print every field of the message's table in its unit; None for a field that was not sent."""
        values = self.values
        return {
            name: None if (value := values.get(name)) is None else show(value) if show else value
            for name, show in _PRINTERS[self.type, self.part]
        }


def degrees_per_minute(turn: int) -> float:
    """Read an indicated rate of turn; 127, -127 (over 5 degrees in 30 s) and -128 (unknown) stand as they are."""
    if abs(turn) >= _ROT_ONLY_KNOWN_TO_TURN:
        return float(turn)
    return math.copysign(round((turn / _ROT_FACTOR) ** 2), turn) if turn else 0.0


def _printer(field: Field) -> Callable[[Value], object] | None:
    """Make the function that prints a field's value, if it is not printed as it stands."""
    if field.name == "turn":
        return lambda value: degrees_per_minute(int(value))
    if field.scale == 1.0:
        return None
    digits = 1 if field.scale > 0.05 else 6  # tenths, or degrees
    return lambda value: round(int(value) * field.scale, digits)


_PRINTERS = {
    (layout.type, part): [(field.name, _printer(field)) for field in layout.fields]
    for layouts in LAYOUTS.values()
    for layout in reversed(layouts)
    for part in {layout.part, ""}
}

_Step = tuple[str, int, int, int, Kind]
_plans: dict[tuple[int, str, int], list[_Step]] = {}


def _step(field: Field, layout: Layout, length: int) -> _Step | None:
    """Say how to take a field out of a message of so many bits (shift, mask, sign bit or width), if it is there."""
    start = field.start if field.start >= 0 else length + field.start
    room = length - (0 if field.start < 0 else layout.trailer) - start
    width = field.width
    if field.kind in (Kind.TEXT, Kind.BITS):
        width = min(width, room if field.kind is Kind.BITS else room - room % 6)
    if not 0 < width <= room:
        return None
    sign = {Kind.INT: 1 << (width - 1), Kind.TEXT: width, Kind.BITS: width}.get(field.kind, 0)
    return field.name, length - start - width, (1 << width) - 1, sign, field.kind


def _plan(layout: Layout, length: int) -> list[_Step]:
    key = layout.type, layout.part, length
    plan = _plans.get(key)
    if plan is None:
        if len(_plans) >= MAX_PLANS:
            _plans.clear()
        steps = (_step(field, layout, length) for field in layout.fields)
        plan = _plans[key] = [step for step in steps if step is not None]
    return plan


def _layout(number: int, bits: int, length: int) -> Layout:
    """Find the form of a message; refuse what is none."""
    for layout in LAYOUTS.get(number, ()):
        if not layout.when or all(
            (bits >> (length - start - width)) & ((1 << width) - 1) in values
            for start, width, values in layout.when
            if start + width <= length
        ):
            if length < layout.shortest:
                raise BadPayload(Reason.TOO_SHORT)
            return layout
    raise BadPayload(Reason.UNKNOWN_PART if number in LAYOUTS else Reason.UNKNOWN_TYPE)


def _left_aligned(chunk: int, width: int) -> bytes:
    return (chunk << (-width % 8)).to_bytes((width + 7) // 8, "big")


def decode_bits(bits: int, length: int) -> Message:
    """Decode a message given as an integer of `length` bits."""
    if length < _HEAD_BITS:
        raise BadPayload(Reason.TOO_SHORT)
    layout = _layout(bits >> (length - 6), bits, length)
    values: dict[str, Value] = {}
    for name, shift, mask, sign, kind in _plan(layout, length):
        chunk = (bits >> shift) & mask
        if kind is Kind.UINT:
            values[name] = chunk
        elif kind is Kind.INT:
            values[name] = chunk - ((chunk & sign) << 1)
        elif kind is Kind.BOOL:
            values[name] = chunk == 1
        elif kind is Kind.TEXT:
            values[name] = text(chunk, sign)
        else:
            values[name] = _left_aligned(chunk, sign)
    return Message(layout.type, int(values["mmsi"]), values, layout.part)


def decode(payload: Payload) -> Message:
    """Decode a payload. Raises BadPayload, with its reason and the field it lies in."""
    if not is_armour(payload.armour):
        raise BadPayload(Reason.BAD_ARMOUR)
    if not 0 <= payload.fill <= 5:
        raise BadPayload(Reason.BAD_FILL)
    if 6 * len(payload.armour) < _HEAD_BITS + payload.fill:
        raise BadPayload(Reason.TOO_SHORT)
    return decode_bits(*unpack(payload.armour, payload.fill))
