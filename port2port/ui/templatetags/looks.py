"""What templates may ask of the house style: marks, icons, clocks and texts in the reader's language.

Law of this file: it decides how a thing looks, never what it is.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.http import HttpRequest
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

register = template.Library()

BRUSSELS = ZoneInfo("Europe/Brussels")
THEMES = ("bright", "day", "dusk", "night")
SHAPES = {"emergency": "p1", "alarm": "p1", "warning": "p2", "caution": "p3", "ask": "p4"}
SPOKEN = ("nl", "fr", "de", "en")


def mark_words() -> dict[str, str]:
    """Name the shapes in the reader's language."""
    return {
        "emergency": _("Emergency"), "alarm": _("Alarm"), "warning": _("Warning"),
        "caution": _("Caution"), "ask": _("Not checked"),
    }  # fmt: skip


@register.inclusion_tag("ui/_mark.html")
def mark(shape: str, look: str = "", size: int = 24) -> dict[str, object]:
    """Draw a state mark; `look` is unacked, out (acknowledged), gone (cleared) or shelved."""
    token = "p0" if look == "shelved" else SHAPES.get(shape, "p0")
    kind = {"shelved": "gone"}.get(look, look)
    word = mark_words().get(shape, shape)
    return {"shape": shape, "token": token, "look": kind, "size": size, "word": word}


@register.inclusion_tag("ui/_icon.html")
def icon(name: str) -> dict[str, str]:
    """Draw a 16 px pictogram of the sprite."""
    return {"name": name}


@register.filter
def pick(texts: object) -> str:
    """Take the text in the reader's language from a dict of four; English where one is missing."""
    if not isinstance(texts, Mapping):
        return "" if texts is None else str(texts)
    language = (get_language() or "en")[:2]
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))


def zone_of(request: HttpRequest | None) -> tzinfo:
    """Tell the zone this reader's clocks show: Brussels, or UTC where switched."""
    utc = request is not None and request.COOKIES.get("p2p_clock") == "utc"
    return UTC if utc else BRUSSELS


def theme_of(request: HttpRequest | None) -> str:
    """Tell the reader's theme: that of the account, else of the browser's cookie, else day."""
    theme = getattr(getattr(request, "user", None), "theme", "") or ""
    if not theme and request is not None:
        theme = request.COOKIES.get("p2p_theme", "")
    return theme if theme in THEMES else "day"


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Give the theme for the root element."""
    return theme_of(context.get("request"))


@register.simple_tag(takes_context=True)
def clock(context: Context, at: datetime | None, form: str = "%H:%M:%S") -> str:
    """Write a moment as a 24 h clock in the reader's zone, with its full date for machines."""
    if at is None:
        return ""
    here = at.astimezone(zone_of(context.get("request")))
    return format_html('<time datetime="{}">{}</time>', at.astimezone(UTC).isoformat(), here.strftime(form))


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime | None) -> str:
    """Write a moment as day and clock, the day left out when it is today."""
    if at is None:
        return ""
    zone = zone_of(context.get("request"))
    here, today = at.astimezone(zone), context["now"].astimezone(zone).date()
    words = f"{here:%H:%M:%S}" if here.date() == today else f"{here.day} {month(here)} {here:%H:%M}"
    return format_html('<time datetime="{}">{}</time>', at.astimezone(UTC).isoformat(), words)


def month(day: datetime) -> str:
    """Name a month in three or four letters."""
    names = _("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()
    return names[day.month - 1]


@register.simple_tag(takes_context=True)
def zone_name(context: Context) -> str:
    """Name the zone the clocks show."""
    return str(context["now"].astimezone(zone_of(context.get("request"))).tzname())


@register.simple_tag(takes_context=True)
def ago(context: Context, at: datetime | None) -> str:
    """Write how long ago a moment was; the page counts it on each second."""
    if at is None:
        return ""
    return _running(at, context["now"] - at, "up")


@register.simple_tag(takes_context=True)
def left(context: Context, until: datetime | None) -> str:
    """Write how much time is left until a moment; the page counts it down."""
    if until is None:
        return ""
    return _running(until, until - context["now"], "down")


def _running(at: datetime, span: timedelta, way: str) -> SafeString:
    stamp = int(at.timestamp() * 1000)
    return format_html('<span class="run" data-way="{}" data-at="{}">{}</span>', way, stamp, span_words(span))


def span_words(span: timedelta) -> str:
    """Write a span as a stopwatch does; over a day in days.

    >>> span_words(timedelta(seconds=42)), span_words(timedelta(hours=1, minutes=2)), span_words(timedelta(days=2))
    ('0:42', '1:02:00', '2 d')
    """
    seconds = max(0, int(span.total_seconds()))
    if seconds >= 86400:
        return f"{seconds // 86400} d"
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


@register.simple_tag
def built(name: str) -> str:
    """Give the address of a file of the built front end."""
    return static(f"ui/built/{name}")


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """List the four languages in their own words."""
    return [("nl", "Nederlands"), ("fr", "Français"), ("de", "Deutsch"), ("en", "English")]


@register.filter
def get(table: Mapping[str, Any], key: str) -> Any:
    """Look a key up in a mapping."""
    return table.get(key, "")


@register.filter
def words(text: str) -> list[str]:
    """Split a text at its blanks."""
    return text.split()


@register.filter
def plain(value: float | None) -> str:
    """Write a number for a machine: a point, whatever the language; nothing for no number."""
    return "" if value is None else repr(float(value))


@register.filter
def millis(at: datetime) -> str:
    """Write a moment as milliseconds since 1970, for the page's clock."""
    return str(int(at.timestamp() * 1000))


@register.simple_tag(takes_context=True)
def plain_clock(context: Context, at: datetime) -> str:
    """Write hours and minutes in the reader's zone, where no markup is allowed."""
    return at.astimezone(zone_of(context.get("request"))).strftime("%H:%M")


@register.simple_tag(takes_context=True)
def today(context: Context) -> str:
    """Write the day in the reader's zone: 25 Nov."""
    here = context["now"].astimezone(zone_of(context.get("request")))
    return f"{here.day} {month(here)}"


@register.simple_tag
def token(shape: str, look: str = "") -> str:
    """Give the classes of a mark that is drawn inside another drawing."""
    kind = {"shelved": "gone"}.get(look, look)
    return " ".join(filter(None, ["p0" if look == "shelved" else SHAPES.get(shape, "p0"), kind]))


@register.simple_tag
def span_of(since: datetime, until: datetime) -> str:
    """Write how long something lasts."""
    return span_words(until - since)


@register.simple_tag(takes_context=True)
def share(context: Context, since: datetime, until: datetime) -> str:
    """Tell how many per cent of a time have gone."""
    gone = (context["now"] - since) / max(until - since, timedelta(seconds=1))
    return f"{100 * min(1.0, max(0.0, gone)):.1f}"


@register.simple_tag(takes_context=True)
def left_words(context: Context, until: datetime) -> str:
    """Say how much time is left, or how late it is, in the order of the reader's language."""
    if until < context["now"]:
        return format_html(_("{span} late"), span=ago(context, until))
    return format_html(_("{span} left"), span=left(context, until))
