"""The live stream: one for each browser (GET /stream)."""

from port2port.control.stream import Stream
from port2port.rights.hot import HotRoute, Receive, Scope, Send
from port2port.rights.rules import Actor


def routes(stream: Stream) -> list[HotRoute]:
    """Declare the hot endpoints of the control room."""

    async def live(scope: Scope, receive: Receive, send: Send, actor: Actor) -> None:
        await stream.serve(receive, send, actor=actor, session=scope["p2p.session"])

    return [HotRoute("GET", "/stream", "picture.see", live)]
