"""`port2port run`: everything prepared, the port free, then uvicorn until it is told to end."""

import errno
import os
import socket
import warnings

import uvicorn
from django.conf import settings

from port2port.project import first_start


class CannotServe(RuntimeError):
    """The server cannot start; the message says what to do."""


def serve(role: str) -> int:
    """Serve until interrupted; raises CannotServe before anything is started."""
    config = settings.P2P
    listening = _free_port(config.host, config.port)
    print(f"port2port {role}: preparing {config.state}", flush=True)  # noqa: T201
    first_start.prepare()
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    print(f"port2port {role}: http://localhost:{config.port}", flush=True)  # noqa: T201
    server = uvicorn.Server(
        uvicorn.Config(
            "port2port.project.asgi:application", log_level="warning", access_log=False, lifespan="on",
            timeout_graceful_shutdown=3, ws="none",
        )
    )  # fmt: skip
    server.run(sockets=[listening])
    return 0 if server.started else 1


def _free_port(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(
                f"port {port} is taken by another program; choose one: PORT={port + 1} make run"
            ) from error
        raise CannotServe(f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}") from error
    return listening
