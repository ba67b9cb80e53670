"""Killed sixty times under load: what was acknowledged is there, once, all the way to the history."""

import contextlib
import http.client
import random
import threading
import time

from port2port.engine.history import unpack_minute
from port2port.protocols.ais.encode import encode_integers

KILLS, PRODUCERS, LINES = 60, 4, 10
LAT, LON = round(51.30 * 600_000), round(4.20 * 600_000)


class Producer(threading.Thread):
    """Sends batches under a key each, again until acknowledged, and keeps its own list of what was."""

    def __init__(self, number, deployment, stopping):
        super().__init__(daemon=True)
        self.number, self.deployment, self.stopping = number, deployment, stopping
        self.acknowledged, self.tries = [], 0

    def batch(self, count):
        lines = [
            encode_integers(1, {"mmsi": 205_990_000 + self.number, "lat": LAT + self.number * 600,
                                "lon": LON + count * LINES + i, "speed": 5, "course": 900, "second": i})[0]
            for i in range(LINES)
        ]  # fmt: skip
        return b"\r\n".join(lines) + b"\r\n"

    def run(self):
        count = 0
        while not self.stopping.is_set():
            key, body = f"{self.number}-{count}", self.batch(count)
            self.tries += 1
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                if self.deployment.ingest(body, key=key)[0] == 202:
                    self.acknowledged.append(key)
                    count += 1
                    continue
            time.sleep(0.02)


def stored_keys(deployment):
    if not deployment.env["DATABASE_URL"]:
        assert deployment.rows("PRAGMA quick_check") == [("ok",)]
    return [key for (key,) in deployment.rows("SELECT key FROM audit_outboxevent WHERE key LIKE '%-%'")]


def history_positions(deployment):
    """Every (lat, lon) of the minute blobs, as often as it is there."""
    found = []
    for (blob,) in deployment.rows("SELECT blob FROM detection_historyblob WHERE kind='position'"):
        columns = unpack_minute(blob)
        found += zip(columns["lat"].tolist(), columns["lon"].tolist(), strict=True)
    return found


def sent_positions(producers):
    for producer in producers:
        for key in producer.acknowledged:
            count = int(key.split("-")[1])
            for i in range(LINES):
                yield LAT + producer.number * 600, LON + count * LINES + i


def test_nothing_acknowledged_is_lost_or_doubled_by_sixty_kills(deployment):
    dice = random.Random(20261125)
    stopping = threading.Event()
    producers = [Producer(number, deployment, stopping) for number in range(PRODUCERS)]
    for producer in producers:
        producer.start()
    for _ in range(KILLS):
        time.sleep(dice.uniform(0.02, 0.25))
        deployment.kill()
        deployment.start()
    time.sleep(0.5)
    stopping.set()
    for producer in producers:
        producer.join(10)
    wait_for_history(deployment, producers)
    deployment.stop()
    check_the_record(deployment, producers)


def wait_for_history(deployment, producers, within_s=90):
    """The open minute is written when it is over."""
    wanted, until = set(sent_positions(producers)), time.monotonic() + within_s
    while time.monotonic() < until and not wanted <= set(history_positions(deployment)):
        time.sleep(1)


def check_the_record(deployment, producers):
    stored = stored_keys(deployment)
    acknowledged = [key for producer in producers for key in producer.acknowledged]
    assert len(acknowledged) > KILLS
    assert not set(acknowledged) - set(stored), "acknowledged and lost"
    assert len(stored) == len(set(stored)), "stored twice"
    found = history_positions(deployment)
    assert not set(sent_positions(producers)) - set(found), "acknowledged and missing from the history"
    assert len(found) == len(set(found)), "twice in the history"
