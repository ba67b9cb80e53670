"""What an operator types: each command does its work, or says in one sentence what is wrong and what to do."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import authenticate

from port2port.people.models import Account
from port2port.places.actions import PORTS
from port2port.project import cli
from port2port.protocols.ais.encode import encode
from port2port.rights.rules import Role

ROOT = Path(cli.__file__).resolve().parent.parent.parent
PASSWORD = "a long enough password"
SHIP = encode(1, mmsi=205_000_001, lat=51.3, lon=4.2)[0] + b"\n"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """Commands set what the settings are read from; nothing of it may outlive a test."""
    for name in ("P2P_DEMO", "P2P_ROLE", "PORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(cli, "_django", lambda: None)  # it is loaded


@pytest.fixture
def typed(capsys):
    """Type a command; give its exit code, what it printed and what it complained."""

    def type_in(*words):
        code = cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return type_in


def refused(answer):
    """One sentence and nothing else; give it."""
    code, out, complaint = answer
    assert (code, out) == (1, "")
    assert complaint.startswith("port2port: ")
    assert complaint.count("\n") == 1
    return complaint.removeprefix("port2port: ").rstrip("\n")


# the commands themselves ---------------------------------------------------------------------------


def test_help_names_every_command_of_the_readme(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    said = capsys.readouterr().out
    promised = re.findall(
        r"^    port2port ([a-z-]+)|; port2port ([a-z-]+)", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    commands = {first or second for first, second in promised}
    assert end.value.code == 0
    assert len(commands) >= 9
    assert all(re.search(rf"^    {command}\b", said, re.MULTILINE) for command in commands), said


@pytest.mark.parametrize("words", [[], ["dance"], ["decode", "radar", "x"], ["replay"], ["load", "ships"]])
def test_a_command_that_does_not_exist_shows_how_it_is_typed(words, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("usage: port2port")


def test_a_fault_of_ours_is_not_made_into_a_sentence(monkeypatch):
    monkeypatch.setattr(cli, "_made_ready", lambda: {}["a fault"])
    with pytest.raises(KeyError):
        cli.main(["migrate"])


def test_a_database_that_cannot_be_used_is_a_sentence(monkeypatch, typed):
    from django.db import OperationalError

    def broken():
        raise OperationalError("attempt to write a readonly database\nand more")

    monkeypatch.setattr(cli, "_made_ready", broken)
    assert refused(typed("migrate")) == (
        "the database cannot be used: attempt to write a readonly database; look at P2P_STATE and DATABASE_URL"
    )


def test_ctrl_c_ends_a_command_without_a_word(monkeypatch, typed):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_made_ready", interrupted)
    assert typed("migrate") == (130, "", "")


# decode --------------------------------------------------------------------------------------------


def test_decode_prints_one_object_a_line(tmp_path, capsysbinary):
    (tmp_path / "log").write_bytes(SHIP + b"# a comment\n" + SHIP.replace(b"A,1", b"A,2") + SHIP)
    assert cli.main(["decode", "ais", str(tmp_path / "log")]) == 0
    ships = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [(ship["msg_type"], ship["mmsi"]) for ship in ships] == [(1, 205_000_001)] * 2


def test_decode_strict_ends_at_the_first_bad_line_and_names_line_field_and_reason(tmp_path):
    (tmp_path / "log").write_bytes(SHIP + SHIP[:-3] + b"00\n" + SHIP)
    command = [sys.executable, "-m", "port2port.project.cli", "decode", "ais", str(tmp_path / "log"), "--strict"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout.count("\n") == 1
    assert done.stderr == "port2port: line 2: checksum does not match the sentence (bad-checksum)\n"


def test_decode_into_a_pipe_that_is_closed_says_nothing(tmp_path):
    (tmp_path / "log").write_bytes(SHIP * 20_000)
    command = f"{sys.executable} -m port2port.project.cli decode ais {tmp_path / 'log'} | head -n 1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_decode_of_what_is_no_file_says_so(tmp_path, typed):
    assert refused(typed("decode", "ais", tmp_path / "none")) == f"{tmp_path / 'none'}: no such file or directory"
    assert refused(typed("decode", "ais", tmp_path)) == f"{tmp_path}: is a directory"


# commands for a deployment that has run ---------------------------------------------------------------


@pytest.mark.parametrize("words", [["replay", "log"], ["verify"], ["export-ledger", "log"]])
def test_without_a_deployment_it_says_how_to_start_one(words, tmp_path, monkeypatch, typed):
    monkeypatch.setenv("P2P_STATE", str(tmp_path / "nothing"))
    assert refused(typed(*words)) == (
        f"no deployment has run in {tmp_path / 'nothing'}; start it with `make run`, or set P2P_STATE"
    )


def test_a_replay_into_an_area_that_does_not_exist_names_those_that_do(tmp_path, monkeypatch, typed):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ingest").write_text("token")
    monkeypatch.setenv("P2P_STATE", str(tmp_path))
    said = refused(typed("replay", "log", "--area", "atlantis"))
    assert said.startswith("--area: 'atlantis' is not one of antwerp, brussels, charleroi, genk, ghent,")


# accounts ------------------------------------------------------------------------------------------


@pytest.fixture
def answers(monkeypatch):
    """Answer the question for a password, and count how often it is asked."""
    asked = []

    def answer(password):
        monkeypatch.setattr("getpass.getpass", lambda question: asked.append(question) or password)
        return asked

    return answer


@pytest.mark.django_db
def test_an_account_that_was_made_can_sign_in(typed, answers):
    asked = answers(PASSWORD)
    code, said, _ = typed("admin", "create", "els", "--role", "supervisor", "--areas", "ghent, antwerp")
    assert code == 0
    assert said.startswith("els can sign in as supervisor of ghent, antwerp, in /")
    assert PASSWORD not in said
    assert asked == ["Password, 15 characters or more: "]
    account = authenticate(username="els", password=PASSWORD)
    assert (account.role, account.areas, account.is_demo) == (Role.SUPERVISOR, ["antwerp", "ghent"], False)


@pytest.mark.django_db
def test_an_account_that_cannot_be_is_refused_by_field(typed, answers):
    answers("short")
    assert refused(typed("admin", "create", "els")) == "password: at least 15 characters"
    answers(PASSWORD)
    assert typed("admin", "create", "els")[0] == 0
    assert refused(typed("admin", "create", "els")) == "username: 'els' exists already"
    assert Account.objects.filter(username="els").count() == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--role", "captain"], "--role: 'captain' is not one of operator, supervisor, auditor"),
        (["--role", "service"], "--role: 'service' is not one of operator, supervisor, auditor"),
        (["--areas", "antwerp,atlantis"], "--areas: atlantis: not one of antwerp, brussels, charleroi, genk, "),
    ],
)
def test_an_unknown_role_or_area_is_named_before_a_password_is_asked(words, says, typed, answers):
    asked = answers(PASSWORD)
    assert refused(typed("admin", "create", "els", *words)).startswith(says)
    assert asked == []


# places ---------------------------------------------------------------------------------------------


@pytest.fixture
def ostend(tmp_path):
    """The committees and one port, to spoil."""
    shutil.copy(PORTS / "committees.yaml", tmp_path)
    shutil.copytree(PORTS / "BEOST", tmp_path / "BEOST")
    return tmp_path


@pytest.mark.django_db
def test_ports_load_once_and_a_second_time_nothing_changes(typed, ostend):
    code, said, _ = typed("load", "ports", ostend)
    assert (code, said.splitlines()[-1]) == (0, "10 folders changed")
    assert "BEOST@1: next version loaded" in said
    assert typed("load", "ports", ostend) == (0, "nothing changed\n", "")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda zones: zones["features"][0]["properties"].update(kind="swamp"), "kind"),
        (lambda zones: zones["features"][0]["properties"].pop("name"), "name"),
        (lambda zones: zones["features"][0]["geometry"].update(coordinates=[[[999, 99]]]), "geometry"),
    ],
)
@pytest.mark.django_db
def test_a_bad_folder_is_refused_by_file_field_and_reason(typed, ostend, spoil, says):
    file = ostend / "BEOST" / "zones.geojson"
    zones = json.loads(file.read_text())
    spoil(zones)
    file.write_text(json.dumps(zones))
    code, out, complaint = typed("load", "ports", ostend)
    assert (code, out) == (1, "")
    assert "zones.geojson" in complaint
    assert says in complaint


@pytest.mark.django_db
def test_a_folder_without_ports_is_refused(typed, tmp_path):
    assert "committees.yaml" in refused(typed("load", "ports", tmp_path))


# the demo --------------------------------------------------------------------------------------------


def test_the_demo_is_removed_and_only_the_demo(tmp_path, monkeypatch, typed):
    monkeypatch.setenv("P2P_STATE", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "port2port.sqlite3").write_text("the record of a port")
    assert refused(typed("demo", "reset")) == f"{tmp_path / 'state'} holds no demo; nothing was removed"
    assert (tmp_path / "state" / "port2port.sqlite3").exists()
    (tmp_path / "state" / "DEMO").touch()
    assert typed("demo", "reset")[0] == 0
    assert not (tmp_path / "state").exists()
    assert typed("demo", "reset")[0] == 0, "what is gone already is no fault"
