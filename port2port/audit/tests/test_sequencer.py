"""One place for each entry, given once, whatever is killed; a signature over what has a place."""

import base64
import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections

from port2port.audit import queries, sequencer, verify
from port2port.audit.examples import NOON, an_alarm, enter_all, some_leaves
from port2port.audit.models import Checkpoint, Entry, LogKey, Tile, Tree
from port2port.audit.sequencer import Sequencer
from port2port.audit.store import STORE
from port2port.engine import merkle
from port2port.engine.keys import Signer, open_note

SIGNER = Signer("example.org/ledger", bytes(32))


def leaf_hashes() -> list[bytes]:
    numbered = Entry.objects.exclude(number=None).order_by("number")
    return [merkle.leaf_hash(bytes(leaf)) for leaf in numbered.values_list("leaf", flat=True)]


def root_of(hashes: list[bytes]) -> bytes:
    tree = merkle.Frontier()
    for hashed in hashes:
        tree.append(hashed)
    return tree.root()


@pytest.mark.django_db
def test_entries_are_numbered_from_0_in_the_order_of_their_ids():
    leaves = some_leaves(10)
    enter_all(reversed(leaves))
    assert Sequencer(SIGNER).step(NOON) == 10
    assert Sequencer(SIGNER).step(NOON) == 0
    numbered = Entry.objects.order_by("number").values_list("number", "id")
    assert list(numbered) == [(n, leaf.id) for n, leaf in enumerate(leaves)]


@pytest.mark.django_db
def test_the_tree_is_the_same_whatever_the_steps_were(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sequencer, "BATCH", 300)
    for count in (1, 254, 1, 1, 255, 700, 3):
        enter_all(some_leaves(count, start=NOON + timedelta(hours=Entry.objects.count())))
        Sequencer(SIGNER).step(NOON)
        hashes = leaf_hashes()
        assert queries.ledger_head().root == root_of(hashes)
    assert Tile.objects.filter(level=0).count() == len(hashes) // 256
    for tile in Tile.objects.filter(level=0):
        some = hashes[tile.index * 256 : tile.index * 256 + 256]
        assert bytes(tile.hashes) == b"".join(some)
        assert bytes(tile.root) == merkle.perfect_root(some)


