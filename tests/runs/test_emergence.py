"""Whole runs of the main job on a tiny network and folder: every filter against every part."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from partsjax.data.survey import survey
from partsjax.emergence.footprint import Footprint
from partsjax.errors import InputError
from partsjax.runs import evidence_stage, photographs, stimulus_stage, stored_stimuli
from partsjax.runs.emergence.result import EMERGENCE_FILES
from tests import tiny
from tests.plain import pipeline as plain
from tests.runs.plainly import seen
from tests.runs.running import APS, SEED, rows, run


def aps(table: pd.DataFrame) -> np.ndarray:
    return table.sort_values(["layer", "object_class", "part", "filter"])[APS].to_numpy()


def test_equals_the_plain_method_from_photographs_to_ap(folder, finished):
    """Crops, network and scoring as somebody else would write them from the method's page."""
    table = finished[1]
    network = tiny.network(seed=SEED)
    splits = [seen(folder, network, split) for split in ("train", "val")]
    for layer, field in network.fields.items():
        expected = plain.score_layer(
            *(s.maps[layer] for s in splits),
            (field.size, field.stride, field.center),
            *(s.truth for s in splits),
            tiny.SIZE,
        )
        rows = table[table.layer == layer]
        for name in APS:
            mine = rows.pivot(index="filter", columns="part", values=name)[["head", "foot"]].to_numpy()
            assert np.abs(mine - getattr(expected, name)).mean() < 1e-4, name


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_the_batch_size_changes_nothing(folder, finished, tmp_path, batch_size):
    np.testing.assert_allclose(aps(run(folder, tmp_path, batch_size)), aps(finished[1]), atol=1e-4)


@pytest.mark.slow
def test_the_order_of_the_images_changes_nothing(finished, tmp_path):
    reverse = tiny.write_folder(tmp_path / "photos", reverse=True)
    np.testing.assert_allclose(aps(run(reverse, tmp_path / "W")), aps(finished[1]), atol=1e-4)


@pytest.mark.slow
def test_small_shards_change_nothing(folder, finished, tmp_path, monkeypatch):
    monkeypatch.setattr(stimulus_stage, "STIMULUS_SHARD", 10)
    table = run(folder, tmp_path)
    np.testing.assert_allclose(aps(table), aps(finished[1]), atol=1e-4)
    assert len(list((tmp_path / "cache/stimuli/beast/train/conv1").iterdir())) > 3


@pytest.mark.slow
def test_a_layer_in_blocks_of_filters_is_the_same(folder, finished, tmp_path, monkeypatch):
    """As one of thousands of units is: on disk in blocks, in shards of few crops."""
    monkeypatch.setattr(stored_stimuli, "FILTERS_STORED", 2)
    monkeypatch.setattr(evidence_stage, "FILTERS_STORED", 2)
    monkeypatch.setattr(Footprint, "block", lambda self, room, step: 2 * step)
    monkeypatch.setattr(stimulus_stage, "_SHARD_BYTES", 1 << 15)
    table = run(folder, tmp_path)
    np.testing.assert_array_equal(aps(table), aps(finished[1]))
    sets, expected = (rows(workdir / "combinations.csv") for workdir in (tmp_path, finished[0]))
    assert sets == expected
    shards = list((tmp_path / "cache/stimuli/beast/train/conv1").iterdir())
    assert len(shards) > 2
    assert {"cells0", "cells2"} < {*np.load(shards[0])} and "cells3" not in np.load(shards[0])


def test_files_say_what_they_should(finished):
    workdir, table = finished
    assert list(table.columns) == [
        "layer",
        "filter",
        "object_class",
        "part",
        "num_pairs",
        *APS,
        "serves",
    ]
    assert len(table) == (6 + 5) * 2
    parts = rows(workdir / "parts.csv")
    assert [(r["layer"], r["part"]) for r in parts] == [
        (layer, part) for layer in ("conv1", "conv2") for part in ("head", "foot")
    ]
    for row in parts:
        of_part = table[(table.layer == row["layer"]) & (table.part == row["part"])]
        best = of_part.loc[of_part.ap_train.idxmax()]
        assert int(row["best_filter"]) == best["filter"]
        assert float(row["best_filter_ap_train"]) == pytest.approx(best.ap_train, abs=1e-6)
        assert float(row["best_filter_ap_val"]) == pytest.approx(best.ap_val, abs=1e-6)
        serving = (
            {row["best_filter"], *row["combination"].split(";")} if row["beyond_place"] == "true" else set()
        )
        assert set(of_part["filter"][of_part.serves].astype(str)) == serving
    manifest = json.loads((workdir / "manifest.json").read_text())
    assert set(manifest["files"]) == set(EMERGENCE_FILES)
    assert manifest["stages"]["network"]["peak_memory_bytes"] > 1e7
    assert manifest["skipped"] == []


