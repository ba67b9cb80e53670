"""What any lower room may say: a condition began, a condition ended. It never says "alarm".

>>> from datetime import UTC, datetime
>>> raised = ConditionRaised(key="ais-gap:7", type="ais-gap", subject="7", place="", lat=51.3, lon=4.2,
...                          at=datetime(2026, 11, 25, tzinfo=UTC), facts={"silent_s": 900})
>>> raised.key, raised.facts["silent_s"]
('ais-gap:7', 900)
"""

from datetime import datetime

import msgspec

Fact = str | int | float


class ConditionRaised(msgspec.Struct, frozen=True):
    """Something is so that a person should answer; raising it again while it lasts does no harm.

    `key` is the stable identity of the condition within its area, `type` the key of an alarm type.
    """

    key: str
    type: str
    subject: str
    place: str
    lat: float | None
    lon: float | None
    at: datetime
    facts: dict[str, Fact]


class ConditionCleared(msgspec.Struct, frozen=True):
    """It is no longer so."""

    key: str
    at: datetime
    facts: dict[str, Fact]
