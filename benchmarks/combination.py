"""The search for sets of filters: fitness evaluations per second, against lists that are sorted.

    python -m benchmarks.combination [DIR [CLASS]]

Real detections: AlexNet's conv5, ImageNet weights, on shapeparts' first class or on CLASS of DIR, a folder of
photographs in COCO JSON. Of the part with most boxes, a population of 200 sets as in the first and the
last generation of the genetic algorithm is evaluated by `tables.evaluate` and, set by set, by a NumPy
function that joins the members' lists, each sorted beforehand, sorts the union and runs down it. Then the
genetic algorithm itself, a search on every device as in a run, against pygad with that function and
settings as near as it offers. All take turns, round by round. Needs pygad.
"""

import dataclasses
import statistics
import sys
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.hardware import description
from partsjax.data.crops import Crops, class_crops
from partsjax.data.loading import load_dataset
from partsjax.data.pipeline import batches
from partsjax.emergence.combination import evolve_parts
from partsjax.emergence.genetic import Genetic, evolve
from partsjax.emergence.method import Method
from partsjax.emergence.ranked import PartDetections, RankedLayer
from partsjax.emergence.regression import Geometry
from partsjax.emergence.scoring import NOT_COUNTED, score_layer
from partsjax.emergence.stimuli import Stimuli, StimulusReducer, concatenate, extractor
from partsjax.emergence.tables import evaluate, tabulate
from partsjax.networks import load_network
from partsjax.networks.devices import one_device_a_core

LAYER, ROUNDS, SEARCHES = "conv5", 7, 3  # rounds of evaluations, and of whole searches
SETTINGS = Genetic()


@dataclasses.dataclass(frozen=True)
class Case:
    """Detections of one part on the train crops; best: the best single filter."""

    name: str
    detections: PartDetections
    best: int


def case(data_dir: str | None = None, object_class: str | None = None) -> Case:
    """The part of a class with most train boxes."""
    network = load_network("alexnet", "imagenet")
    name = "coco_parts" if data_dir else "shapeparts"
    dataset = load_dataset(name, data_dir, classes=[object_class] if object_class else None)
    object_class = next(iter(dataset.parts))
    crops = [class_crops(dataset, object_class, s, network.input_size) for s in ("train", "val")]
    stimuli, truth = [stimuli_of(network, c) for c in crops], [c.truth for c in crops]
    geometry = Geometry.of(network.fields[LAYER], stimuli[0].columns, network.input_size)
    scores, found = score_layer(stimuli, truth, geometry, Method())
    part = int(truth[0].positives.argmax())
    detections = RankedLayer(stimuli[0].scores).part(found.train[:, part], truth[0].valid[part].sum(axis=0))
    return Case(
        f"{crops[0].parts[part]} of {object_class}", detections, int(scores.ap_train[:, part].argmax())
    )


def stimuli_of(network, crops: Crops) -> Stimuli:
    extract = extractor(network, [LAYER], StimulusReducer())
    pieces = []
    for batch in batches(crops, [np.arange(len(crops))], 32, network.preprocessing.mean):
        found = extract(batch.pixels)[LAYER]
        arrays = (np.asarray(a)[..., : len(batch.index)] for a in (found.cells, found.values))
        pieces.append(Stimuli(*arrays, found.columns))
    return concatenate(pieces)


