"""The detection room."""

from django.apps import AppConfig


class DetectionConfig(AppConfig):
    """Registers the room with Django."""

    name = "port2port.detection"
    label = "detection"
    default_auto_field = "django.db.models.BigAutoField"
