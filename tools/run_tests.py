"""Run the whole suite: once on SQLite and memory, the data tests again on PostgreSQL and NATS, the browser once.

`--night` runs the slow tier instead. With CI=true a missing server is a failure; on a laptop it is a skip that
says so. The last line counts all tests of all runs.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = "postgres://postgres@127.0.0.1:5432/test"
NATS = "nats://127.0.0.1:4222"
DATA_TESTS = [
    "port2port/audit",
    "port2port/places",
    "port2port/people",
    "port2port/detection",
    "port2port/control",
    "port2port/engine",
    "port2port/rights",
    "tests/servers",
    "tests/stories",
]
TOGETHER = ["-n", "2", "--dist", "loadfile"]
COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?)")


def reachable(port: int) -> bool:
    """Tell whether a server listens on this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(title: str, arguments: list[str], **settings: str) -> tuple[int, dict[str, int]]:
    """Run pytest once with settings of its own; give its exit code and counts."""
    print(f"\n== {title}", flush=True)
    with tempfile.TemporaryDirectory(prefix="p2p-test-") as state:
        environment = {**os.environ, "P2P_STATE": state, **settings}
        command = [sys.executable, "-m", "pytest", "-rs", *arguments]
        done = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        last = ""
        for line in done.stdout or ():
            print(line, end="", flush=True)
            last = line if COUNT.search(line) else last
        code = done.wait()
    return (0 if code == 5 else code), {
        word.rstrip("s") if word.startswith("error") else word: int(number) for number, word in COUNT.findall(last)
    }


def plan(*, night: bool) -> list[tuple[str, list[str], dict[str, str]]]:
    """List the runs: title, pytest arguments, settings."""
    if night:
        return [("the slow tier", ["-m", "night"], {})]
    runs = [
        ("SQLite and memory", ["-m", "not night and not browser and not servers", *TOGETHER], {}),
        ("the browser", ["-m", "browser and not night"], {}),
    ]
    if reachable(5432) and reachable(4222):
        servers = {"DATABASE_URL": POSTGRES, "NATS_URL": NATS, "P2P_TEST_SERVERS": "1"}
        runs.insert(
            1, ("PostgreSQL and NATS", [*DATA_TESTS, "-m", "not night and not browser", *TOGETHER], servers)
        )
    elif os.environ.get("CI") == "true":
        sys.exit("PostgreSQL (5432) or NATS (4222) does not answer on 127.0.0.1, and CI=true demands both")
    else:
        print("skipped: the data tests on PostgreSQL and NATS, for 127.0.0.1 has no server on 5432 or 4222")
    return runs


def main() -> int:
    """Run everything, even after a failure, and say how many passed."""
    total: dict[str, int] = {}
    failed = 0
    for title, arguments, settings in plan(night="--night" in sys.argv):
        code, counts = run(title, arguments, **settings)
        failed = failed or code
        for word, number in counts.items():
            total[word] = total.get(word, 0) + number
    bad = total.get("failed", 0) + total.get("error", 0)
    print(f"\n{total.get('passed', 0)} passed, {bad} failed, {total.get('skipped', 0)} skipped")
    return failed


if __name__ == "__main__":
    sys.exit(main())
