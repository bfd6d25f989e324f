"""Whole comparisons of tiny networks: their tables, what is done twice and what is refused."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from partsjax.emergence.bootstrap import interval
from partsjax.errors import InputError
from partsjax.runs import comparison, manifest
from partsjax.runs.emergence import read
from tests import tiny
from tests.reporting.report import browser
from tests.runs import comparing
from tests.runs import killed as deadly
from tests.runs.comparing import run
from tests.runs.running import number, rows, tree

pytestmark = pytest.mark.slow

NETWORKS = ("random", "imagenet", "object")
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def compared(folder, tmp_path_factory):
    """A finished comparison of three networks, of which two have two seeds; not to be written to."""
    place = tmp_path_factory.mktemp("comparison")
    run(folder, place, NETWORKS, seeds=SEEDS)
    return place


def of(table, **where):
    found = [row for row in table if all(row[name] == str(value) for name, value in where.items())]
    assert found, where
    return found


def test_every_network_has_its_row(compared):
    table = rows(compared / "comparison.csv")
    found = [(r["network"], r["seed"], r["layer"]) for r in table]
    each = [("random", "0"), ("random", "1"), ("imagenet", ""), ("object", "0"), ("object", "1")]
    layers = ("conv1", "conv2")
    expected = {(name, seed, layer) for name, seed in each for layer in layers}
    assert set(found) == expected and len(found) == len(expected)
    assert [r["network"] for r in table] == sorted((r["network"] for r in table), key=NETWORKS.index)


def test_figures_are_those_of_the_networks_own_runs(compared):
    for row in rows(compared / "comparison.csv"):
        name = f"{row['network']}-{row['seed']}".removesuffix("-")
        own = of(rows(compared / "emergence" / name / "parts.csv"), layer=row["layer"])
        assert int(row["parts"]) == len(own) == 2
        for split in ("train", "val"):
            mean = np.mean([number(r[f"combination_ap_{split}"]) for r in own])
            assert number(row[f"mean_ap_{split}"]) == pytest.approx(mean, abs=2e-6)
        for count, column in (
            ("emerging_paper", "emerges_paper"), ("emerging_strict", "emerges_strict"),
            ("beyond_place", "beyond_place"),
        ):  # fmt: skip
            assert int(row[count]) == sum(r[column] == "true" for r in own)
        prior = np.mean([number(r["prior_ap_val"]) for r in own])
        assert number(row["mean_prior_ap_val"]) == pytest.approx(prior, abs=2e-6)
        assert number(row["mean_ap_val_low"]) <= number(row["mean_ap_val"]) <= number(row["mean_ap_val_high"])
    firsts = [(compared / "emergence" / n / "parts.csv").read_bytes() for n in ("object-0", "object-1")]
    assert firsts[0] != firsts[1]


def test_all_networks_have_one_place_prior(compared):
    """So that a difference of APs is one of excesses over it."""
    priors = {
        (r["layer"], r["part"], r["prior_ap_val"], r["list_prior_ap_val"])
        for path in compared.glob("emergence/*/parts.csv")
        for r in rows(path)
    }
    assert len(priors) == 2 * 2
    assert {r["mean_prior_ap_val"] for r in rows(compared / "comparison.csv")} == {
        f"{np.mean([float(ap) for layer, _, ap, _ in priors if layer == 'conv1']):.6f}"
    }


def test_differences_are_those_of_the_bootstraps_values(compared):
    samples = {p.parent.name: read(p.parent).samples for p in compared.glob("emergence/*/resamples.npz")}
    means = {(r["network"], r["seed"], r["layer"]): r for r in rows(compared / "comparison.csv")}
    table = rows(compared / "differences.csv")
    assert {r["network"] for r in table} == {"random", "object"}
    for row in table:
        layer = row["layer"]
        expected = [
            number(means[row["network"], str(seed), layer]["mean_ap_val"])
            - number(means["imagenet", "", layer]["mean_ap_val"])
            for seed in SEEDS
        ]
        found = [float(v) for v in row["by_seed"].split(";")]
        np.testing.assert_allclose(found, expected, atol=3e-6)
        assert number(row["difference"]) == pytest.approx(np.mean(expected), abs=3e-6)
        gains = [
            samples[f"{row['network']}-{seed}"][layer, "beast"] - samples["imagenet"][layer, "beast"]
            for seed in SEEDS
        ]
        low, high = interval(np.mean(gains, axis=(0, 1)), np.mean(found))
        of_seeds = 12.7062 * abs(found[0] - found[1]) / 2  # t at 97.5% of 1 degree; s / √2 is half the gap
        for end, image in (("low", low), ("high", high)):
            apart = np.hypot(image - np.mean(found), of_seeds)
            assert abs(number(row[f"difference_{end}"]) - np.mean(found)) == pytest.approx(apart, rel=1e-3)


def test_parts_are_counted_as_their_intervals_say(compared):
    parts = rows(compared / "part_differences.csv")
    for row in rows(compared / "differences.csv"):
        own = of(parts, network=row["network"], layer=row["layer"])
        assert int(row["better"]) == sum(number(r["difference_low"]) > 0 for r in own)
        assert int(row["worse"]) == sum(number(r["difference_high"]) < 0 for r in own)
        mean = np.mean([number(r["difference"]) for r in own])
        assert number(row["difference"]) == pytest.approx(mean, abs=2e-6)
    assert all(r["difference"] == "" for r in of(parts, network="imagenet"))
    for row in of(parts, network="imagenet"):
        (own,) = of(
            rows(compared / "emergence" / "imagenet" / "parts.csv"), layer=row["layer"], part=row["part"]
        )
        assert row["ap_val_low"] == pytest.approx(own["combination_ap_val_low"], abs=2e-6)


def test_the_summary_and_the_manifest(compared):
    summary = json.loads((compared / "summary.json").read_text())
    assert summary["baseline"] == "imagenet" and summary["parts"] == 2
    assert summary["networks"]["object"]["seeds"] == [0, 1] and summary["networks"]["imagenet"]["seeds"] == []
    (row,) = of(rows(compared / "differences.csv"), network="object", layer="conv2")
    found = summary["networks"]["object"]["layers"]["conv2"]["difference"]
    assert found["value"] == number(row["difference"]) and found["parts_better"] == int(row["better"])
    assert "difference" not in summary["networks"]["imagenet"]["layers"]["conv2"]
    trained = summary["training"]
    assert [(t["network"], t["seed"], t["after"], t["without_looking"]) for t in trained] == [
        ("object", seed, 0.75, 0.25) for seed in SEEDS
    ]
    manifest = json.loads((compared / "manifest.json").read_text())
    assert set(manifest["files"]) == set(comparison.COMPARISON_FILES)
    assert set(manifest["networks"]) == {"random-0", "random-1", "imagenet", "object-0", "object-1"}
    assert len(set(manifest["networks"].values())) == 5


def test_stimuli_are_dropped_and_the_lean_runs_have_one_search(compared):
    assert not list(compared.glob("emergence/*/cache/stimuli"))
    for place in (compared / "emergence").iterdir():
        searches = {(r["search"], r["score"]) for r in rows(place / "combinations.csv")}
        assert searches == {("ga", "activation")}
        assert not (place / "report").exists()


def test_the_same_command_again_does_nothing_again(folder, compared, tmp_path, monkeypatch):
    place = shutil.copytree(compared, tmp_path / "W")
    before = {name: content for name, content in tree(place).items() if name != "manifest.json"}
    monkeypatch.setattr("partsjax.runs.comparison.each.emergence.emergence_question", None)
    run(folder, place, NETWORKS, seeds=SEEDS)
    after = tree(place)
    after.pop("manifest.json")
    assert after == before
    assert (place / "networks" / "object-0" / "ran").read_text() == "once\n"


def test_a_network_trained_again_is_measured_again(folder, tmp_path):
    def measured() -> dict[str, bytes]:
        run(folder, tmp_path, ("imagenet", "object"), layers=("conv1",))
        return {path.parent.name: path.read_bytes() for path in tmp_path.glob("emergence/*/parts.csv")}

    first = measured()
    (tmp_path / "networks" / "object-0" / "checkpoint" / "seed.json").write_text("999")
    again = measured()
    assert again["imagenet"] == first["imagenet"] and again["object-0"] != first["object-0"]


def test_a_layer_that_was_not_trained_comes_out_equal(folder, tmp_path, monkeypatch):
    """The same weights under two names: no difference, no interval, no part better or worse."""
    asked = ("imagenet", f"twin={folder}")
    run(folder, tmp_path, asked, layers=("conv1_rotated0",))
    (row,) = rows(tmp_path / "differences.csv")
    assert {float(row[c]) for c in ("difference", "difference_low", "difference_high", "over_30_high")} == {0}
    assert (row["better"], row["worse"], row["by_chance"]) == ("0", "0", "0.050000")
    monkeypatch.setattr("partsjax.runs.comparison.each.emergence.emergence_question", None)
    run(folder, tmp_path, asked, layers=("conv1_rotated0",))  # nothing is measured again


def test_networks_of_other_kinds_are_held_against_each_other(folder, tmp_path):
    """With layers of their own, on the same images and parts, whatever the size of their crops."""
    networks = ("imagenet", "wide=tests.runs.supervised:wider", "narrow=tests.tiny:network@random")
    layers = ("conv1", "conv2", "wide:block", "wide:conv1")
    run(folder, tmp_path, networks, layers=layers, nulls=("random",), null_seeds=2)
    table = {(r["network"], r["layer"]): r for r in rows(tmp_path / "differences.csv")}
    assert {key: row["baseline_layer"] for key, row in table.items()} == {
        ("wide", "conv1"): "conv1", ("wide", "block"): "conv2",
        ("narrow", "conv1"): "conv1", ("narrow", "conv2"): "conv2",
    }  # fmt: skip
    kept = {p.parent.name: read(p.parent) for p in tmp_path.glob("emergence/*/resamples.npz")}
    assert kept["wide"].images == kept["imagenet"].images
    gain = kept["wide"].samples["block", "beast"] - kept["imagenet"].samples["conv2", "beast"]
    row = table["wide", "block"]
    low, high = interval(gain.mean(axis=0), number(row["difference"]))
    assert number(row["difference_low"]) == pytest.approx(low, abs=2e-6)
    assert number(row["difference_high"]) == pytest.approx(high, abs=2e-6)
    _check_pairs(tmp_path, row)
    _check_depths_and_nulls(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (note,) = (note for note in manifest["notes"] if "different sizes" in note)
    assert "imagenet, narrow: 64 pixels; wide: 72 pixels" in note
    page = (tmp_path / "report" / "index.html").read_text()
    assert "against conv2" in page and "tests.runs.supervised:wider" in page
    if not browser.missing():
        assert browser.check(tmp_path / "report", browser.VIEWPORTS[:1]).faults == []


def _check_pairs(place: Path, wide_block_against_conv2: dict) -> None:
    """Every two networks, in their last layers and in those that are best on train."""
    figures, pairs = rows(place / "comparison.csv"), rows(place / "pairs.csv")
    two = [("wide", "imagenet"), ("narrow", "imagenet"), ("narrow", "wide")]
    assert [(r["network"], r["other"], r["which"]) for r in pairs] == [
        (*names, which) for names in two for which in ("last", "best")
    ]
    shared = ("parts", "seeds", "difference", "difference_low", "difference_high", "by_seed", "better")
    assert {name: pairs[0][name] for name in shared} == {
        name: wide_block_against_conv2[name] for name in shared
    }
    last = {"imagenet": "conv2", "narrow": "conv2", "wide": "block"}
    best = {
        network: max(of(figures, network=network), key=lambda row: number(row["mean_ap_train"]))["layer"]
        for network in last
    }
    for row in pairs:
        chosen = last if row["which"] == "last" else best
        assert (row["layer"], row["other_layer"]) == (chosen[row["network"]], chosen[row["other"]])
        means = [
            number(of(figures, network=row[name], layer=row[layer])[0]["mean_ap_val"])
            for name, layer in (("network", "layer"), ("other", "other_layer"))
        ]
        assert number(row["difference"]) == pytest.approx(means[0] - means[1], abs=3e-6)


def _check_depths_and_nulls(place: Path) -> None:
    assert not list(place.glob("emergence/*/cache/stimuli*"))
    for row in rows(place / "comparison.csv"):
        assert number(row["depth"]) == {"conv1": 0.5, "conv2": 1, "block": 1}[row["layer"]]
        name = f"{row['network']}-{row['seed']}".removesuffix("-")
        own = json.loads((place / "emergence" / name / "summary.json").read_text())
        assert own["layers"][row["layer"]]["nulls"].keys() == {"random"}
        for name, null in own["layers"][row["layer"]]["nulls"].items():
            assert row[f"{name}_beyond_place"] == ";".join(map(str, null["beyond_place"]))
            assert number(row[f"{name}_mean_ap_val"]) == null["mean_ap_val"]
            assert null["seeds"] == (1 if row["network"] == "wide" else 2)  # which knows no seed


def test_scratch_trains_all_layers_from_random_weights_as_fast_as_new_ones(folder, tmp_path):
    run(folder, tmp_path, ("imagenet", "object", "scratch"), layers=("conv1",), scratch_steps=11)
    options = {
        name: json.loads((tmp_path / "networks" / f"{name}-0" / "options.json").read_text())
        for name in ("object", "scratch")
    }
    assert (options["object"]["weights"], options["scratch"]["weights"]) == ("imagenet", "random")
    assert options["object"]["recipe"]["train_from"] == "conv2"
    recipe, other = (options[name]["recipe"] for name in ("scratch", "object"))
    assert (recipe["train_from"], recipe["steps"]) == ("", 11)
    assert recipe["learning_rate"] == recipe["new_learning_rate"] > other["learning_rate"]
    assert options["scratch"]["supervision"] == "object"


def test_runs_on_other_images_are_refused(folder, compared, tmp_path):
    place = shutil.copytree(compared, tmp_path / "W")
    own = place / "emergence" / "object-1"
    found = read(own)
    dataclasses.replace(found, images=dataclasses.replace(found.images, by_class={"beast": "0" * 64})).save(
        own
    )
    told = json.loads((own / "manifest.json").read_text())
    told["files"] = manifest.file_digests(own, told["files"])
    (own / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(InputError, match=r"object-1: judged on other images.*of beast than .*random-0"):
        run(folder, place, NETWORKS, seeds=SEEDS)


def test_edited_photographs_are_noticed(folder, tmp_path):
    """One network was measured before, one after."""
    shutil.copytree(folder, tmp_path / "photos")
    run(tmp_path / "photos", tmp_path / "W", layers=("conv1",))
    shutil.rmtree(tmp_path / "W" / "emergence" / "imagenet")
    edited = tmp_path / "photos" / "JPEGImages" / "val002.jpg"
    with Image.open(edited) as picture:
        picture.point(lambda value: 255 - value).save(edited)
    with pytest.raises(InputError, match=r"imagenet: judged on other images.*delete"):
        run(tmp_path / "photos", tmp_path / "W", layers=("conv1",))


WRONG = {
    "no network 'objekt'; did you mean 'object'": {"networks": ("imagenet", "objekt")},
    "a name is given twice": {"networks": ("imagenet", "imagenet")},
    "no such file, and no network": {"networks": ("imagenet", "scenes=/nowhere/scenes.pth")},
    "letters, digits": {"networks": ("imagenet", "a/b=.")},
    "this command's own": {"networks": ("imagenet", "object=.")},
    "ends like another's seed": {"networks": ("imagenet", "random", "random-0=.")},
    "--baseline=imagenet: not among": {"networks": ("random",)},
    "--seeds": {"networks": ("random", "imagenet"), "seeds": (1, 1)},
    "choose from": {"networks": ()},
}  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_networks_that_cannot_be_are_one_line_and_leave_no_folder(folder, tmp_path, words):
    with pytest.raises(InputError, match=words):
        run(folder, tmp_path / "W", **WRONG[words])
    assert not (tmp_path / "W").exists()


def test_a_wrong_layer_shows_before_anything_is_trained(folder, tmp_path):
    with pytest.raises(InputError, match="no layer 'conv9'"):
        run(folder, tmp_path, ("imagenet", "object"), layers=("conv9",))
    networks = ("imagenet", "wide=tests.runs.supervised:wider")
    with pytest.raises(InputError, match=r"no layer 'conv2'.*as wide:LAYER"):
        run(folder, tmp_path, networks, layers=("conv2",))
    assert not (tmp_path / "networks").exists() and not (tmp_path / "options.json").exists()


def test_networks_that_differ_in_layers_alone_are_loaded_with_their_own(folder, tmp_path, monkeypatch):
    """As one PyTorch module under two names, which has the layers asked for alone."""
    load = comparison.run.network_of

    def with_those_asked_for(job, context):
        network = load(job, context)
        return dataclasses.replace(network, fields={layer: network.fields[layer] for layer in job.layers})

    class Enough(Exception):
        pass

    def answer(each, every, layers, context):
        assert layers == {"early": ("conv1",), "late": ("conv2",)}
        raise Enough

    monkeypatch.setattr(comparison.run, "network_of", with_those_asked_for)
    monkeypatch.setattr(comparison.run, "_answer", answer)
    networks = ("early=tests.tiny:network@random", "late=tests.tiny:network@random")
    with pytest.raises(Enough):
        run(folder, tmp_path, networks, layers=("early:conv1", "late:conv2"), baseline="early")


def test_killed_and_started_again_it_ends_with_the_same_files(tmp_path):
    """Where a network's own run is half-way, between tables, and before the manifest."""
    folder = tiny.write_folder(tmp_path / "photos", images=12)

    def start(where: str, place: Path) -> str:
        return deadly.run(comparing.job, where, folder, place)

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start("nowhere", whole) == ""
    for place in ("emergence/imagenet/cache/evidence/beast/conv2-*.npz", "differences.csv", "manifest.json"):
        assert start(f"file:{place}", killed), place
        assert not (killed / "manifest.json").exists()
    assert start("nowhere", killed) == ""
    assert not list(killed.rglob(".unfinished-*"))

    def written(place: Path) -> dict[str, bytes]:
        """But clocks, and paths of the folder itself."""
        clocks = ("manifest.json", "options.json", "summary.json", "lock", "object-0/resamples.npz")
        return {name: content for name, content in tree(place).items() if not name.endswith(clocks)}

    expected, found = written(whole), written(killed)
    assert expected.keys() == found.keys() and len(expected) > 20
    assert [name for name in expected if expected[name] != found[name]] == []
    one, other = (read(place / "emergence" / "object-0") for place in (whole, killed))  # it names its weights
    assert repr(one.verdicts) == repr(other.verdicts)
    assert all(np.array_equal(one.samples[name], other.samples[name], equal_nan=True) for name in one.samples)
