"""A recorded log is replayed: counts equal pyais, ships stand where they are, the live desk hears nothing."""

import contextlib
import subprocess
import sys
import time
from collections import Counter
from functools import cache

import pytest

from port2port.engine.history import unpack_minute
from port2port.protocols.ais.tests.test_against_pyais import theirs
from tests.deployment import ROOT
from tests.pages import Listener, sign_in
from tests.standing import standing

AISHUB, KYSTVERKET = "aishub_nmea-sample.txt", "kystverket_1000.nm4"
WITH_PLACE = {1, 2, 3, 4, 9, 18, 19, 21, 27}
NEAR_DEG = 1e-4
WATCHER = {"antwerp": "Sam Voorbeeld", "ghent": "Kobe Exempel"}
RECORDED_MINUTES = range(1565218798 // 60, 1565218798 // 60 + 60)  # when kystverket_1000.nm4 was received


def replay(deployment, *words):
    """Type the command, as an operator does in a second terminal."""
    command = [sys.executable, "-m", "port2port.project.cli", "replay", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, env=deployment.env, capture_output=True, text=True, timeout=60)


def detected(deployment):
    """Messages by type that the server decoded since it started."""
    said = deployment.ask("GET", "/status", Accept="application/json")[1]["detection"]["messages"]
    return Counter({int(kind): count for kind, count in said.items()})


def settled(deployment, total, within_s=30):
    """Wait until so many messages were decoded; give them by type."""
    until = time.monotonic() + within_s
    while sum((counts := detected(deployment)).values()) < total and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(1.2)  # one picture more
    return counts


@cache
def as_pyais_says(log):
    """Messages by type, the last believable place of each ship, and how many places there were."""
    counts, places, placed = Counter(), {}, 0
    for sentence in theirs(f"ais-logs/{log}"):
        with contextlib.suppress(Exception):
            message = sentence.decode()
            counts[message.msg_type] += 1
            if message.msg_type in WITH_PLACE and abs(message.lat) <= 90 and abs(message.lon) <= 180:
                places[message.mmsi], placed = (message.lat, message.lon), placed + 1
    return counts, places, placed


@pytest.fixture(scope="module")
def played(tmp_path_factory, shared):
    """Both logs played into one quiet deployment: what the command said, and what was decoded for each."""
    with standing(tmp_path_factory.mktemp("replay")) as deployment:
        yield deployment, *play_both(deployment, shared / "ais-logs")


def play_both(deployment, logs):
    said, decoded = {}, {}
    said["kept"] = replay(deployment, logs / KYSTVERKET, "--area", "liege", "--keep-times", "--speed", 1000)
    time.sleep(1.5)
    decoded["kept"] = before = detected(deployment)
    for log, area, speed in ((AISHUB, "antwerp", 500), (KYSTVERKET, "ghent", 10)):
        said[log] = replay(deployment, logs / log, "--area", area, "--speed", speed)
        after = settled(deployment, sum(before.values()) + sum(as_pyais_says(log)[0].values()))
        decoded[log], before = after - before, after
    return said, decoded


def pictures(deployment, area):
    """The live and the replay picture of an area, whole, as one who watches it gets them; and the open alarms."""
    stream = Listener(deployment, sign_in(deployment, WATCHER[area]))
    shown = {
        name: stream.heard("tracks", lambda body, name=name: body["full"] and body["picture"] == name)
        for name in ("live", "replay")
    }
    return shown["live"], shown["replay"], stream.heard("alarms", lambda body: True)


def places_of(picture):
    """Where each MMSI stands in a picture."""
    mmsi_of = {number: name[1] for number, name in picture["names"].items()}
    spots = zip(picture["lat"], picture["lon"], strict=True)
    return {mmsi_of[str(number)]: spot for number, spot in zip(picture["n"], spots, strict=True)}


@pytest.mark.parametrize("log", [AISHUB, KYSTVERKET])
def test_the_command_shows_how_far_it_is_and_says_how_many_lines_are_in(played, shared, log):
    done, lines = played[1][log], len((shared / "ais-logs" / log).read_bytes().splitlines())
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("lines played") >= 3
    assert f"{log}: {lines} lines are in, as a replay in" in done.stdout


@pytest.mark.parametrize("log", [AISHUB, KYSTVERKET])
def test_the_server_decodes_as_many_messages_of_each_type_as_pyais(played, log):
    assert played[2][log] == as_pyais_says(log)[0]


@pytest.mark.parametrize(("log", "area"), [(AISHUB, "antwerp"), (KYSTVERKET, "ghent")])
def test_ships_stand_where_they_really_are(played, log, area):
    _, picture, _ = pictures(played[0], area)
    shown, real = places_of(picture), as_pyais_says(log)[1]
    right = [
        mmsi for mmsi, (lat, lon) in real.items()
        if mmsi in shown and abs(shown[mmsi][0] - lat) <= NEAR_DEG and abs(shown[mmsi][1] - lon) <= NEAR_DEG
    ]  # fmt: skip
    print(log, len(right), "of", len(real), "ships where pyais has them,", len(shown), "shown")
    assert len(right) >= 0.99 * len(real) > 300
    assert len(shown) <= len(real)


@pytest.mark.parametrize("area", ["antwerp", "ghent"])
def test_the_live_picture_is_untouched_and_no_live_alarm_rises(played, area):
    live, _, alarms = pictures(played[0], area)
    assert live["n"] == []
    assert (alarms["open"], alarms["unacked"], alarms["sound"]) == ([], 0, None)
    assert played[0].rows("SELECT DISTINCT origin FROM control_alarm") in ([], [("replay",)])


def test_what_a_replay_raises_is_kept_apart_as_a_replay(played):
    raised = played[0].rows("SELECT type, count(*) FROM control_alarm WHERE origin='replay' GROUP BY type")
    assert dict(raised).get("ais-jump", 0) > 0, "at this speed ships of a real log do jump"
    assert (
        played[0].rows("SELECT 1 FROM audit_outboxevent WHERE kind='SentencesReceived' AND origin<>'replay'") == []
    )


def test_everybody_of_another_area_sees_nothing_of_it(played):
    stream = Listener(played[0], sign_in(played[0], "Tine Oefening"))
    assert stream.heard("hello", lambda body: True)["areas"] == ["ostend"]
    stream.heard("beat", lambda body: True)
    assert {body["area"] for kind, body in stream.said if kind == "tracks"} == {"ostend"}
    assert all(body["n"] == [] for kind, body in stream.said if kind == "tracks")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.txt"], "nowhere.txt: no such file"),
        (["."], "is a folder"),
        (["{empty}"], "holds no AIS sentence"),
        (["{log}", "--area", "atlantis"], "--area: 'atlantis' is not one of antwerp, brussels"),
        (["{log}", "--speed", "0"], "--speed: must be more than 0, not 0"),
        (["{log}", "--speed", "-3"], "--speed: must be more than 0, not -3"),
        (["{log}", "--port", "1"], "start it with `make run`"),
    ],
)
def test_what_cannot_be_played_is_told_in_one_sentence(played, shared, tmp_path, words, says):
    (tmp_path / "empty.txt").touch()
    known = {"empty": tmp_path / "empty.txt", "log": shared / "ais-logs" / KYSTVERKET}
    done = replay(played[0], *[word.format(**known) for word in words])
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert says in done.stderr
    assert done.stdout == ""


