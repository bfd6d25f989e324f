"""Fifty raters at once over loopback, and a server that dies under them: no answer lost, none doubled."""

import signal
import socket
import threading
import time

import pytest

from partsjax.judging import store
from partsjax.judging.store import Store
from tests.judging import studies
from tests.judging.web import crowd

pytestmark = pytest.mark.slow
RATERS = 50

# Dies with answers written that are not on the disk yet; what was acknowledged before has time to arrive.
_DIES = """
import os, time
from partsjax.judging.store import Store
real, commits = Store.commit, []
def commit(self):
    commits.append(1)
    if len(commits) == 40:
        time.sleep(0.3)
        os._exit(9)
    real(self)
Store.commit = commit
"""


MALFORMED = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60) + b"\r\n\r\n",  # TLS
    b"GET\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",  # no host
    b"GET / HTTP/1.1\r\nHost: x\r\nx: " + b"a" * 200_000,
    b"POST /answer HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\n",
    b"POST /answer HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
)


def _status(port: int, asked: bytes) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(asked)
        return int(connection.recv(4096).split()[1])


@pytest.fixture
def folder(tmp_path):
    study = studies.study(filters=60, raters_per_item=10)
    return studies.folder(tmp_path / "S", study)


def test_every_acknowledged_answer_is_there_once_whenever_the_server_dies(folder):
    cookie = f"rater_{studies.study(filters=60).digest[:12]}"
    raters = [crowd.Rater(cookie, token) for token in crowd.tokens(folder, RATERS)]

    def lost():
        there = crowd.kept(folder)
        assert all(len(keys) == 1 for keys in there.values())
        said = {
            (n, position): key
            for n, one in enumerate(raters, 1)
            for position, key in one.acknowledged.items()
        }
        return {place for place, key in said.items() if there.get(place) != [key]}

    def acknowledged():
        return sum(len(rater.acknowledged) for rater in raters)

    with crowd.served(folder, before=_DIES) as (process, port):
        crowd.work_at_once(raters, port)
        assert process.wait(10) == 9
    assert lost() == set() and acknowledged()
    with crowd.served(folder, port) as (process, _):
        goal = acknowledged() + 150
        working = threading.Thread(target=crowd.work_at_once, args=(raters, port))
        working.start()
        while acknowledged() < goal:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        working.join()
    assert lost() == set() and not all(rater.done for rater in raters)
    with crowd.served(folder, port):
        crowd.work_at_once(raters, port)
        assert [_status(port, asked) for asked in MALFORMED] == [400] * len(MALFORMED)
        assert _status(port, b"GET /images/../../study.db HTTP/1.1\r\nHost: x\r\n\r\n") == 404
        assert _status(port, b"POST /answer HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nposition=") == 401
    assert lost() == set() and all(rater.done for rater in raters)
    assert crowd.quantile(raters, 0.95) < 10
    with Store(folder / store.DATABASE) as opened:
        answers = opened.answers()
        assert len(answers) == RATERS * (2 + 8) and answers["simulated"].all()
        assert not answers[answers["repeat"] == 0].duplicated(["rater", "item"]).any()
