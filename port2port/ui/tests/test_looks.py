"""How marks, clocks and spans are written."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpRequest
from django.template import Context, Template
from django.utils import translation

from port2port.ui.templatetags.looks import pick, span_words, theme_of

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def drawn(source: str, request: HttpRequest | None = None, **facts: object) -> str:
    return Template("{% load looks %}" + source).render(Context({"now": NOON, "request": request, **facts}))


def asked(**cookies: str) -> HttpRequest:
    request = HttpRequest()
    request.COOKIES = dict(cookies)
    return request


def test_a_mark_says_its_state_by_shape_letter_and_word():
    assert '<use href="#m-alarm"/>' in drawn('{% mark "alarm" "unacked" %}')
    assert 'aria-label="Alarm"' in drawn('{% mark "alarm" "unacked" %}')
    assert 'class="mark p2 gone"' in drawn('{% mark "warning" "gone" %}')


def test_a_shelved_mark_has_no_colour():
    assert 'class="mark p0 gone"' in drawn('{% mark "caution" "shelved" %}')


def test_clocks_show_brussels_and_utc_where_the_reader_switched():
    assert drawn("{% clock at %}", at=NOON) == '<time datetime="2026-11-25T12:00:00+00:00">13:00:00</time>'
    assert "12:00:00" in drawn("{% clock at %}", asked(p2p_clock="utc"), at=NOON)
    assert (drawn("{% zone_name %}"), drawn("{% zone_name %}", asked(p2p_clock="utc"))) == ("CET", "UTC")


def test_a_moment_of_another_day_names_the_day():
    assert ">13:00:00<" in drawn("{% moment at %}", at=NOON)
    assert ">24 Nov 13:00<" in drawn("{% moment at %}", at=NOON - timedelta(days=1))


def test_spans_count_on_from_what_the_server_knew():
    assert drawn("{% ago at %}", at=NOON - timedelta(seconds=42)).endswith(">0:42</span>")
    assert drawn("{% left at %}", at=NOON - timedelta(seconds=1)).endswith(">0:00</span>")
    assert span_words(timedelta(hours=2, minutes=3, seconds=4)) == "2:03:04"


def test_a_term_that_passed_says_how_late_it_is():
    assert drawn("{% left_words at %}", at=NOON + timedelta(seconds=9)).endswith(">0:09</span> left")
    assert drawn("{% left_words at %}", at=NOON - timedelta(seconds=9)).endswith(">0:09</span> late")


def test_a_text_is_shown_in_the_readers_language_and_english_where_it_is_missing():
    assert pick({"nl": "Dok", "en": "Dock"}) == "Dock"
    assert pick({"nl": "Dok"}) == "Dok"
    assert pick(None) == ""


def test_what_people_wrote_is_escaped():
    assert drawn("{{ name|pick }}", name={"en": "<b>x</b>"}) == "&lt;b&gt;x&lt;/b&gt;"


def test_an_unknown_theme_is_day():
    assert (theme_of(None), theme_of(asked(p2p_theme="neon")), theme_of(asked(p2p_theme="dusk"))) == (
        "day", "day", "dusk",
    )  # fmt: skip
