"""Alarm types are data: what is at stake, what to do, in what time, and whose it is; without these no alarm.

>>> read_type({"key": "fence-forced"}, owners=("operator",))
Traceback (most recent call last):
    ...
port2port.engine.alarms.types.BadAlarmType: fence-forced: version: missing, an alarm type needs it
"""

import string
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from port2port.engine.alarms.conditions import Fact
from port2port.engine.alarms.states import SHELF_MOST_S, Priority, Terms

LANGUAGES = ("nl", "fr", "de", "en")
UNKNOWN = "?"
NOBODY = "nobody"
ALWAYS_KNOWN = frozenset({"place", "vessel"})  # what a sentence may name besides the facts of its type
DAY_S = 86_400


class BadAlarmType(ValueError):  # noqa: N818 - a refusal has a name of the trade
    """An alarm type was refused; the message names type, field and reason."""


Words = dict[str, str]  # one text in the four languages


def in_language(words: Mapping[str, str], language: str) -> str:
    """Give a text in a language; English where we do not speak it.

    >>> in_language({"nl": "aanvaring", "fr": "abordage", "de": "Kollision", "en": "collision"}, "fr")
    'abordage'
    """
    return words.get(language) or words.get("en", "")


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens when nobody acknowledges: which role is called (or nobody), when a warning rises to an alarm."""

    to: str
    rises_after_s: int | None = None


class FactLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one fact is shown: its label, its unit, how many decimals; `scale` turns seconds into minutes (1/60)."""

    label: Words
    unit: str = ""
    decimals: int = 0
    scale: float = 1.0


