"""How the outbox is chained: one link per row, over its whole envelope and the digest of its payload.

The digest is itself a chain, a link for each fact that the row packs (engine.journal.fact_digest). It stands in the
envelope, so the outbox can be checked without the payloads, and an auditor need not be given them.
"""

import hashlib
import json
from functools import lru_cache

from port2port.audit.rules import microseconds
from port2port.engine.events import Event, Label, Tlp
from port2port.engine.journal import fact_digest, link

CHAIN_VERSION = "p2p-outbox-v1"
GENESIS = bytes(32)

Part = str | int | None
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def envelope(event: Event) -> list[Part]:
    """Give all that is chained of a numbered event, in its final order."""
    label = event.label
    return [
        CHAIN_VERSION,
        event.position,
        event.id.hex,
        event.key,
        event.kind,
        event.schema,
        str(event.origin),
        event.actor,
        label.area,
        label.owner,
        label.purpose,
        str(label.tlp),
        label.clearance,
        event.causation_id.hex if event.causation_id else None,
        microseconds(event.occurred_at),
        microseconds(event.recorded_at),
        event.count,
        fact_digest(event.payload, event.count).hex(),
    ]


def chained(previous: bytes, parts: list[Part]) -> bytes:
    """Link an envelope onto the chain: SHA-256(previous, compact JSON in UTF-8)."""
    return link(previous, [_compact(parts).encode()])


@lru_cache(maxsize=1024)
def label_text(label: Label) -> str:
    """Write a label for its column; few labels stand on many rows, so they are remembered."""
    return json.dumps(
        {
            "area": label.area,
            "owner": label.owner,
            "purpose": label.purpose,
            "tlp": str(label.tlp),
            "clearance": label.clearance,
        }
    )


@lru_cache(maxsize=1024)
def read_label(text: str) -> Label:
    """Read a label's column."""
    parts = json.loads(text)
    return Label(parts["area"], parts["owner"], parts["purpose"], Tlp(parts["tlp"]), parts["clearance"])


def trim_digest(runs: list[tuple[int, int, bytes, bytes]]) -> bytes:
    """Digest what a trim took away: for each run its first and last position, the chain before and after it."""
    digest = hashlib.sha256()
    for first, last, before, after in runs:
        digest.update(first.to_bytes(8) + last.to_bytes(8) + before + after)
    return digest.digest()
