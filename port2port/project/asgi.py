"""The door of the server: hot paths beside Django, and the platform's own work for as long as it is open."""

from django.conf import settings
from django.core.asgi import get_asgi_application

from port2port.project.running import Running
from port2port.rights.hot import Receive, Scope, Send

django = get_asgi_application()
running = Running(settings.P2P, role=settings.P2P_ROLE)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif running.hot.owns(scope):
        await running.hot(scope, receive, send)
    else:
        await django(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    """Start the platform before the first request, stop it after the last."""
    await receive()
    try:
        await running.start()
    except Exception as fault:
        await send({"type": "lifespan.startup.failed", "message": f"{type(fault).__name__}: {fault}"})
        raise
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await running.stop()
    await send({"type": "lifespan.shutdown.complete"})
