"""The posts: a lookout for every area and picture, with the label it publishes under and the zones it watches."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from django.db import close_old_connections

from port2port.detection import actions
from port2port.detection.actions import Whose
from port2port.detection.freezing import Kept, thaw
from port2port.detection.models import FleetSnapshot
from port2port.detection.picture import Hub
from port2port.detection.rules.fleet import Identify
from port2port.detection.rules.lookout import REPLAY, Lookout
from port2port.detection.rules.reports import Column
from port2port.detection.rules.zones import ZoneRule, rules_of
from port2port.engine.events import Label, Origin
from port2port.places.queries import zones_for

log = logging.getLogger(__name__)
LoadZones = Callable[[str], list[ZoneRule]]


@dataclass(slots=True)
class Post:
    """A lookout with what is needed to publish for it."""

    lookout: Lookout
    whose: Whose
    zones_known: bool = False


class Posts:
    """Made as sentences come in: the first of an area and picture opens its post."""

    def __init__(self, hub: Hub, load_zones: LoadZones) -> None:
        self._hub, self._load_zones = hub, load_zones
        self._posts: dict[tuple[str, str], Post] = {}

    def __iter__(self) -> Iterator[Post]:
        return iter(self._posts.values())

    def of(self, picture: str, label: Label, origin: Origin) -> Post:
        """Give the post of an area and picture, under the label it was last heard with."""
        post = self._posts.get((label.area, picture))
        if post is None:
            post = Post(
                Lookout(label.area, picture, identify=_identifier(picture, label)), Whose(picture, origin, label)
            )
            self._posts[(label.area, picture)] = post
            self.set_zones(post)
            self._hub.place(post.lookout)
        post.whose = Whose(picture, origin, label)
        return post

    def take_up(self, row: FleetSnapshot, origin: Origin) -> None:
        """Open a post with the fleet as it was kept; one that cannot be read is built anew from what comes."""
        label = Label(row.area, row.owner, row.purpose, row.tlp, row.clearance)
        post = self.of(row.picture, label, Origin.REPLAY if row.picture == REPLAY else origin)
        try:
            post.lookout.thaw(thaw(bytes(row.blob)))
        except (msgspec.MsgspecError, ValueError, KeyError, TypeError):
            log.exception("the kept fleet of %s cannot be read; it is built anew from what comes", row.area)
            self._posts.pop((row.area, row.picture))

    def frozen(self) -> dict[tuple[str, str], tuple[Label, Kept]]:
        """Copy every fleet, to be kept over a restart."""
        return {place: (post.whose.label, post.lookout.frozen()) for place, post in self._posts.items()}

    def set_zones(self, post: Post) -> None:
        """Read the zones of a post; where that fails, what it knew goes on, and it is tried again."""
        try:
            post.lookout.set_zones(self._load_zones(post.lookout.area))
            post.zones_known = True
        except Exception:
            log.exception("the zones of %s cannot be read; ships are still followed", post.lookout.area)
            post.zones_known = False
            close_old_connections()


def load_zones(area: str) -> list[ZoneRule]:
    """Read the zones of an area; one with an unusable shape is left out and named in the log."""
    kept, broken = rules_of(zones_for([area]))
    for key in broken:
        log.error("zone %s of %s has no usable shape and is not watched", key, area)
    return kept


def _identifier(picture: str, label: Label) -> Identify:
    def identify(mmsi: Column) -> tuple[Column, list[Any]]:
        named = actions.name_tracks([int(number) for number in mmsi], picture=picture, label=label)
        return np.array([number for number, _ in named], "u4"), [track for _, track in named]

    return identify
