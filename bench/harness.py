"""How the table of `make bench` is measured: ours and each peer in turn, in one process, in CPU time.

Interleaving keeps a ratio within a few per cent even where a neighbour loads the machine (reference: each run
measures both sides in the same seconds). `kind: budget` rows compare with a fixed goal instead of a peer.
"""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is false where the goal is not reached, and the row stays."""

    name: str
    kind: str  # "ratio" or "budget"
    ours: float
    peer: float
    ratio: float
    unit: str
    goal: float
    met: bool
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """Give the row as bench/results.json holds it."""
        return asdict(self)


def cpu_seconds(work: Callable[[], object]) -> float:
    """Measure one run in CPU seconds of this process."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def interleaved(*works: Callable[[], object], runs: int = 7) -> list[float]:
    """Run the works in turn, `runs` times; give each one's median CPU seconds."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, seen in zip(works, times, strict=True):
            seen.append(cpu_seconds(work))
    return [statistics.median(seen) for seen in times]


def ratio(name: str, *, ours_per_s: float, peer_per_s: float, unit: str, goal: float, note: str = "") -> Row:
    """A row that compares rates: how many times the peer's."""
    times = ours_per_s / peer_per_s
    return Row(name, "ratio", ours_per_s, peer_per_s, times, unit, goal, times >= goal, note)


def budget(name: str, *, ours: float, goal: float, unit: str, at_most: bool, note: str = "") -> Row:
    """A row that compares with a fixed goal, such as milliseconds at most or events a second at least."""
    met = ours <= goal if at_most else ours >= goal
    return Row(name, "budget", ours, goal, ours / goal if goal else 0.0, unit, goal, met, note)
