r"""The bulk decoder: any bytes in, blocks of columns out.

>>> decoder = BulkDecoder()
>>> block = decoder.feed(b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*35\r\n$GPGGA,junk\r\n!AIVDM,1")
>>> block.counts[1], block.tables[1]["mmsi"].tolist(), block.tables[1]["lat"].tolist()
(1, [244710820], [31832823])
>>> block.refused
Counter({<Reason.NOT_AIS: 'not-ais'>: 1})
>>> decoder.flush().refused
Counter({<Reason.NO_CHECKSUM: 'no-checksum'>: 1})
"""

from collections import Counter

import numpy as np

from port2port.protocols.ais.columns.assembling import ORIGIN_SHIFT, CountingAssembler, Found, one_by_one, pairs_of
from port2port.protocols.ais.columns.block import NO_TIME, Arrived, Block, block_of
from port2port.protocols.ais.columns.framing import (
    MAX_RAW_LINE,
    Lines,
    Pieces,
    Sentences,
    free_from,
    laid_out,
    one_of,
    sentences,
    split,
)
from port2port.protocols.ais.columns.gathered import Gathered
from port2port.protocols.ais.columns.tagged import Tagged, tags_off
from port2port.protocols.ais.columns.words import Bytes, Offsets
from port2port.protocols.ais.decode import decode
from port2port.protocols.ais.nmea import MAX_LINE, Payload
from port2port.protocols.ais.reasons import BadPayload, Reason

NOT_AIS = one_of(b"$#")  # by the first byte of a line
FEW_LINES = 128  # below, line by line is faster than the fixed cost of array calls, about a millisecond
FEW_BYTES = 100 * FEW_LINES  # above, lines are not even counted


class BulkDecoder:
    """Decodes a stream fed in pieces of any size; how it is cut into pieces does not matter.

    Between pieces it keeps the unfinished line and the unfinished messages in parts, both bounded. Nothing in the
    bytes makes it raise: what is refused is counted by reason.
    """

    def __init__(self) -> None:
        self._assembler = CountingAssembler()
        self._rest = b""
        self._dropping = False  # within a line that is too long already

    def feed(self, chunk: bytes, *, at_ms: int = 0) -> Block:
        """Decode what has become whole with this chunk, received at a time that only ages unfinished messages."""
        self._assembler.refused = Counter()
        texts = self._whole_lines(chunk)
        size = sum(map(len, texts))
        if size < FEW_BYTES and sum(bytes(text).count(b"\n") for text in texts) < FEW_LINES:
            return self._line_by_line(b"".join(texts), at_ms)
        return self._in_bulk(texts, size, at_ms)

    def flush(self, *, at_ms: int = 0) -> Block:
        """Decode the last line though no newline ended it, and give up on unfinished messages."""
        block = self.feed(b"\n", at_ms=at_ms)
        self._assembler.flush()
        return block

    def _whole_lines(self, chunk: bytes) -> tuple[bytes, memoryview]:
        """Cut after the last newline and keep the rest: the line begun before, then the others, not copied."""
        end = chunk.rfind(b"\n") + 1
        begun = chunk.find(b"\n") + 1
        first = b"" if self._dropping or not end else self._rest + chunk[:begun]
        if end:
            self._dropping = False
            self._rest = b""
        self._keep(chunk[end:])
        return first, memoryview(chunk)[begun:end]

    def _keep(self, rest: bytes) -> None:
        """Keep an unfinished line, unless it is too long already."""
        if self._dropping:
            return
        self._rest += rest
        if len(self._rest) > MAX_RAW_LINE:
            self._rest, self._dropping = b"", True
            self._refuse(Reason.TOO_LONG)

    def _refuse(self, reason: Reason, count: int = 1) -> None:
        if count:
            self._assembler.refused[reason] += count

    def _line_by_line(self, text: bytes, at_ms: int) -> Block:
        """Decode few lines by the scalar path."""
        arrived: list[Arrived] = []
        for row, line in enumerate(text.split(b"\n")):
            if len(line) > MAX_RAW_LINE:
                self._refuse(Reason.TOO_LONG)
            elif (payload := self._assembler.feed(line, at_ms=at_ms)) is not None:
                self._decode(row, payload, arrived)
        return block_of(arrived, self._assembler.refused)

    def _decode(self, row: int, payload: Payload, arrived: list[Arrived]) -> None:
        try:
            message = decode(payload)
        except BadPayload as bad:
            self._refuse(bad.reason)
        else:
            arrived.append((row, NO_TIME if payload.received_s is None else payload.received_s, message))

    def _in_bulk(self, texts: tuple[bytes, memoryview], size: int, at_ms: int) -> Block:
        """Decode many lines: the common ones in bulk, the others line by line, all messages into columns."""
        buffer = laid_out(*texts, spare=size // 2)
        lines, too_long = split(buffer, size)
        self._refuse(Reason.TOO_LONG, too_long)
        tagged = tags_off(buffer, lines)
        found = sentences(buffer, tagged.lines)
        self._refuse(Reason.BAD_TAG_BLOCK, int(np.count_nonzero(tagged.spoilt[found.whole.line])))
        gathered = Gathered(buffer, free_from(size))
        gathered.add_found(found.whole, tagged.received_s[found.whole.line])
        self._assemble(gathered, lines, tagged, found, at_ms)
        return gathered.block(self._assembler.refused)

    def _assemble(self, gathered: Gathered, lines: Lines, tagged: Tagged, found: Sentences, at_ms: int) -> None:
        """Add the messages in parts and those of uncommon lines."""
        if len(found.parts.line):
            self._assembler.expire(at_ms)
        texts = _texts(gathered.buffer, lines, self._uncommon(gathered.buffer, lines, found.others))
        origins = tagged.origin[found.parts.line].astype(np.uint64) << np.uint64(ORIGIN_SHIFT)
        parts = Found(found.parts.line, found.part, found.key | origins)
        pairs, left = pairs_of(parts, texts, self._assembler)
        texts.update(_texts(gathered.buffer, lines, found.parts.line[left]))
        first, second = found.parts.of(pairs[:, 0]), found.parts.of(pairs[:, 1])
        gathered.add_pairs(first, second, _either(tagged.received_s, first, second))
        passed = np.sort(found.parts.line[pairs.ravel()])
        self._refuse(Reason.BAD_TAG_BLOCK, int(np.count_nonzero(tagged.spoilt[passed])))
        gathered.add_payloads(one_by_one(texts, passed, self._assembler, at_ms=at_ms))

    def _uncommon(self, buffer: Bytes, lines: Lines, others: Offsets) -> Offsets:
        """Count other sentences and comments, of which some logs are full, at a glance; give the lines left."""
        glance = NOT_AIS[buffer[lines.starts[others]]] & (lines.ends[others] - lines.starts[others] <= MAX_LINE)
        self._refuse(Reason.NOT_AIS, int(np.count_nonzero(glance)))
        return others[~glance]


def _texts(buffer: Bytes, lines: Lines, numbers: Offsets) -> dict[int, bytes]:
    """Cut some lines out of the buffer."""
    text = buffer.data
    bounds = zip(numbers.tolist(), lines.starts[numbers].tolist(), lines.ends[numbers].tolist(), strict=True)
    return {number: bytes(text[start:end]) for number, start, end in bounds}


def _either(received_s: Offsets, first: Pieces, second: Pieces) -> Offsets:
    """The time of part 1, or of part 2 where part 1 has none."""
    earlier = received_s[first.line]
    return np.where(earlier == NO_TIME, received_s[second.line], earlier)
