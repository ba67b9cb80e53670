#!/usr/bin/env python3
"""Check a port2port ledger without trusting the server it comes from.

    python verify.py LOG [--checkpoint FILE] [--key KEY] [--keep FILE]

LOG is an exported log (`port2port export-ledger FILE`) or the SQLite database itself, which is opened for reading
only. This file needs nothing of port2port: Python 3.11 and the package `cryptography`, so an auditor can read it
in one sitting and run it anywhere. It rebuilds the Merkle tree (RFC 6962) from the entries and compares it with
every signed checkpoint (C2SP tlog-checkpoint), then follows the chain of the outbox.

Two things only the auditor can bring: `--key`, the log's public key as it was given at the start, and
`--checkpoint`, a checkpoint kept from an earlier visit (`--keep` writes one). Without them whoever holds the
server and its signing key could show another log that is sound in itself.

Exit code: 0 the log holds, 1 it was tampered with, 2 it could not be checked.
"""

import argparse
import base64
import binascii
import hashlib
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

LEAF_VERSION, LEAF_PARTS = 1, 15
CHAIN_VERSION = "p2p-outbox-v1"
GENESIS = bytes(32)
TOLD_MOST = 20  # faults of one kind that are told one by one
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECTIONS = ("checkpoint", "n", "event", "trim", "waiting")


class Unreadable(Exception):  # noqa: N818 - it names what the reader met
    """The log cannot be checked at all; the message says why."""


# The report ----------------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What was found, in plain sentences."""

    entries: int = 0
    signed: int = 0
    checkpoints: int = 0
    unsigned_age_s: float | None = None
    waiting: int = 0
    waiting_age_s: float | None = None
    events: int = 0
    trimmed: int = 0
    root: str = ""
    last_note: str = ""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unreadable: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def code(self) -> int:
        """The exit code: 0 holds, 1 tampered with, 2 could not be checked."""
        return 2 if self.unreadable else 1 if self.faults else 0

    def fault(self, kind: str, sentence: str) -> None:
        """Tell a fault, unless twenty of its kind were told already."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= TOLD_MOST:
            self.faults.append(sentence)

    def sentences(self) -> list[str]:
        """Give the report as lines for people."""
        if self.unreadable:
            return [f"Could not be checked: {self.unreadable}"]
        more = [
            f"... and {count - TOLD_MOST} more of this kind ({kind})."
            for kind, count in self.counts.items()
            if count > TOLD_MOST
        ]
        verdict = "The log does NOT hold." if self.faults else "The log holds."
        return [verdict, *self.faults, *more, *self.notes]


# Bytes: CBOR, hashes, signatures -------------------------------------------------------------------------------


def read_cbor(written: bytes) -> Any:
    """Read one canonical CBOR value of the kinds a leaf has; ValueError for any other spelling."""
    value, end = _cbor(written, 0)
    if end != len(written):
        raise ValueError("bytes after the end")
    return value


def _cbor(written: bytes, at: int) -> tuple[Any, int]:
    kind, size, at = _cbor_head(written, at)
    if kind == 0:
        return size, at
    if kind == 1:
        return -1 - size, at
    if kind in {2, 3}:
        taken = written[at : at + size]
        if len(taken) != size:
            raise ValueError("cut short")
        return (taken if kind == 2 else taken.decode("utf-8")), at + size
    if kind != 4:
        raise ValueError(f"major type {kind} has no place in a leaf")
    items = []
    for _ in range(size):
        item, at = _cbor(written, at)
        items.append(item)
    return items, at


def _cbor_head(written: bytes, at: int) -> tuple[int, int, int]:
    """Read the first byte and the argument; the shortest form is the only one allowed (RFC 8949, 4.2.1)."""
    if at >= len(written):
        raise ValueError("cut short")
    kind, low = written[at] >> 5, written[at] & 31
    if low < 24:
        return kind, low, at + 1
    if low > 27:
        raise ValueError("indefinite or reserved length")
    width = 1 << low - 24
    size = int.from_bytes(written[at + 1 : at + 1 + width])
    if len(written) < at + 1 + width:
        raise ValueError("cut short")
    if size < (24 if width == 1 else 1 << 4 * width):
        raise ValueError("a number is not in its shortest form")
    return kind, size, at + 1 + width


@dataclass(frozen=True)
class Leaf:
    """The parts of an entry that are looked at here."""

    id: str
    at: int
    area: str
    actor: str
    verb: str
    object_kind: str
    object_id: str
    evidence: bytes

    def row(self) -> list[Any]:
        """Give what the columns beside the leaf must say."""
        return [self.id, self.at, self.area, self.verb, self.object_kind, self.object_id, self.actor]


LEAF_TYPES = (int, bytes, bytes, bytes, int, str, str, str, str, str, str, str, str, str, bytes)


def read_leaf(written: bytes) -> Leaf | None:
    """Read a leaf; None for one of a later version, ValueError for one that is no entry."""
    parts = read_cbor(written)
    if not isinstance(parts, list) or not parts or type(parts[0]) is not int:
        raise ValueError("is not an entry")
    if parts[0] > LEAF_VERSION:
        return None
    if tuple(type(part) for part in parts) != LEAF_TYPES:
        raise ValueError("does not have the parts of an entry")
    _, salt, _, id_, at, area, actor, _, verb, object_kind, object_id, _, _, _, evidence = parts
    if len(salt) != 16 or len(id_) != 16 or len(evidence) not in {0, 32}:
        raise ValueError("has an id, salt or digest of the wrong length")
    return Leaf(id_.hex(), at, area, actor, verb, object_kind, object_id, evidence)


class Tree:
    """The frontier of an RFC 6962 tree: perfect subtrees side by side, the largest first."""

    def __init__(self) -> None:
        self.size, self._peaks = 0, list[bytes]()

    def append(self, leaf: bytes) -> None:
        """Add a leaf."""
        hashed, rest = hashlib.sha256(b"\x00" + leaf).digest(), self.size
        while rest & 1:
            hashed = hashlib.sha256(b"\x01" + self._peaks.pop() + hashed).digest()
            rest >>= 1
        self._peaks.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        """Give the root."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        root, *others = reversed(self._peaks)
        for peak in others:
            root = hashlib.sha256(b"\x01" + peak + root).digest()
        return root


