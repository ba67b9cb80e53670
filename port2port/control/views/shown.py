"""Alarms as the templates show them: nothing is decided here, only put into the reader's words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from port2port.audit.queries import history, proof
from port2port.control import queries, rules
from port2port.control.models import Alarm, AlarmChange
from port2port.control.views.desk import Desk
from port2port.engine.alarms import Priority, Stage, Standing, in_language
from port2port.engine.alarms.states import SILENCE
from port2port.places.queries import place_names
from port2port.rights.rules import Actor

LOOKS = {"unacked": "unacked", "acked": "out", "returned": "gone", "closed": "out"}
ROWS_MOST = 200
HOUR = timedelta(hours=1)
LANES = {"emergency": 27, "alarm": 27, "warning": 49, "caution": 71}  # where each priority lies on the line, in px


@dataclass(frozen=True, slots=True)
class Row:
    """One alarm as a row of the list."""

    id: str
    priority: str
    look: str
    state: str
    title: str
    subject: str
    place: str
    area: str
    count: int
    at: datetime
    since: datetime | None
    person: str
    is_silenced_until: datetime | None
    back_at: datetime | None
    is_chosen: bool
    is_strong: bool


def rows_of(alarms: Iterable[Alarm], desk: Desk, chosen: str) -> list[Row]:
    """Put alarms into rows, with one question for all their places."""
    alarms = list(alarms)
    places = queries.place_names_of(alarms, desk.language)
    areas = area_names(desk) if len(desk.actor.areas) > 1 else {}
    return [
        row_of(row, desk, place=places.get(row.pk, row.place), area=areas.get(row.area, ""),
               is_chosen=str(row.pk) == chosen)
        for row in alarms
    ]  # fmt: skip


def row_of(row: Alarm, desk: Desk, *, place: str, area: str, is_chosen: bool) -> Row:
    """Put one alarm into a row."""
    state = row.state_word
    hushed = row.silenced_until if row.silenced_until and row.silenced_until > desk.now else None
    return Row(
        id=str(row.pk), priority=row.priority, look=LOOKS.get(state, "shelved"), state=state,
        title=in_language(row.title, desk.language), subject=queries.vessel_name(row), place=place, area=area,
        count=row.count, at=row.raised_at, since=row.unacked_since, person=person_of(row, desk.actor),
        is_silenced_until=hushed, back_at=row.shelved_until, is_chosen=is_chosen, is_strong=state == Stage.UNACKED,
    )  # fmt: skip


def person_of(row: Alarm, actor: Actor) -> str:
    """Name who has the alarm; `you` is told apart by the template."""
    if row.standing != Standing.IN_SERVICE:
        return "you" if row.shelved_by == actor.id else row.shelved_by_name
    if row.taken_by:
        return "you" if row.taken_by == actor.id else row.taken_by_name
    return "you" if row.acked_by == actor.id else row.acked_by_name


def area_names(desk: Desk) -> dict[str, str]:
    """Name the actor's areas in the reader's language."""
    names = place_names(desk.actor.areas)
    return {key: in_language(name, desk.language) for key, name in names.items()}


def list_shown(desk: Desk, tab: str, search: str, chosen: str) -> dict[str, Any]:
    """Give the alarm list with all that stands around it."""
    found = queries.open_alarms(desk.actor, tab, search)
    rows = rows_of(found[:ROWS_MOST], desk, chosen)
    aside = queries.open_alarms(desk.actor, "shelved", search)[:50] if tab == "open" else []
    return {
        "rows": rows,
        "more": found.count() - ROWS_MOST if len(rows) == ROWS_MOST else 0,
        "aside": rows_of(aside, desk, chosen),
        "tab": tab,
        "search": search,
        "counts": counts_shown(desk.actor),
        "kpi": queries.kpi(desk.actor, at=desk.now),
        "timeline": timeline(desk),
        "now": desk.now,
        "desk": desk,
    }


def counts_shown(actor: Actor) -> dict[str, Any]:
    """Give the counts of the tabs, and those of the priorities that are not nought, gravest first."""
    counts = queries.counts(actor)
    counts["marks"] = [(priority.value, n) for priority in Priority if (n := counts["by_priority"][priority.value])]
    return counts


# one alarm -------------------------------------------------------------------------------------------------------


def card_shown(row: Alarm, desk: Desk) -> dict[str, Any]:
    """Give one alarm with everything its card says, in the order of the design language."""
    language = desk.language
    place = queries.place_name(row, language)
    return {
        "alarm": row,
        "row": row_of(row, desk, place=place, area="", is_chosen=True),
        "kind": row.kind,
        "why": queries.why(row, language),
        "facts": queries.fact_lines(row, language),
        "steps": steps_shown(row, desk),
        "response": [in_language(step, language) for step in row.kind.response],
        "changes": [change_shown(change, desk) for change in queries.changes(row)],
        "respond": respond_shown(row),
        "silence_s": int(SILENCE.total_seconds()),
        "proof": proof_shown(row, desk),
        "area_name": area_names(desk).get(row.area, row.area),
        "now": desk.now,
        "desk": desk,
    }


def steps_shown(row: Alarm, desk: Desk) -> dict[str, str]:
    """Give for every step why it cannot be taken now, in words; empty where it can."""
    return {
        step.replace("-", "_"): in_language(rules.refusal_words(reason), desk.language) if reason else ""
        for step, reason in queries.steps(row, desk.actor, at=desk.now).items()
    }


def respond_shown(row: Alarm) -> dict[str, datetime] | None:
    """Give the time left to respond: from when, until when; None when nobody has to."""
    until = row.respond_by
    if until is None or row.unacked_since is None or row.standing != Standing.IN_SERVICE:
        return None
    return {"since": row.unacked_since, "until": until}


def change_shown(change: AlarmChange, desk: Desk) -> dict[str, Any]:
    """Give one line of an alarm's history: when, who, what, and what they wrote."""
    verb = in_language(rules.words()["steps"][change.verb], desk.language)
    who = "you" if change.by == desk.actor.id else change.by_name
    return {"at": change.at, "who": who, "verb": verb, "note": change.note}


