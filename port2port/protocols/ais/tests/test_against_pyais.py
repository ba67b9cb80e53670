"""Every log we have, laid beside pyais: same messages, same integers, or a difference that is written down.

The differences are named here and explained in `docs/ais-differences.md`; one that no log shows, or that the page
does not explain, fails.
"""

import enum
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from pyais import constants
from pyais.exceptions import AISBaseException
from pyais.messages import ENUM_FIELDS, AISSentence
from pyais.stream import IterMessages

from port2port.protocols.ais.decode import Message, decode, degrees_per_minute
from port2port.protocols.ais.fields import LAYOUTS, Field, Kind
from port2port.protocols.ais.nmea import Assembler, Payload
from port2port.protocols.ais.reasons import BadPayload, Reason
from port2port.protocols.ais.tests.samples import ROOT, sample

LOGS = [
    *(f"ais-logs/{name}" for name in (
        "aishub_nmea-sample.txt", "aislib_decode_encode_messages.txt", "aislib_stream_example.txt",
        "gpsd_ais-nmea.log", "gpsd_sample.aivdm", "kystverket_1000.nm4", "libais_test.aivdm",
        "libais_typeexamples.nmea", "pyais_nmea_data_sample.txt", "signalk_nais400.log",
    )),
    *(f"vectors/ais/{name}" for name in (
        "gatehouse.nmea", "gpsd_ais-18-27.log", "pyais_mixed_with_garbage.txt", "pyais_nmea_data_sample.nmea",
        "tagblock.nmea", "test.aivdm",
    )),
]  # fmt: skip

PAGE = ROOT / "docs" / "ais-differences.md"
MESSAGE_DIFFERENCES = {"checksum", "unknown-type", "too-short"}
REFUSED = {
    Reason.TOO_SHORT: "too-short",
    Reason.UNKNOWN_TYPE: "unknown-type",
}
FIELD_DIFFERENCES = {
    "enumeration",
    "text-end",
    "cut-field",
    "dgnss-sign",
    "binary-slots",
    "altitude-sensor",
    "application",
    "full-name",
}
ENUMS: dict[str, type[enum.IntEnum]] = {
    "status": constants.NavigationStatus,
    "maneuver": constants.ManeuverIndicator,
    "epfd": constants.EpfdType,
    "ship_type": constants.ShipType,
    "aid_type": constants.NavAid,
    "station_type": constants.StationType,
    "txrx": constants.TransmitMode,
    "interval": constants.StationIntervals,
}
_AFTER_CHECKSUM = re.compile(rb"(![^!]*\*[0-9A-Fa-f]{2})[^!]*$", re.DOTALL)


def lines(log: str) -> list[bytes]:
    return sample(log).read_bytes().splitlines()


def ours(log: str) -> tuple[list[Payload], Counter[Reason]]:
    assembler = Assembler()
    payloads = [payload for line in lines(log) if (payload := assembler.feed(line)) is not None]
    return payloads, assembler.refused


def theirs(log: str) -> Iterator[AISSentence]:
    """What pyais assembles; it is spared what stands behind the checksum, which it takes for the checksum."""
    bare = (_AFTER_CHECKSUM.sub(rb"\1", line) for line in lines(log))
    yield from IterMessages(line for line in bare if line[:1] in (b"!", b"$", b"\\"))


def key(armour: bytes, fill: int) -> tuple[bytes, int]:
    return armour, 6 * len(armour) - fill


@cache
def compared(log: str) -> tuple[Counter[int], Counter[int], Counter[str], list[str]]:
    """Counts by type of both, the differences met by name, and what nothing explains."""
    payloads, _ = ours(log)
    mine: dict[tuple[bytes, int], Message | BadPayload] = {}
    counts: Counter[int] = Counter()
    expected: Counter[int] = Counter()
    met: Counter[str] = Counter()
    strange: list[str] = []
    seen: Counter[tuple[bytes, int]] = Counter()
    for payload in payloads:
        at = key(payload.armour, payload.fill)
        seen[at] += 1
        if at not in mine:
            mine[at] = attempt(payload)
        if isinstance(mine[at], Message):
            counts[mine[at].type] += 1
    for sentence in theirs(log):
        at = sentence.payload, len(sentence.bv)
        if not sentence.is_valid:
            met["checksum"] += 1
        elif at in mine:
            seen[at] -= 1
            count_theirs(sentence, mine[at], expected, met, strange)
        elif sentence.payload:
            strange.append(f"pyais alone has {sentence.raw!r}")
    strange += [f"we alone have {at[0]!r} {count} times" for at, count in seen.items() if count]
    return counts, expected, met, strange


