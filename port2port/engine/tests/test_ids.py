"""Identifiers as RFC 9562, section 5.7, draws them."""

import time
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from port2port.engine.ids import uuid7


@given(st.integers(0, 2**48 - 1))
def test_an_identifier_carries_its_millisecond_version_and_variant(unix_ms):
    made = uuid7(unix_ms=unix_ms)
    assert made.int >> 80 == unix_ms
    assert (made.version, made.variant) == (7, RFC_4122)


@given(st.integers(0, 2**48 - 2), st.integers(1, 10**6))
def test_identifiers_sort_by_their_time(unix_ms, later):
    later_ms = min(unix_ms + later, 2**48 - 1)
    first, second = uuid7(unix_ms=unix_ms), uuid7(unix_ms=later_ms)
    assert first < second
    assert str(first) < str(second)
    assert first.bytes < second.bytes


def test_many_of_one_millisecond_differ():
    assert len({uuid7(unix_ms=1_764_000_000_000) for _ in range(20_000)}) == 20_000


def test_without_a_time_it_is_the_present_one():
    before = time.time_ns() // 1_000_000
    made = uuid7().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_every_free_bit_is_used():
    ones = zeros = 0
    for _ in range(300):
        made = uuid7(unix_ms=0).int
        ones |= made
        zeros |= ~made
    free = (1 << 76) - 1 & ~(0b11 << 62)
    free &= ~(0xF << 76)
    assert ones & free == free
    assert zeros & free == free
