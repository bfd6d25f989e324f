"""Whole runs of discriminativeness: planted truth, the files' figures, one folder, and bad input."""

import dataclasses
import json

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import spearmanr

from partsjax.data import shapeparts
from partsjax.data.coco_parts import read_coco_parts
from partsjax.data.planted import planted_network
from partsjax.emergence.combination import Search
from partsjax.errors import InputError
from partsjax.runs import inputs
from partsjax.runs.discriminativeness import DISCRIMINATIVENESS_FILES, DiscriminativenessOptions
from partsjax.runs.options import Options
from tests import tiny
from tests.discriminativeness.plain import partial_rank_correlation
from tests.reporting.report import browser, pages
from tests.runs import killed, killed_drops, plain_drops, scored
from tests.runs.running import QUICK, SEED, asked_of_scores, number, rows, run, tree

# Class -> the parts whose detectors its score reads, weighted to about equal drops. A bird's reads none.
READS = {"bird": {}, "robot": {"head": 1.0}, "digger": {"wheel": 0.28, "bucket": 0.72}}
BLACKOUTS = 6


def planted_scores():
    """The planted detectors and 24 filters that are live and read by no score: the same maps, mirrored."""
    planted = planted_network()
    network, weights = planted.network, np.zeros((32, len(READS)), np.float32)
    for c, (object_class, parts) in enumerate(READS.items()):
        for part, weight in parts.items():
            weights[planted.filters[object_class, part], c] = weight

    def apply(params, images, layers):
        found = network.apply(params["planted"], images, layers)
        if "blob" in found:
            blob = found["blob"]
            mirrored = [blob[:, ::-1], blob[:, :, ::-1], blob[:, ::-1, ::-1]]
            found["blob"] = jnp.concatenate([blob, *mirrored], axis=-1)
        return found

    def after(params, layer, activation):
        assert layer == "blob"
        return jnp.matmul(activation.max(axis=(1, 2)), params["head"], precision="highest")

    scored = dataclasses.replace(
        network,
        params={"planted": network.params, "head": weights},
        apply=apply,
        after=after,
        classes=tuple(READS),
        digest="planted scores",
    )
    return scored, planted.filters


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """(workdir, filter of each planted part) of a finished run."""
    network, filters = planted_scores()
    workdir = tmp_path_factory.mktemp("planted")
    data = shapeparts.read_shapeparts(seed=4, classes=list(READS), per_class=12, style="planted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "load_network", lambda *_, **__: network)
        patch.setattr(inputs, "load_dataset", lambda *_, **__: data)
        options = Options(search=Search(genetic=QUICK))
        asked_of_scores(options, workdir, of={"blackouts": BLACKOUTS}, batch_size=None)
    return workdir, filters


@pytest.mark.slow
def test_the_filters_a_score_reads_are_discriminative_and_no_others(planted):
    workdir, filters = planted
    table = rows(workdir / "filters.csv")
    assert len(table) == len(READS) * 32
    for object_class, parts in READS.items():
        wanted = {str(filters[object_class, part]) for part in parts}
        of_class = [row for row in table if row["object_class"] == object_class]
        assert {row["filter"] for row in of_class if row["discriminative"] == "true"} == wanted
        for row in of_class:
            if row["filter"] in wanted:
                assert number(row["delta"]) > 0.1 and number(row["share"]) >= 0.3
                assert (
                    row["semantic_beyond_place"] == row["semantic_paper"] == "true" and row["parts"] in parts
                )
                assert number(row["gradient_activation"]) == pytest.approx(number(row["delta"]), rel=1e-3)
            else:
                # Its weight is 0. The scores with and without it are two compiled programs, which may add up
                # the other filters in another order.
                assert abs(number(row["delta"])) <= np.finfo(np.float32).eps
                assert number(row["gradient_activation"]) == 0


@pytest.mark.slow
def test_blackout_finds_the_parts_a_score_reads(planted):
    workdir, _ = planted
    for row in rows(workdir / "parts.csv"):
        read = row["part"] in READS[row["object_class"]]
        assert row["discriminative"] == ("true" if read else "false"), row
        assert int(row["num_crops"]) <= BLACKOUTS
        if read:
            assert number(row["drop"]) > number(row["drop_control"]) and number(row["difference_low"]) > 0
            assert number(row["ap_val"]) == 1 and row["emerges_paper"] == "true"


@pytest.mark.slow
def test_its_summary_adds_up_and_a_browser_finds_nothing_wrong(planted):
    workdir, _ = planted
    summary = json.loads((workdir / "summary.json").read_text())
    together = summary["all_classes"]
    assert together["discriminative_filters"] == together["distinct_discriminative_filters"] == 3
    assert together["filters_by_number_of_classes"] == [29, 3, 0, 0]
    for criterion in ("beyond_place", "paper"):
        assert together[f"semantic_{criterion}"]["discriminative_and_semantic"] == 3
    assert together["semantic_paper"]["p_value"] < 0.05
    table = rows(workdir / "parts.csv")
    judged = [row for row in table if row["emerges_paper"]]
    for name, (across, up), given in (
        ("difference_and_excess", ("excess_over_prior", "difference"), None),
        ("drop_and_excess_given_area", ("excess_over_prior", "drop"), "area"),
        ("drop_and_ap_val", ("ap_val", "drop"), None),
    ):
        of = [row for row in judged if row["discriminative"]] if up == "difference" else judged
        figures = [[number(row[column]) for row in of] for column in (across, up, given) if column]
        found = together[name]
        correlate = partial_rank_correlation if given else lambda *pair: spearmanr(*pair).statistic
        assert found["number"] == len(of) > 4
        assert found["rank_correlation"] == pytest.approx(correlate(*figures), abs=0.02)
    assert together["parts"] == sum(row["discriminative"] != "" for row in table)
    assert together["blackouts"] == sum(int(row["num_crops"]) for row in table)
    without = sum(int(row["num_crops"]) * number(row["without_control"]) for row in table)
    assert together["blackouts_without_control"] == pytest.approx(without)
    assert summary["classes"]["bird"]["discriminative_filters"] == 0
    assert summary["classes"]["digger"]["discriminative_filters_by_deviations"]["2"] == 2
    assert json.loads((workdir / "manifest.json").read_text())["files"].keys() == set(
        DISCRIMINATIVENESS_FILES
    )
    read = pages.read(workdir / "report")
    pictures = {path for path in pages.linked(workdir / "report", read) if path.suffix == ".webp"}
    assert pictures == {path.resolve() for path in (workdir / "report").rglob("*.webp")}
    if browser.missing():
        pytest.skip(browser.missing())
    assert browser.check(workdir / "report", browser.VIEWPORTS[:1]).faults == []


JOB = {"net": "tests.runs.scored:network", "dataset": "coco_parts", "seed": SEED}


def asked(folder, workdir, **changed):
    """A run on the tiny network; the options that are not the question's own are the job's."""
    own = {field.name for field in dataclasses.fields(DiscriminativenessOptions)} - {"job"}
    question = {name: changed.pop(name) for name in own & changed.keys()}
    skip_bad = changed.pop("skip_bad", False)
    job = Options(**{**JOB, "data_dir": str(folder), "search": Search(genetic=QUICK), "nulls": (), **changed})
    return asked_of_scores(job, workdir, of=question, skip_bad=skip_bad)


@pytest.fixture(scope="module")
def emergence_run(folder, tmp_path_factory):
    """A finished run of emergence on the tiny network with scores."""
    workdir = tmp_path_factory.mktemp("emergence")
    run(folder, workdir, net=JOB["net"])
    return workdir


@pytest.mark.slow
def test_figures_are_those_of_the_network_run_again(folder, emergence_run, tmp_path):
    """Drops of filters and parts, by zeroing maps and pixels and running everything again."""
    asked(folder, tmp_path, emergence=str(emergence_run))
    filters, parts = plain_drops.drops(scored.network(seed=SEED), read_coco_parts(folder), "beast", "conv2")
    for row in rows(tmp_path / "filters.csv"):
        assert number(row["delta"]) == pytest.approx(filters[int(row["filter"])], rel=1e-4, abs=1e-5)
    for row in rows(tmp_path / "parts.csv"):
        drop, crops, area = parts[row["part"]]
        assert number(row["drop"]) == pytest.approx(drop, rel=1e-4, abs=1e-5)
        assert int(row["num_crops"]) == crops and number(row["area"]) == pytest.approx(area, rel=1e-5)
    of_emergence = {(r["layer"], r["part"]): r for r in rows(emergence_run / "parts.csv")}
    for row in rows(tmp_path / "parts.csv"):
        measured = of_emergence["conv2", row["part"]]
        assert number(row["ap_val"]) == pytest.approx(number(measured["combination_ap_val"]), rel=1e-5)
        assert row["emerges_paper"] == measured["emerges_paper"]
    assert not (tmp_path / "emergence").exists()


@pytest.mark.slow
def test_a_damaged_image_is_skipped_where_asked(tmp_path):
    folder = tiny.write_folder(tmp_path / "photos", images=14)
    (folder / "JPEGImages" / "val003.jpg").write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"val003\.jpg.*skip_bad"):
        asked(folder, tmp_path / "W")
    asked(folder, tmp_path / "W", skip_bad=True)
    manifest = json.loads((tmp_path / "W" / "manifest.json").read_text())
    assert len(manifest["skipped"]) == 1 and "val003.jpg" in manifest["skipped"][0]


