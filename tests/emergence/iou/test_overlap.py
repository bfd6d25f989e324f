"""Intersections on the device, and IoU, against Network Dissection's definition in plain NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.data.crops import class_crops
from partsjax.data.dataset import Dataset
from partsjax.data.schema import Image, Object, Part
from partsjax.emergence.iou import overlap
from partsjax.emergence.iou.overlap import FilterIou, intersections, part_planes
from partsjax.emergence.iou.thresholds import Thresholds
from partsjax.emergence.iou.upsampling import upsampling
from partsjax.networks.protocol import ReceptiveField
from tests.plain import iou as plain

SIZE, CELLS, FIELD = 40, 6, ReceptiveField(11, 6, 4.5)


def counted(*arguments) -> np.ndarray:
    """`intersections`, compiled anew."""
    (found,) = jax.jit(lambda *given: intersections(*given))(*arguments)
    return np.asarray(found)


def maps(crops: int, filters: int, seed: int = 0) -> np.ndarray:
    """Sparse, as after a ReLU; the last filter never fires, those before are constant and saturated."""
    random = np.random.default_rng(seed)
    found = np.maximum(random.standard_normal((crops, CELLS, CELLS, filters)) - 1, 0).astype(np.float32)
    found[..., -3] = np.minimum(random.random(found.shape[:3]), 0.7)
    found[..., -2] = 0.5
    found[..., -1] = 0
    return found


def planes(crops: int, parts: int, seed: int = 0) -> np.ndarray:
    """Of random parts, of which the last is nowhere, after ones."""
    random = np.random.default_rng(seed)
    shown = random.random((crops, parts + 1, SIZE, SIZE)) < 0.3
    shown[:, 0], shown[:, -1] = True, False
    return shown.astype(np.uint8)


@pytest.mark.parametrize(
    "field", [FIELD, ReceptiveField(1, 7.5, -3.25), ReceptiveField(9, 3, 12), ReceptiveField(8, 20, 0)]
)
def test_a_map_upsampled_is_interpolated_between_the_centers_of_its_cells(field):
    activation = maps(1, 3)[0, :, :, 0]
    across = upsampling(field, CELLS, SIZE)
    expected = plain.upsampled(activation, field.stride, field.center, SIZE)
    np.testing.assert_allclose(across @ activation @ across.T, expected, atol=1e-6)
    np.testing.assert_allclose(across.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("width", [4, 16])
def test_iou_of_all_filters_with_all_parts(monkeypatch, width):
    monkeypatch.setattr(overlap, "_FILTERS", width)
    train, shown = maps(5, 9), planes(5, 3)
    cells = np.moveaxis(train, -1, 0).reshape(9, -1)
    thresholds = Thresholds(*cells.shape)
    thresholds.add(cells)
    across = upsampling(FIELD, CELLS, SIZE)
    counts = counted(train, shown, thresholds.values(), across)
    found = FilterIou.of_counts(counts, shown[:, 1:].sum(axis=(0, 2, 3)))
    masks = shown[:, 1:].astype(bool)
    expected = plain.layer_iou(train, train, masks, (FIELD.size, FIELD.stride, FIELD.center))
    np.testing.assert_allclose(found, expected, atol=2e-4)  # a pixel may be on the threshold
    assert np.isnan(found[:, -1]).all() and (found[-1, :-1] == 0).all()
    assert (found[-2, :-1] > 0.2).all()  # active everywhere: the share that the part takes


def test_filters_are_upsampled_only_where_a_cell_reaches_the_threshold(monkeypatch):
    monkeypatch.setattr(overlap, "_FILTERS", 1)
    upsampled = []

    def noted(subscripts, *operands):
        jax.debug.callback(lambda _: upsampled.append(1), operands[1].sum())
        return einsum(subscripts, *operands)

    einsum = jnp.einsum
    monkeypatch.setattr(overlap.jnp, "einsum", noted)
    found, level = maps(3, 8), np.full(8, 2.0, np.float32)
    counted(found, planes(3, 2), level, upsampling(FIELD, CELLS, SIZE))
    jax.effects_barrier()
    assert len(upsampled) == (found.max(axis=(1, 2)) >= 2).sum()


def test_no_filter_counts_twice_where_all_are_active(monkeypatch):
    monkeypatch.setattr(overlap, "_FILTERS", 4)
    found, across = np.ones((2, CELLS, CELLS, 5), np.float32), upsampling(FIELD, CELLS, SIZE)
    counts = counted(found, planes(2, 1), np.full(5, 0.5, np.float32), across)
    assert counts[:, 0].tolist() == [2 * SIZE**2] * 5


def test_crops_beyond_those_there_are_count_nothing():
    found, shown = maps(4, 5), planes(4, 2)
    shown[2:] = 0
    across, level = upsampling(FIELD, CELLS, SIZE), np.full(5, 0.4, np.float32)
    all_four, two = (counted(found[:n], shown[:n], level, across) for n in (4, 2))
    np.testing.assert_array_equal(all_four, two)


def test_planes_are_the_masks_or_the_filled_boxes_of_all_instances():
    pixels = np.zeros((50, 60, 3), np.uint8)
    mask = np.zeros((50, 60), bool)
    mask[20:30, 20:40] = np.arange(20) % 3 > 0
    parts = (
        Part("ear", (12, 12, 20.5, 22)),
        Part("ear", (30, 11, 41, 19)),
        Part("tail", mask=mask),
    )
    image = Image("a", "train", pixels, (Object("dog", (10, 10, 50, 40), parts),))
    crops = class_crops(Dataset((image,), {"dog": ("ear", "tail", "nose")}), "dog", "train", 64)
    shown = part_planes(crops, [0], 3, 6)
    assert shown.shape == (3, 6, 64, 64) and not shown[1:].any() and shown[0, 0].all()
    boxes = crops.truth.boxes[:, 0, crops.truth.valid[0, :, 0], 0].T
    np.testing.assert_array_equal(shown[0, 1].astype(bool), plain.filled(boxes, 64))
    np.testing.assert_array_equal(shown[0, 2].astype(bool), crops.part_masks(0, "tail")[0])
    assert shown[0, 2].any() and not shown[0, 3:].any()
