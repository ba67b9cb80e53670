"""The label every record carries from its first migration."""

from django.db import models


class Labelled(models.Model):
    """A record that says who may see it; `visible_to` reads these columns and nothing else does."""

    area = models.SlugField(max_length=40, db_index=True)
    owner = models.SlugField(max_length=80)
    purpose = models.SlugField(max_length=40)
    tlp = models.CharField(max_length=16, default="amber")
    clearance = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
