"""The activated region against its definition, pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsjax.judging.highlight import DARKER, highlighted, region, upsampled
from partsjax.networks.protocol import ReceptiveField


def plainly(activation, field, crop_size, side):
    """Bilinear between the centers of cells, constant beyond them."""

    def at(row: float, column: float) -> float:
        value = 0.0
        for r, of_row in enumerate(activation):
            for c, cell in enumerate(of_row):
                value += cell * max(0, 1 - abs(row - r)) * max(0, 1 - abs(column - c))
        return value

    def cell(pixel: int) -> float:
        place = (pixel + 0.5) * crop_size / side
        return min(max((place - (field.center + 0.5)) / field.stride, 0), len(activation) - 1)

    return np.array([[at(cell(y), cell(x)) for x in range(side)] for y in range(side)])


@given(
    st.integers(0, 2**31),
    st.integers(1, 5),
    st.sampled_from([ReceptiveField(8, 4, 1.5), ReceptiveField(30, 7, -3), ReceptiveField(5, 2.5, 9)]),
    st.sampled_from([(20, 20), (20, 13), (16, 24)]),
)
def test_upsampled_is_linear_between_centers_and_constant_beyond(seed, cells, field, sizes):
    activation = np.random.default_rng(seed).uniform(0, 3, (cells, cells)).astype(np.float32)
    expected = plainly(activation, field, *sizes)
    np.testing.assert_allclose(upsampled(activation, field, *sizes), expected, rtol=1e-4, atol=1e-5)
    found = region(activation, field, *sizes)
    clear = abs(expected - expected.max() / 2) > 1e-4
    assert (found == (expected > expected.max() / 2))[clear].all()
    assert found.any()


def test_a_cell_lies_at_the_center_of_its_receptive_field():
    activation = np.zeros((13, 13), np.float32)
    activation[2, 9] = 1
    rows, columns = np.nonzero(region(activation, ReceptiveField(163, 16, 15), 224, 224))
    assert (rows.mean() + 0.5, columns.mean() + 0.5) == (15.5 + 2 * 16, 15.5 + 9 * 16)
    assert np.ptp(rows) + 1 == pytest.approx(16, abs=1)  # half of it, half way to the next cell


def test_the_region_keeps_its_colors_and_the_rest_is_dark_and_gray():
    picture = np.random.default_rng(0).integers(0, 256, (110, 110, 3)).astype(np.uint8)
    inside = np.zeros((110, 110), bool)
    inside[30:60, 40:90] = True
    drawn = highlighted(picture, inside)
    assert (drawn[inside] == picture[inside]).all()
    far = np.ones_like(inside)
    far[25:65, 35:95] = False
    np.testing.assert_allclose(
        drawn[far], picture[far].mean(axis=-1, keepdims=True) * DARKER + [0, 0, 0], atol=1
    )
    assert (drawn[29, 50] == (255, 225, 0)).all() and (drawn[28, 50] == 0).all()  # a line, and its edge
