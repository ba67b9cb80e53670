"""What detection tells: bytes of sensors, as they were received and before anybody understood them."""

import msgspec


class SentencesReceived(msgspec.Struct, frozen=True):
    """Whole lines of one feed that came together; the envelope says when they were received.

    `feed` is the stable name of the source: multi-part messages are joined within a feed, never across.
    `keeps_times` asks that the lines only be written to history, at the times their tag blocks give.
    """

    feed: str
    raw: bytes
    keeps_times: bool = False
