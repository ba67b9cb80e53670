"""The places room."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """Registers the room with Django."""

    name = "port2port.places"
    label = "places"
    default_auto_field = "django.db.models.BigAutoField"
