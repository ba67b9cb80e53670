"""What the verifier finds: everything, and nothing where nothing is.

Small logs are tampered with in the database and in the export; a log of 100,000 entries in the export (T25).
"""

import base64
import json
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from port2port.audit import queries, sequencer, verify
from port2port.audit.actions import trim_outbox
from port2port.audit.examples import NOON, an_alarm, enter_all, some_leaves, some_sentences
from port2port.audit.models import Entry, OutboxEvent
from port2port.audit.sequencer import Sequencer
from port2port.audit.store import STORE
from port2port.engine.keys import Signer

SIGNER = Signer("example.org/ledger", bytes(32))
NOW = (NOON + timedelta(hours=9)).timestamp()
Lines = list[dict]


def a_log(tmp_path: Path, *, entries: int = 300) -> Path:
    """Write a log with three checkpoints, an outbox with a trim in it, and entries that wait."""
    log = Sequencer(SIGNER)
    third = entries // 3
    for hour in range(3):
        enter_all(some_leaves(third, start=NOON + timedelta(hours=hour)))
        STORE.append([some_sentences(at=NOON + timedelta(hours=hour)) for _ in range(6)] + [an_alarm(str(hour))])
        if hour == 1:
            STORE.advance("detection", 10)
            trim_outbox("SentencesNoted", NOON + timedelta(hours=2), NOON + timedelta(hours=2))
        log.checkpoint(NOON + timedelta(hours=hour))
    enter_all(some_leaves(2, start=NOON + timedelta(hours=4)))
    return export(tmp_path / "log.jsonl")


def export(path: Path) -> Path:
    with path.open("w", encoding="utf-8") as file:
        queries.export_log(file)
    return path


def read(path: Path) -> Lines:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, lines: Lines) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def check(path: Path, **given) -> verify.Report:
    return verify.verify(path, now=NOW, **given)


def entries_of(lines: Lines) -> list[int]:
    return [at for at, line in enumerate(lines) if "n" in line]


def edit_byte(lines: Lines, at: int) -> None:
    leaf = bytearray(base64.b64decode(lines[at]["leaf"]))
    leaf[10] ^= 1  # in the salt: the entry still reads well
    lines[at]["leaf"] = base64.b64encode(leaf).decode()


def swap(lines: Lines, at: int, other: int) -> None:
    for part in ("leaf", "row"):
        lines[at][part], lines[other][part] = lines[other][part], lines[at][part]


def renumber(lines: Lines) -> None:
    for number, at in enumerate(entries_of(lines)):
        lines[at]["n"] = number
    lines[0]["size"] = len(entries_of(lines))


def test_a_whole_log_holds_and_its_tail_is_told(tmp_path: Path, db: None):
    report = check(a_log(tmp_path), keys=[SIGNER.verifier_key])
    assert report.code == 0, report.sentences()
    assert report.entries == report.signed == 305  # with the key, three anchors and a trim
    assert (report.checkpoints, report.waiting, report.events, report.trimmed) == (3, 2, 12, 9)
    assert report.waiting_age_s == pytest.approx(5 * 3600)
    assert any("2 entries wait for their number, the oldest for 18000 s" in line for line in report.sentences())
    assert "The log holds." in report.sentences()


@pytest.mark.parametrize("where", [0, 1, 99, 100, 101, 150, 250, 304])
@pytest.mark.django_db
def test_an_edited_byte_is_found_and_where_it_lies_is_narrowed_down(where: int, tmp_path: Path):
    path = a_log(tmp_path)
    lines = read(path)
    sizes = [verify.read_checkpoint(line["checkpoint"], []).size for line in lines if "checkpoint" in line]
    edit_byte(lines, entries_of(lines)[where])
    report = check(write(path, lines))
    assert report.code == 1
    sound = max([size for size in sizes if size <= where], default=0)
    assert f"something among entries {sound} to 304 was changed" in report.faults[0]


@pytest.mark.parametrize("where", [0, 57, 200, 304])
@pytest.mark.django_db
def test_a_deleted_entry_is_found_with_and_without_its_gap(where: int, tmp_path: Path):
    path = a_log(tmp_path)
    lines = read(path)
    del lines[entries_of(lines)[where]]
    gap = check(write(path, lines))
    assert gap.code == 1
    renumber(lines)
    closed = check(write(path, lines))
    assert closed.code == 1
    if where == 57:
        assert "After entry 56 comes entry 58: entry 57 missing." in gap.faults
    if where == 304:
        assert "covers entry 304, which is not there" in " ".join(closed.faults)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (10, 11), (99, 200), (303, 304)])
