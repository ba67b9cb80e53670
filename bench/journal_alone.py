"""The measuring itself of bench/journal.py: run as `python -m bench.journal_alone` with a state folder of its own.

Prints the rows as JSON. Everything written is read back: no sentence may be missing, and the chain must hold.
"""

import contextlib
import json
import os
import secrets
import sqlite3
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench import harness  # noqa: E402
from port2port.audit import envelope  # noqa: E402
from port2port.audit.store import STORE, rows_between  # noqa: E402
from port2port.detection.feeds.intake import GATHER_BYTES, sentences_event  # noqa: E402
from port2port.engine.events import ConditionNoted, Event, Label, Origin  # noqa: E402
from port2port.engine.journal import Journal, fact_digest, facts  # noqa: E402

POSTGRES = os.environ.get("P2P_BENCH_POSTGRES", "host=127.0.0.1 port=5432 dbname=test user=postgres")
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
SENTENCES, SINGLE, ROWS, FACTS, LONE, RUNS = 200_000, 1_500, 20_000, 3_000, 60, 5
ROWS_A_COMMIT = 1_000

plain_envelope = envelope.envelope
Rates = dict[str, float]


def main() -> None:
    """Measure, check, print."""
    call_command("migrate", "audit", verbosity=0)
    lines = [b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwU%06d1U1,0*24\n" % n for n in range(SENTENCES)]
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(Ours())
        works = {
            "row": lambda: ours.packed(lines),
            "each": lambda: ours.packed(lines, link_each=True),
            "facts": ours.facts,
            "commit": lambda: commit_each(lines[:SINGLE]),
        }
        works |= postgres_works(stack, lines[:ROWS])
        rates = in_turn(works)
        lone_ms = ours.lone_ms()
        ours.check()
    print(json.dumps([row.as_json() for row in table(rates, lone_ms)]))


def in_turn(works: dict[str, Callable[[], float]]) -> Rates:
    """Let the sides take turns; the median rate of each."""
    seen: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(RUNS):
        for name, work in works.items():
            seen[name].append(work())
    return {name: statistics.median(rates) for name, rates in seen.items()}


def with_each_linked(event: Event) -> list[envelope.Part]:
    """The envelope where the digest of the payload is a chain over its facts."""
    return [*plain_envelope(event)[:-1], fact_digest(event.payload, event.count).hex()]


def outbox_links_each() -> bool:
    """Tell whether the outbox as it stands gives each sentence its own link."""
    label = Label("antwerp", "port2port", "isps")
    event = sentences_event("bench", b"one\ntwo\n", label=label, at=AT, origin=Origin.DEMO, lines=2)
    return plain_envelope(event)[-1] == with_each_linked(event)[-1]


class Ours:
    """The journal in front of the outbox, on SQLite with synchronous=FULL."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous")
            if cursor.fetchone()[0] != 2:  # FULL
                raise AssertionError("journal: the database does not wait for the disk")
        self._label = Label("antwerp", "port2port", "isps")
        self.sentences = 0
        self._journal = Journal(STORE, announce=lambda events: None)

    def __enter__(self) -> "Ours":
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.close()

    def packed(self, lines: list[bytes], *, link_each: bool = False) -> float:
        """Write sentences as the intake packs them; gives sentences a second, from bytes to the last commit."""
        envelope.envelope = with_each_linked if link_each else plain_envelope
        most = GATHER_BYTES // len(lines[0])
        start = time.perf_counter()
        futures = []
        for first in range(0, len(lines), most):
            pack = lines[first : first + most]
            futures.append(self._journal.append(sentences_event(
                "bench", b"".join(pack), label=self._label, at=AT, origin=Origin.DEMO, lines=len(pack)
            )))  # fmt: skip
        self.sentences += sum(future.result(60).count for future in futures)
        return len(lines) / (time.perf_counter() - start)

    def facts(self) -> float:
        """Write facts that are a row each, such as acts and alarms; gives rows a second."""
        envelope.envelope = plain_envelope
        start = time.perf_counter()
        futures = [self._journal.append(self._fact(number)) for number in range(FACTS)]
        for future in futures:
            future.result(60)
        return FACTS / (time.perf_counter() - start)

    def lone_ms(self) -> float:
        """Write one fact at a time; gives the median milliseconds from handing in to "received"."""
        spent = []
        for number in range(LONE):
            start = time.perf_counter()
            self._journal.append(self._fact(number)).result(60)
            spent.append(time.perf_counter() - start)
        return statistics.median(spent) * 1000

    def _fact(self, number: int) -> Event:
        return Event.of(ConditionNoted(name=f"condition {number}"), label=self._label, actor="bench", at=AT)

    def check(self) -> None:
        """Read all back and stop where a sentence is missing or the chain does not hold."""
        chain, position, counted = envelope.GENESIS, 0, 0
        while position < (head := STORE.head()):
            for event, link in rows_between(position, min(position + 500, head)):
                plain = envelope.chained(chain, plain_envelope(event))
                each = envelope.chained(chain, with_each_linked(event))
                if link not in (plain, each) or event.position != position + 1:
                    raise AssertionError(f"journal: the chain does not hold at {event.position}")
                chain, position = link, event.position
                if event.kind == "SentencesReceived":
                    counted += sum(b"!AIVDM" in fact for fact in facts(event.payload, event.count))
        if counted != self.sentences:
            raise AssertionError(f"journal: {counted} sentences on disk of {self.sentences}")


def commit_each(lines: list[bytes]) -> float:
    """The peer: a row and a commit a sentence in SQLite, which waits for the disk; gives sentences a second."""
    path = Path(os.environ["P2P_STATE"]) / "commit-each.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=FULL")
        base.execute("CREATE TABLE IF NOT EXISTS event (position INTEGER PRIMARY KEY, at, kind, area, payload)")
        start = time.perf_counter()
        for line in lines:
            base.execute("INSERT INTO event (at, kind, area, payload) VALUES (?, ?, ?, ?)", _cells(line))
        return len(lines) / (time.perf_counter() - start)


def _cells(line: bytes) -> tuple[str, str, str, bytes]:
    return AT.isoformat(), "Sentence", "antwerp", line


def postgres_works(stack: contextlib.ExitStack, lines: list[bytes]) -> dict[str, Callable[[], float]]:
    """The peers on PostgreSQL, in a table of their own, dropped afterwards; none where there is no server."""
    import psycopg

    try:
        base = stack.enter_context(psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3))
    except psycopg.OperationalError:
        return {}
    name = f"p2p_bench_{secrets.token_hex(6)}"
    base.execute(
        f"CREATE TABLE {name} (position bigserial PRIMARY KEY, at timestamptz, kind text, area text, payload bytea)"
    )
    stack.callback(lambda: base.execute(f"DROP TABLE {name}"))
    columns = f"{name} (at, kind, area, payload)"

    def executemany() -> float:
        start = time.perf_counter()
        for first in range(0, len(lines), ROWS_A_COMMIT):
            with base.transaction(), base.cursor() as cursor:
                some = [_cells(line) for line in lines[first : first + ROWS_A_COMMIT]]
                cursor.executemany(f"INSERT INTO {columns} VALUES (%s, %s, %s, %s)", some)
        return len(lines) / (time.perf_counter() - start)

    def copy() -> float:
        start = time.perf_counter()
        for first in range(0, len(lines), 10 * ROWS_A_COMMIT):
            with base.transaction(), base.cursor() as cursor, cursor.copy(f"COPY {columns} FROM STDIN") as sink:
                for line in lines[first : first + 10 * ROWS_A_COMMIT]:
                    sink.write_row(_cells(line))
        return len(lines) / (time.perf_counter() - start)

    return {"executemany": executemany, "copy": copy}


def table(rates: Rates, lone_ms: float) -> list[harness.Row]:
    """Lay out what was measured."""
    packed = (
        f"a sentence is an event; 64 KiB of them a row, as the intake packs; single facts {rates['facts']:,.0f}/s"
    )
    each = "the same, with a link for each sentence (engine.journal.fact_digest)"
    if not outbox_links_each():
        each += "; a trial: the outbox itself makes one link a row, over the digest of the whole payload"
    chained = rates["each"]
    found = [
        harness.budget("journal: durable sentences, each row chained", ours=rates["row"], goal=150_000,
                       unit="sentences/s", at_most=False, note=packed),
        harness.budget("journal: durable sentences, each one chained", ours=chained, goal=150_000,
                       unit="sentences/s", at_most=False, note=each),
        harness.ratio("journal: each one chained, a commit each", ours_per_s=chained, peer_per_s=rates["commit"],
                      unit="sentences/s", goal=40, note="peer: SQLite, WAL, synchronous=FULL, no chain"),
        harness.budget("journal: one fact, handed in to on disk", ours=lone_ms, goal=10, unit="ms", at_most=True,
                       note=f"median of {LONE}"),
    ]  # fmt: skip
    for name, goal in (("executemany", 1.5), ("copy", 0.8)):
        if name in rates:
            found.append(harness.ratio(f"journal: each one chained, PostgreSQL {name}", ours_per_s=chained,
                                       peer_per_s=rates[name], unit="sentences/s", goal=goal,
                                       note="peer: a row a sentence, no chain"))  # fmt: skip
    return found


if __name__ == "__main__":
    main()
