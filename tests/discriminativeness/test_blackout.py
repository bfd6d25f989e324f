"""Which pixels are blacked out, where the controls lie, and what is made of the drops."""

import dataclasses

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partsjax.data import shapeparts
from partsjax.data.crops import CONTEXT, class_crops, pixels_of, warp
from partsjax.data.masks import pack
from partsjax.data.schema import Object, Part
from partsjax.discriminativeness.blackout import (
    _random_box,
    blackout,
    blackout_scores,
    part_drops,
)
from partsjax.emergence.bootstrap import resamples
from partsjax.networks import Preprocessing, as_network
from tests.discriminativeness import plain
from tests.discriminativeness.test_ablation import drawn, images, table

SIZE = 48
OBJECT = (10.0, 20.0, 70.0, 60.0)
SIDES = some.integers(1, 40)


@some.composite
def parts(draw, masked=None):
    """A part in or about the object, by box or by mask."""
    x, y = draw(some.integers(0, 60)), draw(some.integers(10, 50))
    width, height = draw(SIDES), draw(SIDES)
    box = tuple(float(v) for v in (x, y, x + width, y + height))
    if not (draw(some.booleans()) if masked is None else masked):
        return Part("leg", box)
    density = draw(some.sampled_from([0.0, 0.2, 0.9]))
    mask = np.random.default_rng(draw(some.integers(0, 99))).random((height, width)) < density
    return Part("leg", box, pack(mask, (0, 0, width, height)))


@given(parts())
def test_a_parts_pixels_are_those_whose_centres_lie_on_it(part):
    np.testing.assert_array_equal(pixels_of(part, OBJECT, SIZE), plain.mask_pixels(part, OBJECT, SIZE))


def test_a_box_holds_the_centres_on_its_left_and_upper_edge_alone():
    """Of a 32-pixel object, which fills pixels 16 to 48 of 64: one to one."""
    pixels = pixels_of(Part("leg", (0.5, 1.5, 3.5, 3.5)), (0.0, 0.0, 32.0, 32.0), 64)
    rows, columns = (np.flatnonzero(pixels.any(axis=axis)).tolist() for axis in (1, 0))
    assert rows == [17, 18] and columns == [16, 17, 18]


def test_the_control_of_a_thin_mask_is_a_pixel_wide():
    ends = np.zeros((SIZE, SIZE), bool)
    ends[[20, 31], 20] = True  # two pixels of twelve by one: shrunk to 5 by less than half
    rows, columns = _random_box(ends, SIZE, np.random.default_rng(0))
    assert (rows.stop - rows.start, columns.stop - columns.start) == (5, 1)


def test_a_mask_falls_where_the_warp_puts_it():
    """The mask warped like a photograph: all of it that is there is blacked out, and nothing else."""
    dataset, seen = shapeparts.read_shapeparts(seed=0, per_class=3), 0
    for object_class in dataset.parts:
        crops = class_crops(dataset, object_class, "train", 224)
        for n in range(len(crops)):
            shown = crops.objects[n]
            assert shown.box == tuple(crops.object_boxes[n])
            for part in shown.parts:
                image = np.zeros((320, 320, 3), np.uint8)
                x1, y1, x2, y2 = map(int, part.box)
                image[y1:y2, x1:x2][part.pixels()] = 1
                warped = warp(image, shown.box, 224, (0, 0, 0))[..., 0]
                black = pixels_of(part, shown.box, 224)
                assert black[warped == 1].all() and not black[warped == 0].any()
                seen += (warped == 1).any()
    assert seen > 50


@given(some.lists(parts(), min_size=0, max_size=4), some.integers(0, 1000))
def test_instances_go_together_and_controls_are_as_large_and_inside_the_object(found, seed):
    shown = Object("dog", OBJECT, (*found, Part("head", OBJECT)))
    black = blackout(shown, "leg", SIZE, [seed, 1])
    each = [plain.mask_pixels(part, OBJECT, SIZE) for part in found]
    np.testing.assert_array_equal(black.part, np.any(each, axis=0) if each else np.zeros((SIZE, SIZE)))
    assert black.controls.shape == (8, SIZE, SIZE)
    inner = slice(CONTEXT, SIZE - CONTEXT)
    assert black.controls.sum() == black.controls[:, inner, inner].sum()
    assert black.areas == (black.part.mean(), black.controls.mean())
    np.testing.assert_array_equal(blackout(shown, "leg", SIZE, [seed, 1]).controls, black.controls)
    if not black.part.any():
        assert not black.controls.any()


