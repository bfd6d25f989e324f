"""Annotation that drifts is noted once in a run of several layers, and stands in the verdicts."""

import dataclasses

import pytest

import partsjax as pj
from tests import tiny


def without_late_feet(dataset: pj.Dataset) -> pj.Dataset:
    """Feet are annotated in the first half of train alone."""
    train = [image.image_id for image in dataset.images if image.split == "train"]
    late = set(train[len(train) // 2 :])

    def without(image):
        objects = (
            dataclasses.replace(one, parts=tuple(part for part in one.parts if part.name != "foot"))
            for one in image.objects
        )
        return dataclasses.replace(image, objects=tuple(objects))

    images = tuple(without(image) if image.image_id in late else image for image in dataset.images)
    return dataclasses.replace(dataset, images=images)


@pytest.mark.slow
def test_a_drift_is_one_note(tmp_path):
    dataset = pj.load_dataset("coco_parts", tiny.write_folder(tmp_path / "data", images=24))
    found = pj.measure(
        tiny.network(),
        without_late_feet(dataset),
        search=pj.Search("greedy"),
        nulls=(),
        progress=False,
    )
    (note,) = [note for note in found.notes if "drift" in note]
    assert note.startswith("annotation drifts: beast foot (train: on 100% of the first third of objects, 0%")
    assert {(v.layer, v.part): [d.split for d in v.drifts] for v in found.verdicts} == {
        (layer, part): ["train"] * (part == "foot")
        for layer in ("conv1", "conv2")
        for part in ("head", "foot")
    }
