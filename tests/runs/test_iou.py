"""A run that measures Network Dissection's criterion too: its figures, what it keeps, what it takes."""

import dataclasses
import itertools
import json

import numpy as np
import pandas as pd
import pytest

import partsjax as pj
from partsjax.data.crops import class_crops, warp
from partsjax.data.frames import FRAMES, in_frame
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.iou import Thresholds
from partsjax.runs.memory import OWN
from tests import tiny
from tests.plain import iou as plain
from tests.plain.crops import crop

QUICK = pj.Search("greedy", genetic=Genetic(population=10, generations=2))
FIELDS = {"conv1": (4, 2, 0.5), "conv2": (8, 2, 0.5)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=8)


@pytest.fixture(scope="module")
def dataset(folder):
    return pj.load_dataset("coco_parts", folder)


def network():
    return dataclasses.replace(tiny.network(), untrained=lambda seed: tiny.network("random", seed))


def measured(dataset, **more):
    settings = {"search": QUICK, "nulls": (), "progress": False, "iou": True, "batch_size": 8, **more}
    return pj.measure(network(), dataset, **settings)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def found(dataset, cache):
    return measured(dataset, cache=cache, nulls=("random", "shuffled"))


def plainly(dataset, frame: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Maps of both layers by name, and masks [N, P, S, S], of what a split shows in a frame."""
    crops = class_crops(in_frame(dataset, frame, tiny.SIZE), "beast", split, tiny.SIZE)
    network = tiny.network()
    pixels = np.stack(
        [
            warp(crops.images[i].source.read(), box, tiny.SIZE, network.preprocessing.mean)
            for i, box in zip(crops.image_index, crops.object_boxes, strict=True)
        ]
    )
    maps = network.apply(network.params, network.preprocessing.normalise(pixels), ("conv1", "conv2"))
    masks = [[crops.part_masks(n, part).any(axis=0) for part in crops.parts] for n in range(len(crops))]
    return {name: np.asarray(of) for name, of in maps.items()}, np.array(masks)


@pytest.fixture(scope="module")
def of_images(dataset):
    return measured(dataset, frame="image")


@pytest.mark.parametrize("frame", FRAMES)
def test_columns_are_network_dissections_definition(dataset, frame, request):
    found = request.getfixturevalue({"object": "found", "image": "of_images"}[frame])
    train, val = (plainly(dataset, frame, split) for split in ("train", "val"))
    for layer, field in FIELDS.items():
        table = found.filters[found.filters.layer == layer]
        for split, (maps, masks) in (("train", train), ("val", val)):
            expected = plain.layer_iou(train[0][layer], maps[layer], masks, field)
            np.testing.assert_allclose(table[f"iou_{split}"], expected.ravel(), atol=1e-3)
            assert expected.max() > 0.02


def test_a_null_with_a_network_of_its_own_is_measured_too(dataset, found):
    assert list(found.null_iou) == ["random"]  # the other shuffles parts
    layers = [criteria.null_detectors for criteria in found.criteria.values()]
    assert all(list(of_layer) == ["random"] for of_layer in layers)
    untrained = found.null_iou["random"]["conv2", "beast"]
    assert not np.array_equal(untrained.val, found.iou["conv2", "beast"].val)


def test_it_is_kept_saved_and_read_again(dataset, found, cache, monkeypatch, tmp_path):
    monkeypatch.setattr("partsjax.runs.emergence.map_stages.MapPasses", None)
    again = measured(dataset, cache=cache, nulls=("random", "shuffled"))
    again.save(tmp_path)
    for one in (again, pj.read(tmp_path)):
        pd.testing.assert_frame_equal(one.filters, found.filters)
        assert repr(one.criteria) == repr(found.criteria)
    kept = pd.read_parquet(tmp_path / "filters.parquet")
    np.testing.assert_array_equal(kept.iou_val, found.filters.iou_val)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["layers"]["conv2"]["iou"] == found.criteria["conv2"].figures


def test_without_it_there_are_no_columns_and_the_rest_is_the_same(dataset, found, cache, tmp_path):
    without = measured(dataset, cache=cache, nulls=("random", "shuffled"), iou=False)
    assert without.criteria == {}
    pd.testing.assert_frame_equal(without.filters, found.filters.drop(columns=["iou_train", "iou_val"]))
    without.save(tmp_path)
    assert "iou" not in json.loads((tmp_path / "summary.json").read_text())["layers"]["conv2"]


def test_other_masks_are_measured_anew(dataset, found, cache):
    """With the same boxes, which all else rests on."""
    rows = {every: measured(with_masks(dataset, every), cache=cache).filters for every in (2, 3)}
    for table in rows.values():
        np.testing.assert_array_equal(table.ap_val, found.filters.ap_val)
    ious = [found.filters.iou_val, *(table.iou_val for table in rows.values())]
    assert all(not np.array_equal(one, other) for one, other in itertools.combinations(ious, 2))


def with_masks(dataset: pj.Dataset, every: int) -> pj.Dataset:
    """Parts with masks: one of `every` so many rows of their boxes."""

    def masked(part: pj.Part, image: pj.Image) -> pj.Part:
        width, height = image.size
        x1, y1, x2, y2 = (int(v) for v in part.box)
        mask = np.zeros((height, width), bool)
        mask[y1:y2:every, x1:x2] = True
        return dataclasses.replace(part, mask=mask)

    def of(image: pj.Image) -> pj.Image:
        objects = [
            dataclasses.replace(one, parts=[masked(part, image) for part in one.parts])
            for one in image.objects
        ]
        return dataclasses.replace(image, objects=objects)

    return dataclasses.replace(dataset, images=tuple(map(of, dataset.images)))


def test_too_little_memory_is_refused_before_the_network_runs(dataset, monkeypatch):
    monkeypatch.setattr("partsjax.runs.network_stages.extractor", None)
    monkeypatch.setattr(Thresholds, "bytes", lambda *_: 10**10)
    with pytest.raises(pj.InputError, match=r"too little, IoU of conv1 on .* crops of beast takes 11"):
        measured(dataset, memory_budget=OWN + 10**9)


def test_a_frame_that_is_not_there_is_refused(dataset):
    with pytest.raises(pj.InputError, match="frame='images': did you mean"):
        measured(dataset, frame="images")


def test_a_whole_image_is_squashed_with_all_objects_parts(dataset):
    image = next(image for image in dataset.images if len(image.objects) == 2)
    crops = class_crops(in_frame(dataset, "image", tiny.SIZE), "beast", "train", tiny.SIZE)
    number = crops.ids.index(f"{image.image_id}#0")
    assert sum(found.startswith(f"{image.image_id}#") for found in crops.ids) == 1
    width, height = image.size
    boxes = np.array([p.box for o in image.objects for p in o.parts if p.name == "foot"])
    scaled = boxes * tiny.SIZE / np.array([width, height, width, height])
    truth = crops.truth.boxes[:, crops.parts.index("foot"), : len(boxes), number].T
    np.testing.assert_allclose(truth, scaled, atol=1e-3)


@pytest.mark.slow
def test_a_report_of_whole_images_is_drawn_from_what_was_read(dataset, of_images, tmp_path):
    of_images.save(tmp_path / "saved")
    pj.read(tmp_path / "saved").write_report(tmp_path / "report", dataset, progress=False)
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "whole images, squashed" in page and 'id="iou"' in page


@pytest.mark.slow
def test_whole_photographs_of_horses(photographs):
    """AlexNet's conv5, against Network Dissection's definition: IoU, detectors, best filters."""
    alexnet, some = pj.load_network("alexnet"), 2
    dataset = pj.load_dataset("coco_parts", photographs, classes=["horse"])
    method = pj.Method(min_val_boxes=1, min_pairs=3)
    settings = {"limit": some, "nulls": (), "search": QUICK, "method": method, "progress": False}
    found = pj.measure(alexnet, dataset, layers=["conv5"], frame="image", iou=True, **settings)
    shown = []
    for split in ("train", "val"):
        crops = class_crops(in_frame(dataset, "image", 224), "horse", split, 224, limit=some)
        maps, masks = [], []
        for image in crops.images:
            pixels = image.source.read()
            height, width = pixels.shape[:2]
            edge = 16 / 224
            box = width * edge, height * edge, width * (1 - edge), height * (1 - edge)
            squashed = crop(pixels, box, 224, alexnet.preprocessing.mean)[None]
            of_layer = alexnet.apply(alexnet.params, alexnet.preprocessing.normalise(squashed), ("conv5",))
            maps.append(np.asarray(of_layer["conv5"])[0])
            original = next(one for one in dataset.images if one.image_id == image.image_id)
            horses = [one for one in original.objects if one.object_class == "horse"]
            scale = 224 / np.array([width, height, width, height])
            boxes = [[p.box for o in horses for p in o.parts if p.name == part] for part in crops.parts]
            masks.append([plain.filled(np.array(of).reshape(-1, 4) * scale, 224) for of in boxes])
        shown.append((np.stack(maps), np.array(masks)))
    expected = [plain.layer_iou(shown[0][0], *of_split, (163, 16, 15)) for of_split in shown]
    iou = found.iou["conv5", "horse"]
    for plainly, ours in zip(expected, (iou.train, iou.val), strict=True):
        np.testing.assert_allclose(ours, plainly, atol=1e-3)
    train, val = expected
    part, filters = np.nan_to_num(train, nan=-1).argmax(axis=1), np.arange(256)
    criteria = found.criteria["conv5"]
    assert criteria.iou_train == tuple(np.flatnonzero(train[filters, part] > 0.04))
    known = np.nanmax(train, axis=1) > 0
    assert criteria.iou_val == tuple(np.flatnonzero(known & (val[filters, part] > 0.04)))
    assert len(criteria.iou_val) > 10
    names = list(found.parts.part)
    for of_part in criteria.parts:  # beside the filter that is best by AP
        assert of_part.by_iou == np.argmax(train[:, names.index(of_part.part)])
        assert of_part.by_ap == found.parts.best_filter[names.index(of_part.part)]
    assert len(criteria.parts) > 2
