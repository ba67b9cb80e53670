"""What happened to the places."""

import msgspec


class PlacesChanged(msgspec.Struct, frozen=True):
    """A folder of places has its next version; whoever holds zones or a scene of the area reads them again."""

    area: str
    folder: str
    version: int
    counts: dict[str, int]


class SecurityLevelChanged(msgspec.Struct, frozen=True):
    """The national authority set another security level for an area or a place in it."""

    area: str
    place: str
    level: int
    was: int
    reference: str
