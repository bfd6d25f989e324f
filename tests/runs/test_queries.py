"""Questions to a finished result: against what the network says of every crop, computed plainly."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

import partsjax as pj
from partsjax.data.crops import warp
from partsjax.emergence.genetic import Genetic
from partsjax.runs.emergence.queries import SIMILAR_COLUMNS, TOP_COLUMNS
from tests import tiny
from tests.emergence.test_similarity import plain

PAGE = Path(__file__).parents[2] / "docs" / "how_to" / "queries.md"
QUICK = pj.Search(genetic=Genetic(population=8, generations=2))
BAD = "val005"  # in the middle: crops are numbered without it
LAYER = "conv2"


def two_classes(dataset: pj.Dataset) -> pj.Dataset:
    """Every other animal is of another class, also of two in one image."""
    images = []
    for number, image in enumerate(dataset.images):
        objects = [
            dataclasses.replace(one, object_class="bird") if (number + i) % 2 else one
            for i, one in enumerate(image.objects)
        ]
        images.append(dataclasses.replace(image, objects=tuple(objects)))
    return dataclasses.replace(dataset, images=tuple(images), parts={n: ("head", "foot") for n in CLASSES})


CLASSES = ("beast", "bird")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=20)
    (folder / "JPEGImages" / f"{BAD}.jpg").write_bytes(b"")
    return two_classes(pj.load_dataset("coco_parts", folder, skip_bad=True))


@pytest.fixture(scope="module")
def found(dataset):
    more = {"layers": LAYER, "nulls": (), "search": QUICK, "skip_bad": True, "progress": False}
    return pj.measure(tiny.network(), dataset, **more)


@pytest.fixture(scope="module")
def workdir(found, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "W"
    found.save(folder)
    return folder


@pytest.fixture(scope="module")
def excited(dataset) -> dict[tuple[str, str], np.ndarray]:
    """By (class, crop), in the order of the dataset, the highest activation of each filter."""
    network, highest = tiny.network(), {}
    mean, deviation = (np.array(v, np.float32) for v in dataclasses.astuple(network.preprocessing)[:2])
    for of_class in CLASSES:
        for image in dataset.images:
            if image.split != "val" or image.image_id == BAD:
                continue
            for number, one in enumerate(image.objects):
                if one.object_class == of_class:
                    crop = warp(image.source.read(), one.box, tiny.SIZE, mean)
                    (activation,) = network.apply(
                        network.params, ((crop - mean) / deviation)[None], (LAYER,)
                    ).values()
                    highest[of_class, f"{image.image_id}#{number}"] = np.asarray(activation).max((0, 1, 2))
    return highest


def test_the_crops_that_excite_a_filter_most(found, workdir, excited):
    found = pj.read(workdir)
    for f, (k, object_class) in enumerate([(12, None), (5, None), (12, "beast"), (3, "bird"), (1, None)]):
        table = found.top(LAYER, f, k, object_class=object_class).table
        among = [name for name in excited if object_class in (None, name[0])]
        expected = sorted(among, key=lambda name: -excited[name][f])[:k]
        assert list(zip(table.object_class, table.crop, strict=True)) == expected and len(expected) == k
        np.testing.assert_allclose(table.activation, [excited[name][f] for name in expected], rtol=1e-4)
        assert tuple(table.columns) == TOP_COLUMNS and set(table.split) == {"val"}
        assert (table[["x2", "y2"]].to_numpy() > table[["x1", "y1"]].to_numpy()).all()


def test_boxes_are_of_the_part_that_the_filter_detects_best(found):
    rows = found.filters
    for f in range(5):
        for row in found.top(LAYER, f).table.itertuples():
            of = rows[(rows["filter"] == f) & (rows.object_class == row.object_class)]
            best = of.loc[of.ap_train.idxmax()]
            assert row.part == (best.part if best.ap_train > 0 else None)
            kept = found.judged[LAYER, row.object_class].top_activations
            place = list(kept.crops[f]).index(found.ids[row.object_class].index(row.crop))
            np.testing.assert_array_equal([row.x1, row.y1, row.x2, row.y2], kept.boxes[f, place])
            sides = [row.part_x1, row.part_y1, row.part_x2, row.part_y2]
            np.testing.assert_array_equal(sides, kept.part_boxes[f, place])


@pytest.mark.parametrize("filters", [None, (0, 3), (4, 1, 2, 4)])
def test_crops_that_excite_the_same_filters_most_alike(workdir, excited, filters):
    found = pj.read(workdir)
    chosen = sorted(set(range(5) if filters is None else filters))
    most = np.max(list(excited.values()), axis=0)
    for (_, crop), own in list(excited.items())[::7]:
        alike = {
            name: plain((own / most)[chosen].tolist(), (other / most)[chosen].tolist())
            for name, other in excited.items()
            if name[1].split("#")[0] != crop.split("#")[0]
        }
        table = found.similar(crop, LAYER, filters, k=9).table
        names = list(zip(table.object_class, table.crop, strict=True))
        assert tuple(table.columns) == SIMILAR_COLUMNS and len(set(names)) == 9
        np.testing.assert_allclose(table.similarity, [alike[name] for name in names], atol=2e-3)
        assert table.similarity.is_monotonic_decreasing
        np.testing.assert_allclose(table.similarity, sorted(alike.values(), reverse=True)[:9], atol=2e-3)


def test_equally_similar_crops_stand_in_the_order_of_the_dataset_and_unlike_ones_are_left_out(found):
    names, judged = [name for ids in found.ids.values() for name in ids], dict(found.judged)
    for (layer, of_class), of in found.judged.items():
        strengths = np.zeros_like(of.top_activations.strengths)
        strengths[0], strengths[1, 1::2] = 1, 1
        strengths[:, 4] = 0
        scores = np.ones_like(of.top_activations.scores)
        tops = dataclasses.replace(of.top_activations, strengths=strengths, scores=scores)
        judged[layer, of_class] = dataclasses.replace(of, top_activations=tops)
    changed = dataclasses.replace(found, judged=judged)
    (first, *_), (of_beasts, of_birds) = names, found.ids.values()
    both = [name for ids in (of_beasts, of_birds) for name in ids[1::2]]
    one = [name for ids in (of_beasts, of_birds) for name in (*ids[:4:2], *ids[6::2])]
    expected = [n for n in (*one, *both) if n.split("#")[0] != first.split("#")[0]]
    table = changed.similar(first, LAYER, (0, 1), k=1000).table
    assert list(table.crop) == expected
    with pytest.raises(pj.InputError, match=r"none of these filters of conv2 fires on it; give others$"):
        changed.similar(of_beasts[4], LAYER)


def test_a_filter_that_never_fires_has_no_crops(found):
    of = found.judged[LAYER, "bird"]
    tops = dataclasses.replace(of.top_activations, scores=np.zeros_like(of.top_activations.scores))
    silent = {**found.judged, (LAYER, "bird"): dataclasses.replace(of, top_activations=tops)}
    silent = dataclasses.replace(found, judged=silent)
    shown = silent.top(LAYER, 0, object_class="bird")
    assert len(shown.table) == 0 and tuple(shown.table.columns) == TOP_COLUMNS
    assert "<table" in shown._repr_html_()
    assert set(silent.top(LAYER, 0).table.object_class) == {"beast"}


def test_a_notebook_sees_pictures_where_the_dataset_is_at_hand(found, workdir, dataset):
    """One of each crop, both boxes on those of `top`; the crop that others are similar to comes first."""
    with_pictures, without = pj.read(workdir, dataset), pj.read(workdir)
    top = found.top(LAYER, 2, 5)
    html = top._repr_html_()
    assert html.count("data:image/webp;base64,") == 5 and "<table" in html and "Dashed" in html
    assert html.count('class="fires"') == 5 and html.count('class="part"') == top.table.part_x1.notna().sum()
    assert with_pictures.top(LAYER, 2, 5)._repr_html_() == html
    similar = with_pictures.similar(top.table.crop[0], LAYER, k=3)._repr_html_()
    assert re.findall(r"<title>(.*?)</title>", similar)[0] == top.table.crop[0]
    assert similar.count("<svg") == 4 and "<path" not in similar
    plainly = without.top(LAYER, 2, 5)
    assert "<svg" not in plainly._repr_html_() and "<table" in plainly._repr_html_()
    assert plainly.table.equals(top.table) and "filter 2" in repr(plainly)


def test_without_the_images_there_is_still_the_table(found, tmp_path):
    def elsewhere(crops):
        images = (dataclasses.replace(image, source=tmp_path / "gone.jpg") for image in crops.images)
        return dataclasses.replace(crops, images=tuple(images))

    gone = dataclasses.replace(found, crops={name: elsewhere(one) for name, one in found.crops.items()})
    html = gone.top(LAYER, 2, 5)._repr_html_()
    assert "<svg" not in html and "<table" in html


def test_names_from_data_are_no_markup(found):
    hostile = {name: tuple(f"<script>{n}" for n in names) for name, names in found.ids.items()}
    crops = {name: dataclasses.replace(one, ids=tuple(f"<script>{n}" for n in one.ids))
             for name, one in found.crops.items()}  # fmt: skip
    changed = dataclasses.replace(found, ids=hostile, crops=crops)
    html = changed.top(LAYER, 0)._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html
    crop = changed.top(LAYER, 0).table.crop[0]
    assert "<script>" not in changed.similar(crop, LAYER)._repr_html_()


def test_another_dataset_is_refused(workdir, dataset):
    fewer = dataclasses.replace(dataset, images=dataset.images[:-1])
    with pytest.raises(pj.InputError, match="other images or annotations of"):
        pj.read(workdir, fewer)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda f: f.top("conv3", 0), r"layer='conv3': not measured; did you mean 'conv2'\?"),
        (lambda f: f.top(LAYER, 5), r"filter=5: those of conv2 are 0 to 4$"),
        (lambda f: f.top(LAYER, -1), r"filter=-1: give a whole number of at least 0$"),
        (lambda f: f.top(LAYER, 1.0), r"filter=1\.0: give a whole number"),
        (lambda f: f.top(LAYER, 0, 13), r"k=13: of each class the 12 crops are kept that excite"),
        (lambda f: f.top(LAYER, 0, 0), r"k=0: give a whole number of at least 1$"),
        (lambda f: f.top(LAYER, 0, object_class="birds"), r"object_class='birds': did you mean 'bird'\?"),
        (lambda f: f.similar("val01#0", LAYER), r"crop='val01#0': no unseen crop .* did you mean 'val.*#0'"),
        (lambda f: f.similar(f"{BAD}#0", LAYER), rf"crop='{BAD}#0': no unseen crop that could be read"),
        (lambda f: f.similar("train000#0", LAYER), r"crop='train000#0': no unseen crop"),
        (lambda f: f.similar(f.ids["bird"][0], "conv9"), r"layer='conv9': not measured"),
        (lambda f: f.similar(f.ids["bird"][0], LAYER, (1, 9)), r"filter=9: those of conv2 are 0 to 4$"),
        (lambda f: f.similar(f.ids["bird"][0], LAYER, (1, 1)), r"filters: 1; give two or more"),
        (lambda f: f.similar(f.ids["bird"][0], LAYER, ()), r"filters: 0; give two or more"),
        (lambda f: f.similar(f.ids["bird"][0], LAYER, k="5"), r"k='5': give a whole number"),
    ],
)
def test_what_cannot_be_meant_is_one_line(found, ask, words):
    with pytest.raises(pj.InputError, match=words) as caught:
        ask(found)
    assert "\n" not in str(caught.value)


def test_the_code_of_the_page_runs(workdir, dataset, monkeypatch):
    """Of another run: with a layer, filters and a class of it."""
    monkeypatch.setattr(pj, "load_dataset", lambda *of, **more: dataset)
    names = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    code = "".join(blocks).replace('"W"', repr(str(workdir)))
    for theirs, ours in (("conv5", LAYER), ("159", "1"), ("201", "4"), ("dog", "bird")):
        code = code.replace(theirs, ours)
    code = re.sub(r"(?m)^(found\.similar.*)$", r"shown = \1", code)
    exec(code, names)
    assert len(blocks) == 3 and 0 < len(names["shown"].table) <= 6
