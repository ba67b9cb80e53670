"""What the control room holds true: which alarm types there are, what a state is called, what good numbers are.

Law of this file: an alarm type that does not say consequence, response, time and owner never gets in.

>>> spoken_number(2026, 118204)
'26-118204'
>>> state_word(Stage.RETURNED, Standing.IN_SERVICE)
'returned'
"""

import math
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from port2port.engine.alarms import (
    AlarmType,
    BadAlarmType,
    ConditionCleared,
    ConditionRaised,
    Fact,
    Refusal,
    Stage,
    Standing,
    newest,
    read_types,
)
from port2port.engine.events import Origin
from port2port.rights.rules import Refused, Role

ROOM = Path(__file__).parent
OWNERS = (Role.OPERATOR.value, Role.SUPERVISOR.value)
NOTICED = (Origin.LIVE.value, Origin.DEMO.value)  # what is seen live; a replay or an exercise has its own picture
BRUSSELS = ZoneInfo("Europe/Brussels")
SHIFT_STARTS = (time(6), time(18))


class StepImpossible(Refused):
    """The alarm does not allow this step now; `reason` is a word of `engine.alarms.Refusal`."""


class NoSuchAlarm(Refused):
    """There is no such alarm for this person; whether it exists elsewhere is not said."""


# alarm types ---------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def alarm_types() -> dict[tuple[str, int], AlarmType]:
    """Read every published alarm type, by key and version; raises BadAlarmType naming file, field and reason."""
    return load_types(ROOM / "alarm_types")


def load_types(folder: Path) -> dict[tuple[str, int], AlarmType]:
    """Read a folder of alarm types, one file `<key>.<version>.yaml` for each version."""
    rows = []
    for path in sorted(folder.glob("*.yaml")):
        rows.append(_row(path))
    return read_types(rows, owners=OWNERS)


def _row(path: Path) -> Mapping[str, object]:
    try:
        row = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BadAlarmType(f"{path.name}: not YAML: {error}") from error
    if not isinstance(row, dict):
        raise BadAlarmType(f"{path.name}: an alarm type is a mapping of fields")
    if path.name != f"{row.get('key')}.{row.get('version')}.yaml":
        raise BadAlarmType(f"{path.name}: key: the file must be named <key>.<version>.yaml after its content")
    return row


def type_now(key: str) -> AlarmType | None:
    """Give the version of an alarm type that new alarms follow."""
    return newest(alarm_types(), key)


def type_of(key: str, version: int) -> AlarmType:
    """Give the version an alarm was raised under."""
    return alarm_types()[key, version]


# conditions --------------------------------------------------------------------------------------

LONGEST = {"key": 200, "type": 60, "subject": 64, "place": 120}
FACTS_MOST, FACT_LONGEST = 60, 500


def unfit(body: ConditionRaised | ConditionCleared) -> str:
    """Name what makes a condition impossible to keep, field and reason; empty when nothing does.

    A sensor's bytes may hold anything, and one bad condition must never stop the next.
    """
    texts: dict[str, str] = {name: getattr(body, name, "") for name in LONGEST}
    texts |= {f"facts.{name}": fact for name, fact in body.facts.items() if isinstance(fact, str)}
    for name, text in texts.items():
        if len(text) > LONGEST.get(name, FACT_LONGEST):
            return f"{name}: too long"
        if not text.isprintable():
            return f"{name}: unprintable"
    numbers = [getattr(body, "lat", None), getattr(body, "lon", None), *body.facts.values()]
    if not all(math.isfinite(number) for number in numbers if isinstance(number, float)):
        return "facts: not a number"
    if not body.key or len(body.facts) > FACTS_MOST or body.at.tzinfo is None:
        return "key, facts or at: missing, too many or without a zone"
    return ""


# words ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, dict[str, str]]]:
    """Read what states, priorities, steps and refusals are called, each in four languages."""
    table: dict[str, dict[str, dict[str, str]]] = yaml.safe_load((ROOM / "alarm_words.yaml").read_text("utf-8"))
    return table


