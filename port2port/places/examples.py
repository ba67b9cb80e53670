"""Plausible places for the tests of this room and of the rooms above."""

from datetime import datetime
from typing import Any

from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from port2port.places.actions import load_ports
from port2port.places.models import Edition, Zone
from port2port.places.rules import AREAS
from port2port.rights.rules import service

NAMES = {"nl": "Proefzone", "fr": "Zone d’essai", "de": "Probezone", "en": "Trial zone"}


def ports_loaded(*, at: datetime) -> list[Edition]:
    """Load the ports as they are shipped."""
    return load_ports(by=service("places", frozenset(AREAS)), at=at)


def a_zone(polygon: BaseGeometry, *, at: datetime, key: str = "trial-zone", **facts: Any) -> Zone:
    """Put a zone in the sea without a folder; a restricted one in Antwerp unless told otherwise.

    `polygon` is in lon, lat degrees; `facts` are columns of the zone.
    """
    label = {"area": facts.pop("area", "antwerp"), "owner": "trial", "purpose": "isps"}
    first = {"folder": key, "version": 1, "digest": "", "texts": {}, "loaded_at": at, "loaded_by": "trial"}
    edition, _ = Edition.objects.get_or_create(key=f"{key}@1", defaults=first | label)
    columns = {"kind": "restricted", "name": NAMES, "rules": {"no_entry": True}} | facts
    return Zone.objects.create(key=key, edition=edition, shape=mapping(polygon), **columns, **label)