def blind(look):
    return dataclasses.replace(look, problem=None)


@pytest.mark.slow
def test_a_damaged_photograph_stops_the_run_or_is_skipped_and_counted(folder, finished, tmp_path):
    shutil.copytree(folder, tmp_path / "photos")
    victim = tmp_path / "photos" / "JPEGImages" / "val003.jpg"
    victim.write_bytes(victim.read_bytes()[:800])
    with pytest.raises(InputError, match=r"val003\.jpg.*--skip_bad"):
        run(tmp_path / "photos", tmp_path / "W")
    assert not (tmp_path / "W" / "cache").exists()  # seen before the network runs
    # Damage may show only when a picture is decoded in full.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(photographs, "survey", lambda *a, **k: [blind(look) for look in survey(*a, **k)])
        with pytest.raises(InputError, match=r"val003\.jpg.*--skip_bad"):
            run(tmp_path / "photos", tmp_path / "W")
    assert len(list((tmp_path / "W" / "cache" / "stimuli" / "beast" / "train").rglob("*.npz"))) == 2  # kept
    skipped = run(tmp_path / "photos", tmp_path / "W", skip_bad=True)
    manifest = json.loads((tmp_path / "W" / "manifest.json").read_text())
    assert len(manifest["skipped"]) == 1 and "val003.jpg" in manifest["skipped"][0]

    # As if the photograph were not in the data at all.
    for split in ("val",):
        path = tmp_path / "photos" / f"instances_{split}.json"
        document = json.loads(path.read_text())
        gone = [i["id"] for i in document["images"] if i["file_name"] == "val003.jpg"]
        document["images"] = [i for i in document["images"] if i["id"] not in gone]
        document["annotations"] = [a for a in document["annotations"] if a["image_id"] not in gone]
        path.write_text(json.dumps(document))
    without = run(tmp_path / "photos", tmp_path / "W2")
    np.testing.assert_allclose(aps(skipped), aps(without), atol=1e-4)


@pytest.mark.slow
def test_a_missing_photograph_is_named(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "photos")
    (tmp_path / "photos" / "JPEGImages" / "train001.jpg").unlink()
    with pytest.raises(InputError, match=r"train001\.jpg.*--skip_bad"):
        run(tmp_path / "photos", tmp_path / "W")
    run(tmp_path / "photos", tmp_path / "W", skip_bad=True)
    assert "train001.jpg" in json.loads((tmp_path / "W" / "manifest.json").read_text())["skipped"][0]


@pytest.mark.slow
def test_a_split_without_objects_has_no_held_out_figures(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "photos")
    path = tmp_path / "photos" / "instances_val.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "images": [], "annotations": []}))
    table = run(tmp_path / "photos", tmp_path / "W")
    assert table.ap_val.isna().all() and table.ap_train.notna().all()
    summary = json.loads((tmp_path / "W" / "summary.json").read_text())
    assert summary["layers"]["conv1"]["parts"] == 0
    assert summary["layers"]["conv1"]["parts_too_rare"] == ["beast:head", "beast:foot"]


def test_limit(folder, tmp_path):
    run(folder, tmp_path, limit=5)
    stimuli = np.load(next((tmp_path / "cache/stimuli/beast/train/conv1").iterdir()))
    assert stimuli["cells0"].shape[-1] == 5


@pytest.mark.slow
def test_mirrored_photographs_and_network_find_mirrored_parts(folder, finished, tmp_path):
    shutil.copytree(folder, tmp_path / "photos")
    for path in (tmp_path / "photos" / "JPEGImages").glob("*.jpg"):
        # Written as PNG under the old name: another round of JPEG would change the pixels.
        Image.fromarray(np.asarray(Image.open(path))[:, ::-1]).save(path, format="PNG")
    for path in (tmp_path / "photos").glob("*.json"):
        document = json.loads(path.read_text())
        for annotation in document["annotations"]:
            x, y, width, height = annotation["bbox"]
            annotation["bbox"] = [120 - x - width, y, width, height]
        path.write_text(json.dumps(document))
    table = run(tmp_path / "photos", tmp_path / "W", net="tests.runs.mirrored:network")
    difference = np.abs(aps(table) - aps(finished[1]))
    assert difference.mean() < 2e-3  # the ridge pulls towards another origin, nothing else differs
