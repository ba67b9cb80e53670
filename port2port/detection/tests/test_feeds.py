"""Feeds: bytes come in over real sockets, are counted when they are on disk, and nothing hostile stalls them."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
from concurrent.futures import Future

import msgspec
import pytest

from port2port.detection.events import SentencesReceived
from port2port.detection.examples import ExampleFeed, a_position, a_voyage
from port2port.detection.feeds import Feeds
from port2port.detection.feeds import intake as intake_module
from port2port.detection.feeds import keeping as keeping_module
from port2port.detection.feeds import sources as sources_module
from port2port.detection.feeds.keeping import UnknownKind
from port2port.detection.tests.shared import VECTORS
from port2port.engine.events import Origin
from port2port.protocols.ais.encode import encode

LINE = a_position(205_000_001, 51.2, 4.3)
MANY = b"".join(a_position(205_000_000 + n, 51.2, 4.3) for n in range(1000))


class Memory:
    """A journal that keeps events; it answers at once, never, or with a fault."""

    def __init__(self, *, answers=True, fault=None):
        self.events, self.futures, self._answers, self._fault = [], [], answers, fault

    def append(self, event):
        future = Future()
        self.events.append(event)
        self.futures.append(future)
        if self._fault:
            future.set_exception(self._fault)
        elif self._answers:
            future.set_result(event.at(len(self.events)))
        return future

    def answer(self):
        for future in self.futures:
            if not future.done():
                future.set_result(None)

    @property
    def raw(self):
        return b"".join(event.body(SentencesReceived).raw for event in self.events)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(story, plan, journal, **more):
    """Open the feeds, let the story happen, close them; within ten seconds."""

    async def whole():
        feeds = Feeds([plan] if plan else [], journal, **more)
        await feeds.start()
        try:
            await asyncio.wait_for(story(feeds), 10)
        finally:
            journal.answer()
            await feeds.stop()

    asyncio.run(whole())


async def until(true):
    while not true():
        await asyncio.sleep(0.005)


def send_udp(port, *datagrams):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        for datagram in datagrams:
            wire.sendto(datagram, ("127.0.0.1", port))


def test_datagrams_of_one_line_or_many_are_written_together_with_their_label():
    journal, plan = Memory(), ExampleFeed(port=free_port(socket.SOCK_DGRAM))

    async def story(feeds):
        await until(lambda: plan.name in feeds.faults)
        send_udp(plan.port, LINE.strip(), LINE + b"\r\n" + LINE, LINE)
        await until(lambda: feeds.accepted() == {"ais-antwerp": 4})

    run(story, plan, journal, origin=Origin.DEMO)
    assert journal.raw == LINE * 4
    event = journal.events[0]
    assert (event.area, event.label.owner, event.origin) == ("antwerp", "port-of-antwerp", Origin.DEMO)
    assert sum(e.count for e in journal.events) == 4


def test_garbage_is_counted_by_reason_and_nothing_stalls():
    journal, plan = Memory(), ExampleFeed(port=free_port(socket.SOCK_DGRAM))

    async def story(feeds):
        await until(lambda: plan.name in feeds.faults)
        send_udp(plan.port, b"", b"\n\n", b"\x00\xff" * 50, b"!" * 5000, b"$GPGGA,1*00\n", LINE[:20] + b"\n" + LINE)
        await until(lambda: feeds.accepted() == {"ais-antwerp": 2})
        assert feeds.refused() == {"ais-antwerp": {"not-a-sentence": 2, "line-too-long": 1}}

    run(story, plan, journal)
    assert journal.raw == LINE[:20] + b"\n" + LINE


def test_lines_that_come_in_pieces_over_tcp_are_made_whole():
    journal, plan = Memory(), ExampleFeed(kind="tcp-server", port=free_port())

    async def story(feeds):
        await until(lambda: plan.name in feeds.faults)
        _, writer = await asyncio.open_connection("127.0.0.1", plan.port)
        for piece in (LINE[:7], LINE[7:30], LINE[30:] + LINE[:5], LINE[5:], b"!" * 3000, b"!" * 3000, b"\n" + LINE):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.write(LINE.strip())
        writer.close()
        await until(lambda: feeds.accepted() == {"ais-antwerp": 4})
        assert feeds.refused() == {"ais-antwerp": {"line-too-long": 1}}

    run(story, plan, journal)
    assert journal.raw == LINE * 4


def test_a_client_connects_again_after_the_server_hung_up(monkeypatch):
    monkeypatch.setattr(sources_module, "FIRST_PAUSE_S", 0.02)
    journal, plan = Memory(), ExampleFeed(kind="tcp-client", port=free_port())

    async def serve(reader, writer):
        writer.write(LINE)
        await writer.drain()
        writer.close()

    async def story(feeds):
        await until(lambda: feeds.faults.get(plan.name))
        server = await asyncio.start_server(serve, "127.0.0.1", plan.port)
        await until(lambda: feeds.accepted()["ais-antwerp"] >= 3)
        server.close()

    run(story, plan, journal)


def test_a_port_that_is_taken_is_tried_again_and_does_not_stop_the_others(monkeypatch):
    monkeypatch.setattr(sources_module, "FIRST_PAUSE_S", 0.02)
    journal, plan = Memory(), ExampleFeed(port=free_port(socket.SOCK_DGRAM))
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", plan.port))

    async def story(feeds):
        await until(lambda: "in use" in feeds.faults.get(plan.name, ""))
        taken.close()
        await until(lambda: feeds.faults[plan.name] == "")
        send_udp(plan.port, LINE)
        await until(lambda: feeds.accepted() == {"ais-antwerp": 1})

    run(story, plan, journal)


def test_nothing_is_accepted_before_it_is_on_disk():
    journal, plan = Memory(answers=False), ExampleFeed(port=free_port(socket.SOCK_DGRAM))

    async def story(feeds):
        await until(lambda: plan.name in feeds.faults)
        send_udp(plan.port, LINE)
        await until(lambda: journal.events)
        await asyncio.sleep(0.05)
        assert feeds.accepted() == {"ais-antwerp": 0}
        journal.answer()
        await until(lambda: feeds.accepted() == {"ais-antwerp": 1})

    run(story, plan, journal)


def test_datagrams_are_dropped_and_counted_while_the_journal_lags(monkeypatch):
    monkeypatch.setattr(intake_module, "MOST_WAITING", 2000)
    journal, plan = Memory(answers=False), ExampleFeed(port=free_port(socket.SOCK_DGRAM))

    async def story(feeds):
        await until(lambda: plan.name in feeds.faults)
        send_udp(plan.port, *[LINE] * 100)
        await until(lambda: feeds.refused()["ais-antwerp"].get("overload"))
        await asyncio.sleep(0.05)
        held = journal.raw.count(b"\n")
        assert held < 50
        assert feeds.refused()["ais-antwerp"]["overload"] == 100 - held
        journal.answer()
        await until(lambda: feeds.accepted()["ais-antwerp"] == held)
        send_udp(plan.port, LINE)
        await until(lambda: len(journal.raw) == (held + 1) * len(LINE))

    run(story, plan, journal)


def test_a_connection_is_read_more_slowly_while_the_journal_lags(monkeypatch):
    monkeypatch.setattr(intake_module, "MOST_WAITING", 20_000)
    journal, plan = Memory(answers=False), ExampleFeed(kind="tcp-server", port=free_port())

    async def story(feeds):
        await until(lambda: plan.name in feeds.faults)
        _, writer = await asyncio.open_connection("127.0.0.1", plan.port)
        writer.write(MANY * 20)
        await until(lambda: journal.events)
        await asyncio.sleep(0.1)
        assert journal.raw.count(b"\n") < 10_000
        while feeds.accepted()["ais-antwerp"] < 20_000:
            journal.answer()
            await asyncio.sleep(0.005)
        writer.close()

    run(story, plan, journal)
    assert journal.raw == MANY * 20


def test_lines_that_could_not_be_written_are_not_accepted():
    journal, plan = Memory(fault=OSError("disk full")), ExampleFeed(port=free_port(socket.SOCK_DGRAM))

    async def story(feeds):
        await until(lambda: plan.name in feeds.faults)
        send_udp(plan.port, LINE)
        await until(lambda: feeds.refused() == {"ais-antwerp": {"not-stored": 1}})
        assert feeds.accepted() == {"ais-antwerp": 0}

    run(story, plan, journal)


def test_a_feed_of_an_unknown_kind_is_refused_by_name():
    with pytest.raises(UnknownKind, match="feed ais-antwerp: kind 'carrier-pigeon' is not one of udp"):
        Feeds([ExampleFeed(kind="carrier-pigeon")], Memory())


def test_the_output_sends_sound_sentences_after_they_are_on_disk_and_cuts_who_does_not_listen():
    journal, plan = Memory(answers=False), ExampleFeed(port=free_port(socket.SOCK_DGRAM))
    port = free_port()

    async def story(feeds):
        await until(lambda: feeds.faults.keys() == {plan.name, "ais-out"})
        reader, listening = await asyncio.open_connection("127.0.0.1", port)
        deaf = await asyncio.open_connection("127.0.0.1", port, limit=1)
        await until(lambda: len(feeds.output._clients) == 2)
        send_udp(plan.port, b"\\s:x*78\\" + LINE, LINE.replace(b"*", b"*F"), LINE[:30] + b"\n")
        await until(lambda: journal.raw.count(b"\n") == 3)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readline(), 0.05)
        journal.answer()
        assert await reader.readline() == LINE.strip() + b"\r\n"
        for _ in range(400):
            feeds.output.give(MANY)
            await reader.read(1 << 20)
            if feeds.output.cut:
                break
        assert feeds.output.cut == 1
        listening.close()
        deaf[1].close()

    run(story, plan, journal, out=("127.0.0.1", port))


def test_an_output_port_that_is_taken_stops_no_feed_and_is_tried_again(monkeypatch):
    monkeypatch.setattr(keeping_module, "OUTPUT_AGAIN_S", 0.02)
    journal, plan = Memory(), ExampleFeed(port=free_port(socket.SOCK_DGRAM))
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = taken.getsockname()[1]

    async def story(feeds):
        await until(lambda: "in use" in feeds.faults.get("ais-out", "") and plan.name in feeds.faults)
        send_udp(plan.port, LINE)
        await until(lambda: feeds.accepted() == {"ais-antwerp": 1})
        taken.close()
        await until(lambda: feeds.output.port == port)

    run(story, plan, journal, out=("127.0.0.1", port))


@pytest.mark.skipif(not shutil.which("gpsd") or not shutil.which("gpspipe"), reason="gpsd is not installed")
def test_gpsd_on_our_output_lists_the_same_ships_as_we_do():
    shared = VECTORS / "pyais_nmea_data_sample.nmea"
    ours = [205_100_000 + n for n in range(40)]
    lines = [encode(1, mmsi=m, lat=51.2 + m % 100 / 1000, lon=4.3, speed=7.0)[0] for m in ours[:20]]
    lines += [part for m in ours[20:30] for part in a_voyage(m, f"SHIP {m}").splitlines()]
    lines += [encode(18, mmsi=m, lat=51.2, lon=4.3 + m % 100 / 1000, speed=5.0)[0] for m in ours[30:]]
    wanted = set(ours)
    if shared.exists():
        recorded = shared.read_bytes().splitlines()[:200]
        wanted |= mmsis_of(recorded)
        lines += recorded
    journal, plan, port = Memory(), ExampleFeed(kind="tcp-server", port=free_port()), free_port()

    async def story(feeds):
        with gpsd_listening_to(port) as gpsd_port:
            await until(lambda: feeds.output._clients)
            pipe = await asyncio.create_subprocess_exec(
                "gpspipe", "-w", f"127.0.0.1:{gpsd_port}", stdout=asyncio.subprocess.PIPE
            )
            await pipe.stdout.readline()
            _, writer = await asyncio.open_connection("127.0.0.1", plan.port)
            writer.write(b"\n".join(lines) + b"\n")
            await writer.drain()
            heard = set()
            with contextlib.suppress(TimeoutError):
                while heard != wanted:
                    said = msgspec.json.decode(await asyncio.wait_for(pipe.stdout.readline(), 4))
                    if said["class"] == "AIS":
                        heard.add(said["mmsi"])
            pipe.kill()
            await pipe.wait()
            writer.close()
        assert heard == wanted

    run(story, plan, journal, out=("127.0.0.1", port))


def mmsis_of(lines):
    """The MMSIs we decode, of the messages that gpsd reports too."""
    from port2port.protocols.ais.columns import BulkDecoder

    block = BulkDecoder().feed(b"\n".join(lines) + b"\n")
    tables = (table["mmsi"].tolist() for table in block.tables.values())
    return {mmsi for table in tables for mmsi in table} | {message.mmsi for message in block.others}


@contextlib.contextmanager
def gpsd_listening_to(port):
    """A gpsd of our own, in the foreground, without a control socket."""
    gpsd_port = free_port()
    command = ["gpsd", "-N", "-n", "-S", str(gpsd_port), f"tcp://127.0.0.1:{port}"]
    gpsd = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield gpsd_port
    finally:
        gpsd.kill()
        gpsd.wait()
