"""What is kept for pictures: the strongest detections of a part, one a crop, and what excites each filter."""

import numpy as np
import pytest

from partsjax.emergence.combination import members_union
from partsjax.emergence.decode_boxes import BoxDecoder
from partsjax.emergence.evidence import DETECTIONS_SHOWN, FALSE_ALARMS
from partsjax.emergence.ranked import RankedLayer, union
from partsjax.emergence.scoring import Scores
from partsjax.emergence.stimuli import Stimuli
from partsjax.emergence.top_activations import CROPS_KEPT, top_activations
from tests.emergence.examined import ALL_SEARCHES, GEOMETRY, examined, split
from tests.emergence.test_scoring import CELLS, FIELD, SIZE


@pytest.fixture(scope="module")
def layer():
    train, val = split(1, (0.9, 0.7, 0.5)), split(2, (0.3, 0.6, 0.95))
    return val, examined(train, val, ALL_SEARCHES[:1])


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("together", [False, True])
def test_the_strongest_detection_of_each_crop_and_the_first_false_alarms(layer, part, together):
    val, found = layer
    verdict, pictures = found.evidence.verdicts[part], found.evidence.strongest[part]
    members = verdict.combination if together else (verdict.best_filter,)
    best = pictures.combination if together else pictures.best
    false = pictures.combination_false if together else pictures.best_false
    positives = val.truth.valid[part].sum(axis=0)
    listed = union(RankedLayer(val.stimuli.scores).part(found.found.val[:, part], positives), members)
    decoder = BoxDecoder(val.stimuli, found.scores.weights, found.scores.scale, GEOMETRY)
    boxes = decoder.boxes(part, listed)

    def firsts(which, most):
        kept, crops = [], set()
        for i in which:
            if listed.crops[i] not in crops:
                kept.append(i)
                crops.add(listed.crops[i])
        return kept[:most]

    everything = range(len(listed.scores))
    for shown, index in (
        (best, firsts(everything, DETECTIONS_SHOWN)),
        (false, firsts([i for i in everything if not listed.true[i]], FALSE_ALARMS)),
    ):
        assert len(shown) == len(index) > 3
        for detection, i in zip(shown, index, strict=True):
            assert (detection.crop, detection.filter) == (listed.crops[i], listed.filters[i])
            assert detection.score == pytest.approx(listed.scores[i], abs=1e-6)
            assert detection.correct == listed.true[i]
            np.testing.assert_allclose(detection.box, boxes[i], atol=0.051)
    assert (DETECTIONS_SHOWN, FALSE_ALARMS) == (10, 5)
    assert any(d.correct for d in best) and not any(d.correct for d in false)


def test_detections_of_a_set_are_those_that_suppression_leaves(layer):
    """With NMS across members a picture never shows what is not counted."""
    val, _ = layer
    search = ALL_SEARCHES[-1]
    found = examined(split(1, (0.9, 0.7, 0.5)), val, [search])
    for part, (verdict, pictures) in enumerate(
        zip(found.evidence.verdicts, found.evidence.strongest, strict=True)
    ):
        assert len(verdict.combination) > 0
        decoder = BoxDecoder(val.stimuli, found.scores.weights, found.scores.scale, GEOMETRY)
        positives = val.truth.valid[part].sum(axis=0)
        plain = RankedLayer(val.stimuli.scores).part(found.found.val[:, part], positives)
        left = members_union(plain, verdict.combination, part, search, found.ground.method, decoder)
        kept = {*zip(left.crops.tolist(), left.filters.tolist(), strict=True)}
        assert {(d.crop, d.filter) for d in pictures.combination} <= kept


@pytest.mark.parametrize("crops", [3, 20])
def test_filters_fire_most_on_these_crops_and_there(crops):
    random = np.random.default_rng(0)
    cells = random.integers(0, CELLS * CELLS, (4, 2, crops)).astype(np.int32)
    values = random.integers(0, 6, (4, 9, 2, crops)).astype(np.float32)  # many equal
    values[:, :, 1] = np.minimum(values[:, :, 1], values[:, :, 0])
    values[3] = 0
    scores = drawn_scores(random)
    found = top_activations(Stimuli(cells, values, CELLS), GEOMETRY, scores)
    assert CROPS_KEPT == 12 and found.crops.shape == (4, min(12, crops))
    assert found.strengths.shape == (4, crops) and found.strengths.dtype == np.float16
    for f in range(4):
        order = sorted(range(crops), key=lambda n: (-values[f, 4, 0, n], n))[:12]
        assert found.crops[f].tolist() == order
        np.testing.assert_array_equal(found.scores[f], values[f, 4, 0, order])
        row, column = np.divmod(cells[f, 0, order], CELLS)
        centre = FIELD.center + 0.5 + FIELD.stride * np.stack([column, row], axis=1)
        corners = np.concatenate([centre - FIELD.size / 2, centre + FIELD.size / 2], axis=1)
        np.testing.assert_allclose(found.boxes[f], np.clip(corners, 0, SIZE))
        whole = values[f, 4, 0] / max(values[f, 4, 0].max(), 1)
        np.testing.assert_allclose(found.strengths[f], whole, rtol=1e-3)
        for place, n in enumerate(order):
            expected = plain_part_box(values[f, :, 0, n], centre[place], scores, f)
            np.testing.assert_allclose(found.part_boxes[f, place], expected, rtol=1e-4, atol=1e-3)
    assert np.isnan(found.part_boxes[1]).all() and np.isnan(found.part_boxes[3]).all()
    assert not np.isnan(found.part_boxes[[0, 2], 0]).any()


def drawn_scores(random) -> Scores:
    """Of four filters and three parts: the second detects none, the third the last two equally well."""
    ap = np.array([[np.nan, 0.1, 0.4], [np.nan, 0, 0], [np.nan, 0.2, 0.2], [np.nan, 0.3, 0.1]], np.float32)
    weights = random.normal(0, 2, (4, 3, 4, 12)).astype(np.float32)
    weights[..., 2:, -1] += 20  # width and height
    scale = random.uniform(1, 9, 4).astype(np.float32)
    return Scores(ap, ap, ap, ap, np.full((4, 3), 20, np.int32), weights, scale)


def plain_part_box(values, centre, scores: Scores, f: int) -> np.ndarray:
    """The regressed box of one stimulus for the filter's best part."""
    aps = scores.ap_train[f].tolist()
    best = max((p for p in range(3) if aps[p] > 0), key=lambda p: (aps[p], -p), default=None)
    if best is None or values[4] == 0:
        return np.full(4, np.nan)
    phi = np.concatenate([centre / SIZE, values / scores.scale[f], [1]])
    dx, dy, width, height = scores.weights[f, best].astype(np.float64) @ phi
    x, y, width, height = centre[0] + dx, centre[1] + dy, max(width, 1), max(height, 1)
    return np.clip([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 0, SIZE)
