"""What is promised is on disk; whoever is told "received" can rely on it."""

import hashlib
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from port2port.engine.events import Event, Label
from port2port.engine.journal import Journal, JournalClosed, JournalFull, KeyReused, fact_digest, facts, link
from port2port.engine.tests.memory_store import Counted, MemoryStore

LABEL = Label(area="antwerp", owner="port-of-antwerp", purpose="isps")


def event(number, *, key=None):
    return Event.of(Counted(number), label=LABEL, actor="sensor:ais", at=MemoryStore.now(), key=key)


def numbers(events):
    return [one.body(Counted).number for one in events]


class Disk(MemoryStore):
    """A store that can be held up, can fail, and knows idempotency keys."""

    def __init__(self):
        super().__init__()
        self.may_write, self.writing = threading.Event(), threading.Event()
        self.may_write.set()
        self.groups, self.failures = [], []

    def append(self, events):
        self.writing.set()
        assert self.may_write.wait(10)
        self.groups.append(len(events))
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        return [self._one(one) for one in events]

    def _one(self, one):
        first = next((kept for kept in self.events if one.key and kept.key == one.key), None)
        if first is None:
            return super().append([one])[0]
        return first if first.payload == one.payload else KeyReused(one.key)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def told():
    return []


@pytest.fixture
def journal(disk, told):
    made = Journal(disk, announce=told.extend, group_ms=5)
    yield made
    disk.may_write.set()
    made.close()
    assert not made._thread.is_alive(), "the writer hangs"


def test_an_event_comes_back_numbered_once_it_is_written(journal, disk):
    assert [journal.append(event(n)).result(5).position for n in range(3)] == [1, 2, 3]
    assert numbers(disk.events) == [0, 1, 2]


def test_received_is_never_said_before_the_commit(journal, disk, told):
    disk.may_write.clear()
    future = journal.append(event(1))
    assert disk.writing.wait(5)
    time.sleep(0.03)
    assert not future.done()
    assert told == []
    disk.may_write.set()
    assert future.result(5).position == 1
    assert numbers(told) == [1]


def test_events_are_written_and_announced_in_the_order_they_were_handed_in(journal, disk, told):
    futures = [journal.append(event(n)) for n in range(2000)]
    assert [future.result(10).position for future in futures] == list(range(1, 2001))
    assert numbers(disk.events) == numbers(told) == list(range(2000))


