"""Deployments and browsers for the stories."""

import os
import shutil

import pytest

from tests.deployment import Deployment

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
def deployment(tmp_path):
    """A quiet demo world: its people and places, but no ship moves unless the test sends it."""
    made = Deployment(tmp_path / "state")
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
