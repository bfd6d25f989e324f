"""Scoring of all filters and parts at once against the plain reference, and its laws."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.data.crops import Truth
from partsjax.emergence.criterion import HITS_NOTHING, NOT_COUNTED
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry
from partsjax.emergence.scoring import Found, Scores, score_layer
from partsjax.emergence.stimuli import Stimuli
from partsjax.networks.protocol import ReceptiveField
from partsjax.ops import local_maxima
from tests.plain import pipeline as plain
from tests.plain import regression
from tests.plain import stimuli as plain_peaks
from tests.plain.detections import overlapped, suppress

SIZE, CELLS = 64, 16
FIELD = ReceptiveField(size=12, stride=4, center=1.5)  # cells lie mirror-symmetric in the crop
GEOMETRY = Geometry.of(FIELD, CELLS, SIZE)
APS = ("ap_train", "ap_val", "ap_train_unregressed", "ap_val_unregressed")


def activations(crops: int, filters: int, seed: int, truth=None) -> np.ndarray:
    """Noise after a ReLU, with a bump at the parts of the first filters where truth is given."""
    random = np.random.default_rng(seed)
    maps = np.maximum(random.standard_normal((crops, CELLS, CELLS, filters)), 0)
    for n, parts in enumerate(truth or []):
        for p, boxes in enumerate(parts):
            for box in boxes[:, [0, 2, 1, 3]].reshape(-1, 2, 2).mean(axis=2):
                column, row = np.clip(box / 4, 0, CELLS - 1).astype(int)
                maps[n, row, column, p % filters] += 5 + random.random()
    return maps.astype(np.float32)


def plain_truth(crops: int, parts: int, seed: int, most: int = 3) -> list[list[np.ndarray]]:
    """truth[n][p]: float64 [G, 4]; some parts have no box in some crops."""
    random = np.random.default_rng(seed)

    def boxes(count):
        corner = random.uniform(0, 44, (count, 2))
        return np.concatenate([corner, corner + random.uniform(6, 20, (count, 2))], axis=1)

    return [[boxes(random.integers(0, most + 1)) for _ in range(parts)] for _ in range(crops)]


def padded(truth, instances: int = 3) -> Truth:
    boxes = np.zeros((4, len(truth[0]), instances, len(truth)), np.float32)
    valid = np.zeros(boxes.shape[1:], bool)
    for n, parts in enumerate(truth):
        for p, these in enumerate(parts):
            boxes[:, p, : len(these), n] = these.T
            valid[p, : len(these), n] = True
    return Truth(boxes, valid, np.zeros_like(valid))


def stimuli(maps: np.ndarray, k: int = 8) -> Stimuli:
    cells, values = local_maxima.strongest(jnp.asarray(maps), k)
    return Stimuli(np.asarray(cells), np.asarray(values), CELLS)


def scored(maps, truth, k: int = 8) -> tuple[Scores, Found]:
    """Of (train, val) activations and padded truth."""
    return score_layer([stimuli(m, k) for m in maps], truth, GEOMETRY, Method(stimuli=k))


def check_against_plain(maps, truth, k: int = 8):
    mine, found = scored(maps, [padded(t) for t in truth], k)
    for split, activation in zip(found, maps, strict=True):
        assert split.shape == (activation.shape[-1], len(truth[0][0]), k, len(activation))
    theirs = plain.score_layer(*maps, (FIELD.size, FIELD.stride, FIELD.center), *truth, SIZE, k)
    np.testing.assert_array_equal(mine.num_pairs, theirs.num_pairs)
    largest = stimuli(maps[0], k).scores.max(axis=(1, 2), initial=0)
    np.testing.assert_array_equal(mine.scale, np.where(largest > 0, largest, 1))
    for name in APS:
        np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), atol=1e-4, err_msg=name)
    return mine


@pytest.mark.slow
def test_equals_plain():
    truth = [plain_truth(25, 3, seed) for seed in (0, 1)]
    maps = [activations(25, 5, seed + 2, truth[seed]) for seed in (0, 1)]
    scores = check_against_plain(maps, truth)
    assert scores.ap_val[0, 0] > 0.5  # the planted filter finds its part
    assert scores.ap_val[4].max() < 0.3  # one of noise does not


def test_equals_plain_with_ties_silent_filters_and_parts_without_boxes():
    truth = [plain_truth(20, 3, seed) for seed in (5, 6)]
    for crop in truth[0]:
        crop[1] = np.zeros((0, 4))  # no train box: no regressor, train AP undefined
    for crop in truth[1]:
        crop[2] = np.zeros((0, 4))  # no val box: val AP undefined
    maps = [np.round(activations(20, 4, seed + 7) * 2) for seed in (0, 1)]  # many equal activations
    maps[0][..., 3] = 0  # never fires on train
    scores = check_against_plain(maps, truth)
    assert np.isnan(scores.ap_train[:, 1]).all()
    assert np.isnan(scores.ap_val[:, 2]).all()
    assert (scores.ap_val[:, 1] == 0).all()  # boxes to find, but nothing was fitted
    assert scores.num_pairs[3].sum() == 0


def test_equals_plain_with_one_crop_and_few_pairs():
    truth = [plain_truth(1, 2, seed) for seed in (0, 3)]
    scores = check_against_plain([activations(1, 3, seed, truth[seed]) for seed in (0, 1)], truth)
    assert (scores.num_pairs < 12).all()
    assert not scores.weights.any()


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 20])
def test_equals_plain_for_other_numbers_of_stimuli(k):
    truth = [plain_truth(12, 2, seed) for seed in (0, 1)]
    check_against_plain([activations(12, 2, seed, truth[seed]) for seed in (0, 1)], truth, k)


@pytest.mark.slow
def test_chunks_of_filters_and_padding_of_crops_change_nothing(monkeypatch):
    truth = [plain_truth(20, 2, seed) for seed in (0, 1)]
    maps = [activations(20, 7, seed, truth[seed]) for seed in (0, 1)]
    truth = [padded(t) for t in truth]
    whole, found = scored(maps, truth)
    monkeypatch.setattr("partsjax.emergence.scoring.CHUNK", 3)
    for padded_to in ("_PARTS", "_BOXES", "_CROPS"):
        monkeypatch.setattr(f"partsjax.emergence.marked.{padded_to}", 4)
    chunked, found_chunked = scored(maps, truth)
    for name, value in dataclasses.asdict(chunked).items():
        np.testing.assert_allclose(value, getattr(whole, name), rtol=1e-4, atol=1e-5, err_msg=name)
    for split in range(2):
        np.testing.assert_array_equal(found[split], found_chunked[split])


def test_unchanged_by_the_order_of_the_crops():
    truth = [plain_truth(30, 2, seed) for seed in (0, 1)]
    maps = [activations(30, 3, seed, truth[seed]) for seed in (0, 1)]
    order = np.random.default_rng(0).permutation(30)
    shuffled = [m[order] for m in maps], [[t[i] for i in order] for t in truth]
    (first, _), (second, _) = (scored(ms, [padded(t) for t in ts]) for ms, ts in ((maps, truth), shuffled))
    for name in APS:
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-5)


def test_mirrored_maps_and_truth_score_the_same():
    truth = [plain_truth(30, 2, seed) for seed in (0, 1)]
    maps = [activations(30, 3, seed, truth[seed]) for seed in (0, 1)]

    def mirror(boxes):
        return np.stack([SIZE - boxes[:, 2], boxes[:, 1], SIZE - boxes[:, 0], boxes[:, 3]], axis=1)

    mirrored = [m[:, :, ::-1] for m in maps], [[[mirror(b) for b in crop] for crop in t] for t in truth]
    (first, _), (second, _) = (scored(ms, [padded(t) for t in ts]) for ms, ts in ((maps, truth), mirrored))
    for name in APS:
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-3)


def test_scaling_a_filter_changes_nothing():
    truth = [plain_truth(20, 2, seed) for seed in (0, 1)]
    maps = [activations(20, 3, seed, truth[seed]) for seed in (0, 1)]
    plain_scores, *others = (
        scored([m * s for m in maps], [padded(t) for t in truth])[0] for s in (1, 1024, 1 / 1024)
    )
    for name in APS:
        for scaled in others:
            np.testing.assert_allclose(getattr(plain_scores, name), getattr(scaled, name), atol=1e-6)


def test_difficult_boxes_are_neither_right_nor_wrong():
    truth = [plain_truth(20, 2, seed) for seed in (0, 1)]
    maps = [activations(20, 3, seed, truth[seed]) for seed in (0, 1)]
    train, val = (padded(t) for t in truth)
    hard = val.valid & (np.random.default_rng(0).random(val.valid.shape) < 0.4)
    scores, _ = scored(maps, (train, dataclasses.replace(val, difficult=hard)))
    found = plain_peaks.find(maps[1], FIELD.stride, FIELD.center, 8)
    boxes = regression.receptive_boxes(found.centers, FIELD.size, SIZE)
    for p in range(2):
        of_part = [crop[p] for crop in truth[1]]
        difficult = [hard[p, : len(b), n] for n, b in enumerate(of_part)]
        expected = plain.part_ap(boxes, found.scores, of_part, difficult)
        np.testing.assert_allclose(scores.ap_val_unregressed[:, p], expected, atol=1e-5)
        assert not np.allclose(expected, plain.part_ap(boxes, found.scores, of_part))

    nothing_left = dataclasses.replace(val, difficult=val.valid)
    scores, judged = scored(maps, (train, nothing_left))
    assert (judged.val < 0).all()  # none finds a difficult box
    assert np.isnan(scores.ap_val).all()


@pytest.mark.slow
def test_what_is_found_is_the_box_overlapped_most():
    truth = [plain_truth(25, 2, seed) for seed in (0, 1)]
    maps = [activations(25, 3, seed, truth[seed]) for seed in (0, 1)]
    scores, found = scored(maps, [padded(t) for t in truth])
    peaks_found = plain_peaks.find(maps[1], FIELD.stride, FIELD.center, 8)
    for f, p in np.ndindex(3, 2):
        phi = regression.features(
            peaks_found.centers[:, f], peaks_found.neighbours[:, f], float(scores.scale[f]), SIZE
        )
        weights = scores.weights[f, p].T.astype(float) / SIZE  # theirs are in pixels
        boxes = regression.predict(phi, weights, peaks_found.centers[:, f], SIZE)
        kept = suppress(boxes, peaks_found.scores[:, f])
        expected = np.stack([overlapped(b, crop[p]) for b, crop in zip(boxes, truth[1], strict=True)])
        expected = np.where(kept & (scores.num_pairs[f, p] >= 12), expected, NOT_COUNTED)
        # A box at the very edge of a threshold may fall to either side of it in float32.
        assert (expected == found.val[f, p].T).mean() > 0.99
    assert scores.num_pairs.max() >= 12
    assert set(np.unique(found.val)) == {NOT_COUNTED, HITS_NOTHING, 0, 1, 2}
