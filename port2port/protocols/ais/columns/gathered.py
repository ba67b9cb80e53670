"""All whole messages of a chunk, wherever they were found, and the block they make."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np

from port2port.protocols.ais.columns.block import NO_TIME, Block
from port2port.protocols.ais.columns.framing import BACK, Pieces
from port2port.protocols.ais.columns.pairs import join, stride_of
from port2port.protocols.ais.columns.tables import TABLED, Payloads, chosen, table
from port2port.protocols.ais.columns.words import Bytes, Mask, Offsets
from port2port.protocols.ais.decode import Message, decode
from port2port.protocols.ais.nmea import Payload
from port2port.protocols.ais.reasons import BadPayload, Reason

LETTER_BITS = 6
SIX_BITS = np.array([(code - 48 - 8 * (code >= 96)) & 63 for code in range(256)], dtype=np.uint8)  # of a letter


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages in one buffer: line that completed them, offset, length in bits, Unix time or NO_TIME."""

    line: Offsets
    offset: Offsets
    bits: Offsets
    received_s: Offsets

    def of(self, rows: Mask | Offsets) -> "Batch":
        """Choose some of them."""
        return Batch(self.line[rows], self.offset[rows], self.bits[rows], self.received_s[rows])

    @classmethod
    def joined(cls, batches: Sequence["Batch"]) -> "Batch":
        """All messages of several batches in order of arrival; each batch is in that order already."""
        if len(batches) == 1:
            return batches[0]
        columns = zip(*((one.line, one.offset, one.bits, one.received_s) for one in batches), strict=True)
        line, offset, bits, received_s = (np.concatenate(column) for column in columns)
        order = np.argsort(line, kind="stable")
        return cls(line[order], offset[order], bits[order], received_s[order])


class Gathered:
    """Payloads in one buffer: those that lie in the chunk, and from `free` on those joined of parts.

    >>> from port2port.protocols.ais.columns.framing import free_from, laid_out
    >>> gathered = Gathered(laid_out(b""), free_from(0))
    >>> gathered.add_payloads([(3, Payload(b"13aGua?P00PHfERNFruh0?vN289E", 0, received_s=77))])
    >>> block = gathered.block(Counter())
    >>> [int(block.tables[1][name][0]) for name in ("mmsi", "row", "received_s")]
    [244710820, 3, 77]
    """

    def __init__(self, buffer: Bytes, free: int) -> None:
        self.buffer = buffer
        self._free = free
        self._batches: list[Batch] = []

    def add_found(self, pieces: Pieces, received_s: Offsets) -> None:
        """Add whole messages that lie in the chunk."""
        bits = LETTER_BITS * pieces.length - pieces.fill
        self._batches.append(Batch(pieces.line, pieces.offset, bits, received_s))

    def add_pairs(self, first: Pieces, second: Pieces, received_s: Offsets) -> None:
        """Add messages of two parts; they arrived with their second."""
        if not len(first.line):
            return
        stride = stride_of(first, second)
        start, room = self._room(stride * len(first.line))
        offset = start + join(self.buffer, first, second, room=room, stride=stride)
        bits = LETTER_BITS * (first.length + second.length) - second.fill
        order = np.argsort(second.line)
        self._batches.append(Batch(second.line[order], offset[order], bits[order], received_s[order]))

    def add_payloads(self, payloads: Sequence[tuple[int, Payload]]) -> None:
        """Add messages that came line by line, with the number of the line."""
        if not payloads:
            return
        armour = b"".join(payload.armour for _, payload in payloads)
        start, room = self._room(len(armour))
        room[: len(armour)] = np.frombuffer(armour, dtype=np.uint8)
        lengths = np.array([len(payload.armour) for _, payload in payloads])
        bits = LETTER_BITS * lengths - np.array([payload.fill for _, payload in payloads])
        times = [NO_TIME if payload.received_s is None else payload.received_s for _, payload in payloads]
        offset = start + np.cumsum(lengths) - lengths
        self._batches.append(Batch(np.array([line for line, _ in payloads]), offset, bits, np.array(times)))

    def _room(self, size: int) -> tuple[int, Bytes]:
        """Find room for some bytes, with grace behind them; make the buffer longer if need be."""
        start, self._free = self._free, self._free + size
        missing = self._free + BACK - len(self.buffer)
        if missing > 0:
            self.buffer = np.concatenate((self.buffer, np.zeros(missing, dtype=np.uint8)))
        return start, self.buffer[start : self._free]

    def block(self, refused: Counter[Reason]) -> Block:
        """Decode everything that has a table, count everything."""
        block = Block(refused=refused)
        others: list[Batch] = []
        for number, batch in self._by_type():
            payloads = Payloads(self.buffer, batch.offset, batch.bits)
            choice = chosen(number, payloads)
            if choice.min() < 0:
                _refuse(payloads.of(choice < 0), refused)
                believed = choice >= 0
                batch, payloads, choice = batch.of(believed), payloads.of(believed), choice[believed]
            if number in TABLED:
                columns = table(number, payloads, choice)
                block.add_table(number, columns, row=batch.line, received_s=batch.received_s)
            else:
                block.counts[number] += len(batch.line)
                others.append(batch)
        if others:
            batch = Batch.joined(others)
            block.others = Later(Payloads(self.buffer, batch.offset, batch.bits))
        return block

    def _by_type(self) -> Iterator[tuple[int, Batch]]:
        """Sort by message type, which is what the first letter says."""
        batch = Batch.joined(self._batches)
        types = SIX_BITS[self.buffer[batch.offset]]
        order = np.argsort(types, kind="stable")
        end = 0
        for number, count in enumerate(np.bincount(types).tolist()):
            start, end = end, end + count
            if count:
                rows = order[start:end]
                yield number, batch.of(rows)


class Later(Sequence[Message]):
    """Messages that are decoded, one by one, when somebody looks at them; that they can be is known."""

    def __init__(self, payloads: Payloads) -> None:
        self._payloads = payloads

    @cached_property
    def _messages(self) -> list[Message]:
        return [decode(payload) for payload in cut_out(self._payloads)]

    def __len__(self) -> int:
        return len(self._payloads)

    @overload
    def __getitem__(self, place: int) -> Message: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Message]: ...

    def __getitem__(self, place: int | slice) -> Message | Sequence[Message]:
        return self._messages[place]


def cut_out(payloads: Payloads) -> Iterator[Payload]:
    """Cut payloads out of the buffer for the scalar decoder."""
    text = payloads.buffer.data
    for offset, bits in zip(payloads.offsets.tolist(), payloads.bits.tolist(), strict=True):
        length = -(-bits // LETTER_BITS)
        yield Payload(bytes(text[offset : offset + length]), LETTER_BITS * length - bits)


def _refuse(payloads: Payloads, refused: Counter[Reason]) -> None:
    """Let the scalar decoder say why it refuses messages."""
    for payload in cut_out(payloads):
        try:
            decode(payload)
        except BadPayload as bad:
            refused[bad.reason] += 1
