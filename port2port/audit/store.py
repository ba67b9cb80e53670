"""The record behind the bus: the outbox table, on SQLite and PostgreSQL alike.

Law of this file: positions are given under a lock that is held until the commit, so their order is the order of
commits and a reader that has seen position n can never later find an n-1. The statements are written out because
the object mapper costs ten times what they do.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

from port2port.audit import envelope
from port2port.audit.models import Cursor, OutboxEvent
from port2port.engine.events import Event, Origin
from port2port.engine.journal import KeyReused

OUTBOX_LOCK = 0x7032705F6F7574  # "p2p_out": one writer numbers the outbox at a time, so order is commit order

COPY_FROM_ROWS = 8
COLUMNS = (
    "position",
    "id",
    "key",
    "kind",
    "schema",
    "origin",
    "actor",
    "label",
    "causation_id",
    "occurred_at",
    "recorded_at",
    "count",
    "payload",
)
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_TABLE = OutboxEvent._meta.db_table
_INSERT = f'INSERT INTO {_TABLE} ({_NAMES}, "area", "chain") VALUES ({", ".join(["%s"] * (len(COLUMNS) + 2))})'  # noqa: S608
_COPY = f'COPY {_TABLE} ({_NAMES}, "area", "chain") FROM STDIN'
_KIND = f'SELECT {_NAMES} FROM {_TABLE} WHERE "kind" = %s AND "position" > %s ORDER BY "position" LIMIT %s'  # noqa: S608
_EVERY = f'SELECT {_NAMES} FROM {_TABLE} WHERE "position" > %s ORDER BY "position" LIMIT %s'  # noqa: S608
_BETWEEN = (
    f'SELECT {_NAMES}, "chain" FROM {_TABLE} '  # noqa: S608
    'WHERE "position" > %s AND "position" <= %s ORDER BY "position"'
)
_MOST = {
    name: getattr(OutboxEvent._meta.get_field(name), "max_length", None) or 0
    for name in ("key", "kind", "origin", "actor", "area")
}  # fmt: skip
_COUNT_MOST = 2_147_483_647  # of PostgreSQL's integer


class Unfit(KeyReused):
    """An event the table cannot hold; the message names the field. The others of its group are written."""


class OutboxStore:
    """The `Store` of engine.journal over Django's models."""

    def append(self, events: Sequence[Event]) -> list[Event | KeyReused]:
        """Write events in a transaction of their own; a connection that failed is not used again."""
        try:
            with transaction.atomic():
                return self.insert(events)
        except (OperationalError, InterfaceError):
            connection.close()
            raise

    def insert(self, events: Sequence[Event]) -> list[Event | KeyReused]:
        """Write events inside the caller's transaction; a known key gives back what was first written."""
        with transaction.atomic(savepoint=False):
            self.lock()
            known = self._known(events)
            position, chain = self._tip()
            outcomes: list[Event | KeyReused] = []
            rows: list[tuple[Any, ...]] = []
            for event in events:
                outcome = _refusal(event) or _repeat(event, known)
                if outcome is None:
                    position += 1
                    outcome = event.at(position)
                    chain = envelope.chained(chain, envelope.envelope(outcome))
                    rows.append(_row(outcome, chain))
                    if event.key is not None:
                        known[event.key] = outcome
                outcomes.append(outcome)
            _write(rows)
            return outcomes

    def after(self, position: int, *, kinds: Collection[str], limit: int) -> list[Event]:
        """Read events of these kinds (none named: of every kind) beyond a position, in order.

        One statement, so one snapshot: reading kind by kind in several could skip what was committed in between.
        """
        wanted = sorted(set(kinds))
        parts = " UNION ALL ".join(f"SELECT * FROM ({_KIND}) AS k{n}" for n in range(len(wanted)))  # noqa: S608
        values = [value for kind in wanted for value in (kind, position, limit)]
        with connection.cursor() as cursor:
            if wanted:
                cursor.execute(f"{parts} ORDER BY 1 LIMIT %s", [*values, limit])
            else:
                cursor.execute(_EVERY, [position, limit])
            return [_event(row) for row in cursor.fetchall()]

    def head(self) -> int:
        """Tell the last position written."""
        return self._tip()[0]

    def cursor(self, consumer: str) -> int:
        """Tell how far a consumer has come; a new one starts at the beginning."""
        return Cursor.objects.filter(pk=consumer).values_list("position", flat=True).first() or 0

    def advance(self, consumer: str, position: int) -> None:
        """Note how far a consumer has come."""
        Cursor.objects.bulk_create(
            [Cursor(consumer=consumer, position=position)],
            update_conflicts=True,
            unique_fields=["consumer"],
            update_fields=["position"],
        )

    @staticmethod
    def lock() -> None:
        """Be the only one to number, until the transaction ends; on SQLite the transaction itself is that lock."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OUTBOX_LOCK])

    @staticmethod
    def _known(events: Sequence[Event]) -> dict[str, Event]:
        keys = [event.key for event in events if event.key is not None]
        if not keys:
            return {}
        marks = ", ".join(["%s"] * len(keys))
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT {_NAMES} FROM {_TABLE} WHERE "key" IN ({marks})', keys)  # noqa: S608
            return {str(row[2]): _event(row) for row in cursor.fetchall()}

    @staticmethod
    def _tip() -> tuple[int, bytes]:
        last = OutboxEvent.objects.order_by("-position").values_list("position", "chain").first()
        return (last[0], bytes(last[1])) if last else (0, envelope.GENESIS)


def rows_between(position: int, last: int) -> list[tuple[Event, bytes]]:
    """Read all events beyond a position up to another, each with its link of the chain."""
    with connection.cursor() as cursor:
        cursor.execute(_BETWEEN, [position, last])
        return [(_event(row[:-1]), bytes(row[-1])) for row in cursor.fetchall()]


def _refusal(event: Event) -> Unfit | None:
    """Say why the table cannot hold an event, the same on both databases; one must not spoil its group."""
    texts = {
        "key": event.key or "",
        "kind": event.kind,
        "origin": str(event.origin),
        "actor": event.actor,
        "area": event.area,
    }
    for name, text in texts.items():
        if len(text) > _MOST[name]:
            return Unfit(f"{name}: {len(text)} characters, at most {_MOST[name]}")
    told = "".join((*texts.values(), event.label.owner, event.label.purpose))
    if "\x00" in told or not told.isascii() and _is_broken(told):
        return Unfit("event: a text holds a NUL or half a surrogate pair")
    if not 0 < event.count <= _COUNT_MOST:
        return Unfit(f"count: {event.count} is not between 1 and {_COUNT_MOST}")
    if event.occurred_at.tzinfo is None or event.recorded_at.tzinfo is None:
        return Unfit("occurred_at, recorded_at: a time without a zone is not a moment")
    return None


def _is_broken(text: str) -> bool:
    """Tell whether a text holds half a surrogate pair, which no database and no chain can spell."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _repeat(event: Event, known: dict[str, Event]) -> Event | KeyReused | None:
    """A repeat is the first event again, unless its content differs."""
    first = known.get(event.key) if event.key is not None else None
    if first is None:
        return None
    if first.payload == event.payload and first.kind == event.kind:
        return first
    return KeyReused(str(event.key))


