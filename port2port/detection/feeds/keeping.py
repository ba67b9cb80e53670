"""All feeds of a deployment: opened together, kept open, counted, closed together."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from functools import partial
from typing import Protocol

from port2port.detection.actions import PURPOSE
from port2port.detection.feeds.intake import Intake, Writer
from port2port.detection.feeds.output import Output
from port2port.detection.feeds.sources import SOURCES, keep_open
from port2port.engine.clock import REAL, Clock
from port2port.engine.events import Label, Origin

log = logging.getLogger(__name__)
CLOSE_S = 10.0
OUTPUT, OUTPUT_AGAIN_S = "ais-out", 5.0


class Plan(Protocol):
    """What a feed is, as the configuration says."""

    @property
    def name(self) -> str:
        """Stable name."""

    @property
    def area(self) -> str:
        """Whose it is, whatever positions it carries."""

    @property
    def kind(self) -> str:
        """One of SOURCES."""

    @property
    def host(self) -> str:
        """Where we listen, or connect to."""

    @property
    def port(self) -> int:
        """Port of it."""

    @property
    def owner(self) -> str:
        """The organisation that owns it."""


class UnknownKind(ValueError):
    """A feed is of a kind that does not exist; the message names the feed and the kinds."""


class Feeds:
    """The feeds and the output of one process."""

    def __init__(
        self,
        plans: Iterable[Plan],
        journal: Writer,
        *,
        origin: Origin = Origin.LIVE,
        clock: Clock = REAL,
        out: tuple[str, int] | None = None,
    ) -> None:
        self._plans, self._journal, self._clock, self._out = list(plans), journal, clock, out
        for plan in self._plans:
            if plan.kind not in SOURCES:
                raise UnknownKind(f"feed {plan.name}: kind {plan.kind!r} is not one of {', '.join(SOURCES)}")
        self.origin = origin
        self.output = Output()
        self.intakes: dict[str, Intake] = {}
        self.faults: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open every feed; one that cannot be opened is tried again, and does not keep the others."""
        if self._out:
            self._tasks.append(asyncio.create_task(self._keep_output(*self._out), name="ais output"))
        for plan in self._plans:
            intake = self.intake(plan.name, Label(plan.area, plan.owner, PURPOSE), self.origin)
            keeping = keep_open(SOURCES[plan.kind], intake, plan.host, plan.port, partial(self._told, plan.name))
            self._tasks.append(asyncio.create_task(keeping, name=f"feed {plan.name}"))

    async def _keep_output(self, host: str, port: int) -> None:
        """Open the output; a port that is taken is tried again."""
        while not self.output.port:
            try:
                await self.output.open(host, port)
                self._told(OUTPUT, "")
            except OSError as error:
                self._told(OUTPUT, str(error))
                await asyncio.sleep(OUTPUT_AGAIN_S)

    def intake(self, name: str, label: Label, origin: Origin) -> Intake:
        """Give the intake of a feed, a new one where there is none; what it stores goes to the output."""
        if name not in self.intakes:
            stored = (lambda raw: None) if origin is Origin.REPLAY else self.output.give
            self.intakes[name] = Intake(
                name, self._journal, label=label, origin=origin, clock=self._clock, stored=stored
            )
        return self.intakes[name]

    def _told(self, name: str, fault: str) -> None:
        """Keep what is wrong with a feed, "" when it works; a fault that stays is logged once."""
        if fault and self.faults.get(name) != fault:
            log.warning("feed %s: %s; it is tried again", name, fault)
        self.faults[name] = fault

    async def stop(self) -> None:
        """Close the feeds, and have what came in written."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*[i.settled() for i in self.intakes.values()]), CLOSE_S)
        await self.output.close()

    def accepted(self) -> dict[str, int]:
        """Count the lines that are on disk, by feed, since this process started."""
        return {name: intake.accepted for name, intake in self.intakes.items()}

    def refused(self) -> dict[str, dict[str, int]]:
        """Count the lines that were not taken in, by feed and reason."""
        return {name: dict(intake.refused) for name, intake in self.intakes.items()}


async def start_feeds(
    plans: Iterable[Plan],
    journal: Writer,
    *,
    origin: Origin = Origin.LIVE,
    clock: Clock = REAL,
    out: tuple[str, int] | None = None,
) -> Feeds:
    """Open the feeds of a deployment on the running event loop; `stop` them before the journal is closed."""
    feeds = Feeds(plans, journal, origin=origin, clock=clock, out=out)
    await feeds.start()
    return feeds
