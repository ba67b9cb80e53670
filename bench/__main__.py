"""`make bench`: every row, as a text table and as bench/results.json. Ends within 15 minutes."""

import importlib
import json
import os
import platform
import sys
import time
import traceback
from pathlib import Path

from bench.harness import Row, budget

HERE = Path(__file__).resolve().parent
MODULES = ["ais", "geofence", "history", "journal", "ledger", "stream", "pipeline"]
REFERENCE_LOOPS = 2_000_000


def main() -> int:
    """Measure the rows asked for, or all; a row short of its goal stays in the table as not met."""
    wanted = sys.argv[1:] or MODULES
    rows: list[Row] = []
    for name in wanted:
        start = time.monotonic()
        try:
            found = importlib.import_module(f"bench.{name}").rows()
        except Exception:
            traceback.print_exc()
            found = [budget(f"{name}: failed to run", ours=0, goal=1, unit="", at_most=False)]
        rows += found
        print(f"{name}: {len(found)} rows in {time.monotonic() - start:.0f} s", flush=True)
    print(table(rows))
    results = {"machine": machine(), "rows": [row.as_json() for row in rows]}
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(f"{sum(row.met for row in rows)} of {len(rows)} goals met; bench/results.json")
    return 0


def table(rows: list[Row]) -> str:
    """Lay the rows out for a person."""
    lines = [f"{'row':<58} {'ours':>14} {'peer':>14} {'ratio':>8} {'goal':>8} met"]
    for row in rows:
        mark = "yes" if row.met else "NO"
        lines.append(
            f"{row.name[:58]:<58} {row.ours:>14,.4g} {row.peer:>14,.4g} {row.ratio:>8.2f} {row.goal:>8,.6g} {mark}"
            f"  {row.unit}"
        )
        if row.note:
            lines.append(f"    {row.note}")
    return "\n".join(lines)


def machine() -> dict[str, object]:
    """Tell what was measured on, with the speed of a plain loop, to scale the budgets by."""
    start, total = time.process_time(), 0
    for number in range(REFERENCE_LOOPS):
        total += number & 7
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "loop_ns": round((time.process_time() - start) / REFERENCE_LOOPS * 1e9, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
