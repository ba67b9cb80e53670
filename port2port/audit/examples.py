"""Plausible events and entries, for tests, benchmarks and the demo."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from port2port.audit.models import Entry
from port2port.audit.rules import Leaf
from port2port.engine.events import Event, Label
from port2port.engine.ids import uuid7

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LABEL = Label(area="antwerp", owner="port-of-antwerp", purpose="isps")


class SentencesNoted(msgspec.Struct, frozen=True):
    """Raw lines of a feed, as they came."""

    raw: bytes


class AlarmNoted(msgspec.Struct, frozen=True):
    """An alarm changed."""

    alarm: str


def some_sentences(
    text: bytes = b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\r\n",
    *,
    key: str | None = None,
    at: datetime = NOON,
) -> Event:
    """Give a batch of sentences as a feed publishes it."""
    body = SentencesNoted(raw=text)
    return Event.of(body, label=LABEL, actor="sensor:ais-1", at=at, count=max(1, text.count(b"\n")), key=key)


def an_alarm(alarm: str = "41", *, at: datetime = NOON) -> Event:
    """Give a change of an alarm."""
    return Event.of(AlarmNoted(alarm=alarm), label=LABEL, actor="service:control", at=at)


def some_leaves(count: int, *, start: datetime = NOON) -> list[Leaf]:
    """Give leaves of acts on alarms, a tenth of a second apart."""
    return [
        Leaf(
            id=uuid7(unix_ms=int(start.timestamp() * 1000) + n * 100),
            at=start + timedelta(milliseconds=100 * n),
            area="antwerp" if n % 3 else "ghent",
            actor=f"account:{n % 7}",
            verb="acknowledge",
            object_kind="alarm",
            object_id=f"alarm-{n // 4}",
            purpose="isps",
        )
        for n in range(count)
    ]


def enter_all(leaves: Iterable[Leaf]) -> None:
    """Write many entries at once."""
    Entry.objects.bulk_create(
        (
            Entry(
                id=leaf.id,
                leaf=leaf.write(),
                recorded_at=leaf.at,
                area=leaf.area,
                verb=leaf.verb,
                object_kind=leaf.object_kind,
                object_id=leaf.object_id,
                actor=leaf.actor,
            )
            for leaf in leaves
        ),
        batch_size=1000,
    )
