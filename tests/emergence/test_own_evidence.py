"""What is blacked out, against the plain reference; figures against what they are made of."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from partsjax.data.crops import Truth
from partsjax.emergence.bootstrap import mean_over_crops, resamples
from partsjax.emergence.own_evidence import alone_and_hidden, own_evidence, part_pixels
from tests.plain import blacked_out as plain

SIZE, MEAN = 12, (100.0, 110.5, 120.0)
CORNER, SIDE = some.floats(-6, 14, width=32), some.floats(0, 16, width=32)
BOXES = some.lists(some.tuples(CORNER, CORNER, SIDE, SIDE), max_size=3)


@given(some.lists(BOXES, min_size=1, max_size=3), some.integers(0, 2**32 - 1))
def test_crops_are_those_of_the_plain_reference(of_crops, seed):
    """Boxes of any size, also beyond the crop, over one another, or empty; some are difficult."""
    random = np.random.default_rng(seed)
    pixels = random.uniform(0, 255, (len(of_crops), SIZE, SIZE, 3)).astype(np.float32)
    boxes, valid = np.zeros((4, 1, 3, len(of_crops)), np.float32), np.zeros((1, 3, len(of_crops)), bool)
    for crop, found in enumerate(of_crops):
        for number, (x, y, width, height) in enumerate(found):
            boxes[:, 0, number, crop] = x, y, x + width, y + height
            valid[0, number, crop] = True
    truth = Truth(boxes, valid, valid & (random.random(valid.shape) < 0.3))
    ours = alone_and_hidden(pixels, part_pixels(truth, SIZE), MEAN)
    for crop, of_crop in enumerate(pixels):
        theirs = plain.blacked_out(of_crop, boxes[:, 0, valid[0, :, crop], crop].T.astype(float), MEAN)
        for mine, expected in zip(ours, theirs, strict=True):
            assert mine.dtype == np.float32
            np.testing.assert_array_equal(mine[crop], expected)


def test_figures_are_hit_rates_and_their_paired_difference():
    random = np.random.default_rng(0)
    alone, hidden = random.random(60) < 0.8, random.random(60) < 0.3
    images, weights = np.arange(60) // 2, resamples(30, 0)
    found = own_evidence(*(mean_over_crops(hits, images, weights) for hits in (alone, hidden)))
    assert found.part_alone.value == alone.mean() and found.part_hidden.value == hidden.mean()
    difference = mean_over_crops(alone.astype(float) - hidden, images, weights)
    np.testing.assert_allclose(found.difference, difference.estimate)
    assert found.part_alone.low < found.part_alone.value < found.part_alone.high
    assert found.difference.low > 0