def sorting_fitness(detections: PartDetections) -> Callable[[np.ndarray], float]:
    """The AP of a union by sorting: members int [Z] -> AP. Exact; equal scores enter as one step."""
    lists = []
    for f in range(len(detections.scores)):
        counted = np.flatnonzero(detections.found[f] != NOT_COUNTED)
        rows = np.full(len(counted), f)
        box = np.where(detections.found[f][counted] >= 0, detections.box_ids(rows, counted), -1)
        lists.append((detections.scores[f][counted], box))
    positives = int(detections.positives.sum())

    def ap(members: np.ndarray) -> float:
        chosen = [lists[f] for f in members if len(lists[f][0])]
        if not chosen:
            return 0.0
        scores, box = (np.concatenate(column) for column in zip(*chosen, strict=True))
        order = np.argsort(-scores, kind="stable")
        scores, box = scores[order], box[order]
        hits = np.flatnonzero(box >= 0)
        true = np.zeros(len(box), bool)
        true[hits[np.unique(box[hits], return_index=True)[1]]] = True
        closes = np.append(scores[1:] != scores[:-1], True)
        found = np.cumsum(true)[closes]
        precision = found / (np.flatnonzero(closes) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float((np.diff(found, prepend=0) * envelope).sum() / positives)

    return ap


def pygad_search(detections: PartDetections, first: np.ndarray) -> tuple[int, float]:
    """pygad from the same first population: (fitness evaluations, the best fitness).

    As ours: stochastic universal sampling, uniform crossover with probability 0.7, one elite. Bits flip with
    probability 0.3 / F each, where ours flips those of three sets in ten with 1 / F.
    """
    import pygad

    ap, calls = sorting_fitness(detections), 0

    def one(_, solution, __) -> float:
        nonlocal calls
        calls += 1
        return ap(np.flatnonzero(solution))

    search = pygad.GA(
        num_generations=SETTINGS.generations,
        num_parents_mating=len(first),
        initial_population=first.astype(int),
        gene_type=int,
        gene_space=[0, 1],
        fitness_func=one,
        parent_selection_type="sus",
        crossover_type="uniform",
        crossover_probability=SETTINGS.crossover,
        mutation_type="random",
        mutation_probability=SETTINGS.mutation / first.shape[1],
        keep_parents=0,
        keep_elitism=1,
        random_seed=0,
        suppress_warnings=True,
    )
    search.run()
    return calls, float(search.best_solution(search.last_generation_fitness)[1])


def table(data_dir: str | None = None, object_class: str | None = None) -> str:
    """The measurements as Markdown tables."""
    of = case(data_dir, object_class)
    tables = jax.device_put(tabulate(of.detections))
    filters, padded = len(of.detections.scores), tables.levels.shape[0]
    key = jax.random.key(0)

    def search(settings) -> tuple[np.ndarray, np.ndarray]:
        return jax.device_get(evolve(tables, key, filters, of.best, settings))

    devices = jax.device_count()
    many = jax.tree.map(lambda a: np.stack([np.asarray(a)] * devices), tables)
    keys = jax.random.split(key, devices)
    same = (np.full(devices, v, np.int32) for v in (filters, of.best))
    arguments = (many, keys, *same)
    searches = evolve_parts(SETTINGS)
    jax.block_until_ready(searches(*arguments))

    first, _ = search(dataclasses.replace(SETTINGS, generations=0))
    last, reached = search(SETTINGS)
    ours = jax.jit(evaluate)
    ap = sorting_fitness(of.detections)
    rows, worst = [], 0.0
    for name, population in (("first", first), ("last", last)):
        sets, on_device = [np.flatnonzero(z) for z in population], jnp.asarray(population)
        bounds = jax.device_get(ours(tables, on_device))
        exact = np.array([ap(s) for s in sets])
        worst = max(worst, float(np.abs(exact - bounds.low).max()))
        fast, slow = _in_turn(
            lambda z=on_device: jax.block_until_ready(ours(tables, z)), lambda s=sets: [ap(z) for z in s]
        )
        size = np.mean([len(s) for s in sets])
        rows.append((f"{name} generation, {size:.1f} filters a set", len(sets), len(sets), fast, slow))
    pygads: list[tuple[int, float]] = []
    fast, slow = _in_turn(
        lambda: jax.block_until_ready(searches(*arguments)),
        lambda: pygads.append(pygad_search(of.detections, first[:, :filters])),
        SEARCHES,
    )
    evaluations = devices * SETTINGS.population * (SETTINGS.generations + 1)
    name = f"genetic algorithm, {devices} searches at once, against pygad"
    rows.append((name, evaluations, pygads[-1][0], fast, slow))
    lines = [_row(*row) for row in rows]
    shape = of.detections.scores.shape
    return (
        f"AlexNet {LAYER}, {of.name}: {shape[0]} filters, {int(of.detections.positives.sum())} boxes on "
        f"{len(of.detections.positives)} crops, populations of {SETTINGS.population}; tables of {padded} x "
        f"{tables.levels.shape[1]}. Median of {ROUNDS} rounds ({SEARCHES} of searches), range of the "
        "ratios.\n\n"
        "| | ours, sets/s | sorting, sets/s | ratio |\n|---|---|---|---|\n" + "\n".join(lines) + "\n\n"
        f"{devices} whole searches ({SETTINGS.population} x {SETTINGS.generations}), one a device, take "
        f"{statistics.median(fast):.2f} s and one of pygad's {statistics.median(slow):.1f} s; they reach a "
        f"train AP of {reached[0]:.3f} and {pygads[-1][1]:.3f}. The lower bound that sets are ranked by is "
        f"at most {worst:.1e} from the sorted AP here.\n"
    )


def _in_turn(ours: Callable, theirs: Callable, rounds: int = ROUNDS) -> tuple[list[float], list[float]]:
    """Seconds that each takes, round by round."""
    seconds = [], []
    for _ in range(rounds):
        for run, spent in zip((ours, theirs), seconds, strict=True):
            start = time.perf_counter()
            run()
            spent.append(time.perf_counter() - start)
    return seconds


def _row(name: str, sets: int, their_sets: int, fast: list[float], slow: list[float]) -> str:
    ratios = [(s / their_sets) / (f / sets) for f, s in zip(fast, slow, strict=True)]
    return (
        f"| {name} | {sets / statistics.median(fast):,.0f} | {their_sets / statistics.median(slow):,.0f} | "
        f"{statistics.median(ratios):.0f}x ({min(ratios):.0f}–{max(ratios):.0f}) |"
    )


if __name__ == "__main__":
    one_device_a_core()  # as the experiments do
    print(f"{description()}\n\n{table(*sys.argv[1:3])}")
