"""History of positions and readings: one blob of fixed-width integer columns per area, kind and minute.

A day is read by joining views on the blobs, then stepped second by second.

>>> blob = pack_minute({"t_ms": np.array([900, 100], "u4"), "track": np.array([7, 8], "u4")})
>>> {name: column.tolist() for name, column in unpack_minute(blob).items()}
{'t_ms': [100, 900], 'track': [8, 7]}
>>> unpack_minute(blob[:-1])
Traceback (most recent call last):
    ...
port2port.engine.history.blobs.DamagedBlob: 63 bytes, but 2 rows of these columns need 64
>>> [(frame.at_ms, frame.now["track"][frame.seen].tolist()) for frame in frames(unpack_minute(blob), step_ms=500)]
[(500, [8]), (1000, [7, 8])]
"""

import numpy as np

from port2port.engine.history.blobs import (
    MINUTE_MS,
    POSITION,
    DamagedBlob,
    open_minute,
    pack_minute,
    unpack_minute,
)
from port2port.engine.history.reading import BlobStore, Columns, Damage, History, minute_of
from port2port.engine.history.stepping import Frame, frames

__all__ = [
    "MINUTE_MS",
    "POSITION",
    "BlobStore",
    "Columns",
    "Damage",
    "DamagedBlob",
    "Frame",
    "History",
    "frames",
    "minute_of",
    "np",
    "open_minute",
    "pack_minute",
    "unpack_minute",
]
