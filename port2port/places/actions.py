"""Do: load folders of places, record the security level."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from port2port.places.events import PlacesChanged, SecurityLevelChanged
from port2port.places.models import (
    Committee,
    Edition,
    Facility,
    Fence,
    Gate,
    Landmark,
    Place,
    Port,
    Route,
    SecurityLevel,
    Water,
    Work,
    Zone,
)
from port2port.places.queries import area_of_place, latest_editions, security_level
from port2port.places.rules import LEVELS, BadPlaces, Pack, Problem, check_together, read_committees, read_pack
from port2port.places.rules import Place as Drawn
from port2port.places.rules.packs import CommitteeFacts, folder_of_committee
from port2port.rights.actions import action, told
from port2port.rights.rules import Actor, NotYours, Refused

PORTS = Path(__file__).parent / "ports"
PURPOSE = "isps"
PUBLIC, KEPT = "clear", "amber"

LAYER_MODELS: dict[str, type[Place]] = {
    "facilities": Facility, "zones": Zone, "fences": Fence, "gates": Gate, "water": Water, "works": Work,
    "routes": Route, "labels": Landmark,
}  # fmt: skip
PUBLIC_LAYERS = frozenset({"water", "works", "routes", "labels"})


class NoSuchLevel(Refused):
    """A security level is 1, 2 or 3."""


class NoSuchPlace(Refused):
    """The level must stand for an area, a port or a site that exists."""


class Change(NamedTuple):
    """A folder that differs from what was last loaded."""

    version: int
    source: Pack


def load_ports(path: Path = PORTS, *, by: Actor, at: datetime) -> list[Edition]:
    """Load all folders under a path; give the new editions, none where nothing changed.

    Everything is checked before anything is written, and all that changed is one act.
    Raises BadPlaces with every fault, NotYours without the right.
    """
    if not by.may("places.load"):
        raise NotYours("not_your_right", right="places.load")
    packs = read_folders(path)
    versions = latest_editions()
    changes = [
        Change(last[0] + 1, pack)
        for pack in packs
        if (last := versions.get(pack.folder, (0, "")))[1] != pack.digest
    ]
    return publish_editions(changes=changes, by=by, at=at) if changes else []


def read_folders(path: Path) -> list[Pack]:
    """Read and check everything under a path, committees first; raises BadPlaces with every fault."""
    if not (path / "committees.yaml").is_file():
        raise BadPlaces([Problem(str(path), "committees.yaml", "is missing")])
    committees = read_committees((path / "committees.yaml").read_bytes())
    problems: list[Problem] = []
    packs = [folder_of_committee(slug, facts) for slug, facts in committees.items()]
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir()):
        try:
            packs.append(read_pack(folder.name, {file.name: file.read_bytes() for file in folder.iterdir()}))
        except BadPlaces as bad:
            problems += bad.problems
    if problems:
        raise BadPlaces(problems)
    check_together(committees, packs)
    return packs


@action("places.load")
def publish_editions(*, changes: Sequence[Change], by: Actor, at: datetime) -> list[Edition]:
    """Put every changed folder in its next version."""
    return [_publish(change.source, change.version, by=by, at=at) for change in changes]


@action("places.load")
def record_security_level(*, place: str, level: int, reference: str, by: Actor, at: datetime) -> SecurityLevel:
    """Record the level the national authority set for an area, a port or a site (CN 2.5.2.25, .29)."""
    area = area_of_place(place)
    if area is None:
        raise NoSuchPlace("no_such_place", place=place)
    if level not in LEVELS:
        raise NoSuchLevel("no_such_level", level=level)
    was = security_level(area, place=place)
    label = {"area": area, "owner": "namb", "purpose": PURPOSE, "tlp": KEPT}
    facts = {"level": level, "since": at, "reference": reference, **label}
    row, _ = SecurityLevel.objects.update_or_create(place=place, defaults=facts)
    change = SecurityLevelChanged(area=area, place=place, level=level, was=was, reference=reference)
    return told(row, change, by=by, at=at)


def _publish(pack: Pack, version: int, *, by: Actor, at: datetime) -> Edition:
    edition = Edition.objects.create(
        key=f"{pack.folder}@{version}", folder=pack.folder, version=version, digest=pack.digest,
        texts=dict(pack.texts), loaded_at=at, loaded_by=by.id, **_label(pack, tlp=KEPT),
    )  # fmt: skip
    counts = (
        _place_committee(edition, pack.committee, pack) if pack.committee else _place_port(edition, pack, at=at)
    )
    change = PlacesChanged(area=pack.area, folder=pack.folder, version=version, counts=counts)
    return told(edition, change, by=by, at=at)


def _place_committee(edition: Edition, facts: CommitteeFacts, pack: Pack) -> dict[str, int]:
    columns = msgspec.to_builtins(facts) | {"edition": edition} | _label(pack, tlp=PUBLIC)
    Committee.objects.update_or_create(key=pack.area, defaults=columns)
    return {"committees": 1}


def _place_port(edition: Edition, pack: Pack, *, at: datetime) -> dict[str, int]:
    facts = msgspec.to_builtins(pack.manifest)
    if pack.manifest.code:
        columns = {name: facts.pop(name) for name in ("name", "bounds", "view")}
        owned = {"committee_id": pack.area, "edition": edition, "facts": facts, **_label(pack, tlp=PUBLIC)}
        Port.objects.update_or_create(key=pack.manifest.code, defaults=columns | owned)
    return {
        name: _place_layer(LAYER_MODELS[name], edition, pack, pack.layers[name], at=at) for name in LAYER_MODELS
    }


def _place_layer(model: type[Place], edition: Edition, pack: Pack, drawn: Sequence[Drawn], *, at: datetime) -> int:
    """Write the places of one layer and retire those of earlier editions that are gone."""
    public = model in {LAYER_MODELS[name] for name in PUBLIC_LAYERS}
    fixed = {"edition": edition, "retired_at": None, **_label(pack, tlp=PUBLIC if public else KEPT)}
    rows = [model(key=place.key, **(fixed | _columns(model, place, pack))) for place in drawn]
    columns = [field.name for field in model._meta.fields if not field.primary_key]
    model.objects.bulk_create(rows, update_conflicts=True, unique_fields=["key"], update_fields=columns)
    earlier = model.objects.filter(edition__folder=pack.folder, retired_at=None).exclude(edition=edition)
    earlier.update(retired_at=at)
    return len(rows)


def _columns(model: type[Place], place: Drawn, pack: Pack) -> dict[str, Any]:
    """Say what of a drawn place goes in which column."""
    facts: dict[str, Any] = msgspec.to_builtins(place.facts)
    facts["name"] = facts.get("name") or {}
    if model in (Gate, Landmark):
        facts |= {"lat": place.shape.y, "lon": place.shape.x}
    else:
        facts["shape"] = place.geometry
    if "facility" in facts:
        facts["facility_id"] = facts.pop("facility")
    if model is Facility:
        facts |= {"committee_id": pack.area, "port_id": pack.manifest.code}
    return facts


def _label(pack: Pack, *, tlp: str) -> Mapping[str, str]:
    return {"area": pack.area, "owner": pack.manifest.owner, "purpose": PURPOSE, "tlp": tlp}
