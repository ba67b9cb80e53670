"""Where logs of real traffic may be found; they are no part of the project."""

import os
from pathlib import Path

SHARED = Path(os.environ.get("P2P_SHARED", Path(__file__).resolve().parents[4] / "shared"))
LOGS, VECTORS = SHARED / "data" / "ais-logs", SHARED / "data" / "vectors" / "ais"
