r"""From decoded AIS messages to what they report: positions and static facts (ITU-R M.1371-5).

Positions come from messages 1, 2, 3, 4, 9, 18, 19, 21 and 27, static facts from 5, 19, 21 and 24; the others are
counted.

>>> reader = Reader()
>>> reports = reader.read([(b"!AIVDM,1,1,,A,13aGua?P00PHfERNFruh0?vN289E,0*36\n", 7)])
>>> reports.positions.mmsi.tolist(), reports.positions.lat.tolist(), reports.counts
([244710820], [31832823], {1: 1})
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from port2port.detection.rules.reports import (
    DEGREE,
    NO_COG,
    NO_HEADING,
    NO_SOG,
    NO_STATUS,
    Column,
    Flag,
    Positions,
    Reports,
    Statics,
)
from port2port.protocols.ais.columns import Block, BulkDecoder
from port2port.protocols.ais.decode import Message

Table = dict[str, Any]
Piece = tuple[bytes, int]
COARSE = DEGREE // 600  # message 27 counts in 1/10 minute
AT_REST = (1, 5, 6)  # navigational status: at anchor, moored, aground
SHIP = {"bow": "to_bow", "stern": "to_stern", "port": "to_port", "starboard": "to_starboard"}
VOYAGE = SHIP | {
    "name": "shipname", "callsign": "callsign", "imo": "imo", "ship_type": "ship_type",
    "destination": "destination", "draught": "draught",
}  # fmt: skip
EXTENDED = SHIP | {"name": "shipname", "ship_type": "ship_type"}
AID = SHIP | {"name": "name"}
PART_A, PART_B = {"name": "shipname"}, SHIP | {"callsign": "callsign", "ship_type": "ship_type"}


class Reader:
    """Reads the bytes of one feed; joins multi-part messages over the seams of its pieces."""

    def __init__(self) -> None:
        self._decoder = BulkDecoder()

    def read(self, pieces: Sequence[Piece], *, keeps_times: bool = False) -> Reports:
        """Read whole lines, piece by piece with the moment (ms since 1970) each was received.

        Whatever the bytes are, nothing is raised. With `keeps_times`, a line's own time (tag block, seconds) goes
        before the moment it was received.
        """
        block = self._decoder.feed(b"".join([raw for raw, _ in pieces]))
        return reports_of(block, _line_times(pieces), keeps_times=keeps_times)


def _line_times(pieces: Sequence[Piece]) -> Column:
    """Give the moment of every line; one more for what an earlier piece left unfinished."""
    lines = [raw.count(b"\n") for raw, _ in pieces]
    lines[-1] += 1
    return np.repeat(np.array([at_ms for _, at_ms in pieces], "i8"), lines)


def reports_of(block: Block, line_ms: Column, *, keeps_times: bool = False) -> Reports:
    """Turn decoded columns into reports, in the order of arrival; `line_ms` is the time of each line."""
    at_ms = int(line_ms[-1])
    found = []
    for number, table in block.tables.items():
        if number in READ and len(table["mmsi"]):
            positions = READ[number](table)
            positions.at_ms[:] = _times(table, line_ms, keeps_times=keeps_times)
            found.append((positions, table["row"]))
    found += _aircraft(block.others, at_ms)
    rows = np.concatenate([row for _, row in found]) if found else np.zeros(0, "i8")
    positions = Positions.join([positions for positions, _ in found])
    positions = positions.where(np.argsort(rows, kind="stable")) if len(found) > 1 else positions
    return Reports(
        positions=positions,
        statics=[told for number, table in block.tables.items() for told in _statics(number, table, at_ms)],
        counts={number: count for number, count in block.counts.items() if count},
        refused={str(reason): count for reason, count in block.refused.items()},
    )


def _times(table: Table, line_ms: Column, *, keeps_times: bool) -> Column:
    times: Column = line_ms[np.minimum(table["row"], len(line_ms) - 1)]
    if keeps_times:
        own = table["received_s"].astype("i8")
        times = np.where(own >= 0, own * 1000, times)
    return times


def _class_a(table: Table) -> Positions:
    status = table["status"]
    return _positions(table, status=status, flags=np.where(np.isin(status, AT_REST), int(Flag.MOORED), 0))


def _class_b(table: Table) -> Positions:
    return _positions(table, flags=_same(table, Flag.CLASS_B))


def _base(table: Table) -> Positions:
    return Positions.of(**_where(table), flags=_same(table, Flag.BASE))


def _aid(table: Table) -> Positions:
    return Positions.of(**_where(table), flags=_same(table, Flag.AID))


def _long_range(table: Table) -> Positions:
    """Message 27 counts coarsely, in whole knots and degrees; its own "not available" is translated."""
    speed, course = table["speed"].astype("i4"), table["course"].astype("i4")
    return Positions.of(
        mmsi=table["mmsi"], lat=table["lat"].astype("i8") * COARSE, lon=table["lon"].astype("i8") * COARSE,
        sog=np.where(speed == 63, NO_SOG, speed * 10), cog=np.where(course >= 360, NO_COG, course * 10),
        status=table["status"], flags=np.where(np.isin(table["status"], AT_REST), int(Flag.MOORED), 0),
    )  # fmt: skip


READ = {
    1: _class_a, 2: _class_a, 3: _class_a, 4: _base, 18: _class_b, 19: _class_b, 21: _aid, 27: _long_range,
}  # fmt: skip


def _where(table: Table) -> dict[str, Column]:
    return {name: table[name] for name in ("mmsi", "lat", "lon", "second") if name in table}


def _positions(table: Table, **more: Column) -> Positions:
    return Positions.of(**_where(table), sog=table["speed"], cog=table["course"], heading=table["heading"], **more)


def _same(table: Table, flag: Flag) -> Column:
    return np.full(len(table["mmsi"]), int(flag), "u2")


def _aircraft(others: Sequence[Message], at_ms: int) -> list[tuple[Positions, Column]]:
    """Read search and rescue aircraft (message 9): rare, so one by one; whole knots, no heading."""
    flying = [message.values for message in others if message.type == 9]
    if not flying:
        return []
    absent = {"lat": 91 * DEGREE, "lon": 181 * DEGREE, "speed": NO_SOG, "course": NO_COG, "second": 60, "mmsi": 0}
    columns = {
        name: np.array([int(values.get(name, absence)) for values in flying]) for name, absence in absent.items()
    }
    speed = columns["speed"]
    positions = Positions.of(
        mmsi=columns["mmsi"], lat=columns["lat"], lon=columns["lon"], second=columns["second"],
        sog=np.where(speed >= NO_SOG, NO_SOG, np.minimum(speed * 10, NO_SOG - 1)), cog=columns["course"],
        heading=np.full(len(speed), NO_HEADING), status=np.full(len(speed), NO_STATUS),
        at_ms=np.full(len(speed), at_ms),
    )  # fmt: skip
    return [(positions, np.full(len(flying), np.iinfo("i8").max))]


def _statics(number: int, table: Table, at_ms: int) -> list[Statics]:
    if not len(table["mmsi"]):
        return []
    if number == 5:
        return [Statics(table["mmsi"], _facts(table, VOYAGE) | {"eta": _eta(table)}, at_ms)]
    if number in (19, 21):
        return [Statics(table["mmsi"], _facts(table, EXTENDED if number == 19 else AID), at_ms)]
    if number == 24:
        return _class_b_statics(table, at_ms)
    return []


def _facts(table: Table, names: dict[str, str]) -> dict[str, Column]:
    return {ours: table[theirs] for ours, theirs in names.items() if theirs in table}


def _class_b_statics(table: Table, at_ms: int) -> list[Statics]:
    part = table["partno"]
    told = []
    for number, names in ((0, PART_A), (1, PART_B)):
        rows = part == number
        if rows.any():
            told.append(Statics(table["mmsi"][rows], _facts({n: c[rows] for n, c in table.items()}, names), at_ms))
    return told


def _eta(table: Table) -> Column:
    """Pack the estimated time of arrival: month, day, hour, minute as decimal digits MMDDhhmm; 0 unknown."""
    month, day, hour, minute = (table[name].astype("u4") for name in ("month", "day", "hour", "minute"))
    packed: Column = np.where(
        (month > 0) & (day > 0), ((month * 100 + day) * 100 + hour) * 100 + minute, np.uint32(0)
    )
    return packed
