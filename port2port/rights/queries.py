"""The one door through which rows reach a person."""

from django.db.models import Model, QuerySet

from port2port.rights.rules import Actor


def visible_to(actor: Actor, rows: QuerySet[Model]) -> QuerySet[Model]:
    """Keep the labelled rows an actor may see: those of the actor's areas. No area sees nothing."""
    return rows.filter(area__in=sorted(actor.areas))
