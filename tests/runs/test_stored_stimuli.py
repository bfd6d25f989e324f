"""Stimuli in a file: every bit comes back, and what is zero takes no room."""

import numpy as np
import pytest

from partsjax.emergence.stimuli import Stimuli
from partsjax.runs import stored_stimuli
from partsjax.runs.stored_stimuli import FILTERS_STORED, names, restored, stored


def stimuli(filters=150, count=3, crops=7, share=0.2, cells=169) -> Stimuli:
    random = np.random.default_rng(0)
    values = random.standard_normal((filters, 9, count, crops)).astype(np.float32)
    values = np.where(random.random(values.shape) < share, values, np.float32(0))
    return Stimuli(random.integers(0, cells, (filters, count, crops)).astype(np.int32), values, 13)


def back(found: Stimuli, filters: range) -> Stimuli:
    arrays = stored(found)
    cells, values = zip(*restored({name: arrays[name] for name in names(filters)}, filters), strict=True)
    return Stimuli(np.concatenate(cells), np.concatenate(values), found.columns)


@pytest.mark.parametrize("filters", [range(150), range(64), range(64, 150), range(128, 150)])
def test_comes_back(filters):
    found = stimuli()
    again = back(found, filters)
    np.testing.assert_array_equal(again.cells, found.cells[filters])
    np.testing.assert_array_equal(again.values, found.values[filters])
    assert (again.cells.dtype, again.values.dtype) == (np.int32, np.float32)


@pytest.mark.parametrize("filters", [1, FILTERS_STORED, FILTERS_STORED + 1])
@pytest.mark.parametrize("crops", [0, 1, 5])
def test_any_size_comes_back(filters, crops):
    found = stimuli(filters, crops=crops)
    again = back(found, range(filters))
    np.testing.assert_array_equal(again.values, found.values)
    np.testing.assert_array_equal(again.cells, found.cells)


def test_every_bit_of_a_number_comes_back():
    """Zeros below zero, the smallest numbers, infinities and whatever a NaN carries."""
    odd = np.array([0.0, -0.0, 1e-45, -1e-45, np.inf, -np.inf, np.nan, 3.4e38], np.float32)
    odd = np.append(odd, np.array([0x7FC00001, 0xFFC12345, 1], np.uint32).view(np.float32))
    values = np.resize(odd, (70, 9, 2, 5))
    found = Stimuli(np.zeros((70, 2, 5), np.int32), values, 13)
    np.testing.assert_array_equal(back(found, range(70)).values.view(np.uint32), values.view(np.uint32))


@pytest.mark.parametrize(("largest", "itemsize"), [(255, 1), (256, 2), (65_535, 2), (65_536, 4)])
def test_cells_take_as_many_bytes_as_the_map_needs(largest, itemsize):
    found = stimuli(filters=2, cells=2)
    found.cells[1, 0, 0] = largest
    assert stored(found)["cells0"].itemsize == itemsize
    np.testing.assert_array_equal(back(found, range(2)).cells, found.cells)


def test_what_is_zero_takes_a_bit():
    found = stimuli(share=0.2)
    sizes = {name: array.nbytes for name, array in stored(found).items()}
    there = np.count_nonzero(found.values)
    assert 0.15 < there / found.values.size < 0.25
    assert sum(sizes.values()) <= 4 * there + found.values.size / 8 + found.cells.size + 3


def test_names_are_those_of_the_blocks_alone():
    assert names(range(128, 150)) == ["cells2", "there2", "values2"]
    assert names(range(stored_stimuli.FILTERS_STORED)) == ["cells0", "there0", "values0"]
