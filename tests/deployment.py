"""A whole port2port of a test's own: real processes, free ports, a state folder that goes away with the test."""

import contextlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Ask the system for a port that nothing listens on."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_row(length: int) -> int:
    """Find the first of `length` free UDP ports that follow each other."""
    for first in range(21_000 + os.getpid() % 2000 * 10, 60_000, length):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + length):
                    held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise RuntimeError("no row of free UDP ports")


class Deployment:
    """One server and what is needed to talk to it."""

    def __init__(
        self, state: Path, *, role: str = "run", demo: bool = True, quiet: bool = True, **env: str
    ) -> None:
        self.state, self.port, self.first_feed = state, free_port(), free_row(9)
        self.ais_out = free_port()
        self.process: subprocess.Popen | None = None
        self._command = [sys.executable, "-m", "port2port.project.cli", role]
        self.env = {
            **os.environ, "P2P_STATE": str(state), "PORT": str(self.port), "P2P_FEED_BASE": str(self.first_feed),
            "P2P_AIS_OUT": str(self.ais_out), "P2P_TRAFFIC": "0" if quiet else "1", "PYTHONUNBUFFERED": "1",
            "P2P_DEMO": "1" if demo else "0", "DATABASE_URL": "", "NATS_URL": "", **env,
        }  # fmt: skip

    def start(self, *, wait_s: float = 60) -> "Deployment":
        """Start, and wait until it answers."""
        self.log = (self.state.parent / f"{self.state.name}.log").open("ab")
        self.process = subprocess.Popen(self._command, cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log)
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.said()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/status", Accept="application/json")[0] == 200:
                    return self
            time.sleep(0.05)
        raise RuntimeError(f"the server did not answer in {wait_s} s: {self.said()}")

    def said(self) -> str:
        """The end of what the server printed."""
        return Path(self.log.name).read_text(errors="replace")[-3000:]

    def kill(self) -> None:
        """End it as a power cut of the process would: SIGKILL."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)

    def stop(self) -> None:
        """End it as an operator would."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    @property
    def url(self) -> str:
        """The address a browser opens; Secure cookies need localhost."""
        return f"http://localhost:{self.port}"

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict]:
        """Call a hot endpoint with the ingest token."""
        token = (self.state / "keys" / "ingest").read_text() if (self.state / "keys" / "ingest").exists() else ""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            link.request(method, path, body=body, headers={"Authorization": f"Bearer {token}", **named})
            reply = link.getresponse()
            return reply.status, json.loads(reply.read() or b"{}")
        finally:
            link.close()

    def ingest(self, sentences: bytes, *, key: str, area: str = "antwerp") -> tuple[int, dict]:
        """Post sentences as a sensor would."""
        return self.ask("POST", f"/ingest/ais?feed=ais-{area}", sentences, Idempotency_Key=key)

    def rows(self, question: str) -> list[tuple]:
        """Ask the record itself, on whichever database this deployment keeps it."""
        if self.env["DATABASE_URL"]:
            with psycopg.connect(self.env["DATABASE_URL"]) as link:
                return link.execute(question).fetchall()
        with contextlib.closing(sqlite3.connect(f"file:{self.database()}?mode=ro", uri=True)) as link:
            return link.execute(question).fetchall()

    def database(self) -> Path:
        """The SQLite file of the record."""
        return self.state / "port2port.sqlite3"

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the operator of this deployment would."""
        command = [sys.executable, "-m", "port2port.project.cli", *words]
        return subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
