"""The output: a TCP port on which other receivers (gpsd, OpenCPN) hear every sound sentence that was accepted."""

import asyncio
import contextlib

from port2port.detection.sensors.ais.lines import sound_sentences

MOST_CLIENTS = 32
CLOSE_S = 1.0
MOST_BEHIND = 1024 * 1024  # bytes; a client that reads more slowly than this is cut


class Output:
    """Clients only listen; what they send is thrown away."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.cut = 0

    async def open(self, host: str, port: int) -> None:
        """Listen; raises OSError where the port is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Hang up."""
        if self._server is not None:
            self._server.close()
        clients = list(self._clients)
        for client in clients:
            client.close()
        if clients:
            await asyncio.wait([asyncio.ensure_future(client.wait_closed()) for client in clients], timeout=CLOSE_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MOST_CLIENTS:
            writer.close()
            return
        self._clients.add(writer)
        try:
            with contextlib.suppress(ConnectionError):
                while await reader.read(1024):
                    pass
        finally:
            self._clients.discard(writer)
            writer.close()

    def give(self, raw: bytes) -> None:
        """Send the sound sentences of some accepted lines to every client."""
        if not self._clients:
            return
        sentences = b"".join([sentence + b"\r\n" for sentence in sound_sentences(raw)])
        for client in list(self._clients):
            if client.transport.get_write_buffer_size() > MOST_BEHIND:
                self.cut += 1
                client.transport.abort()
                self._clients.discard(client)
            elif sentences:
                client.write(sentences)
