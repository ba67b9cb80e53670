"""The whole pipeline: bytes over TCP in, journal, detection, conditions out, on a database of its own.

Traffic comes at 20,000 messages a second, as it would, among 1,000, 10,000 and 50,000 ships; the process that reads
it runs alone (bench/pipeline_alone.py) and is measured in CPU seconds, its threads together.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import harness
from port2port.protocols.ais.encode import encode_integers

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(__file__).parent / "cache"
FLEETS = (1_000, 10_000, 50_000)
RATE, SECONDS = 20_000, 8
DEGREE = 600_000
CORES, MEMORY_MB, FLAT = 2.0, 1000.0, 1.5
SEED = 20261125


def rows() -> list[harness.Row]:
    """Measure each fleet in a process of its own; the curve is the cost of a message by number of ships."""
    CACHE.mkdir(exist_ok=True)
    found = {ships: measured(ships) for ships in FLEETS}
    most = found[FLEETS[-1]]
    curve = ", ".join(f"{ships:,}: {one['cost_us']:.1f} us" for ships, one in found.items())
    flat = max(one["cost_us"] for one in found.values()) / found[FLEETS[0]]["cost_us"]
    return [
        harness.budget(
            f"pipeline: cores busy at {RATE:,} messages/s, {ships:,} ships", ours=one["cores"], goal=CORES,
            unit="cores", at_most=True,
            note=f"{one['conditions']:.0f} conditions; entry to condition p50 {one['p50_ms']:.0f} ms, "
            f"p95 {one['p95_ms']:.0f} ms",
        )
        for ships, one in found.items()
    ] + [
        harness.budget(
            f"pipeline: most messages/s, {FLEETS[-1]:,} ships", ours=most["most"], goal=RATE, unit="1/s",
            at_most=False, note="sent as fast as it takes them: written, decoded and judged, wall clock",
        ),
        harness.budget(
            "pipeline: cost of a message, dearest fleet against 1,000 ships", ours=flat, goal=FLAT, unit="times",
            at_most=True, note=f"CPU per message, {curve}",
        ),
        harness.budget(
            f"pipeline: memory at {FLEETS[-1]:,} ships", ours=most["memory_mb"], goal=MEMORY_MB, unit="MB",
            at_most=True, note="resident, the whole process at its highest",
        ),
        harness.budget(
            "pipeline: entering a zone to condition published, p95", ours=max(o["p95_ms"] for o in found.values()),
            goal=1000, unit="ms", at_most=True, note=f"at {RATE:,} messages/s, worst fleet",
        ),
    ]  # fmt: skip


def measured(ships: int) -> dict[str, float]:
    """Run one fleet."""
    traffic(ships)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="pipeline-") as state:
        other = ("DATABASE_URL", "DATABASE_OWNER_URL", "NATS_URL", "P2P_DEMO")
        env = {name: value for name, value in os.environ.items() if name not in other}
        env |= {"P2P_STATE": state, "P2P_CONFIG": f"{state}/none.toml"}
        env |= {"DJANGO_SETTINGS_MODULE": "port2port.project.settings"}
        ran = subprocess.run(
            [sys.executable, "-m", "bench.pipeline_alone", str(ships)], env=env, cwd=ROOT,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def traffic(ships: int) -> tuple[Path, Path]:
    """Give two files: each ship's first message and name, then the traffic in order; made once, then kept."""
    first, then = (CACHE / f"pipeline-{SEED}-{ships}-{part}.nmea" for part in ("first", "then"))
    if not then.exists():
        dice = random.Random(SEED)
        places = [(dice.uniform(50.9, 51.5), dice.uniform(3.9, 4.6)) for _ in range(ships)]
        first.write_bytes(b"".join(_voyage(n) + _position(n, *places[n]) for n in range(ships)))
        made = []
        for _ in range(RATE * SECONDS):
            n = dice.randrange(ships)
            lat, lon = places[n]
            places[n] = lat + dice.uniform(-1e-4, 1e-4), lon + dice.uniform(-1e-4, 1e-4)
            made.append(_voyage(n) if dice.random() < 0.03 else _position(n, *places[n]))
        then.write_bytes(b"".join(made))
    return first, then


def _position(n: int, lat: float, lon: float) -> bytes:
    number = 18 if n % 7 == 0 else 1
    place = {"lat": round(lat * DEGREE), "lon": round(lon * DEGREE)}
    return encode_integers(number, {"mmsi": 205_000_000 + n, "speed": 70, "course": 900, **place})[0] + b"\n"


def _voyage(n: int) -> bytes:
    facts = {"mmsi": 205_000_000 + n, "shipname": f"SHIP {n}", "ship_type": 70, "to_bow": 80, "to_stern": 20}
    return b"".join(line + b"\n" for line in encode_integers(5, facts))


if __name__ == "__main__":
    for row in rows():
        print(row)
