"""What is acknowledged is on the disk, and what fails takes nothing else with it."""

import asyncio
import sqlite3
import threading

import pytest

from partsjax.errors import InputError
from partsjax.judging import store
from partsjax.judging.store import Store
from partsjax.judging.web.writer import Writer
from tests.judging import studies


@pytest.fixture
def path(tmp_path):
    return studies.folder(tmp_path / "S") / store.DATABASE


def merging(name):
    return lambda written: written.execute("INSERT INTO merges VALUES (?, 'x')", (name,)).rowcount


def kept(path):
    with Store(path) as opened:
        return set(opened.merges())


def test_nothing_is_acknowledged_before_it_is_on_the_disk(path, monkeypatch):
    arrived, allowed, real = threading.Event(), threading.Event(), Store.commit

    def slow(self):
        arrived.set()
        allowed.wait(10)
        real(self)

    monkeypatch.setattr(Store, "commit", slow)
    writer = Writer(path)

    async def conversation():
        written = asyncio.ensure_future(writer.write(merging("a")))
        await asyncio.to_thread(arrived.wait, 10)
        done, _ = await asyncio.wait({written}, timeout=0.1)
        assert not done and kept(path) == set()
        allowed.set()
        assert await written == 1 and kept(path) == {"a"}

    asyncio.run(conversation())
    writer.close()


def test_what_the_disk_refuses_is_not_acknowledged(path, monkeypatch):
    real, full = Store.commit, [True]

    def commit(self):
        if full:
            self.connection.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")
        real(self)

    monkeypatch.setattr(Store, "commit", commit)
    writer = Writer(path)

    async def conversation():
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await writer.write(merging("a"))
        full.clear()
        assert await writer.write(merging("b")) == 1

    asyncio.run(conversation())
    writer.close()
    assert kept(path) == {"b"}


def test_what_arrives_together_is_kept_together_and_fails_alone(path, monkeypatch):
    allowed, real, commits = threading.Event(), Store.commit, []

    def commit(self):
        allowed.wait(10)
        commits.append(1)
        real(self)

    monkeypatch.setattr(Store, "commit", commit)
    writer = Writer(path)

    def failing(written):
        written.execute("INSERT INTO merges VALUES ('half', 'x')")
        raise InputError("no")

    async def conversation():
        first = asyncio.ensure_future(writer.write(merging("0")))
        await asyncio.sleep(0.05)
        others = [writer.write(failing if n == 7 else merging(str(n))) for n in range(1, 20)]
        gathered = asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)
        allowed.set()
        outcomes = await gathered
        assert await first == 1 and [n for n, one in enumerate(outcomes, 1) if one != 1] == [7]
        assert isinstance(outcomes[6], InputError)

    asyncio.run(conversation())
    writer.close()
    assert kept(path) == {str(n) for n in range(20) if n != 7}
    assert len(commits) == 2
