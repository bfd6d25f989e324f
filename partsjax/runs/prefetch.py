"""Work done by threads ahead of its use."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import grain

from partsjax.errors import InputError

T = TypeVar("T")


def prefetch(make: Callable[[int], T], numbers: range, threads: int) -> Iterator[T]:
    """`make(number)` for each number, in order, a few of them ready before they are asked for.

    Raises what `make` raises as `InputError`.
    """
    if not numbers:
        return

    def load(place: int) -> T | InputError:
        try:
            return make(numbers[int(place)])
        except InputError as error:  # travels as a value: the reader's threads would wrap it in one of theirs
            return error

    threads = max(1, threads)
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=2 * threads)
    for made in grain.MapDataset.range(len(numbers)).map(load).to_iter_dataset(options):
        if isinstance(made, InputError):
            raise made
        yield made
