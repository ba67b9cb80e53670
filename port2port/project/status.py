"""What `/status` says: facts measured now, nothing that a stranger could use."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from port2port import __version__
from port2port.audit.queries import ledger_head
from port2port.detection.queries import detection_report
from port2port.engine.clock import REAL
from port2port.engine.nats import SAFE_SERVER, NatsWire


@dataclass(frozen=True, slots=True)
class Line:
    """One fact, whether it is as it should be, and what to do where it is not."""

    name: str
    fact: str
    fine: bool
    advice: str = ""


def status(request: HttpRequest) -> HttpResponse:
    """Show how the deployment is; JSON where the caller asks for it, with what detection counted."""
    lines = [*_store(), *_ledger(), *_wire(), *_keepers()]
    fine = all(line.fine for line in lines)
    if "application/json" in request.headers.get("Accept", ""):
        facts = {"fine": fine, "lines": [_as_json(line) for line in lines], "detection": detection_report()}
        return JsonResponse(facts, status=200 if fine else 503)
    page = {"lines": lines, "fine": fine, "version": __version__, "at": REAL.now()}
    return render(request, "project/status.html", page, status=200 if fine else 503)


def _as_json(line: Line) -> dict[str, Any]:
    return {"name": line.name, "fact": line.fact, "fine": line.fine, "advice": line.advice}


def _store() -> list[Line]:
    if connection.vendor == "postgresql":
        return [Line(_("Record"), "PostgreSQL", fine=True)]
    safe = sqlite3.sqlite_version_info >= (3, 51, 3)
    return [Line(_("Record"), f"SQLite {sqlite3.sqlite_version}", safe, "" if safe else _("Install pysqlite3."))]


def _ledger() -> list[Line]:
    head = ledger_head()
    waiting = _("%(count)d entries, %(waiting)d wait for their number") % {
        "count": head.size, "waiting": head.waiting,
    }  # fmt: skip
    late = head.waiting_since is not None and (REAL.now() - head.waiting_since).total_seconds() > 5
    return [
        Line(_("Ledger"), waiting, not late, _("The sequencer is behind; see the server's log.") if late else "")
    ]


def _wire() -> list[Line]:
    wire = _running().wire
    if not isinstance(wire, NatsWire):
        return [Line(_("Flow between processes"), _("not needed, one process"), fine=True)]
    if not wire.connected.is_set():
        return [
            Line("NATS", _("not connected"), fine=False, advice=_("Nothing is lost; it is sent when NATS is back."))
        ]
    old = _("This server may lose messages; the record does not depend on it.")
    advice = old if wire.version < SAFE_SERVER else ""
    return [Line("NATS", ".".join(map(str, wire.version)), fine=True, advice=advice)]


def _keepers() -> list[Line]:
    return [_keeper(keeper) for keeper in _running().keepers]


def _keeper(keeper: Any) -> Line:
    fact = _("Fault") if keeper.failing else _("runs")
    return Line(keeper.name, fact, fine=not keeper.failing, advice=keeper.last_fault if settings.DEBUG else "")


def _running() -> Any:
    from port2port.project.asgi import running  # made when the server starts, not when its pages are listed

    return running
