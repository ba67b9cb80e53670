"""Keys stay with their owner; a note says what was signed, or nothing."""

import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from port2port.engine.keys import BadKey, BadNote, Signer, Verifier, open_note

ROOT = Path(__file__).resolve().parents[2]
TEXT = "example.org/log\n3\nAAAA\n"


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path):
    first = Signer.of_folder(tmp_path / "keys", "ledger", name="port2port")
    again = Signer.of_folder(tmp_path / "keys", "ledger", name="port2port")
    assert first.verifier == again.verifier
    assert stat.S_IMODE((tmp_path / "keys" / "ledger").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["ledger"]


def test_two_processes_starting_at_once_share_one_key(tmp_path: Path):
    made: list[Signer] = []
    start = threading.Barrier(8)

    def begin() -> None:
        start.wait()
        made.append(Signer.of_folder(tmp_path, "ledger", name="port2port"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({signer.verifier_key for signer in made}) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path):
    Signer.of_folder(tmp_path, "ledger", name="port2port")
    (tmp_path / "ledger").chmod(0o640)
    with pytest.raises(BadKey, match="0640 lets others read"):
        Signer.of_folder(tmp_path, "ledger", name="port2port")


@pytest.mark.parametrize("line", ["", "PRIVATE+KEY+a+00000000+AAAA", "PRIVATE+KEY+a+00000000+!", "hello"])
def test_a_damaged_key_file_is_refused(tmp_path: Path, line: str):
    path = tmp_path / "ledger"
    path.touch(mode=0o600)
    path.write_text(line)
    with pytest.raises(BadKey, match="ledger"):
        Signer.of_folder(tmp_path, "ledger", name="port2port")


def test_a_key_file_with_another_id_is_refused(tmp_path: Path):
    Signer.of_folder(tmp_path, "ledger", name="port2port")
    path = tmp_path / "ledger"
    parts = path.read_text().split("+")
    parts[3] = "00000000" if parts[3] != "00000000" else "11111111"
    path.write_text("+".join(parts))
    with pytest.raises(BadKey, match="does not belong"):
        Signer.of_folder(tmp_path, "ledger", name="port2port")


def test_the_private_key_shows_in_no_repr(tmp_path: Path):
    signer = Signer.of_folder(tmp_path, "ledger", name="port2port")
    secret = (tmp_path / "ledger").read_text().strip().split("+", 4)[4]
    assert secret not in repr(signer)
    assert secret not in str(vars(signer))


def test_the_verifier_key_of_gos_note_package_is_read_and_checks_its_example():
    # The worked example in the documentation of golang.org/x/mod/sumdb/note (BSD-3).
    verifier = Verifier.read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
        "qdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert open_note(note, [verifier]).startswith("If you think")


def test_a_note_opens_only_with_the_key_that_signed_it():
    signer, other = Signer.make("example.org/log"), Signer.make("example.org/log")
    note = signer.note(TEXT)
    assert open_note(note, [other.verifier, signer.verifier]) == TEXT
    with pytest.raises(BadNote, match="none of the trusted keys"):
        open_note(note, [other.verifier])


def test_a_note_with_a_cosignature_still_opens():
    signer, witness = Signer.make("log"), Signer.make("witness")
    both = signer.note(TEXT) + witness.note(TEXT).rpartition("\n\n")[2]
    assert open_note(both, [signer.verifier]) == TEXT
    assert open_note(both, [witness.verifier]) == TEXT


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_note_with_a_flipped_bit_opens_with_another_text(draw: st.DataObject):
    signer = Signer("example.org/log", bytes(32))
    note = signer.note(TEXT).encode()
    at, bit = draw.draw(st.integers(0, len(note) - 1)), draw.draw(st.integers(0, 7))
    bent = note[:at] + bytes([note[at] ^ 1 << bit]) + note[at + 1 :]
    try:
        text = open_note(bent.decode(), [signer.verifier])
    except (BadNote, UnicodeDecodeError):
        return
    assert text == TEXT


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_a_name_that_would_break_a_note_is_refused(name: str):
    with pytest.raises(BadKey, match="key name"):
        Signer.make(name)


def test_cryptography_is_imported_in_its_homes_only():
    homes = {"engine/keys.py", "audit/verify.py", "protocols/cose.py"}
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if "tests" not in path.parts
        and any(
            line.strip().startswith(("import cryptography", "from cryptography", "import nacl", "from nacl"))
            for line in path.read_text().splitlines()
        )
    }
    assert found <= homes
    assert "engine/keys.py" in found


def test_every_use_of_a_key_stands_in_the_inventory():
    inventory = (ROOT.parent / "docs" / "keys.md").read_text()
    for needed in ("keys/ledger", "keys/django", "keys/ingest", "engine/keys.py", "audit/verify.py"):
        assert f"`{needed}`" in inventory
