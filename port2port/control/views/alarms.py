"""The alarm list and the alarm card, and every act a person takes on an alarm."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from port2port.control import actions, queries, rules
from port2port.control.forms import EscalateForm, NoteForm, PlainForm, SearchForm, ShelveForm
from port2port.control.models import Alarm
from port2port.control.views.desk import Desk, at_desk, frame
from port2port.control.views.shown import card_shown, list_shown
from port2port.engine.alarms import in_language
from port2port.engine.clock import REAL
from port2port.rights.rules import Refused

ACTS: dict[str, tuple[Callable[..., Alarm], type[forms.Form]]] = {
    "acknowledge": (actions.acknowledge, PlainForm),
    "unacknowledge": (actions.unacknowledge, PlainForm),
    "silence": (actions.silence, PlainForm),
    "take": (actions.take, PlainForm),
    "shelve": (actions.shelve, ShelveForm),
    "unshelve": (actions.unshelve, PlainForm),
    "unsuppress": (actions.unsuppress, PlainForm),
    "escalate": (actions.escalate, EscalateForm),
    "note": (actions.note, NoteForm),
    "return-to-service": (actions.return_to_service, PlainForm),
}


@require_GET
@at_desk("alarm.see")
def alarm_list(request: HttpRequest, *, desk: Desk) -> HttpResponse:
    """Give the list as a fragment, with the counts, the numbers of the desk and the last hour beside it."""
    tab, search, chosen = SearchForm(request.GET).asked()
    return render(request, "control/_alarm_list.html", list_shown(desk, tab, search, chosen) | {"partial": True})


@require_GET
@at_desk("alarm.see")
def card(request: HttpRequest, *, desk: Desk, alarm: UUID) -> HttpResponse:
    """Give the card of one alarm as a fragment."""
    return render(request, "control/_alarm_card.html", card_shown(_found(desk, alarm), desk))


def _found(desk: Desk, alarm: UUID) -> Alarm:
    row = queries.alarm(desk.actor, alarm)
    if row is None:
        raise Http404
    return row


@require_POST
@at_desk("alarm.see")
def act(request: HttpRequest, *, desk: Desk, alarm: UUID, act: str) -> HttpResponse:
    """Take one act on an alarm; a refusal is a sentence on the card, and what was typed stays."""
    if act not in ACTS:
        raise Http404
    do, form_of = ACTS[act]
    form = form_of(request.POST)
    if not form.is_valid():
        return _refused(request, desk, alarm, act, form, next(iter(form.errors.values()))[0], status=422)
    try:
        do(alarm=alarm, by=desk.actor, at=desk.now, **form.inputs(at=desk.now))
    except Refused as refusal:
        if isinstance(refusal, rules.NoSuchAlarm):
            raise Http404 from None
        words = in_language(rules.refusal_words(refusal.reason), desk.language)
        return _refused(request, desk, alarm, act, form, words, status=409)
    return _answer(request, desk, alarm, {})


def _refused(  # noqa: PLR0913 - a refusal shows all that was tried
    request: HttpRequest, desk: Desk, alarm: UUID, act: str, form: forms.Form, words: str, *, status: int
) -> HttpResponse:
    said = {"refused": {"act": act, "words": words, "typed": form.data}}
    return _answer(request, desk, alarm, said, status=status)


def _answer(
    request: HttpRequest, desk: Desk, alarm: UUID, said: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Show the card as it stands after the act: as a fragment, or as a page to a browser without script."""
    after = replace(desk, now=REAL.now())
    if not getattr(request, "htmx", False) and not said:
        return redirect("control:alarm", alarm=alarm)
    shown = card_shown(_found(after, alarm), after) | said
    if getattr(request, "htmx", False):
        return render(request, "control/_alarm_card.html", shown, status=status)
    page = frame(after) | list_shown(after, "open", "", str(alarm)) | {"card": shown}
    return render(request, "control/now.html", page, status=status)
