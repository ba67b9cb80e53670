"""The detection worker: reads what the sensors sent, in order, and publishes what it means.

Law of this file: everything known follows from the record. What is kept of the last closed minute plus the
sentences after it give the same fleet again, so a worker that was killed, or met a fault, simply starts anew:
up to the position it had published it watches in silence, from there on it speaks.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Protocol

from django.db import DatabaseError, close_old_connections, connection

from port2port.audit.store import STORE
from port2port.detection import actions
from port2port.detection.actions import Whose
from port2port.detection.events import SentencesReceived
from port2port.detection.findings import Findings
from port2port.detection.minute import OpenMinute
from port2port.detection.models import FleetSnapshot
from port2port.detection.picture import HUB, Hub
from port2port.detection.posts import LoadZones, Post, Posts, load_zones
from port2port.detection.reading import Readers, Spot, Told, bundles_of, received_ms
from port2port.detection.rules import silence
from port2port.detection.rules.lookout import REPLAY
from port2port.detection.rules.signals import Signal
from port2port.engine.bus import Bus, Subscription
from port2port.engine.clock import REAL, Clock
from port2port.engine.events import Event, Label, Origin

log = logging.getLogger(__name__)

SENTENCES, PLACES = SentencesReceived.__name__, "PlacesChanged"
POSITION_KIND = {"live": "position", REPLAY: "position-replay"}
TURN_S, TICK_S, TAKE = 0.05, 1.0, 512
CAUGHT_UP_MS = 3_000
PRIMING_MS = 5_000  # parts of a message may be this far apart
FAULTS_BORNE = 2
RETRY_S = 0.5
ZONES_AGAIN_S = 30.0


class FeedPlan(Protocol):
    """What the worker must know of a feed that is expected to speak."""

    @property
    def name(self) -> str:
        """Stable name."""

    @property
    def area(self) -> str:
        """Whose it is."""

    @property
    def owner(self) -> str:
        """The organisation that owns it."""


class Worker:
    """One thread of detection; `start` it once, `stop` it at the end."""

    def __init__(  # noqa: PLR0913 - what it stands between
        self,
        bus: Bus,
        *,
        feeds: Iterable[FeedPlan] = (),
        origin: Origin = Origin.LIVE,
        clock: Clock = REAL,
        hub: Hub = HUB,
        zones: LoadZones = load_zones,
    ) -> None:
        self._bus, self._clock, self._hub, self._load_zones = bus, clock, hub, zones
        self._feeds, self._origin = list(feeds), origin
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._faults: Counter[int] = Counter()
        self.skipped = 0
        self._subscription: Subscription | None = None
        self._forget()

    def _forget(self) -> None:
        self._posts = Posts(self._hub, self._load_zones)
        self._readers = Readers()
        self._findings: Findings | None = None
        self._minute = OpenMinute()
        self._recent: deque[tuple[int, int]] = deque()
        self._position = self._committed = 0
        self._snapshot_at = self._published = 0
        self._heard_ms = 0
        self._tick_due = self._zones_due = 0.0
        self._recalled = False
        self._backlog = True
        now_ms = self._now_ms()
        self._paces = {f.name: (f, silence.Pace(f.name, f.area, since_ms=now_ms)) for f in self._feeds}

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="detection", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Publish what was found, then end."""
        self._stopping.set()
        if self._thread:
            self._thread.join(timeout=30)
        self._hub.clear()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.wake()
                while not self._stopping.is_set():
                    self._paced_turn()
                self._commit()
            except DatabaseError:
                log.exception("detection cannot use the database after position %d; it tries again", self._position)
                self._pause()
            except Exception:
                log.exception("detection met a fault after position %d and starts anew", self._position)
                self._faults[self._position] += 1
                self._pause()
        connection.close()

    def _paced_turn(self) -> None:
        began = time.monotonic()
        self.turn(timeout=0.25)
        if not self._backlog:
            self._stopping.wait(max(0.0, TURN_S - (time.monotonic() - began)))

    def _pause(self) -> None:
        close_old_connections()
        self._stopping.wait(RETRY_S)

    # -- starting ---------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Take up the fleets of the last closed minute, and find the place in the order."""
        with self._hub.lock:
            self._hub.clear()
            self._forget()
            self._hub.worker = self
            self._published = STORE.cursor(actions.CONSUMER)
            for row in FleetSnapshot.objects.all():
                self._snapshot_at = max(self._snapshot_at, row.position)
                self._posts.take_up(row, self._origin)
            self._findings = Findings()
            start = min(STORE.cursor(actions.MINUTES), self._snapshot_at)
            self._position = self._committed = start
            self._subscription = self._bus.follow(SENTENCES, PLACES, after=start)
            if self._published <= start:
                self._recall()

    def _recall(self) -> None:
        """All that was published is behind: mark what stands, and end what cannot be true any more."""
        self._recalled = True
        for _, pace in self._paces.values():
            pace.told = self.findings.stands(pace.area, "live", f"{silence.RULE}:{pace.feed}")
        for post in self._posts:
            post.lookout.recall(self.findings.keys(post.lookout.area, post.lookout.picture))
            self._end_unfounded(post)

    # -- working ----------------------------------------------------------------------------------------------

    def turn(self, *, timeout: float = 0.0) -> int:
        """Do what there is to do once; give the number of events that were read."""
        assert self._subscription is not None, "wake() first"  # noqa: S101 - a fault of the caller
        wait = min(timeout, max(0.0, self._tick_due - time.monotonic()))
        events = self._subscription.take(timeout=wait, limit=TAKE)
        self._backlog = len(events) == TAKE
        with self._hub.lock:
            for stretch in self._stretches(events):
                self._watch(stretch)
            ticks = time.monotonic() >= self._tick_due
            if ticks:
                self._tick()
        self._commit_if_due()
        if ticks:
            self._hub.give(self._now_ms())
        return len(events)

    def _stretches(self, events: list[Event]) -> Iterator[list[Event]]:
        """Cut a batch where a minute ends, where the kept fleets begin and where silence ends."""
        stretch: list[Event] = []
        edges = (self._snapshot_at, self._published)
        for event in events:
            ends = self._minute.ends_before(received_ms(event)) and event.position > self._snapshot_at
            crosses = stretch and any(stretch[-1].position <= edge < event.position for edge in edges)
            if stretch and (ends or crosses or event.kind == PLACES):
                yield stretch
                stretch = []
            if ends:
                self._close_minute()
            if not self._minute.minute or ends:
                self._minute.begin(received_ms(event))
            stretch.append(event)
            if event.kind == PLACES:
                yield stretch
                stretch = []
        if stretch:
            yield stretch

    def _watch(self, events: list[Event]) -> None:
        """Read one stretch of events and let the lookouts see it; near an earlier fault, one event at a time."""
        if len(events) > 1 and self._faults and self._position <= max(self._faults):
            for event in events:
                self._watch([event])
            return
        if not self._recalled and events[0].position > self._published:
            self._recall()
        if events[0].kind == PLACES:
            self._places_changed(events[0])
        elif self._faults[self._position] > FAULTS_BORNE:
            self.skipped += 1
            log.error(
                "detection passes over the event at position %d: it failed again and again", events[0].position
            )
        else:
            self._see(events)
        self._position = events[-1].position
        self._note_recent(events)

    def _see(self, events: list[Event]) -> None:
        """Decode; what lies before the kept fleets only readies the decoders for parts that come later."""
        for (_, picture), told in self._read(events).items():
            if events[-1].position > self._snapshot_at:
                self._observe(picture, told)

    def _observe(self, picture: str, told: Told) -> None:
        post = self._posts.of(picture, told.label, told.origin)
        seen = post.lookout.observe(told.reports)
        area, kind = told.label.area, POSITION_KIND[picture]
        self._minute.add(area, kind, seen.history)
        for report in told.timed:
            self._minute.add_as_timed(area, kind, post.lookout.history_of(report.positions))
        self._find(post.whose, seen.signals)

    def _read(self, events: list[Event]) -> dict[Spot, Told]:
        """Decode events, and note which feeds spoke."""
        bundles = bundles_of(events)
        for bundle in bundles:
            for _, at_ms in bundle.pieces:
                self._heard(bundle.feed, bundle.picture, at_ms)
        return self._readers.read(bundles)

    def _heard(self, feed: str, picture: str, at_ms: int) -> None:
        self._heard_ms = max(self._heard_ms, at_ms)
        if picture != REPLAY and feed in self._paces:
            self._paces[feed][1].heard(at_ms)

    def _note_recent(self, events: list[Event]) -> None:
        self._recent.append((received_ms(events[0]), events[0].position - 1))
        while len(self._recent) > 1 and self._recent[1][0] < received_ms(events[-1]) - PRIMING_MS:
            self._recent.popleft()

    def _places_changed(self, event: Event) -> None:
        for post in self._posts:
            if post.lookout.area == event.area:
                self._posts.set_zones(post)
                self._end_unfounded(post)

    def _end_unfounded(self, post: Post) -> None:
        if post.zones_known and self._recalled:
            keys = self.findings.keys(post.lookout.area, post.lookout.picture)
            self._find(post.whose, post.lookout.unfounded(keys, self._now_ms()))

    def _find(self, whose: Whose, signals: Iterable[Signal]) -> None:
        """Keep findings to be published; while watching in silence they were published before."""
        if self._recalled:
            self.findings.add(whose, signals)

    @property
    def findings(self) -> Findings:
        """What stands and what waits to be published."""
        assert self._findings is not None, "wake() first"  # noqa: S101 - a fault of the caller
        return self._findings

    # -- time -------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now_ms = self._now_ms()
        self._tick_due = time.monotonic() + TICK_S
        if not self._backlog or now_ms - self._heard_ms < CAUGHT_UP_MS:
            if not (self._recalled or self._backlog):
                self._recall()
            self._look(now_ms)
            if self._minute.ends_before(now_ms - CAUGHT_UP_MS):
                self._close_minute()
                self._minute.begin(now_ms)

    def _look(self, now_ms: int) -> None:
        again = time.monotonic() >= self._zones_due
        for post in self._posts:
            if not post.zones_known and again:
                self._posts.set_zones(post)
                self._end_unfounded(post)
            self._find(post.whose, post.lookout.tick(now_ms))
        if again:
            self._zones_due = time.monotonic() + ZONES_AGAIN_S
        for feed, pace in self._paces.values():
            label = Label(feed.area, feed.owner, actions.PURPOSE)
            self._find(Whose("live", self._origin, label), silence.find_silence(pace, now_ms))

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    # -- writing ----------------------------------------------------------------------------------------------

    def _commit_if_due(self) -> None:
        if self.findings.waiting or time.monotonic() >= self._tick_due - TICK_S / 2:
            self._commit()

    def _commit(self) -> None:
        """Publish what was found together with the position that it covers."""
        if self._recalled and (self.findings.waiting or self._position > self._committed):
            self.findings.publish(position=max(self._position, self._published))
            self._committed = self._position

    def _close_minute(self) -> None:
        self._commit()
        self._write_names()
        readable_from = min(self._recent[0][1] if self._recent else self._position, self._position)
        closed = actions.ClosedMinute(self._minute.columns(), self._posts.frozen(), self._position, readable_from)
        if self._position > self._snapshot_at:
            actions.close_minute(closed)
            self._snapshot_at = self._position
            self._faults = Counter({at: n for at, n in self._faults.items() if at >= self._position})
        self._minute.clear()

    def _write_names(self) -> None:
        """Keep changed names findable."""
        for post in self._posts:
            actions.update_names(post.lookout.renamed())

    # -- telling ----------------------------------------------------------------------------------------------

    @property
    def minute(self) -> OpenMinute:
        """The positions that are not history yet; hold the hub's lock while reading."""
        return self._minute

    def feed_ages(self, now_ms: int) -> list[dict[str, object]]:
        """Tell how long ago each feed was heard; None for one that never was."""
        return [
            {
                "name": name,
                "area": pace.area,
                "age_s": max(0, now_ms - pace.last_ms) // 1000 if pace.last_ms else None,
            }
            for name, (_, pace) in self._paces.items()
        ]

    def report(self) -> dict[str, object]:
        """Tell how the work goes: messages by type, refusals by reason, tracks, and how far behind it is."""
        counts: Counter[int] = Counter()
        refused: Counter[str] = Counter()
        for post in self._posts:
            counts.update(post.lookout.counts)
            refused.update(post.lookout.refused)
        return {
            "messages": dict(sorted(counts.items())), "refused": dict(refused), "position": self._position,
            "tracks": sum(len(post.lookout.fleet) for post in self._posts),
            "standing": len(self.findings), "skipped": self.skipped, "heard_ms": self._heard_ms,
        }  # fmt: skip
