"""The code of the how-to pages runs as it is written."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

import partsjax as pj
from partsjax.emergence.genetic import Genetic

PAGES = Path(__file__).parents[2] / "docs" / "how_to"
QUICK = pj.Search(genetic=Genetic(population=8, generations=2))


def code(page: str) -> str:
    """The first Python block of a page."""
    text = (PAGES / page).read_text(encoding="utf-8")
    return re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)


@pytest.fixture
def as_module(tmp_path, monkeypatch):
    """Makes a page's code a module that can be named on the command line."""
    made = []

    def make(page: str, name: str):
        (tmp_path / f"{name}.py").write_text(code(page), encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        made.append(name)
        return importlib.import_module(name)

    yield make
    for name in made:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def robots():
    return pj.load_dataset("shapeparts", classes=["robot"])


@pytest.mark.slow
def test_a_network_a_null_and_a_place_prior_of_ones_own(as_module, robots):
    as_module("network.md", "my_network")
    network = pj.load_network("my_network:build")
    # 7 at stride 4, then 5 of its cells at stride 2.
    assert [(f.size, f.stride) for f in network.fields.values()] == [(7, 4), (23, 8)]
    null = as_module("null.md", "my_null").other_crop
    beside = {"nulls": ("shuffled", null), "priors": [as_module("place_prior.md", "my_prior").prior]}
    found = pj.measure(network, robots, layers=["conv2"], limit=12, search=QUICK, progress=False, **beside)
    assert {verdict.layer for verdict in found.verdicts} == {"conv2"}
    aps = np.array([[null.ap_val.value for null in verdict.nulls.values()] for verdict in found.verdicts])
    assert np.isfinite(aps).all() and (aps[:, 0] != aps[:, 1]).any()
    assert found.parts["mean_box_ap_val"].max() > 0


def test_a_dictionary(as_module):
    as_module("units.md", "my_dictionary")
    network = pj.load_network("my_dictionary:build")
    assert network.default_layers[-1] == "dictionary"
    assert network.fields["dictionary"] == network.fields["conv5"]


def test_a_reader_of_ones_own(as_module, tmp_path):
    as_module("reader.md", "my_reader")
    rows = ["file,split,class,object,part,x1,y1,x2,y2"]
    for split, shade in (("train", 50), ("val", 200)):
        Picture.new("RGB", (80, 60), (shade, 0, 0)).save(tmp_path / f"{split}.png")
        rows += [f"{split}.png,{split},car,1,,5,5,70,50", f"{split}.png,{split},car,1,wheel,10,30,30,50"]
    (tmp_path / "all.csv").write_text("\n".join(rows), encoding="utf-8")

    dataset = pj.load_dataset("my_reader:read", tmp_path, table="all.csv")
    assert dataset.parts == {"car": ("wheel",)}
    assert [(image.image_id, image.split) for image in dataset.images] == [("train", "train"), ("val", "val")]
    assert dataset.images[1].objects[0].parts[0].box == (10, 30, 30, 50)
    assert dataset.images[1].source.read()[0, 0].tolist() == [200, 0, 0]
