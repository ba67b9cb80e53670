"""The 27 messages of ITU-R M.1371-5 (Annex 8, clause 3) as tables of fields.

These tables are the one place where the bits of AIS are written down: the scalar decoder, the bulk decoder and
the encoder are all driven by them. Names and scales are those of common decoders (`lat`, `speed`, `shipname`), so
that outputs can be laid side by side. A field's printed value is its integer times its scale; its `absent` value is
the one the standard gives for "not available" (91 and 181 degrees, 511, 102.3 knots), or nought.

>>> lat = field_of(1, "lat")
>>> lat.start, lat.width, lat.kind, lat.absent * lat.scale
(89, 27, <Kind.INT: 'int'>, 91.0)
>>> [layout.part for layout in LAYOUTS[24]]
['A', 'B auxiliary', 'B']
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

MINUTE_10000 = 1 / 600_000  # degrees: positions are in 1/10 000 minute
MINUTE_10 = 1 / 600  # degrees: message 27 has 1/10 minute
TENTH = 0.1
NO_LAT, NO_LON = 91 * 600_000, 181 * 600_000


class Kind(StrEnum):
    """How the bits of a field are read."""

    UINT = "uint"
    INT = "int"  # two's complement
    BOOL = "bool"
    TEXT = "text"  # six-bit ASCII, cut at the first '@', blanks at the right dropped
    BITS = "bits"  # bits as they stand, left-aligned in bytes


@dataclass(frozen=True, slots=True)
class Field:
    """One field: where its bits are and what they mean.

    `start` counts bits from the head of the message; a negative one counts from its end. `width` is in bits; a
    field that is `tail` may be shorter, for it takes what the message has left. `absent` is the integer that stands
    for "not available" in a column, and what the encoder sends where no value is given.
    """

    name: str
    start: int
    width: int
    kind: Kind = Kind.UINT
    scale: float = 1.0
    absent: int = 0
    tail: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """One form of a message: its fields, when it applies, and how long it is.

    `when` lists (start, width, values): the form applies if every such bit group holds one of the values; of
    several forms the first that applies is taken. `shortest` is the least length in bits that is believed; a number
    that is not wholly there is left out, a text is as long as the message allows. `lengths` are those of the
    standard; real stations send more, and what lies behind the fields is not read. `trailer` is the number of bits
    at the end that belong to fields counted from the end.
    """

    type: int
    fields: tuple[Field, ...]
    clause: str
    shortest: int
    lengths: tuple[int, ...]
    part: str = ""
    when: tuple[tuple[int, int, range], ...] = ()
    trailer: int = 0

    @property
    def longest(self) -> int:
        """Tell the greatest length in bits that the standard allows."""
        return self.lengths[-1]


def _u(name: str, width: int, absent: int = 0, scale: float = 1.0) -> Field:
    return Field(name, 0, width, Kind.UINT, scale, absent)


def _i(name: str, width: int, absent: int = 0, scale: float = 1.0) -> Field:
    return Field(name, 0, width, Kind.INT, scale, absent)


def _b(name: str, absent: int = 0) -> Field:
    return Field(name, 0, 1, Kind.BOOL, 1.0, absent)


def _t(name: str, characters: int, *, tail: bool = False) -> Field:
    return Field(name, 0, 6 * characters, Kind.TEXT, tail=tail)


def _bits(name: str, width: int) -> Field:
    return Field(name, 0, width, Kind.BITS, tail=True)


def _gap(width: int) -> Field:
    """Spare bits: they take room and have no name."""
    return Field("", 0, width)


def _placed(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Lay fields one after the other from bit 0; drop the spare ones."""
    placed, at = [], 0
    for field in fields:
        if field.name:
            placed.append(replace(field, start=at))
        at += field.width
    return tuple(placed)


def _is(start: int, width: int, value: int) -> tuple[int, int, range]:
    return start, width, range(value, value + 1)


HEAD = (_u("msg_type", 6), _u("repeat", 2), _u("mmsi", 30))
_POSITION = (_i("lon", 28, NO_LON, MINUTE_10000), _i("lat", 27, NO_LAT, MINUTE_10000))
_DIMENSIONS = (_u("to_bow", 9), _u("to_stern", 9), _u("to_port", 6), _u("to_starboard", 6))  # metres


def position_report(number: int) -> Layout:
    """Messages 1, 2, 3: class A position report (§3.1, table 48)."""
    motion = (_u("status", 4, 15), _i("turn", 8, -128), _u("speed", 10, 1023, TENTH), _b("accuracy"))
    course = (_u("course", 12, 3600, TENTH), _u("heading", 9, 511), _u("second", 6, 60), _u("maneuver", 2))
    fields = (*HEAD, *motion, *_POSITION, *course, _gap(3), _b("raim"), _u("radio", 19))
    return Layout(number, _placed(fields), "3.1", 137, (168,))


