"""Sessions: who is behind a key now, and what the browser is given to keep."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from port2port.people.actions import create_account
from port2port.people.models import Account
from port2port.people.queries import actors_of_sessions
from port2port.rights.rules import Role

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


def enter(username):
    """Make an account and sign it in; give the account and its session key."""
    account = create_account(
        username=username, name=username, role=Role.OPERATOR, areas=["ghent"], password=PASSWORD
    )
    client = Client()
    client.force_login(account)
    return account, client.session.session_key


def test_many_keys_are_told_apart_with_two_questions(django_assert_num_queries):
    (els, first), (jan, second) = enter("els"), enter("jan")
    keys = [first, second, "unknown", ""]
    with django_assert_num_queries(2):
        actors = actors_of_sessions(keys)
    assert {key: actor and actor.id for key, actor in actors.items()} == {
        first: str(els.pk), second: str(jan.pk), "unknown": None, "": None,
    }  # fmt: skip


def test_a_key_says_what_the_account_is_now():
    account, key = enter("els")
    Account.objects.filter(pk=account.pk).update(areas=["antwerp", "genk"], role="auditor")
    actor = actors_of_sessions([key])[key]
    assert (actor.areas, actor.role) == (frozenset({"antwerp", "genk"}), Role.AUDITOR)


@pytest.mark.parametrize(
    "ending",
    [
        lambda account, key: Account.objects.filter(pk=account.pk).update(is_active=False),
        lambda account, key: Account.objects.filter(pk=account.pk).update(password="changed"),
        lambda account, key: Account.objects.filter(pk=account.pk).delete(),
        lambda account, key: Session.objects.filter(session_key=key).delete(),
        lambda account, key: Session.objects.update(expire_date=datetime.now(UTC) - timedelta(seconds=1)),
        lambda account, key: Session.objects.update(session_data="damaged"),
    ],
    ids=["closed", "password", "deleted", "signed out", "over", "damaged"],
)
def test_a_session_ends_with_what_it_stands_on(ending):
    account, key = enter("els")
    assert actors_of_sessions([key])[key] is not None
    ending(account, key)
    assert actors_of_sessions([key]) == {key: None}


def test_the_key_changes_when_somebody_signs_in_and_the_cookie_is_kept_from_scripts_and_other_sites():
    create_account(username="els", name="Els", role=Role.OPERATOR, areas=["ghent"], password=PASSWORD)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "planted"
    client.post("/signin", {"username": "els", "password": PASSWORD})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie.value not in ("", "planted")
    assert cookie.key.startswith("__Host-")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
        True, True, "Lax", "/", "",
    )  # fmt: skip


def test_a_form_from_another_site_signs_nobody_in():
    create_account(username="els", name="Els", role=Role.OPERATOR, areas=["ghent"], password=PASSWORD)
    client = Client(enforce_csrf_checks=True)
    assert client.post("/signin", {"username": "els", "password": PASSWORD}).status_code == 403
    assert "_auth_user_id" not in client.session


def test_what_was_typed_as_a_password_never_comes_back():
    page = Client().post("/signin", {"username": "els", "password": "what i typed wrongly"})
    assert page.status_code == 422
    assert "what i typed wrongly" not in page.content.decode()


@pytest.mark.parametrize("wish", ["//evil.example", "https://evil.example/now", "/\\evil.example", "javascript:1"])
def test_nobody_leaves_for_another_site_by_any_door(wish):
    create_account(username="els", name="Els", role=Role.OPERATOR, areas=["ghent"], password=PASSWORD)
    client = Client()
    assert client.post("/signin", {"username": "els", "password": PASSWORD, "next": wish})["Location"] == "/now"
    for door in ("language", "theme", "clock"):
        assert client.post(f"/settings/{door}", {"next": wish, "language": "nl", "theme": "day"})["Location"] == "/"


def test_who_is_sent_to_sign_in_comes_back_to_where_they_were_going():
    away = Client().get("/now?tab=log&area=ghent")
    assert away["Location"] == "/signin?next=%2Fnow%3Ftab%3Dlog%26area%3Dghent"
    page = Client().get(away["Location"]).content.decode()
    assert 'name="next" value="/now?tab=log&amp;area=ghent"' in page


def test_theme_and_language_stay_in_the_browser_after_signing_out():
    account, _ = enter("els")
    client = Client()
    client.force_login(account)
    client.post("/settings/theme", {"theme": "dusk"})
    client.post("/settings/language", {"language": "de"})
    client.post("/signout")
    assert (client.cookies["p2p_theme"].value, client.cookies["p2p-language"].value) == ("dusk", "de")
    assert '<html lang="de"' in client.get("/signin").content.decode()
