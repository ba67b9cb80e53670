"""Do: write an event to the outbox, write a line in the ledger; both inside the caller's transaction."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from port2port.audit import rules, trims
from port2port.audit.models import Entry
from port2port.audit.store import STORE, announce
from port2port.engine.events import Event
from port2port.engine.ids import uuid7
from port2port.engine.journal import KeyReused


def publish(event: Event) -> Event:
    """Commit an event with the act it tells of; listeners hear of it after the commit.

    On PostgreSQL the numbering lock is held until the commit: publish last, and never wait for anything after.
    """
    written = STORE.insert([event])[0]
    if isinstance(written, KeyReused):
        raise written
    transaction.on_commit(lambda: announce([written]))
    return written


def enter(  # noqa: PLR0913 - the parts of an entry (trust.md 5.3)
    *,
    verb: str,
    object_kind: str,
    object_id: str,
    area: str,
    actor: str,
    at: datetime,
    purpose: str,
    on_behalf_of: str = "",
    case: str = "",
    result: str = "done",
    subject: bytes = b"",
    evidence: bytes = b"",
) -> Entry:
    """Write one ledger entry; the sequencer gives it its leaf number within a second.

    Raises rules.BadLeaf naming the field that cannot be written.
    """
    leaf = rules.Leaf(
        id=uuid7(),
        at=at,
        area=area,
        actor=actor,
        on_behalf_of=on_behalf_of,
        verb=verb,
        object_kind=object_kind,
        object_id=object_id,
        purpose=purpose,
        case=case,
        result=result,
        subject=subject,
        evidence=evidence,
    )
    return Entry.objects.create(
        id=leaf.id,
        leaf=leaf.write(),
        recorded_at=at,
        area=area,
        verb=verb,
        object_kind=object_kind,
        object_id=object_id,
        actor=actor,
    )


def trim_outbox(
    kind: str,
    before: datetime,
    at: datetime,
    *,
    readers: Collection[str] | None = None,
    most: int = trims.MOST_ROWS,
) -> int:
    """Take events of a kind recorded before a moment out of the outbox, oldest first; tell how many rows went.

    Only what all readers have passed goes (all cursors, unless the readers of this kind are named), and never the
    newest row. The chain stays whole over the gap, and a ledger entry proves that the gap is a trim. Call again
    until 0. With a row goes its idempotency key, so `before` must lie further back than any sender retries.
    """
    with transaction.atomic():
        runs = trims.runs_to_trim(kind, before, readers=readers, most=most)
        if not runs:
            return 0
        entry = enter(
            verb="trim_outbox",
            object_kind="outbox",
            object_id=f"{runs[0].first}-{runs[-1].last}",
            area=rules.DEPLOYMENT,
            actor="service:retention",
            at=at,
            purpose="retention",
            result=kind,
            evidence=trims.digest(runs),
        )
        return trims.take_out(runs, kind=kind, before=before, entry=entry)
