"""What detection keeps: who the tracks are, where they went, what stands, and the fleet as of the last minute."""

from collections.abc import Iterator
from pathlib import Path

from django.db import connection, models

from port2port.detection.mapped import READER
from port2port.engine.ids import uuid7
from port2port.rights.models import Labelled

PICTURES = [("live", "live"), ("replay", "replay")]


class TrackIdentity(Labelled):
    """A track: the number that history counts it by, and the MMSI that finds it, which is an attribute."""

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid7, editable=False)
    picture = models.CharField(max_length=8, choices=PICTURES)
    mmsi = models.BigIntegerField()
    imo = models.BigIntegerField(default=0)
    name = models.CharField(max_length=34, blank=True)
    callsign = models.CharField(max_length=7, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["area", "picture", "mmsi"], name="track_of_mmsi")]
        indexes = [
            models.Index(fields=["name"], name="track_name"),
            models.Index(fields=["mmsi"], name="track_mmsi"),
        ]


class HistoryBlob(Labelled):
    """The readings of one area, kind and minute as fixed-width columns (engine.history)."""

    kind = models.CharField(max_length=40)
    minute = models.BigIntegerField()
    blob = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["area", "kind", "minute"], name="history_minute")]


class FleetSnapshot(Labelled):
    """The fleet of one area and picture when its last minute was closed, after `position` of the outbox."""

    picture = models.CharField(max_length=8, choices=PICTURES)
    position = models.BigIntegerField()
    blob = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["area", "picture"], name="fleet_of_area")]


class StandingCondition(Labelled):
    """A condition that was raised and not cleared: written with the event that says so."""

    picture = models.CharField(max_length=8, choices=PICTURES)
    key = models.CharField(max_length=200)
    type = models.CharField(max_length=40)
    raised_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["area", "picture", "key"], name="condition_stands_once")]


BLOBS = """SELECT minute, blob FROM detection_historyblob
    WHERE area = %s AND kind = %s AND minute >= %s AND minute < %s ORDER BY minute"""


class Blobs:
    """The `BlobStore` of engine.history on these models."""

    def __init__(self, *, owner: str = "port2port", purpose: str = "isps") -> None:
        self._label = {"owner": owner, "purpose": purpose}

    def put(self, area: str, kind: str, minute: int, blob: bytes) -> None:
        """Keep a blob, in place of an earlier one of the same minute."""
        HistoryBlob.objects.update_or_create(
            area=area, kind=kind, minute=minute, defaults={"blob": blob, **self._label}
        )

    def blobs(self, area: str, kind: str, first: int, beyond: int) -> Iterator[tuple[int, bytes]]:
        """Give minute and blob of `first <= minute < beyond`, in the order of time."""
        values = [area, kind, first, beyond]
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            path = Path(connection.settings_dict["NAME"])
            yield from READER.ask(path, BLOBS.replace("%s", "?"), values)
            return
        with connection.cursor() as cursor:
            cursor.execute(BLOBS, values)
            yield from cursor  # Django's own iterator would hold the blobs of a whole day at once
