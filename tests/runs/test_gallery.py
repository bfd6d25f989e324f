"""Small pictures of crops, parts of them blacked out."""

import numpy as np
import pytest

from partsjax.runs.gallery import PICTURE, _blacked


@pytest.mark.parametrize("size", [64, 224])
def test_what_is_blacked_out_is_the_masks_pixels(size):
    crop = np.full((size, size, 3), 250, np.float32)
    mask = np.zeros((size, size), bool)
    mask[: size // 2, : size // 4] = True
    drawn = np.asarray(_blacked(crop, mask, (10, 20, 30)))
    assert drawn.shape == (PICTURE, PICTURE, 3)
    assert (drawn[5, 5] == (10, 20, 30)).all() and (drawn[5, -5] == 250).all() and (drawn[-5, 5] == 250).all()
    assert np.mean(drawn[..., 0] < 130) == pytest.approx(1 / 8, abs=0.02)
