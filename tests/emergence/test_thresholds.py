"""What happens exactly at a threshold, to what is difficult, and to what is equal."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.data.crops import Truth
from partsjax.emergence.criterion import HITS_NOTHING, NOT_COUNTED, judge
from partsjax.emergence.decode_boxes import BoxDecoder
from partsjax.emergence.marked import crops_padded, marked
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import PriorDetections, judge_place
from partsjax.emergence.ranked import RankedLayer, union
from partsjax.emergence.regression import Pairs, Products, fit, pair, predict
from partsjax.ops import boxes as bx
from tests.emergence.random_layer import RandomLayer
from tests.emergence.test_decode_boxes import GEOMETRY
from tests.emergence.test_ranked import ap_of
from tests.emergence.test_scoring import activations, padded, plain_truth, scored, stimuli
from tests.emergence.test_tables import bounds

METHOD = Method()
WHOLE = (0.0, 0.0, 5.0, 1.0)
TWO_FIFTHS, LESS = (0.0, 0.0, 2.0, 1.0), (0.0, 0.0, 1.9999, 1.0)  # of the whole: IoU 0.4, and under


def judged(detections, truth, difficult=None, method=METHOD):
    """Of one crop, part and filter: detections and boxes as lists of `xyxy`."""
    boxes = bx.Boxes(*(jnp.array(detections, jnp.float32).T[:, None, None, :, None]))
    alive = bx.nms(boxes, jnp.ones((1, 1, len(detections), 1), bool), method.nms_iou, axis=2)
    result = judge(boxes.map(to_all), to_all(alive), one_crop(truth, difficult), method)
    return [np.asarray(a)[:, 0, :, 0].ravel().tolist() for a in result]


def one_crop(truth, difficult=None):
    """The boxes of one part of one crop, as kernels take them."""
    valid = np.ones((1, len(truth), 1), bool)
    hard = ~valid if difficult is None else np.array(difficult).reshape(valid.shape)
    return marked(Truth(np.array(truth, np.float32).T[:, None, :, None], valid, hard))


def to_all(array):
    """Of one crop, to all that a kernel's arrays have."""
    return jnp.pad(array, [(0, 0)] * 3 + [(0, crops_padded(1) - 1)])


def test_an_overlap_of_exactly_the_threshold_counts():
    assert judged([TWO_FIFTHS], [WHOLE]) == [[True], [True], [0]]
    assert judged([LESS], [WHOLE]) == [[True], [False], [HITS_NOTHING]]
    half = dataclasses.replace(METHOD, correct_iou=0.5)
    assert judged([TWO_FIFTHS], [WHOLE], method=half)[1] == [False]
    assert judged([(0, 0, 2, 1)], [(0, 0, 4, 1)], method=half)[1] == [True]


@pytest.mark.parametrize(("boxes", "kind"), [(127, np.int8), (130, np.int16)])
def test_more_boxes_than_a_byte_holds_keep_their_numbers(boxes, kind):
    places = [(0.0, 10.0 * g, 5.0, 10.0 * g + 5) for g in range(boxes)]
    last = bx.Boxes(*(jnp.array(places[-1:], jnp.float32).T[:, None, None, :, None])).map(to_all)
    found = judge(last, to_all(jnp.ones((1, 1, 1, 1), bool)), one_crop(places), METHOD).found
    assert found[0, 0, 0, 0] == boxes - 1 and found.dtype == kind


@pytest.mark.parametrize(("box", "ap"), [(TWO_FIFTHS, 1.0), (LESS, 0.0)])
def test_priors_are_held_to_the_same_threshold(box, ap):
    there = np.ones((1, 1, 1), bool)
    truth = Truth(np.array(WHOLE, np.float32).reshape(4, 1, 1, 1), there, ~there)
    one = PriorDetections(np.array([box]), np.zeros(1), np.zeros(1, int))
    (judged_once,) = judge_place(one, truth, METHOD)
    assert judged_once.true.tolist() == [bool(ap)]


@pytest.mark.parametrize(("other", "stays"), [((0, 0, 5, 2), True), ((0, 0, 5, 1.9999), False)])
def test_an_overlap_of_exactly_the_suppressions_threshold_stays(other, stays):
    alive, *_ = judged([WHOLE, other], [(50, 50, 60, 60)])
    assert alive == [True, stays]


def test_across_members_too():
    """Two filters that fire alike have the same box: IoU 1, up to rounding."""
    truth = [plain_truth(20, 2, seed) for seed in (0, 1)]
    maps = [activations(20, 1, seed, truth[seed]).repeat(2, axis=-1) for seed in (0, 1)]
    scores, found = scored(maps, [padded(t) for t in truth])
    decoder = BoxDecoder(stimuli(maps[0]), scores.weights, scores.scale, GEOMETRY)
    part = RankedLayer(decoder.stimuli.scores).part(found.train[:, 0], np.ones(20, int))
    alone, both = (union(part, members) for members in ((0,), (0, 1)))
    assert len(both.scores) == 2 * len(alone.scores) > 0
    for threshold, left in ((1.001, 2), (0.999, 1)):
        assert len(decoder.without_repeats(0, both, threshold).scores) == left * len(alone.scores)