def refusal_words(reason: str) -> dict[str, str]:
    """Give the sentence of a refusal in four languages.

    >>> refusal_words("already_acknowledged")["en"]
    'Somebody has already acknowledged this alarm.'
    """
    return words()["refusals"].get(reason, words()["refusals"][Refusal.OVER.value])


def state_word(stage: str, standing: str) -> str:
    """Name the one word a screen shows: what holds the alarm aside comes before what it does there."""
    if standing != Standing.IN_SERVICE:
        return str(standing)
    return "closed" if stage == Stage.NORMAL else str(stage)


def spoken_number(year: int, serial: int) -> str:
    """Write the number people say aloud: year and serial."""
    return f"{year % 100:02d}-{serial:06d}"


def typed(text: str, *, most: int = 500) -> str:
    """Take what somebody typed as one printable line.

    >>> typed("  wind\\n9 Bft\\x00 ")
    'wind 9 Bft'
    """
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:most].strip()


def search_words(number: str, kind: AlarmType, *, place: str, facts: Mapping[str, Fact]) -> str:
    """Gather what somebody may look for, in lower case: number, titles, place, names and identities."""
    parts = [number, kind.key, *kind.title.values(), place, *(str(fact) for fact in facts.values())]
    return " ".join(parts).lower()


# numbers of a desk (EEMUA 191, ISA-18.2) -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kpi:
    """How well the alarms of a desk serve it, with the aim of each."""

    last_10_min: int
    this_shift: int
    older_than_24_h: int
    chattering: int
    flood: bool
    shift_began_at: datetime
    aim_10_min: int = 1
    aim_shift: int = 75
    limit_older: int = 5
    aim_chattering: int = 0


FLOOD_BEGINS, FLOOD_ENDS, FLOOD_WITHIN = 10, 5, timedelta(minutes=10)
CHATTER_TIMES, CHATTER_WITHIN = 3, timedelta(minutes=1)


def shift_start(at: datetime) -> datetime:
    """Tell when the shift of a moment began, in Brussels time: 06:00 or 18:00.

    >>> from datetime import UTC
    >>> shift_start(datetime(2026, 11, 25, 4, tzinfo=UTC)).isoformat()
    '2026-11-24T18:00:00+01:00'
    """
    here = at.astimezone(BRUSSELS)
    days = (here.date() - timedelta(days=1), here.date())
    starts = [datetime.combine(day, start, tzinfo=BRUSSELS) for day in days for start in SHIFT_STARTS]
    return max(start for start in starts if start <= here)


def is_flood(raised_at: Collection[datetime], *, at: datetime) -> bool:
    """Tell whether a flood goes on: it begins over 10 alarms in 10 minutes and ends under 5 (ISA-18.2).

    `raised_at` holds the alarms of the last hour at least.
    """
    lately: deque[datetime] = deque()
    flood = False
    for moment in sorted(one for one in raised_at if one <= at):
        _forget_before(lately, moment - FLOOD_WITHIN)
        still = flood and len(lately) >= FLOOD_ENDS  # it may have ended before this one came
        lately.append(moment)
        flood = still or len(lately) > FLOOD_BEGINS
    _forget_before(lately, at - FLOOD_WITHIN)
    return flood and len(lately) >= FLOOD_ENDS


def _forget_before(moments: deque[datetime], edge: datetime) -> None:
    while moments and moments[0] <= edge:
        moments.popleft()


def is_chattering(raised_at: Sequence[datetime]) -> bool:
    """Tell whether one condition came three times within a minute (ISA-18.2).

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    >>> is_chattering([noon, noon + timedelta(seconds=20), noon + timedelta(seconds=50)])
    True
    """
    moments = sorted(raised_at)
    return any(
        last - first <= CHATTER_WITHIN for first, last in zip(moments, moments[CHATTER_TIMES - 1 :], strict=False)
    )
