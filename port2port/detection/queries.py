"""Ask: where the ships are, what one of them is, where it has been, and how the sensors are.

The fleet in this process is asked where it is; a process without detection of its own reads the last closed minute.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Q

from port2port.detection.freezing import thaw
from port2port.detection.models import Blobs, FleetSnapshot, TrackIdentity
from port2port.detection.picture import HUB, Hub
from port2port.detection.rules.imo import holds
from port2port.detection.rules.reports import DEGREE, NO_COG, NO_HEADING, NO_SOG, NO_STATUS, Column, Flag
from port2port.engine.history import History
from port2port.engine.history.blobs import MINUTE_MS
from port2port.rights.queries import visible_to
from port2port.rights.rules import Actor

MOST_FOUND = 50
MOST_POINTS = 2000
MOST_MINUTES = 24 * 60
POSITION_KIND = {"live": "position", "replay": "position-replay"}


@dataclass(frozen=True, slots=True)
class Vessel:
    """What is known of a track; None where it is not known. Times are aware UTC."""

    id: UUID
    number: int
    area: str
    picture: str
    mmsi: int
    name: str
    callsign: str
    imo: int | None
    imo_holds: bool
    ship_type: int | None
    length_m: int | None
    beam_m: int | None
    draught_m: float | None
    destination: str
    eta: str
    lat: float | None
    lon: float | None
    speed_knots: float | None
    course_deg: float | None
    heading_deg: int | None
    status: int | None
    seen_at: datetime | None
    age_s: int | None
    static_at: datetime | None
    reports: int
    interval_s: int | None
    refused: int
    jumps: int
    is_class_b: bool
    is_lost: bool
    is_moored: bool
    is_doubtful: bool
    is_aid: bool
    is_base: bool
    is_official: bool

    @property
    def kind(self) -> str:
        """Say in a word what it is: a key of the catalogue."""
        if self.is_base:
            return "base-station"
        if self.is_aid:
            return "aid-to-navigation"
        return "class-b" if self.is_class_b else "class-a"


def hub() -> Hub:
    """Give where the pictures of this process are."""
    return HUB


def vessel(actor: Actor, track: UUID, *, now: datetime, pictures: Hub = HUB) -> Vessel | None:
    """Give what is known of a track; None where it is unknown or not of the actor's areas."""
    identity = _identity(actor, track)
    if identity is None:
        return None
    row = _living(pictures, identity) or _kept(identity)
    return _vessel(identity, row or {}, now)


def _identity(actor: Actor, track: UUID) -> TrackIdentity | None:
    if not actor.may("picture.see"):
        return None
    return visible_to(actor, TrackIdentity.objects.filter(id=track)).first()  # type: ignore[return-value]


def _living(pictures: Hub, identity: TrackIdentity) -> dict[str, Any] | None:
    """Copy the row of a track from the fleet in this process."""
    with pictures.lock:
        lookout = pictures.lookout(identity.area, identity.picture)
        row = lookout.fleet.row_of(identity.id) if lookout else None
        if lookout is None or row is None:
            return None
        return lookout.fleet.facts(row)


def _kept(identity: TrackIdentity) -> dict[str, Any] | None:
    """Find the row of a track in the fleet as it was when the last minute was closed."""
    snapshot = FleetSnapshot.objects.filter(area=identity.area, picture=identity.picture).first()
    if snapshot is None:
        return None
    columns = thaw(bytes(snapshot.blob))["fleet"]
    found = np.flatnonzero(columns["number"] == identity.number)
    return {name: column[found[0]] for name, column in columns.items()} if len(found) else None


def _vessel(identity: TrackIdentity, row: dict[str, Any], now: datetime) -> Vessel:
    flags = Flag(int(row.get("flags", 0)))
    imo = int(row.get("imo", identity.imo))
    seen = _moment(row, "seen_ms")
    bow, stern = int(row.get("bow", 0)), int(row.get("stern", 0))
    port, starboard = int(row.get("port", 0)), int(row.get("starboard", 0))
    return Vessel(
        id=identity.id, number=identity.number, area=identity.area, picture=identity.picture, mmsi=identity.mmsi,
        name=_text(row, "name") or identity.name, callsign=_text(row, "callsign") or identity.callsign,
        imo=imo or None, imo_holds=holds(imo), ship_type=int(row.get("ship_type", 0)) or None,
        length_m=bow + stern or None, beam_m=port + starboard or None,
        draught_m=_unless(row, "draught", 0, 10), destination=_text(row, "destination"), eta=_eta(row),
        lat=_place(row, "lat", 90), lon=_place(row, "lon", 180), speed_knots=_unless(row, "sog", NO_SOG, 10),
        course_deg=_unless(row, "cog", NO_COG, 10), heading_deg=_whole(row, "heading", NO_HEADING),
        status=_whole(row, "status", NO_STATUS), seen_at=seen,
        age_s=max(0, round((now - seen).total_seconds())) if seen else None, static_at=_moment(row, "static_ms"),
        reports=int(row.get("reports", 0)), interval_s=round(int(row.get("interval_ms", 0)) / 1000) or None,
        refused=int(row.get("refused", 0)), jumps=int(row.get("jumps", 0)),
        is_class_b=Flag.CLASS_B in flags, is_lost=Flag.LOST in flags, is_moored=Flag.MOORED in flags,
        is_doubtful=Flag.DOUBTFUL in flags, is_aid=Flag.AID in flags, is_base=Flag.BASE in flags,
        is_official=Flag.OFFICIAL in flags,
    )  # fmt: skip


