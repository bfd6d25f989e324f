"""Readouts and IoU: together they take the passes of one, and each is what it is alone."""

import contextlib

import numpy as np
import pytest

import partsjax as pj
from partsjax.emergence.genetic import Genetic
from partsjax.runs.emergence import map_passes
from partsjax.runs.emergence.map_stages import Lacking, fitting
from partsjax.runs.memory import OWN, Memory
from tests import tiny

QUICK = pj.Search("greedy", genetic=Genetic(population=10, generations=2))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return pj.load_dataset("coco_parts", tiny.write_folder(tmp_path_factory.mktemp("data"), images=6))


@pytest.fixture
def shown(monkeypatch):
    """Crops that passes over maps show the network, as they go."""
    seen, batches = [], map_passes.batches

    def counted(crops, *arguments, **named):
        seen.append(0)
        for batch in batches(crops, *arguments, **named):
            seen[-1] += len(batch.index)
            yield batch

    monkeypatch.setattr(map_passes, "batches", counted)
    return seen


@pytest.fixture
def steps(monkeypatch):
    """(units there are, units advanced by) of every bar of crops."""
    seen = []

    @contextlib.contextmanager
    def progress(totals):
        bar = [totals.get("crops"), 0, set()]
        seen.append(bar)

        def advance(unit, by, what):
            bar[1] += by if unit == "crops" else 0
            bar[2].add(what)

        yield advance

    monkeypatch.setattr("partsjax.runs.emergence.measuring.bars", lambda: progress)
    return seen


def measure(dataset, cache, **asked):
    settings = {"layers": ["conv2"], "search": QUICK, "nulls": (), "batch_size": 8, **asked}
    return pj.measure(tiny.network(), dataset, cache=cache, **settings)


@pytest.mark.slow
def test_both_take_the_passes_of_one_and_are_what_each_is_alone(dataset, shown, steps, tmp_path):
    both = measure(dataset, tmp_path / "both", readouts=True, iou=True)
    together, bar = list(shown), steps[-1]
    train, val = together[0], together[2]
    assert together == [train, train, val]
    assert bar == [2 * train + val, 2 * train + val, {"beast: readouts and IoU"}]
    shown.clear()
    read = measure(dataset, tmp_path / "one", readouts=True)
    assert shown == together
    shown.clear()
    iou = measure(dataset, tmp_path / "one", readouts=True, iou=True)  # what is kept is not read again
    assert shown == together
    assert steps[-1] == [2 * train + val, 2 * train + val, {"beast: IoU"}]
    assert repr(iou.verdicts) == repr(read.verdicts) == repr(both.verdicts)
    for split in ("train", "val"):
        ious = [getattr(found.iou["conv2", "beast"], split) for found in (iou, both)]
        np.testing.assert_array_equal(*ious)
    shown.clear()
    measure(dataset, tmp_path / "both", readouts=True, iou=True)
    assert shown == []
    assert steps[-1][:2] == [0, 0]


def test_as_many_go_on_together_as_there_is_room_for():
    memory = Memory(OWN + 10)

    def sizes(*needs):
        groups = fitting([Lacking(None, "", None, need) for need in needs], memory)
        return [[one.need for one in group] for group in groups]

    assert sizes() == []
    assert sizes(10) == [[10]]
    assert sizes(4, 6, 1, 9, 9) == [[4, 6], [1, 9], [9]]
    assert sizes(3, 8, 2) == [[3], [8, 2]]
