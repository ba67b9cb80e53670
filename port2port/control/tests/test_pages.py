"""The pages of the control room: who sees what, what an act answers, what a fragment holds."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from port2port import places
from port2port.control.examples import an_alarm
from port2port.control.models import Alarm, AlarmChange
from port2port.engine.clock import REAL
from port2port.engine.events import Label
from port2port.engine.ids import uuid7
from port2port.people.actions import create_account
from port2port.places.actions import load_ports
from port2port.rights.rules import Role, service

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}
GHENT = Label(area="ghent", owner="port2port", purpose="isps")
AREAS = "antwerp brussels charleroi genk ghent hasselt liege ostend zeebrugge".split()
PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def a_desk(
    name: str = "Sam Voorbeeld", role: Role = Role.OPERATOR, areas: tuple[str, ...] = ("antwerp",)
) -> Client:
    username = name.split()[0].lower()
    account = create_account(username=username, name=name, role=role, areas=["antwerp"], password=PASSWORD)
    account.language = "en"
    account.save()
    client = Client(headers={"accept-language": "en"})
    client.force_login(account)
    return client


def now_alarm(type: str = "ais-zone-entry", *, ago_s: float = 5, label: Label | None = None) -> Alarm:
    at = REAL.now() - timedelta(seconds=ago_s)
    return an_alarm(at, type=type, **({"label": label} if label else {}))


def test_a_visitor_is_sent_to_sign_in_and_comes_back_to_the_same_page():
    alarm = uuid7()
    response = Client().get(f"/now/alarms/{alarm}")
    assert (response.status_code, response["Location"]) == (302, f"/signin?next=%2Fnow%2Falarms%2F{alarm}")


def test_a_fragment_for_a_visitor_sends_the_whole_page_to_sign_in():
    response = Client().get("/now/alarms", headers=HTMX)
    assert (response.status_code, response["HX-Redirect"]) == (401, "/signin")


def test_the_page_opens_the_first_alarm_that_waits():
    alarm, desk = now_alarm(), a_desk()
    page = desk.get("/now").content.decode()
    assert f'id="open-{alarm.pk}"' in page
    assert f'data-alarm="{alarm.pk}" data-lat="51.2785"' in page
    assert "FICTIVA STAR" in page


def test_with_nothing_wrong_the_page_says_what_would_be_here():
    page = a_desk().get("/now").content.decode()
    assert "No open alarm" in page
    assert "Nothing is chosen" in page


def test_an_alarm_of_another_area_is_not_there():
    elsewhere, desk = now_alarm(label=GHENT), a_desk()
    assert f"{elsewhere.pk}" not in desk.get("/now").content.decode()
    for address in ("", "/card"):
        assert desk.get(f"/now/alarms/{elsewhere.pk}{address}").status_code == 404
    assert desk.post(f"/now/alarms/{elsewhere.pk}/acknowledge").status_code == 404
    assert Alarm.objects.get(pk=elsewhere.pk).stage == "unacked"


def test_the_list_is_a_fragment_with_counts_numbers_and_the_last_hour_beside_it():
    alarm, desk = now_alarm(), a_desk()
    fragment = desk.get("/now/alarms", headers=HTMX).content.decode()
    assert "<html" not in fragment
    assert re.findall(r'hx-partial hx-target="#([\w-]+)"', fragment) == ["alarm-head", "kpi", "timeline"]
    assert f'data-alarm="{alarm.pk}"' in fragment


def test_unacknowledged_stands_first_whatever_its_priority():
    desk = a_desk()
    grave, mild = now_alarm(ago_s=5), now_alarm("ais-gap", ago_s=60)
    desk.post(f"/now/alarms/{grave.pk}/acknowledge", headers=HTMX)
    rows = re.findall(r'<a class="row[^>]*data-alarm="([^"]+)"', desk.get("/now/alarms").content.decode())
    assert rows == [str(mild.pk), str(grave.pk)]


def test_one_press_acknowledges_and_the_card_answers_with_the_name():
    alarm, desk = now_alarm(), a_desk()
    response = desk.post(f"/now/alarms/{alarm.pk}/acknowledge", headers=HTMX)
    card = response.content.decode()
    assert response.status_code == 200
    assert 'data-state="acked"' in card
    assert "You: acknowledged" in card
    assert Alarm.objects.get(pk=alarm.pk).acked_by_name == "Sam Voorbeeld"


def test_a_browser_without_script_acknowledges_too():
    alarm, desk = now_alarm(), a_desk()
    response = desk.post(f"/now/alarms/{alarm.pk}/acknowledge")
    assert (response.status_code, response["Location"]) == (302, f"/now/alarms/{alarm.pk}")


def test_a_refused_act_says_why_and_changes_nothing():
    alarm, desk = now_alarm(), a_desk()
    desk.post(f"/now/alarms/{alarm.pk}/acknowledge", headers=HTMX)
    response = desk.post(f"/now/alarms/{alarm.pk}/acknowledge", headers=HTMX)
    assert response.status_code == 409
    assert "Somebody has already acknowledged this alarm." in response.content.decode()
    assert AlarmChange.objects.filter(alarm=alarm, verb="acknowledge").count() == 1


def test_a_button_that_is_off_says_why():
    alarm, desk = now_alarm(), a_desk()
    desk.post(f"/now/alarms/{alarm.pk}/acknowledge", headers=HTMX)
    card = desk.get(f"/now/alarms/{alarm.pk}/card").content.decode()
    button = re.search(r'<button class="btn primary" id="act-acknowledge"[^>]*>', card)
    assert button
    assert 'aria-disabled="true"' in button.group()
    assert "Somebody has already acknowledged this alarm." in button.group()


def test_shelving_without_a_reason_is_refused_and_keeps_what_was_chosen():
    alarm, desk = now_alarm("ais-zone-speed"), a_desk()
    response = desk.post(f"/now/alarms/{alarm.pk}/shelve", {"minutes": "60", "reason": " "}, headers=HTMX)
    card = response.content.decode()
    assert response.status_code == 422
    assert "Nothing was saved: write it in a few words." in card
    assert '<details class="act-form" name="act-form" id="form-shelve" open' in card
    assert Alarm.objects.get(pk=alarm.pk).standing == "in-service"


def test_a_shelved_alarm_is_a_group_of_its_own_that_says_when_it_comes_back():
    alarm, desk = now_alarm("ais-zone-speed"), a_desk()
    desk.post(f"/now/alarms/{alarm.pk}/shelve", {"minutes": "60", "reason": "dredging"}, headers=HTMX)
    page = desk.get("/now/alarms").content.decode()
    assert "Shelved, they come back by themselves" in page
    assert re.search(r"back <time", page)
    assert f'data-alarm="{alarm.pk}"' in page.split("Shelved, they come back")[1]


def test_what_somebody_typed_is_shown_as_text_never_as_markup():
    alarm, desk = now_alarm(), a_desk()
    response = desk.post(f"/now/alarms/{alarm.pk}/note", {"text": "<script>alert(1)</script>"}, headers=HTMX)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in response.content.decode()
    assert "<script>alert" not in response.content.decode()


def test_an_auditor_sees_and_may_not_act():
    alarm, desk = now_alarm(), a_desk("Jules Maquette", Role.AUDITOR)
    assert desk.get(f"/now/alarms/{alarm.pk}/card").status_code == 200
    response = desk.post(f"/now/alarms/{alarm.pk}/acknowledge", headers=HTMX)
    assert response.status_code == 409
    assert "This is not part of your work." in response.content.decode()
    assert Alarm.objects.get(pk=alarm.pk).stage == "unacked"


def test_an_act_nobody_knows_is_not_found_and_a_read_never_acts():
    alarm, desk = now_alarm(), a_desk()
    assert desk.post(f"/now/alarms/{alarm.pk}/explode").status_code == 404
    assert desk.get(f"/now/alarms/{alarm.pk}/acknowledge").status_code == 405
    assert Alarm.objects.get(pk=alarm.pk).stage == "unacked"


def test_an_act_needs_the_token_of_the_page():
    alarm = now_alarm()
    account = create_account(username="noa", name="Noa", role=Role.OPERATOR, areas=["antwerp"], password=PASSWORD)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(account)
    assert strict.post(f"/now/alarms/{alarm.pk}/acknowledge").status_code == 403


def test_searching_finds_by_the_ships_name_and_says_when_nothing_has_it():
    alarm, desk = now_alarm(), a_desk()
    assert f"{alarm.pk}" in desk.get("/now/alarms", {"q": "fictiva"}).content.decode()
    empty = desk.get("/now/alarms", {"q": "<i>zzz"}).content.decode()
    assert "Nothing found" in empty
    assert "&lt;i&gt;zzz" in empty


def test_nonsense_in_the_address_is_as_if_nothing_was_asked():
    alarm, desk = now_alarm(), a_desk()
    page = desk.get("/now/alarms", {"tab": "everything", "chosen": "x", "area": "mars"})
    assert page.status_code == 200
    assert f"{alarm.pk}" in page.content.decode()


@pytest.mark.parametrize(
    ("language", "word"), [("nl", "Bevestig"), ("fr", "Acquitter"), ("de", "Quittieren"), ("en", "Acknowledge")]
)
def test_the_card_speaks_the_language_of_the_account(language, word):
    alarm, desk = now_alarm(), a_desk()
    desk.post("/settings/language", {"language": language})
    card = desk.get(f"/now/alarms/{alarm.pk}/card").content.decode()
    assert word in card
    assert Alarm.objects.get(pk=alarm.pk).title[language] in card.replace("&#x27;", "'")


def test_the_card_proves_where_the_ledger_holds_the_act():
    alarm, desk = now_alarm(), a_desk()
    desk.post(f"/now/alarms/{alarm.pk}/acknowledge", headers=HTMX)
    card = desk.get(f"/now/alarms/{alarm.pk}/card").content.decode()
    assert "Written to the ledger, waits for its number" in card


def test_the_ground_of_the_map_is_kept_by_the_browser_until_it_changes():
    load_ports_once()
    desk = a_desk()
    first = desk.get("/now/scene.json", {"area": "antwerp"})
    assert first.status_code == 200
    assert {"land", "water", "zones", "labels"} <= first.json().keys()
    again = desk.get("/now/scene.json", {"area": "antwerp"}, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert desk.get("/now/scene.json", {"area": "ghent"}).status_code == 404


def load_ports_once() -> None:
    folder = Path(places.__file__).parent / "ports"
    load_ports(folder, by=service("loader", frozenset(AREAS)), at=REAL.now())


def test_a_vessel_that_is_unknown_or_elsewhere_is_not_found():
    desk = a_desk()
    assert desk.get(f"/now/vessels/{uuid7()}/card").status_code == 404
    assert desk.get(f"/now/vessels/{uuid7()}/past.json").json() == {"at_ms": [], "lat": [], "lon": [], "sog": []}


def test_asking_for_the_page_takes_few_questions_however_many_alarms(django_assert_max_num_queries):
    desk = a_desk()
    for n in range(12):
        now_alarm("ais-gap", ago_s=10 + n)
    with django_assert_max_num_queries(40):
        desk.get("/now/alarms", headers=HTMX)
