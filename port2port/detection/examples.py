"""Invented ships and sensors for tests and benchmarks; only patterns to follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from port2port.audit.store import STORE
from port2port.detection.feeds.intake import sentences_event
from port2port.detection.rules.reports import DEGREE
from port2port.engine.events import Event, Label, Origin
from port2port.protocols.ais.encode import encode_integers

ANTWERP = Label("antwerp", "port-of-antwerp", "isps")
GHENT = Label("ghent", "north-sea-port", "isps")


@dataclass(frozen=True, slots=True)
class ExampleFeed:
    """A feed as the configuration gives it."""

    name: str = "ais-antwerp"
    area: str = "antwerp"
    kind: str = "udp"
    host: str = "127.0.0.1"
    port: int = 0
    owner: str = "port-of-antwerp"


def a_position(
    mmsi: int, lat: float, lon: float, *, knots: float = 8.0, second: int = 60, status: int = 0
) -> bytes:
    """Write a class A position report as a line; degrees and knots."""
    values = {
        "mmsi": mmsi, "lat": round(lat * DEGREE), "lon": round(lon * DEGREE), "speed": round(knots * 10),
        "course": 900, "heading": 90, "second": second, "status": status,
    }  # fmt: skip
    return encode_integers(1, values)[0] + b"\n"


def a_voyage(mmsi: int, name: str, *, imo: int = 9_074_729, ship_type: int = 70) -> bytes:
    """Write class A static and voyage facts as lines."""
    values = {
        "mmsi": mmsi, "shipname": name, "imo": imo, "callsign": "ONAB", "ship_type": ship_type, "to_bow": 80,
        "to_stern": 20, "to_port": 8, "to_starboard": 8, "destination": "BE ANR", "draught": 65,
        "month": 11, "day": 26, "hour": 6, "minute": 30,
    }  # fmt: skip
    return b"".join(line + b"\n" for line in encode_integers(5, values))


def received(
    lines: Iterable[bytes],
    at: datetime,
    *,
    label: Label = ANTWERP,
    feed: str = "ais-antwerp",
    origin: Origin = Origin.LIVE,
    keeps_times: bool = False,
) -> Event:
    """Make the event of lines that came together."""
    raw = b"".join(lines)
    count = max(1, raw.count(b"\n"))
    return sentences_event(feed, raw, label=label, at=at, origin=origin, lines=count, keeps_times=keeps_times)


def recorded(*events: Event) -> list[Event]:
    """Write events to the outbox, as the journal does."""
    return [event for event in STORE.append(events) if isinstance(event, Event)]
