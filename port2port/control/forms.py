"""What a person types about an alarm: why it is set aside and how long, why it goes up, a note."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

MINUTES = [
    (15, _("15 minutes")),
    (30, _("30 minutes")),
    (60, _("1 hour")),
    (120, _("2 hours")),
    (240, _("4 hours")),
]
WORDS_MOST = 500


class _Words(forms.CharField):
    """A line somebody writes; the error says what to do."""

    def __init__(self, **kwargs: Any) -> None:
        errors = {
            "required": _("Nothing was saved: write it in a few words."),
            "max_length": _("Too long: at most 500 signs."),
        }
        super().__init__(max_length=WORDS_MOST, error_messages=errors, strip=True, **kwargs)


class ShelveForm(forms.Form):
    minutes = forms.TypedChoiceField(choices=MINUTES, coerce=int, initial=30)
    reason = _Words()

    def inputs(self, *, at: datetime) -> dict[str, Any]:
        """Give the inputs of the act."""
        return {
            "until": at + timedelta(minutes=self.cleaned_data["minutes"]),
            "reason": self.cleaned_data["reason"],
        }


class EscalateForm(forms.Form):
    reason = _Words()

    def inputs(self, *, at: datetime) -> dict[str, Any]:  # noqa: ARG002 - every form answers the same question
        return {"reason": self.cleaned_data["reason"]}


class NoteForm(forms.Form):
    text = _Words()

    def inputs(self, *, at: datetime) -> dict[str, Any]:  # noqa: ARG002 - every form answers the same question
        return {"text": self.cleaned_data["text"]}


class PlainForm(forms.Form):
    """An act that asks nothing: one press is enough."""

    def inputs(self, *, at: datetime) -> dict[str, Any]:  # noqa: ARG002 - every form answers the same question
        return {}


class SearchForm(forms.Form):
    tab = forms.ChoiceField(choices=[(tab, tab) for tab in ("open", "mine", "shelved", "log")], required=False)
    q = forms.CharField(max_length=80, required=False)
    chosen = forms.UUIDField(required=False)

    def asked(self) -> tuple[str, str, str]:
        """Give tab, search and chosen alarm; what makes no sense is as if it was not asked."""
        facts = self.cleaned_data if self.is_valid() else getattr(self, "cleaned_data", {})
        return facts.get("tab") or "open", facts.get("q") or "", str(facts.get("chosen") or "")
