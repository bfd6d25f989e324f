"""The PyTorch baseline reads, warps and finds stimuli as ours does, of which it imports nothing."""

import numpy as np
import pytest
from PIL import Image

from partsjax.data.crops import class_crops, warp
from partsjax.data.loading import load_dataset
from tests.data import coco_folder
from tests.emergence.test_scoring import activations, stimuli

torch = pytest.importorskip("torch")
torch_pipeline = pytest.importorskip("benchmarks.torch_pipeline")

BOXES = {1: [5, 4, 60, 50], 2: [40, 10, 55, 70]}
MEAN = np.array([120, 110, 100], np.float32)


@pytest.fixture
def folder(tmp_path):
    """Two dogs on the first image, one with two ears; one on the second, without an annotated part."""
    ears = [coco_folder.annotation(11 + i, 3, [10 + 20 * i, 12, 9, 8], obj_ann_id=1) for i in range(2)]
    dogs = [coco_folder.annotation(name, 1, box) for name, box in BOXES.items()]
    tail = coco_folder.annotation(14, 4, [60, 40, 12, 30], obj_ann_id=2)
    other = coco_folder.annotation(3, 1, [0, 0, 50, 60], image=2)
    unseen = [{"id": 3, "file_name": "im3.png", "width": 100, "height": 80}]
    coco_folder.write(
        tmp_path / "data",
        coco_folder.document([*dogs, *ears, tail, other]),
        coco_folder.document([coco_folder.annotation(30, 1, [9, 9, 60, 60], image=3)], unseen),
    )
    for name in ("im1", "im2"):
        pixels = np.random.default_rng(len(name)).integers(0, 256, (80, 100, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data" / "JPEGImages" / f"{name}.png")
    return tmp_path / "data"


def test_objects_are_ours(folder):
    found, parts = torch_pipeline.read_objects(folder, "dog", "train")
    crops = class_crops(
        load_dataset("coco_parts", folder, classes=["dog"]), "dog", "train", torch_pipeline.SIZE
    )
    assert tuple(parts) == crops.parts
    np.testing.assert_allclose(np.concatenate([boxes for _, boxes in found.photographs]), crops.object_boxes)
    np.testing.assert_array_equal(found.valid, crops.truth.valid)
    np.testing.assert_allclose(found.boxes, crops.truth.boxes, atol=1e-4)


def test_crops_are_ours(folder):
    photograph = torch_pipeline.read_objects(folder, "dog", "train")[0].photographs[0]
    made = torch_pipeline.crops_of(photograph, torch.from_numpy(MEAN))
    pixels = np.asarray(Image.open(photograph[0]))
    for crop, box in zip(made, photograph[1], strict=True):
        ours = warp(pixels, box, torch_pipeline.SIZE, MEAN)
        np.testing.assert_allclose(crop.permute(1, 2, 0), ours, atol=0.02)


@pytest.mark.parametrize("values", [None, 1])
def test_stimuli_are_ours(values):
    maps = activations(5, 3, 1)
    maps = np.round(maps * values) if values else maps
    cells, near = torch_pipeline.strongest(torch.from_numpy(maps).permute(0, 3, 1, 2))
    ours = stimuli(maps)
    np.testing.assert_array_equal(cells, ours.cells)
    np.testing.assert_array_equal(near, ours.values)
