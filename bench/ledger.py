"""The ledger: how fast the tree grows against another implementation, and how long an auditor waits."""

import base64
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.harness import Row, budget, cpu_seconds, interleaved, ratio
from port2port.audit import rules, verify
from port2port.engine.ids import uuid7
from port2port.engine.keys import Signer
from port2port.engine.merkle import Frontier, leaf_hash

ENTRIES = 100_000
APPENDS = 20_000
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def rows() -> list[Row]:
    """Measure appends to the tree against pymerkle, and the check of an exported log of 100,000 entries."""
    return [_appends(), _verify()]


def _appends() -> Row:
    from pymerkle import InmemoryTree

    leaves = [b"entry %d" % n for n in range(APPENDS)]

    def ours() -> bytes:
        tree = Frontier()
        for leaf in leaves:
            tree.append(leaf_hash(leaf))
        return tree.root()

    def peer() -> bytes:
        tree = InmemoryTree(algorithm="sha256")
        for leaf in leaves:
            tree.append_entry(leaf)
        return tree.get_state()

    if ours() != peer():
        raise AssertionError("the two trees have different roots")
    our_s, peer_s = interleaved(ours, peer)
    return ratio(
        "ledger: appends to the tree, against pymerkle", ours_per_s=APPENDS / our_s, peer_per_s=APPENDS / peer_s,
        unit="1/s", goal=5, note="one core, in memory, equal roots",
    )  # fmt: skip


def _verify() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        log = _exported_log(Path(folder) / "log.jsonl")
        took_s = cpu_seconds(lambda: _must_hold(verify.verify(log)))
    return budget(
        f"ledger: verify {ENTRIES:,} entries", ours=took_s, goal=20, unit="s", at_most=True,
        note="the exported log, every entry read and hashed; CPU seconds",
    )  # fmt: skip


def _must_hold(report: verify.Report) -> None:
    if report.code or report.signed != ENTRIES:
        raise AssertionError(report.sentences())


def _exported_log(path: Path) -> Path:
    """Write a log as queries.export_log does, without a database."""
    signer, tree = Signer.make("example.org/ledger"), Frontier()
    lines = []
    for number in range(ENTRIES):
        leaf = _leaf(number, signer)
        written = leaf.write()
        tree.append(leaf_hash(written))
        found = verify.read_leaf(written)
        lines.append({"n": number, "leaf": base64.b64encode(written).decode(), "row": found.row() if found else []})
    note = signer.note(rules.checkpoint_text(signer.verifier.name, tree.size, tree.root()))
    header = {
        "format": "port2port-ledger", "version": 1, "origin": signer.verifier.name, "keys": [signer.verifier_key],
        "size": tree.size, "root": base64.b64encode(tree.root()).decode(),
    }  # fmt: skip
    with path.open("w", encoding="utf-8") as file:
        for line in (header, {"checkpoint": note, "at": 0}, *lines):
            file.write(json.dumps(line) + "\n")
    return path


def _leaf(number: int, signer: Signer) -> rules.Leaf:
    if number == 0:
        return rules.Leaf(
            id=uuid7(), at=NOON, area="", actor="service:ledger", verb="introduce_key", object_kind="key",
            object_id=signer.verifier.id.hex(), purpose="integrity", evidence=signer.verifier.public,
        )  # fmt: skip
    return rules.Leaf(
        id=uuid7(), at=NOON + timedelta(seconds=number), area="antwerp", actor=f"account:{number % 50}",
        verb="acknowledge", object_kind="alarm", object_id=str(uuid7()), purpose="isps",
    )  # fmt: skip