def test_difficult_boxes_are_never_paired_with():
    """The regressors are those of the same crops without these boxes, and so is the number of pairs."""
    truth = [plain_truth(30, 2, seed) for seed in (0, 1)]
    maps = [activations(30, 3, seed, truth[seed]) for seed in (0, 1)]
    train, val = (padded(t) for t in truth)
    hard = train.valid & (np.random.default_rng(0).random(train.valid.shape) < 0.4)
    marked, _ = scored(maps, (dataclasses.replace(train, difficult=hard), val))
    gone, _ = scored(maps, (dataclasses.replace(train, valid=train.valid & ~hard), val))
    everything, _ = scored(maps, (train, val))
    np.testing.assert_array_equal(marked.num_pairs, gone.num_pairs)
    np.testing.assert_array_equal(marked.weights, gone.weights)
    np.testing.assert_array_equal(marked.ap_val, gone.ap_val)
    assert (everything.num_pairs >= marked.num_pairs).all() and everything.num_pairs.sum() > 100
    assert marked.num_pairs.sum() < 0.8 * everything.num_pairs.sum()
    # A detection on a difficult train box is not wrong, as it would be were the box not there.
    assert (marked.ap_train >= gone.ap_train - 1e-6).all() and (marked.ap_train > gone.ap_train + 1e-3).any()


def test_of_boxes_that_a_detection_overlaps_a_difficult_one_takes_it_out():
    """Neither right nor wrong, and nothing is claimed by it."""
    boxes, hard = [WHOLE, (20, 20, 25, 21)], [[False], [True]]
    detections = [(20, 20, 25, 21), WHOLE, (30, 30, 31, 31), (20.1, 20, 25, 21)]
    alive, true, found = judged(detections, boxes, hard, dataclasses.replace(METHOD, nms_iou=1))
    assert alive == [False, True, True, False] and true == [False, True, False, False]
    assert found == [NOT_COUNTED, 0, HITS_NOTHING, NOT_COUNTED]


@pytest.mark.parametrize(
    ("centre", "paired"),
    [((10, 25), True), ((20, 25), False), ((15, 20), True), ((15, 30), False), ((9.5, 25), False)],
)
def test_a_box_pairs_with_centres_on_its_left_and_upper_edge_alone(centre, paired):
    box = bx.Boxes(*(jnp.full((1, 1, 1), v, jnp.float32) for v in (10, 20, 20, 30)))
    cx, cy = (jnp.full((1, 1, 1), v, jnp.float32) for v in centre)
    there = jnp.ones((1, 1, 1), bool)
    assert pair(cx, cy, there, box, there, 1).paired.item() is paired


@pytest.mark.slow
@pytest.mark.parametrize(("pairs", "exists"), [(11, False), (12, True)])
def test_twelve_pairs_make_a_regressor(pairs, exists):
    phi = jnp.asarray(np.random.default_rng(0).random((1, 12, 20)), jnp.float32)
    chosen = Pairs(jnp.arange(20).reshape(1, 1, 20) < pairs, jnp.ones((1, 1, 4, 20)))
    with jax.enable_x64(True):
        fitted = jax.jit(fit)(Products.of(phi, jnp.ones((1, 20))), chosen, METHOD.ridge, METHOD.min_pairs)
    assert fitted.exists.item() is exists and fitted.pairs.item() == pairs
    assert bool(np.any(fitted.weights)) is exists


@pytest.mark.parametrize(("side", "shown"), [(0.25, 1), (-3, 1), (1.5, 1.5)])
def test_predicted_sides_are_at_least_a_pixel(side, shown):
    weights = jnp.zeros((1, 1, 4, 12)).at[0, 0, 2:, 11].set(side)
    phi = jnp.ones((1, 12, 1, 1))
    box = predict(weights, phi, jnp.full((1, 1, 1), 10.0), jnp.full((1, 1, 1), 20.0), 64)
    half = shown / 2
    assert [float(v.item()) for v in box] == [10 - half, 20 - half, 10 + half, 20 + half]


@pytest.mark.parametrize("right_first", [True, False])
def test_equal_scores_enter_together(right_first):
    """A right and a wrong detection of one score: precision 1/2, whichever comes first anywhere."""
    found = np.array([0, -1] if right_first else [-1, 0], np.int8)
    for shape in ((1, 1, 2), (1, 2, 1), (2, 1, 1)):  # in two crops; in one; of two filters
        layer = RandomLayer(
            np.full(shape, 0.5, np.float32),
            found.reshape(shape),
            np.bincount([int(np.flatnonzero(found == 0)[0]) if shape[2] == 2 else 0], minlength=shape[2]),
            np.zeros(shape[2], int),
        )
        members = range(shape[0])
        whole = union(layer.detections, members)
        assert whole.true.sum() == 1
        assert ap_of(whole, layer.positives) == 0.5
        low, _ = bounds(layer, np.ones((1, shape[0]), bool))
        assert low[0] == 0.5
