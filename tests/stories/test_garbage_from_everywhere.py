"""Garbage from everywhere: whatever comes is counted by reason, nothing fails or stalls, and good lines pass."""

import contextlib
import http.client
import itertools
import random
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from port2port.protocols.ais.encode import encode
from port2port.protocols.ais.nmea import checksum
from tests.deployment import free_port
from tests.pages import Desk, sign_in
from tests.standing import standing

DICE = random.Random(20261125)
GOOD_WITHIN_S = 1.0
EVENTS, CONNECTIONS, MOST_TIMES = 2_000, 8, 5
PLAN = """
[[feeds]]
name = "udp-quay"
area = "antwerp"
kind = "udp"
port = {udp}
[[feeds]]
name = "tcp-quay"
area = "antwerp"
kind = "tcp-server"
port = {tcp}
"""


def closed(body):
    """Give a sentence the checksum it deserves, so that it is judged by what it says."""
    return b"!%s*%02X\r\n" % (body, checksum(body))


def good(mmsi):
    return encode(1, mmsi=mmsi, lat=51.3, lon=4.2, speed=5.0, course=90.0)[0] + b"\r\n"


def flood():
    """First parts of messages that never end, parts that came before, and parts that cannot be."""
    for number in range(3_000):
        body = b"AIVDM,%d,%d,%d,A,55P5TL01VIaAL@7W,0" % (2 + number % 8, 1 + number % 2, number % 10)
        yield closed(body)
        yield closed(b"AIVDM,2,9,1,A,55P5TL01VIaAL@7W,0")


GARBAGE = {
    "random bytes": (DICE.randbytes(60_000), "not-a-sentence"),
    "random bytes behind a bang": (
        b"\n".join(b"!" + DICE.randbytes(60) for _ in range(800)) + b"\n",
        "not-nmea",
    ),
    "cut off": (b"".join(good(205_000_000)[: 5 + cut] + b"\r\n" for cut in range(40)), "no-checksum"),
    "no end": (b"!AIVDM,1,1,,A," + b"w" * 60_000 + b"\r\n", "line-too-long"),
    "zero bytes": (b"\0" * 30_000 + b"\r\n" + b"!AIVDM,1,1,,A,\0\0\0\0,0*00\r\n", "line-too-long"),
    "line ends only": (b"\r" * 20_000 + b"\n" * 20_000, None),
    "wrong checksums": (b"!AIVDM,1,1,,A,13aGua?P00PHfERNFruh0?vN289E,0*00\r\n" * 500, "bad-checksum"),
    "parts without end": (b"".join(flood()), "parts-missing"),
    "impossible parts": (closed(b"AIVDM,1,5,,A,13aGua?P00PHfERNFruh0?vN289E,0") * 300, "bad-parts"),
    "strange letters": (closed(b"AIVDM,1,1,,A,\xff\xfe\x80zzz{|},0") * 300, "bad-armour"),
    "strange types": (closed(b"AIVDM,1,1,,A,w3aGua?P00PHfERNFruh0?vN289E,0") * 300, "unknown-type"),
    "tag blocks": (b"\\c:9e99,s:" + b"x" * 40 + b"*00\\!AIVDM\r\n" + b"\\" * 500 + b"!\r\n", "bad-tag-block"),
}
WAYS = ("udp", "tcp", "http")


@pytest.fixture(scope="module")
def quay(tmp_path_factory):
    """A server with a UDP and a TCP feed, which everything here is thrown at; at the end it still is whole."""
    folder = tmp_path_factory.mktemp("quay")
    ports = {"udp": free_port(socket.SOCK_DGRAM), "tcp": free_port()}
    (folder / "port2port.toml").write_text(PLAN.format(**ports))
    with standing(folder, P2P_CONFIG=str(folder / "port2port.toml")) as deployment:
        deployment.ports = ports
        yield deployment
    assert "Traceback" not in deployment.said()


def send(deployment, way, content):
    """Throw bytes at a feed; HTTP must say how it took them."""
    if way == "http":
        for piece in pieces(content, 900_000):
            status, said = deployment.ask("POST", "/ingest/ais?area=antwerp", piece)
            assert status == 202, said
    elif way == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            for piece in pieces(content, 8_000):
                wire.sendto(piece, ("127.0.0.1", deployment.ports["udp"]))
                time.sleep(0.001)
    else:
        with socket.create_connection(("127.0.0.1", deployment.ports["tcp"])) as wire:
            wire.sendall(content)