def time_report(number: int, clause: str) -> Layout:
    """Messages 4 and 11: base station report, UTC and date response (§3.2, §3.9, table 51)."""
    date = (_u("year", 14), _u("month", 4), _u("day", 5))
    clock = (_u("hour", 5, 24), _u("minute", 6, 60), _u("second", 6, 60))
    rest = (_u("epfd", 4), _b("long_range"), _gap(9), _b("raim"), _u("radio", 19))
    return Layout(number, _placed((*HEAD, *date, *clock, _b("accuracy"), *_POSITION, *rest)), clause, 134, (168,))


def voyage() -> Layout:
    """Message 5: class A ship static and voyage related data (§3.3, table 52; type of ship: table 53)."""
    ship = (_u("ais_version", 2), _u("imo", 30), _t("callsign", 7), _t("shipname", 20), _u("ship_type", 8))
    eta = (_u("month", 4), _u("day", 5), _u("hour", 5, 24), _u("minute", 6, 60))
    trip = (_u("draught", 8, 0, TENTH), _t("destination", 20), _b("dte", 1), _gap(1))
    return Layout(5, _placed((*HEAD, *ship, *_DIMENSIONS, _u("epfd", 4), *eta, *trip)), "3.3", 420, (424,))


def binary_addressed() -> Layout:
    """Message 6: addressed binary message (§3.4); the application is `dac` and `fid` (Annex 5)."""
    address = (_u("seqno", 2), _u("dest_mmsi", 30), _b("retransmit"), _gap(1))
    fields = (*HEAD, *address, _u("dac", 10), _u("fid", 6), _bits("data", 920))
    return Layout(6, _placed(fields), "3.4", 72, (1008,))


def acknowledge(number: int, clause: str) -> Layout:
    """Messages 7 and 13: acknowledgement of binary or safety messages, for one to four stations (§3.5, §3.11)."""
    stations = [f for n in range(1, 5) for f in (_u(f"mmsi{n}", 30), _u(f"mmsiseq{n}", 2))]
    return Layout(number, _placed((*HEAD, _gap(2), *stations)), clause, 72, (72, 104, 136, 168))


def binary_broadcast() -> Layout:
    """Message 8: binary broadcast message (§3.6); the application is `dac` and `fid` (Annex 5)."""
    fields = (*HEAD, _gap(2), _u("dac", 10), _u("fid", 6), _bits("data", 952))
    return Layout(8, _placed(fields), "3.6", 56, (1008,))


def aircraft() -> Layout:
    """Message 9: search and rescue aircraft position report (§3.7); `alt` in metres, `speed` in whole knots."""
    motion = (_u("alt", 12, 4095), _u("speed", 10, 1023), _b("accuracy"), *_POSITION)
    course = (_u("course", 12, 3600, TENTH), _u("second", 6, 60), _u("alt_sensor", 1), _gap(7))
    rest = (_b("dte", 1), _gap(3), _b("assigned"), _b("raim"), _u("radio", 20))
    return Layout(9, _placed((*HEAD, *motion, *course, *rest)), "3.7", 134, (168,))


def time_inquiry() -> Layout:
    """Message 10: UTC and date inquiry (§3.8)."""
    return Layout(10, _placed((*HEAD, _gap(2), _u("dest_mmsi", 30), _gap(2))), "3.8", 70, (72,))


def safety_addressed() -> Layout:
    """Message 12: addressed safety related message (§3.10)."""
    address = (_u("seqno", 2), _u("dest_mmsi", 30), _b("retransmit"), _gap(1))
    return Layout(12, _placed((*HEAD, *address, _t("text", 156, tail=True))), "3.10", 72, (1008,))


def safety_broadcast() -> Layout:
    """Message 14: safety related broadcast message (§3.12)."""
    return Layout(14, _placed((*HEAD, _gap(2), _t("text", 161, tail=True))), "3.12", 40, (1008,))


def interrogation() -> Layout:
    """Message 15: interrogation of one station for one or two messages, or of two stations (§3.13).

    Lengths: 88 bits (one message), 110 (two messages), 160 (two stations).
    """
    first = (_u("mmsi1", 30), _u("type1_1", 6), _u("offset1_1", 12))
    second = (_gap(2), _u("type1_2", 6), _u("offset1_2", 12))
    third = (_gap(2), _u("mmsi2", 30), _u("type2_1", 6), _u("offset2_1", 12), _gap(2))
    return Layout(15, _placed((*HEAD, _gap(2), *first, *second, *third)), "3.13", 88, (88, 110, 160))


