"""Who sits at the desk, which area the map shows, and what every page of the room shows besides."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from port2port.engine.clock import REAL
from port2port.people.queries import actor_of
from port2port.places.queries import committees, ports, security_level
from port2port.rights.rules import Actor

AREA_COOKIE = "p2p_area"


@dataclass(frozen=True, slots=True)
class Desk:
    """One request at the desk: who asks, when, and for which area."""

    actor: Actor
    now: datetime
    area: str
    language: str


View = Callable[..., HttpResponseBase]


def at_desk(right: str) -> Callable[[View], View]:
    """Let a view be asked only by someone signed in who holds a right; it is handed a Desk."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            actor = actor_of(request.user)
            if not actor.may(right):
                return HttpResponse(status=403)
            language = getattr(request, "LANGUAGE_CODE", actor.language)[:2]
            desk = Desk(replace(actor, language=language), REAL.now(), area_of(request, actor), language)
            return view(request, desk=desk, **kwargs)

        return guarded

    return wrap


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send a person to the sign-in page; a fragment cannot hold it, so the whole page goes."""
    if getattr(request, "htmx", False):
        return HttpResponse(status=401, headers={"HX-Redirect": "/signin"})
    return redirect(f"/signin?{urlencode({'next': request.get_full_path()})}")


def area_of(request: HttpRequest, actor: Actor) -> str:
    """Tell which of the actor's areas the map shows: the one asked for, the last one, else the first."""
    for wish in (request.GET.get("area", ""), request.COOKIES.get(AREA_COOKIE, "")):
        if wish in actor.areas:
            return wish
    return min(actor.areas, default="")


@dataclass(frozen=True, slots=True)
class AreaShown:
    """An area as the bar names it."""

    key: str
    name: dict[str, str]
    codes: str
    level: int


def areas_shown(actor: Actor) -> list[AreaShown]:
    """List the areas an actor works in, with the codes of their ports and the level that holds."""
    return [
        AreaShown(row.key, row.name, ", ".join(port.key for port in ports(row.key)), security_level(row.key))
        for row in committees()
        if row.key in actor.areas
    ]


def frame(desk: Desk) -> dict[str, Any]:
    """Give what the bar of every page needs."""
    shown = areas_shown(desk.actor)
    here = next((area for area in shown if area.key == desk.area), None)
    return {"desk": desk, "actor": desk.actor, "now": desk.now, "areas": shown, "here": here}
