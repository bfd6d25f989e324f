"""A server on loopback that serves files as servers do, and breaks off as lines do."""

import contextlib
import http.server
import threading
from collections.abc import Iterator


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; counts the bytes it sends, and closes connections after `cut` bytes of a body."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.sent, self.cut, self.ranges, self.asked = {}, 0, [], True, []

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, data = self.server, self.server.files.get(self.path[1:])
        asked = self.headers.get("Range")
        server.asked.append((self.path[1:], asked))
        if data is None:
            return self.send_error(404)
        start = int(asked[len("bytes=") : -1]) if asked and server.ranges else 0
        if start and start >= len(data):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(data)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        body = data[start:]
        if server.cut:
            body = body[: server.cut.pop(0)]
            self.close_connection = True
        self.wfile.write(body)
        server.sent += len(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """A server while it runs."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()
