"""What a place is, and when a folder of places is sound.

>>> Text(nl="Schelde", fr="Escaut", de="Schelde", en="Scheldt").in_language("fr")
'Escaut'
>>> SiteKind("inland_terminal").value
'inland_terminal'
"""

from port2port.places.rules.kinds import (
    AREAS,
    LEVELS,
    GateKind,
    LabelKind,
    SiteKind,
    Text,
    WaterKind,
    WorkKind,
    ZoneKind,
)
from port2port.places.rules.packs import (
    Committees,
    Pack,
    Place,
    check_together,
    read_committees,
    read_pack,
)
from port2port.places.rules.problems import BadPlaces, Problem
from port2port.places.rules.scenes import label_spot, leg_speeds, shorelines

__all__ = [
    "AREAS",
    "LEVELS",
    "BadPlaces",
    "Committees",
    "GateKind",
    "LabelKind",
    "Pack",
    "Place",
    "Problem",
    "SiteKind",
    "Text",
    "WaterKind",
    "WorkKind",
    "ZoneKind",
    "check_together",
    "label_spot",
    "leg_speeds",
    "read_committees",
    "read_pack",
    "shorelines",
]
