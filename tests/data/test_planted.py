"""Known answers: planted detectors score AP 1.0 on both splits, blind filters no more than place does."""

import functools

import jax
import numpy as np
import pytest
from scipy.cluster.vq import kmeans2

from partsjax.data import shapeparts
from partsjax.data.crops import class_crops, warp
from partsjax.data.planted import FIELDS, blind_network, planted_network
from partsjax.data.shapeparts.scene import FIGURES
from partsjax.emergence.combination import Search
from partsjax.emergence.ground import Ground
from partsjax.emergence.judged import judge_layer
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry
from partsjax.emergence.stimuli import Stimuli
from partsjax.emergence.verdict import with_q_values
from partsjax.ops import local_maxima
from tests.plain.average_precision import average_precision
from tests.plain.detections import overlapped
from tests.plain.pipeline import median_box_ap, score_layer

PLANTED = planted_network()
BLIND = blind_network(seed=3, filters=12)


@functools.lru_cache
def _maps(network_name, object_class, seed, style, per_class):
    """Activations of the layer "blob" and the crops, of both splits."""
    network = _network(network_name)
    dataset = shapeparts.read_shapeparts(seed=seed, classes=[object_class], per_class=per_class, style=style)
    apply = jax.jit(lambda params, images: network.apply(params, images, ("blob",))["blob"])
    mean, std = (np.array(v, np.float32) for v in (network.preprocessing.mean, network.preprocessing.std))
    maps, both = [], []
    for split in ("train", "val"):
        crops = class_crops(dataset, object_class, split, network.input_size)
        found = []
        for image, box in zip(crops.image_index, crops.object_boxes, strict=True):
            pixels = np.zeros((8, 8, 3), np.uint8) if network is BLIND else crops.images[image].source.read()
            crop = warp(pixels, box, network.input_size, mean)
            found.append(apply(network.params, ((crop - mean) / std)[None])[0])
        maps.append(np.stack(found))
        both.append(crops)
    return maps, both


def _network(name):
    return {"planted": PLANTED.network, "blind": BLIND}[name]


@functools.lru_cache
def _scores(network_name, *data):
    """Scores of the layer "blob" by the plain pipeline; the truth of both splits; names of the parts."""
    network = _network(network_name)
    maps, crops = _maps(network_name, *data)
    truths = [_truth(c) for c in crops]
    field = network.fields["blob"]
    geometry = (field.size, field.stride, field.center)
    return score_layer(*maps, geometry, *truths, network.input_size), truths, crops[0].parts


