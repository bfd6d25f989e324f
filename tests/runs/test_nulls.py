"""What cannot know parts: the random and the shuffled null of a run, and runs without them."""

import json

import numpy as np
import pytest

from partsjax.emergence.combination import Search
from partsjax.emergence.nulls import NULLS
from partsjax.runs.options import Options
from tests.runs.running import QUICK, SEED, asked, number, rows, run

ENDS = ("ap_train", "ap_val", "ap_val_low", "ap_val_high", "emerges_strict")
NULL_COLUMNS = {null: {f"{null}_{end}" for end in ENDS} for null in NULLS}


@pytest.mark.slow
def test_the_random_null_is_the_run_with_random_weights(folder, parts, tmp_path):
    run(folder, tmp_path, weights="random")
    for row, untrained in zip(parts, rows(tmp_path / "parts.csv"), strict=True):
        for end in ("train", "val", "val_low", "val_high"):
            assert row[f"random_ap_{end}"] == untrained[f"combination_ap_{end}"]
        assert row["random_emerges_strict"] == untrained["emerges_strict"]
        assert row["random_ap_train"] != row["combination_ap_train"]


def stimuli(workdir, name):
    """{place: values} of a run's stimuli of one network."""
    return {
        path.parent.relative_to(workdir / "cache" / name): np.load(path)["values"]
        for path in (workdir / "cache" / name).rglob("*.npz")
    }


def test_the_random_null_never_sees_the_trained_networks_stimuli(finished):
    trained, untrained = (stimuli(finished[0], name) for name in ("stimuli", "stimuli-random"))
    assert trained.keys() == untrained.keys() and len(trained) == 4
    assert not any(np.array_equal(trained[place], untrained[place]) for place in trained)


@pytest.mark.slow
def test_the_null_of_random_weights_has_other_random_weights(folder, tmp_path):
    run(folder, tmp_path / "null", weights="random", layers=("conv1",), nulls=("random",), limit=6)
    run(folder, tmp_path / "next", weights="random", layers=("conv1",), seed=SEED + 1, limit=6)
    null, following = stimuli(tmp_path / "null", "stimuli-random"), stimuli(tmp_path / "next", "stimuli")
    own = stimuli(tmp_path / "null", "stimuli")
    for place in null:
        np.testing.assert_array_equal(null[place], following[place])
        assert not np.array_equal(null[place], own[place])
    assert all(row["random_ap_train"] for row in rows(tmp_path / "null" / "parts.csv"))


def test_shuffled_parts_are_found_less(parts):
    for split in ("train", "val"):
        real, null = (
            np.array([number(row[f"{what}_ap_{split}"]) for row in parts])
            for what in ("combination", "shuffled")
        )
        assert np.mean(real - null) > 0.2 and (real > null).sum() >= 3


@pytest.mark.slow
@pytest.mark.parametrize("nulls", [(), ("random",)])
def test_a_null_that_was_not_run_has_no_columns(folder, finished, parts, tmp_path, nulls):
    run(folder, tmp_path, nulls=nulls)
    missing = {c for null in NULL_COLUMNS if null not in nulls for c in NULL_COLUMNS[null]}
    for row, full in zip(rows(tmp_path / "parts.csv"), parts, strict=True):
        assert row.keys() == full.keys() - missing and all(row.values())
        assert row == {column: full[column] for column in row}
    layers = json.loads((tmp_path / "summary.json").read_text())["layers"]
    assert all(tuple(of_layer["nulls"]) == nulls for of_layer in layers.values())


@pytest.mark.slow
def test_a_network_without_a_parameter_for_weights_has_no_random_null(folder, parts, tmp_path):
    """Said aloud, and nothing else is missing."""
    options = Options(
        net="tests.runs.only_trained:network",
        dataset="coco_parts",
        data_dir=str(folder),
        seed=SEED,
        search=Search(genetic=QUICK),
    )
    found = asked(options, tmp_path, batch_size=8)
    assert any("no comparison with random weights: network tiny does not say how" in n for n in found.notes)
    for row, full in zip(rows(tmp_path / "parts.csv"), parts, strict=True):
        assert row.keys() == full.keys() - NULL_COLUMNS["random"]
        assert row == {column: full[column] for column in row}
