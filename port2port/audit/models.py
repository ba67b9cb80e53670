"""What can never be lost or changed unseen: the outbox of events and the ledger of acts."""

from django.db import models
from django.db.models import Q


class OutboxEvent(models.Model):
    """One committed event (or a packed batch of one kind), numbered and chained in the order of its commit."""

    position = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    key = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001 - NULL means "no key", many times
    kind = models.CharField(max_length=60)
    schema = models.PositiveSmallIntegerField(default=1)
    area = models.SlugField(max_length=40, db_index=False)
    origin = models.CharField(max_length=10)
    actor = models.CharField(max_length=120)
    label = models.JSONField()
    causation_id = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    payload = models.BinaryField()
    chain = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["kind", "position"], name="outbox_kind_position")]


class OutboxTrim(models.Model):
    """A run of positions that retention took out; the chain goes on from `before` to `after`."""

    first = models.BigIntegerField(primary_key=True)
    last = models.BigIntegerField(unique=True)
    before = models.BinaryField()
    after = models.BinaryField()
    kind = models.CharField(max_length=60)
    entry = models.ForeignKey("audit.Entry", on_delete=models.PROTECT, related_name="+")


class Cursor(models.Model):
    """How far a durable consumer has come in the outbox."""

    consumer = models.CharField(max_length=80, primary_key=True)
    position = models.BigIntegerField(default=0)


class Entry(models.Model):
    """One line of the ledger: the leaf bytes are the truth, the other columns only find it.

    `number` is its place in the tree, from 0; it is empty for the second until the sequencer came by.
    """

    id = models.UUIDField(primary_key=True)
    number = models.BigIntegerField(null=True, unique=True)
    leaf = models.BinaryField()
    recorded_at = models.DateTimeField(db_index=True)
    area = models.CharField(max_length=40, db_index=True, blank=True)
    verb = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    actor = models.CharField(max_length=120)

    class Meta:
        indexes = [models.Index(fields=["object_kind", "object_id"], name="entry_object")]
        constraints = [models.CheckConstraint(condition=Q(number__gte=0), name="entry_number_from_0")]


class Tree(models.Model):
    """The one tree of this deployment: its size and frontier, moved on with the numbers in one transaction."""

    THE_ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE)
    origin = models.CharField(max_length=120, blank=True)
    size = models.BigIntegerField(default=0)
    frontier = models.BinaryField(default=bytes)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="tree_only_one")]


class Tile(models.Model):
    """256 hashes of one level of the tree and the root above them, so that a proof reads a few rows."""

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="tile_once")]


class LogKey(models.Model):
    """A key that signs the heads of the ledger, as anyone may know it."""

    key = models.CharField(max_length=200, primary_key=True)
    since_size = models.BigIntegerField()
    at = models.DateTimeField()


class Checkpoint(models.Model):
    """A signed head of the ledger (C2SP tlog-checkpoint text)."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    at = models.DateTimeField()