@pytest.mark.django_db
def test_two_swapped_entries_are_found(one: int, other: int, tmp_path: Path):
    path = a_log(tmp_path)
    lines = read(path)
    places = entries_of(lines)
    swap(lines, places[one], places[other])
    report = check(write(path, lines))
    assert report.code == 1
    assert "swapped" in " ".join(report.faults)


@pytest.mark.django_db
def test_a_cut_tail_is_found_by_the_logs_own_checkpoint(tmp_path: Path):
    path = a_log(tmp_path)
    lines = read(path)
    keep = set(entries_of(lines)[:290])
    lines = [line for at, line in enumerate(lines) if "n" not in line or at in keep]
    lines[0]["size"] = 290
    report = check(write(path, lines))
    assert report.code == 1
    assert (
        "The tail is gone: The log's own checkpoint of 305 entries covers entries 290 to 304, which are not there."
        in report.faults
    )


@pytest.mark.django_db
def test_a_log_cut_back_with_its_checkpoints_is_found_by_the_one_the_auditor_kept(tmp_path: Path):
    path = a_log(tmp_path)
    kept = check(path).last_note
    lines = read(path)
    second = [line["checkpoint"] for line in lines if "checkpoint" in line][1]
    size = verify.read_checkpoint(second, []).size
    keep = set(entries_of(lines)[:size])
    tree, outbox = verify.Tree(), 0
    for at in sorted(keep):
        leaf = base64.b64decode(lines[at]["leaf"])
        tree.append(leaf)
        if verify.read_leaf(leaf).verb == "anchor_outbox":
            outbox = int(verify.read_leaf(leaf).object_id)
    lines = [
        line for at, line in enumerate(lines)
        if at in keep or not {"n", "waiting", "event"} & set(line) and kept != line.get("checkpoint")
        or ("event" in line and line["event"][1] <= outbox)
    ]  # fmt: skip
    lines[0] |= {"size": size, "root": base64.b64encode(tree.root()).decode(), "outbox": outbox}
    write(path, lines)
    assert check(path).code == 0, check(path).sentences()
    report = check(path, kept=[kept])
    assert report.code == 1
    assert (
        f"The checkpoint you kept of 305 entries covers entries {size} to 304, which are not there"
        in report.faults[0]
    )


def a_rewritten_log(path: Path, signer: Signer) -> Path:
    """Forge a log as whoever holds the server and a key could: sound in itself, with one entry left out."""
    lines = read(path)
    del lines[entries_of(lines)[50]]
    renumber(lines)
    tree = verify.Tree()
    for at in entries_of(lines):
        tree.append(base64.b64decode(lines[at]["leaf"]))
    root = base64.b64encode(tree.root()).decode()
    note = signer.note(f"example.org/ledger\n{tree.size}\n{root}\n")
    lines = [line for line in lines if "checkpoint" not in line]
    lines.insert(1, {"checkpoint": note, "at": 0})
    lines[0]["root"] = root
    return write(path, lines)


@pytest.mark.django_db
def test_a_log_written_anew_with_the_stolen_key_is_found_by_the_checkpoint_the_auditor_kept(tmp_path: Path):
    path = a_log(tmp_path)
    kept = [line["checkpoint"] for line in read(path) if "checkpoint" in line]
    forged = a_rewritten_log(path, SIGNER)
    assert check(forged, keys=[SIGNER.verifier_key]).code == 0
    report = check(forged, keys=[SIGNER.verifier_key], kept=[kept[1]])
    assert report.code == 1
    size = verify.read_checkpoint(kept[1], []).size
    assert f"The checkpoint you kept of {size} entries does not fit these entries" in report.faults[0]
    assert "or the log was written anew" in report.faults[0]


@pytest.mark.django_db
def test_a_log_signed_with_another_key_is_found_by_the_key_the_auditor_has(tmp_path: Path):
    other = Signer("example.org/ledger", bytes(range(32)))
    forged = a_rewritten_log(a_log(tmp_path), other)
    lines = read(forged)
    lines[0]["keys"] = [other.verifier_key]
    write(forged, lines)
    report = check(forged, keys=[SIGNER.verifier_key])
    assert report.code == 1
    assert "is not signed by example.org/ledger+" in report.faults[0]
    assert "was never introduced in the ledger" in " ".join(check(forged).faults)


@pytest.mark.django_db
def test_columns_that_lie_about_their_leaf_are_named(tmp_path: Path):
    path = a_log(tmp_path)
    Entry.objects.filter(number=7).update(actor="account:innocent", area="liege")
    report = check(export(path))
    assert report.faults == ["Entry 7 says another area and actor than its columns show."]


