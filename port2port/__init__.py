"""port2port: the security platform of the Belgian ports.

SQLite before 3.51.3 can corrupt a database when two connections write and checkpoint at once (the WAL-reset
fault), so the bundled library of `pysqlite3` takes the place of the interpreter's own before anything loads it.
"""

import sys

try:
    import pysqlite3 as _sqlite3
except ImportError:  # no wheel on this platform: project.checks refuses an unsafe library, saying why
    pass
else:
    sys.modules["sqlite3"] = _sqlite3

__version__ = "0.1.0"
