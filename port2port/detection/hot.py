"""The hot endpoints of detection: sentences over HTTP, and how many were accepted.

    POST /ingest/ais?feed=NAME                      lines of a feed of this deployment
    POST /ingest/ais?area=AREA&origin=replay        lines of a recorded log, with &keep_times=1 to history only
    GET  /ingest/accepted                           lines on disk and lines refused, by feed, since the start

An answer 202 means that the lines are on disk. A request under an `Idempotency-Key` may be repeated until it is
answered: it is written once.
"""

import asyncio
from collections import Counter
from urllib.parse import parse_qs

from port2port.audit.store import Unfit
from port2port.detection.actions import PURPOSE
from port2port.detection.feeds import Feeds
from port2port.detection.feeds.intake import Intake, Writer, sentences_event
from port2port.detection.sensors.ais.lines import NOT_STORED, Sieve
from port2port.engine.clock import REAL, Clock
from port2port.engine.events import Event, Label, Origin
from port2port.engine.journal import KeyReused
from port2port.rights.hot import HotRoute, Receive, Scope, Send, answer, header, problem
from port2port.rights.rules import Actor, NotYours

MOST_BODY = 1024 * 1024
MOST_WAITING = 16 * 1024 * 1024  # bytes of requests that wait for the journal
MOST_KEY = 120
ANSWER_S = 15.0
ORIGINS = {"": None, "live": Origin.LIVE, "replay": Origin.REPLAY, "exercise": Origin.EXERCISE}


class BadRequest(ValueError):
    """The request makes no sense; the message names the part and says why."""


class Ingest:
    """Takes sentences over HTTP."""

    def __init__(self, feeds: Feeds, journal: Writer, *, clock: Clock = REAL) -> None:
        self._feeds, self._journal, self._clock = feeds, journal, clock
        self._waiting = 0

    async def take(self, scope: Scope, receive: Receive, send: Send, actor: Actor) -> None:
        """Take the lines of one request; answer when they are on disk."""
        try:
            intake, keeps_times = self._intake(scope, actor)
            key = _key(scope)
        except BadRequest as error:
            await problem(send, 400, "Bad request", str(error))
            return
        except NotYours as error:
            await problem(send, 403, "Not allowed", f"You may not write for {error.facts['area']}")
            return
        body = await _body(scope, receive)
        if body is None:
            await problem(send, 413, "Too large", f"Send at most {MOST_BODY} bytes at a time")
        elif self._waiting + len(body) > MOST_WAITING:
            await _try_again(send, "The journal is behind")
        else:
            await self._write(send, intake, body, key=key, keeps_times=keeps_times)

    def _intake(self, scope: Scope, actor: Actor) -> tuple[Intake, bool]:
        """Find which feed the lines belong to, and whether they keep their own times.

        Raises BadRequest, and NotYours where the actor may not write for the area.
        """
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        origin = query.get("origin", "")
        if origin not in ORIGINS:
            raise BadRequest(f"origin: {origin[:40]!r} is not one of {', '.join(sorted(ORIGINS)[1:])}")
        feed, area = query.get("feed", ""), query.get("area", "")
        keeps_times = query.get("keep_times", "0") in {"1", "true"}
        if feed:
            if feed not in self._feeds.intakes:
                raise BadRequest(f"feed: {feed[:40]!r} is not a feed of this deployment")
            return _allowed(self._feeds.intakes[feed], actor), keeps_times
        if not area:
            raise BadRequest("feed: name the feed, or the area the lines belong to")
        if not actor.may("ingest.write", area=area):
            raise NotYours("not_your_area", area=area[:40])
        whose = ORIGINS[origin] or self._feeds.origin
        label = Label(area, "port2port", PURPOSE)
        return self._feeds.intake(f"{whose}-{area}", label, whose), keeps_times

    async def _write(self, send: Send, intake: Intake, body: bytes, *, key: str | None, keeps_times: bool) -> None:
        raw, lines, refused = _sifted(body)
        if not lines:
            intake.refused.update(refused)
            await answer(send, 202, {"accepted": 0, "refused": refused, "position": 0})
            return
        event = sentences_event(
            intake.feed, raw, label=intake.label, at=self._clock.now(), origin=intake.origin, lines=lines, key=key,
            keeps_times=keeps_times,
        )  # fmt: skip
        self._waiting += len(body)
        try:
            writing = asyncio.shield(asyncio.wrap_future(self._journal.append(event)))  # goes on if nobody waits
            written = await asyncio.wait_for(writing, ANSWER_S)
        except Unfit as error:
            await problem(send, 400, "Bad request", str(error))
        except KeyReused:
            await problem(send, 409, "Key used before", "This Idempotency-Key came earlier with other lines")
        except Exception:  # noqa: BLE001 - whatever the database said: not received, and told so
            intake.refused[NOT_STORED] += lines
            await _try_again(send, "The lines could not be written")
        else:
            self._count(intake, event, written, refused)
            await answer(send, 202, {"accepted": written.count, "refused": refused, "position": written.position})
        finally:
            self._waiting -= len(body)

    @staticmethod
    def _count(intake: Intake, sent: Event, written: Event, refused: dict[str, int]) -> None:
        """Count what is new; a repeat was counted when it came first."""
        if written.id == sent.id:
            intake.stored(written)
            intake.refused.update(refused)

    async def told(self, scope: Scope, receive: Receive, send: Send, actor: Actor) -> None:
        """Tell how many lines were accepted and refused, in the areas of who asks."""
        mine = [name for name, intake in self._feeds.intakes.items() if intake.label.area in actor.areas]
        accepted, refused = self._feeds.accepted(), self._feeds.refused()
        await answer(send, 200, {
            "accepted": {name: accepted[name] for name in mine},
            "refused": {name: refused[name] for name in mine},
        })  # fmt: skip


def _allowed(intake: Intake, actor: Actor) -> Intake:
    if not actor.may("ingest.write", area=intake.label.area):
        raise NotYours("not_your_area", area=intake.label.area)
    return intake


def _sifted(body: bytes) -> tuple[bytes, int, dict[str, int]]:
    sieve = Sieve()
    lines, count = sieve.sift(body)
    rest, more = sieve.flush()
    return lines + rest, count + more, dict(Counter(sieve.refused))


def _key(scope: Scope) -> str | None:
    key = header(scope, b"idempotency-key")
    if len(key) > MOST_KEY:
        raise BadRequest(f"Idempotency-Key: at most {MOST_KEY} characters")
    return key or None


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Read the body; None where it is too large."""
    length = header(scope, b"content-length")
    if length.isdigit() and int(length) > MOST_BODY:
        return None
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BODY:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return b"".join(parts)


async def _try_again(send: Send, detail: str) -> None:
    await problem(send, 503, "Not received", f"{detail}; send it again in a moment")


def routes(feeds: Feeds, journal: Writer, *, clock: Clock = REAL) -> list[HotRoute]:
    """Declare the hot endpoints of detection."""
    ingest = Ingest(feeds, journal, clock=clock)
    return [
        HotRoute("POST", "/ingest/ais", "ingest.write", ingest.take),
        HotRoute("GET", "/ingest/accepted", "ingest.write", ingest.told),
    ]
