"""Whatever the wire does, a consumer hears everything of its kinds, once, in order."""

import random
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from port2port.engine import bus as bus_module
from port2port.engine.bus import Bus, LocalWire
from port2port.engine.events import Event, Label
from port2port.engine.journal import Journal
from port2port.engine.tests.memory_store import Counted, MemoryStore

LABEL = Label(area="antwerp", owner="port-of-antwerp", purpose="isps")


class Other(Counted, frozen=True):
    """An event of another kind."""


def event(number, shape=Counted):
    return Event.of(shape(number), label=LABEL, actor="sensor:ais", at=MemoryStore.now())


def numbers(events):
    return [one.body(Counted).number for one in events]


def all_of(subscription, *, limit=256):
    """Take until nothing is left."""
    taken = []
    while events := subscription.take(timeout=0, limit=limit):
        assert len(events) <= limit
        taken += events
    return taken


class BadWire(LocalWire):
    """Loses, doubles, delays, disorders and forges, as its dice say."""

    def __init__(self, seed):
        super().__init__()
        self._dice, self._late = random.Random(seed), []

    def send(self, events):
        self._late += events
        forged = event(-1).at(self._dice.randrange(1, 1000))
        for fate in self._dice.choices(["lose", "carry", "double", "later", "forge"], k=3):
            self._dice.shuffle(self._late)
            if fate == "lose":
                self._late = self._late[: len(self._late) // 2]
            elif fate in ("carry", "double"):
                super().send(self._late * (1 if fate == "carry" else 2))
            elif fate == "forge":
                super().send([forged])


class Dead(LocalWire):
    """A wire that carries nothing."""

    def send(self, events):
        pass


@pytest.fixture
def store():
    return MemoryStore()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    steps=st.lists(st.one_of(st.just("take"), st.integers(1, 9)), max_size=40),
    limit=st.integers(1, 7),
)
def test_over_any_wire_every_event_of_the_kind_is_heard_once_and_in_order(seed, steps, limit):
    store, dice = MemoryStore(), random.Random(seed)
    bus = Bus(store, BadWire(seed))
    consumers = {"fast": bus.subscribe("fast", "Counted"), "slow": bus.subscribe("slow", "Counted", "Other")}
    heard, sent = {"fast": [], "slow": []}, []
    for step in steps:
        if step == "take":
            name = dice.choice(["fast", "fast", "slow"])
            heard[name] += consumers[name].take(timeout=0, limit=limit)
            continue
        fresh = [event(len(sent) + n, dice.choice([Counted, Other])) for n in range(step)]
        sent += store.append(fresh)
        bus.announce(sent[-step:])
    for name, subscription in consumers.items():
        heard[name] += all_of(subscription, limit=limit)
    assert heard["fast"] == [one for one in sent if one.kind == "Counted"]
    assert heard["slow"] == sent


def test_the_journal_and_the_bus_together_lose_nothing_under_threads(store):
    bus = Bus(store, BadWire(7))
    journal = Journal(store, announce=bus.announce, group_ms=1)
    heard = []

    def listen():
        subscription = bus.subscribe("consumer", "Counted")
        while len(heard) < 3000:
            heard.extend(subscription.take(timeout=2, limit=50))

    listeners = threading.Thread(target=listen)
    listeners.start()
    for future in [journal.append(event(n)) for n in range(3000)]:
        future.result(10)
    listeners.join(10)
    journal.close()
    assert numbers(heard) == list(range(3000))


def test_a_consumer_goes_on_from_its_cursor_after_a_restart(store):
    store.append([event(n) for n in range(10)])
    first = Bus(store, LocalWire()).subscribe("consumer", "Counted")
    assert numbers(first.take(timeout=0, limit=4)) == [0, 1, 2, 3]
    first.done()
    assert numbers(first.take(timeout=0, limit=3)) == [4, 5, 6], "taken, but the work was never finished"
    again = Bus(store, LocalWire()).subscribe("consumer", "Counted")
    assert numbers(all_of(again)) == [4, 5, 6, 7, 8, 9]