@pytest.mark.django_db
def test_a_damaged_leaf_is_named(tmp_path: Path):
    path = a_log(tmp_path)
    entry = Entry.objects.get(number=7)
    entry.leaf = bytes(entry.leaf) + b"\x00"
    entry.save()
    report = check(export(path))
    assert report.code == 1
    assert "Entry 7 is damaged: bytes after the end." in report.faults


@pytest.mark.django_db
def test_an_event_changed_in_any_part_is_found(tmp_path: Path):
    path = a_log(tmp_path)
    row = OutboxEvent.objects.get(position=14)
    for name, value in (
        ("payload", b"x"), ("actor", "nobody"), ("kind", "AlarmCleared"), ("count", 9), ("chain", bytes(32)),
        ("occurred_at", NOON + timedelta(seconds=1)), ("key", "k"),
        ("label", {**row.label, "tlp": "clear"}), ("origin", "demo"),
    ):  # fmt: skip
        was = getattr(row, name)
        OutboxEvent.objects.filter(pk=14).update(**{name: value})
        report = check(export(path))
        assert report.code == 1, name
        assert "outbox" in report.faults[0].lower()
        OutboxEvent.objects.filter(pk=14).update(**{name: was})
    assert check(export(path)).code == 0


@pytest.mark.parametrize("gone", [[5], [11], [12, 13], [20], [21], list(range(8, 22)), list(range(1, 22))])
@pytest.mark.django_db
def test_events_that_are_gone_without_a_trim_are_found(gone: list[int], tmp_path: Path):
    path = a_log(tmp_path)
    there = set(OutboxEvent.objects.filter(pk__in=gone).values_list("pk", flat=True))
    OutboxEvent.objects.filter(pk__in=gone).delete()
    report = check(export(path))
    assert (report.code == 1) == bool(there), report.sentences()


@pytest.mark.django_db
def test_an_outbox_chained_anew_is_found_by_the_heads_in_the_ledger(tmp_path: Path):
    path = a_log(tmp_path)
    events = [
        event for event in STORE.after(0, kinds=["SentencesNoted", "AlarmNoted"], limit=99) if event.position > 7
    ]
    OutboxEvent.objects.filter(position__gt=7).delete()
    OutboxEvent.objects.filter(position__gt=7).delete()
    STORE.append([event for event in events if event.position != 14])
    report = check(export(path))
    assert report.code == 1
    assert any("is not what the ledger saw" in line or "its tail is gone" in line for line in report.faults)


@pytest.mark.django_db
def test_a_trim_the_ledger_does_not_know_is_found(tmp_path: Path):
    path = a_log(tmp_path)
    lines = read(path)
    trims = [at for at, line in enumerate(lines) if "trim" in line]
    assert trims
    lines[trims[0]]["entry"] = "0" * 32
    assert "and the ledger does not say so" in " ".join(check(write(path, lines)).faults)


def database_of(tmp_path: Path) -> Path:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite is read directly; PostgreSQL goes through the export")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(shutil.copy(connection.settings_dict["NAME"], tmp_path / "copy.sqlite3"))


@pytest.mark.django_db(transaction=True)
def test_a_live_database_is_read_without_a_trace_and_says_the_same_as_its_export(tmp_path: Path):
    path = a_log(tmp_path)
    database_of(tmp_path)
    by_export, by_database = check(path), check(Path(connection.settings_dict["NAME"]))
    assert by_database.sentences() == by_export.sentences()
    assert by_database.code == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET leaf = CAST(substr(leaf, 1, 9) || x'00' || substr(leaf, 11) AS BLOB)",
        "DELETE FROM audit_entry WHERE number = 40",
        "DELETE FROM audit_entry WHERE number > 290",
        "UPDATE audit_entry SET leaf = (SELECT leaf FROM audit_entry AS o WHERE o.number = 60) WHERE number = 40",
        "UPDATE audit_entry SET recorded_at = '2026-11-25 11:00:00' WHERE number = 40",
        "UPDATE audit_checkpoint SET note = replace(note, 'example', 'exemple')",
        "DELETE FROM audit_logkey",
        "UPDATE audit_tree SET frontier = CAST(substr(frontier, 33) || substr(frontier, 1, 32) AS BLOB)",
        "UPDATE audit_tree SET size = size + 2",
        "UPDATE audit_outboxevent SET payload = x'00' WHERE position = 14",
        "DELETE FROM audit_outboxevent WHERE position = 21",
        "DELETE FROM audit_outboxtrim",
        "UPDATE audit_outboxtrim SET last = last - 1, first = first - 1",
    ],
)
@pytest.mark.django_db(transaction=True)
def test_tampering_in_the_database_file_is_found(statement: str, tmp_path: Path):
    a_log(tmp_path, entries=900)
    copy = database_of(tmp_path)
    assert check(copy).code == 0
    base = verify.sqlite3.connect(copy)
    assert base.execute(statement).rowcount > 0
    base.commit()
    base.close()
    assert check(copy).code == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither an exported log nor a SQLite database"),
        (b"hello", "neither an exported log nor a SQLite database"),
        (b"{", "line 1 is not JSON"),
        (b"{}\n", "is not an exported log of version 1"),
        (b'{"format":"port2port-ledger","version":2}\n', "is not an exported log of version 1"),
        (b'{"format":"port2port-ledger","version":1}\n', "the header is damaged"),
        (
            b'{"format":"port2port-ledger","version":1,"origin":"a","keys":["b"],"size":0,"root":""}\n',
            "not a public key",
        ),
        (b"SQLite format 3\x00" + bytes(84), "does not open as a port2port database"),
    ],
)
def test_what_is_no_log_cannot_be_checked(content: bytes, reason: str, tmp_path: Path):
    (tmp_path / "log").write_bytes(content)
    report = check(tmp_path / "log")
    assert report.code == 2
    assert reason in report.unreadable


