"""A thread that keeps doing one piece of work; a fault is logged, shown on /status, and tried again."""

import logging
import threading
from collections.abc import Callable

from django.db import connections

LOG = logging.getLogger("port2port.keeper")
PAUSE_S = 1.0


class Keeper:
    """Keeps calling `work` until stopped; `work` does one round and returns."""

    def __init__(self, name: str, work: Callable[[], None], *, every_s: float = 0.0) -> None:
        self.name, self._work, self._every_s = name, work, every_s
        self.faults, self.last_fault, self.failing = 0, "", False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)

    def start(self) -> "Keeper":
        """Begin."""
        self._thread.start()
        return self

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """End after the round that is going on."""
        self._stopping.set()
        self._thread.join(timeout=timeout_s)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            pause = self._every_s
            try:
                self._work()
                self.failing = False
            except Exception as fault:  # noqa: BLE001 - whatever it was: say so, let go of the connection, go on
                self.faults, self.failing = self.faults + 1, True
                self.last_fault = f"{type(fault).__name__}: {fault}"
                LOG.exception("%s failed and goes on", self.name)
                connections.close_all()
                pause = max(pause, PAUSE_S)
            if pause:
                self._stopping.wait(pause)
        connections.close_all()
