"""The library call: values in, a value out, which saves, reads, compares and shows itself."""

import dataclasses
import os
import shutil

import numpy as np
import pandas as pd
import pytest

import partsjax as pj
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.nulls import DEFAULT_NULLS
from tests import tiny
from tests.reporting.report import pages
from tests.runs.running import tree

QUICK = pj.Search(genetic=Genetic(population=40, generations=20))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return pj.load_dataset("coco_parts", tiny.write_folder(tmp_path_factory.mktemp("data"), images=16))


@pytest.fixture(scope="module")
def found(dataset):
    return pj.measure(pj.load_network("tests.tiny:network"), dataset, search=QUICK, progress=False)


def measure(dataset, network=None, **more):
    settings = {"search": QUICK, "nulls": (), "progress": False, "layers": "conv2", **more}
    return pj.measure(network or tiny.network(), dataset, **settings)


def test_nothing_is_printed_and_nothing_is_left_behind(dataset, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    measure(dataset)
    assert capfd.readouterr() == ("", "") and not os.listdir(tmp_path)


def test_a_bar_shows_if_wanted(dataset, capfd):
    measure(dataset, progress=True)
    out, err = capfd.readouterr()
    assert out == "" and "verdicts" in err and "crops" in err


def test_the_tables_are_those_of_the_files(found, tmp_path):
    found.save(tmp_path / "W")
    parts = pd.read_csv(tmp_path / "W" / "parts.csv")
    assert list(found.parts.columns) == list(parts.columns) and len(found.parts) == len(parts) == 4
    np.testing.assert_allclose(found.parts.combination_ap_val, parts.combination_ap_val, atol=5e-7)
    filters = pd.read_parquet(tmp_path / "W" / "filters.parquet")
    pd.testing.assert_frame_equal(found.filters, filters, check_dtype=False)
    assert list(found.combinations.columns) == list(pd.read_csv(tmp_path / "W" / "combinations.csv").columns)
    assert set(found.summary) == {"conv1", "conv2"} and found.about.nulls == DEFAULT_NULLS


def test_what_is_saved_is_read_as_the_same(found, dataset, tmp_path):
    assert found.about.network_digest == pj.load_network("tests.tiny:network").digest
    found = dataclasses.replace(found, notes=("a note",), skipped=("an image",))
    found.save(tmp_path / "W")
    again = pj.read(tmp_path / "W")
    assert repr(again.verdicts) == repr(found.verdicts) and again.about == found.about
    assert (again.notes, again.skipped) == (found.notes, found.skipped) and again.summary == found.summary
    for name in ("parts", "filters", "combinations"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name))
    again.save(tmp_path / "V")
    assert tree(tmp_path / "V") == tree(tmp_path / "W")
    with pytest.raises(pj.InputError, match="not found"):
        pj.read(tmp_path / "nowhere")


@pytest.mark.slow
def test_a_report_after_reading_needs_the_same_data_set(found, dataset, tmp_path):
    found.write_report(tmp_path / "one", progress=False)
    found.save(tmp_path / "W")
    again = pj.read(tmp_path / "W")
    with pytest.raises(pj.InputError, match=r"dataset=\.\.\."):
        again.write_report(tmp_path / "two", progress=False)
    again.write_report(tmp_path / "two", dataset, progress=False)
    assert tree(tmp_path / "two") == tree(tmp_path / "one")
    assert pages.read(tmp_path / "one")["index.html"].text
    fewer = dataclasses.replace(dataset, images=dataset.images[:-1])
    with pytest.raises(pj.InputError, match="other images or annotations of beast"):
        again.write_report(tmp_path / "three", fewer, progress=False)
    with pytest.raises(pj.InputError, match="lacks beast"):
        again.write_report(
            tmp_path / "three", dataclasses.replace(dataset, images=(), parts={}), progress=False
        )


def test_a_cache_is_used_again(dataset, tmp_path, monkeypatch):
    first = measure(dataset, cache=tmp_path / "C")
    monkeypatch.setattr("partsjax.runs.network_stages.extractor", None)
    again = measure(dataset, cache=tmp_path / "C")
    assert repr(again.verdicts) == repr(first.verdicts)
    with pytest.raises(TypeError):  # without it the network has to run
        measure(dataset)


