"""Intervals are drawn over images, never over crops, and paired wherever two figures are compared."""

import numpy as np
import pytest

from partsjax.data.crops import Truth
from partsjax.emergence.stimuli import Stimuli
from partsjax.emergence.verdict import Estimate
from tests.emergence.examined import ALL_SEARCHES, Split, examined, split
from tests.emergence.test_scoring import CELLS

pytestmark = pytest.mark.slow

ONE_SEARCH = ALL_SEARCHES[1:2]
ESTIMATES = (
    "best_filter_ap_val",
    "combination_ap_val",
    "prior_ap_val",
    "excess",
    "one_box_ap_val",
    "one_box_excess",
)


def test_crops_of_one_image_are_drawn_together():
    """Three crops of every image, all alike, say no more than one: the same figures, as wide."""
    train, val = split(1, (0.9, 0.7, 0.5)), split(2, (0.9, 0.6, 0.7))
    crops = np.arange(len(val.images))
    once, thrice = (
        examined(train, val.select(np.repeat(crops, n), np.repeat(crops, n)), ONE_SEARCH).evidence
        for n in (1, 3)
    )
    for one, three in zip(once.verdicts, thrice.verdicts, strict=True):
        for name in ESTIMATES:
            np.testing.assert_allclose(getattr(one, name), getattr(three, name), atol=1e-6, err_msg=name)
        assert one.combination_ap_val.high - one.combination_ap_val.low > 0.05
    np.testing.assert_allclose(once.resamples, thrice.resamples, atol=1e-6)


def test_images_numbered_otherwise_are_the_same_images():
    """Numbers of images have gaps: only which crops share one counts."""
    train, val = split(1, (0.9, 0.7, 0.5)), split(2, (0.9, 0.6, 0.7))
    crops = np.arange(len(val.images))
    plain, gaps = (
        examined(train, val.select(crops, images), ONE_SEARCH).evidence
        for images in (val.images, 7 * val.images + 5)
    )
    assert repr(plain.verdicts) == repr(gaps.verdicts)


def blind(boxes: np.ndarray, valid: np.ndarray, images) -> Split:
    """One filter that fires in one cell alike on every crop; boxes [4, G, N] of either part."""
    crops = valid.shape[-1]
    cells, values = np.zeros((1, 8, crops), np.int32), np.zeros((1, 9, 8, crops), np.float32)
    cells[:, 0], values[:, 4, 0] = 5 * CELLS + 5, 1.0  # its centre: (22, 22)
    truth = Truth(
        np.repeat(boxes[:, None], 2, axis=1).astype(np.float32),
        np.stack([valid, valid]),
        np.zeros((2, *valid.shape), bool),
    )
    return Split(Stimuli(cells, values, CELLS), truth, np.asarray(images))


def test_a_detector_that_is_the_prior_differs_from_it_by_nothing_at_all():
    """On every resample its AP moves as the prior's does: an interval of width 0, not a narrow one."""
    random = np.random.default_rng(0)
    here, elsewhere = np.array([12.0, 16, 32, 30]), np.array([40.0, 40, 60, 60])
    boxes = np.zeros((4, 3, 40))
    boxes[:, 0] = here[:, None]
    valid = np.zeros((3, 40), bool)
    valid[0] = True
    train = blind(boxes, valid, np.arange(40))
    boxes, valid = boxes.copy(), valid.copy()
    boxes[:, 0, random.random(40) < 0.4] = elsewhere[:, None]
    boxes[:, 1], valid[1] = elsewhere[:, None], random.random(40) < 0.3
    val = blind(boxes, valid, random.integers(0, 15, 40))
    for verdict in examined(train, val, ONE_SEARCH).evidence.verdicts:
        assert verdict.prior_boxes == 1 and verdict.combination == (0,)
        ap = verdict.combination_ap_val
        assert 0.1 < ap.low < ap.value - 0.05 and ap.value + 0.05 < ap.high < 0.9
        assert ap == verdict.best_filter_ap_val == verdict.prior_ap_val == verdict.one_box_ap_val
        assert verdict.excess == verdict.one_box_excess == Estimate(0, 0, 0)
        assert verdict.median_box_ap_val == pytest.approx(ap.value)
        assert not verdict.emerges_strict
