"""The end of a sweep: runs of one network are joined as if it had been measured at once, and compared."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.runs import emergence, workdir
from partsjax.runs.context import Context
from partsjax.runs.emergence import Emergence
from partsjax.runs.sweep import PlannedRun, Sweep, SweepFolder, write_comparison
from partsjax.runs.sweep.joined import joined_emergence
from tests.runs.running import rows, tree

LAYERS = ("conv1", "conv2")


@pytest.fixture(scope="module")
def whole(finished):
    return emergence.read(finished[0])


@pytest.fixture(scope="module")
def runs():
    split = [PlannedRun("emergence", {"layers": layer}, "imagenet", (layer,)) for layer in LAYERS]
    return (*split, *(PlannedRun("emergence", {}, "random", (str(seed),), seed) for seed in (0, 1)))


def part_of(whole: Emergence, layer: str) -> Emergence:
    """As where a layer is measured alone: its q-values are others."""
    judged = {
        names: dataclasses.replace(
            found,
            evidence=dataclasses.replace(
                found.evidence,
                verdicts=tuple(dataclasses.replace(v, q_value=0.7) for v in found.evidence.verdicts),
            ),
        )
        for names, found in whole.judged.items()
        if names[0] == layer
    }
    return dataclasses.replace(whole, about=dataclasses.replace(whole.about, layers=(layer,)), judged=judged)


def keep(found: Emergence, finished: Path, folder: Path, **options) -> None:
    """Leaves in a folder what a run with these options would."""
    found.save(folder)
    shutil.copy(finished / "manifest.json", folder)
    asked = workdir.read_json(finished / "options.json")
    workdir.write_json(folder / "options.json", asked | options)


@pytest.fixture(scope="module")
def swept(finished, whole, runs, tmp_path_factory):
    """A sweep's folder whose runs are done: a network in two runs, another with two seeds, much alike."""
    folder = SweepFolder(tmp_path_factory.mktemp("sweep") / "W", 60)
    for run, layer in zip(runs, LAYERS, strict=False):
        keep(part_of(whole, layer), finished[0], folder.path / run.place, layers=[layer])
    for run in runs[2:]:
        place = folder.path / run.place
        keep(whole, finished[0], place, weights="random", weights_seed=run.seed)
        (place / "report").mkdir()
        (place / "report" / "index.html").touch()
    return folder


def test_a_network_in_two_runs_is_as_if_measured_at_once(whole, swept, runs):
    apart = [emergence.read(swept.path / run.place) for run in runs[:2]]
    one = joined_emergence(apart[::-1], LAYERS)
    assert one.parts.equals(whole.parts)  # q-values over both layers are among them
    assert repr(one) == repr(whole) and one.images == whole.images
    assert all(np.array_equal(one.samples[names], whole.samples[names]) for names in whole.samples)


def test_it_ends_in_one_table_and_page(swept, runs):
    write_comparison(swept, Sweep(runs), Context())
    table = rows(swept.path / "comparison.csv")
    assert [(row["network"], row["seed"], row["layer"]) for row in table] == [
        *(("imagenet", "", layer) for layer in LAYERS),
        *(("random", str(seed), layer) for layer in LAYERS for seed in (0, 1)),
    ]
    assert {row["depth"] for row in table} == {"0.500000", "1.000000"}
    (difference,) = {row["baseline"] for row in rows(swept.path / "differences.csv")}
    assert difference == "imagenet"
    page = (swept.path / "report" / "index.html").read_text(encoding="utf-8")
    assert '<a href="../emergence/random-1/report/index.html">emergence/random-1</a>' in page
    assert (swept.path / "report" / "../emergence/random-1/report/index.html").exists()
    before = {name: content for name, content in tree(swept.path).items() if name != "manifest.json"}
    write_comparison(swept, Sweep(runs), Context())
    assert before == {name: content for name, content in tree(swept.path).items() if name != "manifest.json"}


def test_what_cannot_be_compared_is_left_out_and_said(swept, runs, tmp_path):
    lacking = PlannedRun("emergence", {}, "random", ("7",), 1)
    context = Context()
    found = write_comparison(swept, Sweep((*runs, lacking)), context)
    assert list(found.content.networks) == ["imagenet"]
    assert "random is not compared: it lacks random-7" in list(context.notes)
    with pytest.raises(InputError, match="no comparison: random, the baseline, lacks random-7"):
        write_comparison(swept, Sweep((*runs, lacking), "random"), Context())


def test_other_images_are_left_out(swept, runs):
    other = PlannedRun("emergence", {}, "other")
    shutil.copytree(swept.path / runs[0].place, swept.path / other.place)
    found = emergence.read(swept.path / other.place)
    images = dataclasses.replace(found.images, by_class={"beast": "others"})
    dataclasses.replace(found, images=images).save(swept.path / other.place)
    context = Context()
    write_comparison(swept, Sweep((*runs, other)), context)
    (note,) = [note for note in context.notes if note.startswith("other is")]
    assert note == "other is not compared: it was judged on other images or annotations of beast"


def test_a_network_that_lacks_a_layer_of_a_class_is_not_whole(swept, runs):
    one, two = (emergence.read(swept.path / run.place) for run in runs[:2])
    judged = {(layer, "stone"): found for (layer, _), found in two.judged.items()}
    stone = dataclasses.replace(two, about=dataclasses.replace(two.about, classes=("stone",)), judged=judged)
    assert joined_emergence([one, stone], LAYERS) is None
    assert joined_emergence([one], LAYERS).about.layers == ("conv1",)


def test_a_layer_measured_class_by_class_knows_the_crops_of_all(swept, runs):
    one = emergence.read(swept.path / runs[0].place)
    judged = {(layer, "stone"): found for (layer, _), found in one.judged.items()}
    about, ids = dataclasses.replace(one.about, classes=("stone",)), {"stone": one.ids["beast"][:3]}
    both = joined_emergence([one, dataclasses.replace(one, about=about, judged=judged, ids=ids)], LAYERS)
    assert both.ids == {**one.ids, **ids} and list(both.ids) == ["beast", "stone"]