def test_consumers_have_cursors_of_their_own(store):
    bus = Bus(store, LocalWire())
    store.append([event(n) for n in range(3)])
    one, two = bus.subscribe("one", "Counted"), bus.subscribe("two", "Counted")
    all_of(one)
    one.done()
    assert store.cursors == {"one": 3}
    assert numbers(all_of(two)) == [0, 1, 2]


def test_whoever_follows_without_a_memory_starts_now_or_where_it_says(store):
    bus = Bus(store, LocalWire())
    store.append([event(n) for n in range(3)])
    now, earlier = bus.follow("Counted"), bus.follow("Counted", after=1)
    store.append([event(3)])
    assert numbers(all_of(now)) == [3]
    assert numbers(all_of(earlier)) == [1, 2, 3]
    now.done()
    assert store.cursors == {}


def test_a_slow_consumer_holds_nobody_up_and_misses_nothing(store):
    bus = Bus(store, LocalWire())
    slow, fast = bus.subscribe("slow", "Counted"), bus.subscribe("fast", "Counted")
    heard = []
    for n in range(10_000):
        bus.announce(store.append([event(n)]))
        if n % 100 == 99:
            heard += fast.take(timeout=0)
    assert numbers(heard + all_of(fast)) == list(range(10_000))
    assert numbers(all_of(slow)) == list(range(10_000))


def test_the_bell_wakes_a_waiting_consumer_at_once(store):
    bus = Bus(store, LocalWire())
    subscription = bus.subscribe("consumer", "Counted")
    threading.Timer(0.05, lambda: bus.announce(store.append([event(1)]))).start()
    start = time.monotonic()
    assert numbers(subscription.take(timeout=5)) == [1]
    assert time.monotonic() - start < bus_module.LOOK_S / 2


def test_a_wire_that_is_dead_costs_no_more_than_the_time_between_looks(store, monkeypatch):
    monkeypatch.setattr(bus_module, "LOOK_S", 0.1)
    bus = Bus(store, Dead())
    subscription = bus.subscribe("consumer", "Counted")
    threading.Timer(0.05, lambda: bus.announce(store.append([event(1)]))).start()
    start = time.monotonic()
    assert numbers(subscription.take(timeout=5)) == [1]
    assert 0.05 <= time.monotonic() - start < 1.0


def test_nothing_in_time_is_an_empty_list(store):
    subscription = Bus(store, LocalWire()).subscribe("consumer", "Counted")
    start = time.monotonic()
    assert subscription.take(timeout=0.05) == []
    assert 0.04 < time.monotonic() - start < 1


def test_events_of_other_kinds_wake_nobody_for_good(store):
    bus = Bus(store, LocalWire())
    subscription = bus.subscribe("consumer", "Counted")
    threading.Timer(0.02, lambda: bus.announce(store.append([event(1, Other)]))).start()
    threading.Timer(0.06, lambda: bus.announce(store.append([event(2)]))).start()
    assert numbers(subscription.take(timeout=5)) == [2]


def test_closing_the_bus_sends_waiting_consumers_home(store):
    bus = Bus(store, LocalWire())
    subscription = bus.subscribe("consumer", "Counted")
    threading.Timer(0.05, bus.close).start()
    start = time.monotonic()
    assert subscription.take(timeout=30) == []
    assert time.monotonic() - start < 5


def test_what_was_committed_before_the_close_can_still_be_taken(store):
    bus = Bus(store, LocalWire())
    store.append([event(1)])
    bus.close()
    assert numbers(bus.subscribe("consumer", "Counted").take(timeout=0)) == [1]


def test_flashes_reach_everyone_who_wants_them_until_the_wire_is_closed():
    wire, seen = LocalWire(), []
    wire.on_flash(lambda topic, message: seen.append((topic, message)))
    wire.on_flash(lambda topic, message: seen.append((topic, message)))
    wire.flash("picture", b"1")
    wire.close()
    wire.flash("picture", b"2")
    assert seen == [("picture", b"1")] * 2
