"""The rights room."""

from django.apps import AppConfig


class RightsConfig(AppConfig):
    """Who may do and see what."""

    name = "port2port.rights"
    label = "rights"