def test_a_log_that_keeps_its_times_moves_nothing_in_any_picture(played):
    deployment, said, decoded = played
    assert said["kept"].returncode == 0, said["kept"].stderr
    assert sum(decoded["kept"].values()) == 0
    stream = Listener(deployment, sign_in(deployment, "Vera Dummy"))
    stream.heard("beat", lambda body: True)
    assert all(body["n"] == [] for kind, body in stream.said if kind == "tracks")


@pytest.mark.night
def test_a_log_that_keeps_its_times_is_in_the_history_of_its_day_when_the_minute_is_over(played):
    deployment, total = played[0], as_pyais_says(KYSTVERKET)[2]
    until, positions = time.monotonic() + 70, {}
    while sum(positions.values()) < total and time.monotonic() < until:
        time.sleep(0.5)
        rows = deployment.rows("SELECT minute, kind, blob FROM detection_historyblob WHERE area='liege'")
        positions = {minute: len(unpack_minute(blob)["t_ms"]) for minute, _, blob in rows}
    assert sum(positions.values()) == total
    assert {kind for _, kind, _ in rows} == {"position-replay"}
    in_its_hour = sum(count for minute, count in positions.items() if minute in RECORDED_MINUTES)
    assert in_its_hour > 0.6 * total, "a quarter of its tag blocks have a wrong checksum"