def _row(event: Event, chain: bytes) -> tuple[Any, ...]:
    plain = connection.vendor == "postgresql"
    return (
        event.position,
        event.id if plain else event.id.hex,
        event.key,
        event.kind,
        event.schema,
        str(event.origin),
        event.actor,
        envelope.label_text(event.label),
        event.causation_id if plain or event.causation_id is None else event.causation_id.hex,
        event.occurred_at if plain else _sqlite_time(event.occurred_at),
        event.recorded_at if plain else _sqlite_time(event.recorded_at),
        event.count,
        event.payload,
        event.area,
        chain,
    )


def _sqlite_time(at: datetime) -> str:
    """Write a moment as Django's SQLite columns hold it: UTC, without saying so."""
    return str(at.astimezone(UTC).replace(tzinfo=None))


def _write(rows: list[tuple[Any, ...]]) -> None:
    """Insert rows by the quickest way of each database: a prepared statement, or COPY where there are many."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and len(rows) > COPY_FROM_ROWS:
            with cursor.copy(_COPY) as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(_INSERT, rows)


def _event(row: Sequence[Any]) -> Event:
    position, id_, key, kind, schema, origin, actor, label, causation, occurred, recorded, count, payload = row
    return Event(
        id=_uuid(id_),
        kind=kind,
        label=envelope.read_label(label),
        origin=Origin(origin),
        actor=actor,
        occurred_at=_time(occurred),
        recorded_at=_time(recorded),
        payload=bytes(payload),
        count=count,
        schema=schema,
        causation_id=_uuid(causation) if causation else None,
        key=key,
        position=position,
    )


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)


def _time(value: datetime | str) -> datetime:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at if at.tzinfo else at.replace(tzinfo=UTC)


STORE = OutboxStore()
_listeners: list[Callable[[list[Event]], None]] = []
_guard = threading.Lock()


def listen(heard: Callable[[list[Event]], None]) -> None:
    """Have committed events of this process announced, such as to the bus."""
    with _guard:
        _listeners.append(heard)


def unlisten(heard: Callable[[list[Event]], None]) -> None:
    """Stop announcing to a listener."""
    with _guard:
        _listeners.remove(heard)


def announce(events: list[Event]) -> None:
    """Tell every listener of committed events."""
    for heard in list(_listeners):
        heard(events)


def release_connection() -> None:
    """Give a worker thread's database connection back."""
    close_old_connections()
