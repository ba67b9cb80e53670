"""Pictures drawn in another process, put together from what it flashes: for a `web` without its own detection."""

import threading
from typing import Any

import msgspec

Rows = dict[int, tuple[Any, ...]]
COLUMNS = ("n", "lat", "lon", "sog", "cog", "heading", "flags", "seen")


class _Picture:
    """The last known row of every track of one area and picture."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.names: dict[str, Any] = {}
        self.at_ms = 0

    def take(self, body: dict[str, Any]) -> None:
        """Lay a change over what is known; a full picture replaces it."""
        if body["full"]:
            self.rows, self.names = {}, {}
        for row in zip(*(body[column] for column in COLUMNS), strict=True):
            self.rows[row[0]] = row
        self.names |= body["names"]
        for number in body["gone"]:
            self.rows.pop(number, None)
            self.names.pop(str(number), None)
        self.at_ms = body["at_ms"]

    def whole(self, area: str, picture: str) -> bytes:
        """Write it all as one full `tracks` message."""
        columns = list(zip(*self.rows.values(), strict=True)) or [()] * len(COLUMNS)
        facts = {
            "area": area,
            "picture": picture,
            "full": True,
            "at_ms": self.at_ms,
            "names": self.names,
            "gone": [],
        }
        return msgspec.json.encode(facts | {"names": self.names} | dict(zip(COLUMNS, columns, strict=True)))


class DistantPictures:
    """Listens to `tracks` messages and can give each area's pictures whole."""

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, str], _Picture] = {}
        self._lock = threading.Lock()

    def take(self, body: bytes) -> None:
        """Take one `tracks` message."""
        read = msgspec.json.decode(body)
        with self._lock:
            self._pictures.setdefault((read["area"], read["picture"]), _Picture()).take(read)

    def snapshot(self, area: str) -> list[bytes]:
        """Give every picture of an area."""
        with self._lock:
            return [kept.whole(area, picture) for (where, picture), kept in self._pictures.items() if where == area]