def pieces(content, size):
    return [content[at : at + size] for at in range(0, len(content), size)]


FEED = {"udp": "udp-quay", "tcp": "tcp-quay", "http": "demo-antwerp"}


def taken_in(deployment, way):
    """Lines on disk of one feed."""
    return deployment.ask("GET", "/ingest/accepted")[1]["accepted"].get(FEED[way], 0)


def refused(deployment):
    """Refusals by reason, of all feeds and of detection."""
    total = Counter(deployment.ask("GET", "/status", Accept="application/json")[1]["detection"]["refused"])
    for reasons in deployment.ask("GET", "/ingest/accepted")[1]["refused"].values():
        total.update(reasons)
    return total


def until(question, within_s):
    """Ask again and again; give the seconds it took until the answer was yes."""
    began = time.monotonic()
    while not question():
        assert time.monotonic() - began < within_s, f"not within {within_s} s"
        time.sleep(0.01)
    return time.monotonic() - began


def calm(deployment, way):
    """Wait until no more lines come in."""
    before = -1
    while (now := taken_in(deployment, way)) != before:
        before = now
        time.sleep(0.1)
    return now


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_counted_by_reason_and_a_good_line_passes_behind_it(quay, kind, way):
    content, reason = GARBAGE[kind]
    before = refused(quay)
    send(quay, way, content)
    settled = calm(quay, way)
    send(quay, way, good(205_600_000))
    until(lambda: taken_in(quay, way) == settled + 1, GOOD_WITHIN_S)
    if reason:
        until(lambda: refused(quay)[reason] > before[reason], 5)
    status, said = quay.ask("GET", "/status", Accept="application/json")
    assert (status, said["fine"], said["detection"]["skipped"]) == (200, True, 0)


def test_a_good_line_is_seen_on_the_map_while_garbage_comes_without_end(quay):
    tracks = quay.ask("GET", "/status", Accept="application/json")[1]["detection"]["tracks"]
    with socket.create_connection(("127.0.0.1", quay.ports["tcp"])) as wire:
        for number in range(20):
            wire.sendall(DICE.randbytes(50_000) + b"\r\n" + b"".join(itertools.islice(flood(), 200)))
            send(quay, "udp", good(205_610_000 + number))
    until(lambda: quay.ask("GET", "/status", Accept="application/json")[1]["detection"]["tracks"] >= tracks + 20, 5)


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        ("POST /ingest/ais", b"", 400),
        ("POST /ingest/ais?feed=%00", b"x", 400),
        ("POST /ingest/ais?feed=" + "a" * 5_000, b"x", 400),
        ("POST /ingest/ais?area=atlantis", b"x", 403),
        ("POST /ingest/ais?area=antwerp&origin=%FF", b"x", 400),
        ("POST /ingest/ais?area=antwerp&keep_times=%00", b"x", 202),
        ("POST /ingest/ais?%%%&&&;;==", b"x", 400),
        ("POST /ingest/ais?area=antwerp", b"\0" * 1_100_000, 413),
        ("POST /ingest/ais?area=antwerp", b"!" * 1_000_000, 202),
        ("PUT /ingest/ais?area=antwerp", b"x", 405),
        ("GET /ingest/ais?area=antwerp", b"", 405),
        ("POST /ingest/accepted", b"", 405),
    ],
)
def test_a_request_that_makes_no_sense_gets_an_answer_that_does(quay, head, body, status):
    method, path = head.split(" ", 1)
    got, said = quay.ask(method, path, body)
    assert got == status, said
    assert got == 202 or (said["status"] == status and len(said["detail"]) > 10)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0" * 2_000 + b"\r\n\r\n",
        b"POST /ingest/ais?area=antwerp HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /ingest/ais?area=antwerp HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /ingest/ais?area=antwerp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /stream HTTP/1.1\r\nHost: localhost\r\nCookie: __Host-p2p=\xff\xfe; =;;\r\n\r\n",
        b"GET /now HTTP/1.1\r\nHost: localhost\r\nCookie: __Host-p2p=" + b"a" * 4_000 + b"\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"GET /%ff%fe%00/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe\xe9\r\n\r\n",
    ],
)
def test_raw_bytes_at_the_web_port_never_make_the_server_fail(quay, raw):
    with (
        contextlib.suppress(ConnectionError),
        socket.create_connection(("127.0.0.1", quay.port), timeout=5) as wire,
    ):
        wire.sendall(raw)
        wire.shutdown(socket.SHUT_WR)
        reply = wire.recv(2_000)
        assert not reply or (reply.startswith(b"HTTP/1.1 ") and reply[9:10] in b"34"), reply
    assert quay.ask("GET", "/status", Accept="application/json")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/now?tab=%00&q=%00",
        "/now?tab=../../etc&area=atlantis",
        "/now/alarms?q=" + "%F0%9F%9A%A2" * 500,
        "/now/alarms?q=%25%5F%27%22%3B--&tab=log",
        "/now/alarms?chosen=not-a-uuid&tab=" + "x" * 3_000,
        "/now/alarms/00000000-0000-0000-0000-000000000000",
        "/now/alarms/00000000-0000-0000-0000-000000000000/card",
        "/now/alarms/not-a-uuid/card",
        "/now/vessels/00000000-0000-0000-0000-000000000000/card",
        "/now/vessels/00000000-0000-0000-0000-000000000000/past.json",
        "/now/scene.json?area=../../../etc/passwd",
        "/now/scene.json?area=%00",
        "/now/scene.json?area=ghent",
        "/signin?next=%00//evil.example",
        "/signin?next=" + "x" * 6_000,
        "/static/../../keys/ingest",
        "/static/%2e%2e/%2e%2e/keys/ingest",
        "/favicon.ico",
    ],
)
def test_no_page_fails_whatever_is_asked_of_it(quay, path):
    cookie = sign_in(quay)
    status, _, text = Desk(quay, cookie).ask("GET", path)
    assert status < 500, text[:300]
    assert (quay.state / "keys" / "ingest").read_text() not in text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/signin", "username=%00&password=%00"),
        ("/signin", "username=" + "a" * 20_000 + "&password=b"),
        ("/signin", b"\xff\xfe\0=\0&&&%%%"),
        ("/settings/language", "language=%00"),
        ("/settings/theme", "theme=" + "x" * 9_000),
        ("/now/alarms/00000000-0000-0000-0000-000000000000/acknowledge", "a=b"),
        ("/now/alarms/00000000-0000-0000-0000-000000000000/drop-table", "a=b"),
        ("/signin/demo/00000000-0000-0000-0000-000000000000", "a=b"),
    ],
)
def test_no_form_fails_whatever_is_typed_into_it(quay, path, body):
    cookie = sign_in(quay)
    token = cookie.split("__Host-p2p-csrf=")[1].split(";")[0]
    head = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": token}
    status, _, text = Desk(quay, cookie).ask("POST", path, body, **head)
    assert 200 <= status < 500, text[:300]
    assert status != 403, "the form itself was reached"


