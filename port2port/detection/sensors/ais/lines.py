r"""Which lines of an AIS feed are taken in: the sieve in front of the journal.

What can be no sentence is refused here and counted; everything else is kept as it came, and judged when it is
decoded, so that the record holds what the sensor said.

>>> sieve = Sieve()
>>> sieve.sift(b"!AIVDM,1,1,,A,13aGua?P00PHfERNFruh0?vN289E,0*36\r\nhello\n!AIV")
(b'!AIVDM,1,1,,A,13aGua?P00PHfERNFruh0?vN289E,0*36\n', 1)
>>> sieve.refused, sieve.rest
(Counter({'not-a-sentence': 1}), b'!AIV')
"""

import re
from collections import Counter

from port2port.protocols.ais.nmea import MAX_LINE, checksum, split_tags

NOT_A_SENTENCE, OVERSIZED, OVERLOAD, NOT_STORED = "not-a-sentence", "line-too-long", "overload", "not-stored"
SENTENCE = re.compile(rb"!..VD[MO],([1-9]),([1-9]),([^,]*),[^,]*,[^,]+,[0-5]\*([0-9A-Fa-f]{2})")


class Sieve:
    """Cuts a stream of bytes into lines, over the seams of its pieces; `rest` is the line that is not whole yet."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.rest = b""
        self._skipping = False

    def sift(self, piece: bytes) -> tuple[bytes, int]:
        """Give the lines that are taken in, each ended by a newline, and their number."""
        lines = (self.rest + piece).replace(b"\r", b"\n").split(b"\n")
        self.rest = lines.pop()
        if self._skipping and lines:
            self._skipping, lines[0] = False, b""
        kept = [line for line in lines if line and self._is_taken(line)]
        if len(self.rest) > MAX_LINE:
            self._overflow()
        return b"".join([line + b"\n" for line in kept]), len(kept)

    def flush(self) -> tuple[bytes, int]:
        """Take the rest as a line: the source will send no more, as at the end of a datagram."""
        return self.sift(b"\n") if self.rest or self._skipping else (b"", 0)

    def _is_taken(self, line: bytes) -> bool:
        if len(line) > MAX_LINE:
            self.refused[OVERSIZED] += 1
        elif b"!" not in line:
            if line.strip():
                self.refused[NOT_A_SENTENCE] += 1
        else:
            return True
        return False

    def _overflow(self) -> None:
        """Throw away a line that grows without end; what follows until the next newline goes with it."""
        if not self._skipping:
            self.refused[OVERSIZED] += 1
        self.rest, self._skipping = b"", True


def sound_sentences(raw: bytes) -> list[bytes]:
    """Give the sentences whose form and checksum hold, without tag blocks, for other receivers."""
    sound = []
    for line in raw.split(b"\n"):
        sentence, _, _ = split_tags(line.strip())
        found = SENTENCE.match(sentence)
        if found and found[1] >= found[2] and checksum(sentence[1 : found.end(4) - 3]) == int(found[4], 16):
            sound.append(found[0])
    return sound
