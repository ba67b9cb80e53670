"""What an operator types beside a running server: the ledger is checked and carried away, an account made."""

import contextlib
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from port2port.protocols.ais.encode import encode
from tests.deployment import ROOT
from tests.pages import FORM, Desk, cookies
from tests.standing import standing

PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with standing(tmp_path_factory.mktemp("typed")) as made:
        made.ingest(encode(1, mmsi=205_000_001, lat=51.3, lon=4.2)[0] + b"\r\n", key="one")
        time.sleep(1.5)  # the ledger is signed
        yield made


def test_the_ledger_of_a_running_server_is_checked(server):
    done = server.command("verify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The log holds." in done.stdout


def test_an_exported_ledger_says_the_same_anywhere(server, tmp_path):
    log, file = tmp_path / "ledger.jsonl", tmp_path / "verify.py"
    done = server.command("export-ledger", str(log))
    assert (done.returncode, log.name in done.stdout) == (0, True), done.stderr
    assert server.command("verify", str(log)).returncode == 0
    shutil.copy(ROOT / "port2port" / "audit" / "verify.py", file)
    alone = subprocess.run([sys.executable, "-I", file, log], cwd=tmp_path, capture_output=True, text=True)
    assert (alone.returncode, "The log holds." in alone.stdout) == (0, True), alone.stdout


def test_a_copy_that_somebody_changed_does_not_hold(server, tmp_path):
    if server.env["DATABASE_URL"]:
        pytest.skip("a copy of the file is a matter of SQLite; an export is checked on both")
    copy = tmp_path / "copy.sqlite3"
    with contextlib.closing(sqlite3.connect(server.database())) as link:
        link.execute("VACUUM INTO ?", (str(copy),))
    assert server.command("verify", str(copy)).returncode == 0
    with contextlib.closing(sqlite3.connect(copy)) as link, link:
        assert link.execute("UPDATE audit_entry SET actor = 'nobody' WHERE number = 3").rowcount == 1
    done = server.command("verify", str(copy))
    assert done.returncode == 1
    assert "Entry 3 says another actor" in done.stdout
    assert "The log holds." not in done.stdout


@pytest.mark.parametrize("name", ["none.jsonl", "", "text"])
def test_what_is_no_ledger_cannot_be_checked(server, tmp_path, name):
    (tmp_path / "text").write_text("hello\n")
    done = server.command("verify", str(tmp_path / name))
    assert done.returncode == 2
    assert done.stdout.startswith("Could not be checked: ")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_an_export_that_cannot_be_written_is_told(server, tmp_path):
    done = server.command("export-ledger", str(tmp_path / "no" / "log"))
    assert (done.returncode, done.stderr) == (1, f"port2port: {tmp_path}/no/log: no such file or directory\n")


def test_a_second_server_on_the_same_port_says_what_to_type(server):
    done = server.command("run")
    assert done.returncode == 1
    assert done.stderr == (
        f"port2port: port {server.port} is taken by another program; choose one: PORT={server.port + 1} make run\n"
    )


def typed_at_a_terminal(server, words, password):
    """Type a command at a terminal of its own, and the password when it is asked for."""
    above, below = pty.openpty()
    command = [sys.executable, "-m", "port2port.project.cli", *words]
    with subprocess.Popen(
        command, cwd=ROOT, env=server.env, stdin=below, stdout=below, stderr=below, start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
    ) as process:  # fmt: skip
        os.close(below)
        said = b""
        with contextlib.suppress(OSError):
            while piece := os.read(above, 1024):
                said += piece
                if said.endswith(b"more: "):
                    os.write(above, password.encode() + b"\n")
    os.close(above)
    return process.returncode, said.decode()


def test_an_account_made_at_the_terminal_signs_in_and_its_password_was_never_shown(server):
    words = ["admin", "create", "els", "--role", "auditor", "--areas", "ghent,antwerp"]
    code, said = typed_at_a_terminal(server, words, PASSWORD)
    assert code == 0, said
    assert "els can sign in as auditor of ghent, antwerp" in said
    assert PASSWORD not in said
    desk = Desk(server, "")
    _, headers, page = desk.ask("GET", "/signin")
    desk.cookie = cookies(headers)
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    form = f"csrfmiddlewaretoken={token}&username=els&password={PASSWORD.replace(' ', '+')}&next=/now"
    status, headers, _ = desk.ask("POST", "/signin", form, **{"Content-Type": FORM})
    assert (status, dict(headers)["location"]) == (302, "/now")
    assert Desk(server, cookies(headers)).ask("GET", "/now")[0] == 200


def test_a_short_password_and_a_name_that_exists_are_refused_at_the_terminal(server):
    assert typed_at_a_terminal(server, ["admin", "create", "jan"], "short")[0] == 1
    assert "at least 15 characters" in typed_at_a_terminal(server, ["admin", "create", "jan"], "short")[1]
    assert (
        "'demo-ghent' exists already" in typed_at_a_terminal(server, ["admin", "create", "demo-ghent"], PASSWORD)[1]
    )


def test_ports_that_did_not_change_are_not_loaded_again_beside_the_server(server):
    done = server.command("load", "ports")
    assert (done.returncode, done.stdout) == (0, "nothing changed\n"), done.stderr
