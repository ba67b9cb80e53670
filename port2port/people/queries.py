"""Ask: who is signed in."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from port2port.engine.clock import REAL
from port2port.people.models import Account
from port2port.rights.rules import Actor, Role


def actor_of(account: Account) -> Actor:
    """Turn an account into the actor that rights are asked of; computed once a request or stream."""
    return Actor(
        id=str(account.pk),
        name=account.name,
        role=Role(account.role),
        areas=frozenset(account.areas),
        language=account.language or "en",
        desk=account.desk,
    )


def active_account(account: UUID) -> Account | None:
    """Find an account that may still sign in."""
    return Account.objects.filter(pk=account, is_active=True).first()


def demo_accounts() -> QuerySet[Account]:
    """List the invented people of the demo world."""
    return Account.objects.filter(is_demo=True, is_active=True).order_by("username")


def actors_of_sessions(keys: Iterable[str]) -> dict[str, Actor | None]:
    """Tell who is behind each session key now; None where it ended, or the account did or changed its password."""
    keys = set(keys)
    live = Session.objects.filter(session_key__in=keys, expire_date__gt=REAL.now())
    facts = {session.session_key: session.get_decoded() for session in live}
    wanted = {fact.get("_auth_user_id") for fact in facts.values()}
    accounts = {str(row.pk): row for row in Account.objects.filter(pk__in=wanted - {None}, is_active=True)}
    return {key: _actor(facts.get(key, {}), accounts) for key in keys}


def _actor(fact: dict[str, str], accounts: dict[str, Account]) -> Actor | None:
    account = accounts.get(str(fact.get("_auth_user_id")))
    if account is None or fact.get("_auth_user_hash") != account.get_session_auth_hash():
        return None
    return actor_of(account)
