"""The Now page: one place for what is wrong, where it is, what to do and when it began."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.views.decorators.http import require_GET

from port2port.control import queries
from port2port.control.forms import SearchForm
from port2port.control.views.desk import AREA_COOKIE, Desk, at_desk, frame
from port2port.control.views.shown import card_shown, list_shown
from port2port.places.queries import scene_for
from port2port.rights.rules import NotYours

YEAR_S = 365 * 86400


@require_GET
@at_desk("picture.see")
def now(request: HttpRequest, *, desk: Desk, alarm: UUID | None = None, track: UUID | None = None) -> HttpResponse:
    """Show the whole page, with an alarm or a vessel chosen where the address names one."""
    tab, search, _ = SearchForm(request.GET).asked()
    chosen = _chosen(desk, alarm) if not track else None
    page = frame(desk) | list_shown(desk, tab, search, str(chosen.pk) if chosen else "")
    page["track"] = track
    if chosen is not None:
        page["card"] = card_shown(chosen, desk)
    response = render(request, "control/now.html", page)
    response.set_cookie(AREA_COOKIE, desk.area, max_age=YEAR_S, samesite="Lax", secure=True)
    return response


def _chosen(desk: Desk, alarm: UUID | None) -> "queries.Alarm | None":
    """Find the alarm to open: the one asked for, else the first that waits for somebody."""
    if alarm is not None:
        row = queries.alarm(desk.actor, alarm)
        if row is None:
            raise Http404
        return row
    first = queries.open_alarms(desk.actor).first()
    return first if first is not None and first.state_word in ("unacked", "returned") else None


@require_GET
@at_desk("picture.see")
def scene(request: HttpRequest, *, desk: Desk) -> HttpResponse:
    """Give the ground of the map; a browser keeps it until it changes."""
    try:
        made = scene_for(desk.actor, request.GET.get("area", desk.area))
    except NotYours:
        raise Http404 from None
    if request.headers.get("If-None-Match") == made.etag:
        return HttpResponseNotModified(headers={"ETag": made.etag})
    headers = {"ETag": made.etag, "Cache-Control": "private, no-cache"}
    return HttpResponse(made.body, content_type="application/geo+json", headers=headers)
