"""Nulls with several seeds, measured: each seed is a run of its own, with q-values of its own."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

import partsjax as pj
from partsjax.emergence.nulls import NULLS
from tests.runs.running import SEED
from tests.runs.test_null_runs import NETWORK


@pytest.fixture(scope="module")
def dataset(folder):
    return pj.load_dataset("coco_parts", folder)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def found(dataset, cache):
    return measured(dataset, cache, 2)


def measured(dataset, cache, null_seeds):
    return pj.measure(
        NETWORK,
        dataset,
        search=pj.Search("greedy"),
        nulls="all",
        null_seeds=null_seeds,
        seed=SEED,
        cache=cache,
        progress=False,
    )


def of_runs(found):
    """{(null, number of the seed): its verdicts}"""
    return {
        (name, number): [v.nulls[name].verdicts[number] for v in found.verdicts]
        for name in NULLS
        for number in range(len(found.verdicts[0].nulls[name].verdicts))
    }


@pytest.mark.slow
def test_all_our_nulls_are_measured_with_every_seed(found, cache):
    assert found.about.nulls == tuple(NULLS) and found.notes == ()
    runs = of_runs(found)
    assert list(runs) == [(name, number) for name in NULLS for number in (0, 1)]
    for name in NULLS:
        first, second = ([v.combination_ap_train for v in runs[name, number]] for number in (0, 1))
        assert first != second
        assert first != [v.combination_ap_train for v in found.verdicts]
    networks = {f"-{name}-{seed}" for name in ("random", "permuted") for seed in (SEED, SEED + 1)}
    truths = {f"-{name}-{seed}" for name in ("shuffled", "unfounded") for seed in (SEED, SEED + 1)}
    for stage, others in (("stimuli", networks), ("evidence", networks | truths)):
        assert {path.name for path in cache.glob(f"{stage}*")} == {stage, *(stage + end for end in others)}


@pytest.mark.slow
def test_every_run_of_a_null_has_q_values_of_its_own(found):
    for name, verdicts in {"network": found.verdicts, **of_runs(found)}.items():
        p_values = [v.prior.p_value for v in verdicts]
        assert len(p_values) == 4 and all(v.judged for v in verdicts), name
        np.testing.assert_allclose([v.q_value for v in verdicts], false_discovery_control(p_values))


@pytest.mark.slow
def test_layers_count_by_seed(found):
    for layer, summary in found.summary.items():
        for name, of in summary.nulls.items():
            counts = [
                sum(v.nulls[name].verdicts[number].beyond_place for v in found.verdicts if v.layer == layer)
                for number in (0, 1)
            ]
            assert of.seeds == 2 and list(of.beyond_place) == counts


@pytest.mark.slow
def test_each_null_is_compared_with_the_place_prior_of_its_own_truth(found):
    for v in found.verdicts:
        of = {name: [of_seed.prior.ap_val for of_seed in null.verdicts] for name, null in v.nulls.items()}
        assert of["random"] == of["permuted"] == [v.prior.ap_val] * 2
        assert len({v.prior.ap_val, *of["unfounded"]}) == 3
        assert v.part == "foot" or len({v.prior.ap_val, *of["shuffled"]}) == 3  # place alone finds every foot
        assert all(
            list(of_seed.priors) == ["prior"] for null in v.nulls.values() for of_seed in null.verdicts
        )


@pytest.mark.slow
def test_fewer_seeds_are_the_first_of_more_and_nothing_is_computed_again(found, dataset, cache, monkeypatch):
    for name in ("stimulus_stage.StimulusStage.save", "evidence_stage.judge_layer"):
        monkeypatch.setattr(f"partsjax.runs.{name}", None)  # calling it would fail
    fewer = measured(dataset, cache, 1)
    assert {run: repr(v) for run, v in of_runs(fewer).items()} == {
        run: repr(v) for run, v in of_runs(found).items() if run[1] == 0
    }
