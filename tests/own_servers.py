"""Servers of a test's own: a nats-server in a folder of its own, a database that is dropped afterwards."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

import psycopg

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


@contextlib.contextmanager
def fresh_database():
    """Give the address of a new PostgreSQL database, and drop it afterwards; raises psycopg.OperationalError."""
    name = f"p2p_test_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(ADMIN, autocommit=True, connect_timeout=3) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        yield ADMIN.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with psycopg.connect(ADMIN, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