@pytest.mark.django_db
def test_a_log_that_nobody_signed_yet_cannot_be_checked(tmp_path: Path):
    enter_all(some_leaves(3))
    Sequencer(SIGNER).step(NOON)
    report = check(export(tmp_path / "log"))
    assert (report.code, "no checkpoint was signed yet" in report.unreadable) == (2, True)


@pytest.mark.django_db
def test_lines_out_of_their_order_and_cut_lines_are_refused(tmp_path: Path):
    path = a_log(tmp_path)
    lines = read(path)
    assert check(write(tmp_path / "moved", [*lines[:2], *lines[3:], lines[2]])).code == 2
    (tmp_path / "cut").write_bytes(path.read_bytes()[:-9])
    assert check(tmp_path / "cut").code == 2


@pytest.mark.django_db
def test_the_file_runs_alone_with_nothing_of_the_project_beside_it(tmp_path: Path):
    path = a_log(tmp_path)
    alone = Path(shutil.copy(verify.__file__, tmp_path / "verify.py"))

    def run(*arguments: str) -> subprocess.CompletedProcess:
        code = (
            "import runpy, sys; sys.argv = sys.argv[1:];\n"
            "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
            "finally: assert not [m for m in sys.modules if m.split('.')[0] in ('django', 'port2port', 'cbor2')]"
        )
        return subprocess.run(
            [sys.executable, "-c", code, str(alone), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    kept = tmp_path / "kept"
    first = run(str(path), "--key", SIGNER.verifier_key, "--keep", str(kept))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("The log holds.")
    again = run(str(path), "--checkpoint", str(kept), "--json")
    assert json.loads(again.stdout)["code"] == again.returncode == 0
    assert run(str(a_rewritten_log(path, SIGNER)), "--checkpoint", str(kept)).returncode == 1
    assert run(str(tmp_path / "nothing")).returncode == 2


@pytest.mark.django_db
def test_t25_a_log_of_100_000_entries_is_verified_in_20_s_and_any_tampering_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pymerkle = pytest.importorskip("pymerkle")
    monkeypatch.setattr(sequencer, "BATCH", 20_000)
    log = Sequencer(SIGNER)
    for part in range(5):
        enter_all(some_leaves(20_000, start=NOON + timedelta(hours=part)))
        log.checkpoint(NOON + timedelta(hours=part))
    path = export(tmp_path / "log")
    start = time.process_time()
    report = check(path)
    took_s = time.process_time() - start
    assert (report.code, report.entries) == (0, 100_001)
    assert took_s <= 20

    lines = path.read_bytes().splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if line.startswith(b'{"n":0,'))
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    for line in lines[first : first + 100_001]:
        oracle.append_entry(base64.b64decode(json.loads(line)["leaf"]))
    assert report.root == oracle.get_state().hex()

    edited = json.loads(lines[first + 77_777])
    edit_byte([edited], 0)
    three, far = (
        lines[first + 3].replace(b'"n":3,', b'"n":9000,'),
        lines[first + 9000].replace(b'"n":9000,', b'"n":3,'),
    )
    for tampered in (
        {77_777: json.dumps(edited).encode() + b"\n"},
        {3: far, 9000: three},
        {41_000: b""},
        dict.fromkeys(range(99_991, 100_001), b""),
    ):
        path.write_bytes(b"".join(tampered.get(at - first, line) for at, line in enumerate(lines)))
        assert check(path).code == 1
