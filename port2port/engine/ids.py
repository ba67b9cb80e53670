"""Identifiers of records and events: UUID version 7 (RFC 9562, section 5.7), ordered by time.

>>> first, second = uuid7(unix_ms=1_764_000_000_000), uuid7(unix_ms=1_764_000_000_001)
>>> first < second, first.version
(True, 7)
"""

import os
import time
from uuid import UUID


def uuid7(*, unix_ms: int | None = None) -> UUID:
    """Make an identifier that sorts by its millisecond; the other 74 bits are random."""
    milliseconds = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    noise = int.from_bytes(os.urandom(10))
    high = (milliseconds & (1 << 48) - 1) << 16 | 0x7000 | noise >> 68
    low = 0b10 << 62 | noise & (1 << 62) - 1
    return UUID(int=high << 64 | low)
