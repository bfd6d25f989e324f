"""Many raters at once over loopback, as browsers ask; each remembers what the server acknowledged."""

import contextlib
import http.client
import re
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from partsjax.judging import store
from partsjax.judging.raters import add_rater
from partsjax.judging.store import Store
from partsjax.judging.tokens import Bearer, make_token

ROOT = Path(__file__).parents[3]
_SERVE = """
import sys, pathlib
from partsjax.judging.web.server import listening, serve
from partsjax.judging.web.serving import Serving
{before}
place = listening("127.0.0.1", int(sys.argv[2]))
print(place.getsockname()[1], flush=True)
serve(pathlib.Path(sys.argv[1]), Serving(batches={batches}), place)
"""


@contextlib.contextmanager
def served(folder: Path, port: int = 0, before: str = "", batches: int = 1) -> Iterator[tuple]:
    """A server in a process of its own, and its port; before: code that runs in it first."""
    program = _SERVE.format(before=before, batches=batches)
    line = [sys.executable, "-c", program, str(folder), str(port)]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def tokens(folder: Path, number: int) -> list[str]:
    """Of new raters, who are simulated."""
    with Store(folder / store.DATABASE) as opened, opened.transaction() as written:
        raters = [add_rater(written, "simulated") for _ in range(number)]
        return [make_token(written, Bearer("rater", rater)) for rater in raters]


class Rater:
    """One of the crowd: answers until nothing is left, or the server is gone."""

    def __init__(self, cookie: str, token: str, pictures: bool = False):
        self._headers = {"Cookie": f"{cookie}={token}"}
        self._pictures = pictures
        self.acknowledged: dict[int, str] = {}  # by position, the key of what was said
        self.seconds: list[float] = []  # of each answer and the next page together
        self._unsure: dict[str, str] | None = None  # sent, and not acknowledged
        self.done = False

    def work(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.connect()
            self._connection = connection
            self._work()

    def _work(self) -> None:
        if self._unsure:  # as the page's script does: the same form again
            self._send(self._unsure)
        _, text = self._ask("GET", "/")
        while not self.done:
            if text.startswith("/"):
                self.done = text == "/done"
                if text == "/instructions":
                    _, text = self._ask("POST", "/begin", {})
                elif text == "/batch":
                    _, text = self._ask("POST", "/batch", {})
                else:
                    _, text = self._ask("GET", text)
                continue
            if 'id="answer"' not in text:  # feedback on the practice
                _, text = self._ask("GET", "/rate")
                continue
            start = time.perf_counter()
            names = {
                name: re.search(rf'name="{name}" value="([^"]*)"', text)[1] for name in ("position", "key")
            }
            self._send(names | {"consistent": "no", "sure": "2", "seconds": "0.5"})
            _, text = self._ask("GET", "/rate")
            self.seconds.append(time.perf_counter() - start)
            if self._pictures:
                for name in re.findall(r'<img src="(/images/[^"]*)"', text):
                    self._ask("GET", name)

    def _send(self, fields: dict[str, str]) -> None:
        self._unsure = fields
        status, _ = self._ask("POST", "/answer", fields)
        if status != 303:
            raise RuntimeError(f"an answer was refused with {status}")
        self.acknowledged[int(fields["position"])] = fields["key"]
        self._unsure = None

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        """The status, and the page, or where it leads to."""
        headers = self._headers
        if fields is not None:
            headers = headers | {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://127.0.0.1:{self._connection.port}",
            }
        body = None if fields is None else urllib.parse.urlencode(fields)
        self._connection.request(method, path, body, headers)
        reply = self._connection.getresponse()
        data = reply.read()
        where = reply.getheader("location")
        return reply.status, where or data.decode("utf-8", "replace")


def work_at_once(raters: list[Rater], port: int) -> None:
    """All of them, until each has finished or the server is gone."""
    threads = [threading.Thread(target=rater.work, args=(port,)) for rater in raters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def kept(folder: Path) -> dict[tuple[int, int], list[str]]:
    """By rater and position, the keys of all answers in the file, one for each time it is there."""
    found: dict[tuple[int, int], list[str]] = {}
    with Store(folder / store.DATABASE) as opened:
        for rater, position, key in opened.connection.execute("SELECT rater, position, key FROM answers"):
            found.setdefault((rater, position), []).append(key)
    return found


def quantile(raters: list[Rater], share: float) -> float:
    """Of the seconds of all raters."""
    seconds = sorted(one for rater in raters for one in rater.seconds)
    return seconds[min(len(seconds) - 1, int(share * len(seconds)))]
