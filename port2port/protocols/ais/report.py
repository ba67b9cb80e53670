"""What an AIS file says, one JSON-ready dict a message: the matter of `port2port decode ais FILE`.

Every field stands under its common name and in its common unit; "not available" stays the standard's value (91,
181, 511, 102.3), enumerations are integers, a text is cut at the first '@', a field that was not sent is None, raw
bits are base 64. `docs/ais-differences.md` lists where this differs from pyais.

>>> report = Report()
>>> [message] = report.read([b"# a comment", b"!AIVDM,1,1,,B,13aGua?P00PHfERNFruh0?vN289E,0*35"])
>>> message["msg_type"], message["mmsi"], message["lat"], message["channel"]
(1, 244710820, 53.054705, 'B')
>>> report.counts
Counter({1: 1})
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from port2port.protocols.ais.decode import decode
from port2port.protocols.ais.nmea import MAX_LINE, Assembler, Payload
from port2port.protocols.ais.reasons import PLACE, SAYS, BadPayload, Reason

NO_FAULT = frozenset({Reason.NOT_AIS})


class BadInput(ValueError):
    """The first bad line of a file read strictly: its number, the field and the reason."""

    def __init__(self, line: int, field: str, reason: Reason) -> None:
        self.line, self.field, self.reason = line, field, reason
        super().__init__(f"line {line}: {field} {SAYS[reason]} ({reason.value})")


class Report:
    """Reads lines into dicts; keeps the counts by message number and the refusals by reason.

    With `strict`, the first bad line raises BadInput; other sentences, comments and blank lines are no fault.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.counts: Counter[int] = Counter()
        self.line = 0
        self._assembler = Assembler(self._refused)

    @property
    def refused(self) -> Counter[Reason]:
        """Count refusals by reason."""
        return self._assembler.refused

    def read(self, lines: Iterable[bytes]) -> Iterator[dict[str, object]]:
        """Give every message of these lines."""
        for line in lines:
            self.line += 1
            payload = self._assembler.feed(line)
            if payload is not None and (printed := self._message(payload)) is not None:
                yield printed
        self._assembler.flush()

    def _message(self, payload: Payload) -> dict[str, object] | None:
        try:
            message = decode(payload)
        except BadPayload as bad:
            self.refused[bad.reason] += 1
            self._refused(bad.reason)
            return None
        self.counts[message.type] += 1
        printed = {name: _json(value) for name, value in message.scaled().items()}
        return {**printed, **_envelope(payload)}

    def _refused(self, reason: Reason) -> None:
        if self.strict and reason not in NO_FAULT:
            raise BadInput(self.line, PLACE[reason], reason)


def _json(value: object) -> object:
    return b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def _envelope(payload: Payload) -> dict[str, object]:
    """Tell what the sentence said about the message."""
    envelope: dict[str, object] = {"talker": payload.talker, "channel": payload.channel, "own": payload.own}
    if payload.source:
        envelope["source"] = payload.source
    if payload.received_s is not None:
        envelope["received_s"] = payload.received_s
    return envelope


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Read lines; of one that is too long only so much as shows that it is."""
    while line := file.readline(MAX_LINE + 3):
        yield line
        while len(line) > MAX_LINE + 2 and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE + 3)


def decode_file(path: Path, *, strict: bool = False) -> Iterator[dict[str, object]]:
    """Give every message of a file; with `strict` the first bad line raises BadInput."""
    with path.open("rb") as file:
        yield from Report(strict=strict).read(lines_of(file))
