"""All that is written, by one thread: what arrives together is one transaction, and one wait for the disk."""

import asyncio
import concurrent.futures
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from partsjax.judging.store import Store

_T = TypeVar("_T")
_Work = Callable[[sqlite3.Connection], Any]


class Writer:
    """Does what it is given, in order."""

    def __init__(self, path: Path):
        self._path = path
        self._jobs: queue.SimpleQueue[tuple[_Work, concurrent.futures.Future] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="study writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """What `work` returns, once all that it wrote is on the disk.

        Its exceptions are raised here, and nothing of it is written; so are those of the disk.
        """
        future: concurrent.futures.Future = concurrent.futures.Future()
        self._jobs.put((work, future))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finishes what was given before."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        with Store(self._path) as store:
            while (job := self._jobs.get()) is not None:
                jobs = [job]
                while not self._jobs.empty() and len(jobs) < 100:
                    if (job := self._jobs.get()) is None:
                        self._jobs.put(None)
                        break
                    jobs.append(job)
                _settle(store, [(work, one) for work, one in jobs if one.set_running_or_notify_cancel()])


def _settle(store: Store, jobs: list[tuple[_Work, concurrent.futures.Future]]) -> None:
    """One transaction; nobody hears of success before it has ended."""
    outcomes: list[tuple[Any, Exception | None]] = []
    try:
        with store.transaction() as written:
            for work, _ in jobs:
                outcomes.append(_attempt(written, work))
    except sqlite3.Error as error:
        outcomes = [(None, error)] * len(jobs)
    for (_, future), (value, failure) in zip(jobs, outcomes, strict=True):
        if failure is None:
            future.set_result(value)
        else:
            future.set_exception(failure)


def _attempt(written: sqlite3.Connection, work: _Work) -> tuple[Any, Exception | None]:
    written.execute("SAVEPOINT work")
    try:
        return work(written), None
    except Exception as error:
        written.execute("ROLLBACK TO work")
        return None, error
    finally:
        written.execute("RELEASE work")
