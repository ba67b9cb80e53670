"""The ui room."""

import contextlib
from pathlib import Path

from django.apps import AppConfig

LOCALES = Path(__file__).resolve().parent / "locale"


class UiConfig(AppConfig):
    """Registers the room with Django, and sees that the languages are compiled before the first page."""

    name = "port2port.ui"
    label = "ui"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Compile catalogues that changed; where the folder cannot be written, setup has done it."""
        if any(_is_stale(source) for source in LOCALES.glob("*/LC_MESSAGES/django.po")):
            from port2port.ui.catalogues import compile_all  # Babel is slow to load and rarely needed

            with contextlib.suppress(OSError):
                compile_all()


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime
