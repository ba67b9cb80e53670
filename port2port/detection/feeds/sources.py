"""Sources: a UDP port we listen on, a TCP port we listen on, a TCP server we connect to; open until cancelled."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

from port2port.detection.feeds.intake import Intake
from port2port.detection.sensors.ais.lines import Sieve

PIECE = 64 * 1024
RECEIVE_BUFFER = 4 * 1024 * 1024
MOST_CONNECTIONS = 64
CONNECT_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
KEEPALIVE = ((socket.SO_KEEPALIVE, 1),)

Told = Callable[[str], None]


async def listen_udp(intake: Intake, host: str, port: int, told: Told) -> None:
    """Listen for datagrams."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(intake), local_addr=(host, port))
    with contextlib.closing(transport):
        wire = transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        told("")
        await asyncio.Event().wait()


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams over; a complaint of the network about an earlier answer is no concern of a listener."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take in one datagram."""
        self._intake.datagram(data)


async def listen_tcp(intake: Intake, host: str, port: int, told: Told) -> None:
    """Listen for connections, each of which sends lines."""
    open_now: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(open_now) >= MOST_CONNECTIONS:
            writer.close()
            return
        open_now.add(writer)
        try:
            with contextlib.suppress(ConnectionError):
                await read_lines(intake, reader)
        finally:
            open_now.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, host, port, limit=PIECE)
    told("")
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        for writer in list(open_now):
            writer.close()


async def connect_tcp(intake: Intake, host: str, port: int, told: Told) -> None:
    """Connect to a server and read lines until it hangs up; raises ConnectionError then."""
    opening = asyncio.open_connection(host, port, limit=PIECE)
    reader, writer = await asyncio.wait_for(opening, CONNECT_S)
    try:
        wire = writer.get_extra_info("socket")
        for option, setting in KEEPALIVE:
            wire.setsockopt(socket.SOL_SOCKET, option, setting)
        told("")
        await read_lines(intake, reader)
        raise ConnectionError(f"{host}:{port} hung up")
    finally:
        writer.close()


async def read_lines(intake: Intake, reader: asyncio.StreamReader) -> None:
    """Read a stream to its end; slower where the journal lags."""
    sieve = Sieve()
    while piece := await reader.read(PIECE):
        _take(intake, sieve, *sieve.sift(piece))
        await intake.room()
    _take(intake, sieve, *sieve.flush())


def _take(intake: Intake, sieve: Sieve, lines: bytes, count: int) -> None:
    intake.refused.update(sieve.refused)
    sieve.refused.clear()
    intake.add(lines, count)


Source = Callable[[Intake, str, int, Told], Awaitable[None]]
SOURCES: dict[str, Source] = {"udp": listen_udp, "tcp-server": listen_tcp, "tcp-client": connect_tcp}


async def keep_open(source: Source, intake: Intake, host: str, port: int, told: Told) -> None:
    """Keep a source open: after a fault, try again, waiting longer each time until it works."""
    pause = FIRST_PAUSE_S

    def works(fault: str) -> None:
        nonlocal pause
        pause = FIRST_PAUSE_S
        told(fault)

    while True:
        try:
            await source(intake, host, port, works)
        except (OSError, TimeoutError) as error:
            told(str(error) or type(error).__name__)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)
