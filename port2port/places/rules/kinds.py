"""The vocabulary of places: kinds as enums, facts as strict structs.

Site kinds: Belgian Navigation Code 2.5.2.3, .27, .28, .46/1-22 and .63 (the port itself is `Port`).

>>> msgspec.convert({"nl": "Dok", "fr": "Bassin", "de": "Dock"}, Text)
Traceback (most recent call last):
...
msgspec.ValidationError: Object missing required field `en`
"""

from enum import StrEnum
from typing import Annotated

import msgspec

AREAS = ("antwerp", "brussels", "charleroi", "genk", "ghent", "hasselt", "liege", "ostend", "zeebrugge")
"""The nine areas of a local committee (LCMB); a tenth would be a change of the law."""

LEVELS = (1, 2, 3)
"""Security levels of ISPS A/2.1.9-11; 1 holds unless the national authority says otherwise (CN 2.5.2.25)."""

Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Words = Annotated[str, msgspec.Meta(pattern=r"\S", max_length=120)]
Knots = Annotated[float, msgspec.Meta(gt=0, le=60)]
Metres = Annotated[float, msgspec.Meta(gt=0, le=12000)]


class SiteKind(StrEnum):
    """The six kinds of site of the law; only a port facility has a category."""

    PORT = "port"
    PORT_FACILITY = "port_facility"
    OCCASIONAL_FACILITY = "occasional_facility"
    INLAND_TERMINAL = "inland_terminal"
    UNIT_WITH_IMPACT = "unit_with_impact"
    SEA_WORKS = "sea_works"


class ZoneKind(StrEnum):
    """What a zone is for."""

    RESTRICTED = "restricted"
    FAIRWAY = "fairway"
    DOCK = "dock"
    ANCHORAGE = "anchorage"
    NO_FLY = "no_fly"
    NOTIFICATION = "notification"


class GateKind(StrEnum):
    """Who passes a gate."""

    VEHICLE = "vehicle"
    PEDESTRIAN = "pedestrian"
    RAIL = "rail"
    WATER = "water"


class WaterKind(StrEnum):
    """What a sheet of water is."""

    RIVER = "river"
    CANAL = "canal"
    DOCK = "dock"
    LOCK = "lock"
    HARBOUR = "harbour"
    LAKE = "lake"


class WorkKind(StrEnum):
    """What people built along or across the water."""

    QUAY = "quay"
    BREAKWATER = "breakwater"
    JETTY = "jetty"
    BRIDGE = "bridge"
    ROAD = "road"
    RAILWAY = "railway"


class LabelKind(StrEnum):
    """A name on the map that belongs to no shape of its own."""

    CITY = "city"
    TOWN = "town"
    SEA = "sea"


class Traffic(StrEnum):
    """Which craft sail a route."""

    SEA_SHIP = "sea_ship"
    COASTER = "coaster"
    BARGE = "barge"
    TUG = "tug"
    PILOT = "pilot"
    FISHING = "fishing"
    FERRY = "ferry"
    POLICE = "police"
    PLEASURE = "pleasure"


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text people read, in the four languages."""

    nl: Words
    fr: Words
    de: Words
    en: Words

    def in_language(self, language: str) -> str:
        """Give the text in a language; an unknown one reads English."""
        return str(getattr(self, language, self.en))


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Facts of a place: an unknown or misspelt fact is a fault."""


class FacilityFacts(Strict, frozen=True):
    """A site under the law; `category` 1 is goods, 2 passengers (CN 2.5.2.27)."""

    kind: SiteKind
    name: Text
    owner: Slug
    category: int | None = None
    cargo: list[Slug] = []


class ZoneRules(Strict, frozen=True):
    """What holds in a zone, beyond its speed."""

    no_entry: bool = False
    no_anchoring: bool = False
    report_on_entry: bool = False
    ceiling_m: Metres | None = None


class ZoneFacts(Strict, frozen=True):
    """A zone on the water or above it."""

    kind: ZoneKind
    name: Text
    max_speed_knots: Knots | None = None
    rules: ZoneRules = ZoneRules()


class FenceFacts(Strict, frozen=True):
    """A stretch of fence of a facility."""

    facility: Slug
    height_m: Metres
    detects: bool = False


class GateFacts(Strict, frozen=True):
    """A gate in a fence of a facility."""

    kind: GateKind
    facility: Slug
    name: Text


class WaterFacts(Strict, frozen=True):
    """A sheet of water with its real name."""

    kind: WaterKind
    name: Text


class WorkFacts(Strict, frozen=True):
    """A quay, breakwater, bridge or road; most have no name on the map."""

    kind: WorkKind
    name: Text | None = None


class RouteFacts(Strict, frozen=True):
    """A line ships sail, drawn in the direction it is sailed first."""

    name: Text
    traffic: list[Traffic]
    speed_knots: Knots


class LabelFacts(Strict, frozen=True):
    """A name standing by itself."""

    kind: LabelKind
    name: Text
