"""Small pictures show what the network's crops show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsjax.data.crops import source_window
from partsjax.runs.gallery import PICTURE, _blacked, _framed


@given(
    st.tuples(*[st.floats(-500, 500)] * 2),
    st.tuples(*[st.floats(1, 500)] * 2),
    st.sampled_from([64, 224, 227]),
)
def test_a_picture_is_framed_as_the_crop_is(corner, sides, size):
    """So that boxes in fractions of the crop lie where they should; 16 pixels are another share of each."""
    box = [*corner, corner[0] + sides[0], corner[1] + sides[1]]
    seen = source_window(_framed(box, size), 2 * PICTURE)
    np.testing.assert_allclose(seen, source_window(box, size), rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("size", [64, 224])
def test_what_is_blacked_out_is_the_masks_pixels(size):
    crop = np.full((size, size, 3), 250, np.float32)
    mask = np.zeros((size, size), bool)
    mask[: size // 2, : size // 4] = True
    drawn = np.asarray(_blacked(crop, mask, (10, 20, 30)))
    assert drawn.shape == (PICTURE, PICTURE, 3)
    assert (drawn[5, 5] == (10, 20, 30)).all() and (drawn[5, -5] == 250).all() and (drawn[-5, 5] == 250).all()
    assert np.mean(drawn[..., 0] < 130) == pytest.approx(1 / 8, abs=0.02)
