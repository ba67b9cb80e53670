"""The event envelope: what every fact that travels carries, whoever wrote it.

An event packs one fact (`count` 1) or many of the same kind that came together (a batch of sentences). Its
label says who may see it; an event without one cannot be made.

>>> from datetime import UTC
>>> label = Label(area="antwerp", owner="port-of-antwerp", purpose="isps")
>>> noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
>>> event = Event.of(ConditionNoted(name="gap"), label=label, actor="sensor:ais-1", at=noon)
>>> event.kind, event.count, event.body(ConditionNoted).name
('ConditionNoted', 1, 'gap')
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import msgspec

from port2port.engine.ids import uuid7

Body = TypeVar("Body", bound=msgspec.Struct)
Shape = TypeVar("Shape")


class Origin(StrEnum):
    """Where an event comes from; only LIVE and DEMO raise notices."""

    LIVE = "live"
    REPLAY = "replay"
    EXERCISE = "exercise"
    DEMO = "demo"


class Tlp(StrEnum):
    """Traffic Light Protocol 2.0 (FIRST)."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Label:
    """Who may see a thing: the area it belongs to, its owner, for what purpose, how far it travels."""

    area: str
    owner: str
    purpose: str
    tlp: Tlp = Tlp.AMBER
    clearance: int = 0

    def __post_init__(self) -> None:
        """Refuse a label that says nothing: an empty audience is nobody, so nobody could ever read it."""
        if not (self.area and self.owner and self.purpose):
            raise ValueError(f"a label needs area, owner and purpose: {self!r}")


@dataclass(frozen=True, slots=True)
class Event:
    """One envelope; `position` is 0 until the store has numbered it."""

    id: UUID
    kind: str
    label: Label
    origin: Origin
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    payload: bytes
    count: int = 1
    schema: int = 1
    causation_id: UUID | None = None
    key: str | None = field(default=None)
    position: int = 0

    @property
    def area(self) -> str:
        """The area of the feed or act, never guessed from a position."""
        return self.label.area

    @classmethod
    def of(  # noqa: PLR0913 - an envelope has this many lines by nature
        cls,
        body: msgspec.Struct,
        *,
        label: Label,
        actor: str,
        at: datetime,
        origin: Origin = Origin.LIVE,
        count: int = 1,
        causation_id: UUID | None = None,
        key: str | None = None,
    ) -> "Event":
        """Put a fact in its envelope."""
        return cls(
            id=uuid7(),
            kind=type(body).__name__,
            label=label,
            origin=origin,
            actor=actor,
            occurred_at=at,
            recorded_at=at,
            payload=msgspec.msgpack.encode(body),
            count=count,
            causation_id=causation_id,
            key=key,
        )

    def body(self, shape: type[Body]) -> Body:
        """Take the fact out of its envelope.

        Raises msgspec.ValidationError where the payload has another shape.
        """
        return _decoded(self.payload, shape)

    def at(self, position: int) -> "Event":
        """Give the event the number the store gave it."""
        return replace(self, position=position)


class ConditionNoted(msgspec.Struct, frozen=True):
    """The example of this page."""

    name: str


def pack(events: list[Event]) -> bytes:
    """Pack events into one message for the wire."""
    return msgspec.msgpack.encode(events)


def unpack(message: bytes) -> list[Event]:
    """Read a message of the wire back into its events."""
    return _decoded(message, list[Event])


def _decoded(message: bytes, shape: type[Shape]) -> Shape:
    """Decode; text that is no UTF-8 is a fault of the message like any other."""
    try:
        return msgspec.msgpack.decode(message, type=shape)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error
