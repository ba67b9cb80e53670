"""What no template may do: run a script, carry a style, hand text to an evaluator; the pages' policy needs it."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

HOUSE = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted(HOUSE.glob("*/templates/**/*.html"))
FORBIDDEN = {
    "hx-on": re.compile(r"\bhx-on", re.I),
    "a handler in an attribute": re.compile(r"\son\w+\s*=", re.I),
    "a style in an attribute": re.compile(r"\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "a script without a file": re.compile(r"<script\b(?![^>]*\bsrc=)", re.I),
    "a js: expression": re.compile(r"=\s*[\"']\s*(js|javascript):", re.I),
    "an event filter that is evaluated": re.compile(r"hx-trigger=[\"'][^\"']*\[", re.I),
    "text that is not escaped": re.compile(r"\|\s*safe\b|autoescape off|mark_safe"),
    "an address elsewhere": re.compile(r"(src|href|action|hx-get|hx-post)=[\"'](https?:)?//", re.I),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_template_keeps_to_the_policy(path):
    text = path.read_text()
    assert [name for name, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_template_can_be_compiled(path):
    get_template(str(path).split("/templates/")[1])


def test_every_mark_and_icon_that_is_named_is_in_the_sprite():
    sprite = (HOUSE / "ui" / "templates" / "ui" / "sprite.html").read_text()
    known = set(re.findall(r'id="([mi]-[\w-]+)"', sprite))
    for path in TEMPLATES:
        text = path.read_text()
        named = {f"i-{name}" for name in re.findall(r'{% icon "([\w-]+)"', text)}
        named |= {f"m-{name}" for name in re.findall(r'{% mark "([\w-]+)"', text)}
        assert named <= known, path.name


def test_every_word_the_script_asks_for_is_on_the_page():
    client, page = HOUSE / "ui" / "client", HOUSE / "control" / "templates" / "control" / "_words.html"
    asked = {key for path in client.glob("*.ts") for key in re.findall(r'\bword\("([\w-]+)"', path.read_text())}
    given = set(re.findall(r"data-([\w-]+)=", page.read_text()))
    assert asked - given == set()


def test_a_fragment_that_is_swapped_has_ids_that_stay():
    """Focus survives a morph only where the element keeps its id."""
    folder = HOUSE / "control" / "templates" / "control"
    for name in ("_alarm_row.html", "_act.html", "_act_form.html", "_alarm_card.html"):
        text = (folder / name).read_text()
        for element in re.findall(r"<(?:a|button|summary|textarea|select)\b[^>]*>", text):
            assert 'id="' in element or "data-closes" in element, (name, element)


def test_trusted_types_and_no_inline_script_are_in_force():
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    for kind in ("script-src", "style-src", "default-src"):
        assert not {"'unsafe-inline'", "'unsafe-eval'"} & set(policy[kind])