@given(parts(masked=False))
def test_a_boxs_control_is_that_box_moved(part):
    black = blackout(Object("dog", OBJECT, (part,)), "leg", SIZE, [0])
    sides = [black.part.any(axis=1).sum(), black.part.any(axis=0).sum()]
    for control in black.controls if black.part.any() else ():
        rows, columns = np.flatnonzero(control.any(axis=1)), np.flatnonzero(control.any(axis=0))
        assert control[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert [len(rows), len(columns)] == [min(s, SIZE - 2 * CONTEXT) for s in sides]


def test_a_masks_control_has_its_area():
    disc = np.hypot(*np.mgrid[-20:20, -20:20] + 0.5) < 20
    part = Part("head", (50.0, 60.0, 90.0, 100.0), pack(disc, (0, 0, 40, 40)))
    shown = Object("dog", (20.0, 30.0, 220.0, 230.0), (part, Part("leg", (50, 60, 90, 100))))
    of_mask, of_box = (blackout(shown, name, 224, [0]) for name in ("head", "leg"))
    areas = of_mask.controls.sum(axis=(1, 2))
    np.testing.assert_allclose(areas, of_mask.part.sum(), rtol=0.04)
    np.testing.assert_array_equal(of_box.controls.sum(axis=(1, 2)), of_box.part.sum())


def test_controls_are_uniform_over_the_object():
    part = Part("leg", (30.0, 30.0, 38.0, 38.0))
    black = blackout(Object("dog", OBJECT, (part,)), "leg", SIZE, [0], controls=4000)
    width, height = black.part.any(axis=0).sum(), black.part.any(axis=1).sum()
    places = 17 - width, 17 - height
    left = black.controls.any(axis=1).argmax(axis=1) - CONTEXT
    top = black.controls.any(axis=2).argmax(axis=1) - CONTEXT
    for drawn_places, count in zip((left, top), places, strict=True):
        shares = np.bincount(drawn_places, minlength=count) / 4000
        np.testing.assert_allclose(shares, 1 / count, atol=4 * np.sqrt(1 / count / 4000))
    assert len(shares) == count > 5 and abs(np.corrcoef(left, top)[0, 1]) < 0.07


def test_scores_are_those_of_crops_painted_with_the_mean_colour():
    mean, std = (1.0, -2.0, 3.0), (2.0, 1.5, 1.0)
    architecture = dataclasses.replace(table(), preprocessing=Preprocessing(mean, std))
    network, random = as_network(architecture, drawn(architecture)), np.random.default_rng(0)
    crops = images(architecture, count=2 * jax.device_count())
    masks = random.random((len(crops), 3, 17, 17)) < 0.3
    masks[:, 0] = False
    found = np.asarray(blackout_scores(network)(crops, masks))
    for n, m in np.ndindex(found.shape[:2]):
        painted = (np.where(masks[n, m][..., None], mean, crops[n]) - np.array(mean)) / np.array(std)
        wanted = plain.scores(architecture, drawn(architecture), painted)
        np.testing.assert_allclose(found[n, m], wanted, rtol=1e-4, atol=1e-4)


@given(some.integers(0, 2**32 - 1))
def test_drops_of_a_part_are_the_means_over_its_crops(seed):
    random = np.random.default_rng(seed)
    drops, controls = random.normal(1, 1, 6), random.normal(0, 1, (6, 8))
    areas, control_areas = random.uniform(0.01, 0.2, (2, 6))
    of, draws = random.integers(0, 4, 6), [np.arange(4), *random.integers(0, 4, (5, 4))]
    weights = np.array([np.bincount(d, minlength=4) for d in draws], np.float32).T
    found = part_drops(drops, controls, areas, control_areas, of, weights)
    for r, d in enumerate(draws):
        one, other = (plain.resampled_mean(v, of, d) for v in (drops, controls.mean(axis=1)))
        by_area = plain.resampled_mean(drops, of, d, areas)
        by_area -= plain.resampled_mean(controls.mean(axis=1), of, d, control_areas)
        np.testing.assert_allclose(found.drop.samples[r], one, rtol=1e-9)
        np.testing.assert_allclose(found.control.samples[r], other, rtol=1e-9)
        np.testing.assert_allclose(found.difference.samples[r], one - other, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.per_area.samples[r], by_area, rtol=1e-9)
    np.testing.assert_allclose(found.per_area.value, found.per_area.samples[0], rtol=1e-9)
    assert found.crops == 6 and found.area == pytest.approx(areas.mean())
    assert found.discriminative == (found.difference.low > 0)


@pytest.mark.parametrize(("effect", "expected"), [(1.0, True), (0.0, False), (-1.0, False)])
def test_a_part_is_discriminative_by_what_it_costs_over_its_controls(effect, expected):
    random = np.random.default_rng(0)
    crops = random.normal(5, 2, 60)  # a crop that loses much loses it anywhere
    controls = crops[:, None] + random.normal(0, 0.5, (60, 8))
    area = np.full(60, 0.1)
    found = part_drops(
        crops + effect + random.normal(-0.05, 0.5, 60), controls, area, area, np.arange(60), resamples(60, 0)
    )
    assert found.discriminative == expected and found.drop.low > 0
    np.testing.assert_allclose(found.per_area.value, 10 * found.difference.value)


def test_a_part_that_no_crop_has_is_unknown():
    nothing = np.zeros(0)
    found = part_drops(nothing, np.zeros((0, 8)), nothing, nothing, np.zeros(0, int), resamples(9, 0))
    assert found.crops == 0 and not found.discriminative
    assert np.isnan(
        [found.area, *found.drop.estimate, *found.difference.estimate, *found.per_area.estimate]
    ).all()
