"""Servers of a test's own: a nats-server in its own folder, a database that is dropped afterwards."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

import psycopg
import pytest

from tests.deployment import free_port

ADMIN = os.environ.get("P2P_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/test")


class OwnNats:
    """A nats-server of this test's own, in its own folder."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.process = None

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    def start(self):
        command = ["nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
                return
            time.sleep(0.05)
        raise RuntimeError("nats-server did not start")

    def stop(self, *, wipe=False):
        self.process.kill()
        self.process.wait(5)
        if wipe:
            shutil.rmtree(self.folder)


@pytest.fixture
def own_nats(tmp_path):
    if shutil.which("nats-server") is None:
        pytest.skip("nats-server is not installed")
    server = OwnNats(tmp_path / "nats")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_database():
    """The address of a fresh PostgreSQL database."""
    name = f"p2p_test_{os.getpid()}_{time.monotonic_ns()}"
    try:
        admin = psycopg.connect(ADMIN, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("PostgreSQL does not answer on 127.0.0.1:5432")
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield ADMIN.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
