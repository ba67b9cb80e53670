"""The outbox: in order, without a gap, once, and chained."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from port2port.audit import envelope, verify
from port2port.audit.actions import publish, trim_outbox
from port2port.audit.examples import NOON, AlarmNoted, SentencesNoted, an_alarm, some_sentences
from port2port.audit.models import Cursor, Entry, OutboxEvent, OutboxTrim
from port2port.audit.store import STORE, Unfit, listen, rows_between, unlisten
from port2port.engine.events import Event
from port2port.engine.journal import KeyReused

KINDS = (SentencesNoted.__name__, AlarmNoted.__name__)


def append(*events: Event) -> list[Event | KeyReused]:
    return STORE.append(events)


@pytest.mark.django_db
def test_an_event_comes_back_as_it_was_published():
    event = replace(some_sentences(key="k-1"), causation_id=an_alarm().id)
    append(event)
    assert STORE.after(0, kinds=KINDS, limit=10) == [event.at(1)]
    assert STORE.head() == 1


@pytest.mark.django_db
def test_each_row_is_chained_over_its_whole_envelope():
    append(some_sentences(), an_alarm())
    chain = envelope.GENESIS
    for event, link in rows_between(0, 2):
        chain = envelope.chained(chain, envelope.envelope(event))
        assert link == chain
    for other in (
        {"payload": b"x"}, {"actor": "x"}, {"kind": "x"}, {"count": 9}, {"key": "x"}, {"schema": 2},
        {"position": 3},
        {"occurred_at": NOON + timedelta(microseconds=1)}, {"recorded_at": NOON + timedelta(microseconds=1)},
        {"causation_id": event.id}, {"label": replace(event.label, clearance=1)},
    ):  # fmt: skip
        assert envelope.envelope(replace(event, **other)) != envelope.envelope(event)


@given(
    st.lists(st.one_of(st.text(st.characters(exclude_categories=("Cs",))), st.integers(), st.none()), max_size=4)
)
def test_the_verifier_spells_an_envelope_as_the_outbox_does(parts: list):
    report = verify.Report()
    parts = [envelope.CHAIN_VERSION, 1, *parts]
    chain = envelope.chained(envelope.GENESIS, parts)
    verify.Outbox(report).event(parts, chain)
    assert report.faults == []
    verify.Outbox(report).event([*parts, ""], chain)
    assert len(report.faults) == 1


@pytest.mark.django_db
def test_a_repeated_key_gives_the_first_event_again():
    first = append(some_sentences(b"a\n", key="k"))[0]
    again, inside, twin = append(
        some_sentences(b"a\n", key="k"), some_sentences(b"b\n", key="n"), some_sentences(b"b\n", key="n")
    )
    assert again == first
    assert inside == twin
    assert STORE.head() == 2


@pytest.mark.django_db
def test_a_key_with_another_content_is_refused_and_the_rest_is_written():
    append(some_sentences(b"a\n", key="k"))
    reused, fine = append(some_sentences(b"b\n", key="k"), some_sentences(b"c\n"))
    assert isinstance(reused, KeyReused)
    assert fine.position == 2
    with pytest.raises(KeyReused):
        publish(some_sentences(b"b\n", key="k"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": "k" * 121}, "key: 121 characters"),
        ({"kind": "k" * 61}, "kind: 61 characters"),
        ({"actor": "a\x00b"}, "NUL"),
        ({"actor": "\ud800"}, "surrogate"),
        ({"count": 0}, "count: 0"),
        ({"recorded_at": NOON.replace(tzinfo=None)}, "without a zone"),
    ],
)
def test_an_event_that_does_not_fit_is_refused_alone(change: dict, reason: str):
    bad, good = append(replace(an_alarm(), **change), an_alarm())
    assert isinstance(bad, Unfit)
    assert reason in str(bad)
    assert good.position == 1


@pytest.mark.django_db
def test_only_the_kinds_asked_for_come_in_order_and_in_number():
    append(*[some_sentences() if n % 3 else an_alarm(str(n)) for n in range(30)])
    assert [event.position for event in STORE.after(0, kinds=["AlarmNoted"], limit=4)] == [1, 4, 7, 10]
    assert [event.position for event in STORE.after(10, kinds=KINDS, limit=5)] == [11, 12, 13, 14, 15]
    assert [event.position for event in STORE.after(3, kinds=(), limit=3)] == [4, 5, 6], "none named: every kind"
    assert STORE.after(30, kinds=KINDS, limit=5) == []


@pytest.mark.django_db
def test_a_rare_kind_is_found_without_reading_the_many():
    append(*[some_sentences() for _ in range(50)], an_alarm())
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            pytest.skip("the planner of PostgreSQL scans so small a table")
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM audit_outboxevent "
            "WHERE kind = 'a' AND position > 3 ORDER BY position LIMIT 5"
        )
        assert "outbox_kind_position" in str(cursor.fetchall())


@pytest.mark.django_db
def test_a_cursor_is_remembered_and_may_be_moved():
    assert STORE.cursor("detection") == 0
    STORE.advance("detection", 7)
    STORE.advance("detection", 9)
    assert STORE.cursor("detection") == 9
    assert Cursor.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_listeners_hear_after_the_commit_and_never_of_what_was_undone():
    heard: list[int] = []

    def hear(events: list[Event]) -> None:
        heard.extend(event.position for event in events)

    listen(hear)
    try:
        with transaction.atomic():
            publish(an_alarm())
            assert heard == []
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            publish(an_alarm())
            raise ZeroDivisionError
        assert heard == [1]
        publish(an_alarm())
    finally:
        unlisten(hear)
    assert heard == [1, 2]


class Crowd:
    """Threads with a database connection each; the first fault of any is raised at the end."""

    def __init__(self) -> None:
        self.faults: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def add(self, work) -> None:
        def run() -> None:
            try:
                work()
            except BaseException as fault:
                self.faults.append(fault)
            finally:
                connections.close_all()

        self.threads.append(threading.Thread(target=run))

    def run(self) -> None:
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join(timeout=60)
        if self.faults:
            raise self.faults[0]


@pytest.mark.django_db(transaction=True)
def test_no_consumer_ever_skips_a_row_while_many_write_at_once():
    """Writers commit acts and groups, some roll back; readers page on and see all, once, in order."""
    writers, each = 4, 25
    seen: list[list[int]] = [[], []]
    done = threading.Event()
    crowd = Crowd()

    def write(n: int) -> None:
        for turn in range(each):
            if turn % 5 == 4:
                try:
                    with transaction.atomic():
                        publish(an_alarm("undone"))
                        raise ZeroDivisionError
                except ZeroDivisionError:
                    pass
            if n % 2:
                STORE.append([some_sentences(), an_alarm(f"{n}-{turn}")])
            else:
                with transaction.atomic():
                    publish(an_alarm(f"{n}-{turn}"))
                    publish(some_sentences())

    def read(places: list[int]) -> None:
        while True:
            ended = done.is_set()
            events = STORE.after(places[-1] if places else 0, kinds=KINDS, limit=7)
            places.extend(event.position for event in events)
            if ended and not events:
                return

    write_crowd = Crowd()
    for n in range(writers):
        write_crowd.add(lambda n=n: write(n))
    for places in seen:
        crowd.add(lambda places=places: read(places))
    for thread in crowd.threads:
        thread.start()
    write_crowd.run()
    done.set()
    for thread in crowd.threads:
        thread.join(timeout=60)
    assert crowd.faults == []
    everything = list(range(1, writers * each * 2 + 1))
    assert seen == [everything, everything]
    assert not any(b"undone" in event.payload for event in STORE.after(0, kinds=KINDS, limit=1000))


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_by_many_at_once_is_one_event():
    outcomes: list[object] = []
    crowd = Crowd()
    for _ in range(6):
        crowd.add(lambda: outcomes.extend(append(some_sentences(b"a\n", key="same"))))
    crowd.run()
    assert len(outcomes) == 6
    assert {outcome.position for outcome in outcomes} == {1}
    assert OutboxEvent.objects.count() == 1


# Retention -----------------------------------------------------------------------------------------------------


def a_mixed_day() -> None:
    """Sentences with an alarm in between: positions 1-4, 6-9, 11-14 are sentences, 5, 10, 15 alarms."""
    append(*[
        an_alarm(str(n), at=NOON + timedelta(minutes=n)) if n % 5 == 0 else
        some_sentences(at=NOON + timedelta(minutes=n)) for n in range(1, 16)
    ])  # fmt: skip


@pytest.mark.django_db
def test_only_old_rows_that_every_reader_has_passed_go():
    a_mixed_day()
    STORE.advance("detection", 12)
    later = NOON + timedelta(hours=1)
    assert trim_outbox("SentencesNoted", NOON + timedelta(minutes=8), later) == 6
    assert list(OutboxEvent.objects.values_list("position", flat=True).order_by("position")) == [5, *range(8, 16)]
    assert trim_outbox("SentencesNoted", later, later) == 4
    assert trim_outbox("SentencesNoted", later, later) == 0
    assert list(OutboxEvent.objects.values_list("position", flat=True).order_by("position")) == [5, 10, 13, 14, 15]
    assert [(run.first, run.last) for run in OutboxTrim.objects.order_by("first")] == [
        (1, 4),
        (6, 7),
        (8, 9),
        (11, 12),
    ]
    assert Entry.objects.filter(verb="trim_outbox").count() == 2


@pytest.mark.django_db
def test_nothing_goes_while_a_named_reader_has_not_begun():
    a_mixed_day()
    later = NOON + timedelta(hours=1)
    assert trim_outbox("SentencesNoted", later, later) == 0
    STORE.advance("control", 3)
    STORE.advance("detection", 15)
    assert trim_outbox("SentencesNoted", later, later, readers=["detection", "unknown"]) == 0
    assert trim_outbox("SentencesNoted", later, later, readers=["detection"]) == 12


@pytest.mark.django_db
def test_the_newest_row_stays_so_that_positions_go_on():
    append(some_sentences(), some_sentences())
    STORE.advance("detection", 2)
    later = NOON + timedelta(hours=1)
    assert trim_outbox("SentencesNoted", later, later) == 1
    assert append(an_alarm())[0].position == 3


@pytest.mark.django_db
def test_a_trim_takes_no_more_than_it_may_at_once():
    a_mixed_day()
    STORE.advance("detection", 15)
    later = NOON + timedelta(hours=1)
    assert [trim_outbox("SentencesNoted", later, later, most=5) for _ in range(4)] == [5, 5, 2, 0]