def test_bad_and_doubled_photographs_stop_it_unless_allowed(tmp_path):
    folder = tiny.write_folder(tmp_path / "photos", images=6)
    photos = folder / "JPEGImages"
    (photos / "val002.jpg").write_bytes(b"")
    dataset = pj.load_dataset("coco_parts", folder, skip_bad=True)
    with pytest.raises(pj.InputError, match="val002"):
        measure(dataset)
    shutil.copy(photos / "val003.jpg", photos / "val004.jpg")
    with pytest.raises(pj.InputError, match="the same photograph twice"):
        measure(dataset, skip_bad=True)
    found = measure(dataset, skip_bad=True, allow_duplicates=True, batch_size=4)
    assert len(found.skipped) == 1 and "val002" in found.skipped[0] and found.about.batch_size == 4
    assert any("the same photograph twice" in note for note in found.notes)


def test_another_network_is_compared_image_by_image(dataset, found):
    other = pj.measure(tiny.network("random", seed=3), dataset, search=QUICK, nulls=(), progress=False)
    found_ = found.compare(other)
    assert list(found_.layers.layer) == ["conv1", "conv2"] and len(found_.parts) <= 4
    row = found_.layers.iloc[1]
    assert row.difference == pytest.approx(row.ap_val - row.other_ap_val)
    assert row.difference_low <= row.difference <= row.difference_high
    counts = [of.summary["conv2"].beyond_place for of in (found, other)]
    assert [row.beyond_place, row.other_beyond_place] == counts and not row.nominal
    assert "minus" in repr(found_) and found_._repr_html_().count("<table") == 2
    back = other.compare(found)
    assert list(back.layers.difference) == pytest.approx(list(-found_.layers.difference))
    itself = found.compare(found)
    assert (itself.layers.difference == 0).all() and (itself.parts.difference_high == 0).all()


def test_a_layer_that_the_other_lacks_is_compared_with_its_last(dataset, found):
    other = measure(dataset, layers="conv1", nulls=())
    assert list(found.compare(other).layers.other_layer) == ["conv1", "conv1"]


def test_other_images_cannot_be_compared(dataset, found):
    with pytest.raises(pj.InputError, match="other images or annotations of beast"):
        found.compare(measure(dataset, limit=8))
    with pytest.raises(pj.InputError, match="another seed"):
        found.compare(measure(dataset, seed=5))


def test_a_notebook_sees_the_verdicts(found):
    html = found._repr_html_()
    for words in ("beast:head", "place prior", "conv2", "random weights", "shuffled parts", "beyond place"):
        assert words in html
    assert "\n" not in repr(found) and "conv2" in repr(found)
    hostile = dataclasses.replace(found, about=dataclasses.replace(found.about, net="<script>"))
    assert "<script>" not in hostile._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layers": "conv9"}, r"layers: .* has no layer 'conv9'; did you mean"),
        ({"nulls": "randon"}, "there is no null 'randon'; did you mean 'random'"),
        ({"priors": ["mean_box"]}, "priors: not a PlacePrior but 'mean_box'; give pj.PlacePrior"),
        ({"nulls": pj.Null("random", "mine"), "priors": pj.PlacePrior("random", "mine", max)}, "given twice"),
        ({"network": "alexnet"}, r"network: not a Network but 'alexnet'.*load_network"),
        ({"dataset": "coco"}, r"dataset: not a Dataset but 'coco'.*load_dataset"),
        ({"limit": 0}, "limit=0: give a whole number of at least 1"),
        ({"limit": "5"}, "limit='5': give a whole number"),
        ({"limit": True}, "limit=True"),
        ({"seed": -1}, "seed=-1: give a whole number of at least 0"),
        ({"seed": None}, "seed=None"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"dataset": pj.Dataset(())}, "in memory: no object of a class with parts; give images"),
    ],
)
def test_what_cannot_be_meant_is_one_line(dataset, arguments, words):
    with pytest.raises(pj.InputError, match=words) as caught:
        measure(**{"dataset": dataset, **arguments})
    assert "\n" not in str(caught.value)


def test_every_table_says_that_receptive_fields_are_nominal(dataset, tmp_path):
    network = tiny.network()
    nominal = {**network.fields, "conv2": dataclasses.replace(network.fields["conv2"], nominal=True)}
    network = dataclasses.replace(network, fields=nominal)
    found = measure(dataset, network, layers=("conv1", "conv2"))
    assert {layer: of.nominal for layer, of in found.summary.items()} == {"conv1": False, "conv2": True}
    assert ">conv2 (nominal)<" in found._repr_html_() and "conv1 (nominal)" not in found._repr_html_()
    found.save(tmp_path / "W")
    assert pj.read(tmp_path / "W").summary == found.summary
    found.write_report(tmp_path / "report", progress=False)
    page = (tmp_path / "report" / "index.html").read_text()
    assert page.count("(nominal receptive fields)") == 1
