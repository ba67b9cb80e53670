"""What every test may lean on: where the shared recordings lie, and skips that say why."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None)  # a busy machine is not a fault of the code
settings.load_profile("suite")

ROOT = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("P2P_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded logs and vectors; tests that need it are skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"recorded data is not at {SHARED / 'data'}; set P2P_SHARED to its folder")
    return SHARED / "data"