def assignment() -> Layout:
    """Message 16: assigned mode command, for one station (96 bits) or two (144 bits) (§3.14)."""
    first = (_u("mmsi1", 30), _u("offset1", 12), _u("increment1", 10))
    second = (_u("mmsi2", 30), _u("offset2", 12), _u("increment2", 10))
    return Layout(16, _placed((*HEAD, _gap(2), *first, *second)), "3.14", 92, (96, 144))


def dgnss() -> Layout:
    """Message 17: DGNSS broadcast binary message (§3.15); `lat` and `lon` are printed in minutes."""
    place = (_i("lon", 18, 181 * 600, TENTH), _i("lat", 17, 91 * 600, TENTH))
    return Layout(17, _placed((*HEAD, _gap(2), *place, _gap(5), _bits("data", 736))), "3.15", 80, (816,))


def _class_b_motion() -> tuple[Field, ...]:
    motion = (_u("reserved_1", 8), _u("speed", 10, 1023, TENTH), _b("accuracy"), *_POSITION)
    return *motion, _u("course", 12, 3600, TENTH), _u("heading", 9, 511), _u("second", 6, 60)


def class_b() -> Layout:
    """Message 18: standard class B position report (§3.16, table 70)."""
    unit = (_u("reserved_2", 2), _b("cs"), _b("display"), _b("dsc"), _b("band"), _b("msg22"))
    rest = (_b("assigned"), _b("raim"), _u("radio", 20))
    return Layout(18, _placed((*HEAD, *_class_b_motion(), *unit, *rest)), "3.16", 139, (168,))


def class_b_extended() -> Layout:
    """Message 19: extended class B position report (§3.17, table 71)."""
    ship = (_u("reserved_2", 4), _t("shipname", 20), _u("ship_type", 8), *_DIMENSIONS, _u("epfd", 4))
    rest = (_b("raim"), _b("dte", 1), _b("assigned"), _gap(4))
    return Layout(19, _placed((*HEAD, *_class_b_motion(), *ship, *rest)), "3.17", 305, (312,))


def slot_reservation() -> Layout:
    """Message 20: data link management, for one to four reservations (§3.18): 72, 104, 136 or 160 bits."""
    blocks = [
        field
        for n in range(1, 5)
        for field in (_u(f"offset{n}", 12), _u(f"number{n}", 4), _u(f"timeout{n}", 3), _u(f"increment{n}", 11))
    ]
    return Layout(20, _placed((*HEAD, _gap(2), *blocks)), "3.18", 70, (72, 104, 136, 160))


def aid_to_navigation() -> Layout:
    """Message 21: aid to navigation report; the name may go on for 14 characters more (§3.19)."""
    place = (_u("aid_type", 5), _t("name", 20), _b("accuracy"), *_POSITION, *_DIMENSIONS, _u("epfd", 4))
    state = (_u("second", 6, 60), _b("off_position"), _u("reserved_1", 8), _b("raim"), _b("virtual_aid"))
    rest = (_b("assigned"), _gap(1), _t("name_ext", 14, tail=True))
    return Layout(21, _placed((*HEAD, *place, *state, *rest)), "3.19", 271, (272, 360))


def _corners() -> tuple[Field, ...]:
    north_east = (_i("ne_lon", 18, 181 * 600, TENTH), _i("ne_lat", 17, 91 * 600, TENTH))
    return *north_east, _i("sw_lon", 18, 181 * 600, TENTH), _i("sw_lat", 17, 91 * 600, TENTH)


def channel_management() -> tuple[Layout, ...]:
    """Message 22: channel management, to two stations or to an area whose corners are in minutes (§3.20)."""
    head = (*HEAD, _gap(2), _u("channel_a", 12), _u("channel_b", 12), _u("txrx", 4), _b("power"))
    stations = (_u("dest1", 30), _gap(5), _u("dest2", 30), _gap(5))
    tail = (_b("addressed"), _b("band_a"), _b("band_b"), _u("zonesize", 3), _gap(23))
    addressed = Layout(
        22, _placed((*head, *stations, *tail)), "3.20", 145, (168,), "addressed", when=(_is(139, 1, 1),)
    )
    return addressed, Layout(22, _placed((*head, *_corners(), *tail)), "3.20", 145, (168,), "area")


