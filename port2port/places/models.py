"""Where everything stands: committees, ports, sites, zones, fences, gates, water, and the level that holds.

Every place has a stable key from the data. A place that is gone from the data is retired, never deleted: an old
alarm still finds the zone it spoke of. Geometry is GeoJSON (lon, lat); no database extension is needed.
"""

from django.db import models
from django.db.models import Q

from port2port.places.rules import LEVELS, GateKind, LabelKind, SiteKind, WaterKind, WorkKind, ZoneKind
from port2port.rights.models import Labelled


class Edition(Labelled):
    """One version of one folder; its texts never change, they are followed by the next version."""

    key = models.CharField(max_length=80, primary_key=True)
    folder = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    texts = models.JSONField()
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["folder", "version"], name="edition_once")]


class Place(Labelled):
    """What every place has: a key, a name in four languages, the edition it stands in."""

    key = models.CharField(max_length=80, primary_key=True)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    name = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.key


class Committee(Place):
    """A local committee for maritime security (LCMB); its key is the slug of the area."""

    languages = models.JSONField(default=list)
    bounds = models.JSONField()
    view = models.JSONField()


class Port(Place):
    """A port; its key is the UN/LOCODE."""

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="+")
    facts = models.JSONField()
    bounds = models.JSONField()
    view = models.JSONField()


class Facility(Place):
    """A site under the law, of one of its six kinds; in Limburg it has a committee and no port."""

    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="+")
    port = models.ForeignKey(Port, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=24, choices=[(kind.value, kind.value) for kind in SiteKind])
    category = models.PositiveSmallIntegerField(null=True)
    cargo = models.JSONField(default=list)
    shape = models.JSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(SiteKind)), name="facility_kind"),
            models.CheckConstraint(
                condition=Q(kind=SiteKind.PORT_FACILITY, category__in=(1, 2), category__isnull=False)
                | (~Q(kind=SiteKind.PORT_FACILITY) & Q(category__isnull=True)),
                name="facility_category",
            ),
        ]


class Zone(Place):
    """A zone on the water or above it; `shape` is a Polygon or MultiPolygon."""

    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ZoneKind])
    max_speed_knots = models.FloatField(null=True)
    rules = models.JSONField(default=dict)
    shape = models.JSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(ZoneKind)), name="zone_kind"),
            models.CheckConstraint(
                condition=Q(max_speed_knots__isnull=True) | Q(max_speed_knots__gt=0), name="zone_speed"
            ),
        ]


class Fence(Place):
    """A stretch of fence (LineString) of a facility."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="+")
    height_m = models.FloatField()
    detects = models.BooleanField(default=False)
    shape = models.JSONField()


class Gate(Place):
    """A gate in a fence."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in GateKind])
    lat = models.FloatField()
    lon = models.FloatField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=list(GateKind)), name="gate_kind")]


class Water(Place):
    """A dock, river, canal, lock or harbour, under its real name."""

    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in WaterKind])
    shape = models.JSONField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=list(WaterKind)), name="water_kind")]


class Work(Place):
    """A quay, breakwater, bridge or road (lines)."""

    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in WorkKind])
    shape = models.JSONField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=list(WorkKind)), name="work_kind")]


class Route(Place):
    """A line ships sail, in the direction it is drawn and back."""

    traffic = models.JSONField()
    speed_knots = models.FloatField()
    shape = models.JSONField()


class Landmark(Place):
    """A name on the map that has no shape of its own: a town, a sea."""

    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in LabelKind])
    lat = models.FloatField()
    lon = models.FloatField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=list(LabelKind)), name="landmark_kind")]


class SecurityLevel(Labelled):
    """The level that holds for an area, or for one port or site in it; where there is none, level 1 holds."""

    place = models.CharField(max_length=80, primary_key=True)
    level = models.PositiveSmallIntegerField()
    since = models.DateTimeField()
    reference = models.CharField(max_length=120)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(level__in=LEVELS), name="level_known")]
