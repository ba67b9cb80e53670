"""Messages in parts: in bulk where that is certain, else line by line, with one assembler behind both.

>>> head_of(b"AI", b"VDM", b"2", b"3", b"A") == head_of(b"AI", b"VDO", b"2", b"3", b"A")
False
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from port2port.protocols.ais.columns.pairs import Pairs, Parts, State, Waits, among, clean_pairs
from port2port.protocols.ais.columns.words import Offsets
from port2port.protocols.ais.nmea import Assembler, Payload

MAYBE_PART = re.compile(rb"!(..)(VDM|VDO),([2-9]),[1-9],([0-9]{0,2}),([0-9A-Za-z]{0,2}),", re.DOTALL)
HEAD_BITS = np.uint64(0xFFFF_FF00_00FF_FF00)  # of a key; the rest is the number of the origin
ORIGIN_SHIFT = 24


def head_of(talker: bytes, formatter: bytes, total: bytes, sequence: bytes, channel: bytes) -> int:
    """Pack what tells messages of two parts apart into the integer of `framing.Sentences.key`; 0 for any other."""
    if total != b"2" or len(sequence) != 1 or len(channel) > 1:
        return 0
    packed = b"\0" + talker + b"\0\0" + formatter[2:] + sequence + channel.ljust(1, b"\0")
    return int.from_bytes(packed, "little")


class CountingAssembler(Assembler):
    """An assembler beside which others join messages: it is told of the parts it does not see."""

    def passed_by(self, parts: int) -> None:
        """Count parts that were joined elsewhere; messages age by them."""
        self._parts_seen += parts

    def expire(self, at_ms: int) -> None:
        """Give up on what waited too long."""
        self._forget(at_ms)

    def waiting(self) -> Iterable[tuple[int, bool, State]]:
        """Tell the head, whether parts have an origin, and the state of each message that waits."""
        for (*head, origin), pending in self._pending.items():
            waits = Waits.FIRST if 1 in pending.parts else Waits.SECOND
            since = pending.since_part - self._parts_seen
            yield head_of(*head), bool(origin), State(waits, latest=since, earliest=since)


@dataclass(frozen=True, slots=True)
class Found:
    """Parts found in bulk, in order of arrival: line, part (1 or 2) and key."""

    line: Offsets
    part: npt.NDArray[np.integer]
    key: npt.NDArray[np.uint64]


def pairs_of(found: Found, doubtful: dict[int, bytes], assembler: CountingAssembler) -> tuple[Pairs, Offsets]:
    """Choose the pairs to join in bulk; give them, and the rows that the assembler must see.

    `doubtful` are the lines that it sees anyway, by number. Keys that one of them may share are left to it.
    """
    likely = {line: heads for line, text in doubtful.items() if (heads := _heads_in(text))}
    kept_out = {head for heads in likely.values() for head in heads}
    states: dict[int, State] = {}
    for head, has_origin, state in assembler.waiting():
        if has_origin:
            kept_out.add(head)
        else:
            states[head] = state
    free = np.flatnonzero(~among(found.key & HEAD_BITS, kept_out))
    least = np.arange(1, len(found.line) + 1)
    most = least + np.searchsorted(np.array(sorted(likely), dtype=np.int64), found.line)
    parts = Parts(found.key, found.part, least, most)
    pairs, _ = clean_pairs(parts.of(free), {head: state for head, state in states.items() if head not in kept_out})
    pairs = free[pairs]
    left = np.ones(len(found.line), dtype=np.bool_)
    left[pairs.ravel()] = False
    return pairs, np.flatnonzero(left)


def _heads_in(text: bytes) -> list[int]:
    """Find the heads of all that looks like a part in a line."""
    return [head_of(*match.groups()) for match in MAYBE_PART.finditer(text)]


def one_by_one(
    lines: dict[int, bytes], passed: Offsets, assembler: CountingAssembler, *, at_ms: int
) -> list[tuple[int, Payload]]:
    """Feed lines to the assembler in order; `passed` are the lines joined in bulk, which it only counts."""
    whole = []
    counted = 0
    ordered = sorted(lines)
    for line, before in zip(ordered, np.searchsorted(passed, ordered).tolist(), strict=True):
        assembler.passed_by(before - counted)
        counted = before
        payload = assembler.feed(lines[line], at_ms=at_ms)
        if payload is not None:
            whole.append((line, payload))
    assembler.passed_by(len(passed) - counted)
    return whole
