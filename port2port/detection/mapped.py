"""The one connection of a process that reads history from mapped memory (docs/decisions/0005).

It only reads, is kept open so that what was mapped stays mapped, and is used by one thread at a time.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

MAPPED_BYTES = 1 << 30
PRAGMAS = ("PRAGMA query_only=1", f"PRAGMA mmap_size={MAPPED_BYTES}", "PRAGMA trusted_schema=OFF")


class MappedReader:
    """Reads one SQLite file; opened at the first question."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._base: sqlite3.Connection | None = None

    def ask(self, path: Path, question: str, values: Sequence[object]) -> Iterator[tuple[int, bytes]]:
        """Give the rows of a question to the file at `path`; what others write is seen when it is committed."""
        with self._lock:
            yield from self._open(path).execute(question, values)

    def _open(self, path: Path) -> sqlite3.Connection:
        if self._base is None or self._path != path:
            self.close()
            self._base = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
            for pragma in PRAGMAS:
                self._base.execute(pragma)
            self._path = path
        return self._base

    def close(self) -> None:
        """Let the file go."""
        if self._base is not None:
            self._base.close()
            self._base = None


READER = MappedReader()
