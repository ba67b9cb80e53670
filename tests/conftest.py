"""Deployments and browsers for the stories."""

import os
import shutil

import psycopg
import pytest

from tests.deployment import Deployment
from tests.own_servers import OwnNats, fresh_database

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--autoplay-policy=user-gesture-required",
]


@pytest.fixture
def own_nats(tmp_path):
    """A nats-server that belongs to the test."""
    if shutil.which("nats-server") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("nats-server is missing, and CI=true demands it")
        pytest.skip("nats-server is not installed")
    server = OwnNats(tmp_path / "nats")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_database():
    """The address of a fresh PostgreSQL database."""
    try:
        with fresh_database() as address:
            yield address
    except psycopg.OperationalError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"PostgreSQL does not answer: {error}")


@pytest.fixture
def outside(request):
    """The servers a deployment leans on: none, or a database and a NATS of its own in the second run."""
    if os.environ.get("P2P_TEST_SERVERS") != "1":
        return {}
    return {
        "DATABASE_URL": request.getfixturevalue("own_database"),
        "NATS_URL": request.getfixturevalue("own_nats").url,
    }


@pytest.fixture
def deployment(tmp_path, outside):
    """A quiet demo world: its people and places, but no ship moves unless the test sends it."""
    made = Deployment(tmp_path / "state", **outside)
    yield made.start()
    made.stop()


@pytest.fixture(scope="session")
def chromium():
    """A real Chromium, shared by the session; each test opens its own context."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing, and CI=true demands it: apt-get install chromium")
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()
