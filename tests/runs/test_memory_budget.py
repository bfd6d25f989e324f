"""A measurement inside a memory budget: the same figures, fewer layers at once, or a refusal beforehand."""

import threading
import time

import numpy as np
import pytest

import partsjax as pj
from partsjax.emergence.footprint import Footprint
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.judged import judge_layer
from partsjax.runs.memory import OWN
from tests import tiny

QUICK = pj.Search("greedy", genetic=Genetic(population=10, generations=2))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return pj.load_dataset("coco_parts", tiny.write_folder(tmp_path_factory.mktemp("data"), images=6))


def measure(dataset, budget):
    return pj.measure(
        tiny.network(), dataset, search=QUICK, nulls=(), progress=False, memory_budget=budget, skip_bad=True
    )


def need(dataset, filters: int) -> int:
    crops = [sum(len(i.objects) for i in dataset.images if i.split == split) for split in ("train", "val")]
    return Footprint(filters, 8, tuple(crops), 2).bytes(64)


def test_only_what_fits_is_judged_at_once(dataset, monkeypatch):
    at_once, most, lock = [0], [], threading.Lock()

    def counted(*arguments, **more):
        with lock:
            at_once[0] += 1
            most.append(at_once[0])
        try:
            time.sleep(0.2)
            return judge_layer(*arguments, **more)
        finally:
            with lock:
                at_once[0] -= 1

    monkeypatch.setattr("partsjax.runs.evidence_stage.judge_layer", counted)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    both = need(dataset, 6) + need(dataset, 5)
    large = measure(dataset, OWN + both)
    assert max(most) == 2
    most.clear()
    small = measure(dataset, OWN + both - 1)
    assert most == [1, 1]
    for name in ("ap_train", "ap_val"):
        np.testing.assert_array_equal(small.filters[name], large.filters[name])
    assert repr(small.verdicts) == repr(large.verdicts)


def test_too_little_for_a_layer_is_refused_before_the_network_runs(dataset, monkeypatch):
    monkeypatch.setattr("partsjax.runs.network_stages.extractor", None)
    with pytest.raises(pj.InputError, match=r"memory_budget=1.1GB: too little, layer conv1 on 1. crops of "):
        measure(dataset, OWN + need(dataset, 6) - 1)
    with pytest.raises(pj.InputError, match="give a size, as 8GB"):
        measure(dataset, "much")