def _truth(crops):
    t = crops.truth
    return [
        [t.boxes[:, p, t.valid[p, :, n], n].T.astype(float) for p in range(len(crops.parts))]
        for n in range(len(crops))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("object_class", shapeparts.CLASSES)
def test_planted_filters_score_one_on_both_splits(object_class, seed):
    scores, _, parts = _scores("planted", object_class, seed, "planted", 30)
    wanted = {part: f for (c, part), f in PLANTED.filters.items() if c == object_class}
    assert wanted
    for part, f in wanted.items():
        p = parts.index(part)
        assert scores.ap_train[f, p] == 1.0
        assert scores.ap_val[f, p] == 1.0
        others = np.delete(scores.ap_train[:, p], f)
        assert others.max() < 0.6  # so choosing the best filter means something
        assert scores.ap_train_unregressed[f, p] < 0.6  # and so does regression


@pytest.mark.slow
@pytest.mark.parametrize("object_class", shapeparts.CLASSES)
def test_planted_parts_emerge_beyond_their_prior(object_class):
    maps, crops = _maps("planted", object_class, 0, "planted", 30)
    stimuli = tuple(
        Stimuli(*(np.asarray(a) for a in local_maxima.strongest(activation, 8)), activation.shape[2])
        for activation in maps
    )
    field, size, parts = FIELDS["blob"], PLANTED.network.input_size, crops[0].parts
    geometry = Geometry.of(field, stimuli[0].columns, size)
    searches = [Search(), Search("greedy", "calibrated", union_nms=True)]
    data = LayerData("blob", stimuli, Ground(*crops, Method(), 0), geometry)
    evidence = judge_layer([data], searches, 0).evidence
    verdicts = with_q_values(evidence.verdicts)
    for (_, part), f in _planted(object_class):
        verdict = verdicts[parts.index(part)]
        assert verdict.best_filter == f
        assert verdict.combination == (f,)  # nothing more is needed
        assert verdict.combination_ap_val == (1, 1, 1)
        assert verdict.beyond_place and verdict.emerges_paper and verdict.emerges_strict
        assert not verdict.rare
        shown = evidence.strongest[parts.index(part)]
        assert all(d.correct and d.filter == f for d in shown.best) and len(shown.best) == 10
    assert len(evidence.trials) == 2 * len(parts)
    of_planted = [t for t in evidence.trials if t.part in [part for (_, part), _ in _planted(object_class)]]
    assert all(t.ap_train == t.ap_val.value == 1 for t in of_planted)


def _planted(object_class):
    return [item for item in PLANTED.filters.items() if item[0][0] == object_class]


def test_a_planted_filter_is_silent_on_every_other_colour_and_its_blends():
    palette = [colour for figure in FIGURES.values() for colour in figure.planted.values()]
    palette += [(v, v, v) for v in (0, 90, 128, 165, 255)]
    rng = np.random.default_rng(0)
    for (object_class, part), f in PLANTED.filters.items():
        own = FIGURES[object_class].planted[part]
        others = np.array([c for c in palette if c != own])
        blends = rng.dirichlet(np.ones(len(others)), 200) @ others
        assert _colour(np.concatenate([others, blends])[:, None, None])[:, f].max() == 0
        assert _colour(np.array(own, float)[None, None, None])[0, f] == pytest.approx(1.0, abs=1e-5)


def _colour(images):
    activation = PLANTED.network.apply(PLANTED.network.params, (images - 127.5) / 127.5, ("colour",))
    return np.asarray(activation["colour"])[:, 0, 0]


def test_the_receptive_field_is_the_pixels_that_move_a_cell():
    network, field = PLANTED.network, FIELDS["blob"]
    # Bright enough for the filter of bright regions to be excited everywhere.
    images = np.full((1, 224, 224, 3), 0.5, np.float32)
    for cell in ((14, 14), (10, 17)):
        gradient = jax.grad(
            lambda x, cell=cell: network.apply(network.params, x, ("blob",))["blob"][0, *cell, 0]
        )(images)
        rows, columns = np.nonzero(np.abs(np.asarray(gradient)[0]).sum(axis=-1))
        for axis, where in ((rows, cell[0]), (columns, cell[1])):
            assert axis.max() + 1 - axis.min() == field.size
            middle = field.center + 0.5 + field.stride * where
            assert (axis.min() + axis.max() + 1) / 2 == middle


def test_blob_is_the_strided_convolution_it_is_said_to_be():
    network = PLANTED.network
    images = np.random.default_rng(0).uniform(-1, 1, (1, 224, 224, 3)).astype(np.float32)
    found = {k: np.asarray(v) for k, v in network.apply(network.params, images, ("colour", "blob")).items()}
    assert found["colour"].shape == (1, 224, 224, 8) and found["blob"].shape == (1, 28, 28, 8)
    reach = int(FIELDS["blob"].size) // 2
    window = np.asarray(network.params["window"])[14, 4 + 8 * 14 - reach : 4 + 8 * 14 + reach + 1]
    padded = np.pad(found["colour"][0], ((reach, reach), (reach, reach), (0, 0)))
    for row, column in ((0, 0), (3, 27), (20, 9)):
        y, x = 4 + 8 * row, 4 + 8 * column
        patch = padded[y : y + 2 * reach + 1, x : x + 2 * reach + 1]
        expected = np.einsum("yxf,yf,xf->f", patch, window, window)
        np.testing.assert_allclose(found["blob"][0, row, column], expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("object_class", shapeparts.CLASSES)
def test_blind_filters_score_no_more_than_the_best_fixed_box(object_class):
    scores, (train, val), parts = _scores("blind", object_class, 0, "natural", 100)
    blind, prior = [], []
    for p in range(len(parts)):
        best = scores.ap_train[:, p].argmax()
        blind.append(scores.ap_val[best, p])
        prior.append(_strong_prior(train, val, p))
        assert blind[-1] <= prior[-1] + 0.1, parts[p]
    assert np.mean(blind) <= np.mean(prior) + 0.01


def _strong_prior(train, val, part):
    """Val AP of the best on train of the median box and the k-means centres of the train boxes."""
    boxes = np.concatenate([crop[part] for crop in train])
    candidates = [np.median(boxes, axis=0)]
    for k in range(1, 6):
        candidates += list(kmeans2(boxes, k, seed=0, minit="++")[0])
    best = max(candidates, key=lambda box: _box_ap(box, train, part))
    return _box_ap(best, val, part)


def _box_ap(box, truth, part):
    """AP of one box shown on every crop, all of one score."""
    first = np.cumsum([0] + [len(crop[part]) for crop in truth])
    found = [int(overlapped(box, crop[part])) for crop in truth]
    found = np.array([f + first[n] if f >= 0 else -1 for n, f in enumerate(found)])
    return average_precision(np.ones(len(found)), found, np.zeros(first[-1], bool))


def test_the_fixed_box_of_this_test_is_that_of_the_plain_pipeline():
    _, (train, val), parts = _scores("blind", "digger", 0, "natural", 100)
    for p in range(len(parts)):
        median = np.median(np.concatenate([crop[p] for crop in train]), axis=0)
        assert _box_ap(median, val, p) == pytest.approx(median_box_ap(train, val, p))


def test_blind_filters_do_not_look():
    images = np.random.default_rng(0).uniform(-1, 1, (2, 224, 224, 3)).astype(np.float32)
    maps = np.asarray(BLIND.apply(BLIND.params, images, ("blob",))["blob"])
    assert maps.shape == (2, 28, 28, 12)
    np.testing.assert_array_equal(maps[0], maps[1])
    assert ((maps > 0).sum(axis=(1, 2)) > 9).all()


def test_digests_tell_networks_apart():
    digests = {PLANTED.network.digest, *(blind_network(seed).digest for seed in (0, 1))}
    assert len(digests) == 3
    assert PLANTED.network.digest == planted_network().network.digest
