"""What is done otherwise on accelerators, asked for on the processor: other portions, the same numbers."""

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest

import partsjax
from partsjax.emergence import combination, scoring, stimuli
from partsjax.emergence.combination import Search, Target, combine
from partsjax.emergence.footprint import Footprint
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.iou import intersections, upsampling
from partsjax.emergence.method import Method
from partsjax.networks.protocol import Network, ReceptiveField
from tests import processes, tiny
from tests.emergence.examined import ALL_SEARCHES, GEOMETRY, examined, split
from tests.emergence.random_layer import random_layer


@pytest.fixture
def accelerator(monkeypatch):
    """The backend says it is a processor. Call it, and it says a GPU; what was compiled is compiled again."""

    def patch(backend="gpu"):
        monkeypatch.setattr(jax, "default_backend", lambda: backend)
        compiled()

    def compiled():
        for made in (scoring._fit_chunk, scoring._score_chunk):
            made.cache_clear()
        jax.clear_caches()

    patch("cpu")
    yield patch
    compiled()


def test_these_are_all_places_where_the_backend_is_asked_for():
    """Each that decides how a kernel computes has a test in this file, which a place more needs too."""
    package = Path(partsjax.__file__).parent
    places = {
        str(path.relative_to(package)): text.count("default_backend")
        for path in package.rglob("*.py")
        if "default_backend" in (text := path.read_text(encoding="utf-8"))
    }
    assert places == {
        "emergence/footprint.py": 1,  # whether a kernel works in the host's memory
        "emergence/iou/overlap.py": 1,  # filters that are upsampled at once
        "emergence/scoring.py": 1,  # filters that go through a kernel at once
        "emergence/stimuli.py": 1,  # crops that go through a network at once
        "runs/sweep/engines/local.py": 1,  # how many devices there are: no kernel
    }


def test_filters_go_through_a_kernel_by_eights_on_processors_and_by_chunks_on_accelerators(accelerator):
    assert scoring._few() == 8
    accelerator()
    assert scoring._few() == scoring.CHUNK == 64


@pytest.mark.slow
def test_scores_are_those_of_the_processor(accelerator):
    train, val = split(1, (0.9, 0.7, 0.5)), split(2, (0.9, 0.6, 0.7))

    def scored():
        stimuli, truth = (train.stimuli, val.stimuli), (train.truth, val.truth)
        return scoring.score_layer(stimuli, truth, GEOMETRY, Method(min_pairs=5))

    scores, found = scored()
    accelerator()
    again, found_again = scored()
    for name, value in dataclasses.asdict(scores).items():
        np.testing.assert_allclose(getattr(again, name), value, rtol=1e-4, atol=1e-5, err_msg=name)
    for one, other in zip(found, found_again, strict=True):
        np.testing.assert_array_equal(one, other)


SHAPES = [(128, 512)] * 3 + [(128, 1024)] + [(128, 512)] * 2


@pytest.mark.parametrize(
    ("cores", "groups"),
    [(1, [[0], [1], [2], [4], [5], [3]]), (2, [[0, 1], [2, 4], [5, 5], [3, 3]])],
)
def test_parts_of_one_shape_go_through_a_search_together(monkeypatch, cores, groups):
    """As many as the processor has devices; each has a share."""
    monkeypatch.setattr(combination, "processors", lambda: [None] * cores)
    assert combination._groups(SHAPES) == groups


def sets_found(search: str) -> list:
    layers = [random_layer(seed, filters=12, crops=40) for seed in range(3)]
    asked = Search(search, genetic=Genetic(population=16, generations=6))
    targets = [Target(i, f"part {i}", x.best, x.detections) for i, x in enumerate(layers)]
    return combine(targets, asked, Method(), None, 0)


