"""A keeper keeps going: a fault is counted, shown, and tried again."""

import threading
import time

import pytest

from port2port.project import keeper
from port2port.project.keeper import Keeper


@pytest.fixture(autouse=True)
def short_pause(monkeypatch):
    monkeypatch.setattr(keeper, "PAUSE_S", 0.02)


def until(question, within_s=3):
    end = time.monotonic() + within_s
    while not question():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.002)


def test_work_is_done_again_and_again_until_it_is_stopped():
    rounds = []
    kept = Keeper("count", lambda: rounds.append(1), every_s=0.001).start()
    until(lambda: len(rounds) > 20)
    kept.stop()
    done = len(rounds)
    time.sleep(0.02)
    assert len(rounds) == done
    assert (kept.faults, kept.last_fault, kept.failing) == (0, "", False)


def test_a_fault_is_counted_logged_and_tried_again_and_forgotten_when_it_works(caplog):
    broken = threading.Event()
    broken.set()

    def work():
        if broken.is_set():
            raise ValueError("no such thing")

    kept = Keeper("flaky", work, every_s=0.001).start()
    until(lambda: kept.faults >= 3)
    assert (kept.last_fault, kept.failing) == ("ValueError: no such thing", True)
    broken.clear()
    until(lambda: not kept.failing)
    kept.stop()
    assert "flaky failed and goes on" in caplog.text


def test_after_a_fault_it_rests_so_that_a_broken_part_does_not_take_the_machine(monkeypatch):
    monkeypatch.setattr(keeper, "PAUSE_S", 0.05)
    moments = []

    def work():
        moments.append(time.monotonic())
        raise RuntimeError

    kept = Keeper("broken", work).start()
    until(lambda: len(moments) >= 4)
    kept.stop()
    assert min(later - sooner for sooner, later in zip(moments, moments[1:], strict=False)) >= 0.045


def test_stopping_does_not_wait_for_the_pause():
    kept = Keeper("rare", lambda: None, every_s=60).start()
    began = time.monotonic()
    kept.stop()
    assert time.monotonic() - began < 1
