"""Segmentations: pixels of polygons and run lengths, the box they give, disjoint polygons."""

import numpy as np
import pytest

from partsjax.data import coco_parts
from partsjax.data.coco_parts.segmentation import parse
from partsjax.data.crops import pixels_of
from partsjax.errors import InputError
from tests.data.coco_folder import annotation, document, write

DOG = annotation(10, 1, [10, 10, 60, 60], obj_ann_id=10)
WHOLE = (0, 0, 100, 80)
SQUARE = [20, 20, 30, 20, 30, 30, 20, 30]
FAR = [50, 40, 60, 40, 60, 50.5, 50, 50]


def read(tmp_path, segmentation, bbox=None, category=3, **options):
    entry = annotation(11, category, bbox, segmentation=segmentation, obj_ann_id=10)
    if bbox is None:
        del entry["bbox"]
    folder = write(tmp_path, document([DOG, entry]))
    data = coco_parts.read_coco_parts(folder, **options)
    return [part for image in data.images for found in image.objects for part in found.parts], data.notes


def inside(ring, x, y):
    """Whether a point lies in a polygon: how often a ray to the right crosses it."""
    corners = list(zip(ring[::2], ring[1::2], strict=True))
    crossings = 0
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y1 <= y) != (y2 <= y) and x1 + (y - y1) * (x2 - x1) / (y2 - y1) <= x:
            crossings += 1
    return crossings % 2 == 1


def test_a_pixel_is_in_a_polygon_if_its_centre_is():
    random = np.random.default_rng(0)
    for _ in range(10):
        ring = random.uniform(-5, 30, 2 * random.integers(3, 9)).round(2).tolist()
        found = parse([ring], 100, 80).pixels((2, 1, 27, 22))
        expected = [[inside(ring, x + 0.5, y + 0.5) for x in range(2, 27)] for y in range(1, 22)]
        assert np.array_equal(found, expected)


def test_polygons_are_one_union():
    both = parse([SQUARE, [25, 25, 40, 25, 40, 35, 25, 35]], 100, 80)
    expected = np.zeros((80, 100), bool)
    expected[20:30, 20:30] = expected[25:35, 25:40] = True
    assert np.array_equal(both.pixels(WHOLE), expected) and both.hull == (20, 20, 40, 35)


def test_run_lengths_go_down_the_columns():
    expected = np.zeros((7, 9), bool)
    expected[1:5, 2:6] = True
    expected[2, 3], expected[3, 7] = False, True
    runs = np.diff(np.flatnonzero(np.diff(np.r_[-1, expected.T.ravel() * 1, -1])), prepend=0).tolist()
    # The second is what COCO's own tool writes for these pixels.
    for counts in (runs[1:], "?43MN122009MN"):
        found = parse({"size": [7, 9], "counts": counts}, 9, 7)
        assert np.array_equal(found.pixels((0, 0, 9, 7)), expected)
        assert found.hull == (2, 1, 8, 5)


@pytest.mark.parametrize("nothing", [None, [], [[]], {}, float("nan")])
def test_no_segmentation(nothing):
    assert parse(nothing, 9, 7) is None


