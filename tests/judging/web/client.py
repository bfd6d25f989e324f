"""A browser's part of a conversation with the application, without a network."""

import asyncio
import dataclasses
import http.cookies
import re
import urllib.parse

from partsjax.judging.web.app import application
from partsjax.judging.web.serving import Serving

ORIGIN = "http://study.test"


@dataclasses.dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def hidden(self, name: str) -> str:
        """What the page's form has in a hidden field."""
        return re.search(rf'name="{name}" value="([^"]*)"', self.text)[1]


class Site:
    """A study being served, in an event loop of its own."""

    def __init__(self, folder, serving=None):
        self.loop = asyncio.new_event_loop()
        self.app = application(folder, serving or Serving())
        self.shared = self.app._application.state.shared

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_) -> None:
        self.shared.close()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    async def ask(self, method: str, address: str, headers: dict[str, str], pieces=(b"",)) -> Reply:
        path, _, query = address.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": urllib.parse.unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
            "server": ("study.test", 80),
            "client": ("127.0.0.1", 1),
        }
        waiting, replied, body = list(pieces), {}, bytearray()

        async def receive():
            if waiting:
                return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}
            return {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                replied.update(message)
            else:
                body.extend(message.get("body", b""))

        await self.app(scope, receive, send)
        names = {name.decode(): value.decode() for name, value in replied["headers"]}
        return Reply(replied["status"], names, bytes(body))


class Browser:
    """Keeps cookies, and says where a posting comes from."""

    def __init__(self, site: Site):
        self.site, self.cookies = site, {}

    def get(self, address: str, **headers) -> Reply:
        return self._ask("GET", address, {}, headers)

    def post(self, address: str, fields=(), **headers) -> Reply:
        data = urllib.parse.urlencode(fields or {}, doseq=True).encode()
        return self.send(address, [data], **headers)

    def send(self, address: str, pieces, **headers) -> Reply:
        given = {"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN}
        return self._ask("POST", address, given, headers, pieces)

    def _ask(self, method, address, given, headers, pieces=(b"",)) -> Reply:
        headers = {"Host": "study.test", **given, **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {name: value for name, value in headers.items() if value is not None}
        reply = self.site.loop.run_until_complete(self.site.ask(method, address, headers, pieces))
        if "set-cookie" in reply.headers:
            for name, morsel in http.cookies.SimpleCookie(reply.headers["set-cookie"]).items():
                self.cookies[name] = morsel.value
        return reply
