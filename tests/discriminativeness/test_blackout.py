"""Which pixels are blacked out, and where the controls lie."""

import collections
import dataclasses

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.stats import chisquare

from partsjax.data import shapeparts
from partsjax.data.crops import class_crops, pixels_of, warp
from partsjax.data.masks import pack
from partsjax.data.schema import Object, Part
from partsjax.discriminativeness.blackout import _sides, blackout, blackout_scores
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
    ends[[20, 31], 20] = True  # two pixels of twelve by one
    assert _sides(ends) == (2, 1) and _sides(ends.T) == (1, 2)


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
def test_instances_go_together_and_controls_leave_each_of_them_alone(found, seed):
    shown = Object("dog", OBJECT, (*found, Part("head", OBJECT)))
    black = blackout(shown, "leg", SIZE, [seed, 1])
    each = [plain.mask_pixels(part, OBJECT, SIZE) for part in found]
    each = [pixels for pixels in each if pixels.any()]
    np.testing.assert_array_equal(black.part, np.any(each, axis=0) if each else np.zeros((SIZE, SIZE)))
    np.testing.assert_array_equal(blackout(shown, "leg", SIZE, [seed, 1]).controls, black.controls)
    sides = [_sides(pixels) for pixels in each]
    places = [plain.free_places(each, *of, SIZE) for of in sides]
    if not each or not all(places):
        assert black.controls.shape == (0, SIZE, SIZE)
        assert np.isnan([black.areas[1], black.on_part]).all()
        return
    assert black.controls.shape == (8, SIZE, SIZE)
    boxes = [  # all that a control could be a union of
        [_box(place, *of) for place in free] for free, of in zip(places, sides, strict=True)
    ]
    for control in black.controls:
        inside = [[box for box in of if (control | box == control).all()] for of in boxes]
        assert all(inside) and not (control & ~np.any([box for of in inside for box in of], axis=0)).any()
    assert black.areas == (black.part.mean(), black.controls.mean())
    taken = [(control & black.part).sum() / black.part.sum() for control in black.controls]
    assert black.on_part == pytest.approx(np.mean(taken))
    assert black.on_part * black.part.sum() <= 0.1 * sum(h * w for h, w in sides) * len(each)


def _box(place, height, width):
    pixels = np.zeros((SIZE, SIZE), bool)
    pixels[place[0] : place[0] + height, place[1] : place[1] + width] = True
    return pixels


def beside(first: float, end: float):
    """A part as high as its object of 32 x 32 crop pixels, in these columns; those where controls begin."""
    part = Part("leg", (first, 0.0, end, 32.0))
    black = blackout(Object("dog", (0.0, 0.0, 32.0, 32.0), (part,)), "leg", 64, [0], controls=200)
    return black, {*(black.controls.any(axis=1).argmax(axis=1) - 16).tolist()}


def test_the_last_places_that_there_are_are_found():
    """Of 17 of 32 columns a box of 17 lies on 2, over a tenth, or more; of 16 one of 16 on 1, or on none."""
    assert not beside(0, 17)[1]
    black, begin = beside(0, 16)
    assert begin == {15, 16} and 0 < black.on_part < 0.1


def test_a_tenth_and_no_more_may_lie_on_the_part():
    assert beside(11, 21)[1] == {0, 1, 2, 20, 21, 22}


@pytest.mark.parametrize("box", [(0.0, 0.0, 32.0, 32.0), (0.0, 10.0, 33.0, 12.0), (4.0, 4.0, 28.0, 28.0)])
def test_beside_a_part_that_leaves_no_room_no_control_fits(box):
    """It fills the object, or reaches out of it, or lies in its middle."""
    black = blackout(Object("dog", (0.0, 0.0, 32.0, 32.0), (Part("leg", box),)), "leg", 64, [0])
    assert black.part.any() and not len(black.controls) and np.isnan(black.areas[1])


@given(parts(masked=False))
def test_a_boxs_control_is_that_box_moved(part):
    black = blackout(Object("dog", OBJECT, (part,)), "leg", SIZE, [0])
    sides = [black.part.any(axis=1).sum(), black.part.any(axis=0).sum()]
    for control in black.controls:
        rows, columns = np.flatnonzero(control.any(axis=1)), np.flatnonzero(control.any(axis=0))
        assert control[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert [len(rows), len(columns)] == sides


@given(parts(masked=True))
def test_a_masks_control_has_as_many_pixels(part):
    pixels = pixels_of(part, OBJECT, SIZE)
    if pixels.any():
        height, width = _sides(pixels)
        assert abs(height * width - pixels.sum()) <= min(height, width) / 2


def test_a_masks_control_has_its_area():
    disc = np.hypot(*np.mgrid[-20:20, -20:20] + 0.5) < 20
    part = Part("head", (50.0, 60.0, 90.0, 100.0), pack(disc, (0, 0, 40, 40)))
    shown = Object("dog", (20.0, 30.0, 220.0, 230.0), (part, Part("leg", (50, 60, 90, 100))))
    of_mask, of_box = (blackout(shown, name, 224, [0]) for name in ("head", "leg"))
    areas = of_mask.controls.sum(axis=(1, 2))
    np.testing.assert_allclose(areas, of_mask.part.sum(), rtol=0.02)
    np.testing.assert_array_equal(of_box.controls.sum(axis=(1, 2)), of_box.part.sum())


def test_controls_are_uniform_over_the_places_that_leave_the_part_alone():
    shown = Object("dog", OBJECT, (Part("leg", (30.0, 30.0, 38.0, 38.0)),))
    black = blackout(shown, "leg", SIZE, [0], controls=4000)
    free = plain.free_places([black.part], *_sides(black.part), SIZE)
    left = black.controls.any(axis=1).argmax(axis=1)
    top = black.controls.any(axis=2).argmax(axis=1)
    found = collections.Counter(zip(top.tolist(), left.tolist(), strict=True))
    assert found.keys() == set(free) and len(free) > 100
    assert chisquare([found[place] for place in free]).pvalue > 1e-3


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
