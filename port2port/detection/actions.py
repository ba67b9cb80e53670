"""Do: number tracks, publish what was found, close a minute; each in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from port2port.audit.store import STORE, announce
from port2port.detection.freezing import Kept, freeze
from port2port.detection.models import Blobs, FleetSnapshot, HistoryBlob, StandingCondition, TrackIdentity
from port2port.detection.rules.reports import Column
from port2port.detection.rules.signals import Signal
from port2port.engine.alarms.conditions import ConditionCleared, ConditionRaised
from port2port.engine.events import Event, Label, Origin
from port2port.engine.history import pack_minute, unpack_minute

CONSUMER = "detection"  # what was published covers all up to here
MINUTES = "detection-minutes"  # whoever restarts must be able to read from here on
PURPOSE = "isps"
MOST_IN_QUERY = 500


@dataclass(frozen=True, slots=True)
class Whose:
    """Where a finding belongs: the picture and its origin, and the label of the feed."""

    picture: str
    origin: Origin
    label: Label


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal with the label under which it is published."""

    signal: Signal
    whose: Whose

    @property
    def place(self) -> tuple[str, str, str]:
        """Name what stands: area, picture, key."""
        return self.whose.label.area, self.whose.picture, self.signal.key


def name_tracks(mmsi: Sequence[int], *, picture: str, label: Label) -> list[tuple[int, UUID]]:
    """Give number and identifier of the tracks of some MMSIs, new ones where there are none yet."""
    known = _known_tracks(mmsi, picture=picture, area=label.area)
    new = [number for number in mmsi if number not in known]
    if new:
        with transaction.atomic():
            TrackIdentity.objects.bulk_create(
                [TrackIdentity(mmsi=number, picture=picture, **labelled(label)) for number in new],
                batch_size=MOST_IN_QUERY, ignore_conflicts=True,
            )  # fmt: skip
        known |= _known_tracks(new, picture=picture, area=label.area)
    return [known[number] for number in mmsi]


def _known_tracks(mmsi: Sequence[int], *, picture: str, area: str) -> dict[int, tuple[int, UUID]]:
    known = {}
    for first in range(0, len(mmsi), MOST_IN_QUERY):
        some = mmsi[first : first + MOST_IN_QUERY]
        rows = TrackIdentity.objects.filter(area=area, picture=picture, mmsi__in=some)
        known |= {row[0]: (row[1], row[2]) for row in rows.values_list("mmsi", "number", "id")}
    return known


def labelled(label: Label) -> dict[str, Any]:
    """Give the columns of a labelled record."""
    return {
        "area": label.area, "owner": label.owner, "purpose": label.purpose, "tlp": str(label.tlp),
        "clearance": label.clearance,
    }  # fmt: skip


def publish_findings(findings: Sequence[Finding], *, position: int) -> list[Event]:
    """Publish findings, write what now stands, and advance to `position`: all of it, or nothing."""
    with transaction.atomic():
        written = STORE.insert([_event(finding) for finding in findings]) if findings else []
        _write_standing(findings)
        STORE.advance(CONSUMER, position)
        events = [event for event in written if isinstance(event, Event)]
        transaction.on_commit(lambda: announce(events))
    return events


def _event(finding: Finding) -> Event:
    signal, whose = finding.signal, finding.whose
    at = datetime.fromtimestamp(signal.at_ms / 1000, UTC)
    body = _raised(signal, at) if signal.began else ConditionCleared(signal.key, at, signal.facts)
    return Event.of(body, label=whose.label, actor="service:detection", at=at, origin=whose.origin)


def _raised(signal: Signal, at: datetime) -> ConditionRaised:
    return ConditionRaised(
        key=signal.key, type=signal.type, subject=signal.subject, place=signal.place, lat=signal.lat,
        lon=signal.lon, at=at, facts=signal.facts,
    )  # fmt: skip


def _write_standing(findings: Sequence[Finding]) -> None:
    """Bring the table in line with the last word on each condition."""
    last = {finding.place: finding for finding in findings}
    for (area, picture, key), finding in last.items():
        if not finding.signal.began:
            StandingCondition.objects.filter(area=area, picture=picture, key=key).delete()
    StandingCondition.objects.bulk_create(
        [_standing(finding) for finding in last.values() if finding.signal.began], ignore_conflicts=True
    )


def _standing(finding: Finding) -> StandingCondition:
    signal = finding.signal
    return StandingCondition(
        picture=finding.whose.picture, key=signal.key, type=signal.type,
        raised_at=datetime.fromtimestamp(signal.at_ms / 1000, UTC), **labelled(finding.whose.label),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClosedMinute:
    """What is written when a minute ends: the columns of each (area, kind, minute), and the fleets as they are."""

    columns: Mapping[tuple[str, str, int], Mapping[str, Column]]
    fleets: Mapping[tuple[str, str], tuple[Label, Kept]]
    position: int
    readable_from: int


def close_minute(closed: ClosedMinute) -> None:
    """Write history and fleets, and the place from which a restart must read, in one transaction."""
    store = Blobs()
    with transaction.atomic():
        for (area, kind, minute), columns in closed.columns.items():
            store.put(area, kind, minute, pack_minute(_merged(area, kind, minute, columns)))
        for (area, picture), (label, kept) in closed.fleets.items():
            FleetSnapshot.objects.update_or_create(
                area=area, picture=picture,
                defaults={"position": closed.position, "blob": freeze(kept), **labelled(label)},
            )  # fmt: skip
        STORE.advance(MINUTES, closed.readable_from)


def _merged(area: str, kind: str, minute: int, columns: Mapping[str, Column]) -> Mapping[str, Column]:
    """Put columns behind those an earlier writing of the same minute left, as after a clock was set back."""
    row = HistoryBlob.objects.filter(area=area, kind=kind, minute=minute).first()
    if row is None:
        return columns
    earlier = unpack_minute(bytes(row.blob))
    return {name: np.concatenate([earlier[name], column]) for name, column in columns.items()}


_RENAME = (
    f'UPDATE {TrackIdentity._meta.db_table} SET "imo" = %s, "name" = %s, "callsign" = %s '  # noqa: S608
    'WHERE "number" = %s'
)


def update_names(rows: Sequence[tuple[int, int, str, str]]) -> None:
    """Note (track number, IMO, name, call sign) where they changed, so that a ship can be found by them."""
    if rows:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_RENAME, [(imo, name, sign, number) for number, imo, name, sign in rows])
