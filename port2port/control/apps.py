"""The control room."""

from django.apps import AppConfig


class ControlConfig(AppConfig):
    """Registers the room with Django."""

    name = "port2port.control"
    label = "control"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Refuse to start with an alarm type that is not whole."""
        from port2port.control import rules

        rules.alarm_types()
