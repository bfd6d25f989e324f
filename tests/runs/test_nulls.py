"""What cannot know parts: the nulls of a run, and runs without them."""

import itertools
import json

import numpy as np
import pytest

from partsjax.emergence.combination import Search
from partsjax.emergence.judged import Judged
from partsjax.emergence.nulls import NULLS
from partsjax.runs.options import Options
from partsjax.runs.records import unpacked
from tests.runs.running import QUICK, SEED, asked, number, rows, run

ENDS = ("ap_train", "ap_val", "ap_val_low", "ap_val_high", "beyond_place", "emerges_strict")
NULL_COLUMNS = {null: {f"{null}_{end}" for end in ENDS} for null in NULLS}


@pytest.mark.slow
def test_the_random_null_is_the_run_with_random_weights(folder, parts, tmp_path):
    run(folder, tmp_path, weights="random")
    for row, untrained in zip(parts, rows(tmp_path / "parts.csv"), strict=True):
        for end in ("train", "val", "val_low", "val_high"):
            assert row[f"random_ap_{end}"] == untrained[f"combination_ap_{end}"]
        for flag in ("beyond_place", "emerges_strict"):
            assert float(row[f"random_{flag}"]) == (untrained[flag] == "true")
        assert row["random_ap_train"] != row["combination_ap_train"]


def stimuli(workdir, name):
    """{place: values} of a run's stimuli of one network."""
    return {
        path.parent.relative_to(workdir / "cache" / name): np.load(path)["values0"]
        for path in (workdir / "cache" / name).rglob("*.npz")
    }


def test_no_network_sees_anothers_stimuli(finished):
    networks = ["stimuli", f"stimuli-random-{SEED}", f"stimuli-permuted-{SEED}"]
    assert sorted(path.name for path in (finished[0] / "cache").glob("stimuli*")) == sorted(networks)
    of_each = [stimuli(finished[0], name) for name in networks]
    for one, other in itertools.combinations(of_each, 2):
        assert one.keys() == other.keys() and len(one) == 4
        assert not any(np.array_equal(one[place], other[place]) for place in one)


@pytest.mark.slow
def test_the_null_of_random_weights_has_other_random_weights(folder, tmp_path):
    run(folder, tmp_path / "null", weights="random", layers=("conv1",), nulls=("random",), limit=6)
    run(folder, tmp_path / "next", weights="random", layers=("conv1",), seed=SEED + 1, limit=6)
    null = stimuli(tmp_path / "null", f"stimuli-random-{SEED}")
    following = stimuli(tmp_path / "next", "stimuli")
    own = stimuli(tmp_path / "null", "stimuli")
    for place in null:
        np.testing.assert_array_equal(null[place], following[place])
        assert not np.array_equal(null[place], own[place])
    assert all(row["random_ap_train"] for row in rows(tmp_path / "null" / "parts.csv"))


@pytest.mark.parametrize("null", ["shuffled", "unfounded"])
def test_other_parts_are_found_less(parts, null):
    for split in ("train", "val"):
        real, moved = (
            np.array([number(row[f"{what}_ap_{split}"]) for row in parts]) for what in ("combination", null)
        )
        assert np.mean(real - moved) > 0.2 and (real > moved).sum() >= 3


@pytest.mark.slow
@pytest.mark.parametrize("nulls", [(), ("random",)])
def test_a_null_that_was_not_run_has_no_columns(folder, finished, parts, tmp_path, nulls):
    run(folder, tmp_path, nulls=nulls)
    missing = {c for null in NULL_COLUMNS if null not in nulls for c in NULL_COLUMNS[null]}
    for row, full in zip(rows(tmp_path / "parts.csv"), parts, strict=True):
        assert row.keys() == full.keys() - missing
        assert all(value for column, value in row.items() if not column.startswith("drift"))
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
        nulls=("all",),
    )
    found = asked(options, tmp_path, batch_size=8)
    assert any("no comparison with random weights: network tiny does not say how" in n for n in found.notes)
    for row, full in zip(rows(tmp_path / "parts.csv"), parts, strict=True):
        assert row.keys() == full.keys() - NULL_COLUMNS["random"]
        assert row == {column: full[column] for column in row}


def test_evidence_is_kept_without_what_nobody_reads(finished):
    """Regressors; of a null all but its verdicts."""
    for path in (finished[0] / "cache").glob("evidence*/beast/*.npz"):
        with np.load(path) as arrays:
            judged = unpacked(Judged, arrays)
        null = path.parts[-3] != "evidence"
        assert len(judged.evidence.verdicts) == 2 and not judged.scores.weights.size
        assert len(judged.evidence.trials) == (0 if null else 8)
        assert bool(len(judged.scores.ap_train)) == bool(len(judged.top_activations.crops)) == (not null)
