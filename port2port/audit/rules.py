"""What a ledger entry is, byte by byte.

Law of this file: leaf bytes are final. A change of shape is a new version number, and old ones stay readable.
One entry has exactly one spelling (canonical CBOR); bytes that decode but are spelt otherwise are refused.

>>> entry = Leaf(id=UUID(int=7), at=datetime(2026, 11, 25, tzinfo=UTC), area="antwerp", actor="service:example",
...              verb="acknowledge", object_kind="alarm", object_id="41", purpose="isps", salt=bytes(16))
>>> written = entry.write()
>>> written.hex()[:8], read_leaf(written) == entry
('8f015000', True)
"""

import base64
import hashlib
import os
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from uuid import UUID

import cbor2

LEAF_VERSION = 1
SALT_BYTES = 16
EVIDENCE_BYTES = 32
SEALED_MOST_BYTES = 65_536
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DEPLOYMENT = ""  # the area of an entry about the deployment itself: in nobody's area, so on nobody's page

MOST = {  # longest text of each field, in characters; the columns that find an entry are as wide
    "area": 40,
    "actor": 120,
    "on_behalf_of": 120,
    "verb": 60,
    "object_kind": 40,
    "object_id": 64,
    "purpose": 60,
    "case": 120,
    "result": 200,
}
NEEDED = ("actor", "verb", "object_kind", "object_id", "purpose", "result")


class BadLeaf(ValueError):
    """An entry cannot be written, or bytes are no entry; the message names the field and the reason."""


def _salt() -> bytes:
    return os.urandom(SALT_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One act: who did what to what, where, when and why, and how it ended.

    The salt keeps the hash of an entry from being guessed; `subject` holds what names a person, sealed with that
    person's key, so that erasing the key erases the name and leaves the hash; `evidence` is the SHA-256 of what
    the act produced, when it produced something (`evidence_of`).
    """

    salt: bytes = field(default_factory=_salt)
    subject: bytes = b""
    id: UUID
    at: datetime
    area: str
    actor: str
    on_behalf_of: str = ""
    verb: str
    object_kind: str
    object_id: str
    purpose: str
    case: str = ""
    result: str = "done"
    evidence: bytes = b""

    def __post_init__(self) -> None:
        """Refuse what could not be stored, or not be read back the same, on either database."""
        for name, most in MOST.items():
            _check_text(name, getattr(self, name), most)
        for name in NEEDED:
            if not getattr(self, name):
                raise BadLeaf(f"{name}: must not be empty")
        if self.at.tzinfo is None:
            raise BadLeaf("at: a time without a zone is not a moment")
        if len(self.salt) != SALT_BYTES:
            raise BadLeaf(f"salt: {len(self.salt)} bytes, must be {SALT_BYTES}")
        if len(self.subject) > SEALED_MOST_BYTES:
            raise BadLeaf(f"subject: {len(self.subject)} bytes, at most {SEALED_MOST_BYTES}")
        if len(self.evidence) not in {0, EVIDENCE_BYTES}:
            raise BadLeaf(f"evidence: {len(self.evidence)} bytes, must be a SHA-256 or empty")

    def write(self) -> bytes:
        """Write the leaf bytes: a CBOR array of 15 in core deterministic encoding (RFC 8949, 4.2.1).

        [version, salt, sealed subject, id, microseconds since 1970 UTC, area, actor, on behalf of, verb,
        object kind, object id, purpose, case, result, evidence]
        """
        values = {name: getattr(self, name) for name in ORDER}
        return cbor2.dumps(
            [LEAF_VERSION, *(values | {"id": self.id.bytes, "at": microseconds(self.at)}).values()], canonical=True
        )


ORDER = tuple(part.name for part in fields(Leaf))


def read_leaf(written: bytes) -> Leaf:
    """Read leaf bytes; raises BadLeaf where they are not the one spelling of an entry."""
    try:
        parts = cbor2.loads(written)
    except (cbor2.CBORDecodeError, ValueError, TypeError) as error:
        raise BadLeaf(f"leaf: is not CBOR: {error}") from error
    if not isinstance(parts, list | tuple) or not parts or parts[0] != LEAF_VERSION:
        raise BadLeaf(f"leaf: is not an entry of version {LEAF_VERSION}")
    if len(parts) != len(ORDER) + 1:
        raise BadLeaf(f"leaf: has {len(parts)} parts, an entry has {len(ORDER) + 1}")
    values = dict(zip(ORDER, parts[1:], strict=True))
    for name, value in values.items():
        wanted = SHAPE.get(name, str)
        if type(value) is not wanted:
            raise BadLeaf(f"{name}: is {type(value).__name__}, must be {wanted.__name__}")
    leaf = _built(values)
    if leaf.write() != written:
        raise BadLeaf("leaf: is not in canonical form")
    return leaf


SHAPE: dict[str, type] = {"salt": bytes, "subject": bytes, "id": bytes, "at": int, "evidence": bytes}


def _built(values: dict[str, object]) -> Leaf:
    try:
        values["id"] = UUID(bytes=values["id"])  # type: ignore[arg-type]  # its shape was checked
        values["at"] = EPOCH + values["at"] * MICROSECOND  # type: ignore[operator]
    except (ValueError, OverflowError) as error:
        raise BadLeaf(f"leaf: id or time cannot be: {error}") from error
    return Leaf(**values)  # type: ignore[arg-type]


def microseconds(at: datetime) -> int:
    """Count whole microseconds since 1970 UTC, without the rounding a float would bring."""
    return (at - EPOCH) // MICROSECOND


def evidence_of(event_id: UUID, payload: bytes) -> bytes:
    """Digest what an act produced; the event's random id keeps a short payload from being guessed."""
    return hashlib.sha256(event_id.bytes + payload).digest()


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """Write what a checkpoint signs (C2SP tlog-checkpoint): origin, size, root, a line each."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def _check_text(name: str, text: object, most: int) -> None:
    if not isinstance(text, str):
        raise BadLeaf(f"{name}: is {type(text).__name__}, must be text")
    if len(text) > most:
        raise BadLeaf(f"{name}: {len(text)} characters, at most {most}")
    if any(ord(character) < 32 or 0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise BadLeaf(f"{name}: holds a control character or half a surrogate pair")