def group_assignment() -> Layout:
    """Message 23: group assignment command to an area whose corners are in minutes (§3.21)."""
    whom = (*_corners(), _u("station_type", 4), _u("ship_type", 8), _gap(22))
    fields = (*HEAD, _gap(2), *whom, _u("txrx", 2), _u("interval", 4), _u("quiet", 4), _gap(6))
    return Layout(23, _placed(fields), "3.21", 154, (160,))


def static_report() -> tuple[Layout, ...]:
    """Message 24: class B static report, part A the name, part B the rest (§3.22).

    An auxiliary craft (MMSI 98XXXYYYY) puts the MMSI of its mother ship where others have their dimensions.
    """
    name = (*HEAD, _u("partno", 2), _t("shipname", 20), _gap(8))
    unit = (_u("ship_type", 8), _t("vendorid", 3), _u("model", 4), _u("serial", 20), _t("callsign", 7))
    body, rest = (*HEAD, _u("partno", 2), *unit), (_u("epfd", 4), _gap(2))
    part_b, craft = _is(38, 2, 1), (8, 30, range(980_000_000, 990_000_000))
    mother = _placed((*body, _u("mothership_mmsi", 30), *rest))
    return (
        Layout(24, _placed(name), "3.22", 160, (168,), "A", when=(_is(38, 2, 0),)),
        Layout(24, mother, "3.22", 162, (168,), "B auxiliary", when=(part_b, craft)),
        Layout(24, _placed((*body, *_DIMENSIONS, *rest)), "3.22", 162, (168,), "B", when=(part_b,)),
    )


def binary_slots(number: int, clause: str, longest: int, trailer: tuple[Field, ...] = ()) -> tuple[Layout, ...]:
    """Messages 25 and 26: binary message in one slot, or in many with communication state (§3.23, §3.24).

    Two spare bits follow the destination (tables 80 and 82); `app_id` is the 16-bit application identifier (Annex
    5, §2.1). In message 26 four spare bits and the communication state stand at the end.
    """
    ends = 4 + sum(field.width for field in trailer) if trailer else 0
    layouts = []
    for addressed, structured in ((1, 1), (1, 0), (0, 1), (0, 0)):
        fields = [*HEAD, _b("addressed"), _b("structured")]
        fields += [_u("dest_mmsi", 30), _gap(2)] if addressed else []
        fields += [_u("app_id", 16)] if structured else []
        shortest = sum(field.width for field in fields)
        fields.append(_bits("data", longest - shortest - ends))
        when = (_is(38, 1, addressed), _is(39, 1, structured))
        part = f"{'addressed' if addressed else 'broadcast'}, {'structured' if structured else 'unstructured'}"
        placed = (*_placed(fields), *(replace(field, start=-field.width) for field in trailer))
        layouts.append(Layout(number, placed, clause, shortest + ends, (longest,), part, when, ends))
    return tuple(layouts)


def long_range() -> Layout:
    """Message 27: position report for long-range applications (§3.25); whole knots and degrees."""
    place = (_i("lon", 18, 181 * 600, MINUTE_10), _i("lat", 17, 91 * 600, MINUTE_10))
    motion = (_u("speed", 6, 63), _u("course", 9, 511), _b("gnss", 1), _gap(1))
    fields = (*HEAD, _b("accuracy"), _b("raim"), _u("status", 4, 15), *place, *motion)
    return Layout(27, _placed(fields), "3.25", 94, (96,))


LAYOUTS: dict[int, tuple[Layout, ...]] = {
    **{number: (position_report(number),) for number in (1, 2, 3)},
    4: (time_report(4, "3.2"),),
    5: (voyage(),),
    6: (binary_addressed(),),
    7: (acknowledge(7, "3.5"),),
    8: (binary_broadcast(),),
    9: (aircraft(),),
    10: (time_inquiry(),),
    11: (time_report(11, "3.9"),),
    12: (safety_addressed(),),
    13: (acknowledge(13, "3.11"),),
    14: (safety_broadcast(),),
    15: (interrogation(),),
    16: (assignment(),),
    17: (dgnss(),),
    18: (class_b(),),
    19: (class_b_extended(),),
    20: (slot_reservation(),),
    21: (aid_to_navigation(),),
    22: channel_management(),
    23: (group_assignment(),),
    24: static_report(),
    25: binary_slots(25, "3.23", 168),
    26: binary_slots(26, "3.24", 1064, (_u("radio", 20),)),
    27: (long_range(),),
}


def field_of(number: int, name: str, part: str = "") -> Field:
    """Look a field up by message number, name and, where a message has several forms, part."""
    for layout in LAYOUTS[number]:
        if part in ("", layout.part):
            for field in layout.fields:
                if field.name == name:
                    return field
    raise KeyError(f"message {number} {part} has no field {name!r}")
