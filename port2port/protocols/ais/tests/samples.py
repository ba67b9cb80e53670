"""Where the shared AIS logs and vectors lie, and how tests read them."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
SHARED = Path(os.environ.get("P2P_SHARED", ROOT.parent / "shared"))


def sample(name: str) -> Path:
    """A file of the shared data; the test is skipped where it is not."""
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"the shared test data is not here: {path}")
    return path


def framed(body: bytes) -> bytes:
    """A sentence around a body, with its right checksum, computed the plain way."""
    total = 0
    for byte in body:
        total ^= byte
    return b"!%b*%02X" % (body, total)


def tagged(entries: bytes, sentence: bytes) -> bytes:
    """A sentence behind a tag block with its right checksum."""
    return b"\\" + framed(entries)[1:] + b"\\" + sentence