def _text(row: dict[str, Any], name: str) -> str:
    return bytes(row.get(name, b"")).decode("ascii", "replace")


def _moment(row: dict[str, Any], name: str) -> datetime | None:
    at_ms = int(row.get(name, 0))
    return datetime.fromtimestamp(at_ms / 1000, UTC) if at_ms else None


def _unless(row: dict[str, Any], name: str, absent: int, scale: int) -> float | None:
    number = int(row.get(name, absent))
    return None if number == absent else number / scale


def _whole(row: dict[str, Any], name: str, absent: int) -> int | None:
    number = int(row.get(name, absent))
    return None if number == absent else number


def _place(row: dict[str, Any], name: str, most: int) -> float | None:
    degrees = int(row.get(name, 200 * DEGREE)) / DEGREE
    return round(degrees, 6) if abs(degrees) <= most else None


def _eta(row: dict[str, Any]) -> str:
    """Write the estimated time of arrival as the ship sends it, UTC: month-day hour:minute."""
    packed = int(row.get("eta", 0))
    month, day, hour, minute = packed // 1_000_000, packed // 10_000 % 100, packed // 100 % 100, packed % 100
    if not packed or month > 12:
        return ""
    return f"{month:02}-{day:02}" + (f" {hour:02}:{minute:02}" if hour < 24 and minute < 60 else "")


def past_track(
    actor: Actor, track: UUID, *, minutes: int, now: datetime, pictures: Hub = HUB
) -> list[tuple[int, float, float, int]]:
    """Give where a track has been: (ms since 1970, lat, lon in degrees, speed in 1/10 knot), oldest first.

    At most a day, thinned evenly to 2,000 points; empty where the track is unknown or not of the actor's areas.
    """
    identity = _identity(actor, track)
    if identity is None:
        return []
    lasting = timedelta(minutes=min(max(minutes, 1), MOST_MINUTES))
    kind = POSITION_KIND[identity.picture]
    minute, fresh = _fresh(pictures, identity, kind)
    start_ms = round((now - lasting).timestamp() * 1000)
    older = History(Blobs()).window(identity.area, kind, end=now, lasting=lasting, track=identity.number)
    at_ms = older["t_ms"].astype("i8") + start_ms
    closed = at_ms < minute * MINUTE_MS if minute else np.ones(len(at_ms), bool)
    times = [at_ms[closed], fresh["t_ms"].astype("i8") + minute * MINUTE_MS]
    columns = [np.concatenate([older[name][closed], fresh[name]]) for name in ("lat", "lon", "sog")]
    return _thinned(np.concatenate(times), *columns)


def _fresh(pictures: Hub, identity: TrackIdentity, kind: str) -> tuple[int, dict[str, Column]]:
    """Copy the positions of the open minute; minute 0 where none is open in this process."""
    with pictures.lock:
        worker = pictures.worker
        minute, columns = worker.minute.of(identity.area, kind) if worker else (0, {})
        if not columns:
            return minute, {name: np.zeros(0, "i8") for name in ("t_ms", "lat", "lon", "sog")}
        rows = columns["track"] == identity.number
        return minute, {name: column[rows] for name, column in columns.items()}


def _thinned(at_ms: Column, lat: Column, lon: Column, sog: Column) -> list[tuple[int, float, float, int]]:
    step = max(1, -(-len(at_ms) // MOST_POINTS))
    rows = np.arange(len(at_ms) - 1, -1, -step)[::-1]
    places = [np.round(column[rows] / DEGREE, 5).tolist() for column in (lat, lon)]
    return list(zip(at_ms[rows].tolist(), *places, sog[rows].tolist(), strict=True))


def vessels_named(actor: Actor, text: str, *, picture: str = "live") -> list[TrackIdentity]:
    """Find tracks by a part of their name or call sign, or by the start of MMSI or IMO number."""
    text = text.strip()
    if not text or not actor.may("picture.see"):
        return []
    rows = visible_to(actor, TrackIdentity.objects.filter(picture=picture))
    wanted = Q(name__icontains=text) | Q(callsign__istartswith=text)
    if text.isdigit():
        wanted = wanted | _starting("mmsi", text, 9) | _starting("imo", text, 7)
    return list(rows.filter(wanted).order_by("name", "mmsi")[:MOST_FOUND])  # type: ignore[arg-type]


def _starting(field: str, digits: str, length: int) -> Q:
    """Compare the first digits of a number of known length."""
    if len(digits) > length:
        return Q(pk__in=[])
    first = int(digits) * 10 ** (length - len(digits))
    return Q(**{f"{field}__gte": first, f"{field}__lt": first + 10 ** (length - len(digits))})


def feed_ages(*, now: datetime, pictures: Hub = HUB) -> list[dict[str, Any]]:
    """Tell for each feed (name, area) how many seconds ago it was heard; None for one that never was."""
    with pictures.lock:
        worker = pictures.worker
        return worker.feed_ages(round(now.timestamp() * 1000)) if worker else []


def detection_report(*, pictures: Hub = HUB) -> dict[str, Any]:
    """Tell how detection works: messages by type, refusals by reason, tracks; empty where it runs elsewhere."""
    with pictures.lock:
        worker = pictures.worker
        return worker.report() if worker else {}
