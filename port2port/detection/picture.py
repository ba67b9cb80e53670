"""The picture of each area, once a second: what changed, serialised once, given to whoever listens.

The shape is that of the stream's `tracks` message. Values are absolute, so a picture that comes twice or late does
no harm; a full one replaces all.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np

from port2port.detection.rules.fleet import Fleet
from port2port.detection.rules.lookout import Lookout
from port2port.detection.rules.reports import DEGREE, NO_LAT, Column

log = logging.getLogger(__name__)
Listener = Callable[[str, bytes], None]
DECIMALS = 5  # of a degree: about a metre, finer than any AIS position


def draw(fleet: Fleet, rows: Column, named: Column, *, at_ms: int, full: bool, gone: list[int]) -> bytes:
    """Write rows of a fleet as a `tracks` message; rows that have no place yet are left out."""
    rows = rows[fleet["lat"][rows] != NO_LAT]
    named = named[fleet["lat"][named] != NO_LAT]
    return msgspec.json.encode({
        "area": fleet.area, "picture": fleet.picture, "full": full, "at_ms": at_ms,
        "n": fleet["number"][rows].tolist(),
        "lat": np.round(fleet["lat"][rows] / DEGREE, DECIMALS).tolist(),
        "lon": np.round(fleet["lon"][rows] / DEGREE, DECIMALS).tolist(),
        "sog": fleet["sog"][rows].tolist(),
        "cog": fleet["cog"][rows].tolist(),
        "heading": fleet["heading"][rows].tolist(),
        "flags": fleet["flags"][rows].tolist(),
        "seen": (fleet["seen_ms"][rows] // 1000).tolist(),
        "names": names_of(fleet, named),
        "gone": gone,
    })  # fmt: skip


def names_of(fleet: Fleet, rows: Column) -> dict[str, list[str | int]]:
    """Give what labels need, by track number: track, mmsi, name, ship type, length in metres, call sign."""
    hexes = fleet["id"][rows].tobytes().hex()
    ids = [_dashed(hexes[at : at + 32]) for at in range(0, len(hexes), 32)]
    texts = [[text.decode("ascii", "replace") for text in fleet[n][rows].tolist()] for n in ("name", "callsign")]
    length_m = fleet["bow"][rows] + fleet["stern"][rows]
    columns = (ids, fleet["mmsi"][rows].tolist(), texts[0], fleet["ship_type"][rows].tolist(), length_m.tolist())
    labels = zip(*columns, texts[1], strict=True)
    numbers = fleet["number"][rows].tolist()
    return {str(number): list(label) for number, label in zip(numbers, labels, strict=True)}


def _dashed(digits: str) -> str:
    """Write 32 digits as a UUID is written; making the object costs five times as much."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class Hub:
    """Where the worker puts its lookouts, and the stream finds their pictures; safe from any thread."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._lookouts: dict[tuple[str, str], Lookout] = {}
        self._listeners: list[Listener] = []
        self._whole: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._drawn_ms = 0
        self.worker: Any = None  # who draws here, and knows the feeds and the open minute

    def place(self, lookout: Lookout) -> None:
        """Show the lookout of an area and picture."""
        with self.lock:
            self._lookouts[(lookout.area, lookout.picture)] = lookout

    def clear(self) -> None:
        """Show nothing any more, when the worker has stopped."""
        with self.lock:
            self._lookouts.clear()
            self._whole.clear()
            self.worker = None

    def lookout(self, area: str, picture: str) -> Lookout | None:
        """Find the lookout of an area and picture; hold `lock` while reading it."""
        return self._lookouts.get((area, picture))

    def lookouts(self) -> list[Lookout]:
        """List every lookout; hold `lock` while reading them."""
        return list(self._lookouts.values())

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call back with (area, JSON) at each picture, from the worker's thread; give the function that ends it."""
        with self.lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self.lock:
                self._listeners.remove(listener)

        return stop

    def snapshot(self, area: str, picture: str = "live") -> bytes:
        """Give the whole picture of an area as JSON, drawn at most once a second however many ask."""
        with self.lock:
            kept = self._whole.get((area, picture))
            if kept is None or kept[0] != self._drawn_ms:
                kept = (self._drawn_ms, self._draw_whole(area, picture))
                self._whole[(area, picture)] = kept
            return kept[1]

    def pictures(self, area: str) -> list[str]:
        """List the pictures an area has, the live one always."""
        with self.lock:
            return ["live", *sorted(p for a, p in self._lookouts if a == area and p != "live")]

    def _draw_whole(self, area: str, picture: str) -> bytes:
        lookout = self._lookouts.get((area, picture))
        if lookout is None:
            nothing = Fleet(area, identify=_nobody, picture=picture)
            return draw(nothing, EMPTY, EMPTY, at_ms=self._drawn_ms, full=True, gone=[])
        rows = lookout.fleet.living()
        return draw(lookout.fleet, rows, rows, at_ms=self._drawn_ms, full=True, gone=[])

    def give(self, now_ms: int) -> None:
        """Draw what changed in every area and give it to the listeners; an area without a change is silent."""
        with self.lock:
            self._drawn_ms = now_ms
            drawn = [(lookout.area, body) for lookout in self.lookouts() if (body := _changes(lookout, now_ms))]
            listeners = list(self._listeners)
        for area, body in drawn:
            _tell(listeners, area, body)


EMPTY = np.zeros(0, "i8")


def _changes(lookout: Lookout, now_ms: int) -> bytes | None:
    rows, named = np.flatnonzero(lookout.changes.touched), np.flatnonzero(lookout.changes.named)
    gone, lookout.changes.gone = lookout.changes.gone, []
    if not (len(rows) or gone):
        return None
    lookout.changes.touched[rows] = False
    lookout.changes.named[named] = False
    return draw(lookout.fleet, rows, named, at_ms=now_ms, full=False, gone=gone)


def _tell(listeners: Iterable[Listener], area: str, body: bytes) -> None:
    for listener in listeners:
        try:
            listener(area, body)
        except Exception:
            log.exception("a listener could not take the picture of %s", area)


def _nobody(mmsi: Column) -> tuple[Column, list[Any]]:
    raise LookupError("an empty picture has no tracks")


HUB = Hub()
