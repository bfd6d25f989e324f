"""From a finished run to a study: the right crops, the same bytes, and what is refused."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from partsjax.data.crops import warp
from partsjax.errors import InputError
from partsjax.judging import choosing
from partsjax.judging.pictures import PictureFolder
from partsjax.judging.store import Store
from partsjax.networks.activations import activations
from partsjax.runs.context import Context
from partsjax.runs.judging import StudyRequest, finished_run, prepare_study, preparing
from partsjax.runs.judging.firing import all_top_crops
from partsjax.runs.judging.source import crops_again, network_again
from tests import tiny
from tests.runs.running import run, tree


@pytest.fixture(scope="module", autouse=True)
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PictureFolder, "side", 48)
        yield


def prepare(place, folder, *, data_dir=None, weights=None, **asked):
    return prepare_study(finished_run(place, data_dir, weights), folder, StudyRequest(**asked), Context())


@pytest.fixture(scope="module")
def prepared(finished, tmp_path_factory):
    """A study of all filters; not to be written to."""
    return prepare(finished[0], tmp_path_factory.mktemp("studies") / "study")


@pytest.fixture
def without_gold(monkeypatch):
    """Which takes most of the time."""
    monkeypatch.setattr(preparing, "known_items", lambda scenes, side, seed: [])


def items(study, purpose="filter"):
    return [item for item in study.items if item.purpose == purpose]


def test_every_filter_has_an_item_of_ten_pictures(prepared):
    study = prepared.study
    asked = [(i.layer, i.object_class, i.filter) for i in items(study)]
    every = [("conv1", "beast", f) for f in range(6)] + [("conv2", "beast", f) for f in range(5)]
    silent = {(layer, name, f) for name, layer, f in study.silent}
    assert asked == [unit for unit in every if unit not in silent] and len(asked) >= 8
    assert (study.layers, study.classes) == (("conv1", "conv2"), ("beast",))
    assert len(items(study, "gold")) == 12 and len(items(study, "practice")) == 6
    assert len({i.item for i in study.items}) == len(study.items)
    for item in study.items:
        assert len(item.pictures) == 10 or item.purpose == "filter"
        assert len({p.plain for p in item.pictures}) == len(item.pictures)
    with Store(prepared.folder / "study.db") as store:
        assert store.study() == study


def test_pictures_are_there_once_and_plain_ones_are_shared(prepared):
    names = [n for item in prepared.study.items for p in item.pictures for n in (p.plain, p.highlighted)]
    files = {path.name: path for path in (prepared.folder / "images").iterdir()}
    assert set(names) == set(files) and len(names) > len(files)
    for path in files.values():
        with Image.open(path) as picture:
            assert picture.size == (48, 48)


def test_the_same_run_makes_the_same_study_to_the_byte(finished, prepared, tmp_path):
    again = prepare(finished[0], tmp_path / "study")
    assert tree(again.folder) == tree(prepared.folder) and again.new


def test_top_crops_of_both_splits_against_the_network_run_plainly(finished):
    run, context = finished_run(finished[0]), Context(batch_size=8)
    network = network_again(run, context)
    crops = crops_again(run, ("beast",), network.input_size, context)
    filters = {("conv1", "beast"): np.array([1, 4]), ("conv2", "beast"): np.arange(5)}
    found = all_top_crops(network, crops, filters, context)
    pixels, image = [], []
    for split in crops["beast"].pairs:
        for index, box in zip(split.image_index, split.object_boxes, strict=True):
            source = split.images[index].source
            pixels.append(warp(source.read(), box, split.size, network.preprocessing.mean))
            image.append(source.digest())
    maps = activations(network, network.params, np.stack(pixels), ("conv1", "conv2"))
    for (layer, name), of in found.items():
        highest = np.asarray(maps[layer]).max(axis=(1, 2)).T[filters[layer, name]]
        for values, those in zip(highest, of.crops, strict=True):
            best: dict[str, float] = {}
            for digest, value in zip(image, values, strict=True):
                best[digest] = max(value, best.get(digest, 0))
            assert len({image[n] for n in those}) == 10
            expected = sorted(best.values(), reverse=True)[:10]
            np.testing.assert_allclose(values[those], expected, rtol=1e-5)


def test_layers_filters_and_a_sample(finished, tmp_path, without_gold):
    some = prepare(finished[0], tmp_path / "a", layers=("conv2",), filters="0,2-4", batch=7, raters=5).study
    assert {(i.layer, i.filter) for i in items(some)} <= {("conv2", f) for f in (0, 2, 3, 4)}
    assert (some.layers, some.batch_size, some.raters_per_item) == (("conv2",), 7, 5)
    drawn = prepare(finished[0], tmp_path / "b", sample=4, seed=3).study
    asked = [i.layer for i in items(drawn)] + [layer for _, layer, _ in drawn.silent]
    assert sorted(asked) == ["conv1", "conv1", "conv2", "conv2"]


def test_a_study_that_is_there_is_left_as_it_is(finished, prepared, tmp_path):
    shutil.copytree(prepared.folder, tmp_path / "study")
    with Store(tmp_path / "study" / "study.db") as store, store.transaction() as written:
        written.execute("INSERT INTO merges VALUES ('ears', 'ear')")
    again = prepare(finished[0], tmp_path / "study")
    assert not again.new and again.study == prepared.study
    with Store(tmp_path / "study" / "study.db") as store:
        assert store.merges() == {"ears": "ear"}
    with pytest.raises(InputError, match="another run, or one that was asked for with other flags"):
        prepare(finished[0], tmp_path / "study", seed=1)
    lost = next((tmp_path / "study" / "images").iterdir())
    lost.unlink()
    with pytest.raises(InputError, match=f"lacks 1 of .* pictures, {lost.name}"):
        prepare(finished[0], tmp_path / "study")


def test_another_folder_is_not_written_over(finished, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="holds no study; name a new folder"):
        prepare(finished[0], tmp_path / "mine")
    assert [p.name for p in tmp_path.rglob("*")] == ["mine", "letter.txt"]


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"layers": ("conv3",)}, "layers: the run has no 'conv3'; .*choose from: conv1, conv2"),
        ({"classes": ("horse",)}, "classes: the run has no 'horse'; .*choose from: beast"),
        ({"filters": "5"}, "layer conv2 has no filter 5"),
        ({"sample": 12}, "12 of 11 pairs"),
        ({"batch": 4}, "batch=4"),
        ({"data_dir": "nowhere"}, "its images: .*nowhere.*--data_dir"),
        ({"weights": "random"}, "another network than was measured; name the same weights with --weights"),
    ],
)
def test_what_the_run_lacks_is_one_line_and_leaves_nothing(finished, tmp_path, asked, what):
    with pytest.raises(InputError, match=what) as error:
        prepare(finished[0], tmp_path / "study", **asked)
    assert "\n" not in str(error.value) and not list(tmp_path.iterdir())


def test_no_filter_that_fires_is_one_line_and_leaves_nothing(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(choosing, "FEWEST", 11)
    with pytest.raises(InputError, match="no filter that was asked for fires on enough images"):
        prepare(finished[0], tmp_path / "study", filters="0")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("split", ["train", "val"])
def test_images_that_have_changed_are_refused(finished, folder, tmp_path, split):
    shutil.copytree(folder, tmp_path / "photos")
    path = tmp_path / "photos" / f"instances_{split}.json"
    content = json.loads(path.read_text())
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] != 3]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"of beast are others than were measured; .*--data_dir"):
        prepare(finished[0], tmp_path / "study", data_dir=str(tmp_path / "photos"))


def test_images_that_have_moved_are_named(finished, folder, prepared, tmp_path, without_gold):
    shutil.copytree(folder, tmp_path / "moved")
    again = prepare(finished[0], tmp_path / "study", data_dir=str(tmp_path / "moved"))
    assert items(again.study) == items(prepared.study)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda run: (run / "manifest.json").unlink(), "not found; run partsjax emergence to its end"),
        (lambda run: (run / "parts.csv").write_text("?"), "not as its manifest says"),
        (lambda run: changed(run, "options", {"question": 3}), "no run of partsjax emergence, or one of an"),
        (lambda run: changed(run, "layers", None), "no run of partsjax emergence, or one of an"),
    ],
)
def test_what_is_no_finished_run_is_one_line(finished, tmp_path, spoil, what):
    shutil.copytree(finished[0], tmp_path / "run", ignore=shutil.ignore_patterns("cache", "report"))
    spoil(tmp_path / "run")
    with pytest.raises(InputError, match=what):
        finished_run(tmp_path / "run")


def changed(run, name, value):
    path = run / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))


def test_the_run_is_made_again_from_its_manifest(finished, folder):
    run = finished_run(finished[0])
    assert (run.options.net, run.options.data_dir) == ("tests.tiny:network", str(folder))
    assert run.title == "tests.tiny:network (imagenet) on coco_parts" and not run.skip_bad
    moved = finished_run(finished[0], weights="elsewhere/w.npz")
    assert moved.options == dataclasses.replace(run.options, weights="elsewhere/w.npz")
    assert "(w.npz)" in moved.title


def test_images_that_the_run_went_on_without_are_left_out(tmp_path, without_gold):
    folder = tiny.write_folder(tmp_path / "photos", images=8)
    for name in ("train002", "val005"):
        path = folder / "JPEGImages" / f"{name}.jpg"
        path.write_bytes(path.read_bytes()[:900])  # cut off: the header alone is whole
    run(folder, tmp_path / "run", skip_bad=True, all_searches=False, layers=("conv1",))
    study = prepare(tmp_path / "run", tmp_path / "study", filters="0").study
    assert finished_run(tmp_path / "run").skip_bad
    (item,) = items(study)
    assert len(item.pictures) == 10
