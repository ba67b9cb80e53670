"""What a room's `hot.py` is made of: a declared table of raw ASGI endpoints beside Django.

A hot endpoint says which right it needs. `project.hot` resolves who calls, once, refuses without the right, and
only then lets the handler run; a handler answers with `answer` or `problem` (RFC 9457).
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from port2port.rights.rules import Actor

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Handler = Callable[[Scope, Receive, Send, Actor], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class HotRoute:
    """One hot endpoint and the right it needs."""

    method: str
    path: str
    right: str
    handler: Handler


async def answer(send: Send, status: int, body: object, *, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Answer with JSON."""
    await _reply(send, status, msgspec.json.encode(body), b"application/json", headers)


async def problem(send: Send, status: int, title: str, detail: str) -> None:
    """Answer that it did not work, and what to do."""
    body = msgspec.json.encode({"type": "about:blank", "status": status, "title": title, "detail": detail})
    await _reply(send, status, body, b"application/problem+json", ())


async def _reply(send: Send, status: int, body: bytes, kind: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    head = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*head, *headers]})
    await send({"type": "http.response.body", "body": body})


def header(scope: Scope, name: bytes) -> str:
    """Read a request header; empty where it is not sent."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
