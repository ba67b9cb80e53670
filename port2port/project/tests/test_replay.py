"""Playing a log: nothing is lost, the pace is the log's, and a batch without an answer is sent again."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from port2port.project import replay as playing
from port2port.project.replay import BATCH_LINES, ReplayFailed, Target, batches, replay

LINE = b"!AIVDM,1,1,,A,13aGua?P00PHfERNFruh0?vN289E,0*36\n"


def timed(second):
    return b"\\s:x,c:%d*00\\%s" % (1_500_000_000 + second, LINE)


def test_lines_with_times_come_at_the_pace_of_their_times():
    cut = list(batches(iter([timed(0), timed(0), timed(10), timed(12)]), speed=1))
    assert cut == [(0.0, timed(0) * 2), (10.0, timed(10)), (12.0, timed(12))]
    assert [due for due, _ in batches(iter([timed(0), timed(10), timed(20)]), speed=10)] == [0.0, 1.0, 2.0]


def test_lines_without_a_time_belong_to_the_line_before_and_time_never_runs_back():
    cut = list(batches(iter([timed(5), LINE, timed(9), timed(2), timed(10)]), speed=1))
    assert cut == [(0.0, timed(5) + LINE), (4.0, timed(9) + timed(2)), (5.0, timed(10))]


def test_a_log_without_times_is_played_at_a_steady_rate():
    cut = list(batches(iter([LINE] * 2_000), speed=1))
    assert [due for due, _ in cut] == pytest.approx([0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5])
    assert [due for due, _ in batches(iter([LINE] * 2_000), speed=1000)] == pytest.approx([0, 0.001, 0.002, 0.003])


@given(
    st.lists(
        st.one_of(
            st.just(LINE),
            st.integers(0, 10_000).map(timed),
            st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")),
        )
    ),
    st.sampled_from([0.5, 1.0, 1000.0]),
)
def test_no_line_is_lost_or_moved_and_no_batch_is_too_large(lines, speed):
    cut = list(batches(iter(lines), speed=speed))
    assert b"".join(raw for _, raw in cut) == b"".join(
        line if line.endswith(b"\n") else line + b"\n" for line in lines
    )
    assert all(raw.count(b"\n") <= BATCH_LINES for _, raw in cut)
    assert [due for due, _ in cut] == sorted(due for due, _ in cut)


class Server(BaseHTTPRequestHandler):
    """Answers as the test says, and keeps what came."""

    def do_GET(self):
        self.reply(self.server.knows, b"{}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((self.path, self.headers["Idempotency-Key"], self.headers["Authorization"], body))
        status = self.server.answers.pop(0) if self.server.answers else 202
        if status:
            self.reply(status, b'{"accepted": %d}' % body.count(b"\n"))
        else:
            self.close_connection = True

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(playing, "PAUSE_S", 0.01)
    httpd = HTTPServer(("127.0.0.1", 0), Server)
    httpd.came, httpd.answers, httpd.knows = [], [], 200
    httpd.target = Target("127.0.0.1", httpd.server_port, "token", "ghent")
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture
def log(tmp_path):
    (tmp_path / "log").write_bytes(LINE * 1_200)
    return tmp_path / "log"


def test_every_batch_goes_in_once_under_a_key_of_its_own(server, log):
    said = []
    assert replay(log, server.target, speed=1e6, said=said.append) == 1_200
    assert [body.count(b"\n") for *_, body in server.came] == [500, 500, 200]
    assert len({key for _, key, _, _ in server.came}) == 3
    assert {(path, token) for path, _, token, _ in server.came} == {
        ("/ingest/ais?area=ghent&origin=replay&keep_times=0", "Bearer token")
    }
    assert [line.split()[0] for line in said] == ["500", "1000", "1200"]


def test_times_are_kept_where_that_is_asked(server, log):
    replay(log, server.target, speed=1e6, keep_times=True, said=lambda line: None)
    assert {path.split("&")[-1] for path, *_ in server.came} == {"keep_times=1"}


def test_a_batch_without_an_answer_is_sent_again_under_the_same_key(server, log):
    server.answers = [202, 503, 0, 202, 202]
    assert replay(log, server.target, speed=1e6, said=lambda line: None) == 1_200
    keys = [key for _, key, _, _ in server.came]
    assert keys[1] == keys[2] == keys[3]
    assert len(set(keys)) == 3


def test_a_server_that_ends_in_the_middle_is_told(server, log, monkeypatch):
    monkeypatch.setattr(playing, "TRIES", 3)
    server.answers = [202, 503, 503, 503]
    with pytest.raises(ReplayFailed, match="answers no more; what it took is in, the rest is not"):
        replay(log, server.target, speed=1e6, said=lambda line: None)


def test_a_refusal_is_shown_as_the_server_said_it(server, log):
    server.answers = [400]
    with pytest.raises(ReplayFailed, match="the server refused the log: 400"):
        replay(log, server.target, speed=1e6, said=lambda line: None)


@pytest.mark.parametrize(("status", "says"), [(401, "another state folder"), (404, "takes no sentences")])
def test_a_server_that_is_not_ours_is_told_before_anything_is_sent(server, log, status, says):
    server.knows = status
    with pytest.raises(ReplayFailed, match=says):
        replay(log, server.target, said=lambda line: None)
    assert server.came == []


def test_a_line_without_end_does_not_fill_the_memory_nor_stop_the_log(server, tmp_path):
    (tmp_path / "log").write_bytes(LINE + b"x" * 3_000_000 + b"\n" + LINE)
    assert replay(tmp_path / "log", server.target, speed=1e6, said=lambda line: None) == 3
    assert max(len(body) for *_, body in server.came) < 3_000
