"""Data with something missing: every run ends in tables and a report that open, with no word of warning."""

import json
import shutil

import numpy as np
import pytest

from tests import tiny
from tests.reporting.report import pages
from tests.runs.running import number, rows, run

pytestmark = pytest.mark.slow

HEAD, FOOT = 2, 3


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=14)


@pytest.fixture
def changed(small, tmp_path):
    """Runs on the small folder with some annotations gone; rows of parts.csv by (layer, part)."""

    def measured(keep, nulls=("random", "shuffled")):
        """keep: (split, annotation, annotations before it of its category) -> bool."""
        shutil.copytree(small, tmp_path / "photos")
        for split in ("train", "val"):
            path = tmp_path / "photos" / f"instances_{split}.json"
            document = json.loads(path.read_text())
            kept, count = [], {}
            for annotation in document["annotations"]:
                category = annotation["category_id"]
                if keep(split, annotation, count.get(category, 0)):
                    kept.append(annotation)
                count[category] = count.get(category, 0) + 1
            document["annotations"] = kept
            path.write_text(json.dumps(document))
        run(tmp_path / "photos", tmp_path / "W", nulls=nulls, report=True)
        read = pages.read(tmp_path / "W" / "report")
        text = read["index.html"].text.lower()
        assert len(read) >= 1 + 2 + 11 and "nan" not in text.replace("\n", " ").split()
        return {(r["layer"], r["part"]): r for r in rows(tmp_path / "W" / "parts.csv")}

    return measured


def test_a_single_crop_in_each_split(changed):
    """Nothing can be fitted on it: AP 0 on train, and known to be."""

    def of_the_first_beast(split, annotation, _):
        return annotation["obj_ann_id"] == 1

    for row in changed(of_the_first_beast).values():
        assert row["too_rare"] == "true" and row["emerges_strict"] == ""
        assert number(row["combination_ap_train"]) == number(row["combination_ap_val"]) == 0
        assert (row["combination_ap_val_low"], row["combination_ap_val_high"]) == ("0.000000", "0.000000")
        assert number(row["list_prior_ap_train"]) > 0  # a head is where it is
        assert number(row["prior_ap_train"]) == 0  # a crop is left out of what is said of it


def test_a_part_without_train_boxes(changed):
    parts = changed(lambda split, a, _: split == "val" or a["category_id"] != HEAD)
    for layer in ("conv1", "conv2"):
        head, foot = parts[layer, "head"], parts[layer, "foot"]
        assert head["num_train"] == "0" and int(head["num_val"]) >= 10
        assert not any(v for c, v in head.items() if "ap_" in c or "combination" in c or "over" in c)
        assert (
            head["best_filter"]
            == head["q_value"]
            == head["beyond_place"]
            == head["emerges_paper"]
            == head["emerges_strict"]
            == ""
        )
        assert foot["emerges_paper"] and foot["shuffled_ap_val"] and foot["random_ap_val"]


def test_a_part_without_val_boxes(changed):
    parts = changed(lambda split, a, _: split == "train" or a["category_id"] != FOOT, nulls=())
    for layer in ("conv1", "conv2"):
        foot, head = parts[layer, "foot"], parts[layer, "head"]
        assert foot["combination"] and number(foot["combination_ap_train"]) > 0
        assert not any(v for c, v in foot.items() if "ap_val" in c or c.startswith("excess"))
        assert foot["too_rare"] == "true" and foot["emerges_paper"] == ""
        assert head["combination_ap_val_low"]


@pytest.mark.parametrize("empty", ["train", "val"])
def test_a_split_without_objects(changed, empty):
    for row in changed(lambda split, *_: split != empty).values():
        known = {column for column, value in row.items() if value}
        assert not any("ap_val" in column for column in known)
        assert row["emerges_strict"] == ""
        assert ("combination_ap_train" in known) == ("shuffled_ap_train" in known) == (empty == "val")


def test_single_image_has_no_interval_to_speak_of(changed):
    """Resampled over one image, a figure is always itself."""
    parts = changed(lambda split, a, _: split == "train" or a["image_id"] == 1, nulls=())
    for row in parts.values():
        if row["combination_ap_val"]:
            low, value, high = (number(row[f"combination_ap_val{end}"]) for end in ("_low", "", "_high"))
            assert low == value == high
    assert np.isfinite(number(parts["conv1", "head"]["combination_ap_val"]))
