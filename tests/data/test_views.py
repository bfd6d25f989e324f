"""Pictures for people show what the network's crops show."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from partsjax.data.crops import source_window, warp
from partsjax.data.views import _framed, view

SIDE = 256


@given(
    st.tuples(*[st.floats(-500, 500)] * 2),
    st.tuples(*[st.floats(1, 500)] * 2),
    st.sampled_from([64, 224, 227]),
)
def test_a_picture_is_framed_as_the_crop_is(corner, sides, size):
    """So that boxes in fractions of the crop lie where they should; 16 pixels are another share of each."""
    box = [*corner, corner[0] + sides[0], corner[1] + sides[1]]
    seen = source_window(_framed(box, size, SIDE), SIDE)
    np.testing.assert_allclose(seen, source_window(box, size), rtol=1e-9, atol=1e-6)


def test_a_view_is_the_crop_finer_and_smooth():
    y, x = np.mgrid[:120, :160]
    image = np.stack([x, y, (x + y) / 2], axis=-1).astype(np.uint8)
    crop = warp(image, (50, 40, 110, 90), 64, (9, 9, 9)).round()
    seen = view(image, (50, 40, 110, 90), 64, 128, (9, 9, 9))
    assert seen.shape == (128, 128, 3) and seen.dtype == np.uint8
    np.testing.assert_allclose(seen.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3)), crop, atol=1.01)
