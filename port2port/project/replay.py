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
from port2port.protocols.ais.report import lines_of

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
    _check(path, speed=speed)
    _reach(target)
    began, run, taken = time.monotonic(), uuid7(), 0
    with path.open("rb") as log:
        for number, (due, raw) in zip(itertools.count(), batches(lines_of(log), speed=speed), strict=False):
            time.sleep(max(0.0, due - (time.monotonic() - began)))
            taken += _send(target, raw, key=f"replay-{run}-{number}", keep_times=keep_times)
            said(f"{taken} lines played, {due * speed:.0f} s into the log")
    if not taken:
        raise ReplayFailed(f"{path}: holds no AIS sentence; nothing was played")
    return taken


def _check(path: Path, *, speed: float) -> None:
    """Refuse what cannot be played before the server is asked."""
    if not path.exists():
        raise ReplayFailed(f"{path}: no such file")
    if not path.is_file():
        raise ReplayFailed(f"{path}: is a folder, not a log; name one file")
    if not speed > 0:
        raise ReplayFailed(f"--speed: must be more than 0, not {speed:g}")


def _reach(target: Target) -> None:
    """Ask the server whether it is there and knows us, so that nobody waits for one that does not run."""
    where = f"http://{target.host}:{target.port}"
    try:
        link = http.client.HTTPConnection(target.host, target.port, timeout=10)
        link.request("GET", "/ingest/accepted", headers={"Authorization": f"Bearer {target.token}"})
        status = link.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise ReplayFailed(f"no answer from {where}; start it with `make run`, then try again") from error
    if status in (401, 403):
        raise ReplayFailed(f"{where} runs with another state folder; set P2P_STATE to the one it runs with")
    if status == 404:
        raise ReplayFailed(f"{where} takes no sentences; replay to the port of `port2port run` or `detect`")


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
        except (OSError, http.client.HTTPException):
            time.sleep(PAUSE_S)
            continue
        if reply.status == 202:
            return int(msgspec.json.decode(body)["accepted"])
        if reply.status != 503:
            raise ReplayFailed(f"the server refused the log: {reply.status} {body.decode(errors='replace')[:300]}")
        time.sleep(PAUSE_S)
    raise ReplayFailed(f"http://{target.host}:{target.port} answers no more; what it took is in, the rest is not")
