"""From events to reports: the lines of each feed are decoded together, and told apart by area and picture."""

import logging
from dataclasses import dataclass, field

import msgspec

from port2port.detection.events import SentencesReceived
from port2port.detection.rules.lookout import REPLAY
from port2port.detection.rules.reports import Reports
from port2port.detection.sensors.ais.reader import Reader
from port2port.engine.events import Event, Label, Origin

log = logging.getLogger(__name__)
Spot = tuple[str, str]  # area, picture


@dataclass(slots=True)
class Told:
    """What one stretch of events said of one area and picture; `timed` goes to history only."""

    label: Label
    origin: Origin
    reports: list[Reports] = field(default_factory=list)
    timed: list[Reports] = field(default_factory=list)


@dataclass(slots=True)
class Bundle:
    """Events of one feed, in the order they came."""

    label: Label
    origin: Origin
    feed: str
    keeps_times: bool
    pieces: list[tuple[bytes, int]] = field(default_factory=list)

    @property
    def picture(self) -> str:
        """Tell in which picture it shows: a replay has its own."""
        return REPLAY if self.origin is Origin.REPLAY else "live"


def bundles_of(events: list[Event]) -> list[Bundle]:
    """Gather the lines of each feed."""
    bundles: dict[tuple[object, ...], Bundle] = {}
    for event in events:
        try:
            body = event.body(SentencesReceived)
        except msgspec.MsgspecError:
            log.error("event %s at position %d is not readable and was passed over", event.id, event.position)
            continue
        key = (event.area, event.origin, body.feed, body.keeps_times)
        bundle = bundles.setdefault(key, Bundle(event.label, event.origin, body.feed, body.keeps_times))
        bundle.label = event.label
        bundle.pieces.append((body.raw, received_ms(event)))
    return list(bundles.values())


class Readers:
    """A reader for each feed and picture: parts of a message are joined within a feed, never across."""

    def __init__(self) -> None:
        self._readers: dict[tuple[str, str], Reader] = {}

    def read(self, bundles: list[Bundle]) -> dict[Spot, Told]:
        """Decode bundles, in the order they came."""
        found: dict[Spot, Told] = {}
        for bundle in bundles:
            reader = self._readers.setdefault((bundle.picture, bundle.feed), Reader())
            reports = reader.read(bundle.pieces, keeps_times=bundle.keeps_times)
            told = found.setdefault((bundle.label.area, bundle.picture), Told(bundle.label, bundle.origin))
            told.label, told.origin = bundle.label, bundle.origin
            (told.timed if bundle.keeps_times else told.reports).append(reports)
        return found


def received_ms(event: Event) -> int:
    """Tell when an event was received, in ms since 1970."""
    return int(event.occurred_at.timestamp() * 1000)
