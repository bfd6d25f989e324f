"""A planted network whose class scores each read one filter: that one is found, and the part it detects."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.data import shapeparts
from partsjax.data.crops import class_crops, pixels_of
from partsjax.data.pipeline import batches
from partsjax.data.planted import planted_network
from partsjax.data.schema import Object, Part
from partsjax.discriminativeness.ablation import ablator
from partsjax.discriminativeness.blackout import blackout, blackout_scores
from partsjax.discriminativeness.correlation import spearman
from partsjax.discriminativeness.filters import filter_drops, sharing
from partsjax.discriminativeness.gradients import attributor
from partsjax.discriminativeness.part_drops import Blackouts, part_drops
from partsjax.emergence.bootstrap import resamples

READ = {"quadruped": "head", "bird": "head", "robot": "hand", "digger": "bucket"}
CLASSES = tuple(READ)


def reader():
    """The network, and the filter each class reads; the score is the class's filter at its strongest."""
    planted = planted_network()
    read = [planted.filters[place] for place in READ.items()]

    def after(params, layer, activation):
        assert layer == "blob"
        return 10 * activation.max(axis=(1, 2))[:, jnp.array(read)]

    return dataclasses.replace(planted.network, classes=CLASSES, after=after), read


def crops_of(object_class, network, count=16):
    dataset = shapeparts.read_shapeparts(seed=1, classes=[object_class], per_class=count, style="planted")
    crops = class_crops(dataset, object_class, "val", network.input_size, limit=count)
    return crops, next(batches(crops, [np.arange(count)], count, network.preprocessing.mean)).pixels


@pytest.mark.slow
def test_the_filters_a_class_reads_are_discriminative_and_no_others():
    network, read = reader()
    ablate, attribute, found = ablator(network, "blob"), attributor(network, "blob"), []
    for c, object_class in enumerate(CLASSES):
        crops, pixels = crops_of(object_class, network)
        labels = np.full(len(crops), c)
        weights = resamples(len(crops.images), 0)
        lost = filter_drops(ablate(pixels, labels).before, crops.image_index, weights)
        np.testing.assert_array_equal(np.flatnonzero(lost.discriminative()), [read[c]])
        np.testing.assert_array_equal(np.delete(lost.delta.value, read[c]), 0)
        assert lost.delta.low[read[c]] > 0 and lost.share[read[c]] == 1
        gradients = np.asarray(attribute(pixels, labels)).mean(axis=0)
        assert spearman(gradients, lost.delta.value) == 1
        found.append(lost.discriminative())
    shared = sharing(np.array(found))
    assert shared.distinct == 4 and shared.histogram.tolist() == [4, 4, 0, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("object_class", ["robot", "bird"])
def test_blackout_finds_the_part_a_class_reads(object_class):
    network, _ = reader()
    scores, c = blackout_scores(network), CLASSES.index(object_class)
    crops, pixels = crops_of(object_class, network)
    found = {}
    for p, part in enumerate(crops.parts):
        black = [blackout(crops.objects[n], part, crops.size, [n, p]) for n in range(len(crops))]
        masks = np.array([[np.zeros_like(b.part), b.part, *_eight(b.controls)] for b in black])
        intact, without, *controls = np.moveaxis(np.asarray(scores(pixels, masks))[..., c], 1, 0)
        has = masks[:, 1].any(axis=(1, 2))
        areas, on_part = np.array([b.areas for b in black]).T, np.array([b.on_part for b in black])
        controls = np.where(np.isnan(on_part), np.nan, intact - np.array(controls)).T
        columns = (intact - without, controls, *areas, on_part)
        found[part] = part_drops(
            Blackouts(*(column[has] for column in columns)),
            crops.image_index[has],
            resamples(len(crops.images), 0),
        )
    assert found[READ[object_class]].crops > 10
    discriminative = [part for part, drops in found.items() if drops.discriminative]
    best = max(found, key=lambda part: np.nan_to_num(found[part].difference.value))
    assert best == READ[object_class] and best in discriminative
    assert discriminative == [best]


def _eight(controls: np.ndarray) -> np.ndarray:
    return controls if len(controls) else np.zeros((8, *controls.shape[1:]), bool)


def objects(count: int = 12) -> list[Object]:
    """Dogs whose torso fills not quite half of them, at the left or the right, and whose ear is small."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(count):
        side = float(random.choice([2, 108]))
        left, top = random.uniform(0, 180, 2)
        parts = Part("torso", (side, 10, side + 90, 190)), Part("ear", (left, top, left + 18, top + 15))
        found.append(Object("dog", (0.0, 0.0, 200.0, 200.0), parts))
    return found


def test_of_a_classifier_that_reads_a_large_part_no_control_takes_it_away():
    """It reads a crop's pixels on the torso, of which a random box of the torso's size covers about half."""
    shown = objects()
    read = [pixels_of(dog.parts[0], dog.box, 224) for dog in shown]

    def drops(part: str):
        columns = []
        for n, (dog, torso) in enumerate(zip(shown, read, strict=True)):
            black = blackout(dog, part, 224, [0, n])
            lost = [(mask & torso).sum() / torso.sum() for mask in (black.part, *black.controls)]
            columns.append((lost[0], lost[1:], *black.areas, black.on_part))
        return part_drops(
            Blackouts(*map(np.array, zip(*columns, strict=True))), np.arange(len(shown)), resamples(12, 0)
        )

    torso, ear = drops("torso"), drops("ear")
    assert torso.discriminative is True and torso.without_control == 0
    assert torso.on_part <= 0.1 and torso.difference.value >= 0.9 * torso.drop.value > 0.89
    assert ear.discriminative is False and ear.controlled == 12
