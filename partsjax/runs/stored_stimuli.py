"""Stimuli as they lie in a file: blocks of filters, and of each what is not zero.

After a ReLU most of what surrounds a stimulus is zero, and many filters have fewer than K stimuli on a crop:
of AlexNet's and VGG16's values 15 to 27 in a hundred are not.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from partsjax.emergence.stimuli import Stimuli

FILTERS_STORED = 64  # a block: the fewest filters that can be read


def names(filters: range) -> list[str]:
    """Of the arrays that hold these filters, a block's three one after another.

    filters: whole blocks, but for the layer's last.
    """
    return [f"{name}{block}" for block in _blocks(filters) for name in ("cells", "there", "values")]


def stored(stimuli: Stimuli) -> dict[str, np.ndarray]:
    """All filters' arrays, by `names`; `unpacked` gives every bit back."""
    arrays = {}
    for block in _blocks(range(len(stimuli.cells))):
        filters = slice(block * FILTERS_STORED, (block + 1) * FILTERS_STORED)
        cells, values = stimuli.cells[filters], stimuli.values[filters]
        there = values.view(np.uint32) != 0  # a zero below zero is there
        arrays |= {
            f"cells{block}": cells.astype(np.min_scalar_type(cells.max(initial=0))),
            f"there{block}": np.packbits(there),
            f"values{block}": values[there],
        }
    return arrays


def restored(arrays: Mapping[str, np.ndarray], filters: range) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of block after block, cells and values as in `Stimuli`; arrays: those of `names`."""
    for block in _blocks(filters):
        cells, there = arrays[f"cells{block}"], arrays[f"there{block}"]
        count, stimuli, crops = cells.shape
        values = np.zeros((count, 9, stimuli, crops), np.float32)
        there = np.unpackbits(there, count=values.size).view(bool).reshape(values.shape)
        values[there] = arrays[f"values{block}"]
        yield cells.astype(np.int32), values


def _blocks(filters: range) -> range:
    return range(filters.start // FILTERS_STORED, -(-filters.stop // FILTERS_STORED))
