"""Before the first page: a state folder that can be written, of the kind that was asked for, and a free port."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from port2port.people.models import Account
from port2port.project import first_start, serving
from port2port.project.config import BadConfig, open_state
from port2port.project.demo import people

ROOT = Path(first_start.__file__).resolve().parent.parent.parent


def start(*words, **env):
    """Start in a process of its own what must not start."""
    command = [sys.executable, "-m", "port2port.project.cli", *words]
    environment = {**os.environ, "DATABASE_URL": "", "NATS_URL": "", "P2P_DEMO": "0", **env}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_a_real_start_refuses_the_demo_world_and_the_demo_a_real_one(tmp_path):
    first_start.check_state(tmp_path, demo=True)
    assert (tmp_path / "DEMO").exists()
    first_start.check_state(tmp_path, demo=True)
    with pytest.raises(first_start.WrongState, match="holds the demo world; set P2P_STATE to another folder"):
        first_start.check_state(tmp_path, demo=False)
    (tmp_path / "DEMO").unlink()
    (tmp_path / "port2port.sqlite3").touch()
    first_start.check_state(tmp_path, demo=False)
    with pytest.raises(first_start.WrongState, match="holds a real deployment; the demo needs a folder of its own"):
        first_start.check_state(tmp_path, demo=True)
    assert not (tmp_path / "DEMO").exists()


@pytest.mark.parametrize(("kept", "words"), [("DEMO", ["run"]), ("port2port.sqlite3", ["run", "--demo"])])
def test_the_command_refuses_the_other_kind_of_state_in_one_sentence(tmp_path, kept, words):
    (tmp_path / kept).touch()
    done = start(*words, P2P_STATE=str(tmp_path), PORT=free_port())
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"port2port: {tmp_path} holds" in done.stderr


def test_a_port_that_is_taken_is_told_with_what_to_type():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(serving.CannotServe, match=f"port {port} is taken .*: PORT={port + 1} make run"):
            serving._free_port("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_told():
    with pytest.raises(serving.CannotServe, match=r"cannot listen on 203\.0\.113\.7:8000: "):
        serving._free_port("203.0.113.7", 8000)


def test_a_state_folder_is_made_where_there_is_none(tmp_path):
    open_state(tmp_path / "var" / "live")
    assert (tmp_path / "var" / "live").is_dir()


def test_a_state_folder_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(
        BadConfig, match=r"file/state cannot be written: not a directory; .*set P2P_STATE to another"
    ):
        open_state(tmp_path / "file" / "state")


def test_a_state_folder_that_may_only_be_read_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(BadConfig, match="cannot be written: permission denied; change its owner, or set P2P_STATE"):
        open_state(tmp_path)


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"PORT": "99999"}, "PORT must be a port from 1 to 65535, not 99999"),
        ({"PORT": "eight"}, "PORT must be a whole number, not 'eight'"),
        ({"P2P_STATE": "/proc/port2port"}, "the state folder /proc/port2port cannot be written: "),
        ({"P2P_CONFIG": "{folder}"}, "{folder}: is a directory"),
    ],
)
def test_a_start_that_cannot_be_ends_with_one_sentence(tmp_path, env, says):
    settings = {name: setting.format(folder=tmp_path) for name, setting in env.items()}
    done = start("run", **{"P2P_STATE": str(tmp_path / "state"), "PORT": free_port(), **settings})
    assert done.returncode == 1
    assert done.stderr.startswith(f"port2port: {says.format(folder=tmp_path)}")
    assert done.stderr.count("\n") == 1


def test_secrets_of_a_deployment_are_its_own_and_readable_by_its_owner_only(tmp_path):
    for name in ("a", "b"):
        assert start("migrate", P2P_STATE=str(tmp_path / name)).returncode == 0
    keys = [tmp_path / name / "keys" / "ingest" for name in ("a", "b")]
    assert keys[0].read_text() != keys[1].read_text()
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert (tmp_path / "a" / "keys").stat().st_mode & 0o777 == 0o700


@pytest.mark.django_db
def test_the_people_of_the_demo_exist_in_no_other_world():
    with pytest.raises(people.NotTheDemo):
        people.fill()
    assert not Account.objects.exists()
