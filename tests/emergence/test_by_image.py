"""Intervals are drawn over images, never over crops, and paired wherever two figures are compared."""

import numpy as np
import pytest

from partsjax.data.crops import Truth
from partsjax.emergence.place_prior import PlacePrior, PriorDetections
from partsjax.emergence.stimuli import Stimuli
from partsjax.emergence.verdict import Estimate
from tests.emergence.bare_crops import random_boxes
from tests.emergence.examined import ALL_SEARCHES, Split, examined, split
from tests.emergence.test_scoring import CELLS

pytestmark = pytest.mark.slow

ONE_SEARCH = ALL_SEARCHES[1:2]


def in_order(train, crops, method) -> PriorDetections:
    """The median train box on every crop, none as sure as another: surest of large objects."""
    box = np.median(train.truth.boxes[:, 0][:, train.truth.valid[0]], axis=1)
    _, areas = np.unique(crops.object_boxes @ [-1, -1, 1, 1], return_inverse=True)
    return PriorDetections(np.tile(box, (len(crops), 1)), areas, np.arange(len(crops)))


IN_ORDER = PlacePrior("in_order", "the median box, in order", in_order)


def width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def test_crops_of_one_image_are_drawn_together():
    """Three crops of every image, all alike, say no more than one: the same figures, as wide.

    What goes by a prior whose ties are broken at random is the same but for that.
    """
    train, val = split(1, (0.9, 0.7, 0.5)), split(2, (0.9, 0.6, 0.7))
    crops = np.arange(len(val.images))
    once, thrice = (
        examined(
            train, val.select(np.repeat(crops, n), np.repeat(crops, n)), ONE_SEARCH, priors=[IN_ORDER]
        ).evidence
        for n in (1, 3)
    )
    for one, three in zip(once.verdicts, thrice.verdicts, strict=True):
        for exact in (
            lambda v: v.best_filter_ap_val,
            lambda v: v.combination_ap_val,
            lambda v: v.priors["in_order"].ap_val,
            lambda v: v.priors["in_order"].excess,
            lambda v: v.priors["in_order"].p_value,
            lambda v: v.hit_rate,
        ):
            np.testing.assert_allclose(exact(one), exact(three), atol=1e-6)
        assert width(one.combination_ap_val) > 0.05
        for near in (
            lambda v: v.prior.ap_val,
            lambda v: v.list_prior.ap_val,
            lambda v: v.excess,
            lambda v: v.where,
            lambda v: v.whether,
        ):
            np.testing.assert_allclose(near(one).value, near(three).value, atol=0.03)
            assert 0.75 < width(near(three)) / width(near(one)) < 1.33  # of single crops: 0.58
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


def one_box(boxes: np.ndarray, valid: np.ndarray, images, objects: np.ndarray) -> Split:
    """One filter that fires in one cell, the more the larger the object; boxes [4, G, N] of either part."""
    crops = valid.shape[-1]
    cells, values = np.zeros((1, 8, crops), np.int32), np.zeros((1, 9, 8, crops), np.float32)
    _, areas = np.unique(objects @ [-1, -1, 1, 1], return_inverse=True)
    cells[:, 0], values[:, 4, 0] = 5 * CELLS + 5, 1 + areas / crops  # its center: (22, 22)
    truth = Truth(
        np.repeat(boxes[:, None], 2, axis=1).astype(np.float32),
        np.stack([valid, valid]),
        np.zeros((2, *valid.shape), bool),
    )
    return Split(Stimuli(cells, values, CELLS), truth, np.asarray(images), objects)


def test_a_detector_that_is_a_prior_differs_from_it_by_nothing_at_all():
    """On every resample its AP moves as the prior's does: an interval of width 0, not a narrow one."""
    random = np.random.default_rng(0)
    here, elsewhere = np.array([12.0, 16, 32, 30]), np.array([40.0, 40, 60, 60])
    boxes = np.zeros((4, 3, 40))
    boxes[:, 0] = here[:, None]
    valid = np.zeros((3, 40), bool)
    valid[0] = True
    train = one_box(boxes, valid, np.arange(40), random_boxes(40, 1))
    boxes, valid = boxes.copy(), valid.copy()
    boxes[:, 0, random.random(40) < 0.4] = elsewhere[:, None]
    boxes[:, 1], valid[1] = elsewhere[:, None], random.random(40) < 0.3
    val = one_box(boxes, valid, random.integers(0, 15, 40), random_boxes(40, 2))
    for verdict in examined(train, val, ONE_SEARCH, priors=[IN_ORDER]).evidence.verdicts:
        assert verdict.combination == (0,)
        ap, prior = verdict.combination_ap_val, verdict.priors["in_order"]
        assert 0.1 < ap.low < ap.value - 0.05 and ap.value + 0.05 < ap.high < 0.9
        assert ap == verdict.best_filter_ap_val == prior.ap_val
        assert prior.excess == Estimate(0, 0, 0) and prior.p_value > 0.5
        # The place prior and the list prior show that very box, their crops in random orders.
        assert verdict.prior.ap_val == verdict.list_prior.ap_val
        assert width(verdict.excess) > 0.01 and verdict.prior.p_value > 0.025
        assert abs(verdict.where.value) < 1e-9 and width(verdict.where) < 1e-9
        assert verdict.whether == verdict.list_prior.excess
        assert verdict.hit_rate == pytest.approx(verdict.prior_hit_rate)
