"""Mounts the hot endpoints of the rooms beside Django: who calls is resolved once, the right asked, then served."""

import asyncio
import hmac
from collections.abc import Sequence

from django.conf import settings
from django.db import close_old_connections

from port2port.people.queries import actors_of_sessions
from port2port.project.config import AREAS
from port2port.rights.hot import HotRoute, Receive, Scope, Send, header, problem
from port2port.rights.rules import Actor, service

INGEST = service("ingest", frozenset(AREAS))


class HotPaths:
    """An ASGI application for the declared table; `find` tells whether a request is for it."""

    def __init__(self, routes: Sequence[HotRoute]) -> None:
        self.routes = {(route.method, route.path): route for route in routes}
        self._paths = {route.path for route in routes}

    def owns(self, scope: Scope) -> bool:
        """Tell whether a request goes to a hot endpoint."""
        return scope["type"] == "http" and scope["path"] in self._paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        route = self.routes.get((scope["method"], scope["path"]))
        if route is None:
            await problem(send, 405, "Method not allowed", f"{scope['path']} does not take {scope['method']}")
            return
        actor, session = await caller(scope)
        if actor is None:
            await problem(send, 401, "Not signed in", "Sign in, or send the bearer token of a service")
        elif not actor.may(route.right):
            await problem(send, 403, "Not allowed", f"This needs the right {route.right}")
        else:
            scope["p2p.session"] = session
            await route.handler(scope, receive, send, actor)


async def caller(scope: Scope) -> tuple[Actor | None, str]:
    """Resolve who calls: a service by its bearer token, a person by the session cookie."""
    scheme, _, token = header(scope, b"authorization").partition(" ")
    if scheme.lower() == "bearer":
        right = hmac.compare_digest(token.strip().encode(), settings.INGEST_TOKEN.encode())
        return (INGEST if right else None), ""
    session = cookie(scope, settings.SESSION_COOKIE_NAME)
    if not session:
        return None, ""
    return await asyncio.to_thread(_actor, session), session


def _actor(session: str) -> Actor | None:
    close_old_connections()
    return actors_of_sessions([session])[session]


def cookie(scope: Scope, name: str) -> str:
    """Read one cookie; empty where it is not sent."""
    for part in header(scope, b"cookie").split(";"):
        key, _, content = part.strip().partition("=")
        if key == name:
            return content
    return ""
