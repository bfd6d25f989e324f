"""Classes, parts, layers and images called anything: no file outside the workdir is written or deleted."""

import dataclasses
import json

import jax.numpy as jnp
import pytest

from partsjax.data.coco_parts import read_coco_parts
from partsjax.runs import inputs
from partsjax.runs.comparison import members
from partsjax.runs.emergence import read
from partsjax.runs.options import Options
from tests import tiny
from tests.reporting.report import pages
from tests.reporting.test_file_names import safe
from tests.runs import comparing, scored
from tests.runs.running import asked_of_scores, tree

LAYERS = {"Conv/1": "conv1", "../../conv": "conv2"}
PARTS = {"head": "../../../../../../part", "foot": "FOOT: <b>"}


def classes(outside) -> tuple[str, ...]:
    """Of each kind one; every single one is in `test_file_names`."""
    return "../../../../escaped", str(outside / "absolute"), "..", "x" * 300, "Head", "head", "a:b|c"


def renamed(network, names):
    """The same network with hostile names of layers and classes."""
    back = {theirs: ours for ours, theirs in LAYERS.items()}

    def apply(params, images, layers):
        found = network.apply(params, images, tuple(LAYERS[layer] for layer in layers))
        return {back[layer]: value for layer, value in found.items()}

    def after(params, layer, activation):
        scores = network.after(params, LAYERS[layer], activation)
        return jnp.tile(scores, (1, len(names)))[:, : len(names)]

    return dataclasses.replace(
        network,
        apply=apply,
        after=after,
        fields={back[layer]: field for layer, field in network.fields.items()},
        default_layers=tuple(LAYERS),
        classes=names,
    )


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """(place for workdirs, what lies around it): every beast is one object of each class."""
    data = read_coco_parts(tiny.write_folder(tmp_path / "photos", images=4), None)
    names = classes(tmp_path / "around")

    def image(old, number):
        parts = tuple(dataclasses.replace(p, name=PARTS[p.name]) for p in old.objects[0].parts)
        objects = tuple(dataclasses.replace(old.objects[0], object_class=c, parts=parts) for c in names)
        return dataclasses.replace(old, objects=objects, image_id=f"../{old.image_id}/{number}\n")

    data = dataclasses.replace(
        data,
        images=tuple(image(old, number) for number, old in enumerate(data.images)),
        parts={c: tuple(PARTS.values()) for c in names},
    )
    monkeypatch.setattr(inputs, "load_dataset", lambda *_, **__: data)
    network = renamed(scored.network(), names[-1:] + names[:-1])
    monkeypatch.setattr(scored, "network", lambda **_: network)
    for name in ("absolute/conv2", "escaped/Conv_1", "absolute"):
        path = tmp_path / "around" / f"{name}-{'0' * 20}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("older")
    return tmp_path / "around" / "a" / "b", tmp_path, names


def check(place, before, around) -> None:
    """All that was written is in the folder `W`, under names that any system takes."""
    after = tree(around)
    written = after.keys() - before.keys()
    assert before.items() <= after.items()
    assert written and all(name.startswith("around/a/b/W/") for name in written)
    assert all(safe(part.removeprefix(".")) for name in written for part in name.split("/"))
    assert len({name.casefold() for name in written}) == len(written)


@pytest.mark.slow
def test_of_class_scores_and_emergence(hostile):
    place, around, names = hostile
    before = tree(around)
    options = Options(net="tests.runs.scored:network", dataset="coco_parts", search=comparing.SEARCH)
    asked_of_scores(options, place / "W")
    check(place, before, around)
    kept = read(place / "W" / "emergence")
    assert {c for _, c in kept.samples} == set(names)
    assert json.loads((place / "W" / "summary.json").read_text())["classes"].keys() == set(names)
    assert len(pages.linked(place / "W" / "report", pages.read(place / "W" / "report"))) > 10


@pytest.mark.slow
def test_of_a_comparison_with_the_pages_of_each_run(hostile, monkeypatch):
    place, around, _ = hostile
    before = tree(around)
    monkeypatch.setattr(comparing, "NET", "tests.runs.scored:network")
    comparing.run(None, place / "W", ("imagenet", f"CON={around}"), pages=True, layers=("../../conv",))
    check(place, before, around)
    for report in (place / "W" / "emergence").rglob("report"):
        assert len(pages.linked(report, pages.read(report))) > 10


def test_networks_of_a_comparison_have_folders_that_no_system_takes_for_one(tmp_path):
    named = [f"{name}={tmp_path}" for name in ("Scenes", "scenes", "con", "y" * 300, "tail.")]
    folders = [member.folder for member in members.members(named, (0,), "alexnet")]
    assert all(map(safe, folders)) and len({name.casefold() for name in folders}) == len(folders)