class AlarmType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of alarm; a published version never changes, the next follows it."""

    key: str
    version: int
    priority: Priority
    owner: str
    respond_within_s: int
    hold_off_s: int
    title: Words
    consequence: Words
    response: list[Words]
    why: Words
    escalation: Escalation
    facts: dict[str, FactLine] = {}
    shelf_most_s: int = SHELF_MOST_S

    @property
    def terms(self) -> Terms:
        """Give what the state machine needs of this type."""
        return Terms(
            respond_within_s=self.respond_within_s,
            hold_off_s=self.hold_off_s,
            rises_after_s=self.escalation.rises_after_s,
            escalates_to="" if self.escalation.to == NOBODY else self.escalation.to,
            shelf_most_s=self.shelf_most_s,
        )

    def why_sentence(self, facts: Mapping[str, Fact], language: str) -> str:
        """Say the rule with the values that met it; a fact nobody gave reads "?"."""
        shown = {key: self.shown(key, facts[key], language) for key in facts}
        return string.Formatter().vformat(in_language(self.why, language), (), _Told(shown))

    def shown(self, key: str, fact: Fact, language: str) -> str:
        """Write one fact as a person reads it: scaled, rounded, with its unit, the decimal sign of the language."""
        line = self.facts.get(key)
        if line is None or isinstance(fact, str):
            return str(fact)
        return written(fact * line.scale, decimals=line.decimals, unit=line.unit, language=language)


def written(number: float, *, decimals: int, unit: str, language: str) -> str:
    """Write a number with its unit.

    >>> written(8.149, decimals=1, unit="kn", language="nl"), written(8.149, decimals=1, unit="kn", language="en")
    ('8,1 kn', '8.1 kn')
    """
    figures = f"{number:.{decimals}f}"
    return f"{figures if language == 'en' else figures.replace('.', ',')} {unit}".rstrip()


class _Told(dict[str, str]):
    """The facts of a sentence; what is missing is said to be unknown, never an error on a screen."""

    def __missing__(self, key: str) -> str:
        return UNKNOWN


REQUIRED = (
    "version", "priority", "owner", "respond_within_s", "hold_off_s", "title", "consequence", "response", "why",
    "escalation",
)  # fmt: skip


def read_type(raw: Mapping[str, Any], *, owners: Collection[str]) -> AlarmType:
    """Read one alarm type from its data.

    Raises BadAlarmType naming the field and the reason.
    """
    key = str(raw.get("key") or "")
    if not key:
        raise BadAlarmType("alarm type without a key: key: missing, an alarm type needs it")
    for name in REQUIRED:
        if raw.get(name) in (None, "", [], {}):
            raise BadAlarmType(f"{key}: {name}: missing, an alarm type needs it")
    if raw["priority"] == "information":
        raise BadAlarmType(f"{key}: priority: information asks nothing of anybody; publish an event, not an alarm")
    try:
        kind = msgspec.convert(dict(raw), AlarmType)
    except msgspec.ValidationError as error:
        raise BadAlarmType(f"{key}: {error}") from error
    for field, reason in _faults(kind, owners):
        raise BadAlarmType(f"{key}: {field}: {reason}")
    return kind


def read_types(rows: Iterable[Mapping[str, Any]], *, owners: Collection[str]) -> dict[tuple[str, int], AlarmType]:
    """Read many alarm types by key and version; raises BadAlarmType also for a version that stands there twice."""
    kinds: dict[tuple[str, int], AlarmType] = {}
    for raw in rows:
        kind = read_type(raw, owners=owners)
        if (kind.key, kind.version) in kinds:
            raise BadAlarmType(f"{kind.key}: version: {kind.version} stands there twice")
        kinds[kind.key, kind.version] = kind
    return kinds


def newest(kinds: Mapping[tuple[str, int], AlarmType], key: str) -> AlarmType | None:
    """Give the version of a type that holds now: the highest."""
    versions = [version for known, version in kinds if known == key]
    return kinds[key, max(versions)] if versions else None


def _faults(kind: AlarmType, owners: Collection[str]) -> Iterable[tuple[str, str]]:
    """Yield what is wrong, field and reason."""
    yield from _number_faults(kind)
    yield from _word_faults(kind)
    people = ", ".join(sorted(owners))
    if kind.owner not in owners:
        yield "owner", f"{kind.owner!r} is not one of {people}"
    if kind.escalation.to not in {NOBODY, *owners}:
        yield "escalation.to", f"{kind.escalation.to!r} is not one of {people}, {NOBODY}"
    if kind.priority in (Priority.EMERGENCY, Priority.ALARM) and kind.escalation.to == NOBODY:
        yield "escalation.to", f"somebody must be called when an {kind.priority} is not acknowledged"
    rises = kind.escalation.rises_after_s is not None
    if rises != (kind.priority is Priority.WARNING):
        yield "escalation.rises_after_s", "a warning rises to an alarm, and only a warning does"


def _number_faults(kind: AlarmType) -> Iterable[tuple[str, str]]:
    rises_after_s = kind.escalation.rises_after_s
    for field, number, least, most in (
        ("version", kind.version, 1, 9_999),
        ("respond_within_s", kind.respond_within_s, 1, DAY_S),
        ("hold_off_s", kind.hold_off_s, 0, DAY_S),
        ("escalation.rises_after_s", 1 if rises_after_s is None else rises_after_s, 1, DAY_S),
        ("shelf_most_s", kind.shelf_most_s, 60, DAY_S),
    ):
        if not least <= number <= most:
            yield field, f"{number} is not between {least} and {most}"


def _word_faults(kind: AlarmType) -> Iterable[tuple[str, str]]:
    steps = [(f"response[{place}]", words) for place, words in enumerate(kind.response)]
    labels = [(f"facts.{key}.label", line.label) for key, line in kind.facts.items()]
    texts = [("title", kind.title), ("consequence", kind.consequence), ("why", kind.why), *steps, *labels]
    for field, words in texts:
        for language in LANGUAGES:
            if not words.get(language, "").strip():
                yield f"{field}.{language}", "missing, people read it in four languages"
        for language in words.keys() - set(LANGUAGES):
            yield f"{field}.{language}", f"not one of {', '.join(LANGUAGES)}"
    for language in LANGUAGES:
        yield from _slot_faults(kind, language)


def _slot_faults(kind: AlarmType, language: str) -> Iterable[tuple[str, str]]:
    """A sentence may only ask for facts the type declares, or the screen would show a question mark for ever."""
    try:
        slots = [name for _, name, _, _ in string.Formatter().parse(in_language(kind.why, language)) if name]
    except ValueError as error:
        yield f"why.{language}", f"not a template: {error}"
        return
    for name in slots:
        if name not in kind.facts and name not in ALWAYS_KNOWN:
            yield f"why.{language}", f"{{{name}}} is not among the facts of this type"
