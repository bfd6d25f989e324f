"""Work done by threads ahead of its use."""

import collections
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

S, T = TypeVar("S"), TypeVar("T")


def prefetch(
    make: Callable[[S], T], those: Sequence[S], threads: int, ahead: int | None = None
) -> Iterator[T]:
    """`make(one)` for each of `those`, in order, a few of them ready before they are asked for.

    Raises what `make` raises, in its place. What was begun then, or when nobody asks any more, is waited for.

    Args:
      ahead: how many are begun before they are asked for; None: two a thread.
    """
    threads = max(1, threads)
    pool, waiting = ThreadPoolExecutor(threads), collections.deque[Future]()
    try:
        for one in those:
            waiting.append(pool.submit(make, one))
            if len(waiting) > (2 * threads if ahead is None else ahead):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
