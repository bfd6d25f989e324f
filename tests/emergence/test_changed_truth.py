"""Truth that was changed: permuted, moved, with boxes missing, with extra ones: what stays and what goes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from partsjax.data.crops import Truth
from partsjax.emergence.changed_truth import DRAWS, extra, mislabeled, missing, shuffled, unfounded
from tests.emergence.test_scoring import padded, plain_truth


def test_crops_are_permuted_whole():
    truth = padded(plain_truth(40, 3, 0))
    truth.difficult[:] = truth.valid & (np.random.default_rng(0).random(truth.valid.shape) < 0.3)
    null = shuffled(truth, (0, 1))

    def crops(t):
        flat = [a.reshape(-1, 40).T.astype(float) for a in (t.boxes, t.valid, t.difficult)]
        return np.concatenate(flat, axis=1)

    one, other = crops(truth), crops(null)
    assert sorted(map(tuple, one)) == sorted(map(tuple, other))
    assert (one != other).any(axis=1).mean() > 0.9
    np.testing.assert_array_equal(null.positives, truth.positives)
    np.testing.assert_array_equal(crops(shuffled(truth, (0, 1))), other)
    assert (crops(shuffled(truth, (0, 2))) != other).any()


BOX = st.tuples(*[st.floats(-8, 72, width=32), st.floats(0, 70, width=32)] * 2)


@given(st.lists(BOX, min_size=1, max_size=20), st.integers(0, 5))
def test_moved_boxes_keep_their_size_and_their_object(corners, seed):
    """Boxes of any size, of an object from 16 to 48: inside of it, or around it where they are longer."""
    left, width, top, height = np.array(corners, np.float32).T
    boxes = np.stack([left, top, left + width, top + height])[:, None, None]
    truth = Truth(boxes, np.ones(boxes.shape[1:], bool), np.zeros(boxes.shape[1:], bool))
    found = unfounded(truth, 64, seed)
    assert found.boxes.dtype == np.float32
    assert found.valid is truth.valid and found.difficult is truth.difficult
    for near, far, old in zip(found.boxes[:2], found.boxes[2:], boxes[2:] - boxes[:2], strict=True):
        np.testing.assert_allclose(far - near, old, atol=1e-4)
        ends = np.stack([near, far])
        inside = (ends > 16 - 1e-4).all(axis=0) & (ends < 48 + 1e-4).all(axis=0)
        around = (near < 16 + 1e-4) & (far > 48 - 1e-4)
        assert np.where(old <= 32, inside, around).all()


def test_moved_boxes_are_anywhere_inside_each_by_itself():
    boxes = np.tile(np.float32([20, 24, 28, 40])[:, None, None, None], (1, 1, 2, 2000))
    truth = Truth(boxes, np.ones((1, 2, 2000), bool), np.zeros((1, 2, 2000), bool))
    x, y = unfounded(truth, 64, 0).boxes[:2].reshape(2, -1)
    for found, room in ((x, 24), (y, 16)):
        assert kstest(found, "uniform", (16, room)).pvalue > 0.01
    assert abs(np.corrcoef([x[:2000], x[2000:], y[:2000], y[2000:]]) - np.eye(4)).max() < 0.1


def partly_difficult(seed: int, crops: int = 21) -> Truth:
    truth = padded(plain_truth(crops, 3, seed))
    truth.difficult[:] = truth.valid & (np.random.default_rng(seed).random(truth.valid.shape) < 0.2)
    return truth


@given(st.integers(0, 2**31 - 1), st.integers(0, DRAWS - 1))
def test_half_of_each_parts_boxes_go_missing_and_difficult_ones_stay(seed, draw):
    truth = partly_difficult(seed % 7)
    found = missing(truth, (seed, draw))
    assert found.boxes is truth.boxes and found.difficult is truth.difficult
    assert not (found.valid & ~truth.valid).any()
    assert (found.valid & truth.difficult).sum() == truth.difficult.sum()
    np.testing.assert_array_equal(truth.positives - found.positives, truth.positives // 2)


def test_any_box_goes_missing_as_often():
    truth = Truth(np.zeros((4, 2, 3, 4), np.float32), np.ones((2, 3, 4), bool), np.zeros((2, 3, 4), bool))
    stay = np.mean([missing(truth, (0, draw)).valid for draw in range(4000)], axis=0)
    assert abs(stay - 0.5).max() < 0.04


@given(st.integers(0, 2**31 - 1), st.integers(0, DRAWS - 1))
def test_extra_boxes_are_those_that_would_be_missing_moved_inside_their_object(seed, draw):
    truth = partly_difficult(seed % 7)
    found, fewer = extra(truth, 64, (seed, draw)), missing(truth, (seed, draw))
    most = truth.valid.shape[1]
    for one, other in zip(vars(found).values(), vars(truth).values(), strict=True):
        np.testing.assert_array_equal(one[..., :most, :], other)
    added = found.valid[:, most:]
    np.testing.assert_array_equal(added, truth.valid & ~fewer.valid)
    assert not found.difficult[:, most:].any()
    old, new = truth.boxes[:, added], found.boxes[:, :, most:][:, added]
    np.testing.assert_allclose(new[2:] - new[:2], old[2:] - old[:2], atol=1e-4)
    assert (new > 16 - 1e-4).all() and (new < 48 + 1e-4).all()
    assert (abs(new - old).max(axis=0) > 0.1).mean() > 0.9


def test_draws_differ_and_are_those_of_their_seed():
    truth = partly_difficult(0)
    first, again, other = (mislabeled(truth, 64, seed) for seed in (1, 1, 2))
    for error in ("missing", "extra"):
        valid = [of[error][draw].valid.tobytes() for of in (first, other) for draw in range(DRAWS)]
        assert len({*valid}) == 2 * DRAWS
        np.testing.assert_array_equal(first[error][3].boxes, again[error][3].boxes)
