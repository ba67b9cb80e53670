"""`port2port replay FILE`: play a recorded log into the running server, through the ingest path that sensors use.

Lines go over HTTP and count as played only when the server answered 202, which it says after they are on disk; a
batch that got no answer is sent again under the same key, so nothing is lost and nothing doubled. Source times
(tag block `c:`) set the pace; a log without them is played at a steady rate.
"""

import http.client
import itertools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from port2port.engine.ids import uuid7

STEADY_LINES_A_S = 500
BATCH_LINES, BATCH_S = 500, 0.5
TRIES, PAUSE_S = 20, 0.5
TAG_TIME = re.compile(rb"\\[^\\]*c:(\d{10})")


class ReplayFailed(RuntimeError):
    """The log could not be played; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the server is, and whose area the log is played in."""

    host: str
    port: int
    token: str
    area: str


def batches(lines: Iterator[bytes], *, speed: float) -> Iterator[tuple[float, bytes]]:
    """Cut a log into what belongs together: (seconds after the first line, raw bytes)."""
    first: int | None = None
    due, waiting = 0.0, []
    for number, line in enumerate(lines):
        seen = TAG_TIME.search(line[:80])
        if seen:
            first = int(seen[1]) if first is None else first
            at = max(due, (int(seen[1]) - first) / speed)
        else:
            at = max(due, number / (STEADY_LINES_A_S * speed)) if first is None else due
        if waiting and (at - due >= BATCH_S or len(waiting) >= BATCH_LINES):
            yield due, b"".join(waiting)
            due, waiting = at, []
        waiting.append(line if line.endswith(b"\n") else line + b"\n")
    if waiting:
        yield due, b"".join(waiting)


def replay(
    path: Path, target: Target, *, speed: float = 1.0, keep_times: bool = False, said: Callable[[str], None]
) -> int:
    """Play a file; give the number of lines the server took. Raises ReplayFailed."""
    if not path.is_file():
        raise ReplayFailed(f"{path}: no such file")
    began, run, taken = time.monotonic(), uuid7(), 0
    with path.open("rb") as log:
        for number, (due, raw) in zip(itertools.count(), batches(log, speed=speed), strict=False):
            time.sleep(max(0.0, due - (time.monotonic() - began)))
            taken += _send(target, raw, key=f"replay-{run}-{number}", keep_times=keep_times)
            said(f"{taken} lines played, {due:.0f} s into the log")
    return taken


def _send(target: Target, raw: bytes, *, key: str, keep_times: bool) -> int:
    """Send one batch until the server says it has it."""
    query = urlencode({"area": target.area, "origin": "replay", "keep_times": int(keep_times)})
    head = {"Authorization": f"Bearer {target.token}", "Idempotency-Key": key}
    for _ in range(TRIES):
        try:
            link = http.client.HTTPConnection(target.host, target.port, timeout=10)
            link.request("POST", f"/ingest/ais?{query}", body=raw, headers=head)
            reply = link.getresponse()
            body = reply.read()
        except OSError:
            time.sleep(PAUSE_S)
            continue
        if reply.status == 202:
            return int(msgspec.json.decode(body)["accepted"])
        if reply.status != 503:
            raise ReplayFailed(f"the server refused the log: {reply.status} {body.decode(errors='replace')[:300]}")
        time.sleep(PAUSE_S)
    raise ReplayFailed(
        f"no answer from http://{target.host}:{target.port}; start it with `make run`, then try again"
    )
