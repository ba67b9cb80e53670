"""Ask: entries, the history of an object, the head of the ledger, a proof, and the whole log for an auditor."""

import base64
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO
from uuid import UUID

from django.db.models import Q, QuerySet

from port2port.audit import envelope, rules
from port2port.audit.models import Checkpoint, Entry, LogKey, OutboxEvent, OutboxTrim, Tile, Tree
from port2port.audit.store import rows_between
from port2port.engine import merkle

TILE = 256
TILE_LEVELS = 8  # levels of the tree under one tile: 2**8 = 256
EXPORT_FORMAT, EXPORT_VERSION = "port2port-ledger", 1
PAGE = 2_000


def entries_in(areas: Collection[str]) -> QuerySet[Entry]:
    """Give the entries an actor of these areas may see, newest first; no area sees nothing.

    Entries about the deployment itself lie in no area: an auditor reads them from the exported log.
    """
    return Entry.objects.filter(area__in=sorted(set(areas) - {rules.DEPLOYMENT})).order_by("-id")


def history(object_kind: str, object_id: str, *, areas: Collection[str]) -> QuerySet[Entry]:
    """Give what was done to an object, oldest first, as far as these areas may see."""
    return entries_in(areas).filter(object_kind=object_kind, object_id=object_id).order_by("id")


def told(entry: Entry) -> rules.Leaf:
    """Read what an entry says from its leaf, never from the columns beside it."""
    return rules.read_leaf(bytes(entry.leaf))


@dataclass(frozen=True, slots=True)
class Head:
    """Where the ledger stands: numbered, signed, waiting."""

    origin: str
    size: int
    root: bytes
    signed_size: int
    signed_at: datetime | None
    note: str
    waiting: int
    waiting_since: datetime | None
    outbox_position: int
    keys: tuple[str, ...]


