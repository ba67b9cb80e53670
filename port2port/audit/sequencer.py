"""The sequencer: gives waiting entries their leaf numbers, and signs the head of the tree.

One numbers at a time in a deployment (an advisory lock on PostgreSQL, the only writer on SQLite). Numbers, tiles
and frontier move on in one transaction, so a kill at any point leaves the tree as it was or as it should be, and
the next step goes on from there. A checkpoint covers numbered entries only; with it the head of the outbox is
entered in the ledger, so that the signature holds the chain of events as well.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from port2port.audit import queries, rules
from port2port.audit.actions import enter
from port2port.audit.models import Checkpoint, Entry, LogKey, OutboxEvent, Tile, Tree
from port2port.engine.keys import Signer
from port2port.engine.merkle import Frontier, leaf_hash, perfect_root

TREE_LOCK = 0x7032705F6C6F67  # "p2p_log"
STEP_S = 0.5  # an entry waits at most a second for its number
CHECKPOINT_S = 30  # and its number at most a minute for a signature
BATCH = 2_000
TILE = queries.TILE
SERVICE = "service:ledger"
_TABLE = Entry._meta.db_table
_NUMBER_ONE = f"UPDATE {_TABLE} SET number = %s WHERE id = %s AND number IS NULL"  # noqa: S608
_NUMBER_MANY = (
    f"UPDATE {_TABLE} AS entry SET number = given.number "  # noqa: S608
    "FROM unnest(%s::uuid[], %s::bigint[]) AS given (id, number) WHERE entry.id = given.id AND entry.number IS NULL"
)


class Sequencer:
    """What a supervisor runs: `step` each second and `checkpoint` each minute at least, or `tick` does both."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._signed_at: datetime | None = None

    def step(self, at: datetime) -> int:
        """Give all waiting entries their numbers; tell how many got one.

        Where another sequencer is at it, it does the work and this one reports 0. `at` is not used for numbering:
        an entry's own time stands in its leaf.
        """
        total = 0
        while Entry.objects.filter(number=None).exists():
            with transaction.atomic():
                numbered = _number(BATCH) if _alone() else 0
            total += numbered
            if numbered < BATCH:
                break
        return total

    def checkpoint(self, at: datetime) -> Checkpoint | None:
        """Sign the head of the tree if anything is new since the last one; give what was signed."""
        if not _something_new():
            return None
        with transaction.atomic():
            if not _alone():
                return None
            self._introduce(at)
            _anchor_outbox(at)
            while _number(BATCH):
                pass
            return self._sign(at)

    def tick(self, at: datetime) -> int:
        """Do one round: number what waits, sign when it is time; tell how many got a number.

        Made to be called each `STEP_S` by whatever keeps a thread going; a fault may be tried again at once.
        """
        numbered = self.step(at)
        if self._signed_at is None or at - self._signed_at >= timedelta(seconds=CHECKPOINT_S):
            self.checkpoint(at)
            self._signed_at = at
        return numbered

    def _introduce(self, at: datetime) -> None:
        """Enter a key in the ledger before its first signature, so that no key appears without a trace."""
        key = self._signer.verifier
        tree, _ = Tree.objects.get_or_create(pk=Tree.THE_ONE)
        if not tree.origin:
            Tree.objects.filter(pk=Tree.THE_ONE).update(origin=key.name)
        if not LogKey.objects.filter(pk=key.key).exists():
            LogKey.objects.create(key=key.key, since_size=tree.size, at=at)
            _enter("introduce_key", "key", key.id.hex(), at, evidence=key.public)

    def _sign(self, at: datetime) -> Checkpoint | None:
        tree = Tree.objects.get(pk=Tree.THE_ONE)
        root = Frontier.unpack(tree.size, bytes(tree.frontier)).root()
        note = self._signer.note(rules.checkpoint_text(tree.origin, tree.size, root))
        told = {"root": root, "note": note, "at": at}
        made, new = Checkpoint.objects.get_or_create(size=tree.size, defaults=told)
        return made if new else None


def _something_new() -> bool:
    """Tell whether entries or events came since the last checkpoint; it only reads."""
    last = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    size = Tree.objects.filter(pk=Tree.THE_ONE).values_list("size", flat=True).first() or 0
    return size > last or Entry.objects.filter(number=None).exists() or _outbox_to_anchor() is not None


def _alone() -> bool:
    """Be the only sequencer until the transaction ends, or learn that another is."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TREE_LOCK])
        return bool(cursor.fetchone()[0])


def _number(most: int) -> int:
    """Number up to so many waiting entries in order of their ids, in the caller's transaction."""
    waiting = list(Entry.objects.filter(number=None).order_by("id").values_list("id", "leaf")[:most])
    if not waiting:
        return 0
    tree, _ = Tree.objects.get_or_create(pk=Tree.THE_ONE)
    frontier = Frontier.unpack(tree.size, bytes(tree.frontier))
    hashes = [leaf_hash(bytes(leaf)) for _, leaf in waiting]
    first = tree.size
    for hashed in hashes:
        frontier.append(hashed)
    _write_numbers(first, [entry for entry, _ in waiting])
    _write_tiles(first, hashes)
    moved = Tree.objects.filter(pk=Tree.THE_ONE, size=first).update(size=frontier.size, frontier=frontier.pack())
    if moved != 1:
        raise RuntimeError(f"the tree moved on from {first} while this sequencer held its lock")
    return len(waiting)


def _write_numbers(first: int, ids: list[UUID]) -> None:
    """Write the numbers; the unique index refuses one given twice."""
    numbers = list(range(first, first + len(ids)))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_NUMBER_MANY, [ids, numbers])
        else:
            cursor.executemany(_NUMBER_ONE, [(number, id_.hex) for number, id_ in zip(numbers, ids, strict=True)])


def _write_tiles(first: int, hashes: list[bytes]) -> None:
    """Close every tile that the new leaves fill, and the tiles above that those fill."""
    start = first - first % TILE
    if start < first:
        hashes = [*queries.leaf_hashes(start, first), *hashes]
    level = 0
    while len(hashes) >= TILE:
        roots = []
        for at in range(0, len(hashes) - TILE + 1, TILE):
            tile = hashes[at : at + TILE]
            roots.append(perfect_root(tile))
            index = start // TILE + at // TILE
            Tile.objects.create(level=level, index=index, hashes=b"".join(tile), root=roots[-1])
        level, start = level + 1, start // TILE
        before = start % TILE
        start -= before
        hashes = [*queries.tile_roots(level - 1, start, start + before), *roots]


def _outbox_to_anchor() -> tuple[int, bytes] | None:
    """Give the head of the outbox, unless the ledger holds it already."""
    head = OutboxEvent.objects.order_by("-position").values_list("position", "chain").first()
    if head is None:
        return None
    known = Entry.objects.filter(object_kind="outbox", object_id=str(head[0]), verb="anchor_outbox").exists()
    return None if known else (head[0], bytes(head[1]))


def _anchor_outbox(at: datetime) -> None:
    head = _outbox_to_anchor()
    if head is not None:
        _enter("anchor_outbox", "outbox", str(head[0]), at, evidence=head[1])


def _enter(verb: str, kind: str, which: str, at: datetime, *, evidence: bytes) -> None:
    enter(
        verb=verb,
        object_kind=kind,
        object_id=which,
        area=rules.DEPLOYMENT,
        actor=SERVICE,
        at=at,
        purpose="integrity",
        evidence=evidence,
    )
