"""Two processes, PostgreSQL and NATS: detection in one, pages in the other, and the same alarm on the screen."""

import time

import psycopg
import pytest

from port2port.protocols.ais.encode import encode
from tests.deployment import Deployment
from tests.pages import Listener, sign_in
from tests.stories.test_a_vessel_enters_a_restricted_zone import inside_and_outside, report

pytestmark = pytest.mark.servers


@pytest.fixture
def apart(tmp_path, own_database, own_nats):
    settings = {"DATABASE_URL": own_database, "NATS_URL": own_nats.url}
    detect = Deployment(tmp_path / "state", role="detect", **settings)
    web = Deployment(tmp_path / "state", role="web", **settings)
    yield detect.start(), web.start(), own_nats
    web.stop()
    detect.stop()


def enter(detect, mmsi):
    inside, outside = inside_and_outside()
    for number, spot in enumerate((outside, inside)):
        assert detect.ingest(report(mmsi, spot), key=f"{mmsi}-{number}")[0] == 202
        time.sleep(0.3)


def test_a_vessel_seen_by_one_process_is_shown_by_the_other(apart):
    detect, web, _ = apart
    stream = Listener(web, sign_in(web))
    enter(detect, 205_980_001)
    stream.heard("tracks", lambda body: body["area"] == "antwerp" and body["n"])
    alarms = stream.heard("alarms", lambda body: body["open"])
    assert alarms["open"][0]["priority"] == "alarm"
    late = Listener(web, sign_in(web))
    assert late.heard("tracks", lambda body: body["full"])["n"]


def test_without_nats_nothing_is_lost_and_after_a_wipe_the_alarms_equal_the_outbox(apart, own_database):
    detect, web, nats = apart
    stream = Listener(web, sign_in(web))
    enter(detect, 205_980_002)
    stream.heard("alarms", lambda body: len(body["open"]) == 1)
    nats.stop(wipe=True)
    enter(detect, 205_980_003)
    stream.heard("alarms", lambda body: len(body["open"]) == 2)
    nats.start()
    enter(detect, 205_980_004)
    stream.heard("alarms", lambda body: len(body["open"]) == 3)
    detect.stop()
    web.stop()
    assert_projection_equals_outbox(own_database)


def assert_projection_equals_outbox(url):
    """Rebuild every alarm from the outbox alone, in a process of its own, and compare."""
    import os
    import subprocess
    import sys

    code = (
        "import django; django.setup()\n"
        "from port2port.audit.store import STORE\n"
        "from port2port.control import queries\n"
        "events = STORE.after(0, kinds=('AlarmChanged',), limit=100000)\n"
        "rebuilt, stored = queries.rebuild(events), queries.stored()\n"
        "assert len(stored) == 3 and rebuilt == stored, (rebuilt, stored)\n"
    )
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "port2port.project.settings"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    with psycopg.connect(url) as link:
        assert link.execute("SELECT count(*) FROM audit_outboxevent WHERE kind='AlarmChanged'").fetchone()[0] >= 3


def test_a_plain_sentence_is_accepted_once_under_one_key(apart):
    detect, _, _ = apart
    sentence = encode(1, mmsi=205_980_005, lat=51.3, lon=4.2)[0] + b"\r\n"
    first, again = (detect.ingest(sentence, key="once")[1] for _ in range(2))
    assert first["position"] == again["position"]
    assert detect.ingest(sentence * 2, key="once")[0] == 409
