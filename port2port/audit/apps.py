"""The audit room."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers the room with Django."""

    name = "port2port.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
