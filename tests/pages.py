"""What the stories do without a browser: sign in by tile with cookies by hand, ask pages, listen to the stream."""

import http.client
import json
import time

FORM = "application/x-www-form-urlencoded"


class Desk:
    """One signed-in person at one server."""

    def __init__(self, server, cookie):
        self.server, self.cookie = server, cookie

    def ask(self, method, path, body=None, **headers):
        """Ask a page as the browser does; give status, headers and text."""
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        head = {"Host": f"localhost:{self.server.port}", "Cookie": self.cookie, "Origin": self.server.url}
        try:
            link.request(method, path, body=body, headers=head | headers)
            reply = link.getresponse()
            return reply.status, reply.getheaders(), reply.read().decode()
        finally:
            link.close()


def sign_in(server, name="Sam Voorbeeld"):
    """Press the tile of a demo person; give the Cookie header."""
    _, headers, page = Desk(server, "").ask("GET", "/signin")
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    tile = next(part for part in page.split("<form")[1:] if name in part)
    action = tile.split('action="')[1].split('"')[0]
    desk = Desk(server, cookies(headers))
    status, headers, _ = desk.ask("POST", action, f"csrfmiddlewaretoken={token}", **{"Content-Type": FORM})
    assert status == 302, status
    return cookies(headers)


def cookies(headers):
    """Give the cookies that were set, as a browser sends them back."""
    return "; ".join(value.split(";")[0] for name, value in headers if name.lower() == "set-cookie")


class Listener:
    """Reads a stream and forgets nothing."""

    def __init__(self, server, cookie):
        self.link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)
        self.link.request("GET", "/stream", headers={"Host": f"localhost:{server.port}", "Cookie": cookie})
        self.reply = self.link.getresponse()
        assert self.reply.status == 200
        self.said = []
        self._event = ""

    def listen(self):
        """Read one line more; False where the server ended the stream."""
        line = self.reply.readline().decode()
        if line.startswith("event: "):
            self._event = line[7:].rstrip("\n")
        elif line.startswith("data: "):
            self.said.append((self._event, json.loads(line[6:])))
        return bool(line)

    def heard(self, kind, test, within_s=20):
        """Give the first message of a kind that passes a test, whether it came already or comes in time."""
        until, read = time.monotonic() + within_s, 0
        while time.monotonic() < until:
            for said, body in self.said[read:]:
                if said == kind and test(body):
                    return body
            read = len(self.said)
            if not self.listen():
                break
        raise AssertionError(f"no such {kind} message in {within_s} s")

    def ends(self, within_s=10):
        """Read until the server ends the stream; give the moment, in seconds since 1970."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if not self.listen():
                return time.time()
        raise AssertionError(f"the stream still speaks after {within_s} s")