@pytest.mark.slow
def test_what_can_be_mended_is_said_in_one_line(folder, finished, emergence_run, tmp_path):
    def refused(pattern, **changed):
        with pytest.raises(InputError, match=pattern) as error:
            asked(folder, tmp_path / "W", **changed)
        assert "\n" not in str(error.value)

    refused(r"--weights=imagenet: it has no class scores.*partsjax supervision", net="tests.tiny:network")
    refused(r"no score for the class 'beast'.*stone, tree.*--classes", net="tests.runs.scored:without_beasts")
    refused(r"no layer 'conv3'; did you mean 'conv2'", layer="conv3")
    refused(r"emergence of another network \(tests\.tiny:network imagenet", emergence=str(finished[0]))
    refused(r"not found; run partsjax emergence to its end", emergence=str(tmp_path / "nowhere"))
    refused(r"judged beast on other images", emergence=str(emergence_run), limit=20)
    assert not (tmp_path / "W" / "manifest.json").exists()


PLACES = (
    "file:emergence/cache/evidence/beast/conv2-*.npz",
    "file:cache/drops/beast/conv2/00001-*.npz",
    "file:report/index.html",
    "file:manifest.json",
)


@pytest.mark.slow
def test_killed_and_started_again_it_writes_the_same_files(tmp_path):
    folder = tiny.write_folder(tmp_path / "photos", images=10)
    whole, died = tmp_path / "whole", tmp_path / "killed"

    def start(where, workdir) -> str:
        return killed.run(killed_drops.job, where, folder, workdir)

    assert start("nowhere", whole) == ""
    for place in PLACES:
        assert start(place, died), place
        assert not (died / "manifest.json").exists(), place
    assert start("nowhere", died) == ""
    expected, found = tree(whole), tree(died)
    for files in (expected, found):
        for clock in ("manifest.json", "lock", "emergence/manifest.json", "emergence/lock"):
            files.pop(clock)
    assert expected.keys() == found.keys() and set(DISCRIMINATIVENESS_FILES) < expected.keys()
    assert [name for name in expected if expected[name] != found[name]] == []
