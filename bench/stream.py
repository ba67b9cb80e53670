"""Fan-out: one server process, 200 browsers' worth of open streams, every message counted and timed at its reader.

The server is the product's own `control.stream.Stream` behind uvicorn on a real socket; the readers are in this
process. A delivery is one server-sent event that arrived whole at one reader.
"""

import asyncio
import multiprocessing
import socket
import statistics
import time

from bench.harness import Row, budget

CLIENTS, ROUNDS, BURST = 200, 60, 20
STEADY_S, STEADY_A_S = 4.0, 20
AREA = "antwerp"


def rows() -> list[Row]:
    """Measure deliveries a second in bursts, and the delay at a steady 20 messages a second."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(port,), daemon=True)
    server.start()
    try:
        rate, p99_ms = asyncio.run(_read_all(port))
    finally:
        server.terminate()
        server.join(5)
    return [
        budget(f"stream: deliveries to {CLIENTS} clients", ours=rate, goal=100_000, unit="1/s", at_most=False,
               note="wall clock; server on one core, the readers on the other"),
        budget("stream: delay at 20 messages/s each, p99", ours=p99_ms, goal=50, unit="ms", at_most=True),
    ]  # fmt: skip


def _serve(port: int) -> None:
    """Run the product's stream with a small conductor that sends when all clients are there."""
    import uvicorn

    from port2port.control.stream import Stream
    from port2port.rights.rules import Actor, Role

    stream = Stream(snapshot=lambda _: [], alarms=lambda _: b"{}", actors=lambda _: {})
    reader = Actor("bench", "Bench", Role.OPERATOR, frozenset({AREA}))

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        await stream.serve(receive, send, actor=reader, session="bench")

    async def conduct():
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve())
        while len(stream.clients) < CLIENTS:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        filler = b'"' + b"x" * 160 + b'"'
        for _ in range(ROUNDS):
            for _ in range(BURST):
                stream.give_tracks(AREA, b'{"burst":%d,"f":%s}' % (time.monotonic_ns(), filler))
            await asyncio.sleep(0)
            while any(client.waiting for client in stream.clients):
                await asyncio.sleep(0)
        await asyncio.sleep(1)
        for _ in range(int(STEADY_S * STEADY_A_S)):
            stream.give_tracks(AREA, b'{"steady":%d,"f":%s}' % (time.monotonic_ns(), filler))
            await asyncio.sleep(1 / STEADY_A_S)
        await serving

    asyncio.run(conduct())


async def _read_all(port: int) -> tuple[float, float]:
    await asyncio.sleep(1.5)
    delays: list[float] = []
    spans = await asyncio.gather(*[_read(port, delays) for _ in range(CLIENTS)])
    first, last = min(a for a, _ in spans), max(b for _, b in spans)
    return CLIENTS * ROUNDS * BURST / (last - first), statistics.quantiles(delays, n=100)[98] * 1000


async def _read(port: int, delays: list[float]) -> tuple[float, float]:
    """Read one stream; give when its first and last burst message arrived, and note the steady delays."""
    reader, writer = await _connect(port)
    writer.write(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    bursts = steady = 0
    first = last = 0.0
    rest = b""
    while bursts < ROUNDS * BURST or steady < int(STEADY_S * STEADY_A_S):
        piece = await asyncio.wait_for(reader.read(1 << 16), 30)
        now = time.monotonic()
        rest += piece
        whole, _, rest = rest.rpartition(b"\n\n")
        seen = whole.count(b'"burst":')
        if seen:
            first, last, bursts = first or now, now, bursts + seen
        for part in whole.split(b'"steady":')[1:]:
            delays.append(now - int(part.split(b",", 1)[0]) / 1e9)
            steady += 1
    writer.close()
    return first, last


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(100):
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
    raise RuntimeError("the stream server did not start")
