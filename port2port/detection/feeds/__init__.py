"""Feeds: where bytes of sensors come in, and where sound sentences go out again.

Everything here runs on the event loop of the server. Lines are gathered for at most 20 ms, handed to the journal,
and counted as accepted when they are on disk. Memory is bounded: when the journal lags, datagrams are dropped and
counted, and connections are read more slowly.
"""

from port2port.detection.feeds.keeping import Feeds, Plan, start_feeds

__all__ = ["Feeds", "Plan", "start_feeds"]
