"""The command of a comparison: what it takes, what it says, and what it refuses in one line."""

import importlib

import numpy as np
import pytest

from partsjax.cli import comparison
from partsjax.data.coco_parts import read_coco_parts
from tests import tiny
from tests.cli.commands import typed
from tests.runs.running import rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=12)


@pytest.fixture
def command(folder, tmp_path, capsys, monkeypatch):
    """Runs the experiment; returns its status and what it wrote to stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(**changed):
        options = {
            "net": "tests.tiny:network",
            "dataset": "coco_parts",
            "data_dir": folder,
            "workdir": tmp_path / "W",
            "networks": "random,imagenet",
            **changed,
        }
        status = typed(comparison, monkeypatch, options)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.mark.parametrize(
    ("words", "changed"),
    {
        "did you mean 'object'": {"networks": "imagenet,objet"},
        "no such file": {"networks": "imagenet,scenes=/nowhere.pth"},
        "--baseline=imagenets: not among the networks; did you mean 'imagenet'": {"baseline": "imagenets"},
        "--seeds: 'a' is not a whole number": {"seeds": "0,a"},
        "--seeds: '-1' is not": {"seeds": "-1"},
        "no layer 'conv7'": {"layers": "conv7"},
        "commands do not train PyTorch modules": {"net": "torch:mine:build", "networks": "imagenet,object"},
        "no null 'randon'": {"nulls": "randon"},
        "--null_seeds: has no effect without --nulls": {"null_seeds": 2},
        "nowhere": {"data_dir": "/nowhere"},
    }.items(),
)
def test_what_cannot_be_is_one_line_and_claims_nothing(command, tmp_path, words, changed):
    status, _, err = command(**changed)
    lines = [line for line in err.strip().splitlines() if line]
    assert status == 2 and len(lines) == 1 and lines[0].startswith("error: ")
    assert words in lines[0]
    assert not (tmp_path / "W" / "options.json").exists()


def one_seed(weights="imagenet"):
    """A network whose random weights are always the same."""
    return tiny.network(weights)


def test_seeds_that_make_no_difference_are_one_line(command):
    status, _, err = command(net="tests.cli.test_comparison:one_seed", seeds="0,1")
    lines = [line for line in err.strip().splitlines() if not line.startswith("note: ")]
    assert status == 2 and len(lines) == 1 and "same random weights" in lines[0] and "`seed`" in lines[0]


@pytest.mark.slow
def test_a_users_own_network_is_trained_and_compared(command, tmp_path):
    status, _, err = command(networks="imagenet,object", steps=2, batch_size=4, limit=12)
    assert status in (None, 0), err
    assert (tmp_path / "W" / "networks" / "object-0" / "checkpoint").is_dir()
    assert [row["network"] for row in rows(tmp_path / "W" / "differences.csv")] == ["object", "object"]


@pytest.mark.slow
@pytest.mark.parametrize("train_on", [None, "all"])
def test_no_image_is_both_trained_on_and_fitted_on(command, folder, monkeypatch, train_on):
    """Unless that is asked for; what is fitted is the same for every network."""
    used = {"trained": [], "fitted": []}

    def spied(where: str, name: str, kind: str):
        plain = getattr(importlib.import_module(where), name)

        def spy(network, dataset, *others):
            used[kind].append({i.image_id for i in dataset.images if i.split == "train"})
            return plain(network, dataset, *others)

        monkeypatch.setattr(f"{where}.{name}", spy)

    spied("partsjax.runs.supervision.run", "Training", "trained")
    spied("partsjax.runs.emergence.run", "answer_emergence", "fitted")
    asked = {"train_on": train_on} if train_on else {}
    status, _, err = command(networks="imagenet,object", steps=2, batch_size=4, layers="conv1", **asked)
    assert status in (None, 0), err
    (trained,), (fitted,) = ({frozenset(one) for one in used[kind]} for kind in ("trained", "fitted"))
    assert len(used["trained"]) == 1 and len(used["fitted"]) == 2
    every = {i.image_id for i in read_coco_parts(folder).images if i.split == "train"}
    assert len(every) > 8 and trained | fitted == every
    assert trained & fitted == (every if train_on == "all" else set())


def test_halves_are_refused_where_nothing_is_trained(command):
    status, _, err = command(train_on="half")
    assert status == 2 and "--train_on: has no effect where no network is trained" in err


@pytest.mark.slow
def test_it_says_what_it_found_and_where(command, tmp_path):
    status, out, err = command(seeds="0,1", limit=12)
    assert status in (None, 0)
    for word in ("place prior", "imagenet", "random", "report/index.html", "differences.csv"):
        assert word in out, word
    assert "random-1 (3 of 3): emergence" in err
    table = rows(tmp_path / "W" / "differences.csv")
    for row in table:
        assert f"{100 * float(row['difference']):+.1f}".replace("-", "−") in out
    assert [r["seeds"] for r in table] == ["2", "2"]
    # Another --networks is another comparison.
    status, _, err = command(networks="imagenet", limit=12)
    assert status == 2 and "made with other options (networks" in err


@pytest.mark.slow
def test_trained_networks_of_ours_are_compared(command, tmp_path):
    """AlexNet on a few images, its head and conv5 trained for two steps: conv4 is ImageNet's still."""
    status, _, err = command(
        net="alexnet", networks="imagenet,image", layers="conv4,conv5", train_from="conv5", steps=2,
        batch_size=4, limit=12, evaluate_every=2, learning_rate=0.01,
    )  # fmt: skip
    assert status in (None, 0), err
    conv4, conv5 = rows(tmp_path / "W" / "differences.csv")
    assert (conv4["layer"], float(conv4["difference"]), float(conv4["difference_high"])) == ("conv4", 0, 0)
    assert conv5["difference"] and np.isfinite(float(conv5["difference_low"]))
    assert (tmp_path / "W" / "networks" / "image-0" / "checkpoint").is_dir()
    assert "mean average precision" in (tmp_path / "W" / "report" / "index.html").read_text()
