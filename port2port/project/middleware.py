"""What every page gets: the language its reader chose, and what this deployment is."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


class PersonalLanguage:
    """Speak the language of the account; a visitor without one is answered as the browser asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request in its reader's language."""
        language = getattr(request.user, "language", "") if request.user.is_authenticated else ""
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return self._get_response(request)


def deployment(_: HttpRequest) -> dict[str, object]:
    """Tell templates whether this is the demo world."""
    return {"is_demo": settings.P2P.demo}