def attempt(payload: Payload) -> Message | BadPayload:
    try:
        return decode(payload)
    except BadPayload as bad:
        return bad


def count_theirs(sentence, message, expected: Counter[int], met: Counter[str], strange: list[str]) -> None:
    try:
        decoded = sentence.decode()
    except AISBaseException as error:
        if isinstance(message, Message):
            strange.append(f"pyais refuses {sentence.raw!r}: {error}")
        return
    if isinstance(message, BadPayload):
        met[REFUSED[message.reason]] += 1
        return
    expected[sentence.ais_id] += 1
    for name, difference in differences(message, decoded.asdict(), len(sentence.bv)):
        if difference in FIELD_DIFFERENCES:
            met[difference] += 1
        else:
            strange.append(f"type {message.type} {name}: {difference} in {sentence.raw!r}")


def differences(message: Message, printed: dict, bits: int) -> Iterator[tuple[str, str]]:
    """Every field in which the two differ, and the name of the difference (or both values, if it has none)."""
    layout = next(each for each in LAYOUTS[message.type] if each.part == message.part)
    fields = {field.name: field for field in layout.fields}
    foreign = {name for name in printed.keys() - fields.keys() if not name.startswith(("spare", "empty"))}
    yield from ((name, foreign_field(message.type, name)) for name in foreign)
    for name, field in fields.items():
        if name in printed and not equal(field, message.values.get(name), printed[name]):
            mine, other = message.values.get(name), printed[name]
            yield name, explain(message, field, other, bits) or f"ours {mine!r}, theirs {other!r}"


def equal(field: Field, mine: object, other: object) -> bool:
    if mine is None or other is None:
        return mine is other
    if field.name == "turn":
        return degrees_per_minute(mine) == float(other)
    if field.kind is Kind.TEXT:
        return mine == other
    if field.kind is Kind.BITS:
        return mine == other
    return mine == round(other / field.scale)


FOREIGN = {
    (9, "reserved_1"): "altitude-sensor",
    (21, "full_name"): "full-name",
    (26, "radio"): "binary-slots",
    (26, "app_id"): "binary-slots",
}


def foreign_field(number: int, name: str) -> str:
    """Name the difference of a field that only pyais prints."""
    return "application" if number in (6, 8) else FOREIGN.get((number, name), "not ours")


def explain(message: Message, field: Field, other: object, bits: int) -> str | None:
    """Name a difference, if it is one of those written down; each has a condition of its own."""
    mine = message.values.get(field.name)
    start = field.start if field.start >= 0 else bits + field.start
    if field.name in ("app_id", "data", "radio") and (message.type == 26 or "addressed" in message.part):
        return "binary-slots"
    if message.type == 17 and field.name in ("lat", "lon"):
        return "dgnss-sign" if round(other / field.scale) - mine == 1 << field.width else None
    if mine is None and start + field.width > bits:
        return "cut-field"
    if field.name in ENUM_FIELDS and mine not in set(ENUMS[field.name]):
        return "enumeration"
    if field.kind is Kind.TEXT and isinstance(other, str):
        whole = other[: min(field.width, bits - start) // 6]
        return "text-end" if whole.partition("@")[0].strip() == mine.strip() else None
    return None


@pytest.mark.parametrize("log", LOGS)
def test_message_counts_by_type_equal_pyais(log):
    counts, expected, _, _ = compared(log)
    assert counts == expected


@pytest.mark.parametrize("log", LOGS)
def test_every_field_equals_pyais_or_the_difference_is_written_down(log):
    _, _, _, strange = compared(log)
    assert not strange, "\n".join(strange[:20])


def test_every_written_difference_is_met_and_explained():
    met: Counter[str] = Counter()
    for log in LOGS:
        met += compared(log)[2]
    headings = set(re.findall(r"^## `([a-z-]+)`", PAGE.read_text(), re.MULTILINE))
    assert headings == MESSAGE_DIFFERENCES | FIELD_DIFFERENCES
    assert headings == set(met)