WRONG = [
    [[1, 2, 3, 4]],
    [[1, 2, 3, 4, 5, 6, 7]],
    [[1, 2, 3, 4, 5, "6"]],
    [SQUARE, 3],
    "polygon",
    3,
    {"size": [100, 80], "counts": [0, 8000]},
    {"size": [80, 100], "counts": [0, 5]},
    {"size": [80, 100], "counts": [8000]},
    {"size": [80, 100], "counts": [-5, 8005]},
    {"size": [80, 100], "counts": "é"},
    {"counts": [0, 8000]},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_segmentation_that_is_none(tmp_path, wrong):
    """Without a box it is a fault; with one, the box is taken, and that is said."""
    with pytest.raises(
        InputError, match="annotation 11 has no `bbox` in `annotations` and a segmentation of which "
    ):
        read(tmp_path / "a", wrong)
    (part,), notes = read(tmp_path / "b", wrong, [20, 20, 10, 10])
    assert part.mask is None and "1 segmentations that cannot be read: their boxes are taken" in notes


@pytest.mark.parametrize("bbox", [None, [20, 20, 10, 10]])
def test_it_gives_the_box_where_there_is_none_and_the_mask(tmp_path, bbox):
    triangle = [20, 20, 30, 20, 20, 30]
    (part,), _ = read(tmp_path, [triangle], bbox)
    assert part.box == (20, 20, 30, 30)
    row, column = np.indices((10, 10))
    assert np.array_equal(part.pixels(), row + column < 9)


def test_a_box_of_fractions_of_pixels_keeps_its_numbers_and_has_a_mask_of_whole_ones(tmp_path):
    (part,), _ = read(tmp_path, [[20.5, 20.5, 30.5, 20.5, 30.5, 30.5, 20.5, 30.5]], [20.75, 20.75, 10, 10])
    assert part.box == (20.75, 20.75, 30.75, 30.75) and part.window == (20, 20, 31, 31)
    expected = np.zeros((11, 11), bool)
    expected[:10, :10] = True
    assert np.array_equal(part.pixels(), expected)
    # Blackout sees the very pixels: a crop that shows the image one to one.
    crop = pixels_of(part, (16, 16, 48, 48), 64)
    assert crop.sum() == 100 and crop[20:30, 20:30].sum() == 100


def test_a_missing_or_empty_box_without_segmentation(tmp_path):
    with pytest.raises(InputError, match="annotation 11 has no `bbox`"):
        read(tmp_path, None)


def test_a_segmentation_elsewhere_than_its_box(tmp_path):
    with pytest.raises(InputError, match="annotation 11 has a segmentation outside its bbox"):
        read(tmp_path / "a", [FAR], [20, 20, 10, 10])
    (part,), notes = read(tmp_path / "b", [SQUARE], [20, 20, 30, 30])
    assert part.box == (20, 20, 50, 50)
    assert "1 annotations whose bbox and segmentation differ (IoU under 0.5): bbox is taken" in notes


def test_disjoint_polygons_are_said_and_split_if_asked(tmp_path):
    (part,), notes = read(tmp_path / "a", [SQUARE, FAR], [20, 20, 40, 30.5])
    assert part.box == (20, 20, 60, 50.5)
    said = "1 annotations hold disjoint polygons under one box; --split_polygons makes each an instance"
    assert said in notes
    found, notes = read(tmp_path / "b", [SQUARE, FAR], [20, 20, 40, 30.5], split_polygons=True)
    assert [part.box for part in found] == [(20, 20, 30, 30), (50, 40, 60, 50.5)]
    assert all(part.pixels()[:10].all() for part in found)
    assert any("1 annotations of disjoint polygons are split" in note for note in notes)


@pytest.mark.parametrize(
    "other",
    [
        [25, 25, 40, 25, 40, 35, 25, 35],  # overlaps
        [30, 20, 40, 20, 40, 30, 30, 30],  # touches along a side
        [30, 30, 40, 30, 40, 40, 30, 40],  # touches in a corner
        [22, 22, 25, 22, 25, 25, 22, 25],  # lies inside
        [50, 50, 50.2, 50, 50.2, 50.2, 50, 50.2],  # holds no pixel's centre
    ],
)
def test_polygons_that_hang_together_are_one_instance(tmp_path, other):
    (part,), notes = read(tmp_path, [SQUARE, other], [20, 20, 32, 32], split_polygons=True)
    assert part.box == (20, 20, 52, 52) and not any("disjoint" in note for note in notes)


def test_objects_are_never_split(tmp_path):
    dog = {**DOG, "segmentation": [[10, 10, 30, 10, 30, 70, 10, 70], [50, 10, 70, 10, 70, 70, 50, 70]]}
    ear = annotation(11, 3, [12, 12, 5, 6], obj_ann_id=10)
    data = coco_parts.read_coco_parts(write(tmp_path, document([dog, ear])), split_polygons=True)
    assert [len(image.objects) for image in data.images] == [1]


def test_nothing_to_split_is_an_option_not_used(tmp_path):
    with pytest.raises(InputError, match="--split_polygons: no annotation has a segmentation"):
        read(tmp_path, None, [20, 20, 5, 5], split_polygons=True)


def test_a_polygon_outside_its_image_is_told_by_the_box_it_gives(tmp_path):
    outside = [95, 20, 130, 20, 130, 30, 95, 30]
    with pytest.raises(
        InputError, match=r"annotation 11 has bbox \[95\.0, 20\.0, 35\.0, 10\.0\] outside its image"
    ):
        read(tmp_path, [outside])
