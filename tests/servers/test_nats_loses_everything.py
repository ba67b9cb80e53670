"""NATS is a fan-out: whatever it loses, every consumer still comes to what the outbox says."""

import contextlib
import time

import pytest

from port2port.engine.bus import Bus
from port2port.engine.events import Event, Label
from port2port.engine.nats import NatsWire
from port2port.engine.tests.memory_store import Counted, MemoryStore

pytestmark = pytest.mark.servers
LABEL = Label(area="antwerp", owner="port2port", purpose="isps")


def commit(store, bus, numbers):
    for number in numbers:
        event = Event.of(Counted(number), label=LABEL, actor="test", at=store.now())
        bus.announce([written for written in store.append([event]) if isinstance(written, Event)])


def read_all(subscription, count, *, within_s=30):
    seen, until = [], time.monotonic() + within_s
    while len(seen) < count and time.monotonic() < until:
        seen += [event.body(Counted).number for event in subscription.take(timeout=0.5)]
    return seen


def test_another_process_hears_in_order(own_nats):
    store = MemoryStore()
    here, there = (Bus(store, NatsWire(own_nats.url, store)) for _ in range(2))
    listening = there.subscribe("projection", "Counted")
    assert here.wire.connected.wait(5)
    assert there.wire.connected.wait(5)
    commit(store, here, range(500))
    assert read_all(listening, 500) == list(range(500))
    here.close()
    there.close()


def test_a_wiped_server_is_filled_again_and_nobody_misses_an_event(own_nats):
    store = MemoryStore()
    here, there = (Bus(store, NatsWire(own_nats.url, store)) for _ in range(2))
    listening = there.subscribe("projection", "Counted")
    assert here.wire.connected.wait(5)
    commit(store, here, range(100))
    own_nats.stop(wipe=True)
    commit(store, here, range(100, 200))
    own_nats.start()
    assert here.wire.connected.wait(10)
    commit(store, here, range(200, 300))
    assert read_all(listening, 300) == list(range(300))
    assert kept_in(own_nats, "P2P_Counted", at_least=3) > 0
    here.close()
    there.close()


def kept_in(server, stream, *, at_least, within_s=15):
    """Ask the server itself how many messages a stream holds, until there are enough."""
    import asyncio

    import nats

    async def ask():
        client = await nats.connect(server.url)
        try:
            for _ in range(within_s * 5):
                with contextlib.suppress(Exception):
                    state = (await client.jetstream().stream_info(stream)).state
                    if state.messages >= at_least:
                        return state.messages
                await asyncio.sleep(0.2)
            return 0
        finally:
            await client.close()

    return asyncio.run(ask())