def ledger_head() -> Head:
    """Tell the head facts for a status page."""
    tree = Tree.objects.filter(pk=Tree.THE_ONE).first() or Tree()
    signed = Checkpoint.objects.order_by("-size").first()
    waiting = Entry.objects.filter(number=None)
    oldest = waiting.order_by("id").values_list("recorded_at", flat=True).first()
    return Head(
        origin=tree.origin,
        size=tree.size,
        root=merkle.Frontier.unpack(tree.size, bytes(tree.frontier)).root(),
        signed_size=signed.size if signed else 0,
        signed_at=signed.at if signed else None,
        note=signed.note if signed else "",
        waiting=waiting.count(),
        waiting_since=oldest,
        outbox_position=OutboxEvent.objects.order_by("-position").values_list("position", flat=True).first() or 0,
        keys=tuple(LogKey.objects.order_by("since_size").values_list("key", flat=True)),
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """Why anyone can believe an entry: from its leaf, along the path, to the root that was signed.

    `number` is None while the entry waits for the sequencer, `note` empty until a checkpoint covers it.
    """

    leaf: bytes
    number: int | None = None
    path: tuple[bytes, ...] = ()
    size: int = 0
    root: bytes = b""
    note: str = ""
    signed_at: datetime | None = None

    def holds(self) -> bool:
        """Check the path here, as any reader of the proof can; the signature is checked by `verify`."""
        return self.number is not None and merkle.is_included(
            merkle.leaf_hash(self.leaf), self.number, self.size, self.path, self.root
        )


def proof(entry_id: UUID) -> Proof:
    """Prove an entry to the last checkpoint that covers it; raises Entry.DoesNotExist for one that is not there."""
    entry = Entry.objects.get(pk=entry_id)
    leaf = bytes(entry.leaf)
    if entry.number is None:
        return Proof(leaf)
    signed = Checkpoint.objects.filter(size__gt=entry.number).order_by("-size").first()
    if signed is None:
        return Proof(leaf, entry.number)
    path = merkle.inclusion_path(entry.number, signed.size, Nodes())
    return Proof(leaf, entry.number, tuple(path), signed.size, bytes(signed.root), signed.note, signed.at)


def consistency(old: int, new: int) -> list[bytes]:
    """Prove that the tree of `new` entries only appended to the one of `old`, as a witness asks."""
    return merkle.consistency_path(old, new, Nodes())


class Nodes:
    """Gives the roots of perfect subtrees, reading each tile once; made anew for each proof."""

    def __init__(self) -> None:
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Give the root of the perfect subtree at (level, index)."""
        tier, inner = divmod(level, TILE_LEVELS)
        tile, start = divmod(index << inner, TILE)
        return merkle.perfect_root(self._hashes(tier, tile)[start : start + (1 << inner)])

    def _hashes(self, tier: int, tile: int) -> list[bytes]:
        if (tier, tile) not in self._tiles:
            self._tiles[tier, tile] = _closed(tier, tile) or _open(tier, tile)
        return self._tiles[tier, tile]


def _closed(tier: int, tile: int) -> list[bytes]:
    packed = Tile.objects.filter(level=tier, index=tile).values_list("hashes", flat=True).first() or b""
    return [bytes(packed[at : at + merkle.HASH_BYTES]) for at in range(0, len(packed), merkle.HASH_BYTES)]


def _open(tier: int, tile: int) -> list[bytes]:
    """Gather the hashes of a tile that is not full yet."""
    first, stop = tile * TILE, (tile + 1) * TILE
    return leaf_hashes(first, stop) if tier == 0 else tile_roots(tier - 1, first, stop)


def leaf_hashes(first: int, stop: int) -> list[bytes]:
    """Hash the leaves with numbers [first, stop)."""
    leaves = Entry.objects.filter(number__gte=first, number__lt=stop).order_by("number")
    return [merkle.leaf_hash(bytes(leaf)) for leaf in leaves.values_list("leaf", flat=True)]


def tile_roots(level: int, first: int, stop: int) -> list[bytes]:
    """Read the roots of the closed tiles [first, stop) of a level."""
    tiles = Tile.objects.filter(level=level, index__gte=first, index__lt=stop).order_by("index")
    return [bytes(root) for root in tiles.values_list("root", flat=True)]


def export_log(file: TextIO, *, outbox: bool = True) -> int:
    """Write the log for an auditor, one JSON object a line, and tell how many entries; `verify` reads it anywhere.

    The lines, in this order: a header; each checkpoint; each numbered entry; unless left out, the chain of the
    outbox (envelopes and digests, no payloads) and what was trimmed from it; each entry that still waits. Nothing
    is locked: what is numbered stays as it is, and all that came after the header's size is given as waiting.
    """
    tree = Tree.objects.filter(pk=Tree.THE_ONE).first() or Tree()
    keys = list(LogKey.objects.order_by("since_size").values_list("key", flat=True))
    head = OutboxEvent.objects.order_by("-position").values_list("position", flat=True).first() or 0
    header = {
        "format": EXPORT_FORMAT,
        "version": EXPORT_VERSION,
        "origin": tree.origin,
        "keys": keys,
        "size": tree.size,
        "root": _b64(merkle.Frontier.unpack(tree.size, bytes(tree.frontier)).root()),
    }
    _line(file, header | ({"outbox": head} if outbox else {}))
    for signed in Checkpoint.objects.filter(size__lte=tree.size).order_by("size").iterator():
        _line(file, {"checkpoint": signed.note, "at": rules.microseconds(signed.at)})
    for line in _entry_lines(tree.size):
        _line(file, line)
    for line in _outbox_lines(head) if outbox else ():
        _line(file, line)
    for entry in Entry.objects.filter(Q(number=None) | Q(number__gte=tree.size)).order_by("id").iterator():
        _line(file, {"waiting": _b64(entry.leaf), "row": _row(entry)})
    return int(tree.size)


def _entry_lines(size: int) -> Iterator[dict[str, Any]]:
    for first in range(0, size, PAGE):
        page = Entry.objects.filter(number__gte=first, number__lt=min(first + PAGE, size)).order_by("number")
        for entry in page:
            yield {"n": entry.number, "leaf": _b64(entry.leaf), "row": _row(entry)}


def _outbox_lines(head: int) -> Iterator[dict[str, Any]]:
    """Give the rows and the trimmed runs up to the head; a trim that happens meanwhile only adds runs."""
    position = 0
    while position < head:
        page = rows_between(position, min(position + PAGE, head))
        for event, chain in page:
            yield {"event": envelope.envelope(event), "chain": chain.hex()}
        position = min(position + PAGE, head)
    for run in OutboxTrim.objects.select_related("entry").order_by("first").iterator():
        gap = [run.first, run.last, bytes(run.before).hex(), bytes(run.after).hex()]
        yield {"trim": gap, "entry": run.entry.pk.hex}


def _row(entry: Entry) -> list[Any]:
    """Give the columns that only find an entry, so that it shows where they lie."""
    return [
        entry.id.hex,
        rules.microseconds(entry.recorded_at),
        entry.area,
        entry.verb,
        entry.object_kind,
        entry.object_id,
        entry.actor,
    ]


def _b64(value: bytes | memoryview) -> str:
    return base64.b64encode(bytes(value)).decode()


def _line(file: TextIO, parts: dict[str, Any]) -> None:
    file.write(json.dumps(parts, ensure_ascii=False, separators=(",", ":")) + "\n")
