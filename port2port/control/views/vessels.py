"""The vessel card, and where the vessel has been."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from port2port.control import queries
from port2port.control.views.desk import Desk, at_desk
from port2port.control.views.ships import status_words, type_words
from port2port.control.views.shown import area_names, rows_of
from port2port.detection.queries import Vessel, past_track, vessel

PAST_MINUTES = 60


@require_GET
@at_desk("picture.see")
def card(request: HttpRequest, *, desk: Desk, track: UUID) -> HttpResponse:
    """Give the card of a vessel as a fragment."""
    found = vessel(desk.actor, track, now=desk.now)
    if found is None:
        raise Http404
    return render(request, "control/_vessel_card.html", vessel_shown(found, desk))


@require_GET
@at_desk("picture.see")
def past(request: HttpRequest, *, desk: Desk, track: UUID) -> JsonResponse:
    """Give the positions of the last hour as columns, oldest first: degrees, ms since 1970, 1/10 knot."""
    points = past_track(desk.actor, track, minutes=PAST_MINUTES, now=desk.now)
    columns = list(zip(*points, strict=True)) or [(), (), (), ()]
    return JsonResponse(dict(zip(("at_ms", "lat", "lon", "sog"), columns, strict=True)))


def vessel_shown(found: Vessel, desk: Desk) -> dict[str, Any]:
    """Give everything a vessel card says."""
    alarms = queries.alarms_of_subject(desk.actor, str(found.id))
    return {
        "vessel": found,
        "kind": kind_words(found),
        "type": type_words(found.ship_type),
        "status": status_words(found.status),
        "quality": quality_words(found),
        "alarms": rows_of(alarms[:20], desk, ""),
        "area_name": area_names(desk).get(found.area, found.area),
        "now": desk.now,
        "desk": desk,
    }


def kind_words(found: Vessel) -> str:
    """Say in words what sends."""
    return {
        "class-a": _("AIS class A"), "class-b": _("AIS class B"), "base-station": _("AIS base station"),
        "aid-to-navigation": _("aid to navigation"),
    }[found.kind]  # fmt: skip


def quality_words(found: Vessel) -> list[tuple[str, str]]:
    """List what is to be doubted, each with the mark it deserves; empty is all as it should be."""
    doubts = []
    if found.is_lost:
        doubts.append(("caution", _("Lost: silent for three times as long as it should be")))
    if found.is_doubtful:
        doubts.append(("caution", _("Position doubtful: it does not fit the positions before")))
    if found.imo and not found.imo_holds:
        doubts.append(("caution", _("The IMO number does not hold: its check digit is wrong")))
    if found.jumps:
        doubts.append(("caution", _("Impossible jumps seen: %(n)s") % {"n": found.jumps}))
    if not found.name and found.kind in ("class-a", "class-b"):
        doubts.append(("caution", _("No name received yet")))
    return doubts