def proof_shown(row: Alarm, desk: Desk) -> dict[str, Any] | None:
    """Say where the ledger holds the last act on this alarm, and whether its head is signed."""
    entry = history("alarm", str(row.pk), areas=desk.actor.areas).last()
    if entry is None:
        return None
    shown = proof(entry.pk)
    return {"number": shown.number, "signed_at": shown.signed_at, "at": entry.recorded_at, "holds": shown.holds()}


# the last hour ---------------------------------------------------------------------------------------------------


def timeline(desk: Desk) -> dict[str, Any]:
    """Lay the alarms of the last hour on a line of 100 per cent, oldest left, with a mark every ten minutes."""
    since = desk.now - HOUR
    alarms = [
        row
        for tab in ("open", "shelved", "log")
        for row in queries.open_alarms(desk.actor, tab).filter(raised_at__gt=since)[:100]
    ]
    marks = [_timeline_mark(row, desk, since) for row in sorted(alarms, key=lambda row: row.raised_at)]
    first = since.replace(minute=since.minute // 10 * 10, second=0, microsecond=0) + timedelta(minutes=10)
    ticks = [first + timedelta(minutes=10 * n) for n in range(7)]
    return {
        "marks": marks,
        "ticks": [{"at": at, "x": _percent(at, since)} for at in ticks if at < desk.now - timedelta(minutes=2)],
    }


def _timeline_mark(row: Alarm, desk: Desk, since: datetime) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "priority": row.priority,
        "look": LOOKS.get(row.state_word, "shelved"),
        "title": in_language(row.title, desk.language),
        "at": row.raised_at,
        "x": _percent(row.raised_at, since),
        "y": LANES.get(row.priority, 71),
    }


def _percent(at: datetime, since: datetime) -> str:
    return f"{100 * (at - since) / HOUR:.2f}"
