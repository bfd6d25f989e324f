"""Networks that take the same crops are shown them together, and find what each finds alone."""

import dataclasses

import pytest

from partsjax.data import pipeline
from partsjax.data.coco_parts import read_coco_parts
from partsjax.emergence.method import Method
from partsjax.networks.protocol import Preprocessing
from partsjax.runs import stimulus_stage
from partsjax.runs.context import Context
from partsjax.runs.memory import OWN, Memory
from partsjax.runs.network_stages import DatasetCrops, NetworkStages, all_crops, images_of, run_networks
from partsjax.runs.options import Options
from partsjax.runs.stages import Cache
from tests import tiny
from tests.runs.running import tree

LAYERS, SHARD = ("conv1", "conv2"), 4
NETWORKS = {
    "trained": tiny.network(),
    "random": tiny.network("random"),
    "mirrored": tiny.network(mirrored=True),
}


@pytest.fixture(scope="module")
def crops(folder):
    by_class = all_crops(read_coco_parts(folder, None), tiny.SIZE, Options(method=Method(), limit=9))
    return DatasetCrops(by_class, {image.image_id: image.image_id for image in images_of(by_class)})


@pytest.fixture(autouse=True)
def short_shards(monkeypatch):
    monkeypatch.setattr(stimulus_stage, "STIMULUS_SHARD", SHARD)


@pytest.fixture
def warped(monkeypatch):
    """The crops that were warped, one after another."""
    done, warp = [], pipeline.warp
    monkeypatch.setattr(pipeline, "warp", lambda *a: (done.append(tuple(a[1])), warp(*a))[1])
    return done


def shown(crops, cache, networks=NETWORKS, **more):
    """Runs the networks together: crops that progress tells of."""
    context, seen = Context(Cache(cache, print), batch_size=4, **more), []
    stages = [NetworkStages(name, net, LAYERS, Method(), crops, context) for name, net in networks.items()]
    run_networks(stages, "beast", context, lambda count, what: seen.append(count))
    return sum(seen)


@pytest.fixture(scope="module")
def alone(crops, tmp_path_factory):
    """The files of networks that ran one after another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stimulus_stage, "STIMULUS_SHARD", SHARD)
        folder = tmp_path_factory.mktemp("alone")
        for name, network in NETWORKS.items():
            shown(crops, folder, {name: network})
    return tree(folder)


def test_a_crop_is_warped_once_for_all_networks(crops, alone, warped, tmp_path):
    assert shown(crops, tmp_path) == 3 * 18 and len(warped) == 18
    assert tree(tmp_path) == alone and len(alone) == 3 * 2 * 2 * 3


def test_what_some_networks_have_is_not_computed_again(crops, alone, warped, tmp_path, monkeypatch):
    """Of train's three shards the second is missing of one network, and the last, of one crop, of another."""
    shown(crops, tmp_path)
    warped.clear()
    for place in ("mirrored/beast/train/conv1/00001-*", "random/beast/train/conv2/00002-*"):
        (path,) = tmp_path.glob(place)
        path.unlink()
    ran = []
    monkeypatch.setattr(
        NetworkStages, "extract", lambda self, p: (ran.append(self.network), self._extractor(p))[1]
    )
    assert shown(crops, tmp_path) == 3 * 18
    assert len(warped) == SHARD + 1 and tree(tmp_path) == alone
    assert ran == [NETWORKS["mirrored"], NETWORKS["random"]]


def test_as_many_networks_at_once_as_memory_has_room_for(crops, alone, warped, tmp_path):
    held = 2 * SHARD * 40 * Method.stimuli * 11  # two shards of both layers' filters
    shown(crops, tmp_path, memory=Memory(OWN + 3 * held - 1))
    assert len(warped) == 2 * 18 and tree(tmp_path) == alone
    shown(crops, tmp_path / "less", memory=Memory(OWN + 1))
    assert len(warped) == 5 * 18 and tree(tmp_path / "less") == alone


def test_another_mean_color_fills_other_crops(crops, warped, tmp_path):
    pale = Preprocessing((200.0, 200.0, 200.0), (60.0, 60.0, 60.0))
    other = dataclasses.replace(tiny.network(), preprocessing=pale)
    shown(crops, tmp_path / "both", {"a": tiny.network(), "b": other})
    assert len(warped) == 2 * 18
    for name, network in {"a": tiny.network(), "b": other}.items():
        shown(crops, tmp_path / "alone", {name: network})
    assert tree(tmp_path / "both") == tree(tmp_path / "alone")