@dataclass(frozen=True)
class Key:
    """A public key: `name+id+base64` (C2SP signed-note)."""

    name: str
    public: bytes

    @classmethod
    def read(cls, line: str) -> "Key":
        """Read a published line; Unreadable where it is damaged."""
        try:
            name, key_id, encoded = line.strip().split("+", 2)
            blob = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error) as error:
            raise Unreadable(f"{line[:60]!r} is not a public key of the form name+id+base64") from error
        key = cls(name, blob[1:])
        if blob[:1] != b"\x01" or len(blob) != 33 or key.id.hex() != key_id:
            raise Unreadable(f"the public key {name} is damaged or not Ed25519")
        return key

    @property
    def line(self) -> str:
        """The line that may be published."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([1]) + self.public).decode()}"

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names the key."""
        return hashlib.sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Tell whether the signature is of this key."""
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError as error:
            raise Unreadable("the Python package `cryptography` is needed for signatures; install it") from error
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Checkpoint:
    """A signed head: whose log, how long, which root; `by` is the key that signed, if it is a known one."""

    note: str
    origin: str
    size: int
    root: bytes
    by: Key | None


def read_checkpoint(note: str, keys: Iterable[Key]) -> Checkpoint:
    """Read a signed note; ValueError where it is none, `by` None where no known key signed it."""
    text, mark, signatures = note.rpartition("\n\n")
    origin, size, root, *_ = [*text.split("\n"), "", "", ""]
    if not mark or not origin or not size.isascii() or not size.isdigit() or (size[0] == "0" and size != "0"):
        raise ValueError("is not a checkpoint")
    hashed = base64.b64decode(root, validate=True)
    if len(hashed) != 32:
        raise ValueError("has no root")
    by = None
    for line in signatures.splitlines():
        dash, name, encoded = [*line.split(" ", 2), "", "", ""][:3]
        blob = base64.b64decode(encoded, validate=True)
        for key in keys if dash == "\u2014" else ():
            if (key.name, key.id) == (name, blob[:4]) and key.holds(text.encode() + b"\n", blob[4:]):
                by = key
    return Checkpoint(note, origin, int(size), hashed, by)


# The two sources: each gives a header and then records in the order of SECTIONS --------------------------------


@dataclass
class Log:
    """A log as it is read: the header, then one record after the other."""

    origin: str
    keys: list[Key]
    size: int
    root: bytes
    outbox: int | None
    records: Iterator[tuple[Any, ...]]


def open_log(path: Path) -> Log:
    """Open an exported log or a SQLite database."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    if start == b"SQLite format 3\x00":
        return _open_database(path)
    if start[:1] == b"{":
        return _open_export(path)
    raise Unreadable(f"{path} is neither an exported log nor a SQLite database")


