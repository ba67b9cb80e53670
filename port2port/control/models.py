"""Alarms and what was done with them."""

from datetime import datetime
from typing import Any

from django.db import models

from port2port.control import rules
from port2port.engine.alarms import (
    AlarmState,
    AlarmType,
    Priority,
    Stage,
    Standing,
    due_at,
    in_language,
    respond_by,
)
from port2port.engine.ids import uuid7
from port2port.rights.models import Labelled

LANGUAGE = "en"


class Alarm(Labelled):
    """One condition that asks for a person, from its raising until it is gone and was seen.

    `shelved_*` belong to whatever holds it aside: shelf, suppression or out of service. `subject` is a track's id,
    `place` the key of a zone; `occurred_at` is the sensor's time, all others are our own.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=16, unique=True)
    key = models.CharField(max_length=200)
    type = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    origin = models.CharField(max_length=10)
    subject = models.CharField(max_length=64, blank=True, db_index=True)
    place = models.CharField(max_length=120, blank=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    facts = models.JSONField(default=dict)
    words = models.TextField(blank=True)
    occurred_at = models.DateTimeField()

    priority = models.CharField(max_length=10)
    rank = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=10)
    standing = models.CharField(max_length=16)
    count = models.PositiveIntegerField(default=0)
    raised_at = models.DateTimeField()
    unacked_since = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)
    acked_at = models.DateTimeField(null=True)
    acked_by = models.CharField(max_length=120, blank=True)
    acked_by_name = models.CharField(max_length=120, blank=True)
    silenced_until = models.DateTimeField(null=True)
    shelved_until = models.DateTimeField(null=True)
    shelved_by = models.CharField(max_length=120, blank=True)
    shelved_by_name = models.CharField(max_length=120, blank=True)
    shelved_reason = models.CharField(max_length=500, blank=True)
    taken_by = models.CharField(max_length=120, blank=True)
    taken_by_name = models.CharField(max_length=120, blank=True)
    escalated_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    is_open = models.BooleanField(default=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["area", "origin", "key"],
                condition=models.Q(is_open=True),
                name="alarm_one_open_per_condition",
            ),
            models.CheckConstraint(
                condition=models.Q(is_open=True, closed_at=None) | models.Q(is_open=False, closed_at__isnull=False),
                name="alarm_closed_has_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(standing=Standing.SHELVED.value) | models.Q(shelved_until__isnull=False),
                name="alarm_shelf_has_an_end",
            ),
        ]
        indexes = [
            models.Index(fields=["area", "is_open"], name="alarm_area_open"),
            models.Index(fields=["is_open", "due_at"], name="alarm_due"),
            models.Index(fields=["key", "cleared_at"], name="alarm_key_cleared"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {in_language(self.title, LANGUAGE)}"

    @property
    def kind(self) -> AlarmType:
        """Give the alarm type, in the version it was raised under."""
        return rules.type_of(self.type, self.version)

    @property
    def title(self) -> dict[str, str]:
        """Say what it is, in four languages."""
        return self.kind.title

    @property
    def state_word(self) -> str:
        """Give the word a screen shows: unacked, acked, returned, closed, or what holds it aside (`Standing`)."""
        return rules.state_word(self.stage, self.standing)

    @property
    def respond_by(self) -> datetime | None:
        """Tell by when somebody should have acknowledged."""
        return respond_by(self.state)

    @property
    def state(self) -> AlarmState:
        """Read the row as the state machine knows it."""
        return AlarmState(
            priority=Priority(self.priority),
            terms=self.kind.terms,
            stage=Stage(self.stage),
            standing=Standing(self.standing),
            **{field: getattr(self, column) for field, column in COLUMNS.items()},
        )

    def hold(self, state: AlarmState) -> "Alarm":
        """Write a state into the row's columns; saving is the caller's."""
        self.priority, self.rank = state.priority.value, state.priority.rank
        self.stage, self.standing = state.stage.value, state.standing.value
        for field, column in COLUMNS.items():
            setattr(self, column, getattr(state, field))
        self.is_open, self.due_at = not state.is_over, due_at(state)
        return self


COLUMNS: dict[str, str] = {
    "count": "count",
    "raised_at": "raised_at",
    "unacked_since": "unacked_since",
    "cleared_at": "cleared_at",
    "acked_at": "acked_at",
    "acked_by": "acked_by",
    "silenced_until": "silenced_until",
    "aside_until": "shelved_until",
    "aside_by": "shelved_by",
    "aside_reason": "shelved_reason",
    "taken_by": "taken_by",
    "escalated_at": "escalated_at",
    "over_at": "closed_at",
}


class AlarmChange(Labelled):
    """One line of an alarm's history: what was done, by whom, when, and what they wrote."""

    id = models.BigAutoField(primary_key=True)
    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField(db_index=True)
    by = models.CharField(max_length=120)
    by_name = models.CharField(max_length=120, blank=True)
    verb = models.CharField(max_length=24)
    note = models.CharField(max_length=500, blank=True)
    stage_before = models.CharField(max_length=10, blank=True)
    stage = models.CharField(max_length=10)
    standing = models.CharField(max_length=16)
    priority = models.CharField(max_length=10)
    origin = models.CharField(max_length=10)

    class Meta:
        indexes = [models.Index(fields=["verb", "at"], name="alarm_change_verb_at")]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%H:%M:%S}"


class NumberSeries(models.Model):
    """The last number given to an alarm in a year."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return rules.spoken_number(self.year, self.last)


def columns_of(row: Labelled) -> dict[str, Any]:
    """Give the label columns of a row, for a row that belongs to it."""
    return {
        "area": row.area,
        "owner": row.owner,
        "purpose": row.purpose,
        "tlp": row.tlp,
        "clearance": row.clearance,
    }
