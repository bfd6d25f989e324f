"""Work ahead of its use: in order, by several threads, bounded, and over when nobody asks any more."""

import threading
import time

import pytest

from partsjax.data.prefetch import prefetch

WAIT = 10  # seconds in which what should happen does


@pytest.mark.parametrize("threads", [0, 1, 3])
@pytest.mark.parametrize("ahead", [None, 0, 5])
def test_all_in_order(threads, ahead):
    def slower_first(number):
        time.sleep(0.01 * (number == 0))
        return number * 10

    assert list(prefetch(slower_first, range(12), threads, ahead)) == list(range(0, 120, 10))
    assert list(prefetch(slower_first, [], threads, ahead)) == []


def test_threads_work_at_once_and_ahead():
    together = threading.Barrier(3, timeout=WAIT)
    assert list(prefetch(lambda number: together.wait() >= 0, range(6), 3)) == [True] * 6


def test_no_more_is_begun_than_asked_for():
    begun = []
    made = prefetch(begun.append, range(100), 2, 5)
    next(made)
    time.sleep(0.05)
    assert sorted(begun) == list(range(6))
    threads = threading.active_count()
    made.close()
    assert len(begun) == 6 and threading.active_count() == threads - 2


def test_an_error_is_raised_in_its_place():
    def make(number):
        if number == 3:
            raise ArithmeticError("three")
        return number

    made = prefetch(make, range(9), 2)
    assert [next(made) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ArithmeticError, match="three"):
        next(made)
    assert list(made) == []