def test_callers_in_many_threads_share_commits_and_keep_each_ones_order(journal, disk):
    def write(start):
        for future in [journal.append(event(n)) for n in range(start, start + 200)]:
            future.result(10)

    threads = [threading.Thread(target=write, args=(start,)) for start in range(0, 2000, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = numbers(disk.events)
    assert sorted(written) == list(range(2000))
    for start in range(0, 2000, 200):
        mine = [n for n in written if start <= n < start + 200]
        assert mine == sorted(mine)
    assert len(disk.groups) < 200


def test_what_came_while_the_disk_was_busy_goes_in_groups(journal, disk):
    disk.may_write.clear()
    futures = [journal.append(event(n)) for n in range(1200)]
    disk.may_write.set()
    for future in futures:
        future.result(10)
    assert max(disk.groups) <= 512
    assert len(disk.groups) <= 6


def test_a_lone_event_waits_for_nobody(disk):
    journal, spent = Journal(disk, announce=lambda events: None, group_ms=100), []
    for n in range(3):
        time.sleep(0.15)
        start = time.monotonic()
        journal.append(event(n)).result(5)
        spent.append(time.monotonic() - start)
    journal.close()
    assert min(spent) < 0.05, "waited for company that never came"


def test_a_steady_stream_is_committed_no_more_often_than_the_time_of_a_group(disk):
    journal, futures = Journal(disk, announce=lambda events: None, group_ms=50), []
    start = time.monotonic()
    for n in range(200):
        futures.append(journal.append(event(n)))
        time.sleep(0.001)
    for future in futures:
        future.result(5)
    journal.close()
    assert len(disk.groups) <= (time.monotonic() - start) / 0.050 + 2


def test_a_store_that_fails_fails_only_that_group(journal, disk, told):
    disk.failures = [OSError("disk full")]
    with pytest.raises(OSError, match="disk full"):
        journal.append(event(1)).result(5)
    assert journal.append(event(2)).result(5).position == 1
    assert numbers(told) == [2]


def test_every_caller_of_a_group_that_failed_hears_of_it(journal, disk):
    disk.may_write.clear()
    first = journal.append(event(0))
    assert disk.writing.wait(5)
    together = [journal.append(event(n)) for n in range(1, 6)]
    disk.failures = [None, OSError("disk full")]
    disk.may_write.set()
    assert first.result(5).position == 1
    assert [type(future.exception(5)) for future in together] == [OSError] * 5


def test_a_store_that_answers_for_too_few_events_fails_the_group_not_the_writer(journal, disk, monkeypatch):
    monkeypatch.setattr(disk, "append", lambda events: [])
    with pytest.raises(ValueError, match="zip"):
        journal.append(event(1)).result(5)
    monkeypatch.undo()
    assert journal.append(event(2)).result(5).position == 1


def test_a_repeated_key_gives_back_what_was_first_written_and_is_not_announced_again(journal, disk, told):
    first = journal.append(event(1, key="a")).result(5)
    again = journal.append(event(1, key="a")).result(5)
    assert (again.id, again.position) == (first.id, first.position)
    assert len(disk.events) == len(told) == 1


def test_a_key_that_comes_with_another_content_is_refused_and_its_neighbours_are_written(journal, disk):
    journal.append(event(1, key="a")).result(5)
    disk.may_write.clear()
    futures = [journal.append(event(2)), journal.append(event(3, key="a")), journal.append(event(4))]
    disk.may_write.set()
    with pytest.raises(KeyReused, match="a"):
        futures[1].result(5)
    assert [futures[0].result(5).position, futures[2].result(5).position] == [2, 3]


def test_close_writes_what_is_waiting(disk):
    journal = Journal(disk, announce=lambda events: None)
    disk.may_write.clear()
    futures = [journal.append(event(n)) for n in range(1500)]
    threading.Timer(0.05, disk.may_write.set).start()
    journal.close()
    assert all(future.done() for future in futures)
    assert numbers(disk.events) == list(range(1500))


def test_what_comes_after_the_close_is_refused_and_never_left_waiting(disk):
    journal = Journal(disk, announce=lambda events: None)
    journal.close()
    journal.close()
    with pytest.raises(JournalClosed):
        journal.append(event(1)).result(5)
    assert disk.events == []


def test_nobody_who_races_the_close_is_left_waiting(disk):
    journal, futures = Journal(disk, announce=lambda events: None), []
    writer = threading.Thread(target=lambda: futures.extend(journal.append(event(n)) for n in range(3000)))
    writer.start()
    time.sleep(0.005)
    journal.close()
    writer.join()
    outcomes = [future.exception(5) for future in futures]
    refused = sum(isinstance(outcome, JournalClosed) for outcome in outcomes)
    assert len(disk.events) == 3000 - refused
    assert numbers(disk.events) == list(range(3000 - refused))


def test_a_caller_who_gives_up_in_time_gets_nothing_written(journal, disk):
    disk.may_write.clear()
    first = journal.append(event(1))
    assert disk.writing.wait(5)
    given_up, kept = journal.append(event(2)), journal.append(event(3))
    assert given_up.cancel()
    disk.may_write.set()
    assert (first.result(5).position, kept.result(5).position) == (1, 2)
    with pytest.raises(CancelledError):
        given_up.result(5)
    assert numbers(disk.events) == [1, 3]


def test_a_caller_who_gives_up_too_late_does_not_stop_the_writer(journal, disk):
    disk.may_write.clear()
    late = journal.append(event(1))
    assert disk.writing.wait(5)
    assert not late.cancel()
    disk.may_write.set()
    assert late.result(5).position == 1
    assert journal.append(event(2)).result(5).position == 2


def test_a_listener_that_fails_changes_nothing_for_the_callers(disk, caplog):
    def deaf(events):
        raise RuntimeError("deaf")

    journal = Journal(disk, announce=deaf)
    assert [journal.append(event(n)).result(5).position for n in range(2)] == [1, 2]
    journal.close()
    assert "a listener failed; 1 events are on disk" in caplog.text


def test_a_disk_that_hangs_does_not_take_the_memory_with_it(journal, disk, monkeypatch):
    monkeypatch.setattr("port2port.engine.journal.MOST_WAITING", 10)
    disk.may_write.clear()
    futures = [journal.append(event(0))]
    assert disk.writing.wait(5)
    futures += [journal.append(event(n)) for n in range(1, 15)]
    refused = [future for future in futures if future.done()]
    assert len(refused) == 4
    with pytest.raises(JournalFull, match="10 events wait"):
        refused[0].result()
    disk.may_write.set()
    assert sum(future.exception(5) is None for future in futures) == len(disk.events) == 11


def test_a_link_covers_its_payload_and_all_before_it():
    chain = bytes(32)
    for payload in (b"one", b"two"):
        chain = hashlib.sha256(chain + payload).digest()
    assert link(bytes(32), [b"one", b"two"]) == chain
    assert len({link(bytes(32), parts) for parts in ([b"one", b"two"], [b"two", b"one"], [b"onetwo"])}) == 3


@given(st.binary(max_size=300), st.integers(1, 5))
def test_a_payload_is_the_facts_in_it_joined(payload, count):
    assert b"\n".join(facts(payload, count)) == payload


@given(st.lists(st.binary(min_size=1, max_size=40).filter(lambda line: b"\n" not in line), min_size=2), st.data())
def test_the_digest_of_a_heap_has_a_link_for_each_fact_and_changes_with_any_of_them(lines, data):
    heap = b"".join(line + b"\n" for line in lines)
    assert len(facts(heap, len(lines))) == len(lines) + 1
    place = data.draw(st.integers(0, len(heap) - 1))
    changed = heap[:place] + bytes([heap[place] ^ data.draw(st.integers(1, 255))]) + heap[place + 1 :]
    assert fact_digest(changed, len(lines)) != fact_digest(heap, len(lines))


def test_a_single_fact_may_hold_line_feeds():
    assert facts(b"a\nb", 1) == [b"a\nb"]
    assert replace(event(1), payload=b"a\nb").count == 1
