"""Do: make and change accounts. Part 2 brings sign-in, mandates and their ledger entries to this door."""

from collections.abc import Iterable

from port2port.people.models import Account
from port2port.rights.rules import Role

MOST_NAME = 80


class BadAccount(ValueError):
    """An account cannot be made so; the message names the field."""


def create_account(*, username: str, name: str, role: Role, areas: Iterable[str], password: str) -> Account:
    """Make an account that signs in with a password of 15 characters or more (ASVS 5.0, 6.2.1)."""
    if not 1 <= len(username.strip()) <= MOST_NAME:
        raise BadAccount(f"username: 1 to {MOST_NAME} characters")
    if len(password) < 15:
        raise BadAccount("password: at least 15 characters")
    if Account.objects.filter(username=username).exists():
        raise BadAccount(f"username: {username!r} exists already")
    return Account.objects.create_user(username, password, name=name, role=role, areas=sorted(areas))


def ensure_demo_account(*, username: str, name: str, role: Role, areas: Iterable[str], desk: str) -> Account:
    """Make an invented account of the demo world, or bring it back to how it was."""
    facts = {"name": name, "role": role, "areas": sorted(areas), "desk": desk, "is_demo": True, "is_active": True}
    account, made = Account.objects.get_or_create(username=username, defaults=facts)
    if not made:
        Account.objects.filter(pk=account.pk).update(**facts)
    return account


def prefer(*, account: Account, language: str | None = None, theme: str | None = None) -> Account:
    """Keep how a person likes the screen."""
    account.language = language or account.language
    account.theme = theme or account.theme
    account.save(update_fields=["language", "theme"])
    return account
