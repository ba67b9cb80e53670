"""The sensing half of a process: feeds in, the detection worker, and the pictures it flashes to every stream."""

import asyncio
from collections.abc import Callable
from datetime import UTC

import msgspec

from port2port.detection import hot as detection_hot
from port2port.detection.feeds import Feeds
from port2port.detection.picture import HUB
from port2port.detection.worker import Worker
from port2port.engine.bus import Bus
from port2port.engine.clock import REAL
from port2port.engine.events import Origin
from port2port.engine.journal import Journal
from port2port.project.config import Config
from port2port.rights.hot import HotRoute

Flash = Callable[[str, bytes], None]
HEALTH_S, WHOLE_EVERY_S = 1.0, 10


class Sensing:
    """Feeds and detection of one process, from `start` to `stop`."""

    def __init__(self, config: Config, bus: Bus, journal: Journal, *, distant: bool) -> None:
        origin = Origin.DEMO if config.demo else Origin.LIVE
        out = ("127.0.0.1", config.ais_out_port) if config.ais_out_port else None
        self._config, self._distant, self._journal = config, distant, journal
        self.feeds = Feeds(config.feeds, journal, origin=origin, out=out)
        self.worker = Worker(bus, feeds=config.feeds, origin=origin)
        self._unlisten: Callable[[], None] = lambda: None
        self._telling: asyncio.Task[None] | None = None

    def routes(self) -> list[HotRoute]:
        """Declare the hot endpoints of detection."""
        return detection_hot.routes(self.feeds, self._journal)

    def snapshot(self, area: str) -> list[bytes]:
        """Give every picture of an area, whole."""
        return [HUB.snapshot(area, picture) for picture in HUB.pictures(area)]

    async def start(self, *, flash: Flash) -> None:
        """Open the feeds, start the worker, and flash each picture as it is drawn."""
        self._unlisten = HUB.listen(lambda area, body: flash(f"tracks.{area}", body))
        self.worker.start()
        await self.feeds.start()
        self._telling = asyncio.create_task(self._tell(flash))

    async def stop(self) -> None:
        """Close the feeds first, then let the worker publish what it found."""
        if self._telling:
            self._telling.cancel()
        await self.feeds.stop()
        await asyncio.to_thread(self.worker.stop)
        self._unlisten()

    async def _tell(self, flash: Flash) -> None:
        """Flash the health of the feeds each second, and for distant pages each picture whole now and then."""
        second = 0
        while True:
            flash("health", msgspec.json.encode({"feeds": self.health()}))
            if self._distant and second % WHOLE_EVERY_S == 0:
                for area in sorted({feed.area for feed in self._config.feeds}):
                    for body in await asyncio.to_thread(self.snapshot, area):
                        flash(f"whole.{area}", body)
            second += 1
            await asyncio.sleep(HEALTH_S)

    def health(self) -> list[dict[str, object]]:
        """Tell how long ago each feed was heard; None where it never was."""
        now = REAL.now().astimezone(UTC)
        return [
            {
                "name": name,
                "area": intake.label.area,
                "age_s": None if intake.last_heard is None else round((now - intake.last_heard).total_seconds(), 1),
                "accepted": intake.accepted,
                "refused": sum(intake.refused.values()),
            }
            for name, intake in self.feeds.intakes.items()
        ]
