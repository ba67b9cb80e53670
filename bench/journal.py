"""Journal: durable, chained writing through the real journal and outbox, as the live intake writes.

An event is one received sentence. The intake packs those that came together (64 KiB at most) into one row; the
peers write a row a sentence. Wall clock, because the disk and PostgreSQL work outside this process; the sides take
turns. Runs in a process of its own (bench/journal_alone.py), upon a database of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import harness

CACHE = Path(__file__).parent / "cache"


def rows() -> list[harness.Row]:
    """Measure in a process of its own, so that no other database is touched."""
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="journal-") as state:
        other = ("DATABASE_URL", "DATABASE_OWNER_URL", "NATS_URL", "P2P_DEMO")
        env = {name: value for name, value in os.environ.items() if name not in other}
        env |= {"P2P_STATE": state, "P2P_CONFIG": f"{state}/none.toml"}
        env |= {"DJANGO_SETTINGS_MODULE": "port2port.project.settings"}
        ran = subprocess.run(
            [sys.executable, "-m", "bench.journal_alone"], env=env, cwd=Path(__file__).parent.parent,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return [harness.Row(**row) for row in json.loads(ran.stdout)]


if __name__ == "__main__":
    for row in rows():
        print(row)  # noqa: T201