class Sender:
    """One kept connection that posts under keys."""

    def __init__(self, deployment):
        self.token = (deployment.state / "keys" / "ingest").read_text()
        self.link = http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=30)

    def post(self, key, body):
        head = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        self.link.request("POST", "/ingest/ais?area=ghent", body=body, headers=head)
        reply = self.link.getresponse()
        return key, reply.status, reply.read()


def by_connections(deployment, requests):
    """Share requests out over eight connections that send at the same time."""

    def work(share):
        sender = Sender(deployment)
        return [sender.post(key, body) for key, body in share]

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        shares = [requests[number::CONNECTIONS] for number in range(CONNECTIONS)]
        return [answer for answers in pool.map(work, shares) for answer in answers]


def test_two_thousand_events_sent_up_to_five_times_each_are_stored_once(quay):
    bodies = {f"t07-{number}": good(205_700_000 + number) for number in range(EVENTS)}
    sent = [item for item in bodies.items() for _ in range(DICE.randint(1, MOST_TIMES))]
    DICE.shuffle(sent)
    answers = by_connections(quay, sent)
    assert Counter(status for _, status, _ in answers) == {202: len(sent)}
    said = {(key, body) for key, _, body in answers}
    assert len(said) == EVENTS, "every repeat got the same answer as the first"
    stored = quay.rows("SELECT key, count(*) FROM audit_outboxevent WHERE key LIKE 't07-%' GROUP BY key")
    assert dict(stored) == dict.fromkeys(bodies, 1)
    assert quay.ask("GET", "/ingest/accepted")[1]["accepted"]["demo-ghent"] == EVENTS
    others = by_connections(quay, [(key, good(205_800_000)) for key in bodies])
    assert Counter(status for _, status, _ in others) == {409: EVENTS}
    assert quay.ask("GET", "/ingest/accepted")[1]["accepted"]["demo-ghent"] == EVENTS
