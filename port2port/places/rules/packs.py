"""A pack: one folder of places, read and found sound.

A folder holds `port.yaml` (a port) or `committee.yaml` (sites under a committee that has no port), and layers as
GeoJSON feature collections. Every key starts with the folder's name, so keys stay unique over the country.

>>> read_pack("BEXXX", {"zones.geojson": b"{}"})
Traceback (most recent call last):
...
port2port.places.rules.problems.BadPlaces: BEXXX: port.yaml or committee.yaml: exactly one must be there
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import yaml
from shapely.geometry.base import BaseGeometry

from port2port.places.rules import kinds
from port2port.places.rules.checks import together
from port2port.places.rules.problems import BadPlaces, Problem
from port2port.places.rules.shapes import Bounds, check_bounds, read_shape

AREA_SHAPES = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class Layer:
    """What one file of a folder may hold."""

    facts: type[kinds.Strict]
    shapes: tuple[str, ...]


LAYERS: dict[str, Layer] = {
    "facilities": Layer(kinds.FacilityFacts, AREA_SHAPES),
    "zones": Layer(kinds.ZoneFacts, AREA_SHAPES),
    "fences": Layer(kinds.FenceFacts, ("LineString",)),
    "gates": Layer(kinds.GateFacts, ("Point",)),
    "water": Layer(kinds.WaterFacts, AREA_SHAPES),
    "works": Layer(kinds.WorkFacts, ("LineString", "MultiLineString")),
    "routes": Layer(kinds.RouteFacts, ("LineString",)),
    "labels": Layer(kinds.LabelFacts, ("Point",)),
}


class View(kinds.Strict, frozen=True):
    """Where the map opens."""

    lat: float
    lon: float
    zoom: Annotated[float, msgspec.Meta(ge=1, le=20)]


class Channel(kinds.Strict, frozen=True):
    """A VHF channel one calls on."""

    name: kinds.Text
    channel: Annotated[int, msgspec.Meta(ge=1, le=2099)]


class Night(kinds.Strict, frozen=True):
    """The hours that count as night, Brussels time."""

    start: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Manifest(kinds.Strict, frozen=True):
    """What `port.yaml` and `committee.yaml` say; `code` is the UN/LOCODE and only a port has one."""

    committee: kinds.Slug
    name: kinds.Text
    owner: kinds.Slug
    bounds: Bounds
    view: View
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    code: Annotated[str, msgspec.Meta(pattern=r"^BE[A-Z]{3}$")] | None = None
    languages: list[str] = []
    police: kinds.Text | None = None
    ordinance: kinds.Text | None = None
    vhf: list[Channel] = []
    night: Night = Night(start="22:00", end="06:00")


@dataclass(frozen=True, slots=True)
class Place:
    """One feature: its key, its facts, its geometry as GeoJSON and as a shape (lon, lat)."""

    key: str
    facts: Any
    geometry: dict[str, Any]
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Pack:
    """One folder, sound; `digest` changes when any byte of it does."""

    folder: str
    digest: str
    manifest: Manifest
    layers: Mapping[str, Sequence[Place]]
    texts: Mapping[str, str]
    committee: "CommitteeFacts | None" = None

    @property
    def area(self) -> str:
        """The committee the folder lies under."""
        return self.manifest.committee


class CommitteeFacts(kinds.Strict, frozen=True):
    """A local committee for maritime security (LCMB, CLSM): the object an area is."""

    name: kinds.Text
    bounds: Bounds
    view: View
    languages: list[str]


Committees = dict[str, CommitteeFacts]


def folder_of_committee(slug: str, facts: CommitteeFacts) -> Pack:
    """Make a pack of one committee, so that it has editions of its own like any folder."""
    text = msgspec.json.encode(facts)
    manifest = Manifest(
        committee=slug,
        name=facts.name,
        owner="namb",
        bounds=facts.bounds,
        view=facts.view,
        source="committees.yaml",
    )
    return Pack(f"committee:{slug}", _digest({slug: text}), manifest, {}, {slug: text.decode()}, facts)


def read_committees(content: bytes, *, file: str = "committees.yaml") -> Committees:
    """Read the committees; there must be exactly the nine of the country. Raises BadPlaces."""
    try:
        found = msgspec.convert(_yaml(content), dict[str, CommitteeFacts])
    except (ValueError, yaml.YAMLError) as error:
        raise BadPlaces([Problem(file, *_place_of(error))]) from error
    problems = [Problem(file, slug, "is missing") for slug in kinds.AREAS if slug not in found]
    others = [slug for slug in found if slug not in kinds.AREAS]
    problems += [Problem(file, slug, f"is not one of {', '.join(kinds.AREAS)}") for slug in others]
    problems += [
        Problem(file, f"{slug}.bounds", fault)
        for slug, facts in found.items()
        if (fault := check_bounds(facts.bounds))
    ]
    if problems:
        raise BadPlaces(problems)
    return found


def read_pack(folder: str, files: Mapping[str, bytes]) -> Pack:
    """Read the files of one folder; raises BadPlaces with every fault found."""
    head = [name for name in ("port.yaml", "committee.yaml") if name in files]
    if len(head) != 1:
        raise BadPlaces([Problem(folder, "port.yaml or committee.yaml", "exactly one must be there")])
    manifest = _manifest(folder, head[0], files[head[0]])
    problems: list[Problem] = []
    layers: dict[str, list[Place]] = {name: [] for name in LAYERS}
    for file in sorted(set(files) - set(head)):
        name = file.removesuffix(".geojson")
        if name not in LAYERS or not file.endswith(".geojson"):
            problems.append(Problem(f"{folder}/{file}", "file", "is not one the platform knows"))
            continue
        reader = _Reader(folder, file, manifest.bounds, problems.append)
        layers[name] = list(reader.places(files[file], LAYERS[name]))
    problems += together(folder, layers)
    if problems:
        raise BadPlaces(problems)
    return Pack(folder, _digest(files), manifest, layers, {n: b.decode() for n, b in files.items()})


def check_together(committees: Committees, packs: Sequence[Pack]) -> None:
    """Check what no folder can know alone: known committees, one folder a port. Raises BadPlaces."""
    problems = [
        Problem(pack.folder, "committee", f"{pack.area!r} is not one of {', '.join(sorted(committees))}")
        for pack in packs
        if pack.area not in committees
    ]
    seen: set[str] = set()
    for pack in packs:
        if pack.folder.lower() in seen:
            problems.append(Problem(pack.folder, "folder", "its keys would meet those of another folder"))
        seen.add(pack.folder.lower())
    if problems:
        raise BadPlaces(problems)


def _manifest(folder: str, file: str, content: bytes) -> Manifest:
    where = f"{folder}/{file}"
    try:
        manifest = msgspec.convert(_yaml(content), Manifest)
    except (ValueError, yaml.YAMLError) as error:
        raise BadPlaces([Problem(where, *_place_of(error))]) from error
    wanted = folder if file == "port.yaml" else None
    problems = []
    if manifest.code != wanted:
        problems.append(Problem(where, "code", f"must be {wanted or 'absent'}, like the name of the folder"))
    if fault := check_bounds(manifest.bounds):
        problems.append(Problem(where, "bounds", fault))
    if problems:
        raise BadPlaces(problems)
    return manifest


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one layer and reports its faults."""

    folder: str
    file: str
    bounds: Bounds
    report: Callable[[Problem], None]

    def places(self, content: bytes, layer: Layer) -> Iterator[Place]:
        """Give the sound features of a feature collection (RFC 7946, 3.3)."""
        features = self._features(content)
        seen: set[str] = set()
        for number, feature in enumerate(features):
            field = f"features[{number}]"
            if not isinstance(feature, dict) or feature.get("type") != "Feature":
                self._fault(field, "must be a Feature")
                continue
            key = self._key(field, feature.get("id"), seen)
            place = self._place(f"{field} ({key})", key, feature, layer) if key else None
            if place:
                yield place

    def _features(self, content: bytes) -> list[Any]:
        try:
            collection = msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._fault("file", f"is not JSON: {error}")
            return []
        kind = collection.get("type") if isinstance(collection, dict) else None
        features = collection.get("features") if kind == "FeatureCollection" else None
        if not isinstance(features, list):
            self._fault("file", "must be a FeatureCollection with a list of features")
            return []
        return features

    def _key(self, field: str, key: Any, seen: set[str]) -> str:
        start = self.folder.lower() + "-"
        try:
            msgspec.convert(key, kinds.Slug)
        except msgspec.ValidationError:
            return self._fault(f"{field}.id", "must be a short key of small letters, digits and hyphens")
        if not key.startswith(start):
            return self._fault(f"{field}.id", f"{key!r} must start with {start!r}")
        if key in seen:
            return self._fault(f"{field}.id", f"{key!r} is there twice")
        seen.add(key)
        return str(key)

    def _place(self, field: str, key: str, feature: dict[str, Any], layer: Layer) -> Place | None:
        facts = shape = None
        try:
            facts = msgspec.convert(feature.get("properties"), layer.facts)
        except msgspec.ValidationError as error:
            where, why = _place_of(error)
            self._fault(f"{field}.properties{'.' + where if where else ''}", why)
        try:
            shape = read_shape(feature.get("geometry"), layer.shapes, self.bounds)
        except ValueError as error:
            self._fault(f"{field}.geometry", str(error))
        if facts is None or shape is None:
            return None
        return Place(key, facts, feature["geometry"], shape)

    def _fault(self, field: str, reason: str) -> str:
        self.report(Problem(f"{self.folder}/{self.file}", field, reason))
        return ""


def _yaml(content: bytes) -> Any:
    return yaml.safe_load(content)


def _place_of(error: Exception) -> tuple[str, str]:
    """Split msgspec's message in the field it names and the reason."""
    reason, _, path = " ".join(str(error).split()).partition(" - at `")
    return path.rstrip("`").removeprefix("$").lstrip("."), reason


def _digest(files: Mapping[str, bytes]) -> str:
    mark = hashlib.sha256()
    for name in sorted(files):
        mark.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return mark.hexdigest()
