"""The measuring itself of bench/pipeline.py: run as `python -m bench.pipeline_alone SHIPS` with a state of its own.

A second process sends; this one is the platform from the socket to the published condition. Marked ships enter a
zone at known moments, from which the delay to their condition is taken. Prints the figures as JSON.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import django

django.setup()

import shapely  # noqa: E402
from django.core.management import call_command  # noqa: E402

from bench import pipeline  # noqa: E402
from port2port.audit import store as outbox  # noqa: E402
from port2port.detection.examples import ExampleFeed, a_position  # noqa: E402
from port2port.detection.feeds import Feeds  # noqa: E402
from port2port.detection.picture import Hub  # noqa: E402
from port2port.detection.rules.zones import ZoneRule  # noqa: E402
from port2port.detection.worker import Worker  # noqa: E402
from port2port.engine.alarms import ConditionRaised  # noqa: E402
from port2port.engine.bus import Bus, LocalWire  # noqa: E402
from port2port.engine.events import Event  # noqa: E402
from port2port.engine.journal import Journal  # noqa: E402

SENDER = """
import socket, sys, time
port, path, rate = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
lines = open(path, "rb").read().splitlines(keepends=True)
wire = socket.create_connection(("127.0.0.1", port))
began, sent, step = time.monotonic(), 0, max(1, int(rate / 100))
while sent < len(lines):
    wire.sendall(b"".join(lines[sent:sent + step]))
    sent += step
    time.sleep(max(0.0, began + sent / rate - time.monotonic()))
wire.close()
"""
MARKED, EVERY_S = 300_000_000, 0.1
TEST_ZONE = ZoneRule("bench", shapely.box(5.0, 51.0, 5.01, 51.01), forbids_entry=True, max_speed_knots=None)


def highest_resident_mb() -> float:
    """Read this program's own peak; ru_maxrss would also hold what its parent was before the exec."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1024


def zones() -> list[ZoneRule]:
    """Fifty zones amid the traffic, a tenth of them forbidden, and the one the marked ships enter."""
    grid = [
        ZoneRule(f"z{n}", shapely.Point(3.95 + n % 10 * 0.065, 50.95 + n // 10 * 0.1).buffer(0.01, 16),
                 forbids_entry=n % 10 == 0, max_speed_knots=None if n % 10 == 0 else 8.0)
        for n in range(50)
    ]  # fmt: skip
    return [TEST_ZONE, *grid]


class Marks:
    """Ships that enter a zone one after the other, and when their condition was published."""

    def __init__(self, send) -> None:
        self._send, self.sent, self.heard = send, {}, {}

    def announce(self, events: list[Event]) -> None:
        """Hear what was published."""
        for event in events:
            if event.kind == ConditionRaised.__name__:
                mmsi = event.body(ConditionRaised).facts["mmsi"]
                self.heard.setdefault(mmsi, time.monotonic())

    async def enter(self, seconds: float) -> None:
        """Let one enter every tenth of a second."""
        until, mmsi = time.monotonic() + seconds, MARKED
        while time.monotonic() < until:
            mmsi += 1
            self.sent[mmsi] = time.monotonic()
            self._send(a_position(mmsi, 51.005, 5.005))
            await asyncio.sleep(EVERY_S)

    def delays_ms(self) -> list[float]:
        """The delays; a mark that was never heard is a fault."""
        return [1000 * (self.heard[mmsi] - at) for mmsi, at in self.sent.items()]


async def measure(ships: int) -> dict[str, float]:
    """Send each ship once, then the traffic at its pace, and wait until all is judged."""
    first, then = pipeline.traffic(ships)
    bus = Bus(outbox.STORE, LocalWire())
    outbox.listen(bus.announce)
    journal = Journal(outbox.STORE, announce=outbox.announce)
    plan = ExampleFeed(kind="tcp-server", port=int(sys.argv[2]) if len(sys.argv) > 2 else 23_517)
    feeds = Feeds([plan], journal)
    worker = Worker(bus, feeds=[plan], hub=Hub(), zones=lambda area: zones())
    marks = Marks(lambda line: feeds.intakes[plan.name].add(line, 1))
    outbox.listen(marks.announce)
    worker.start()
    await feeds.start()
    while plan.name not in feeds.faults:
        await asyncio.sleep(0.01)
    await _played(plan.port, first, 1e6)
    await _judged(worker, feeds, plan, lines_of(first))
    before, conditions = feeds.accepted()[plan.name], len(worker.findings)
    busy, began = time.process_time(), time.monotonic()
    marking = asyncio.create_task(marks.enter(pipeline.SECONDS - 1))
    await _played(plan.port, then, lines_of(then) / pipeline.SECONDS)
    await marking
    before += lines_of(then) + len(marks.sent)
    await _judged(worker, feeds, plan, before)
    busy, took = time.process_time() - busy, time.monotonic() - began
    found = len(worker.findings) - conditions
    full = time.monotonic()
    await _played(plan.port, then, 1e9)
    await _judged(worker, feeds, plan, before + lines_of(then))
    full = time.monotonic() - full
    await feeds.stop()
    await asyncio.to_thread(worker.stop)
    journal.close()
    delays = marks.delays_ms()
    messages = pipeline.RATE * pipeline.SECONDS + len(marks.sent)
    return {
        "cores": busy / took, "most": pipeline.RATE * pipeline.SECONDS / full,
        "cost_us": busy / messages * 1e6, "conditions": found,
        "p50_ms": statistics.median(delays), "p95_ms": statistics.quantiles(delays, n=20)[-1],
        "memory_mb": highest_resident_mb(),
    }  # fmt: skip


def lines_of(path: Path) -> int:
    """Count the lines of a file."""
    return path.read_bytes().count(b"\n")


async def _played(port: int, path: Path, rate: float) -> None:
    """Send a file from another process, line by line at this rate."""
    command = [sys.executable, "-c", SENDER, str(port), str(path), str(rate)]
    sending = await asyncio.to_thread(subprocess.run, command, check=True)
    assert sending.returncode == 0


async def _judged(worker: Worker, feeds: Feeds, plan: ExampleFeed, lines: int) -> None:
    """Wait until every line is on disk and the worker has come past them."""
    until = time.monotonic() + 120
    while feeds.accepted()[plan.name] < lines:
        assert time.monotonic() < until, (feeds.accepted(), feeds.refused(), lines)
        await asyncio.sleep(0.005)
    head = await asyncio.to_thread(_last_sentences)
    while worker._position < head:
        assert time.monotonic() < until, (worker._position, head)
        await asyncio.sleep(0.005)


def _last_sentences() -> int:
    from port2port.audit.models import OutboxEvent

    rows = OutboxEvent.objects.filter(kind="SentencesReceived").order_by("-position")
    return rows.values_list("position", flat=True).first() or 0


def main() -> None:
    """Measure one fleet and print the figures."""
    call_command("migrate", verbosity=0, skip_checks=True)
    assert threading.active_count() == 1
    began = datetime.now(UTC)
    figures = asyncio.run(measure(int(sys.argv[1])))
    figures["seconds"] = (datetime.now(UTC) - began).total_seconds()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