def _open_export(path: Path) -> Log:
    lines = _json_lines(path)
    _, head = next(lines)
    if head.get("format") != "port2port-ledger" or head.get("version") != 1:
        raise Unreadable(f"{path} is not an exported log of version 1")
    try:
        keys = [Key.read(line) for line in head["keys"]]
        return Log(
            head["origin"],
            keys,
            int(head["size"]),
            base64.b64decode(head["root"]),
            head.get("outbox"),
            _export_records(lines),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{path}: the header is damaged: {error!r}") from error


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                parts = json.loads(line)
            except ValueError as error:
                raise Unreadable(f"line {number} is not JSON: the file is damaged or was cut off") from error
            if not isinstance(parts, dict):
                raise Unreadable(f"line {number} is not an object")
            yield number, parts


def _export_records(lines: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[tuple[Any, ...]]:
    section = 0
    for number, parts in lines:
        kind = next((name for name in SECTIONS if name in parts), "")
        if not kind or SECTIONS.index(kind) < section:
            raise Unreadable(f"line {number} has no place where it stands")
        section = SECTIONS.index(kind)
        try:
            yield _export_record(kind, parts)
        except (KeyError, TypeError, ValueError) as error:
            raise Unreadable(f"line {number} is damaged: {error!r}") from error


def _export_record(kind: str, parts: dict[str, Any]) -> tuple[Any, ...]:
    if kind == "checkpoint":
        return kind, str(parts["checkpoint"])
    if kind == "n":
        return kind, int(parts["n"]), base64.b64decode(parts["leaf"], validate=True), list(parts["row"])
    if kind == "event":
        return kind, list(parts["event"]), bytes.fromhex(parts["chain"])
    if kind == "trim":
        first, last, before, after = parts["trim"]
        return kind, int(first), int(last), bytes.fromhex(before), bytes.fromhex(after), str(parts["entry"])
    return kind, base64.b64decode(parts["waiting"], validate=True), list(parts["row"])


def _open_database(path: Path) -> Log:
    try:
        base = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
        base.execute("BEGIN")  # one view of the whole, whatever is written meanwhile
        keys = [Key.read(line) for (line,) in base.execute("SELECT key FROM audit_logkey ORDER BY since_size")]
        tree = base.execute("SELECT origin, size, frontier FROM audit_tree").fetchone() or ("", 0, b"")
        outbox = base.execute("SELECT max(position) FROM audit_outboxevent").fetchone()[0] or 0
    except sqlite3.Error as error:
        raise Unreadable(f"{path} does not open as a port2port database: {error}") from error
    return Log(tree[0], keys, tree[1], _frontier_root(tree[2]), outbox, _database_records(base))


def _frontier_root(packed: bytes) -> bytes:
    peaks = [packed[at : at + 32] for at in range(0, len(packed), 32)]
    root = peaks.pop() if peaks else hashlib.sha256(b"").digest()
    for peak in reversed(peaks):
        root = hashlib.sha256(b"\x01" + peak + root).digest()
    return root


ROW = "id, recorded_at, area, verb, object_kind, object_id, actor"
NUMBERED = f"SELECT number, leaf, {ROW} FROM audit_entry WHERE number IS NOT NULL ORDER BY number"  # noqa: S608
WAITING = f"SELECT leaf, {ROW} FROM audit_entry WHERE number IS NULL ORDER BY id"  # noqa: S608
EVENTS = (
    "SELECT position, id, key, kind, schema, origin, actor, label, causation_id, occurred_at, recorded_at, count, "
    "payload, chain FROM audit_outboxevent ORDER BY position"
)
TRIMS = "SELECT first, last, before, after, entry_id FROM audit_outboxtrim ORDER BY first"


def _database_records(base: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    try:
        for (note,) in base.execute("SELECT note FROM audit_checkpoint ORDER BY size"):
            yield "checkpoint", note
        for number, leaf, *row in base.execute(NUMBERED):
            yield "n", number, leaf, _row(row)
        for row in base.execute(EVENTS):
            yield "event", *_event(row)
        for row in base.execute(TRIMS):
            yield "trim", *row
        for leaf, *row in base.execute(WAITING):
            yield "waiting", leaf, _row(row)
    except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
        raise Unreadable(f"the database is damaged: {error}") from error


def _row(row: list[Any]) -> list[Any]:
    """Give the columns of an entry as an export writes them."""
    return [row[0], _microseconds(row[1]), *row[2:]]


def _event(row: tuple[Any, ...]) -> tuple[list[Any], bytes]:
    """Give the envelope that is chained for a row of the outbox, and the link that stands there."""
    position, id_, key, kind, schema, origin, actor, label, causation, occurred, recorded, count, *last = row
    payload, chain = last
    told = json.loads(label)
    return [
        CHAIN_VERSION,
        position,
        id_,
        key,
        kind,
        schema,
        origin,
        actor,
        told["area"],
        told["owner"],
        told["purpose"],
        told["tlp"],
        told["clearance"],
        causation,
        _microseconds(occurred),
        _microseconds(recorded),
        count,
        _fact_digest(payload, count).hex(),
    ], chain


def _fact_digest(payload: bytes, count: int) -> bytes:
    """Digest a payload fact by fact, a SHA-256 link each, as the outbox does."""
    digest = bytes(32)
    for fact in payload.split(b"\n") if count > 1 else [payload]:
        digest = hashlib.sha256(digest + fact).digest()
    return digest


def _microseconds(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


# The audit -----------------------------------------------------------------------------------------------------


class Auditor:
    """Follows a log from its first record to its last and writes down what does not fit."""

    def __init__(self, log: Log, keys: list[Key], kept: list[str], now: float) -> None:
        self.log, self.now, self.report = log, now, Report()
        self._trusted = keys or log.keys
        self._tree, self._whole = Tree(), True
        self._next = 0
        self._heads: dict[int, list[tuple[str, Checkpoint]]] = {}
        self._sound = 0  # the largest size at which a signed root was met
        self._broken: list[str] = []
        self._uncovered_since: int | None = None
        self._outbox = Outbox(self.report)
        self._introduced: set[bytes] = set()
        for note in kept:
            self._expect(note, "The checkpoint you kept")

    def run(self) -> Report:
        """Read the log through."""
        take: dict[str, Callable[..., None]] = {
            "checkpoint": self._checkpoint,
            "n": self._entry,
            "event": self._outbox.event,
            "trim": self._outbox.trim,
            "waiting": self._waiting,
        }
        for kind, *parts in self.log.records:
            take[kind](*parts)
        self._close()
        return self.report

    def _checkpoint(self, note: str) -> None:
        self.report.checkpoints += 1
        self._expect(note, "The log's own checkpoint")

    def _expect(self, note: str, whose: str) -> None:
        """Remember a signed head, to be compared when the tree has its size."""
        try:
            head = read_checkpoint(note, self._trusted)
        except ValueError as error:
            self.report.fault("checkpoint", f"{whose} {error}: {note[:80]!r}.")
            return
        whose = f"{whose} of {head.size} entries"
        if head.by is None:
            self.report.fault("signature", f"{whose} is not signed by {_names(self._trusted)}.")
        elif head.origin != self.log.origin:
            self.report.fault(
                "origin", f"{whose} is of another log, {head.origin!r}; this one is {self.log.origin!r}."
            )
        elif head.size == 0:
            self._meet(whose, head)
        else:
            self._heads.setdefault(head.size, []).append((whose, head))

    def _entry(self, number: int, written: bytes, row: list[Any]) -> None:
        if number != self._next:
            gone = "" if number < self._next else f": {_range('entry', self._next, number - 1)} missing"
            self.report.fault("number", f"After entry {self._next - 1} comes entry {number}{gone}.")
            self._whole = False
        self._next = max(number, self._next) + 1
        self.report.entries += 1
        leaf = self._read(f"Entry {number}", written, row)
        if leaf is not None:
            self._outbox.told(leaf)
            if (leaf.object_kind, leaf.verb) == ("key", "introduce_key"):
                self._introduced.add(leaf.evidence)
        if not self._whole:
            return
        self._tree.append(written)
        for whose, head in self._heads.pop(self._tree.size, ()):
            self._meet(whose, head)
        if self._tree.size == self.log.size and self._tree.root() != self.log.root:
            self._broken.append("The frontier kept with the tree")

    def _read(self, which: str, written: bytes, row: list[Any]) -> Leaf | None:
        """Read a leaf and compare it with the columns beside it."""
        try:
            leaf = read_leaf(written)
        except (ValueError, UnicodeDecodeError) as error:
            self.report.fault("leaf", f"{which} is damaged: {error}.")
            return None
        if leaf is None:
            self.report.counts["later version"] = self.report.counts.get("later version", 0) + 1
        elif leaf.row() != row:
            names = ("id", "time", "area", "verb", "object kind", "object id", "actor")
            wrong = [name for name, said, shown in zip(names, leaf.row(), row, strict=False) if said != shown]
            self.report.fault(
                "columns", f"{which} says another {' and '.join(wrong) or 'thing'} than its columns show."
            )
        return leaf

    def _meet(self, whose: str, head: Checkpoint) -> None:
        """Compare a signed root with the tree that has reached its size."""
        if head.root != self._tree.root():
            self._broken.append(whose)
        elif not self._broken:
            self._sound = head.size
            self.report.signed, self.report.last_note = max(self.report.signed, head.size), head.note

    def _waiting(self, written: bytes, row: list[Any]) -> None:
        self.report.waiting += 1
        leaf = self._read("A waiting entry", written, row)
        if leaf is not None:
            self._outbox.told(leaf)
            age = self.now - leaf.at / 1e6
            self.report.waiting_age_s = max(age, self.report.waiting_age_s or 0.0)

    def _close(self) -> None:
        self._close_roots()
        self._close_tail()
        self._outbox.close(self.log.outbox)
        self.report.events, self.report.trimmed = self._outbox.events, self._outbox.trimmed
        self.report.root = self._tree.root().hex()
        self._close_notes()

    def _close_roots(self) -> None:
        if self._broken:
            at = _range("entry", self._sound, self._next - 1)
            self.report.fault(
                "root",
                f"{self._broken[0]} does not fit these entries: something among {at} was changed, "
                f"swapped or put in, or the log was written anew ({len(self._broken)} signed heads do not fit).",
            )
        for key in self.log.keys:
            if key.public not in self._introduced:
                self.report.fault("key", f"The key {_names([key])} was never introduced in the ledger.")
        if not self._whole:
            self.report.fault("root", "Since entries are missing or doubled, no later checkpoint can be met.")

    def _close_tail(self) -> None:
        ahead = sorted(size for size in self._heads if size > self._next)
        if ahead:
            whose = self._heads[ahead[-1]][-1][0]
            self.report.fault(
                "tail",
                f"The tail is gone: {whose} covers "
                f"{_range('entry', self._next, ahead[-1] - 1)}, which {_is(ahead[-1] - self._next)} not there.",
            )
        if self.log.size > self._next:
            self.report.fault(
                "tail",
                f"The tail is gone: the tree counts {self.log.size} entries, {self._next} {_is(self._next)} there.",
            )
        elif self.log.size < self._next and self._whole:
            self.report.fault("tail", f"{self._next} entries have a number, yet the tree counts {self.log.size}.")

    def _close_notes(self) -> None:
        report, notes = self.report, self.report.notes
        if not report.checkpoints and not report.faults:
            report.unreadable = f"no checkpoint was signed yet; there are {report.entries} entries to be signed."
        later = report.counts.pop("later version", 0)
        if later:
            notes.append(
                f"{later} entries are of a later version than this verifier reads: "
                "their place is checked, their content is not."
            )
        notes.append(
            f"{report.entries} entries of {self.log.origin or 'an unnamed log'}, {report.signed} of them signed "
            f"by {_names(self._trusted)}; {report.checkpoints} checkpoints; root {report.root}."
        )
        if report.entries > report.signed:
            notes.append(
                f"{report.entries - report.signed} entries are numbered but not under a checkpoint that holds."
            )
        if report.waiting:
            notes.append(
                f"{report.waiting} entries wait for their number, the oldest for {report.waiting_age_s or 0:.0f} s "
                "(one second is usual while the platform runs)."
            )
        if self.log.outbox is not None:
            notes.append(f"{report.events} rows of the outbox are chained; {report.trimmed} went by retention.")


class Outbox:
    """Follows the chain of the outbox, over the gaps that retention left, to the heads the ledger holds."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.events = self.trimmed = 0
        self._position, self._chain = 0, GENESIS
        self._anchors: dict[int, bytes] = {}
        self._trim_entries: dict[str, bytes] = {}
        self._gaps: list[tuple[int, bytes, list[Any], bytes]] = []
        self._runs: list[tuple[int, int, bytes, bytes, str]] = []

    def told(self, leaf: Leaf) -> None:
        """Note what the ledger says about the outbox."""
        if (leaf.object_kind, leaf.verb) == ("outbox", "anchor_outbox") and leaf.object_id.isdigit():
            self._anchors[int(leaf.object_id)] = leaf.evidence
        elif (leaf.object_kind, leaf.verb) == ("outbox", "trim_outbox"):
            self._trim_entries[leaf.id] = leaf.evidence

    def event(self, envelope: list[Any], chain: bytes) -> None:
        """Follow the chain to a row; over a gap it is followed at the end, when the trims are known."""
        self.events += 1
        position = int(envelope[1])
        if position == self._position + 1:
            self._link(self._chain, envelope, chain)
        else:
            self._gaps.append((self._position, self._chain, envelope, chain))
        self._position, self._chain = position, chain
        self._anchor(position, chain)

    def trim(self, first: int, last: int, before: bytes, after: bytes, entry: str) -> None:
        """Note a run that retention took out."""
        self.trimmed += last - first + 1
        self._runs.append((first, last, before, after, entry))
        self._anchor(last, after)

    def close(self, head: int | None) -> None:
        """Follow the chain over the gaps, and see whether its end is where the ledger saw it."""
        if head is None:
            return
        for gap in self._gaps:
            self._cross(*gap)
        entries = {run[4] for run in self._runs}
        for entry in sorted(entries):
            self._check_trim(entry)
        seen = max((position for position in self._anchors), default=0)
        if max(self._position, head) < seen or self._position < head:
            self._report.fault(
                "outbox",
                f"The outbox ends at {self._position}, yet it has been at {max(seen, head)}: its tail is gone.",
            )

    def _link(self, before: bytes, envelope: list[Any], chain: bytes) -> None:
        text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        if envelope[:1] != [CHAIN_VERSION] or hashlib.sha256(before + text).digest() != chain:
            self._report.fault(
                "outbox", f"The outbox does not hold at {envelope[1]}: that event or its link was changed."
            )

    def _anchor(self, position: int, chain: bytes) -> None:
        if self._anchors.get(position, chain) != chain:
            self._report.fault(
                "outbox", f"The outbox up to {position} is not what the ledger saw: it was written anew."
            )

    def _cross(self, position: int, chain: bytes, envelope: list[Any], link: bytes) -> None:
        """Go from one row to the next one that is left, over runs that were trimmed."""
        until = int(envelope[1])
        if until <= position:
            self._report.fault("outbox", f"The outbox has {until} after {position}.")
            return
        for first, last, before, after, _ in sorted(self._runs):
            if first <= position + 1 <= last:
                if first == position + 1 and before != chain:
                    self._report.fault("outbox", f"The outbox does not hold at {first}, where a trim began.")
                position, chain = last, after
        if position + 1 != until:
            gone = _range("event", position + 1, until - 1)
            self._report.fault("outbox", f"The outbox misses {gone}, and no trim accounts for it.")
        else:
            self._link(chain, envelope, link)

    def _check_trim(self, entry: str) -> None:
        digest = hashlib.sha256()
        runs = sorted(run for run in self._runs if run[4] == entry)
        for first, last, before, after, _ in runs:
            digest.update(first.to_bytes(8) + last.to_bytes(8) + before + after)
        if self._trim_entries.get(entry) != digest.digest():
            self._report.fault(
                "outbox",
                f"{_range('event', runs[0][0], runs[-1][1])} left the outbox, and the ledger does not say so.",
            )


def _range(what: str, first: int, last: int) -> str:
    many = {"entry": "entries", "event": "events"}[what]
    return f"{what} {first}" if first >= last else f"{many} {first} to {last}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _names(keys: list[Key]) -> str:
    return " or ".join(f"{key.name}+{key.id.hex()}" for key in keys) or "any key it names"


# The command ---------------------------------------------------------------------------------------------------


def verify(
    path: str | Path, *, keys: Iterable[str] = (), kept: Iterable[str] = (), now: float | None = None
) -> Report:
    """Check a log; `keys` are public key lines and `kept` checkpoint notes that the auditor brought."""
    try:
        trusted = [Key.read(line) for line in keys]
        auditor = Auditor(open_log(Path(path)), trusted, list(kept), time.time() if now is None else now)
        report = auditor.run()
    except Unreadable as error:
        return Report(unreadable=str(error))
    if not trusted and not report.unreadable:
        report.notes.append(
            "The key came with the log; compare it with the one you were given, or bring yours (--key):"
        )
        report.notes += [f"    {key.line}" for key in auditor.log.keys]
    return report


def _text(value: str) -> str:
    """Take a key as it stands, or out of a file."""
    return value if "+" in value and not Path(value).is_file() else _read_file(value)


def _read_file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{name}: {error}") from error


def main(argv: list[str] | None = None) -> int:
    """Check a log from the command line and print the report."""
    parser = argparse.ArgumentParser(prog="verify", description="Check a port2port ledger.")
    parser.add_argument("log", help="an exported log, or the SQLite database")
    parser.add_argument("--checkpoint", action="append", default=[], metavar="FILE", help="a checkpoint you kept")
    parser.add_argument(
        "--key", action="append", default=[], metavar="KEY", help="the log's public key, or its file"
    )
    parser.add_argument("--keep", metavar="FILE", help="write the last checkpoint that holds, to bring next time")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    told = parser.parse_args(argv)
    try:
        keys, kept = [_text(key) for key in told.key], [_read_file(name) for name in told.checkpoint]
    except Unreadable as error:
        report = Report(unreadable=str(error))
    else:
        report = verify(told.log, keys=keys, kept=kept)
    if told.keep and report.code == 0:
        Path(told.keep).write_text(report.last_note, encoding="utf-8")
    print(
        json.dumps(vars(report) | {"code": report.code}, indent=1) if told.json else "\n".join(report.sentences())
    )
    return report.code


if __name__ == "__main__":
    sys.exit(main())
