"""What a person gives to sign in, and how a person likes the screen."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

LANGUAGES = ("nl", "fr", "de", "en")
THEMES = ("bright", "day", "dusk", "night")


class SignInForm(AuthenticationForm):
    """Name and password; the answer to a wrong one never says which of the two was wrong."""

    error_messages = {
        "invalid_login": _("Not signed in: name and password do not belong together. Look at both and try again."),
        "inactive": _("Not signed in: name and password do not belong together. Look at both and try again."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label, self.fields["password"].label = _("Name"), _("Password")
        for field in self.fields.values():
            field.widget.attrs["class"] = "in touch"
            field.widget.attrs.pop("autofocus", None)
            field.error_messages["required"] = _("Fill this in.")


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=[(code, code) for code in LANGUAGES])


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=[(name, name) for name in THEMES])


def safe_next(wish: str, *, host: str, otherwise: str) -> str:
    """Give the page to go to: the one wished for when it is ours, else another."""
    ours = url_has_allowed_host_and_scheme(wish, allowed_hosts={host}, require_https=False)
    return wish if ours and wish.startswith("/") else otherwise
