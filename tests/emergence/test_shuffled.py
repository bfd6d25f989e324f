"""Parts permuted among crops: everything stays but what belongs to what."""

import numpy as np
import pytest

from partsjax.emergence.shuffled import shuffled
from tests.emergence.test_scoring import activations, padded, plain_truth, scored


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


@pytest.mark.slow
def test_a_planted_detector_loses_its_ap():
    truth = [plain_truth(25, 3, seed) for seed in (0, 1)]
    maps = [activations(25, 5, seed + 2, truth[seed]) for seed in (0, 1)]
    real, _ = scored(maps, [padded(t) for t in truth])
    null, _ = scored(maps, [shuffled(padded(t), (0, split)) for split, t in enumerate(truth)])
    assert real.ap_val[0, 0] > 0.5
    assert null.ap_val[:, 0].max() < real.ap_val[0, 0] / 2
    assert null.ap_train[:, 0].max() < real.ap_train[0, 0] / 2
