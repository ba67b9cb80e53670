"""Signing in and out, and how a person likes the screen."""

import dataclasses

import pytest
from django.conf import settings
from django.test import Client

from port2port.people.actions import create_account, ensure_demo_account
from port2port.people.forms import safe_next
from port2port.people.models import Account
from port2port.rights.rules import Role

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


@pytest.fixture
def sam() -> Account:
    return create_account(
        username="sam", name="Sam Voorbeeld", role=Role.OPERATOR, areas=["antwerp"], password=PASSWORD
    )


@pytest.fixture
def demo(monkeypatch) -> Account:
    monkeypatch.setattr(settings, "P2P", dataclasses.replace(settings.P2P, demo=True))
    return ensure_demo_account(
        username="demo-x", name="Noa Testens", role=Role.OPERATOR, areas=["ghent"], desk="Desk 1"
    )


def test_name_and_password_open_the_page_that_was_asked_for(sam):
    client = Client()
    response = client.post("/signin", {"username": "sam", "password": PASSWORD, "next": "/now/alarms/x"})
    assert (response.status_code, response["Location"]) == (302, "/now/alarms/x")
    assert client.session["_auth_user_id"] == str(sam.pk)


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer_and_the_name_stays(sam):
    pages = [
        Client(headers={"accept-language": "en"}).post("/signin", {"username": name, "password": "wrong"})
        for name in ("sam", "nobody")
    ]
    assert [page.status_code for page in pages] == [422, 422]
    assert all("name and password do not belong together" in page.content.decode() for page in pages)
    assert 'value="sam"' in pages[0].content.decode()


def test_an_account_that_was_closed_cannot_enter(sam):
    Account.objects.filter(pk=sam.pk).update(is_active=False)
    client = Client()
    assert client.post("/signin", {"username": "sam", "password": PASSWORD}).status_code == 422
    assert "_auth_user_id" not in client.session


def test_nobody_is_sent_to_another_site():
    for wish in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "now"):
        assert safe_next(wish, host="localhost:8000", otherwise="/now") == "/now"
    assert safe_next("/now?tab=log", host="localhost:8000", otherwise="/now") == "/now?tab=log"


def test_the_demo_has_a_tile_with_a_key_for_each_of_its_people(demo):
    page = Client(headers={"accept-language": "en"}).get("/signin").content.decode()
    assert f'action="/signin/demo/{demo.pk}"' in page
    assert 'data-key="1"' in page
    assert "Noa Testens, Desk 1" in page


def test_one_press_signs_in_as_an_invented_person(demo):
    client = Client()
    assert client.post(f"/signin/demo/{demo.pk}")["Location"] == "/now"
    assert client.session["_auth_user_id"] == str(demo.pk)


def test_outside_the_demo_there_is_no_such_door(demo, monkeypatch):
    monkeypatch.setattr(settings, "P2P", dataclasses.replace(settings.P2P, demo=False))
    client = Client(headers={"accept-language": "en"})
    assert client.post(f"/signin/demo/{demo.pk}").status_code == 404
    assert "Noa Testens" not in client.get("/signin").content.decode()


def test_a_real_account_cannot_be_entered_through_the_demo(demo, sam):
    assert Client().post(f"/signin/demo/{sam.pk}").status_code == 404


def test_the_language_chosen_at_the_door_is_spoken_inside(demo):
    client = Client()
    client.post("/settings/language", {"language": "de", "next": "/signin"})
    assert "Wer sind Sie heute?" in client.get("/signin").content.decode()
    client.post(f"/signin/demo/{demo.pk}")
    assert Account.objects.get(pk=demo.pk).language == "de"


def test_language_and_theme_follow_the_account_to_every_desk(sam):
    client = Client()
    client.force_login(sam)
    client.post("/settings/language", {"language": "fr"})
    client.post("/settings/theme", {"theme": "night"})
    sam.refresh_from_db()
    assert (sam.language, sam.theme) == ("fr", "night")


def test_a_language_or_theme_we_do_not_have_changes_nothing(sam):
    client = Client()
    client.force_login(sam)
    client.post("/settings/language", {"language": "xx"})
    client.post("/settings/theme", {"theme": "neon"})
    sam.refresh_from_db()
    assert (sam.language, sam.theme) == ("", "day")


def test_the_clock_turns_to_utc_and_back():
    client = Client()
    client.post("/settings/clock", {"next": "/signin"})
    assert client.cookies["p2p_clock"].value == "utc"
    client.post("/settings/clock", {"next": "/signin"})
    assert client.cookies["p2p_clock"].value == "local"


def test_signing_out_ends_the_session(sam):
    client = Client()
    client.force_login(sam)
    assert client.post("/signout")["Location"] == "/signin"
    assert "_auth_user_id" not in client.session
    assert client.get("/signout").status_code == 405


def test_the_first_page_sends_everybody_to_their_work(sam):
    client = Client()
    assert client.get("/")["Location"] == "/signin"
    client.force_login(sam)
    assert client.get("/")["Location"] == "/now"
