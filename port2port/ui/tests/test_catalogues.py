"""Every string people read is there in nl, fr, de and en; a missing one fails the build."""

import re

import pytest
from django.utils import translation

from port2port.ui import catalogues

SLOT = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_no_string_is_missing(language):
    assert catalogues.missing(language) == []


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_every_slot_of_a_sentence_is_kept(language):
    for entry in catalogues.read(language):
        if not entry.id:
            continue
        keys = (entry.id,) if isinstance(entry.id, str) else entry.id
        said = (entry.string,) if isinstance(entry.string, str) else entry.string
        for text in said:
            assert set(SLOT.findall(text)) == set(SLOT.findall(keys[-1])), entry.id


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_nothing_stands_in_a_catalogue_that_nobody_asks_for(language):
    wanted = {key if isinstance(key, str) else key[0] for key in catalogues.wanted()}
    kept = {
        entry.id if isinstance(entry.id, str) else entry.id[0] for entry in catalogues.read(language) if entry.id
    }
    assert kept - wanted == set()


def test_the_gate_finds_a_string_without_a_translation(tmp_path, monkeypatch):
    template = tmp_path / "room" / "templates" / "page.html"
    template.parent.mkdir(parents=True)
    template.write_text('{% load i18n %}{% translate "A sentence nobody translated" %}')
    monkeypatch.setattr(catalogues, "HOUSE", tmp_path)
    assert catalogues.missing("nl") == ["A sentence nobody translated"]


@pytest.mark.parametrize(("language", "word"), [("nl", "Bevestig"), ("fr", "Acquitter"), ("de", "Quittieren")])
def test_a_compiled_catalogue_is_spoken(language, word):
    catalogues.compile_all()
    with translation.override(language):
        assert translation.gettext("Acknowledge") == word


def test_months_are_twelve_in_every_language():
    for language in catalogues.LANGUAGES:
        with translation.override(language):
            assert len(translation.gettext("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()) == 12
