"""A deployment that stands for a whole file of tests, on the servers of the run."""

import contextlib
import os

from tests.deployment import Deployment
from tests.own_servers import OwnNats, fresh_database


@contextlib.contextmanager
def standing(folder, **settings):
    """Start a deployment, with a database and a NATS of its own in the second run; everything ends behind it."""
    with contextlib.ExitStack() as held:
        outside = {}
        if os.environ.get("P2P_TEST_SERVERS") == "1":
            nats = OwnNats(folder / "nats")
            nats.start()
            held.callback(nats.stop)
            outside = {"DATABASE_URL": held.enter_context(fresh_database()), "NATS_URL": nats.url}
        deployment = Deployment(folder / "state", **outside, **settings)
        held.callback(deployment.stop)
        yield deployment.start()
