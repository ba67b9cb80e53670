"""What decoding a chunk gives: counts, refusals, a table of columns per type, and messages of the other types."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from port2port.protocols.ais.columns.tables import TABLED, Columns, empty_table
from port2port.protocols.ais.decode import Message
from port2port.protocols.ais.reasons import Reason

NO_TIME = -1  # in `received_s`: no tag block told the time
Arrived = tuple[int, int, Message]  # order in the chunk, Unix time of the tag block or NO_TIME, message


@cache
def no_rows(number: int) -> Columns:
    """The table of a type of which nothing came; shared, so not to be written to."""
    columns = _with_arrival(empty_table(number, 0), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    for column in columns.values():
        column.flags.writeable = False
    return columns


def _with_arrival(columns: Columns, row: npt.NDArray[np.int64], received_s: npt.NDArray[np.int64]) -> Columns:
    return {**columns, "row": row, "received_s": received_s}


@dataclass(slots=True)
class Block:
    """The messages of one chunk.

    `counts` are by message type. `tables` has a table for each of TABLED, its rows in order of
    arrival: a column for every field of `fields.LAYOUTS` (`int32`; texts as bytes, cut at '@' and stripped; the
    field's `absent` value where a message lacks it), `row` (number of the line in the chunk that completed the
    message) and `received_s` (Unix time from a tag block, or -1). `others` are the
    messages of all other types in order of arrival; bulk decoding makes their objects only when they are looked at.
    """

    counts: Counter[int] = field(default_factory=Counter)
    refused: Counter[Reason] = field(default_factory=Counter)
    tables: dict[int, Columns] = field(default_factory=lambda: {number: no_rows(number) for number in TABLED})
    others: Sequence[Message] = ()

    def __len__(self) -> int:
        """Number of messages."""
        return self.counts.total()

    def add_table(
        self, number: int, columns: Columns, *, row: npt.NDArray[np.int64], received_s: npt.NDArray[np.int64]
    ) -> None:
        """Put in the table of one type."""
        self.tables[number] = _with_arrival(columns, row, received_s)
        self.counts[number] += len(row)


def block_of(arrived: Sequence[Arrived], refused: Counter[Reason]) -> Block:
    """Make a block of messages decoded one by one; the same as bulk decoding makes of them."""
    block = Block(refused=refused)
    by_type: dict[int, list[Arrived]] = {}
    for one in arrived:
        if one[2].type in TABLED:
            by_type.setdefault(one[2].type, []).append(one)
    block.others = [message for _, _, message in arrived if message.type not in TABLED]
    block.counts.update(message.type for message in block.others)
    for number, some in by_type.items():
        rows, times, messages = zip(*some, strict=True)
        row, received_s = np.array(rows, dtype=np.int64), np.array(times, dtype=np.int64)
        block.add_table(number, _columns(number, messages), row=row, received_s=received_s)
    return block


def _columns(number: int, messages: Sequence[Message]) -> Columns:
    """Turn messages of one type into columns."""
    columns = empty_table(number, len(messages))
    for name, column in columns.items():
        for place, message in enumerate(messages):
            if (value := message.values.get(name)) is not None:
                column[place] = value
    return columns
