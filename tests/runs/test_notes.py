"""What a reader has to know of a run is said once, and stands in its manifest and on its page."""

import dataclasses
import json

import pytest

from partsjax.cli.terminal import Terminal
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.runs import discriminativeness, emergence, inputs, skeleton, supervision
from partsjax.runs.context import Context, Notes
from partsjax.runs.discriminativeness import DiscriminativenessOptions
from partsjax.runs.options import Options
from tests import tiny
from tests.reporting.report import pages
from tests.runs import comparing, scored, training

OF_DATA, OF_NETWORK = "3 <boxes> are doubled: counted once", "order of LRN & pooling assumed"


def network(weights: str = "imagenet", seed: int = 0):
    return dataclasses.replace(scored.network(weights, seed), notes=(OF_NETWORK,))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=12)


@pytest.fixture
def noting(monkeypatch):
    """Datasets with a note, each named as often as a run might say it."""
    load = inputs.load_dataset
    monkeypatch.setattr(
        inputs, "load_dataset", lambda *a, **k: dataclasses.replace(load(*a, **k), notes=(OF_DATA, OF_DATA))
    )


def check(workdir, said: str, page: bool = True) -> None:
    manifest = json.loads((workdir / "manifest.json").read_text())
    assert manifest["notes"] in ([OF_DATA, OF_NETWORK], [OF_NETWORK, OF_DATA])
    for note in (OF_DATA, OF_NETWORK):
        assert said.count(f"note: {note}") == 1
    assert manifest["backend"].startswith("cpu")
    assert manifest["precision"] == {"dtype": "float32", "products": "highest"}
    assert {"jax", "flax", "numpy", "pandas", "pyarrow"} <= manifest["versions"].keys()
    if page:
        text = (workdir / "report" / "index.html").read_text()
        assert "<boxes>" not in text and "LRN & pooling" not in text
        index = pages.read(workdir / "report")["index.html"].text
        for note in (OF_DATA, OF_NETWORK):
            assert index.count(note) == 1


def noted() -> Context:
    """Surroundings whose notes are said as a command says them."""
    return Context(notes=Notes(Terminal().note), batch_size=16, threads=1)


OPTIONS = {"net": "tests.runs.test_notes:network", "dataset": "coco_parts", "search": comparing.SEARCH}


@pytest.mark.slow
def test_of_emergence_and_of_class_scores(small, tmp_path, noting, capsys, monkeypatch):
    """The second holds a run of the first kind, whose notes are not said again, and may name one."""
    monkeypatch.setenv("COLUMNS", "200")
    options = Options(data_dir=str(small), nulls=(), **OPTIONS)
    skeleton.run(emergence.emergence_question(options), tmp_path / "E", noted())
    check(tmp_path / "E", capsys.readouterr().err)
    question = discriminativeness.discriminativeness_question(
        DiscriminativenessOptions(options), tmp_path / "D"
    )
    skeleton.run(question, tmp_path / "D", noted())
    check(tmp_path / "D", capsys.readouterr().err)
    check(tmp_path / "D" / "emergence", "\n".join(f"note: {n}" for n in (OF_DATA, OF_NETWORK)), page=False)


@pytest.mark.slow
def test_of_a_comparison_also_where_its_networks_were_measured_before(
    small, tmp_path, noting, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(comparing, "NET", OPTIONS["net"])
    for _ in range(2):
        comparing.run(small, tmp_path / "W", ("imagenet", "random"), notes=Notes(Terminal().note))
        check(tmp_path / "W", capsys.readouterr().err)
    # And what only the run of one network knows.
    path = tmp_path / "W" / "emergence" / "random-0" / "manifest.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"notes": [*found["notes"], "of this one alone"]}))
    comparing.run(small, tmp_path / "W", ("imagenet", "random"), notes=Notes(Terminal().note))
    assert "note: of this one alone" in capsys.readouterr().err
    assert "of this one alone" in (tmp_path / "W" / "report" / "index.html").read_text()


@pytest.mark.slow
def test_of_training(small, tmp_path, noting, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    load = inputs.load_network
    monkeypatch.setattr(
        inputs,
        "load_network",
        lambda *a, **k: dataclasses.replace(load(*a, **k), notes=(OF_NETWORK,)),
    )
    monkeypatch.setitem(ARCHITECTURES, "alexnet", training.NARROW)
    data = {"dataset": "coco_parts", "data_dir": str(small), "supervision": "image"}
    options = training.options(steps=1, limit=4, batch_size=2, **data)
    skeleton.run(supervision.supervision_question(options, tmp_path), tmp_path, noted())
    check(tmp_path, capsys.readouterr().err, page=False)
