"""Accounts are made by rule, and the invented ones come back to how they were."""

import pytest
from django.contrib.auth import authenticate

from port2port.people.actions import BadAccount, create_account, ensure_demo_account, prefer
from port2port.people.models import Account
from port2port.people.queries import active_account, actor_of, demo_accounts
from port2port.rights.rules import Role

pytestmark = pytest.mark.django_db
FIFTEEN = "exactly fifteen"


def make(username="els", password=FIFTEEN, **facts):
    facts = {"name": "Els", "role": Role.AUDITOR, "areas": ["ghent", "antwerp"], **facts}
    return create_account(username=username, password=password, **facts)


def demo(**facts):
    facts = {"name": "Noa Testens", "role": Role.OPERATOR, "areas": ["ghent"], "desk": "Desk 1", **facts}
    return ensure_demo_account(username="demo-x", **facts)


def test_a_password_of_fifteen_characters_is_enough_and_one_of_fourteen_is_not():
    assert len(FIFTEEN) == 15
    make()
    with pytest.raises(BadAccount, match="^password: at least 15 characters$"):
        make("jan", FIFTEEN[:-1])
    assert not Account.objects.filter(username="jan").exists()


@pytest.mark.parametrize("username", ["", "   ", "a" * 81])
def test_a_name_that_cannot_be_typed_or_kept_is_refused(username):
    with pytest.raises(BadAccount, match="^username: 1 to 80 characters$"):
        make(username)


def test_a_name_that_exists_is_refused_and_the_account_stays_as_it_was():
    make()
    with pytest.raises(BadAccount, match="^username: 'els' exists already$"):
        make(password="another long password")
    assert authenticate(username="els", password=FIFTEEN) is not None


def test_the_password_is_kept_as_argon2_and_nowhere_in_plain():
    row = Account.objects.filter(pk=make().pk).values().get()
    assert row["password"].startswith("argon2")
    assert FIFTEEN not in str(row)


def test_a_demo_account_comes_back_as_it_was_but_keeps_how_its_reader_likes_the_screen():
    first = demo()
    prefer(account=first, language="de", theme="night")
    Account.objects.filter(pk=first.pk).update(areas=["antwerp"], is_active=False, name="Changed")
    again = demo()
    again.refresh_from_db()
    assert (again.pk, again.name, again.areas, again.is_active) == (first.pk, "Noa Testens", ["ghent"], True)
    assert (again.language, again.theme) == ("de", "night")


def test_nobody_signs_in_as_a_demo_account_with_a_password():
    demo()
    assert all(authenticate(username="demo-x", password=guess) is None for guess in ("", "demo-x", "!", None))


def test_an_account_becomes_an_actor_with_its_role_and_areas():
    actor = actor_of(make())
    assert (actor.name, actor.role, actor.areas) == ("Els", Role.AUDITOR, frozenset({"ghent", "antwerp"}))
    assert not actor.may("alarm.handle", area="ghent")


def test_only_active_invented_people_stand_on_the_sign_in_page():
    real, invented = make(), demo()
    assert list(demo_accounts()) == [invented]
    Account.objects.filter(pk=invented.pk).update(is_active=False)
    assert list(demo_accounts()) == []
    assert (active_account(real.pk), active_account(invented.pk)) == (real, None)
