"""Readouts of a run: from crops, in passes, kept, and refused where a layer is too wide."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import partsjax as pj
from partsjax.data.frames import FRAMES
from partsjax.data.pipeline import batches
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.readout.sums import bytes_of_sums
from partsjax.networks.activations import activations
from partsjax.networks.units import with_units
from partsjax.runs.emergence import map_stages
from partsjax.runs.emergence.map_passes import MapPasses
from partsjax.runs.emergence.readouts import ReadoutStage
from partsjax.runs.memory import OWN
from partsjax.runs.network_stages import all_crops
from tests import tiny
from tests.emergence.readout.measured import measured

QUICK = pj.Search("greedy", genetic=Genetic(population=10, generations=2))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return pj.load_dataset("coco_parts", tiny.write_folder(tmp_path_factory.mktemp("data"), images=10))


def measure(dataset, network=None, **more):
    settings = {
        "search": QUICK,
        "nulls": ("random", "shuffled"),
        "progress": False,
        "readouts": True,
        "batch_size": 4,
        **more,
    }
    network = network or dataclasses.replace(tiny.network(), untrained=untrained)
    return pj.measure(network, dataset, **settings)


def untrained(seed):
    return tiny.network("random", seed)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def found(dataset, cache):
    return measure(dataset, cache=cache)


@pytest.fixture(scope="module")
def of_images(dataset):
    return measure(dataset, frame="image", nulls=())


@pytest.mark.slow
@pytest.mark.parametrize("frame", FRAMES)
def test_readouts_are_those_of_the_maps_in_memory(dataset, frame, request):
    found = request.getfixturevalue({"object": "found", "image": "of_images"}[frame])
    network, asked = tiny.network(), type("Asked", (), {"limit": None, "frame": frame, "method": Method()})
    train, val = all_crops(dataset, tiny.SIZE, asked)["beast"]
    maps = {layer: [] for layer in network.fields}
    for crops in (train, val):
        fill, everything = network.preprocessing.mean, [np.arange(len(crops))]
        (batch,) = batches(crops, everything, len(crops), fill)
        for layer, of in activations(network, network.params, batch.pixels, tuple(maps)).items():
            maps[layer].append(np.asarray(of))
    for layer, of_layer in maps.items():
        expected = measured(of_layer, Ground(train, val, Method(), 0), network.fields[layer])
        ours = [v.readout for v in found.verdicts if v.layer == layer]
        np.testing.assert_allclose([of.sparse_ap_val for of in ours], expected.ap_val.T, atol=1e-6)
        np.testing.assert_allclose([of.ap_train for of in ours], expected.ap_train[-1], atol=1e-6)
    assert max(of.readout.ap_train for of in found.verdicts) > 0.3


@pytest.mark.slow
def test_columns_stand_where_readouts_were_asked_for(found):
    named = {
        "readout_ap_train",
        "readout_ap_val_low",
        "share_of_decodable_high",
        "filters_for_half",
        "carried",
    }
    assert named <= set(found.parts)
    assert sum(found.summary["conv1"].carried.values()) == found.summary["conv1"].parts


@pytest.mark.slow
def test_a_null_with_a_network_of_its_own_has_readouts_of_that(dataset, found, tmp_path):
    alone = measure(dataset, untrained(0), nulls=()).parts
    np.testing.assert_array_equal(found.parts.random_readout_ap_val, alone.readout_ap_val)
    np.testing.assert_allclose(found.parts.random_readout_excess, alone.readout_excess)
    assert not np.array_equal(found.parts.readout_ap_val, alone.readout_ap_val)
    assert "shuffled_ap_val" in found.parts and "shuffled_readout_ap_val" not in found.parts
    found.save(tmp_path)
    pd.testing.assert_frame_equal(pj.read(tmp_path).parts, found.parts)


@pytest.mark.slow
def test_of_several_seeds_of_a_null_the_first_has_readouts(dataset, found):
    two = measure(dataset, nulls=("random",), null_seeds=2).parts
    np.testing.assert_array_equal(two.random_readout_ap_val, found.parts.random_readout_ap_val)


@pytest.mark.slow
def test_what_is_kept_is_not_read_again(dataset, found, cache, monkeypatch):
    monkeypatch.setattr(map_stages, "MapPasses", None)
    assert repr(measure(dataset, cache=cache).verdicts) == repr(found.verdicts)


@pytest.mark.slow
def test_layers_that_do_not_fit_together_are_read_apart(dataset, found, monkeypatch):
    passes, run = [], MapPasses.run
    monkeypatch.setattr(MapPasses, "run", lambda *of: passes.append([one.layer for one in of[1]]) or run(*of))
    monkeypatch.setattr(ReadoutStage, "need", lambda self, *_: self._memory.room)
    apart = measure(dataset, nulls=())
    assert repr([v.readout for v in apart.verdicts]) == repr([v.readout for v in found.verdicts])
    assert passes == [["conv1"], ["conv2"]]


def test_a_layer_too_wide_is_refused_before_the_network_runs(dataset, monkeypatch):
    monkeypatch.setattr("partsjax.runs.network_stages.extractor", None)
    wide = with_units(tiny.network(), "conv2", lambda _, a: np.tile(1, 400) * a[..., :1], "wide")
    with pytest.raises(pj.InputError, match="readouts: layer wide has 400 filters, whose normal equations"):
        measure(dataset, wide, layers="wide", memory_budget=OWN + bytes_of_sums(400, 2) - 1)