def say_where_sets_are_looked_for(search: str) -> None:
    """Of four devices, two stand in for the processor's, and JAX's own are the first ones."""
    there, computed = jax.devices()[2:], set()
    combination.processors = lambda: there
    over = combination.over_devices

    def seen(*arguments, **named):
        compiled = over(*arguments, **named)

        def run(*given):
            results = compiled(*given)
            for array in jax.tree.leaves((given, results)):
                computed.update(array.devices() if isinstance(array, jax.Array) else ())
            return results

        return run

    combination.over_devices = seen
    processes.say(sets_found(search))
    processes.say(computed <= set(there))


@pytest.mark.slow
@pytest.mark.parametrize("search", ["greedy", "ga"])
def test_sets_are_looked_for_on_the_processor_beside_an_accelerator(search):
    status, (found, there) = processes.start(say_where_sets_are_looked_for, search, devices=4)
    one = sets_found(search)
    assert (status, found, there) == (0, one, True) and any(len(c.filters) > 1 for c in one)


def with_maps(*sides: int, filters: int = 64) -> Network:
    """A network whose layers have maps of these sides, cells lying side by side over the image."""
    fields = {
        f"conv{s}": ReceptiveField(tiny.SIZE / s, tiny.SIZE / s, tiny.SIZE / s / 2 - 0.5) for s in sides
    }

    def apply(params, images, layers):
        return {f"conv{s}": jax.numpy.zeros((len(images), s, s, filters)) for s in sides}

    return dataclasses.replace(tiny.network(), apply=apply, fields=fields)


@pytest.mark.parametrize(
    ("sides", "crops", "there"),
    [
        ((64,), 32, 128),
        ((13, 55), 32, 128),
        ((128, 7), 16, 128),
        ((224, 7), 4, 128),
        ((512,), 4, 32),
        ((181, 128), 8, 128),
    ],
)
def test_a_batch_fits_the_caches_on_processors_and_fills_accelerators(accelerator, sides, crops, there):
    """The largest map of the batch is under 64 MiB on processors, 4 to 32 crops; under 2 GiB elsewhere."""
    assert stimuli.suitable_batch(with_maps(*sides)) == crops
    accelerator()
    assert stimuli.suitable_batch(with_maps(*sides)) == there


def test_a_kernel_takes_the_hosts_memory_on_processors_alone(accelerator):
    layer = Footprint(filters=64, stimuli=5, crops=(300, 200), parts=9)
    on_host = layer.bytes(64)
    accelerator()
    assert on_host - layer.bytes(64) == scoring.CHUNK * 5 * 500 * 60
    assert layer.bytes(64) == 64 * 5 * 500 * (155 + 3 * 9)


def judged() -> tuple:
    """A layer scored, searched and judged: its filters' scores, what they find, and the sets."""
    one = examined(split(1, (0.9, 0.7, 0.5)), split(2, (0.3, 0.6, 0.95)), ALL_SEARCHES[:2])
    return dataclasses.asdict(one.scores), one.found.val, [t.filters for t in one.evidence.trials]


def say_what_is_judged() -> None:
    processes.say((jax.device_count(), judged()))


@pytest.mark.slow
def test_four_devices_judge_as_one_does():
    status, said = processes.start(say_what_is_judged, devices=4)
    assert status == 0
    ((devices, (scores, found, sets)),) = said
    one_scores, one_found, one_sets = judged()
    assert devices == 4
    for name, value in one_scores.items():
        np.testing.assert_allclose(scores[name], value, rtol=1e-3, atol=1e-4, err_msg=name)
    assert (found == one_found).mean() > 0.999
    assert sets == one_sets


def test_pixels_are_counted_alike_however_many_filters_are_upsampled_at_once(accelerator):
    random = np.random.default_rng(0)
    activation = random.random((2, 6, 6, 100)).astype(np.float32)
    planes = random.integers(0, 2, (2, 3, 24, 24), np.uint8)
    across = upsampling(ReceptiveField(8, 4, 1.5), 6, 24)
    found = []
    for backend in ("cpu", "gpu"):
        accelerator(backend)
        found.append(np.asarray(intersections(activation, planes, np.full(100, 0.9, np.float32), across)))
    assert found[0].any()
    np.testing.assert_array_equal(*found)
