"""The open minute: positions not yet written as history, found in the outbox again after a kill."""

from collections.abc import Mapping

import numpy as np

from port2port.detection.rules.reports import Column
from port2port.engine.history.blobs import MINUTE_MS

Place = tuple[str, str, int]
SET_BACK_MINUTES = 2  # an event this much earlier than the open minute: somebody set the clock back


class OpenMinute:
    """Gathers columns by area, kind and minute; `minute` (since 1970) is the one that live positions go to."""

    def __init__(self) -> None:
        self.minute = 0
        self._gathered: dict[Place, list[Mapping[str, Column]]] = {}

    def ends_before(self, at_ms: int) -> bool:
        """Tell whether a moment lies in another minute; one that came a little late still belongs to this one."""
        minute = at_ms // MINUTE_MS
        return bool(self.minute) and (minute > self.minute or minute <= self.minute - SET_BACK_MINUTES)

    def begin(self, at_ms: int) -> None:
        """Open the minute of a moment."""
        self.minute = at_ms // MINUTE_MS

    def add(self, area: str, kind: str, columns: Mapping[str, Column]) -> None:
        """Add positions of the open minute."""
        if len(columns["at_ms"]):
            within = np.clip(columns["at_ms"] - self.minute * MINUTE_MS, 0, MINUTE_MS - 1)
            self._add((area, kind, self.minute), columns, within)

    def add_as_timed(self, area: str, kind: str, columns: Mapping[str, Column]) -> None:
        """Add positions of whatever minutes their own times say."""
        minutes = columns["at_ms"] // MINUTE_MS
        for minute in np.unique(minutes).tolist():
            rows = minutes == minute
            some = {name: column[rows] for name, column in columns.items()}
            self._add((area, kind, minute), some, some["at_ms"] % MINUTE_MS)

    def _add(self, place: Place, columns: Mapping[str, Column], within_ms: Column) -> None:
        kept = {name: column for name, column in columns.items() if name != "at_ms"}
        self._gathered.setdefault(place, []).append({"t_ms": within_ms.astype("u4"), **kept})

    def columns(self) -> dict[Place, dict[str, Column]]:
        """Give what was gathered, joined."""
        return {place: _joined(tables) for place, tables in self._gathered.items()}

    def of(self, area: str, kind: str) -> tuple[int, dict[str, Column]]:
        """Give the open minute and its positions of one area and kind; no columns where there are none."""
        tables = self._gathered.get((area, kind, self.minute))
        return self.minute, _joined(tables) if tables else {}

    def clear(self) -> None:
        """Forget what has been written."""
        self._gathered.clear()


def _joined(tables: list[Mapping[str, Column]]) -> dict[str, Column]:
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
