"""Accounts. The user model from the first migration; persons, organisations and mandates follow in this room."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from port2port.engine.ids import uuid7
from port2port.rights.rules import Role


class AccountManager(BaseUserManager["Account"]):
    """Makes accounts."""

    def create_user(self, username: str, password: str | None = None, **facts: Any) -> "Account":
        """Make an account; without a password it can only be entered by demo sign-in."""
        account = self.model(username=username, **facts)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser):
    """Someone who signs in: a name on the screen, a role, and the areas the work is in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    areas = models.JSONField(default=list)
    desk = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=2, blank=True)  # empty: as the browser asks
    theme = models.CharField(max_length=8, default="day")
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"

    def __str__(self) -> str:
        return self.name
