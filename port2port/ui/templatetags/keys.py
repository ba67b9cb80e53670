"""The keys of the pages (experience.md 2.7): which key does what at first; each reader may change them.

The page's script reads this table from the page itself, so that it stands in one place.
"""

from dataclasses import dataclass

from django import template
from django.utils.translation import gettext as _

register = template.Library()

FIRST = {
    "help": "?", "find": "/", "go-map": "g m", "go-alarms": "g a", "next": "j", "previous": "k",
    "acknowledge": "a", "unacknowledge": "u", "silence": "s", "take": "t", "shelve": "h", "escalate": "e",
    "note": "n", "fit": "f", "theme": "d",
}  # fmt: skip


def key_words() -> dict[str, str]:
    """Say what each key does, in the reader's language."""
    return {
        "help": _("This list"), "find": _("Find"), "go-map": _("Go to the map"), "go-alarms": _("Go to the alarms"),
        "next": _("Next alarm"), "previous": _("Previous alarm"), "acknowledge": _("Acknowledge"),
        "unacknowledge": _("Take the acknowledgement back"), "silence": _("Silence 30 s"), "take": _("Take"),
        "shelve": _("Shelve"), "escalate": _("Escalate"), "note": _("Note"),
        "fit": _("Whole area on the map"), "theme": _("Next theme"),
    }  # fmt: skip


@register.simple_tag
def key_list() -> list[tuple[str, str, str]]:
    """List every key: its name, its first sign, what it does."""
    words = key_words()
    return [(name, key, words[name]) for name, key in FIRST.items()]


@dataclass(frozen=True, slots=True)
class ActButton:
    """A button that takes an act: which, its key, and why it cannot be taken now."""

    act: str
    key: str
    why_not: str


@register.simple_tag
def act_button(act: str, why_not: str = "") -> ActButton:
    """Give what a button of an act shows."""
    return ActButton(act, first_key(act), why_not)


@register.simple_tag
def first_key(name: str) -> str:
    """Give the first sign of a key, as a key cap shows it."""
    return FIRST.get(name, "").upper()
