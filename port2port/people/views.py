"""Sign in, sign out, and how a person likes the screen."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from port2port.engine.clock import REAL
from port2port.people.actions import prefer
from port2port.people.forms import LanguageForm, SignInForm, ThemeForm, safe_next
from port2port.people.models import Account
from port2port.people.queries import demo_accounts
from port2port.places.queries import committees, place_names
from port2port.rights.rules import Role

BACKEND = "django.contrib.auth.backends.ModelBackend"
KEYS = "1234567890ABCDEFGHIJ"
YEAR_S = 365 * 86400


@dataclass(frozen=True, slots=True)
class Tile:
    """One demo account on the sign-in page."""

    account: Account
    key: str
    title: str
    says: str
    where: str


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Send everybody to where their work is."""
    return redirect("control:now" if request.user.is_authenticated else "people:signin")


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; in the demo world, show its people as tiles."""
    form = SignInForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _enter(request, form.get_user())
    page = {
        "form": form,
        "groups": _tiles(request) if settings.P2P.demo else [],
        "now": REAL.now(),
        "areas": committees(),
        "next": request.POST.get("next", request.GET.get("next", "")),
    }
    return render(request, "people/signin.html", page, status=422 if form.errors else 200)


def _tiles(request: HttpRequest) -> list[tuple[str, list[Tile]]]:
    """Put the demo accounts into groups by the kind of work, each with a key of its own."""
    titles, language = _role_words(), getattr(request, "LANGUAGE_CODE", "en")[:2]
    order = list(titles)
    people = [one for one in demo_accounts() if one.role in titles]
    accounts = sorted(people, key=lambda one: (order.index(Role(one.role)), one.username))
    names = place_names({area for one in accounts for area in one.areas})
    groups: dict[str, list[Tile]] = {}
    for number, account in enumerate(accounts):
        role, says = titles[Role(account.role)]
        where, at_desk = _where(account, names, language), account.role == Role.OPERATOR
        title, second = (where, account.desk) if at_desk else (role, where)
        group = role if at_desk else _("Supervision and oversight")
        groups.setdefault(group, []).append(Tile(account, KEYS[number : number + 1], title, says, second))
    return list(groups.items())


def _where(account: Account, names: dict[str, dict[str, str]], language: str) -> str:
    """Say which areas an account works in."""
    if len(account.areas) > 2:
        return _("%(count)s areas") % {"count": len(account.areas)}
    return ", ".join(names.get(area, {}).get(language, area.capitalize()) for area in account.areas)


def _role_words() -> dict[Role, tuple[str, str]]:
    return {
        Role.OPERATOR: (_("Control room"), _("Alarms, map and what to do next.")),
        Role.SUPERVISOR: (_("Shift supervisor"), _("All desks, escalated alarms, alarm quality.")),
        Role.AUDITOR: (_("Auditor"), _("Sees everything of these areas, changes nothing.")),
    }


@require_POST
def sign_in_demo(request: HttpRequest, account: UUID) -> HttpResponse:
    """Sign in as an invented person; only the demo world has this door."""
    found = demo_accounts().filter(pk=account).first() if settings.P2P.demo else None
    if found is None:
        raise Http404
    return _enter(request, found)


def _enter(request: HttpRequest, account: Account) -> HttpResponse:
    """Begin the session, in the language the reader just chose when there is one."""
    login(request, account, backend=BACKEND)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen and chosen != account.language and LanguageForm({"language": chosen}).is_valid():
        prefer(account=account, language=chosen)
    wish = request.POST.get("next", "")
    return redirect(safe_next(wish, host=request.get_host(), otherwise="/now"))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("people:signin")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Speak another language: to this browser, and to the account that is signed in."""
    form = LanguageForm(request.POST)
    response = _back(request)
    if form.is_valid():
        _keep(request, language=form.cleaned_data["language"])
        _cookie(response, settings.LANGUAGE_COOKIE_NAME, form.cleaned_data["language"])
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Show another theme: in this browser, and at every desk of the account that is signed in."""
    form = ThemeForm(request.POST)
    response = HttpResponse(status=204) if getattr(request, "htmx", False) else _back(request)
    if form.is_valid():
        _keep(request, theme=form.cleaned_data["theme"])
        _cookie(response, "p2p_theme", form.cleaned_data["theme"])
    return response


@require_POST
def turn_clock(request: HttpRequest) -> HttpResponse:
    """Change the clocks of this browser between local time and UTC."""
    response = _back(request)
    _cookie(response, "p2p_clock", "local" if request.COOKIES.get("p2p_clock") == "utc" else "utc", script=True)
    return response


def _keep(request: HttpRequest, **wish: Any) -> None:
    if request.user.is_authenticated:
        prefer(account=request.user, **wish)


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(safe_next(request.POST.get("next", ""), host=request.get_host(), otherwise="/"))


def _cookie(response: HttpResponse, name: str, content: str, *, script: bool = False) -> None:
    """Keep a wish in the browser for a year; the page's own script may read only those it needs."""
    response.set_cookie(name, content, max_age=YEAR_S, samesite="Lax", secure=True, httponly=not script)