@pytest.mark.django_db
def test_tiles_of_the_second_level_close_over_those_of_the_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sequencer, "TILE", 4)
    monkeypatch.setattr(queries, "TILE", 4)
    monkeypatch.setattr(queries, "TILE_LEVELS", 2)
    total = 0
    for count in (3, 9, 5, 17, 40, 1, 6):
        enter_all(some_leaves(count, start=NOON + timedelta(hours=total)))
        total += Sequencer(SIGNER).step(NOON)
    hashes = leaf_hashes()
    for level in range(3):
        tiles = list(Tile.objects.filter(level=level).order_by("index").values_list("index", "root"))
        span = 4 ** (level + 1)
        assert [index for index, _ in tiles] == list(range(total // span))
        assert all(bytes(root) == merkle.perfect_root(hashes[i * span : (i + 1) * span]) for i, root in tiles)
    for n in range(total):
        path = merkle.inclusion_path(n, total, queries.Nodes())
        assert merkle.is_included(hashes[n], n, total, path, root_of(hashes))


@pytest.mark.django_db
def test_a_checkpoint_signs_what_has_a_number_and_nothing_else():
    enter_all(some_leaves(5))
    signed = Sequencer(SIGNER).checkpoint(NOON)
    assert signed is not None
    enter_all(some_leaves(2, start=NOON + timedelta(hours=1)))
    origin, size, root = open_note(signed.note, [SIGNER.verifier]).splitlines()
    assert (origin, size) == ("example.org/ledger", "6")  # five, and the entry that introduces the key
    assert base64.b64decode(root) == root_of(leaf_hashes())
    assert Entry.objects.filter(number=None).count() == 2


@pytest.mark.django_db
def test_nothing_is_signed_twice_and_an_idle_night_writes_nothing():
    log = Sequencer(SIGNER)
    enter_all(some_leaves(1))
    STORE.append([an_alarm()])
    assert log.checkpoint(NOON) is not None
    for minutes in range(5):
        assert log.checkpoint(NOON + timedelta(minutes=minutes)) is None
    assert Checkpoint.objects.count() == 1
    assert list(Entry.objects.filter(verb="anchor_outbox").values_list("object_id", flat=True)) == ["1"]


@pytest.mark.django_db
def test_a_round_numbers_at_once_and_signs_each_half_minute():
    log = Sequencer(SIGNER)
    signed = []
    for second in range(0, 120, 5):
        enter_all(some_leaves(1, start=NOON + timedelta(seconds=second)))
        assert log.tick(NOON + timedelta(seconds=second)) == 1
        signed.append(Checkpoint.objects.count())
        assert Entry.objects.filter(number=None).count() == 0
    assert signed[-1] == 4


@pytest.mark.django_db
def test_a_new_key_is_introduced_in_the_ledger_and_signs_the_same_log():
    enter_all(some_leaves(3))
    Sequencer(SIGNER).checkpoint(NOON)
    successor = Signer("example.org/ledger-2027", bytes(range(32)))
    enter_all(some_leaves(3, start=NOON + timedelta(hours=1)))
    signed = Sequencer(successor).checkpoint(NOON + timedelta(hours=1))
    assert open_note(signed.note, [successor.verifier]).startswith("example.org/ledger\n")
    assert LogKey.objects.count() == 2
    introduced = Entry.objects.filter(verb="introduce_key").order_by("number")
    assert [queries.told(entry).evidence for entry in introduced] == [
        SIGNER.verifier.public,
        successor.verifier.public,
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("breaks_in", ["_write_numbers", "_write_tiles"])
def test_a_step_that_dies_half_way_leaves_the_tree_as_it_was(breaks_in: str, monkeypatch: pytest.MonkeyPatch):
    enter_all(some_leaves(300))
    Sequencer(SIGNER).step(NOON)
    before = Tree.objects.values_list().get()
    enter_all(some_leaves(300, start=NOON + timedelta(hours=1)))
    real = getattr(sequencer, breaks_in)

    def die(*args) -> None:
        real(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sequencer, breaks_in, die)
        with pytest.raises(KeyboardInterrupt):
            Sequencer(SIGNER).step(NOON)
    assert Tree.objects.values_list().get() == before
    assert Entry.objects.filter(number=None).count() == 300
    assert Sequencer(SIGNER).step(NOON) == 300
    assert queries.ledger_head().root == root_of(leaf_hashes())


@pytest.mark.django_db(transaction=True)
def test_two_sequencers_at_once_never_number_twice():
    going, faults, numbered = threading.Event(), [], []

    def keep_numbering(log: Sequencer) -> None:
        try:
            while not going.is_set():
                numbered.append(log.tick(NOON))
                time.sleep(0.005)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep_numbering, args=(Sequencer(SIGNER),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(20):
        enter_all(some_leaves(7, start=NOON + timedelta(hours=n)))
    deadline = time.monotonic() + 30
    while Entry.objects.filter(number=None).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    going.set()
    for thread in threads:
        thread.join(timeout=30)
    assert faults == []
    count = Entry.objects.count()
    assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == list(range(count))
    assert queries.ledger_head().size == count
    assert queries.ledger_head().root == root_of(leaf_hashes())


@pytest.mark.django_db
def test_the_waiting_are_found_without_reading_the_numbered():
    if connection.vendor != "sqlite":
        pytest.skip("the planner of PostgreSQL scans so small a table")
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT id, leaf FROM audit_entry WHERE number IS NULL ORDER BY id LIMIT 5"
        )
        assert "SEARCH audit_entry" in str(cursor.fetchall())


WORKER = """
import django, sys
from datetime import UTC, datetime
django.setup()
from django.core.management import call_command
from django.db import transaction
from port2port.audit.actions import enter, publish
from port2port.audit.examples import an_alarm
from port2port.audit.sequencer import Sequencer
from port2port.engine.keys import Signer
from port2port.project.settings import P2P
call_command("migrate", "audit", verbosity=0)
log = Sequencer(Signer.of_folder(P2P.state / "keys", "ledger", name="test"))
print("ready", flush=True)
n = 0
while True:
    n += 1
    with transaction.atomic():
        entry = enter(verb="acknowledge", object_kind="alarm", object_id=str(n), area="ghent", actor="account:1",
                      at=datetime.now(UTC), purpose="isps")
        publish(an_alarm(str(n)))
    print(entry.id.hex, flush=True)
    if n % 3 == 0:
        log.step(datetime.now(UTC))
    if n % 7 == 0:
        log.checkpoint(datetime.now(UTC))
"""


def test_a_kill_at_any_point_loses_no_entry_and_leaves_a_log_that_holds(tmp_path: Path):
    env = os.environ | {
        "P2P_STATE": str(tmp_path),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "port2port.project.settings",
    }
    acknowledged: set[str] = set()
    for _ in range(5):
        worker = subprocess.Popen([sys.executable, "-c", WORKER], env=env, stdout=subprocess.PIPE, text=True)
        assert worker.stdout.readline() == "ready\n"
        threading.Timer(random.uniform(0.05, 0.5), worker.send_signal, [signal.SIGKILL]).start()
        acknowledged.update(line.strip() for line in worker.stdout if line.endswith("\n"))
        worker.wait()
    report = verify.verify(tmp_path / "port2port.sqlite3")
    assert (report.faults, report.unreadable) == ([], "")
    base = verify.sqlite3.connect(tmp_path / "port2port.sqlite3")
    assert acknowledged
    assert acknowledged <= {id_ for (id_,) in base.execute("SELECT id FROM audit_entry")}
    numbers = [
        n for (n,) in base.execute("SELECT number FROM audit_entry WHERE number IS NOT NULL ORDER BY number")
    ]
    assert numbers == list(range(len(numbers)))
