"""Columns as bytes, to be kept over a restart, and back.

>>> kept = thaw(freeze({"fleet": {"mmsi": np.array([205000001], "u4")}}))
>>> kept["fleet"]["mmsi"].tolist()
[205000001]
"""

from collections.abc import Mapping

import msgspec
import numpy as np

from port2port.detection.rules.reports import Column

Kept = Mapping[str, Mapping[str, Column]]


def freeze(kept: Kept) -> bytes:
    """Write tables of columns as bytes."""
    return msgspec.msgpack.encode({
        table: {name: (str(column.dtype.str), column.tobytes()) for name, column in columns.items()}
        for table, columns in kept.items()
    })  # fmt: skip


def thaw(blob: bytes) -> dict[str, dict[str, Column]]:
    """Read tables of columns back; they may be written to."""
    tables = msgspec.msgpack.decode(blob, type=dict[str, dict[str, tuple[str, bytes]]])
    return {
        table: {name: np.frombuffer(raw, dtype).copy() for name, (dtype, raw) in columns.items()}
        for table, columns in tables.items()
    }
