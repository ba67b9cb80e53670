"""Retention of the outbox: which runs of positions may go, and what stays behind in their place."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from port2port.audit import envelope
from port2port.audit.models import Cursor, Entry, OutboxEvent, OutboxTrim
from port2port.audit.store import STORE

MOST_ROWS = 2_000  # a trim is one short transaction: the writer must not wait for it


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring positions that go together, and the chain on both sides."""

    first: int
    last: int
    before: bytes
    after: bytes


def runs_to_trim(kind: str, before: datetime, *, readers: Collection[str] | None, most: int) -> list[Run]:
    """Find the oldest rows of a kind that may go, as runs."""
    STORE.lock()
    rows = _old(kind, before, range_=(0, min(passed(readers), STORE.head() - 1)))
    stretches = _stretches(rows.order_by("position").values_list("position", "chain")[:most])
    chains = _chains_at([stretch[0][0] - 1 for stretch in stretches])
    return [Run(stretch[0][0], stretch[-1][0], chains[stretch[0][0] - 1], stretch[-1][1]) for stretch in stretches]


def passed(readers: Collection[str] | None) -> int:
    """Tell up to which position every reader has come; a reader that never began has passed nothing."""
    places = dict(Cursor.objects.values_list("consumer", "position"))
    if readers is None:
        return min(places.values(), default=0)
    return min((places.get(reader, 0) for reader in readers), default=0)


def digest(runs: Iterable[Run]) -> bytes:
    """Digest the runs for the ledger entry of the trim."""
    return envelope.trim_digest([astuple(run) for run in runs])


def take_out(runs: Sequence[Run], *, kind: str, before: datetime, entry: Entry) -> int:
    """Delete the rows of the runs and leave their anchors; tell how many rows went."""
    OutboxTrim.objects.bulk_create(
        OutboxTrim(first=run.first, last=run.last, before=run.before, after=run.after, kind=kind, entry=entry)
        for run in runs
    )
    gone = _old(kind, before, range_=(runs[0].first, runs[-1].last))._raw_delete(DEFAULT_DB_ALIAS)
    if gone != sum(run.last - run.first + 1 for run in runs):
        raise RuntimeError(f"{gone} rows of {kind} went, not those of the runs; nothing was trimmed")
    return gone


def _old(kind: str, before: datetime, *, range_: tuple[int, int]) -> QuerySet[OutboxEvent]:
    return OutboxEvent.objects.filter(kind=kind, position__range=range_, recorded_at__lt=before)


def _stretches(rows: Iterable[tuple[int, bytes]]) -> list[list[tuple[int, bytes]]]:
    """Cut rows wherever a position is missing between them."""
    stretches: list[list[tuple[int, bytes]]] = []
    for position, chain in rows:
        if stretches and position == stretches[-1][-1][0] + 1:
            stretches[-1].append((position, bytes(chain)))
        else:
            stretches.append([(position, bytes(chain))])
    return stretches


def _chains_at(positions: Sequence[int]) -> dict[int, bytes]:
    """Give the chain at each position, from its row or from the anchor of the run that ended there."""
    rows = OutboxEvent.objects.filter(pk__in=positions).values_list("position", "chain")
    anchors = OutboxTrim.objects.filter(last__in=positions).values_list("last", "after")
    return {0: envelope.GENESIS} | {at: bytes(chain) for at, chain in (*rows, *anchors)}
