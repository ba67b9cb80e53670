"""Every kind of sensor is a folder that brings its own sample, what it should say, and its promises."""

import importlib
import json
import random
import time
from pathlib import Path

import pytest
import yaml

from port2port.detection import sensors
from port2port.detection.rules.reports import DEGREE
from port2port.detection.tests.shared import LOGS

FOLDER = Path(sensors.__file__).parent
KINDS = sorted(path.name for path in FOLDER.iterdir() if (path / "__init__.py").exists())


def reader_of(kind):
    return importlib.import_module(f"port2port.detection.sensors.{kind}.reader").Reader()


def sample_of(kind):
    return next((FOLDER / kind).glob("sample.*")).read_bytes()


def as_json(report):
    columns = ("mmsi", "lat", "lon", "sog", "cog", "heading", "flags")
    positions = report.positions
    return {
        "counts": {str(number): count for number, count in sorted(report.counts.items())},
        "refused": report.refused,
        "positions": [[int(getattr(positions, name)[i]) for name in columns] for i in range(len(positions))],
        "statics": [
            [int(told.mmsi[0]), {name: _plain(column[0]) for name, column in told.facts.items()}]
            for told in report.statics
        ],
    }


def _plain(value):
    return value.decode() if isinstance(value, bytes) else int(value)


def test_there_is_a_kind():
    assert "ais" in KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_its_sample_says_what_it_should(kind):
    expected = json.loads((FOLDER / kind / "expected.json").read_text())
    at_ms = expected.pop("at_ms")
    assert as_json(reader_of(kind).read([(sample_of(kind), at_ms)])) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_with_any_byte_changed_never_raises(kind):
    dice, sample = random.Random(7), sample_of(kind)
    reader = reader_of(kind)
    for _ in range(400):
        broken = bytearray(sample)
        for _ in range(dice.randrange(1, 6)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        report = reader.read([(bytes(broken[: dice.randrange(len(broken))]) + b"\n", 0)])
        assert len(report.positions) <= sample.count(b"\n")


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_pace_it_promises(kind):
    promised = yaml.safe_load((FOLDER / kind / "promises.yaml").read_text())["budget_messages_a_second"]
    sample, reader = sample_of(kind) * 300, reader_of(kind)
    started = time.process_time()
    messages = sum(reader.read([(sample, 0)]).counts.values())
    assert messages / (time.process_time() - started) > promised


@pytest.mark.parametrize("kind", KINDS)
def test_its_promises_are_kept_or_excused(kind):
    promises = yaml.safe_load((FOLDER / kind / "promises.yaml").read_text())
    assert {"standard", "units", "clock", "failure_signs"} <= promises.keys()
    for name, promise in promises["failure_signs"].items():
        assert promise["state"] in {"done", "todo", "exempt"}, name
        assert promise["state"] != "exempt" or promise["why"], name
        if promise["state"] == "done":
            assert (FOLDER.parent / promise["by"]).exists(), name


@pytest.mark.parametrize("log", ["aishub_nmea-sample.txt", "kystverket_1000.nm4"])
def test_ships_of_a_real_log_are_where_another_decoder_says(log):
    pyais = pytest.importorskip("pyais")
    if not (LOGS / log).exists():
        pytest.skip(f"{log} is not here")
    from pyais.stream import IterMessages

    from port2port.detection.rules.fleet import Fleet, counting
    from port2port.detection.rules.reports import Positions

    lines = [line + b"\n" for line in (LOGS / log).read_bytes().splitlines()[:15_000]]
    fleet, reader = Fleet("antwerp", identify=counting()), reader_of("ais")
    for at in range(0, len(lines), 500):
        report = reader.read([(b"".join(lines[at : at + 500]), at)])
        fleet.take(Positions.join([report.positions]))
    theirs = {}
    for sentence in IterMessages(lines):
        try:
            message = sentence.decode()
        except pyais.exceptions.AISBaseException:
            continue
        if message.msg_type in {1, 2, 3, 4, 18, 19, 21} and abs(message.lat) <= 90 and abs(message.lon) <= 180:
            theirs[int(message.mmsi)] = (message.lat, message.lon)
        elif message.msg_type in {9, 27}:
            theirs[int(message.mmsi)] = None
    ours = {
        int(m): (lat / DEGREE, lon / DEGREE)
        for m, lat, lon in zip(fleet["mmsi"], fleet["lat"], fleet["lon"], strict=True)
    }
    compared = {mmsi: place for mmsi, place in theirs.items() if place and 0 < mmsi <= 999_999_999}
    assert len(compared) > 100
    for mmsi, place in compared.items():
        assert ours[mmsi] == pytest.approx(place, abs=1.1e-4), mmsi
